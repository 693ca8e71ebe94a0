"""Written scenes keep the layers' contract, and the sample is the same every time."""

from __future__ import annotations

import hashlib
import runpy
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import CRS

from roofgeo.grid import Grid
from roofgeo.schema import LAYERS
from roofgeo.synthesis import RenderedScene, render_scene
from roofgeo.synthesis.writer import write_area, write_labels, write_orthophoto

GRID = Grid(CRS.from_epsg(32632), 604_200.0, 5_330_150.0, 0.2, 384, 384)
SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def scene() -> RenderedScene:
    return render_scene(3, 384, 0.2, style="america", whole_buildings=True)


@pytest.fixture(scope="module")
def labels(scene: RenderedScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "labels.gpkg"
    write_labels(path, scene, GRID)
    return path


def test_layers_have_the_fields_of_the_schema(labels: Path) -> None:
    assert [name for name, _ in pyogrio.list_layers(labels)] == [layer.name for layer in LAYERS]
    for layer in LAYERS:
        info = pyogrio.read_info(labels, layer=layer.name)
        assert list(info["fields"]) == [field.name for field in layer.fields]
        assert info["geometry_type"] == layer.geometry
        assert info["crs"] == "EPSG:32632"


def test_true_azimuth_is_grid_azimuth_and_convergence(labels: Path) -> None:
    segments = geopandas.read_file(labels, layer="roof_segments").dropna(subset=["azimuth_deg"])
    turn = (segments.azimuth_deg - segments.azimuth_grid_deg + 180) % 360 - 180
    assert turn.to_numpy() == pytest.approx(GRID.north_offset_deg(604_240, 5_330_110), abs=0.01)
    assert 1.0 < turn.mean() < 1.1, "ten degrees east at 48 north: one and a bit east of the zone's meridian"


def test_lines_have_their_segments_on_their_hands(labels: Path) -> None:
    segments = geopandas.read_file(labels, layer="roof_segments").set_index("segment_id").geometry
    lines = geopandas.read_file(labels, layer="roof_lines")
    assert lines.right_segment_id.notna().all()
    for line in lines.itertuples():
        (x0, y0), (x1, y1) = line.geometry.coords
        right = np.array([y1 - y0, x0 - x1]) / line.length_m * 0.05
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        assert segments[line.right_segment_id].contains(shapely.Point(middle + right))
        if not np.isnan(line.left_segment_id):
            assert segments[line.left_segment_id].contains(shapely.Point(middle - right))


def test_orthophoto_lies_where_the_grid_says(scene: RenderedScene, tmp_path: Path) -> None:
    write_orthophoto(tmp_path / "ortho.tif", scene.scene.image, GRID)
    with rasterio.open(tmp_path / "ortho.tif") as source:
        assert source.crs.to_epsg() == 32632
        assert tuple(source.bounds) == pytest.approx(GRID.bounds)
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.abs(source.read().astype(int) - scene.scene.image).mean() < 6


def test_area_is_geojson_in_degrees_counter_clockwise(tmp_path: Path) -> None:
    area = shapely.box(604_210, 5_330_080, 604_270, 5_330_140)
    write_area(tmp_path / "area.geojson", area, GRID)
    back = geopandas.read_file(tmp_path / "area.geojson")
    assert back.crs.to_epsg() == 4326
    assert back.geometry[0].exterior.is_ccw
    assert back.to_crs(32632).geometry[0].symmetric_difference(area).area < 3


@pytest.mark.slow
def test_the_sample_is_the_same_every_time(tmp_path: Path) -> None:
    make = runpy.run_path(str(SAMPLES / "make_samples.py"))["main"]
    sums = []
    for name in ("first", "second"):
        make(tmp_path / name)
        sums.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / name).iterdir()})
    assert sums[0] == sums[1]
    assert set(sums[0]) == {"ortho.tif", "area.geojson", "labels.gpkg", "roofgeo.toml"}


def test_the_sample_holds_what_it_should() -> None:
    assert (SAMPLES / "ortho.tif").stat().st_size < 1_500_000
    buildings = geopandas.read_file(SAMPLES / "labels.gpkg", layer="buildings")
    lines = geopandas.read_file(SAMPLES / "labels.gpkg", layer="roof_lines")
    area = geopandas.read_file(SAMPLES / "area.geojson").to_crs(buildings.crs).geometry[0]
    assert {"gable", "hip", "pyramid", "shed", "flat", "complex"} <= set(buildings.roof_type)
    assert {"eave", "ridge", "hip", "valley", "rake"} <= set(lines.line_type)
    assert buildings.within(area).sum() >= 15
    assert (buildings.distance(area.exterior) == 0).sum() <= 2
