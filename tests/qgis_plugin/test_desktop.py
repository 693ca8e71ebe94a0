"""The plugin from its ZIP in a real QGIS window: a real click, cancel, run again, look, and leave in the middle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
if shutil.which("xvfb-run") is None or shutil.which("qgis") is None:
    pytest.skip("needs QGIS's window and xvfb", allow_module_level=True)

pytestmark = [pytest.mark.qgis, pytest.mark.slow]

DRIVER = Path(__file__).with_name("drive.py")
PICTURES = os.environ.get("ROOFGEO_PICTURES")
"""Folder to keep the screenshots in, to look at them."""


def desktop(profile: Path, task: dict[str, Any], tmp_path: Path) -> subprocess.Popen[str]:
    """Start QGIS on a screen of its own, with the driver in it."""
    (tmp_path / "task.json").write_text(json.dumps(task), encoding="utf-8")
    environment = {**os.environ, "ROOFGEO_DRIVE": str(tmp_path / "task.json")}
    for name in ("QT_QPA_PLATFORM", "VIRTUAL_ENV"):
        environment.pop(name, None)
    command = [
        "xvfb-run", "-a", "-s", "-screen 0 1400x900x24",
        "qgis", "--nologo", "--noversioncheck", "--nocustomization",
        "--profiles-path", str(profile), "--profile", "default", "--code", str(DRIVER),
    ]  # fmt: skip
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def task(scenario: str, ortho: Path, area: Path | str, tmp_path: Path) -> dict[str, Any]:
    pictures, output = Path(PICTURES or tmp_path / "pictures"), tmp_path / "Ergebnisse 2026"
    for folder in (pictures, output):
        folder.mkdir(parents=True, exist_ok=True)
    made = {"ortho": ortho, "area": area, "pictures": pictures, "output": output, "report": tmp_path / "report.json"}
    return {"scenario": scenario, **{name: str(path) for name, path in made.items()}}


def ended(process: subprocess.Popen[str], asked: dict[str, Any], seconds: float) -> str:
    """What QGIS said; it must have ended in time."""
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        folder = Path(asked["report"]).parent
        for pid in processes(str(DRIVER), str(folder)):
            if "qgis" in Path(f"/proc/{pid}/comm").read_text():
                os.kill(pid, signal.SIGUSR1)
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGKILL)
        said, stacks = process.communicate()[0], (folder / "task.crash").read_text(encoding="utf-8")
        pytest.fail(f"QGIS did not end: {stacks}{said[-3000:]}")


def report_of(asked: dict[str, Any], said: str) -> dict[str, Any]:
    """What the driver saw; it must have come to its end."""
    path = Path(asked["report"])
    crash = path.with_name("task.crash")
    where = crash.read_text(encoding="utf-8") if crash.is_file() else ""
    assert path.is_file(), f"QGIS ended without a report: {where}{said}"
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert "error" not in report, report["error"] + said[-2000:]
    return report


def commands_of(folder: str) -> list[int]:
    """Processes of the command that work for a folder."""
    return processes("--stop-with-stdin", folder)


def processes(*words: str) -> list[int]:
    """Those with all of these words in their command line."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace") if process.name.isdigit() else ""
        except OSError:  # it has ended meanwhile
            continue
        if all(word in line for word in words):
            found.append(int(process.name))
    return found


def test_a_click_finds_the_roofs(profile: Path, sample: Path, predicted: Path, tmp_path: Path) -> None:
    asked = task("find", sample / "ortho.tif", sample / "area.geojson", tmp_path)
    said = ended(desktop(profile, asked, tmp_path), asked, 300)
    report = report_of(asked, said)
    assert len(report["percent_seen"]) >= 2 and "0.1 m" in report["summary"].replace("\u00a0", " ")
    assert report["cancel_s"] < 1.0
    assert report["left_behind"] == [] and report["layers_after_cancel"] == 0
    assert report["group"] == "Roofs of ortho"
    layers = report["layers"]
    assert list(layers) == ["Roof lines", "Roof segments", "Buildings"]
    from osgeo import ogr

    truth = ogr.Open(str(predicted / "roofs.gpkg"))
    names = {"Roof lines": "roof_lines", "Roof segments": "roof_segments", "Buildings": "buildings"}
    for title, name in names.items():
        assert layers[title]["count"] == truth.GetLayerByName(name).GetFeatureCount()
        assert layers[title]["renderer"] != "singleSymbol" or name == "buildings"
    assert report["panel"] and 0 < report["shown_at_half"] < layers["Roof segments"]["count"]
    assert "Traceback" not in said, said[-3000:]
    assert commands_of(asked["output"]) == []


def test_a_click_finds_the_roofs_of_a_real_orthophoto(profile: Path, shared_data: Path, tmp_path: Path) -> None:
    ortho = shutil.copy(shared_data / "kampala" / "ortho.tif", tmp_path)  # QGIS writes beside what it opens
    asked = task("show", Path(ortho), "", tmp_path)
    report = report_of(asked, ended(desktop(profile, asked, tmp_path), asked, 400))
    layers = report["layers"]
    assert list(layers) == ["Roof lines", "Roof segments", "Buildings"]
    assert layers["Buildings"]["count"] > 50
    assert layers["Roof segments"]["renderer"] == "categorizedSymbol"


def test_the_command_ends_when_qgis_ends(profile: Path, sample: Path, tmp_path: Path) -> None:
    asked = task("leave", sample / "ortho.tif", sample / "area.geojson", tmp_path)
    said = ended(desktop(profile, asked, tmp_path), asked, 300)
    report_of(asked, said)
    assert commands_of(asked["output"]) == []
    assert list(Path(asked["output"]).iterdir()) == []


def test_the_command_ends_when_qgis_is_killed(profile: Path, sample: Path, tmp_path: Path) -> None:
    asked = task("leave", sample / "ortho.tif", sample / "area.geojson", tmp_path)
    process = desktop(profile, asked, tmp_path)
    deadline = time.monotonic() + 150
    while not commands_of(asked["output"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert commands_of(asked["output"]), "the command never began"
    os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while commands_of(asked["output"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert commands_of(asked["output"]) == []
