"""The layers in every format, there and back: nothing is lost, and each file is what its format's standard says."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from roofgeo import schema
from roofgeo.errors import DataError, InputError
from roofgeo.schema import Field, Layer
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.dictionary import dictionary_text
from roofgeo.vector.export import held_by, read_roofs, write_geopackage, write_layers
from tests.vector.rasters import utm_grid
from tests.vector.shapes import SHAPE, hip, layers_of

PROVENANCE = {
    "model": "tiny 1.0",
    "imagery": 'Ortho "features": Köln\\屋根.tif',
    "command": "roofgeo predict --aoi 'a b.geojson' --imagery x=1;y",
    "created": "2026-01-02T03:04:05.000Z",
}
FORMATS = tuple(schema.EXPORT_SUFFIXES)
ROUNDED_M = 0.002

Layers = dict[str, gpd.GeoDataFrame]


def write(folder: Path, layers: Layers, file_format: str) -> None:
    folder.mkdir(parents=True)
    if file_format == "geopackage":
        write_geopackage(folder / "roofs.gpkg", layers, PROVENANCE)
    else:
        write_layers(folder, layers, file_format, PROVENANCE)


def assert_same(found: Layers, expected: Layers, tolerance_m: float) -> None:
    """Fields, types, values and NULLs to the last bit, geometry within a tolerance; formats sort rows by place."""
    assert list(found) == list(expected)
    for layer in schema.LAYERS:
        if layer.name not in expected:
            continue
        key = layer.fields[0].name
        a, b = (rows.sort_values(key, ignore_index=True) for rows in (found[layer.name], expected[layer.name]))
        assert a.crs == b.crs
        values, expected_values = (pd.DataFrame(rows.drop(columns="geometry")) for rows in (a, b))
        pd.testing.assert_frame_equal(values, expected_values, check_exact=True)
        if tolerance_m == 0:
            assert a.geometry.geom_equals_exact(b.geometry, 0).all()
        else:
            assert (a.geometry.hausdorff_distance(b.geometry) <= tolerance_m).all()


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_nothing_is_lost_between_two_formats(first, second, tmp_path):
    layers = layers_of(hip())
    write(tmp_path / "Dächer 屋根", layers, first)
    once = read_roofs(tmp_path / "Dächer 屋根")
    write(tmp_path / "second", once.layers, second)
    twice = read_roofs(tmp_path / "second")
    assert once.provenance == twice.provenance == PROVENANCE
    assert_same(twice.layers, layers, ROUNDED_M * (first, second).count("geojson"))


VALUES = {
    "int64": st.integers(-(2**53), 2**53),
    "float64": st.floats(-1e12, 1e12, allow_subnormal=False),
    "bool": st.booleans(),
}
DTYPES = {"int64": "int64", "float64": "float64", "str": "object", "bool": "bool"}
PLACES = {
    "EPSG:32632": (500_000, 5_400_000),
    "EPSG:2193": (1_750_000, 5_900_000),
    "EPSG:28992": (150_000, 450_000),
    "+proj=tmerc +lat_0=47 +lon_0=9 +ellps=GRS80 +units=m": (1000, 2000),
}
"""A point on the ground in CRSs of several datums, one of them without a code."""


def column(field: Field, size: int) -> st.SearchStrategy[pd.Series]:
    values = st.sampled_from(field.choices) if field.choices else VALUES[field.dtype]
    known = st.one_of(st.none(), values) if field.nullable else values
    dtype = "Int64" if field.nullable and field.dtype == "int64" else DTYPES[field.dtype]
    return st.lists(known, min_size=size, max_size=size).map(lambda drawn: pd.Series(drawn, dtype=dtype))


@st.composite
def some_rows(draw: st.DrawFn, layer: Layer, crs: str) -> gpd.GeoDataFrame:
    size = draw(st.integers(0, 4))
    columns = {field.name: draw(column(field, size)) for field in layer.fields}
    columns[layer.fields[0].name] = pd.Series(np.arange(size) + 1, dtype="int64")
    places = draw(st.lists(st.tuples(*[st.integers(0, 5000)] * 4), min_size=size, max_size=size))
    lines = [
        shapely.LineString([(x, y), (x + 100, y + width), (x, y + height + 200)]) for x, y, width, height in places
    ]
    shapes = lines if layer.geometry == "LineString" else [shapely.Polygon(line.coords) for line in lines]
    placed = shapely.transform(np.asarray(shapes, object), lambda xy: xy + np.array(PLACES[crs])) if size else []
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(placed, crs=crs), crs=crs)


@st.composite
def some_layers(draw: st.DrawFn) -> Layers:
    crs = draw(st.sampled_from(sorted(PLACES)))
    return {layer.name: draw(some_rows(layer, crs)) for layer in schema.LAYERS}


@settings(max_examples=20, deadline=None)
@given(layers=some_layers(), file_format=st.sampled_from(FORMATS))
def test_any_values_come_back(layers, file_format):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "roofs", layers, file_format)
        found = read_roofs(Path(folder) / "roofs")
    assert_same(found.layers, layers, 0.01 if file_format == "geojson" else 0)
    assert found.provenance == PROVENANCE


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_somebody_added_stays(tmp_path, file_format):
    layers = layers_of(hip())
    layers["roof_segments"]["review"] = ["accepted", None, "rejected", None]
    layers["roof_segments"].insert(0, "cost", [1.5, np.nan, 2.5, 3.5])
    write(tmp_path / "roofs", layers, file_format)
    found = read_roofs(tmp_path / "roofs").layers["roof_segments"].set_index("segment_id").sort_index()
    assert list(found.columns[-3:]) == ["cost", "review", "geometry"]
    assert found["review"].fillna("").tolist() == ["accepted", "", "rejected", ""]
    assert found["cost"].fillna(0).tolist() == [1.5, 0, 2.5, 3.5]


ADDED = {
    "int16": ("SMALLINT", [-32768, 32767]),
    "int32": ("MEDIUMINT", [5, -(2**31)]),
    "int64": ("INTEGER", [2**53 + 1, -(2**53) - 1]),
    "boolean": ("BOOLEAN", [True, False]),
    "float32": ("FLOAT", [1.1, -2.5]),
    "float64": ("REAL", [0.1, 1e300]),
    "text": ("TEXT", ["[1, 2]", ""]),
    "day": ("DATE", [date(9999, 12, 31), date(1899, 5, 6)]),
    "instant": ("DATETIME", [datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), datetime(2026, 7, 2, tzinfo=UTC)]),
}
"""Type in a GeoPackage, and values, of a field of each type."""


def all_types() -> gpd.GeoDataFrame:
    """Four segments with a field of each type without NULLs, and one with some."""
    rows = layers_of(hip())["roof_segments"]
    for name, (_, (first, second)) in ADDED.items():
        dtype = {"boolean": "boolean", "text": "object", "day": "period[D]", "instant": "datetime64[ms, UTC]"}.get(
            name, name.replace("int", "Int")
        )
        for kind, values in {"all": [first, second] * 2, "some": [first, None, second, None]}.items():
            rows[f"{name}_{kind}"] = pd.Series(values, dtype=dtype)
        if dtype.startswith("Int") or dtype == "boolean":
            rows[f"{name}_all"] = rows[f"{name}_all"].astype(dtype.lower().replace("boolean", "bool"))
    return rows


def plain(values: pd.Series) -> list[object]:
    """Values that can be compared, whatever keeps them."""
    return [None if pd.isna(value) else value for value in values.astype(object)]


def widened(dtype: str, formats: tuple[str, ...]) -> str:
    """The type a field has after going through formats: JSON has one kind of number each, FlatGeobuf no dates."""
    kind = dtype.lower()
    if "geojson" in formats and kind.startswith(("int", "float")):
        return kind.rstrip("0123456789")
    if "flatgeobuf" in formats and kind == "period[d]":
        return "datetime64[ms]"
    return {"object": "text", "str": "text", "boolean": "bool"}.get(kind, kind)


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_added_fields_of_any_type_stay_to_the_last_bit_with_their_nulls(first, second, tmp_path):
    rows = expected = all_types().set_index("segment_id", drop=False)
    for number, file_format in enumerate((first, second)):
        write(tmp_path / str(number), {"roof_segments": rows}, file_format)
        rows = read_roofs(tmp_path / str(number)).layers["roof_segments"]
    rows = rows.set_index("segment_id", drop=False).loc[expected.index]
    for name in expected.columns.drop("geometry"):
        a, b, formats = rows[name], expected[name], (first, second)
        assert widened(str(a.dtype), formats) == widened(str(b.dtype), formats), name
        if name.startswith("day") and a.dtype.kind == "M":
            a = a.dt.to_period("D")
        assert plain(a) == plain(b), name


def test_the_types_of_a_geopackage_are_those_of_its_tables(tmp_path):
    write(tmp_path / "first", {"roof_segments": all_types()}, "geopackage")
    write(tmp_path / "second", read_roofs(tmp_path / "first").layers, "geopackage")
    with closing(sqlite3.connect(tmp_path / "second" / "roofs.gpkg")) as database:
        columns = {row[1]: row[2] for row in database.execute("PRAGMA table_info(roof_segments)")}
    for name, (kind, _) in ADDED.items():
        assert {columns[f"{name}_all"], columns[f"{name}_some"]} == {kind}


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_a_format_cannot_hold_is_named(tmp_path, file_format):
    rows = layers_of(hip())["roof_segments"]
    rows["photo"] = pd.Series([b"\x01", None, b"", b"\xff"], dtype=object)
    rows["tags"] = pd.Series([["a", "ü"], None, {"b": 1}, [1]], dtype=object) if file_format != "geoparquet" else None
    held, notes = held_by(file_format, {"roof_segments": rows})
    write(tmp_path / "roofs", held, file_format)
    found = read_roofs(tmp_path / "roofs").layers["roof_segments"].set_index("segment_id").loc[rows["segment_id"]]
    if file_format == "geoparquet":
        assert notes == []
        assert found["photo"].tolist() == rows["photo"].tolist()
        return
    photo, tags = notes
    assert photo.startswith("field photo of roof_segments is left out: it holds bytes")
    assert tags.startswith("field tags of roof_segments becomes text")
    assert "photo" not in found
    assert [None if pd.isna(text) else json.loads(text) for text in found["tags"]] == rows["tags"].tolist()


def test_dates_in_a_flatgeobuf_are_named():
    notes = {name: held_by(name, {"roof_segments": all_types()})[1] for name in FORMATS}
    assert {name: len(told) for name, told in notes.items()} == dict.fromkeys(FORMATS, 0) | {"flatgeobuf": 2}
    assert notes["flatgeobuf"][0].startswith("field day_all of roof_segments becomes a date with a time")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_field_named_as_the_geometry_is_refused(tmp_path, file_format):
    rows = layers_of(hip())["buildings"].rename_geometry("shape").assign(geometry="round")
    (tmp_path / "roofs").mkdir()
    if file_format == "geoparquet":
        rows.to_parquet(tmp_path / "roofs" / "buildings.parquet")
    else:
        name = {"geopackage": "roofs.gpkg"}.get(file_format, f"buildings{schema.EXPORT_SUFFIXES[file_format]}")
        pyogrio.write_dataframe(rows, tmp_path / "roofs" / name, layer="buildings")
    with pytest.raises(DataError, match="has a field named geometry"):
        read_roofs(tmp_path / "roofs")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("heights", [False, True])
def test_shapes_that_somebody_joined_or_gave_heights_stay(tmp_path, file_format, heights):
    rows = layers_of(hip())["roof_segments"]
    rows.loc[0, "geometry"] = shapely.MultiPolygon([rows.geometry[0], shapely.box(500000, 5300000, 500010, 5300010)])
    rows = rows.set_geometry(rows.geometry.force_3d(7.0)) if heights else rows
    write(tmp_path / "roofs", {"roof_segments": rows}, file_format)
    found = read_roofs(tmp_path / "roofs").layers["roof_segments"].set_index("segment_id").loc[rows["segment_id"]]
    assert found.geometry.has_z.all() == heights
    assert found.geometry.iloc[0].geom_type == "MultiPolygon"
    assert found.geometry.normalize().hausdorff_distance(rows.set_index("segment_id").geometry).max() <= ROUNDED_M


@pytest.mark.parametrize("file_format", FORMATS)
def test_one_layer_goes_alone(tmp_path, file_format):
    layers = {"roof_lines": layers_of(hip())["roof_lines"]}
    write(tmp_path / "roofs", layers, file_format)
    assert_same(read_roofs(tmp_path / "roofs").layers, layers, ROUNDED_M)


@pytest.mark.parametrize("file_format", ["geojson", "flatgeobuf", "geoparquet"])
def test_a_file_says_which_layer_it_holds(tmp_path, file_format):
    layers = layers_of(hip())
    write(tmp_path / "roofs", layers, file_format)
    suffix = schema.VECTOR_SUFFIXES[file_format]
    renamed = (tmp_path / "roofs" / f"roof_lines{suffix}").rename(tmp_path / f"my edges{suffix}")
    assert list(read_roofs(renamed).layers) == ["roof_lines"]


def geoparquet(folder: Path, layers: Layers) -> Path:
    write(folder / "parquet", layers, "geoparquet")
    return folder / "parquet" / "roof_segments.parquet"


def test_geoparquet_keeps_its_standard(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    layers = layers_of(hip())
    file = pq.ParquetFile(geoparquet(tmp_path, layers))
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert (column["encoding"], column["geometry_types"], column["edges"]) == ("WKB", ["Polygon"], "planar")
    assert CRS.from_json_dict(column["crs"]) == layers["roof_segments"].crs
    assert column["bbox"] == pytest.approx(layers["roof_segments"].total_bounds)
    assert column["covering"]["bbox"] == {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}
    rings = shapely.get_rings(layers["roof_segments"].geometry.to_numpy())
    assert (column.get("orientation") == "counterclockwise") == bool(shapely.is_ccw(rings).all())
    group = file.metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_geoparquet_says_how_rings_run_only_if_all_do(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    square = shapely.box(0, 0, 10, 10)
    with_hole = shapely.orient_polygons(square.difference(shapely.box(2, 2, 4, 4)))
    said = []
    for shapes in ([square, with_hole], [square, with_hole.reverse()]):
        rows = gpd.GeoDataFrame(layers_of(hip())["roof_segments"].iloc[:2].set_geometry(shapes, crs="EPSG:32632"))
        path = geoparquet(tmp_path / str(len(said)), {"roof_segments": rows})
        geo = json.loads(pq.read_schema(path).metadata[b"geo"])
        said.append(geo["columns"]["geometry"].get("orientation"))
    assert said == ["counterclockwise", None]


def test_geoparquet_fields_tell_unit_and_meaning(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    found = pq.read_schema(geoparquet(tmp_path, layers_of(hip())))
    for field in schema.SEGMENTS_LAYER.fields:
        told = found.field(field.name).metadata
        assert told[b"description"].decode() == field.meaning
        assert told.get(b"unit", b"").decode() == field.unit
    assert json.loads(found.metadata[b"roofgeo:provenance"]) == PROVENANCE
    assert json.loads(found.metadata[b"roofgeo:dictionary"]) == json.loads(dictionary_text())["layers"][0]


def many_squares(count: int) -> Layers:
    """Squares of 5 m all over 10 km, in no order."""
    corner = np.random.default_rng(1).uniform(0, 10_000, (count, 2)) + np.array((400_000, 5_400_000))
    rows = {field.name: pd.Series([None] * count, dtype=object) for field in schema.SEGMENTS_LAYER.fields}
    rows |= {"segment_id": np.arange(count), "building_id": np.arange(count), "clipped": np.zeros(count, bool)}
    shapes = shapely.box(*corner.T, *(corner + 5).T)
    return {"roof_segments": gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:32632")}


def test_a_part_of_a_geoparquet_is_found_by_its_bounds(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    layers, wanted = many_squares(50_000), (402_000, 5_402_000, 402_500, 5_402_500)
    path = geoparquet(tmp_path, layers)
    found = gpd.read_parquet(path, bbox=wanted)
    expected = layers["roof_segments"].cx[wanted[0] : wanted[2], wanted[1] : wanted[3]]
    assert 0 < len(expected) == len(found)
    assert set(found["segment_id"]) == set(expected["segment_id"])
    metadata = pq.ParquetFile(path).metadata
    names = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    places = [names.index(f"bbox.{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
    groups = [[metadata.row_group(g).column(i).statistics for i in places] for g in range(metadata.num_row_groups)]
    ground = sum((right.max - left.min) * (top.max - bottom.min) for left, bottom, right, top in groups)
    assert len(groups) > 2
    assert ground < 2 * 1e8, "groups of rows lie side by side, not over one another"


def test_rows_without_a_geometry_are_kept_in_geoparquet(tmp_path):
    pytest.importorskip("pyarrow")
    rows = layers_of(hip())["roof_segments"]
    rows.loc[0, "geometry"] = None
    found = read_roofs(geoparquet(tmp_path, {"roof_segments": rows}).parent).layers["roof_segments"]
    assert found.geometry.isna().sum() == 1
    assert sorted(found["segment_id"]) == sorted(rows["segment_id"])


def test_geoparquet_is_read_by_others(tmp_path):
    """By geopandas and pyarrow, with the types of the fields; by GDAL where its build has the driver."""
    pq = pytest.importorskip("pyarrow.parquet")
    path, expected = (
        geoparquet(tmp_path, layers_of(hip())).with_name("roof_lines.parquet"),
        layers_of(hip())["roof_lines"],
    )
    rows = gpd.read_parquet(path)
    assert list(rows.columns) == list(expected.columns)
    assert str(rows["left_segment_id"].dtype) == "Int64"
    assert rows.crs == expected.crs
    assert pq.read_table(path)["left_segment_id"].null_count == expected["left_segment_id"].isna().sum()
    if "Parquet" in pyogrio.list_drivers():
        info = pyogrio.read_info(path)
        assert (info["crs"], info["geometry_type"], info["features"]) == ("EPSG:32632", "LineString", len(expected))


def test_a_field_named_bbox_stays_beside_the_bounds(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    rows = layers_of(hip())["roof_segments"].assign(bbox=["a", "b", None, "d"], BBOX_1=1)
    path = geoparquet(tmp_path, {"roof_segments": rows})
    covering = json.loads(pq.read_schema(path).metadata[b"geo"])["columns"]["geometry"]["covering"]["bbox"]
    assert covering == {side: ["bbox_2", side] for side in ("xmin", "ymin", "xmax", "ymax")}
    assert gpd.read_parquet(path, bbox=(0, 0, 1, 1)).empty
    found = read_roofs(path).layers["roof_segments"].set_index("segment_id").loc[rows["segment_id"]]
    assert found["bbox"].fillna("").tolist() == ["a", "b", "", "d"]
    assert list(found.columns[-3:]) == ["bbox", "BBOX_1", "geometry"]


def test_names_that_a_geopackage_uses_itself_are_numbered(tmp_path):
    names = {"fid": [1, 1, 2, 2], "FID_1": 3, "geom": "a", "Confidence": 4.5, "Note": "b", "note": "c", "geom_2": "d"}
    rows = layers_of(hip())["roof_segments"].assign(**names)
    for file_format in FORMATS:
        held, notes = held_by(file_format, {"roof_segments": rows})
        write(tmp_path / file_format, held, file_format)
        found = read_roofs(tmp_path / file_format).layers["roof_segments"].set_index("segment_id")
        found = found.loc[rows["segment_id"]]
        new = {"fid": "fid_2", "geom": "geom_1", "Confidence": "Confidence_1", "note": "note_1"}
        new = new if file_format == "geopackage" else {}
        assert list(found.columns[-8:-1]) == [new.get(name, name) for name in names]
        for name in names:
            assert found[new.get(name, name)].tolist() == rows[name].tolist()
        assert [note.split(":")[0] for note in notes] == [
            f"field {a} of roof_segments is now {b}" for a, b in new.items()
        ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("shape", [None, shapely.Polygon()])
def test_rows_without_a_geometry_are_kept(tmp_path, file_format, shape):
    rows = layers_of(hip())["roof_segments"]
    rows.loc[1, "geometry"] = shape
    held, notes = held_by(file_format, {"roof_segments": rows})
    write(tmp_path / "roofs", held, file_format)
    found = read_roofs(tmp_path / "roofs").layers["roof_segments"].set_index("segment_id").loc[rows["segment_id"]]
    assert (found.geometry.isna() | found.geometry.is_empty).tolist() == [False, True, False, False]
    assert len(notes) == (file_format == "flatgeobuf")


def test_without_pyarrow_the_way_out_is_told(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    write(tmp_path / "parquet", layers_of(hip()), "geoparquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (
        lambda: write_layers(tmp_path, layers_of(hip()), "geoparquet", PROVENANCE),
        lambda: read_roofs(tmp_path / "parquet"),
    ):
        with pytest.raises(InputError, match="needs pyarrow") as error:
            call()
        assert "pip install 'roofgeo[parquet]'" in error.value.hint


def test_the_best_format_of_a_folder_is_read(tmp_path):
    for name in ("geojson", "flatgeobuf", "geoparquet"):
        write_layers(tmp_path, {"buildings": layers_of(hip())["buildings"]}, name, {"from": name})
    assert read_roofs(tmp_path).provenance == {"from": "geoparquet"}
    write_geopackage(tmp_path / "roofs.gpkg", layers_of(hip()), {"from": "geopackage"})
    assert read_roofs(tmp_path).provenance == {"from": "geopackage"}


def test_what_is_no_roofs_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "roofs.gpkg").write_text("no database")
    (tmp_path / "text.csv").write_text("a,b")
    (tmp_path / "other.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    for name, message in {
        "missing": "does not exist", "empty": "holds no roofs", "broken": "cannot be read",
        "text.csv": "is in no format of roofs", "other.geojson": "holds no layer of roofs",
    }.items():  # fmt: skip
        with pytest.raises(DataError, match=message):
            read_roofs(tmp_path / name)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("odd", [{"created": ["x"]}, {"n": 3, "a": None, "created": "soon"}, ["x"], 7, "x"])
def test_whatever_stands_in_the_provenance_goes_on_as_text(tmp_path, file_format, odd):
    path = tmp_path / "buildings.geojson"
    write_layers(tmp_path, {"buildings": layers_of(hip())["buildings"]}, "geojson", {})
    collection = json.loads(path.read_text(encoding="utf-8"))
    ground = {"crs": collection["provenance"]["crs"]}
    path.write_text(json.dumps(collection | {"provenance": odd | ground if isinstance(odd, dict) else odd}))
    found = read_roofs(path)
    known = {name: v for name, v in odd.items() if v is not None and name != "crs"} if isinstance(odd, dict) else {}
    expected = {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}
    assert found.provenance == expected
    if file_format == "geopackage":
        write_geopackage(tmp_path / "roofs.gpkg", found.layers, found.provenance)
    else:
        write_layers(tmp_path, found.layers, file_format, found.provenance)
    assert read_roofs(tmp_path).provenance == expected


@pytest.mark.parametrize("told", ['LOCAL_CS["x"]', "EPSG:0", "", 5, ["EPSG:32632"], {"a": 1}])
def test_a_geojson_made_in_no_crs_is_said(tmp_path, told):
    write_layers(tmp_path, {"buildings": layers_of(hip())["buildings"]}, "geojson", {})
    path = tmp_path / "buildings.geojson"
    collection = json.loads(path.read_text(encoding="utf-8")) | {"provenance": {"crs": told}}
    path.write_text(json.dumps(collection))
    with pytest.raises(DataError, match="names no CRS"):
        read_roofs(path)


def test_the_provenance_of_a_geopackage_in_use_is_not_lost(tmp_path, monkeypatch):
    path = tmp_path / "roofs.gpkg"
    write_geopackage(path, layers_of(hip()), PROVENANCE)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: connect(*given, timeout=0.1, **options))
    with closing(connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match="locked"):
            read_roofs(path)
    assert read_roofs(path).provenance == PROVENANCE


@pytest.mark.parametrize("content", ["", "{", "no parquet", "PAR1PAR1"])
@pytest.mark.parametrize("file_format", ["geojson", "flatgeobuf", "geoparquet"])
def test_broken_files_are_said(tmp_path, file_format, content):
    (tmp_path / f"buildings{schema.VECTOR_SUFFIXES[file_format]}").write_text(content)
    with pytest.raises(DataError, match="cannot be read"):
        read_roofs(tmp_path)


def test_fields_that_are_always_known_may_not_be_missing(tmp_path):
    rows = layers_of(hip())["buildings"]
    pyogrio.write_dataframe(rows.drop(columns="roof_type"), tmp_path / "buildings.fgb")
    with pytest.raises(DataError, match="has no field roof_type"):
        read_roofs(tmp_path)
    pyogrio.write_dataframe(rows.assign(segment_count="two"), tmp_path / "buildings.fgb")
    with pytest.raises(DataError, match=r"segment_count of buildings in .* is no int64"):
        read_roofs(tmp_path)
    pyogrio.write_dataframe(rows.drop(columns="height_m"), tmp_path / "buildings.fgb")
    assert read_roofs(tmp_path).layers["buildings"]["height_m"].isna().all()


@pytest.mark.parametrize(
    ("layer", "field", "value"),
    [("buildings", "segment_count", 6.7), ("buildings", "building_id", 1.2), ("roof_segments", "clipped", 2.5)],
)
def test_values_that_do_not_fit_their_field_are_not_cut_down(tmp_path, layer, field, value):
    rows = layers_of(hip())[layer]
    pyogrio.write_dataframe(rows.assign(**{field: value}), tmp_path / f"{layer}.fgb")
    with pytest.raises(DataError, match=f"{field} of {layer} in .* is no"):
        read_roofs(tmp_path)


def test_geojson_of_other_origin_stays_in_degrees(tmp_path):
    rows = layers_of(hip())["buildings"].to_crs(4326)
    pyogrio.write_dataframe(rows, tmp_path / "buildings.geojson")
    found = read_roofs(tmp_path)
    assert found.provenance == {}
    assert found.layers["buildings"].crs.to_epsg() == 4326


def test_a_wrong_crs_in_a_geojson_is_said(tmp_path):
    (path,) = write_layers(tmp_path, {"buildings": layers_of(hip())["buildings"]}, "geojson", PROVENANCE)
    path.write_text(path.read_text(encoding="utf-8").replace("EPSG:32632", "EPSG:0"), encoding="utf-8")
    with pytest.raises(DataError, match="names no CRS: EPSG:0"):
        read_roofs(tmp_path)


def test_the_dictionary_is_a_table_schema_of_each_layer():
    told = json.loads(dictionary_text())["layers"]
    assert [layer["name"] for layer in told] == [layer.name for layer in schema.LAYERS]
    kinds = {"integer": "int64", "number": "float64", "string": "str", "boolean": "bool"}
    for entry, layer in zip(told, schema.LAYERS, strict=True):
        assert (entry["geometry"], entry["description"]) == (layer.geometry, layer.meaning)
        read = tuple(
            Field(
                field["name"],
                kinds[field["type"]],
                field["unit"],
                field["description"],
                not field.get("constraints", {}).get("required", False),
                tuple(field.get("constraints", {}).get("enum", ())),
            )
            for field in entry["schema"]["fields"]
        )
        assert read == layer.fields


def test_empty_geojson_has_the_members_of_the_rfc(tmp_path):
    write_layers(tmp_path, attribute_layers((), utm_grid(SHAPE)), "geojson", PROVENANCE)
    for layer in schema.LAYERS:
        collection = json.loads((tmp_path / f"{layer.name}.geojson").read_text(encoding="utf-8"))
        assert (collection["type"], collection["features"]) == ("FeatureCollection", [])
        assert collection["provenance"] == {**PROVENANCE, "crs": "EPSG:32632"}
        assert "crs" not in collection
