"""What this machine has to predict with: processors and memory. Nothing here needs more than the standard library."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Device:
    """Something a network can run on.

    Attributes:
        name: What it is asked for by.
        description: What a person calls it.
        threads: Threads it runs at once.
    """

    name: str
    description: str
    threads: int


@dataclass(frozen=True)
class Memory:
    """The machine's memory.

    Attributes:
        total_bytes: All of it.
        available_bytes: What programs can still have.
    """

    total_bytes: int
    available_bytes: int


def devices() -> tuple[Device, ...]:
    """The devices a prediction can use, the best first."""
    return (Device("cpu", _processor_name(), _thread_count()),)


def _thread_count() -> int:
    """Threads this process may run at once, which may be fewer than the machine has."""
    count = os.cpu_count() or 1
    if sys.platform == "linux":
        count = len(os.sched_getaffinity(0))
    return count


def _processor_name() -> str:
    # On Linux the platform module knows the architecture only.
    return _lines_of(Path("/proc/cpuinfo")).get("model name") or platform.processor() or platform.machine()


def _lines_of(path: Path) -> dict[str, str]:
    """First value of each ``name: value`` line; nothing where the system has no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = [line.split(":", 1) for line in reversed(lines) if ":" in line]
    return {name.strip(): value.strip() for name, value in pairs}


if sys.platform == "win32":

    class _MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load_percent", ctypes.c_uint32),
            ("total_bytes", ctypes.c_uint64),
            ("available_bytes", ctypes.c_uint64),
            ("rest", ctypes.c_uint64 * 5),
        )

    def memory() -> Memory | None:
        """The machine's memory, or None where the system does not tell."""
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None
        return Memory(status.total_bytes, status.available_bytes)

else:

    def memory() -> Memory | None:
        """The machine's memory, or None where the system does not tell."""
        pages = _lines_of(Path("/proc/meminfo"))
        if "MemAvailable" in pages:
            total, available = (int(pages[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
            return Memory(total, available)
        try:
            total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError):
            return None
        return Memory(total, total)  # macOS gives from its caches what is asked for


def memory_limit_bytes() -> int | None:
    """What this process may still have of a limit on its address space; None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    used = _lines_of(Path("/proc/self/status")).get("VmSize", "0 kB").split()[0]
    return None if limit == resource.RLIM_INFINITY else max(0, limit - 1024 * int(used))


def peak_memory_bytes() -> int | None:
    """The most memory this process has had so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    told = _lines_of(Path("/proc/self/status")).get("VmHWM")
    if told is not None:
        return int(told.split()[0]) * 1024
    import resource

    # On Linux it would count what the parent had when it started this process.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
