"""What a run would take, in words: the command's "plan" event for somebody about to press a button."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .translation import tr

try:
    from qgis.PyQt.QtCore import QLocale
except ImportError:  # outside QGIS: numbers as in English
    QLocale = None

LONG_S = 3600.0
"""Before a run longer than this the user is asked."""


@dataclass(frozen=True)
class Preflight:
    """What to tell before a run.

    Attributes:
        summary: One line.
        warnings: One line each; the run is possible nevertheless.
        question: What to ask before it begins, if anything.
    """

    summary: str
    warnings: list[str]
    question: str | None


def read_plan(plan: dict[str, Any], free_memory_bytes: int | None = None) -> Preflight:
    """Turn a plan event into words.

    Args:
        plan: The event; what it does not tell is left out.
        free_memory_bytes: What programs may still take; None if unknown.
    """
    parts = [*_imagery(plan), *_size(plan), *_cost(plan)]
    warnings = [str(warning) for warning in plan.get("warnings") or ()]
    # A line breaks between the parts, never between a number and its unit.
    return Preflight(
        " · ".join(part.replace(" ", "\u00a0") for part in parts), warnings, _question(plan, free_memory_bytes)
    )


def duration_text(seconds: float) -> str:
    """A time in words, as exact as one needs it: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 57.5:
        return tr("{seconds} s").format(seconds=max(5 * round(seconds / 5), 5))
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return tr("{minutes} min").format(minutes=minutes)
    minutes = 5 * round(seconds / 300)
    if minutes % 60 == 0:
        return tr("{hours} h").format(hours=number_text(minutes // 60))
    return tr("{hours} h {minutes} min").format(hours=number_text(minutes // 60), minutes=minutes % 60)


def size_text(size_bytes: float) -> str:
    """An amount of memory or disk in words: "900 MB", "1.2 GB"."""
    if size_bytes < 999.5e6:
        return tr("{number} MB").format(number=number_text(max(round(size_bytes / 1e6), 1)))
    gigabytes = size_bytes / 1e9
    return tr("{number} GB").format(number=number_text(gigabytes, 1 if gigabytes < 9.95 else 0))


def number_text(number: float, digits: int = 0) -> str:
    """A number as the user writes it, without needless zeros."""
    if QLocale is None:
        text, point = f"{number:,.{digits}f}", "."
    else:
        text, point = QLocale().toString(float(number), "f", digits), QLocale().decimalPoint()
    return text.rstrip("0").rstrip(point) if digits and point in text else text


def free_memory_bytes() -> int | None:
    """What programs may still take; None where the system does not tell."""
    if sys.platform == "win32":
        return _free_memory_of_windows()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
        return None
    except (OSError, ValueError, IndexError):  # macOS gives unused memory back to caches: no number would be true
        return None


def _imagery(plan: dict[str, Any]) -> list[str]:
    imagery = plan.get("imagery") or {}
    own: float | None = imagery.get("pixel_size_m")
    working: float | None = plan.get("pixel_size_m")
    parts = []
    if own and working and abs(own - working) > 0.01 * working:
        text = tr("{own} m per pixel (works at {working} m)")
        parts.append(text.format(own=number_text(own, 3), working=number_text(working, 3)))
    elif own or working:
        parts.append(tr("{size} m per pixel").format(size=number_text(own or working or 0.0, 3)))
    bands = imagery.get("bands")
    if bands:
        parts.append(tr("1 band") if bands == 1 else tr("{bands} bands").format(bands=bands))
    crs = str(imagery.get("crs") or plan.get("crs") or "")
    if crs:
        parts.append(crs if len(crs) <= 30 else tr("CRS without a number"))
    return parts


def _size(plan: dict[str, Any]) -> list[str]:
    width, height, pixel = (plan.get(name) for name in ("width_px", "height_px", "pixel_size_m"))
    parts = []
    if width and height:
        text = tr("{width} × {height} pixels").format(width=number_text(width), height=number_text(height))
        if pixel:
            text += f" ({_ground(width * pixel, height * pixel)})"
        parts.append(text)
    windows = plan.get("windows")
    if windows:
        text = tr("1 tile") if windows == 1 else tr("{number} tiles").format(number=number_text(windows))
        parts.append(text)
    return parts


def _ground(width_m: float, height_m: float) -> str:
    if max(width_m, height_m) < 1000:
        return tr("{width} × {height} m").format(width=number_text(width_m), height=number_text(height_m))
    return tr("{width} × {height} km").format(
        width=number_text(width_m / 1000, 1), height=number_text(height_m / 1000, 1)
    )


def _cost(plan: dict[str, Any]) -> list[str]:
    seconds, memory, disk, free = (
        plan.get(name) for name in ("seconds", "memory_bytes", "disk_bytes", "free_disk_bytes")
    )
    parts = []
    if seconds is not None:
        parts.append(tr("about {duration}").format(duration=duration_text(seconds)))
    if memory:
        parts.append(tr("{size} of memory").format(size=size_text(memory)))
    if disk and free is not None:
        parts.append(tr("{size} of disk ({free} free)").format(size=size_text(disk), free=size_text(free)))
    return parts


def _question(plan: dict[str, Any], free_memory: int | None) -> str | None:
    seconds, memory, disk, free_disk = (
        plan.get(name) or 0 for name in ("seconds", "memory_bytes", "disk_bytes", "free_disk_bytes")
    )
    reasons = []
    if seconds > LONG_S:
        reasons.append(tr("This takes about {duration}.").format(duration=duration_text(seconds)))
    if free_memory is not None and memory > free_memory:
        text = tr("It needs about {size} of memory, and {free} are free: the computer may become very slow.")
        reasons.append(text.format(size=size_text(memory), free=size_text(free_memory)))
    if plan.get("free_disk_bytes") is not None and disk > free_disk:
        text = tr("It needs about {size} on the disk, and {free} are free: it may not come to its end.")
        reasons.append(text.format(size=size_text(disk), free=size_text(free_disk)))
    return " ".join([*reasons, tr("Go on?")]) if reasons else None


def _free_memory_of_windows() -> int | None:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of Windows."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("free", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    answered = sys.platform == "win32" and ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.free) if answered else None
