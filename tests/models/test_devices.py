"""What the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from roofgeo.models import devices
from roofgeo.models.devices import Memory, memory


def test_there_is_a_processor_with_threads() -> None:
    (cpu,) = devices.devices()
    assert cpu.name == "cpu" and cpu.description
    assert 1 <= cpu.threads <= (os.cpu_count() or 1)


def test_memory_is_that_of_the_machine() -> None:
    found = memory()
    assert found is not None
    assert 1e8 < found.available_bytes <= found.total_bytes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked in another way")
def test_a_system_without_proc_tells_all_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_lines_of", lambda path: {})
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory() == Memory(total, total)
    assert devices.devices()[0].description


@pytest.mark.skipif(sys.platform != "linux", reason="a trap of Linux")
def test_the_most_memory_of_a_process_is_not_that_of_its_parent() -> None:
    ours = np.ones(400_000_000, np.uint8)
    command = "from roofgeo.models.devices import peak_memory_bytes as peak; print(peak())"
    run = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert 1e6 < int(run.stdout) < ours.nbytes


def test_files_that_are_not_there_say_nothing(tmp_path: Path) -> None:
    assert devices._lines_of(tmp_path / "cpuinfo") == {}
    (tmp_path / "cpuinfo").write_text("model name\t: A\n\nmodel name\t: B: C\n")
    assert devices._lines_of(tmp_path / "cpuinfo") == {"model name": "A"}
