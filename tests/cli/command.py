"""The roofgeo command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "samples"
AREA = str(SAMPLES / "area.geojson")
ORTHO = str(SAMPLES / "ortho.tif")
COMMAND = (sys.executable, "-m", "roofgeo.cli")
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "ROOFGEO_IMAGERY"}


def roofgeo(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What the command says when it is run to its end."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=ENVIRONMENT, timeout=300
    )


def started(*arguments: str) -> subprocess.Popen[str]:
    """The command, running, with all three streams as pipes."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT)


def wait_for_window(process: subprocess.Popen[str], number: int) -> None:
    """Read progress until so many windows are done."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("done") == number:
            return
    raise AssertionError(f"the run ended before window {number}")


def events(said: str) -> list[dict[str, Any]]:
    """The JSON lines of standard output."""
    return [json.loads(line) for line in said.splitlines()]
