"""roofgeo export."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from click.testing import CliRunner

from roofgeo.cli import main
from roofgeo.vector.export import read_roofs
from tests.cli.command import SAMPLES, events, roofgeo

LABELS = str(SAMPLES / "labels.gpkg")


def test_a_folder_of_files(tmp_path: Path) -> None:
    output = tmp_path / "Dächer"
    done = roofgeo("export", LABELS, str(output), "--format", "geoparquet", "--progress", "json")
    assert done.returncode == 0, done.stderr
    *steps, result = events(done.stdout)
    assert [step["done"] for step in steps] == [0, 1, 2, 3]
    assert result["event"] == "result"
    assert sorted(result["paths"]) == sorted(path.name for path in output.iterdir())
    assert all(Path(path).is_file() for path in result["paths"].values())
    assert result["counts"] == {name: len(rows) for name, rows in read_roofs(output).layers.items()}


def test_a_file_of_one_layer_and_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "roofs.geojson"
    done = CliRunner().invoke(main, ["export", LABELS, str(path), "--layer", "buildings"])
    assert done.exit_code == 0
    assert f"buildings: {path}, " in done.stdout
    quiet = CliRunner().invoke(main, ["export", LABELS, str(path), "--layer", "buildings", "--overwrite", "--quiet"])
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_what_is_not_carried_over_is_said(tmp_path: Path) -> None:
    source = tmp_path / "mine.gpkg"
    source.write_bytes(Path(LABELS).read_bytes())
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"kind": ["oak"]}, geometry=[None], crs=32632), source, layer="trees", append=True
    )
    arguments = ["export", str(source), str(tmp_path / "roofs.gpkg")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    assert done.stderr.endswith(f"Note: layer trees of {source} is left out: it is none of roofgeo's\n")
    told = roofgeo(*arguments, "--overwrite", "--progress", "json")
    assert len(events(told.stdout)[-1]["notes"]) == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        ((LABELS, "roofs"), 2, "input"),
        ((LABELS, "roofs.fgb"), 2, "input"),
        ((LABELS, "full/roofs.gpkg"), 2, "output"),
        (("nowhere", "roofs.gpkg"), 3, "data"),
    ],
)
def test_errors_are_told_with_a_way_out(arguments: tuple[str, ...], exit_code: int, code: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "roofs.gpkg").write_text("mine")
    done = roofgeo("export", *arguments, "--progress", "json", cwd=tmp_path)
    assert done.returncode == exit_code
    (event,) = events(done.stdout)
    assert (event["event"], event["code"]) == ("error", code)
    assert event["message"] and event["hint"]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["roofs.gpkg"]
