"""roofgeo data compose, in a process of its own: stopped, killed, and started again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import events, roofgeo, started, wait_for_window
from tests.pipeline.test_composing import hashes
from tests.pipeline.test_mix import RENDERED, written

SCENES = 12


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Large enough that a run is caught in the middle.
    return written(tmp_path_factory.mktemp("mix"), RENDERED.replace("96", "512"))


@pytest.fixture(scope="module")
def whole(mix: Path) -> dict[str, str]:
    """Files of a run that nobody disturbed, in one process."""
    folder = mix.parent / "whole"
    result = roofgeo("data", "compose", str(mix), "--out", str(folder), "--scenes", str(SCENES))
    assert result.returncode == 0, result.stderr
    assert "12 scenes take about" in result.stderr and "MB are free" in result.stderr
    assert "12 scenes under CC-BY-NC-4.0, 48 windows" in result.stdout
    return hashes(folder)


def arguments(mix: Path, out: Path) -> tuple[str, ...]:
    return (
        "data", "compose", str(mix), "--out", str(out), "--scenes", str(SCENES), "--jobs", "2", "--progress", "json",
    )  # fmt: skip


def children(process: int) -> list[int]:
    """Processes that a process has started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def is_running(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes as Linux lists them")
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_goes_on_to_the_same_files(
    mix: Path, whole: dict[str, str], tmp_path: Path, stop: signal.Signals
) -> None:
    out = tmp_path / "out"
    with started(*arguments(mix, out)) as process:
        wait_for_window(process, 3)
        workers = children(process.pid)
        process.send_signal(stop)
        _, said = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if stop == signal.SIGKILL else 5), said
    assert (out / "unfinished.json").is_file() and not (out / "dataset.json").exists()
    until = time.monotonic() + 20
    while any(is_running(worker) for worker in workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert len(workers) >= 2 and not any(is_running(worker) for worker in workers)
    kept = {path: path.stat().st_mtime_ns for path in (out / "images").glob("*.tif")}
    assert 3 <= len(kept) < SCENES
    again = roofgeo(*arguments(mix, out))
    assert again.returncode == 0, again.stderr
    assert all(path.stat().st_mtime_ns == written_at for path, written_at in kept.items()), "what was done is kept"
    assert hashes(out) == whole
    assert next(event["event"] for event in events(again.stdout)) == "need"


def test_another_request_does_not_go_on_with_it(mix: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "unfinished.json").write_text('{"request": {"seed": 5}, "sheets": {}}')
    result = roofgeo("data", "compose", str(mix), "--out", str(tmp_path / "out"), "--scenes", "2")
    assert result.returncode == 2 and "--overwrite" in result.stderr


def test_mistakes_are_told(tmp_path: Path) -> None:
    missing = roofgeo("data", "compose", str(tmp_path / "none.toml"), "--out", str(tmp_path / "out"))
    assert missing.returncode == 3 and "none.toml cannot be read" in missing.stderr
