"""Memory is told before and after it ends: what was asked for, what would fit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from roofgeo.errors import InputError
from roofgeo.models import capacity
from roofgeo.models.capacity import Needs, find_batch, is_out_of_memory, measure_needs, must_fit_memory, out_of_memory
from roofgeo.models.network import Architecture, RoofNet
from roofgeo.models.settings import make_settings
from roofgeo.models.training import RoofTraining

ROOT = Path(__file__).parents[2]
MB = 10**6


def make(**values: object) -> RoofTraining:
    torch.manual_seed(0)
    settings = make_settings({"encoder_weights": "none", "workers": 0, **values})
    return RoofTraining(RoofNet(Architecture("tu-mobilenetv3_small_050", (16, 16, 8, 8))), settings)


def test_needs_turn_round() -> None:
    needs = Needs(fixed_bytes=100 * MB, pixel_bytes=1000)
    assert needs.bytes(2, 100) == 120 * MB
    batch = needs.largest_batch(100, 500 * MB)
    assert needs.bytes(batch, 100) <= capacity.ROOM * 500 * MB < needs.bytes(batch + 1, 100)
    side = needs.largest_window_px(4, 500 * MB)
    assert side % 32 == 0 and needs.bytes(4, side) <= capacity.ROOM * 500 * MB < needs.bytes(4, side + 32)
    assert needs.largest_batch(100, 50 * MB) == needs.largest_window_px(1, 50 * MB) == 0


def test_measuring_leaves_no_trace() -> None:
    training = make()
    before = {name: value.clone() for name, value in training.state_dict().items()}
    measure_needs(training)
    assert all(torch.equal(value, before[name]) for name, value in training.state_dict().items())
    assert all(p.grad is None for p in training.parameters())


def test_half_precision_needs_less() -> None:
    training = make(precision="fp32")
    half, full = (measure_needs(training, precision).pixel_bytes for precision in ("bf16", "fp32"))
    # Depthwise convolutions, most of this encoder, stay in float32 on a CPU: it is a tenth less, not a half.
    assert 0.5 * full < half < 0.95 * full


def test_what_does_not_fit_is_told_before_the_training_begins() -> None:
    training = make(batch_size=64, window_px=512, precision="fp32")
    free = int(measure_needs(training).bytes(64, 512) / 4)
    with pytest.raises(InputError, match="batch 64 of 512 px windows in fp32 needs about") as error:
        must_fit_memory(training, free)
    batch = int(re.findall(r"--batch-size (\d+) --accumulate", error.value.hint)[0])
    side = int(re.findall(r"--window-px (\d+)", error.value.hint)[0])
    assert "--precision bf16" in error.value.hint
    must_fit_memory(make(batch_size=batch, window_px=512, precision="fp32"), free)
    must_fit_memory(make(batch_size=64, window_px=side, precision="fp32"), free)
    assert 10 <= batch <= 16 and 192 <= side <= 256


def test_a_wrong_estimate_names_less_than_was_asked_for() -> None:
    error = out_of_memory(make(batch_size=4, window_px=64), 10**12)
    assert "--batch-size 3" in error.hint and "--window-px 32" in error.hint
    assert "Nothing would fit" in out_of_memory(make(batch_size=4), MB).hint


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"), True),
        (MemoryError(), True),
        (RuntimeError("shape '[2]' is invalid"), False),
    ],
)
def test_ends_of_memory_are_known(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


LIMITED = """
import resource, sys
from pathlib import Path
from roofgeo.errors import RoofgeoError
from roofgeo.models import fitting
from tests.models.tiny_run import Noise, make
from torch.utils.data import default_collate

training = make(dict(batch_size=8, window_px=512, checkpoint_every=100, steps=1))
if sys.argv[2] == "unwarned":
    fitting.must_fit_memory = lambda training, free: None
used = 1024 * int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1])
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
windows = fitting.Windows(Noise(100, size_px=512), None, default_collate)
try:
    fitting.fit(training, windows, Path(sys.argv[1]))
except RoofgeoError as error:
    print(error.message, "|", error.hint)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space as Linux does")
@pytest.mark.parametrize("warned", ["warned", "unwarned"])
def test_a_training_that_runs_out_of_memory_says_what_would_fit(tmp_path: Path, warned: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), warned],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=200,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert re.search(r"out of memory: batch 8 of 512 px windows in bf16 needs about \d", run.stdout), run.stdout
    assert "--batch-size" in run.stdout and "--window-px" in run.stdout


MEASURED = """
from roofgeo.models import capacity
from roofgeo.models.devices import peak_memory_bytes
from tests.models.test_capacity import make

training = make(batch_size=4, window_px=256, threads=1, precision="{}")
needed = capacity.measure_needs(training).bytes(4, 256)
before = 1024 * int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1])
capacity._real_step(training, 4)
print(needed / (peak_memory_bytes() - before))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of the process")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_estimate_is_near_what_a_step_takes(precision: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEASURED.format(precision)],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=200,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert 0.8 < float(run.stdout) < 1.6


def test_the_largest_batch_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    training = make(window_px=64)
    tried = []

    def step(_: RoofTraining, batch_size: int) -> int:
        tried.append(batch_size)
        if batch_size > 20:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 123

    monkeypatch.setattr(capacity, "free_bytes", lambda device: 300 * MB)
    monkeypatch.setattr(capacity, "_real_step", step)
    found = find_batch(training)
    estimated = measure_needs(training).largest_batch(64, 300 * MB)
    assert tried[0] == estimated > 20 and 16 <= found.batch_size <= 20 and found.peak_bytes == 123


def test_one_real_step_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = measure_needs(make(window_px=64))
    monkeypatch.setattr(capacity, "free_bytes", lambda device: (needs.bytes(3, 64) + 1000) / capacity.ROOM)
    found = find_batch(make(window_px=64))
    assert found.batch_size == 3 and (found.peak_bytes is None or found.peak_bytes > 10 * MB)
