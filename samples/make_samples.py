"""Render the sample scene: ortho.tif, area.geojson, labels.gpkg and roofgeo.toml, the same bytes every time.

python samples/make_samples.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pyproj import CRS
from shapely.geometry import Polygon, box

from roofgeo.grid import Grid
from roofgeo.synthesis import RenderedScene, Style, render_scene
from roofgeo.synthesis.render import Sun
from roofgeo.synthesis.sensor import Sensor
from roofgeo.synthesis.writer import write_area, write_labels, write_orthophoto

SEED = 47
SIZE_PX = 1500
GRID = Grid(CRS.from_epsg(32632), 604_200.0, 5_330_150.0, 0.1, SIZE_PX, SIZE_PX)
"""A place at 48 degrees north, east of the zone's meridian: grid north and true north differ by a degree."""

SUBURB = Style(
    shapes={
        "gable": 3, "hip": 2.2, "pyramid": 1, "shed": 0.8, "flat": 1, "wings_hip": 2, "wings_gable": 2, "cross": 1.5,
        "halfhip": 0.6,
    },
    coverings={"clay": 4, "dark_tile": 2, "metal": 2.5, "slate": 0.4},
    pitch_deg=(20, 45), eave_m=(2.8, 5.5), lot_m=(20, 27), depth_m=(22, 29), fill=(0.5, 0.7), block_m=(60, 110),
    road_m=(5, 6.5), jitter_deg=4, vacant=0.04, sheds=0.25, trees=3, walls=0.5, clutter=0.8, palms=0.0,
    width_m=(7.5, 12.5),
)  # fmt: skip
SUN = Sun(azimuth_deg=163.0, elevation_deg=46.0, direct=0.64)
CAMERA = Sensor(brightness=0.45, contrast=1.05, saturation=0.95, blur_px=0.65, sharpen=0.4, noise=1.2, jpeg_quality=92)


def main(folder: Path) -> None:
    """Write the four files into `folder`."""
    scene = render_scene(SEED, SIZE_PX, GRID.pixel_size_m, style=SUBURB, sun=SUN, sensor=CAMERA, whole_buildings=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_orthophoto(folder / "ortho.tif", scene.scene.image, GRID, jpeg_quality=82)
    write_area(folder / "area.geojson", sample_area(scene), GRID)
    write_labels(folder / "labels.gpkg", scene, GRID)
    (folder / "roofgeo.toml").write_text('imagery = "ortho.tif"\n', encoding="utf-8")


def sample_area(scene: RenderedScene) -> Polygon:
    """An area of some 120 m x 118 m in the grid's CRS that goes around the buildings on its edge, but for one."""
    left, _, _, top = GRID.bounds
    corner = np.array([left, top])
    area = box(left + 16, top - 136, left + 136, top - 18)
    roofs = [Polygon(corner + np.asarray(r.outline().exterior.coords) * (1, -1)) for r in scene.roofs]
    on_edge = [roof for roof in roofs if roof.distance(area.exterior) < 1]
    for roof in on_edge[1:]:
        around = roof.minimum_rotated_rectangle.buffer(1.5, join_style="mitre")
        inside = roof.intersection(area).area > roof.area / 2
        area = area.union(around) if inside else area.difference(around)
    return area.simplify(0.2)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
