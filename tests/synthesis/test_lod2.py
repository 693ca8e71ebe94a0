"""Readers of measured roof planes: conventions of the files, and what is said of those that cannot be used."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import box

from roofgeo.errors import DataError
from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.lod2 import read_city_model, read_roof_graphs, read_roof_parts
from roofgeo.synthesis.real_shapes import real_roofs
from roofgeo.synthesis.shapes import azimuth_deg, height_at, slope_deg


def write_parts(path: Path, **changed: object) -> Path:
    """A house of two planes, the northern one falling to the north, and a flat shed east of it."""
    columns = {
        "identificatie": ["house", "house", "shed"],
        "b3_azimut": [0.0, 180.0, 77.0],
        "b3_hellingshoek": [45.0, 45.0, 1.0],
        "b3_h_50p": [7.0, 7.0, 2.5],
        **changed,
    }
    outlines = [box(1000, 2004, 1010, 2008), box(1000, 2000, 1010, 2004), box(1015, 2000, 1018, 2003)]
    gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:28992").to_file(path, layer="lod22")
    return path


def test_roof_parts_stand_north_up_with_their_slopes_and_heights(tmp_path: Path) -> None:
    pieces = read_roof_parts(write_parts(tmp_path / "parts.gpkg"), ground_m=1.0)
    shed, house = sorted(real_roofs(pieces).roofs, key=lambda roof: len(roof.faces))
    north = min(range(2), key=lambda i: house.ring_m(i)[:, 1].mean())
    assert azimuth_deg(house.heights_m[north]) == pytest.approx(0, abs=1e-6)
    assert slope_deg(house.heights_m[north]) == pytest.approx(45)
    (ridge,) = [edge for edge in roof_edges(house) if edge.line_type == "ridge"]
    assert np.allclose(ridge.z_m, 8, atol=0.1)
    assert height_at(shed.heights_m[0], shed.points_m) == pytest.approx(1.5 + 0.4)  # no roof is lower than a door
    assert shed.points_m[:, 0].min() == pytest.approx(15, abs=0.05)


def test_roof_parts_without_a_slope_are_left_out(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "parts.gpkg", b3_hellingshoek=[45.0, 45.0, np.nan])
    assert len(read_roof_parts(path).outlines) == 2


def test_a_file_without_roof_parts_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no roof parts can be read"):
        read_roof_parts(tmp_path / "absent.gpkg")
    other = tmp_path / "other.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[box(0, 0, 1, 1)], crs=28992).to_file(other, layer="lod22")
    with pytest.raises(DataError, match="b3_azimut"):
        read_roof_parts(other)
    with pytest.raises(DataError, match="has no roof parts"):
        read_roof_parts(write_parts(tmp_path / "upright.gpkg", b3_hellingshoek=[90.0, 90.0, 90.0]))


def city_model(solid: bool) -> dict[str, object]:
    """A shed roof that falls to the east, 4 by 6 m, from 105 to 103 m, over ground at 100 m, with one wall."""
    corners = [(0, 0, 103), (4, 0, 103), (4, 6, 103), (0, 6, 103), (0, 0, 105), (0, 6, 105), (0, 0, 100), (4, 0, 100)]
    surfaces = [[[4, 1, 2, 5]], [[6, 7, 1, 4]]]
    values = [0, 1]
    geometry = {
        "type": "Solid" if solid else "MultiSurface",
        "lod": "2",
        "boundaries": [surfaces] if solid else surfaces,
        "semantics": {
            "surfaces": [{"type": "RoofSurface"}, {"type": "WallSurface"}],
            "values": [values] if solid else values,
        },
    }
    return {
        "type": "CityJSON",
        "transform": {"scale": [0.01, 0.01, 0.01], "translate": [500000, 200000, 0]},
        "vertices": [[x * 100, y * 100, z * 100] for x, y, z in corners],
        "CityObjects": {
            "a": {"type": "Building", "children": ["b"]},
            "b": {"type": "BuildingPart", "parents": ["a"], "geometry": [geometry]},
        },
    }


@pytest.mark.parametrize("solid", [False, True])
def test_a_city_model_gives_planes_above_the_ground(tmp_path: Path, solid: bool) -> None:
    path = tmp_path / "city.json"
    path.write_text(json.dumps(city_model(solid)), encoding="utf-8")
    (roof,) = real_roofs(read_city_model(path)).roofs
    assert azimuth_deg(roof.heights_m[0]) == pytest.approx(90)
    assert slope_deg(roof.heights_m[0]) == pytest.approx(np.degrees(np.arctan(0.5)))
    assert sorted(height_at(roof.heights_m[0], roof.points_m)) == pytest.approx([3, 3, 5, 5], abs=0.05)
    assert roof.roof_type == "shed"


def test_a_file_that_is_no_city_model_says_so(tmp_path: Path) -> None:
    path = tmp_path / "city.json"
    for text in ("no json", "[]", '{"vertices": []}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="no city model can be read"):
            read_city_model(path)
    path.write_text(json.dumps({**city_model(False), "CityObjects": {}}), encoding="utf-8")
    with pytest.raises(DataError, match="no roof surfaces"):
        read_city_model(path)


def test_nearly_all_real_planes_become_sound_roofs(shared_data: Path) -> None:
    for pieces in (
        read_roof_parts(shared_data / "lod2" / "3dbag_10-280-560_lod22.gpkg"),
        read_city_model(shared_data / "lod2" / "zurich_subset_lod2.json"),
    ):
        found = real_roofs(pieces)
        faces = [shapely.Polygon(roof.ring_m(i)) for roof in found.roofs for i in range(len(roof.faces))]
        assert shapely.is_valid(faces).all()
        assert shapely.area(faces).sum() > 0.98 * shapely.union_all(pieces.outlines).area


def write_graph(path: Path) -> Path:
    """A gable of 10 by 8 m whose ridge runs east, and a second roof of another split."""
    lines = [
        {"type": "ridge", "xy": [0, 80, 200, 80], "relative_height": [1, 1]},
        {"type": "eave", "xy": [0, 0, 200, 0], "relative_height": [0, 0]},
        {"type": "eave", "xy": [0, 160, 200, 160], "relative_height": [0, 0]},
    ]
    planes = [
        {"azimuth_deg": 0.0, "relative_slope": 1.0, "ring": [[0, 0], [200, 0], [200, 80], [0, 80]]},
        {"azimuth_deg": 180.0, "relative_slope": 1.0, "ring": [[0, 80], [200, 80], [200, 160], [0, 160]]},
    ]
    records = [{"split": split, "planes": planes, "lines": lines} for split in ("train", "train", "val")]
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def test_roof_graphs_get_a_pitch_and_the_heights_that_follow(tmp_path: Path) -> None:
    pieces = read_roof_graphs(write_graph(tmp_path / "roofs.jsonl"), pitch_deg=(30, 30), eave_m=(3, 3))
    roofs = real_roofs(pieces).roofs
    assert [roof.roof_type for roof in roofs] == ["gable", "gable"]
    for roof in roofs:
        (ridge,) = [edge for edge in roof_edges(roof) if edge.line_type == "ridge"]
        assert np.allclose(ridge.z_m, 3 + 4 * np.tan(np.radians(30)), atol=0.05)
        assert min(slope_deg(height) for height in roof.heights_m) == pytest.approx(30)


def test_pitches_of_roof_graphs_are_drawn_by_the_seed(tmp_path: Path) -> None:
    path = write_graph(tmp_path / "roofs.jsonl")
    first, again, other = (read_roof_graphs(path, seed=seed).heights_m for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_a_file_without_roof_graphs_says_so(tmp_path: Path) -> None:
    path = tmp_path / "roofs.jsonl"
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(DataError, match="no roof graphs can be read"):
        read_roof_graphs(path)
    with pytest.raises(DataError, match="no roof of the split test"):
        read_roof_graphs(write_graph(path), split="test")


def test_lines_of_roof_graphs_are_typed_as_their_makers_did(shared_data: Path) -> None:
    path = shared_data / "roofgraph" / "roofs.jsonl"
    true: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["split"] == "val":
            for edge in record["lines"]:
                true[edge["type"]] += 0.05 * math.dist(edge["xy"][:2], edge["xy"][2:])
    found: Counter[str] = Counter()
    for roof in real_roofs(read_roof_graphs(path, "val")).roofs:
        for edge in roof_edges(roof):
            found[edge.line_type] += math.dist(*edge.xy_m)
    for kind in ("eave", "ridge", "hip", "rake"):
        assert found[kind] == pytest.approx(true[kind], rel=0.05)
