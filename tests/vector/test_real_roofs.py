"""Perfect and poor rasters of real roofs in, vectors out, against the truth."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from roofgeo.data.targets import RoofLine, RoofPlane
from roofgeo.vector.attributes import attribute_layers
from tests.vector.rasters import make_bands, spoil, utm_grid
from tests.vector.shapes import assert_sound, buildings_of

COUNT, PIXEL_M, PAD_PX = 25, 0.1, 10


def read_roofs(folder: Path):
    path = folder / "roofgraph" / "roofs.jsonl"
    if not path.exists():
        pytest.skip(f"no real roofs: {path} does not exist")
    with path.open() as rows:
        val = [roof for roof in map(json.loads, rows) if roof["split"] == "val"]
    scale = 0.05 / PIXEL_M
    for roof in val[:: len(val) // COUNT]:
        planes = [RoofPlane(np.array(p["ring"]) * scale + PAD_PX, p["azimuth_deg"]) for p in roof["planes"]]
        lines = [
            RoofLine(x["type"].replace("other", "step"), np.array(x["xy"]).reshape(2, 2) * scale + PAD_PX)
            for x in roof["lines"]
        ]
        shape = (int(roof["height"] * scale) + 2 * PAD_PX, int(roof["width"] * scale) + 2 * PAD_PX)
        yield planes, lines, shape


@pytest.mark.parametrize(("poor", "least_f", "most_deg"), [(False, 0.97, 1.5), (True, 0.93, 2.5)])
def test_segments_of_real_roofs(shared_data, poor, least_f, most_deg):
    matched = truths = found = 0
    errors: list[float] = []
    for seed, (planes, lines, shape) in enumerate(read_roofs(shared_data)):
        bands = make_bands(planes, lines, shape, PIXEL_M)
        grid = utm_grid(shape, PIXEL_M)
        buildings = buildings_of(spoil(bands, seed) if poor else bands, grid)
        for building in buildings:
            assert_sound(building.faces.polygons)
        segments = attribute_layers(buildings, grid)["roof_segments"]
        truths, found = truths + len(planes), found + len(segments)
        for plane in planes:
            polygon = shapely.make_valid(shapely.Polygon(plane.ring * [PIXEL_M, -PIXEL_M] + [grid.left, grid.top]))
            shapes = segments.geometry.to_numpy()
            iou = shapely.area(shapely.intersection(shapes, polygon)) / shapely.area(shapely.union(shapes, polygon))
            if iou.max() > 0.5:
                matched += 1
                azimuth = segments["azimuth_grid_deg"].iloc[int(iou.argmax())]
                if plane.azimuth_deg is not None and azimuth == azimuth:
                    errors.append(abs((azimuth - plane.azimuth_deg + 180) % 360 - 180))
    assert 2 * matched / (truths + found) >= least_f
    assert np.mean(errors) <= most_deg
