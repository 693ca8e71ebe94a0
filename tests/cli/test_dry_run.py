"""roofgeo predict --dry-run says what a run would do, and does nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import rasterio

from roofgeo.models import devices
from roofgeo.models.library import DEFAULT_MODEL
from tests.cli.command import AREA, COMMAND, ENVIRONMENT, ORTHO, events, roofgeo
from tests.cli.test_predict import broken_input

KEYS = {
    "event", "model", "imagery", "crs", "pixel_size_m", "width_px", "height_px", "area_m2", "blocks", "windows",
    "seconds", "memory_bytes", "disk_bytes", "free_disk_bytes", "warnings",
}  # fmt: skip


def plan(*arguments: str) -> dict[str, Any]:
    result = roofgeo("predict", *arguments, "--dry-run", "--progress", "json")
    assert result.returncode == 0, result.stderr
    (said,) = events(result.stdout)
    return said


def test_the_plan_tells_imagery_grid_and_work(tmp_path: Path) -> None:
    said = plan("--aoi", AREA, "--imagery", ORTHO, "--output", str(tmp_path / "roofs"))
    assert set(said) == KEYS and said["event"] == "plan"
    assert said["imagery"].pop("pixel_size_m") == pytest.approx(0.1, abs=1e-3)
    assert said["imagery"] == {"source": ORTHO, "crs": "EPSG:32632", "bands": 3, "width_px": 1500, "height_px": 1500}
    assert (said["crs"], said["pixel_size_m"], said["width_px"], said["height_px"]) == ("EPSG:32632", 0.1, 1500, 1500)
    assert (said["model"], said["blocks"], said["windows"]) == (DEFAULT_MODEL, 1, 4)
    assert said["area_m2"] == pytest.approx(13_948, abs=1)
    assert said["free_disk_bytes"] > 1e6
    assert said["warnings"] == []


def test_a_run_takes_what_the_plan_says(tmp_path: Path) -> None:
    """Time within a factor of 2.5, memory of 2, disk not more."""
    options = ("--aoi", AREA, "--imagery", ORTHO, "--output", str(tmp_path / "roofs"))
    said = plan(*options)
    with subprocess.Popen(
        [*COMMAND, "predict", *options, "--progress", "json"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        result = events(process.stdout.read())[-1]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert 1 / 2.5 < said["seconds"] / sum(result["seconds"].values()) < 2.5
    assert 1 / 2 < said["memory_bytes"] / (usage.ru_maxrss * 1024) < 2
    assert said["disk_bytes"] > sum(path.stat().st_size for path in (tmp_path / "roofs").iterdir())


def test_smaller_windows_are_more_and_take_less_memory(tmp_path: Path) -> None:
    options = ("--aoi", AREA, "--imagery", ORTHO, "--output", str(tmp_path / "roofs"))
    large, small = plan(*options), plan(*options, "--tile-px", "256", "--overlap-px", "64")
    assert small["windows"] > 10 * large["windows"]
    assert small["memory_bytes"] < large["memory_bytes"] - 500e6
    assert "overlap by 64 px" in small["warnings"][0]


def test_nothing_is_made_or_touched(tmp_path: Path) -> None:
    plan("--imagery", ORTHO, "--output", str(tmp_path / "new" / "roofs"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "roofs.gpkg").write_text("old")
    os.utime(tmp_path, (1e9, 1e9))
    plan("--imagery", ORTHO, "--output", str(tmp_path), "--overwrite")
    assert (tmp_path / "roofs.gpkg").read_text() == "old"
    assert tmp_path.stat().st_mtime == 1e9


@pytest.mark.parametrize(
    "name",
    ["imagery missing", "truncated", "area elsewhere", "unknown model", "output not empty", "output not writable"],
)
def test_errors_are_those_of_a_run(name: str, tmp_path: Path) -> None:
    arguments, exit_code, said = broken_input(name, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    if "--output" not in arguments:
        arguments = [*arguments, "--output", str(tmp_path / "roofs")]
    result = roofgeo("predict", *arguments, "--dry-run", "--progress", "json")
    assert result.returncode == exit_code
    (event,) = events(result.stdout)
    assert event["event"] == "error" and said in event["message"] and event["hint"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_person_gets_lines(tmp_path: Path) -> None:
    result = roofgeo("predict", "--aoi", AREA, "--output", str(tmp_path / "roofs"), "--dry-run")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names == ["imagery", "output", "work", "time", "memory", "disk"]
    assert "4 windows in 1 block," in result.stdout


def test_coarse_imagery_is_warned_of(tmp_path: Path) -> None:
    path = coarse_copy(tmp_path, 4)
    said = plan("--imagery", str(path), "--output", str(tmp_path / "roofs"))
    assert said["warnings"] == [
        f"the imagery has pixels of 0.4 m; {DEFAULT_MODEL} was trained on 0.05 to 0.3 m, so expect more mistakes"
    ]


def coarse_copy(folder: Path, factor: int) -> Path:
    """A corner of the sample's picture, as if its pixels were larger."""
    with rasterio.open(ORTHO) as source:
        pixels = source.read(window=((0, 240), (0, 240)))
        profile = {"driver": "GTiff", "height": 240, "width": 240, "count": 3, "dtype": "uint8", "crs": source.crs}
        transform = source.transform * source.transform.scale(factor)
    with rasterio.open(folder / "coarse.tif", "w", transform=transform, **profile) as sink:
        sink.write(pixels)
    return folder / "coarse.tif"


def test_too_little_memory_or_disk_is_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from roofgeo.pipeline import forecast, forecasting

    monkeypatch.setattr(forecasting, "memory", lambda: devices.Memory(8 * 10**9, 10**8))
    monkeypatch.setattr(forecasting, "DISK_BYTES_PER_PX", 10**9)
    warnings = forecast(AREA, ORTHO, output=tmp_path / "roofs", tile_px=256, overlap_px=128).warnings
    assert any("0.1 GB are free: close other programs" in warning for warning in warnings)
    assert any("of disk are needed" in warning for warning in warnings)
