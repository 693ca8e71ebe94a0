"""A run is stopped by a signal or by the end of standard input, at once, and leaves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import ENVIRONMENT, ORTHO, events, started, wait_for_window

AT_ONCE_S = 1.0
"""What a user of a program that has started the command takes for at once."""

PREDICT = ("predict", "--imagery", ORTHO, "--stop-with-stdin", "--progress", "json")

LONG_CALL = """
import pathlib, sys, time
from roofgeo.cli import stopping
from roofgeo.pipeline.delivery import finished_together

stopping.GRACE_S = 0.5
stopping.signal.signal(stopping.signal.SIGTERM, stopping.interrupt)
with stopping.stopping_with_stdin(True), finished_together(pathlib.Path(sys.argv[1]), False) as folder:
    (folder / "roofs.gpkg").write_text("half")
    print("started", flush=True)
    until = time.monotonic() + 30
    {wait}
print("not stopped")
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, "stdin"])
def test_interrupted_runs_leave_nothing(tmp_path: Path, stop: signal.Signals | str) -> None:
    with started(*PREDICT, "--output", str(tmp_path / "roofs"), "--tile-px", "1536") as process:  # one takes seconds
        wait_for_window(process, 0)
        time.sleep(0.5)  # now the network computes
        assert process.stdin is not None
        began = time.monotonic()
        if isinstance(stop, signal.Signals):
            process.send_signal(stop)
        else:
            process.stdin.close()
        assert process.stdout is not None
        rest = process.stdout.read()
        process.wait(60)
        took_s = time.monotonic() - began
    assert process.returncode == 5
    assert events(rest)[-1]["code"] == "interrupted"
    assert list(tmp_path.iterdir()) == []
    assert took_s < AT_ONCE_S


def test_both_at_once_tidy_up_too(tmp_path: Path) -> None:
    with started(*PREDICT, "--output", str(tmp_path / "roofs")) as process:
        wait_for_window(process, 1)
        assert process.stdin is not None
        process.stdin.close()
        process.terminate()
        process.terminate()
        process.wait(60)
    assert process.returncode == 5
    assert list(tmp_path.iterdir()) == []


def test_a_run_ends_by_itself_while_standard_input_stays_open(tmp_path: Path) -> None:
    with started(*PREDICT, "--output", str(tmp_path / "roofs")) as process:
        assert process.stdout is not None and process.stdin is not None
        said = process.stdout.read()
        assert process.wait(10) == 0
        assert events(said)[-1]["event"] == "result"


def test_without_the_option_standard_input_may_end(tmp_path: Path) -> None:
    with started("predict", "--imagery", ORTHO, "--output", str(tmp_path / "roofs"), "--dry-run", "--quiet") as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    "wait",
    [
        "time.sleep(30)",  # one call into C that nothing interrupts
        "exec('''while time.monotonic() < until:\\n try:\\n  time.sleep(0.1)\\n except KeyboardInterrupt: pass''')",
    ],
    ids=["a long call", "an interrupt that is swallowed"],
)
def test_a_run_that_does_not_listen_is_ended_and_leaves_nothing(tmp_path: Path, wait: str) -> None:
    command = [sys.executable, "-c", LONG_CALL.format(wait=wait), str(tmp_path / "roofs")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=ENVIRONMENT) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "started\n"
        assert list(tmp_path.glob("roofs/*/roofs.gpkg"))
        time.sleep(1)  # until the call has begun
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(10) == 5
    assert list(tmp_path.iterdir()) == []
