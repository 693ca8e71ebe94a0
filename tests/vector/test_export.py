"""The GeoPackage on disk."""

import json
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing

import pyogrio
import pytest
import shapely

from roofgeo import schema
from roofgeo.errors import DataError, OutputError
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import read_layers, read_roofs, write_geopackage, write_layers
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
        "roof_segments": [*schema.COMPASS, "flat"],
        "roof_lines": list(schema.LINE_TYPES),
        "buildings": [],
    }
    for root in documents.values():
        symbols = {symbol.get("name") for symbol in root.iter("symbol")}
        assert {category.get("symbol") for category in root.iter("category")} <= symbols


def test_fields_have_aliases_and_meanings(geopackage):
    (qml,) = next(iter(rows(geopackage, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'roof_segments'")))
    aliases = {alias.get("field"): alias.get("name") for alias in ET.fromstring(qml).iter("alias")}
    assert aliases["footprint_area_m2"] == "Footprint area [m²]"
    columns = rows(geopackage, "SELECT table_name, column_name FROM gpkg_data_columns")
    assert set(columns) == {(layer.name, field.name) for layer in schema.LAYERS for field in layer.fields}


def test_values_a_field_may_have_are_told(geopackage):
    told = rows(geopackage, "SELECT constraint_name, value FROM gpkg_data_column_constraints ORDER BY rowid")
    for layer in schema.LAYERS:
        for field in layer.fields:
            ((name,),) = rows(
                geopackage,
                "SELECT constraint_name FROM gpkg_data_columns"
                f" WHERE table_name = '{layer.name}' AND column_name = '{field.name}'",
            )
            assert tuple(value for constraint, value in told if constraint == name) == field.choices


def test_gdal_reads_aliases_and_meanings(geopackage):
    pytest.importorskip("pyarrow")
    _, table = pyogrio.raw.read_arrow(geopackage, layer="roof_segments")
    told = table.schema.field("footprint_area_m2").metadata
    assert told[b"GDAL:OGR:alternative_name"].decode() == "Footprint area [m²]"
    assert told[b"GDAL:OGR:comment"] == b"area seen from above"


def test_a_geopackage_keeps_its_standard(geopackage):
    assert rows(geopackage, "PRAGMA application_id") == [(int.from_bytes(b"GPKG"),)]
    assert rows(geopackage, "PRAGMA integrity_check") == [("ok",)]
    assert rows(geopackage, "PRAGMA foreign_key_check") == []


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


def written(folder, file_format):
    """Frame read back from each file, by the file's name."""
    return {
        path.name: pyogrio.read_dataframe(path)
        for path in write_layers(folder, layers_of(hip()), file_format, PROVENANCE)
    }


def test_geojson_is_that_of_the_rfc(tmp_path):
    frames = written(tmp_path, "geojson")
    assert list(frames) == [f"{layer.name}.geojson" for layer in schema.LAYERS]
    for layer in schema.LAYERS:
        text = (tmp_path / f"{layer.name}.geojson").read_text(encoding="utf-8")
        collection, original = json.loads(text), layers_of(hip())[layer.name]
        assert "crs" not in collection
        assert collection["description"].startswith(f"{layer.meaning}. model: tiny; ")
        assert len(collection["features"]) == len(original)
        properties = collection["features"][0]["properties"]
        assert list(properties) == [field.name for field in layer.fields]
        for field in layer.fields:
            assert {"int64": int, "float64": float, "str": str, "bool": bool}[field.dtype] in {
                type(feature["properties"][field.name]) for feature in collection["features"]
            } or field.nullable
        frame = frames[f"{layer.name}.geojson"]
        assert frame.crs.to_epsg() == 4326
        assert (frame.to_crs(original.crs.to_wkt()).geometry.hausdorff_distance(original.geometry) < 0.002).all()
    polygons = frames["roof_segments.geojson"].geometry
    assert all(shapely.is_ccw(polygon.exterior) for polygon in polygons)
    assert shapely.coverage_is_valid(polygons.to_numpy()), "faces still share their edges"


def test_ids_that_may_be_missing_stay_whole_numbers_in_geojson(tmp_path):
    written(tmp_path, "geojson")
    lines = json.loads((tmp_path / "roof_lines.geojson").read_text())["features"]
    sides = [line["properties"][side] for line in lines for side in ("left_segment_id", "right_segment_id")]
    assert None in sides and {type(side) for side in sides} == {int, type(None)}


def test_flatgeobuf_keeps_crs_and_values_and_has_an_index(tmp_path):
    frames = written(tmp_path, "flatgeobuf")
    assert list(frames) == [f"{layer.name}.fgb" for layer in schema.LAYERS]
    for layer in schema.LAYERS:
        info = pyogrio.read_info(tmp_path / f"{layer.name}.fgb")
        assert (info["crs"], info["geometry_type"]) == ("EPSG:32632", layer.geometry)
        assert info["capabilities"]["fast_spatial_filter"]
        assert "tiny" in info["layer_metadata"]["DESCRIPTION"]
        frame, key = frames[f"{layer.name}.fgb"], layer.fields[0].name
        original = layers_of(hip())[layer.name]
        assert [field.name for field in layer.fields] == list(frame.columns[:-1])
        ordered = frame.set_index(key).loc[original[key]]  # the index sorts by place
        assert ordered.geometry.geom_equals_exact(original.set_index(key).geometry, 0).all()
        assert (ordered["confidence"] == original.set_index(key)["confidence"]).all()


@pytest.mark.parametrize("file_format", schema.VECTOR_SUFFIXES)
def test_layers_without_rows_keep_their_kind(tmp_path, file_format):
    empty = attribute_layers((), utm_grid(SHAPE))
    write_layers(tmp_path, empty, file_format, PROVENANCE)
    for layer, read in zip(schema.LAYERS, read_roofs(tmp_path).layers.values(), strict=True):
        assert len(read) == 0
        assert [str(dtype) for dtype in read.dtypes] == [str(dtype) for dtype in empty[layer.name].dtypes]
        assert read.crs == empty[layer.name].crs


@pytest.mark.parametrize("file_format", schema.VECTOR_SUFFIXES)
def test_formats_into_a_folder_that_is_not_there_are_said(tmp_path, file_format):
    with pytest.raises(OutputError, match="cannot be written"):
        write_layers(tmp_path / "no", layers_of(hip()), file_format, PROVENANCE)
