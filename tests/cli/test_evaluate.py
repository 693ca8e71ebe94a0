"""roofgeo evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roofgeo.cli import main
from tests.cli.command import SAMPLES, roofgeo

LABELS = str(SAMPLES / "labels.gpkg")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", *arguments])


def test_layers_give_a_table_on_standard_output() -> None:
    done = roofgeo("evaluate", LABELS, LABELS, "--aoi", str(SAMPLES / "area.geojson"))
    header, _, row = done.stdout.splitlines()
    assert header.startswith("| measured on | roof IoU | mIoU 18 | segments F |")
    assert row.startswith("| labels.gpkg | 1.000 | - | 1.000 | 1.000 | 1.000 | 0.0 | 1.000 |")


def test_json_is_one_object() -> None:
    figures = json.loads(run(LABELS, LABELS, "--json", "--quiet").stdout)
    assert figures["roof_iou"] == pytest.approx(1)
    assert figures["segment_pq"] == pytest.approx(1)
    assert figures["miou_18"] is None


def test_a_report_is_written(tmp_path: Path) -> None:
    done = run(LABELS, LABELS, "--quiet", "--report", str(tmp_path / "report"))
    assert done.exit_code == 0
    assert {"figures.json", "figures.md"} <= {path.name for path in (tmp_path / "report").iterdir()}


def test_help_shows_both_uses() -> None:
    text = run("--help").stdout
    assert "roofgeo evaluate roofs samples/labels.gpkg" in text
    assert "roofgeo evaluate --dataset RID --split test --report figures" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to measure"),
        ((LABELS,), "nothing to measure"),
        ((LABELS, LABELS, "--split", "test"), "--split needs --dataset"),
        ((LABELS, LABELS, "--imagery", "ortho.tif"), "--imagery needs --report"),
        ((LABELS, LABELS, "--dataset", "RID"), "PREDICTED goes with layers"),
        (("--dataset", "RID", "--aoi", "area.geojson"), "--aoi goes with layers"),
        ((LABELS, LABELS, "--report", f"{LABELS}/report"), "the report cannot be written into"),
    ],
)
def test_a_wrong_use_is_told(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments, "--quiet")
    assert done.exit_code == 2
    assert f"Error: {message}" in done.stderr
    assert "Hint: " in done.stderr


@pytest.mark.parametrize("arguments", [("nowhere.gpkg", LABELS), (LABELS, "nowhere.gpkg"), ("--dataset", "nowhere")])
def test_what_is_not_there_is_named(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "--quiet")
    assert done.exit_code == 3
    assert "Error: nowhere" in done.stderr
