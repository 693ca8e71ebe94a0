"""roofgeo.export: where files go, which layers, what is refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

import roofgeo
from roofgeo.errors import DataError, InputError, OutputError, RoofgeoError
from roofgeo.schema import EXPORT_SUFFIXES, LAYERS, VECTOR_SUFFIXES
from roofgeo.vector import export as writing
from roofgeo.vector.export import read_roofs

SAMPLES = Path(__file__).parents[2] / "samples"
LABELS = SAMPLES / "labels.gpkg"
NAMES = [layer.name for layer in LAYERS]
DICTIONARY = "roofs.dictionary.json"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("file_format", EXPORT_SUFFIXES)
def test_a_folder_gets_all_layers(file_format: str, tmp_path: Path) -> None:
    result = roofgeo.export(LABELS, tmp_path / "out", file_format=file_format)
    one_each = [f"{name}{EXPORT_SUFFIXES[file_format]}" for name in NAMES]
    assert list(result.paths) == [*(["roofs.gpkg"] if file_format == "geopackage" else one_each), DICTIONARY]
    assert files(tmp_path / "out") == sorted(result.paths)
    expected = read_roofs(LABELS).layers
    assert result.counts == {name: len(expected[name]) for name in NAMES}
    assert {name: len(rows) for name, rows in read_roofs(tmp_path / "out").layers.items()} == result.counts


@pytest.mark.parametrize("file_format", VECTOR_SUFFIXES)
def test_the_suffix_of_a_file_tells_the_format(file_format: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"edges{VECTOR_SUFFIXES[file_format].upper()}"
    result = roofgeo.export(SAMPLES / "labels.gpkg", path, layers=["roof_lines"])
    assert list(result.counts) == ["roof_lines"]
    assert files(tmp_path / "new") == [path.name, DICTIONARY]
    back = roofgeo.export(path, tmp_path / "back.gpkg")
    assert back.counts == result.counts


def test_layers_are_told_apart_in_a_geopackage(tmp_path: Path) -> None:
    result = roofgeo.export(LABELS, tmp_path / "some.gpkg", layers=["buildings", "roof_segments"])
    assert list(result.counts) == ["roof_segments", "buildings"]
    assert list(read_roofs(tmp_path / "some.gpkg").layers) == ["roof_segments", "buildings"]


def test_other_files_stay_and_own_ones_need_overwrite(tmp_path: Path) -> None:
    (tmp_path / "roofs.gpkg").write_bytes(LABELS.read_bytes())
    (tmp_path / "roof_segments.tif").write_text("raster")
    roofgeo.export(tmp_path, tmp_path, file_format="flatgeobuf")
    assert {"roofs.gpkg", "roof_segments.tif", "buildings.fgb"} < set(files(tmp_path))
    before = files(tmp_path)
    with pytest.raises(OutputError, match=r"buildings\.fgb exists") as error:
        roofgeo.export(tmp_path, tmp_path, file_format="flatgeobuf")
    assert "--overwrite" in error.value.hint
    roofgeo.export(tmp_path, tmp_path, file_format="flatgeobuf", layers=["buildings"], overwrite=True)
    roofgeo.export(tmp_path, tmp_path / "roofs.gpkg", overwrite=True)
    assert files(tmp_path) == before
    assert len(read_roofs(tmp_path).layers) == 3


def with_own_layers(folder: Path) -> Path:
    """A GeoPackage of ours that somebody has put a layer and a table of their own into."""
    path = folder / "roofs.gpkg"
    path.write_bytes(LABELS.read_bytes())
    trees = gpd.GeoDataFrame({"kind": ["oak"]}, geometry=[shapely.Point(1, 1)], crs="EPSG:32632")
    pyogrio.write_dataframe(trees, path, layer="trees", append=True)
    pyogrio.write_dataframe(trees[["kind"]], path, layer="kinds", append=True)
    return path


@pytest.mark.parametrize("file_format", EXPORT_SUFFIXES)
def test_layers_that_are_not_ours_are_named(file_format: str, tmp_path: Path) -> None:
    result = roofgeo.export(with_own_layers(tmp_path), tmp_path / "out", file_format=file_format)
    assert [note.split(" of ")[0] for note in result.notes] == ["layer trees", "layer kinds"]


@pytest.mark.parametrize("destination", ["roofs.gpkg", "there/../roofs.gpkg", ""])
def test_a_source_is_not_replaced_by_less_than_it_holds(destination: str, tmp_path: Path) -> None:
    source = with_own_layers(tmp_path)
    (tmp_path / "there").mkdir()
    before = source.read_bytes()
    for layers in ((), ("buildings",)):
        with pytest.raises(InputError, match=r"would lose .*trees, kinds"):
            roofgeo.export(tmp_path, tmp_path / destination, file_format="geopackage", layers=layers, overwrite=True)
    assert source.read_bytes() == before
    source.write_bytes(LABELS.read_bytes())
    with pytest.raises(InputError, match=r"would lose .*roof_segments, roof_lines"):
        roofgeo.export(source, source, layers=["buildings"], overwrite=True)
    assert roofgeo.export(source, source, overwrite=True).notes == ()
    with closing(sqlite3.connect(source)) as database, database:
        database.execute("ALTER TABLE buildings ADD COLUMN photo BLOB")
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'buildings'"
        for (name,) in database.execute(triggers).fetchall():  # of the index, with functions that only GDAL has
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE buildings SET photo = x'01'")
    with pytest.raises(InputError, match=r"would lose .*photo of buildings"):
        roofgeo.export(source, source, overwrite=True)


def test_one_file_of_a_folder_may_be_written_again(tmp_path: Path) -> None:
    roofgeo.export(LABELS, tmp_path, file_format="geojson")
    roofgeo.export(tmp_path, tmp_path / "buildings.geojson", layers=["buildings"], overwrite=True)
    assert len(read_roofs(tmp_path).layers) == 3


def test_what_sqlite_left_beside_an_older_file_goes(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.gpkg-wal", "a.gpkg-shm", "b.gpkg-wal"):
        (tmp_path / name).write_text("old")
    roofgeo.export(LABELS, tmp_path / "a.gpkg", overwrite=True)
    assert files(tmp_path) == ["a.gpkg", "b.gpkg-wal", DICTIONARY]


@pytest.mark.parametrize("is_new", [True, False])
def test_nothing_half_written_is_left(is_new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out"
    if not is_new:
        output.mkdir()
        (output / "roof_segments.fgb").write_text("old")

    def broken(path: Path, *_: object) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setitem(writing._WRITERS, "flatgeobuf", broken)
    with pytest.raises(KeyboardInterrupt):
        roofgeo.export(LABELS, output, file_format="flatgeobuf", overwrite=True)
    assert output.exists() != is_new
    if not is_new:
        assert {path.name: path.read_text() for path in output.iterdir()} == {"roof_segments.fgb": "old"}


@pytest.mark.parametrize(
    ("source", "destination", "options", "kind", "message"),
    [
        ("labels.gpkg", "out", {}, InputError, "does not tell the format"),
        ("labels.gpkg", "out.shp", {}, InputError, "does not tell the format"),
        ("labels.gpkg", "out", {"file_format": "shapefile"}, InputError, "no format 'shapefile'"),
        ("labels.gpkg", "out.fgb", {"file_format": "geojson"}, InputError, "its suffix is that of flatgeobuf"),
        ("labels.gpkg", "out.fgb", {}, InputError, "can hold one layer, not 3"),
        ("labels.gpkg", "out.gpkg", {"layers": ["walls"]}, InputError, "no layer 'walls'"),
        ("nowhere", "out.gpkg", {}, DataError, "does not exist"),
        ("area.geojson", "out.gpkg", {}, DataError, "holds no layer of roofs"),
    ],
)
def test_what_cannot_be_done_is_said(
    source: str, destination: str, options: dict[str, object], kind: type[RoofgeoError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message) as error:
        roofgeo.export(SAMPLES / source, tmp_path / destination, **options)
    assert error.value.hint
    assert files(tmp_path) == []


def test_errors_name_where_files_were_to_lie_and_options_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="cannot be written") as error:
        roofgeo.export(LABELS, tmp_path / "file" / "roofs.gpkg")
    hints = [error.value.hint]
    for file_format, writer in (("flatgeobuf", "pyogrio.raw.write"), ("geoparquet", "pyarrow.parquet.write_table")):
        monkeypatch.setattr(writer, full)
        with pytest.raises(OutputError) as error:
            roofgeo.export(LABELS, tmp_path / "out", file_format=file_format)
        path = tmp_path / "out" / f"roof_segments{EXPORT_SUFFIXES[file_format]}"
        assert str(error.value).startswith(f"{path} cannot be written")
        hints.append(error.value.hint)
    assert all(hints)
    assert not any("--output" in hint for hint in hints)


def test_a_database_that_cannot_be_finished_is_an_error_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("roofgeo.vector.geopackage._describe", full)
    with pytest.raises(OutputError) as error:
        roofgeo.export(LABELS, tmp_path / "new" / "a.gpkg")
    assert str(error.value) == f"{tmp_path / 'new' / 'a.gpkg'} cannot be written: database or disk is full"
    assert error.value.hint
    assert files(tmp_path) == []


def test_what_a_format_cannot_hold_is_said_without_a_hint_at_the_place(tmp_path: Path) -> None:
    rows = read_roofs(LABELS).layers["roof_segments"]
    rows.loc[0, "geometry"] = shapely.Point(1, 1)
    writing.write_layers(tmp_path, {"roof_segments": rows}, "geoparquet", {})
    with pytest.raises(DataError) as error:
        roofgeo.export(tmp_path / "roof_segments.parquet", tmp_path / "new" / "a.fgb")
    assert str(tmp_path / "new" / "a.fgb") in error.value.message
    assert "format" in error.value.hint


def test_a_layer_that_is_not_there_is_said(tmp_path: Path) -> None:
    roofgeo.export(LABELS, tmp_path / "lines.fgb", layers=["roof_lines"])
    with pytest.raises(DataError, match="has no layer buildings"):
        roofgeo.export(tmp_path / "lines.fgb", tmp_path / "b.gpkg", layers=["buildings"])


def test_steps_are_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    roofgeo.export(LABELS, tmp_path / "out", file_format="geojson", progress=lambda *step: told.append(step))
    assert told == [("write", done, 3) for done in range(4)]


def test_the_dictionary_lies_beside_a_run(sample_result: roofgeo.PredictResult) -> None:
    told = json.loads(sample_result.paths[DICTIONARY].read_text(encoding="utf-8"))
    assert [layer["name"] for layer in told["layers"]] == NAMES


def test_a_run_exports_as_it_is(sample_result: roofgeo.PredictResult, tmp_path: Path) -> None:
    source = sample_result.paths["roofs.gpkg"].parent
    origin = read_roofs(source)
    for number, file_format in enumerate(EXPORT_SUFFIXES):
        roofgeo.export(source, tmp_path / str(number), file_format=file_format)
        found = read_roofs(tmp_path / str(number))
        assert found.provenance == origin.provenance
        for name, rows in found.layers.items():
            assert isinstance(rows, gpd.GeoDataFrame)
            assert rows.crs == origin.layers[name].crs
            assert rows.isna().sum().to_dict() == origin.layers[name].isna().sum().to_dict()


def test_a_run_tells_where_it_comes_from(sample_result: roofgeo.PredictResult) -> None:
    told = read_roofs(sample_result.paths["roofs.gpkg"]).provenance
    assert told["command"].startswith("roofgeo.predict(aoi='") and "samples/area.geojson'" in told["command"]
    for name in ("imagery", "imagery_sha256", "imagery_pixel_size_m", "model", "model_sha256", "version", "created"):
        assert told[name]
