"""What a run would take, in words: made from a real plan, and from plans that must be asked about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from roofgeo_qgis import preflight
from roofgeo_qgis.preflight import duration_text, free_memory_bytes, number_text, read_plan, size_text

PLAN = {
    "event": "plan",
    "imagery": {"source": "ortho.tif", "crs": "EPSG:32632", "pixel_size_m": 0.1, "bands": 3},
    "crs": "EPSG:32632",
    "pixel_size_m": 0.1,
    "width_px": 1500,
    "height_px": 1200,
    "windows": 1234,
    "seconds": 9.0,
    "memory_bytes": 900_000_000,
    "disk_bytes": 20_000_000,
    "free_disk_bytes": 70_000_000_000,
    "warnings": [],
}


@pytest.fixture(autouse=True)
def english_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As outside of QGIS; the last test looks at QGIS's."""
    monkeypatch.setattr(preflight, "QLocale", None)


def summary(**changes: Any) -> str:
    return read_plan({**PLAN, **changes}).summary.replace("\u00a0", " ")


def test_the_summary_tells_pixel_size_bands_crs_size_tiles_time_memory_and_disk() -> None:
    assert summary() == (
        "0.1 m per pixel · 3 bands · EPSG:32632 · 1,500 × 1,200 pixels (150 × 120 m) · 1,234 tiles · about 10 s"
        " · 900 MB of memory · 20 MB of disk (70 GB free)"
    )


def test_a_line_breaks_between_parts_never_between_number_and_unit() -> None:
    breakable = read_plan(PLAN).summary.split(" ")
    assert "900\u00a0MB\u00a0of\u00a0memory" in breakable
    assert breakable.count("·") == len(breakable) // 2


def test_a_pixel_size_the_model_does_not_work_at_is_told_beside_its_own() -> None:
    imagery = {**PLAN["imagery"], "pixel_size_m": 0.25}  # type: ignore[dict-item]
    assert "0.25 m per pixel (works at 0.1 m)" in summary(imagery=imagery)
    imagery["pixel_size_m"] = 0.100026  # the same but for the projection
    assert "works at" not in summary(imagery=imagery)


def test_one_band_one_tile_and_kilometres_are_said_as_such() -> None:
    imagery = {**PLAN["imagery"], "bands": 1}  # type: ignore[dict-item]
    text = summary(imagery=imagery, windows=1, width_px=25_000)
    assert "1 band ·" in text
    assert "1 tile ·" in text
    assert "(2.5 × 0.1 km)" in text


def test_a_crs_without_a_number_does_not_flood_the_line() -> None:
    imagery = {**PLAN["imagery"], "crs": 'PROJCRS["of our own",' + 50 * "x" + "]"}  # type: ignore[dict-item]
    assert "CRS without a number" in summary(imagery=imagery)


def test_what_the_plan_does_not_tell_is_left_out() -> None:
    assert read_plan({"event": "plan"}).summary == ""
    assert summary(seconds=None, memory_bytes=None, free_disk_bytes=None).endswith("1,234 tiles")


def test_warnings_of_the_command_come_as_they_are_and_raise_no_question() -> None:
    found = read_plan({**PLAN, "warnings": ["0.4 m per pixel is too coarse", "no CRS"]})
    assert found.warnings == ["0.4 m per pixel is too coarse", "no CRS"]
    assert found.question is None


@pytest.mark.parametrize(("seconds", "is_asked"), [(3599, False), (3600, False), (12_000, True)])
def test_only_runs_over_an_hour_are_asked_about(seconds: float, is_asked: bool) -> None:
    question = read_plan({**PLAN, "seconds": seconds}).question
    assert (question == "This takes about 3 h 20 min. Go on?") if is_asked else question is None


def test_a_run_that_fits_neither_memory_nor_disk_is_asked_about_with_both_reasons() -> None:
    question = read_plan({**PLAN, "disk_bytes": 80e9}, free_memory_bytes=500_000_000).question
    assert question is not None
    assert "900 MB of memory, and 500 MB are free" in question
    assert "80 GB on the disk, and 70 GB are free" in question
    assert question.endswith("Go on?")


def test_unknown_memory_and_disk_raise_no_question() -> None:
    assert read_plan({**PLAN, "memory_bytes": 1e15, "disk_bytes": 1e15, "free_disk_bytes": None}).question is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "5 s"), (12, "10 s"), (57.4, "55 s"), (58, "1 min"), (3540, "59 min"), (3599, "1 h"), (12_000, "3 h 20 min"),
     (86_400, "24 h")],
)  # fmt: skip
def test_times_are_as_exact_as_one_needs_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "1 MB"), (999e6, "999 MB"), (1e9, "1 GB"), (1.26e9, "1.3 GB"), (62.1e9, "62 GB")]
)
def test_sizes_have_units_for_people(size: float, text: str) -> None:
    assert size_text(size) == text


def test_numbers_have_thousands_and_no_needless_zeros() -> None:
    assert [number_text(15_000), number_text(0.1, 3), number_text(100, 1), number_text(100)] == [
        "15,000", "0.1", "100", "100",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="only some systems tell")
def test_the_free_memory_is_what_the_system_says() -> None:
    total = next(
        int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")
    )
    free = free_memory_bytes()
    assert free is not None
    assert 0 < free < 1024 * total


def test_a_real_plan_is_read_without_a_gap(roofgeo_command: tuple[str, ...], sample: Path, tmp_path: Path) -> None:
    imagery, aoi = str(sample / "ortho.tif"), str(sample / "area.geojson")
    arguments = ["--aoi", aoi, "--imagery", imagery, "--output", str(tmp_path / "roofs"), "--progress", "json"]
    done = subprocess.run(
        [*roofgeo_command, "predict", *arguments, "--dry-run"], capture_output=True, text=True, check=True
    )
    found = read_plan(json.loads(done.stdout.splitlines()[-1]), free_memory_bytes=10**15)
    assert found.summary.count("·") == 7
    assert "1,500\u00a0×\u00a01,500\u00a0pixels\u00a0(150\u00a0×\u00a0150\u00a0m)" in found.summary
    assert found.question is None
