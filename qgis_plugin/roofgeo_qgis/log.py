"""The log of a run: what a bug report needs. A log that cannot be written never stops a run."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import IO

LARGEST_CHARACTERS = 20_000_000
"""What a program that floods us may put into the log."""

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class Log:
    """A text file; passwords in addresses are not written into it."""

    def __init__(self, path: Path | None, *, append: bool = False) -> None:
        """Open the file, and make its folder; without a path, or where that fails, nothing is written."""
        self.path: Path | None = None
        self._file: IO[str] | None = None
        self._left = LARGEST_CHARACTERS
        if path is None:
            return
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Line by line, so that it is there when QGIS dies; an odd path in a message must not stop a run.
            self._file = path.open("a" if append else "w", encoding="utf-8", errors="backslashreplace", buffering=1)
            self.path = path

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def write(self, line: str) -> None:
        """One line more."""
        if self._file is None or self._left <= 0:
            return
        self._left -= len(line) + 1
        line = without_credentials(line) if self._left > 0 else "... the log ends here: it has become too long"
        with contextlib.suppress(OSError):
            self._file.write(line + "\n")


def without_credentials(text: str) -> str:
    """A text with `***` for the user and password of each address in it."""
    return _CREDENTIALS.sub("***", text) if "://" in text else text
