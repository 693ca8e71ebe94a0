"""The roofgeo command: run it, hear what it says, tell how far it is.

The command runs in its own environment, in a process of its own, and prints one JSON object a line.
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .log import Log
from .process import Cancelled, CommandError, Ended, never, run_process
from .translation import tr

__all__ = [
    "Cancelled",
    "CommandError",
    "Event",
    "Progress",
    "ProgressClock",
    "remaining_text",
    "run_command",
]

Event = dict[str, Any]
"""One JSON object of the command; its "event" tells which."""

_ANSWERS = ("result", "plan")
_UNKNOWN_WORDS = ("No such option", "No such command")  # how the command says so, since its first version
_PARTLY_DONE = 6  # exit code: done but for some blocks, which the result's notes name


def _ignore(event: Event) -> None:
    """Nobody listens."""


def run_command(
    command: Sequence[str],
    arguments: Sequence[str],
    *,
    on_event: Callable[[Event], None] = _ignore,
    is_cancelled: Callable[[], bool] = never,
    log_path: Path | None = None,
    cwd: Path | None = None,
) -> Event:
    """Run the command to its end and return its last "result" or "plan" event.

    `on_event` is called for every event, in this thread. What the command says besides goes into the log, which holds
    this run only.

    Raises:
        Cancelled: `is_cancelled` said so. It is asked all the time; after it says so, a second at most passes until
            the command and its children have ended. One that does not end by itself is killed: what it was writing
            is then left for the caller to remove.
        CommandError: the command said what is wrong, failed without a word, gave no answer, or cannot be started.
    """
    with Log(log_path) as log:
        heard = _Heard(on_event, log)
        line = [*command, *arguments]
        ended = run_process(line, on_line=heard.line, is_cancelled=is_cancelled, log=log, cwd=cwd)
        return _answer(heard, ended, log.path)


class _Heard:
    """What the command has said so far."""

    def __init__(self, on_event: Callable[[Event], None], log: Log) -> None:
        self.answer: Event | None = None
        self.error: Event | None = None
        self._on_event = on_event
        self._log = log

    def line(self, line: str) -> None:
        """Take a line of standard output: an event, or something for the log."""
        event = _parse(line)
        if event is None or event["event"] != "progress":
            self._log.write(line)
        if event is None:
            return
        if event["event"] in _ANSWERS:
            self.answer = event
        elif event["event"] == "error":
            self.error = event
        self._on_event(event)


def _parse(line: str) -> Event | None:
    """The event of a line, or None if it is none."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # brackets nested without end raise the second
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _answer(heard: _Heard, ended: Ended, log_path: Path | None) -> Event:
    """What a run has come to.

    Raises:
        CommandError: it failed, or ended without an answer.
    """
    if heard.error is not None:
        message = str(heard.error.get("message") or tr("roofgeo failed without saying why"))
        code, hint = str(heard.error.get("code") or ""), str(heard.error.get("hint") or "")
        raise CommandError(message, hint, code=code, log_path=log_path)
    if heard.answer is not None and ended.code in (0, _PARTLY_DONE):
        return heard.answer
    if ended.code:
        message, hint = _failure(ended)
    else:
        message = tr("roofgeo ended without a result")
        hint = tr("The log tells what it said instead. Is this the roofgeo command?")
    raise CommandError(message, hint, log_path=log_path)


def too_old_hint() -> str:
    """The way out where the command does not know what the plugin asks of it."""
    return tr(
        "This roofgeo is too old: open Settings > Options > roofgeo and press Install or Upgrade, "
        "or choose another command there."
    )


def _failure(ended: Ended) -> tuple[str, str]:
    """Message and hint of a program that failed without an error event."""
    hint = tr("The log has all it said.")
    if ended.code >= 0:
        if any(phrase in ended.last_words for phrase in _UNKNOWN_WORDS):
            hint = too_old_hint()
        message = tr("roofgeo failed with exit code {code}").format(code=_code_text(ended.code))
    else:
        message = tr("roofgeo was ended by {signal}").format(signal=_signal_name(-ended.code))
        if -ended.code == getattr(signal, "SIGKILL", None):
            hint = tr("Most often the memory was used up: close other programs, or take a smaller area.")
    return (f"{message}: {ended.last_words}" if ended.last_words else message), hint


def _code_text(code: int) -> str:
    return f"0x{code:08X}" if code > 0xFFFF else str(code)  # Windows names its crashes so: 0xC0000005


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


@dataclass(frozen=True)
class Progress:
    """How far a run is: steps of the stage, percent of the whole, seconds to its end."""

    stage: str
    done: int
    total: int
    percent: float = 0.0
    remaining_s: float | None = None


_SHARES = {"predict": (0.0, 97.0), "write": (97.0, 3.0)}
"""Where each stage begins and how long it is, in percent: the network is nearly all one waits for."""

_SETTLE_S = 10.0  # in this time the remaining time follows a change of speed to two thirds
_KNOWN_S = 1.0  # before, one step says little about the next


class ProgressClock:
    """Turns progress events into percent and remaining time; neither jumps about, percent never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Start now; `now` tells seconds."""
        self._now = now
        self._first: tuple[float, float] | None = None
        self._last: tuple[float, float] | None = None
        self._percent = 0.0

    def update(self, event: Event) -> Progress | None:
        """The state after an event; None if it is no progress."""
        stage, done, total = event.get("stage"), event.get("done"), event.get("total")
        if event.get("event") != "progress" or not isinstance(done, int) or not isinstance(total, int):
            return None
        begin, share = _SHARES.get(str(stage), (self._percent, 0.0))
        fraction = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        self._percent = max(self._percent, begin + share * fraction)
        return Progress(str(stage), done, total, self._percent, self._remaining(self._now()))

    def _remaining(self, now: float) -> float | None:
        # Counted from the first event: what came before it is start-up, or done by an earlier run.
        if self._first is None:
            self._first = (now, self._percent)
        if self._percent >= 100.0:
            return 0.0
        since, done = now - self._first[0], self._percent - self._first[1]
        if since < _KNOWN_S or done <= 0:
            return None
        estimate = since / done * (100.0 - self._percent)
        if self._last is not None:
            passed = now - self._last[0]
            expected = max(self._last[1] - passed, 0.0)
            estimate = expected + (estimate - expected) * (1.0 - math.exp(-passed / _SETTLE_S))
        self._last = (now, estimate)
        return estimate


def remaining_text(seconds: float | None) -> str:
    """The remaining time in words; empty while it is unknown."""
    if seconds is None:
        return ""
    if seconds < 7.5:
        return tr("a few seconds left")
    if seconds < 57.5:
        return tr("about {seconds} s left").format(seconds=5 * round(seconds / 5))
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return tr("about {minutes} min left").format(minutes=minutes)
    hours, minutes = divmod(5 * round(seconds / 300), 60)
    text = tr("about {hours} h {minutes} min left") if minutes else tr("about {hours} h left")
    return text.format(hours=hours, minutes=minutes)
