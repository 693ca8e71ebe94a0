"""Small programs that stand for a command, and what tells whether one still runs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = "Dächer äöü 屋根"
"""A folder's name with spaces and letters of other alphabets."""

SAY = "import json, os, signal, subprocess, sys, time\nsay = lambda **event: print(json.dumps(event), flush=True)\n"


def write_script(path: Path, body: str) -> Path:
    """An executable Python script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The first lines are shell and Python at once: a "#!" line takes no interpreter with a space in its path.
    path.write_text(f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n{SAY}{body}", encoding="utf-8")
    path.chmod(0o755)
    return path


def is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not: that is a child without a parent until init asks for it."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(is_true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for something, but not for long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.01)
    return is_true()


class CancelWhen:
    """Says "cancelled" from a moment on, and keeps that moment."""

    def __init__(self, is_due: Callable[[], bool]) -> None:
        self.is_due = is_due
        self.since: float | None = None

    def __call__(self) -> bool:
        if self.since is None and self.is_due():
            self.since = time.monotonic()
        return self.since is not None

    def seconds_ago(self) -> float:
        """Seconds since that moment."""
        assert self.since is not None
        return time.monotonic() - self.since
