"""Tells the caller how far a run has come, and keeps the time of its stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done, and the steps in all."""


@dataclass
class Clock:
    """Tells the caller of each step, and keeps the time of each stage."""

    progress: Progress | None
    _stage: str = "open"
    _total: int = 0
    _done: int = 0
    _since: float = field(default_factory=time.perf_counter)
    _seconds: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, total: int) -> None:
        """Begin a stage, or go on with it."""
        if name == self._stage:
            return
        self.seconds()
        self._stage, self._total, self._done = name, total, 0
        self._tell()

    def step(self) -> None:
        """One more step of the stage is done."""
        self._done += 1
        self._tell()

    def seconds(self) -> Mapping[str, float]:
        """Seconds per stage so far."""
        now = time.perf_counter()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._since = now
        return dict(self._seconds)

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self._stage, self._done, self._total)
