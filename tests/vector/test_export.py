"""The GeoPackage on disk."""

import json
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing

import pyogrio
import pytest

from roofgeo import schema
from roofgeo.errors import DataError, OutputError
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import read_layers, write_geopackage
from tests.vector.rasters import utm_grid
from tests.vector.shapes import SHAPE, hip, layers_of

PROVENANCE = {"model": "tiny", "model_hash": "abc", "imagery": "ortho.tif", "created": "2026-01-02T03:04:05.000Z"}


@pytest.fixture(scope="module")
def geopackage(tmp_path_factory):
    path = tmp_path_factory.mktemp("gpkg") / "roofs.gpkg"
    write_geopackage(path, layers_of(hip()), PROVENANCE)
    return path


@pytest.mark.parametrize("layer", schema.LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("empty", [False, True])
def test_layers_have_exactly_the_fields_of_the_schema(geopackage, tmp_path, layer, empty):
    if empty:
        geopackage = tmp_path / "empty.gpkg"
        write_geopackage(geopackage, attribute_layers((), utm_grid(SHAPE)), PROVENANCE)
    info = pyogrio.read_info(geopackage, layer=layer.name)
    kinds = {"object": "str", "string": "str"}
    assert [(n, kinds.get(str(d), str(d))) for n, d in zip(info["fields"], info["dtypes"], strict=True)] == [
        (field.name, field.dtype) for field in layer.fields
    ]
    assert info["geometry_type"] == layer.geometry
    assert info["crs"] == "EPSG:32632"
    assert (info["features"] == 0) == empty


def test_values_come_back(geopackage):
    written = layers_of(hip())
    for name, layer in written.items():
        read = pyogrio.read_dataframe(geopackage, layer=name)
        assert len(read) == len(layer)
        assert (read.geometry.geom_equals_exact(layer.geometry, 0)).all()
    lines = pyogrio.read_dataframe(geopackage, layer="roof_lines")
    assert lines["left_segment_id"].isna().sum() == written["roof_lines"]["left_segment_id"].isna().sum()


def rows(path, sql):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def test_version_and_registered_tables(geopackage):
    assert rows(geopackage, "PRAGMA user_version") == [(10300,)]
    contents = dict(rows(geopackage, "SELECT table_name, data_type FROM gpkg_contents"))
    assert contents == {
        "buildings": "features", "roof_segments": "features", "roof_lines": "features", "layer_styles": "attributes",
    }  # fmt: skip
    extensions = {name for (name,) in rows(geopackage, "SELECT extension_name FROM gpkg_extensions")}
    assert {"gpkg_schema", "gpkg_metadata", "gpkg_rtree_index"} <= extensions


def test_every_layer_has_a_default_style(geopackage):
    styles = rows(geopackage, "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles")
    assert {(name, column, default) for name, column, default, _ in styles} == {
        (layer.name, "geom", 1) for layer in schema.LAYERS
    }
    documents = {name: ET.fromstring(qml) for name, _, _, qml in styles}
    values = {name: [category.get("value") for category in root.iter("category")] for name, root in documents.items()}
    assert values == {
        "roof_segments": ["flat", *schema.COMPASS],
        "roof_lines": list(schema.LINE_TYPES),
        "buildings": [],
    }
    for root in documents.values():
        symbols = {symbol.get("name") for symbol in root.iter("symbol")}
        assert {category.get("symbol") for category in root.iter("category")} <= symbols


def test_fields_have_aliases_and_meanings(geopackage):
    (qml,) = next(iter(rows(geopackage, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'roof_segments'")))
    aliases = {alias.get("field"): alias.get("name") for alias in ET.fromstring(qml).iter("alias")}
    assert aliases["footprint_area_m2"].startswith("footprint_area_m2 [m2]")
    columns = rows(geopackage, "SELECT table_name, column_name FROM gpkg_data_columns")
    assert set(columns) == {(layer.name, field.name) for layer in schema.LAYERS for field in layer.fields}


def test_provenance_is_in_the_metadata_tables(geopackage):
    ((text,),) = rows(
        geopackage, "SELECT metadata FROM gpkg_metadata JOIN gpkg_metadata_reference ON gpkg_metadata.id = md_file_id"
    )
    assert json.loads(text) == PROVENANCE


def test_the_same_layers_give_the_same_bytes(geopackage, tmp_path):
    again = tmp_path / "again.gpkg"
    write_geopackage(again, layers_of(hip()), PROVENANCE)
    assert again.read_bytes() == geopackage.read_bytes()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_geopackage(tmp_path / "no" / "roofs.gpkg", layers_of(hip()), PROVENANCE)


def test_layers_are_read_back(geopackage):
    layers = read_layers(geopackage)
    assert {name: len(layer) for name, layer in layers.items()} == {
        name: len(layer) for name, layer in layers_of(hip()).items()
    }


def test_polygons_of_any_file_are_buildings(tmp_path):
    path = tmp_path / "outlines.geojson"
    layers_of(hip())["buildings"][["geometry"]].to_crs(4326).to_file(path)
    layers = read_layers(path)
    assert list(layers) == ["buildings"]
    assert len(layers["buildings"]) == 1


def test_files_without_roofs_are_refused(tmp_path):
    lines = tmp_path / "lines.geojson"
    layers_of(hip())["roof_lines"][["geometry"]].to_file(lines)
    with pytest.raises(DataError, match="holds no polygons"):
        read_layers(lines)
    with pytest.raises(DataError, match="does not exist"):
        read_layers(tmp_path / "missing.gpkg")
