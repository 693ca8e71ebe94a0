"""What the command says: lines for a person, JSON objects for a program."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from roofgeo.errors import RoofgeoError

if TYPE_CHECKING:
    from roofgeo.pipeline import ExportResult, PredictResult, Progress

EXAMPLE = """
\b
Example:
  {}
"""

SPEED_FROM_S = 600.0
"""The time left is reckoned from the steps of so many seconds: one step may take a minute."""

STAGE_TITLES = {
    "predict": "Finding roofs",
    "write": "Writing files",
    "scan": "Scanning",
    "check": "Checking",
    "train": "Training",
    "measure": "Measuring",
    "download": "Fetching (kB)",
}


def say(event: dict[str, Any]) -> None:
    """One JSON object a line on standard output."""
    click.echo(json.dumps(event))
    sys.stdout.flush()


def say_result(result: PredictResult | ExportResult) -> None:
    """What a run wrote, for a program."""
    say(
        {
            "event": "result",
            "paths": {name: str(path) for name, path in result.paths.items()},
            "counts": dict(result.counts),
            "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
            "notes": list(result.notes),
        }
    )


def fail(error: RoofgeoError) -> NoReturn:
    """Tell of an error, as JSON too where the user has asked for it, and leave."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().meta.get("progress") == "json":
        say({"event": "error", "code": error.code, "message": error.message, "hint": error.hint})
    click.echo(f"Error: {error.message}", err=True)
    if error.hint:
        click.echo(f"Hint: {error.hint}", err=True)
    sys.exit(error.exit_code)


def tell_licence(model: str | Path | None, *, as_json: bool) -> None:
    """Say once, before a model is used, that it is not for commercial use.

    Args:
        model: Its name or path; None for the one used where none is asked for.
        as_json: For a program, as an event; else a line on standard error.
    """
    from roofgeo import pipeline

    notice = pipeline.licence_notice(model)
    if notice and as_json:
        say({"event": "warning", "code": "licence", "message": notice})
    elif notice:
        click.echo(f"Note: {notice}", err=True)


@contextlib.contextmanager
def telling(progress: str, quiet: bool) -> Iterator[Progress | None]:
    """What a run reports its steps to."""
    if progress == "json":
        yield _tell_json
    elif quiet:
        yield None
    else:
        with _bar() as tell:
            yield tell


def _tell_json(stage: str, done: int, total: int) -> None:
    say({"event": "progress", "stage": stage, "done": done, "total": total})


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_FROM_S) as bars:

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                # What an earlier run has done says nothing of the speed of this one.
                tasks[stage] = bars.add_task(STAGE_TITLES.get(stage, stage), total=total, completed=done)
            bars.update(tasks[stage], completed=done, total=total)

        yield tell
