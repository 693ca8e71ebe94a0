"""roofgeo data, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roofgeo.synthesis.published import write_rid
from tests.cli.command import events, roofgeo


@pytest.mark.parametrize("command", ["prepare", "compose", "split", "check"])
def test_each_command_shows_an_example(command: str) -> None:
    assert f"Example:\n    roofgeo data {command}" in roofgeo("data", command, "--help").stdout


def test_help_imports_no_torch() -> None:
    code = (
        "import sys; sys.argv = ['roofgeo', 'data', 'split', '--help']\nfrom roofgeo.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "assert not {'torch', 'torchgeo', 'geopandas', 'rasterio'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prepare_split_and_check(tmp_path: Path) -> None:
    raw, out = tmp_path / "rid", tmp_path / "out"
    write_rid(raw, count=12, size_px=128)
    result = roofgeo(
        "data", "prepare", str(raw), "--out", str(out), "--tile-px", "64", "--stride-px", "64", "--progress", "json"
    )
    assert result.returncode == 0, result.stderr
    said = events(result.stdout)
    assert said[-1]["event"] == "result" and said[-1]["windows"] == 48
    assert {event["stage"] for event in said[:-1]} == {"write", "scan"}
    again = roofgeo("data", "prepare", str(raw), "--out", str(out))
    assert again.returncode == 2 and "--overwrite" in again.stderr
    split = roofgeo("data", "split", str(out), "--block-m", "15", "--shares", "0.5,0.25,0.25", "--dev", "1")
    assert split.returncode == 0, split.stderr
    assert "train and test share 0.00% of their ground" in split.stdout and "with_roofs" in split.stdout
    assert roofgeo("data", "check", str(out)).stdout.endswith("nothing to put right\n")
    found = roofgeo("data", "check", str(raw), "--json", "--report", str(tmp_path / "report"))
    assert found.returncode == 3 and json.loads(found.stdout)["problems"], "its published splits share ground"
    assert (tmp_path / "report" / "classes.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("split", "nowhere"), 3, "holds no dataset.json"),
        (("split", "nowhere", "--shares", "0.5"), 2, "three shares"),
        (("split", "nowhere", "--published", "train"), 2, "train=FILE"),
        (("prepare", "nowhere", "--out", "out"), 3, "does not exist"),
        (("check", "nowhere"), 3, "does not exist"),
    ],
)
def test_mistakes_are_told(arguments: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    result = roofgeo("data", *arguments, cwd=tmp_path)
    assert result.returncode == code and message in result.stdout + result.stderr
