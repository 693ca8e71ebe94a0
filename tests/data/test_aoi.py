"""The area of interest, from every kind of file, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from roofgeo.data.aoi import Area, read_area
from roofgeo.errors import AreaError, DataError

SQUARE = box(691000, 5336000, 691100, 5336100)
FORMATS = ("area.gpkg", "area.shp", "area.fgb", "area.geojson")


def write(path: Path, *geometries: shapely.Geometry | None, crs: str | None = "EPSG:25832", layer: str = "a") -> Path:
    frame = gpd.GeoDataFrame(geometry=list(geometries), crs=crs)
    options = {"layer": layer, "mode": "a" if path.exists() else "w"} if path.suffix == ".gpkg" else {}
    frame.to_file(path, **options)
    return path


def write_geojson(path: Path, *geometries: dict[str, object] | None, **members: object) -> Path:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_reads_the_usual_formats(tmp_path: Path, name: str) -> None:
    area = read_area(write(tmp_path / name, SQUARE))
    assert isinstance(area.geometry, MultiPolygon)
    assert area.source.endswith(name)
    assert area.geometry.symmetric_difference(SQUARE).area == pytest.approx(0, abs=1e-3)
    assert area.crs == CRS.from_epsg(25832)


def test_geojson_without_crs_is_wgs84(tmp_path: Path) -> None:
    square = shapely.geometry.mapping(box(11.5, 48.1, 11.51, 48.11))
    for members in ({}, {"crs": None}):
        assert read_area(write_geojson(tmp_path / "area.geojson", square, **members)).crs == CRS.from_epsg(4326)


def test_overlapping_features_become_one_ground_without_heights(tmp_path: Path) -> None:
    high = shapely.force_3d(shapely.affinity.translate(SQUARE, 50), 500)
    area = read_area(write(tmp_path / "area.gpkg", SQUARE, high))
    assert area.geometry.is_valid and not area.geometry.has_z
    assert area.geometry.area == pytest.approx(15000)
    assert area.bounds == pytest.approx((691000, 5336000, 691150, 5336100))


def test_collections_give_their_polygons(tmp_path: Path) -> None:
    inner = GeometryCollection([Point(0, 0), SQUARE])
    mixed = GeometryCollection([LineString([(0, 0), (1, 1)]), inner])
    area = read_area(write(tmp_path / "area.gpkg", mixed, None, Polygon()))
    assert area.geometry.equals(MultiPolygon([SQUARE]))


def test_takes_the_only_polygon_layer(tmp_path: Path) -> None:
    path = write(tmp_path / "area.gpkg", LineString([(0, 0), (1, 1)]), layer="roads")
    write(path, SQUARE, layer="wanted")
    assert read_area(path).geometry.area == pytest.approx(10000)
    write(path, shapely.affinity.scale(SQUARE, 0.5, 0.5), layer="other")
    with pytest.raises(AreaError, match="2 layers") as caught:
        read_area(path)
    assert "wanted" in caught.value.hint and "other" in caught.value.hint
    assert read_area(path, layer="other").geometry.area == pytest.approx(2500)
    with pytest.raises(AreaError, match="no layer 'nowhere'"):
        read_area(path, layer="nowhere")


def test_long_edges_bend_when_reprojected() -> None:
    # A parallel of 2 degrees' length leaves its chord in UTM by more than 600 m.
    area = Area(MultiPolygon([box(8.0, 48.0, 10.0, 48.5)]), CRS.from_epsg(4326), "test")
    projected = area.to_crs(CRS.from_epsg(32632)).geometry
    ring = area.geometry.geoms[0].exterior.coords
    to_utm = Transformer.from_crs(4326, 32632, always_xy=True)
    corners = Polygon([to_utm.transform(*point) for point in ring])
    assert projected.symmetric_difference(corners).area > 1e6
    # Area on the ground: true scale is 0.9996 at the central meridian.
    true_m2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(area.geometry, 0.001))[0])
    assert projected.area == pytest.approx(true_m2, rel=1e-3)


def test_to_crs_says_if_it_cannot() -> None:
    area = Area(MultiPolygon([box(-179, -89, 179, 90)]), CRS.from_epsg(4326), "world.geojson")
    with pytest.raises(AreaError, match="reaches beyond where WGS 84 / UTM zone 32N"):
        area.to_crs(CRS.from_epsg(32632))


def test_same_crs_changes_nothing() -> None:
    area = Area(MultiPolygon([SQUARE]), CRS.from_epsg(25832), "test")
    assert area.to_crs(CRS.from_epsg(25832)).geometry == area.geometry


BOWTIE = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
BAD = {
    "no features": ([], "EPSG:25832", "has no features"),
    "empty": ([Polygon(), None], "EPSG:25832", "only empty geometries"),
    "lines": ([LineString([(0, 0), (1, 1)]), Point(0, 0)], "EPSG:25832", "no polygons, only LineString, Point"),
    "invalid": ([SQUARE, BOWTIE], "EPSG:25832", r"Self-intersection at \(5, 5\)"),
    "no crs": ([SQUARE], None, "has no coordinate reference system"),
    "no degrees": ([SQUARE], "EPSG:4326", "coordinates are no degrees: 691100, 5336100"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_areas_are_named_in_one_line(tmp_path: Path, case: str) -> None:
    geometries, crs, message = BAD[case]
    with pytest.raises(AreaError, match=message) as caught:
        read_area(write(tmp_path / "area.gpkg", *geometries, crs=crs))
    assert "\n" not in caught.value.message and caught.value.hint
    assert caught.value.exit_code == 2


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist") as caught:
        read_area(tmp_path / "nowhere.gpkg")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("content", [b"", b"name,area\nx,1\n", b"\x00\x01\x02", b'{"type": "Feature'])
def test_files_that_are_no_areas(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "area.geojson"
    path.write_bytes(content)
    with pytest.raises(AreaError) as caught:
        read_area(path)
    assert "\n" not in caught.value.message and caught.value.hint


def test_a_table_has_no_area(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("name,area\nx,1\n")
    with pytest.raises(AreaError, match="no geometries"):
        read_area(path)


def test_real_outlines(shared_data: Path) -> None:
    area = read_area(shared_data / "banepa" / "buildings.geojson")
    assert area.crs == CRS.from_epsg(4326)
    metric = area.to_crs(CRS.from_epsg(32645))
    assert len(metric.geometry.geoms) > 1000
    assert np.isfinite(metric.bounds).all()
