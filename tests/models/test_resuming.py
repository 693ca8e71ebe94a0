"""A run that was killed ends with the weights of one that was not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from roofgeo.models.runs import LAST, read_checkpoint

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "models" / "tiny_run.py"
STEPS = 12


def start(folder: Path, **settings: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), json.dumps(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def finish(folder: Path, **settings: Any) -> list[int]:
    """Steps that a run told of; those of other processes come in between."""
    run = start(folder, **settings)
    out, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    return [int(line) for line in out.split()]


def kill_after(step: int, folder: Path, **settings: Any) -> None:
    run = start(folder, **settings)
    assert run.stdout is not None
    for line in run.stdout:
        if int(line) >= step:
            run.kill()
            break
    run.communicate()
    assert run.returncode == -9, "it was still running"


def must_be_the_same(folder: Path, other: Path, tolerance: float = 1e-6) -> None:
    ours, theirs = (read_checkpoint(path / LAST) for path in (folder, other))
    assert ours["global_step"] == theirs["global_step"] == STEPS
    for key in ("state_dict", "current_model_state"):  # the average, and what it is the average of
        assert ours[key].keys() == theirs[key].keys()
        for name, value in ours[key].items():
            torch.testing.assert_close(value, theirs[key][name], rtol=0, atol=tolerance, msg=f"{key} {name}")
    assert any(not torch.equal(ours["state_dict"][n], v) for n, v in ours["current_model_state"].items())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    assert finish(folder)[-1] == STEPS
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "killed_after", "resumed_from"), [(0, 5, 3), (2, 8, 6)])
def test_a_killed_run_ends_with_the_same_weights(
    uninterrupted: Path, tmp_path: Path, workers: int, killed_after: int, resumed_from: int
) -> None:
    kill_after(killed_after, tmp_path, workers=workers)
    begun = read_checkpoint(tmp_path / LAST)["global_step"]
    assert resumed_from <= begun <= killed_after, "a checkpoint at every third step and at every measurement"
    steps = finish(tmp_path, workers=workers)
    assert steps[0] in (begun, begun + 1) and steps[-1] == STEPS
    must_be_the_same(tmp_path, uninterrupted)


@pytest.mark.slow
def test_a_run_that_is_done_stays_as_it_is(uninterrupted: Path) -> None:
    before = (uninterrupted / LAST).read_bytes()
    assert finish(uninterrupted) == []
    assert (uninterrupted / LAST).read_bytes() == before


@pytest.mark.slow
def test_two_processes_share_the_steps(tmp_path: Path) -> None:
    assert finish(tmp_path, devices=2, steps=4)[-1] == 4, "only the first of them tells"
    checkpoint = read_checkpoint(tmp_path / LAST)
    assert checkpoint["global_step"] == 4
    shared = checkpoint["state_dict"]
    alone = tmp_path / "alone"
    finish(alone, steps=4)
    weights = read_checkpoint(alone / LAST)["state_dict"]
    assert any(not torch.allclose(shared[name], weights[name]) for name in weights), "they saw twice the windows"


@pytest.mark.slow
def test_torchrun_starts_the_processes_too(tmp_path: Path) -> None:
    settings = json.dumps({"devices": 2, "steps": 2})
    run = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         str(SCRIPT), str(tmp_path), settings],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=240,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 2
