"""Runs another program: watched, cancelled within a second, never outliving us.

Two threads read what the program says; everything is handled in the thread that called. What QGIS set for its own
Python and libraries is taken out of the program's environment. Running the roofgeo command is what the plugin is for,
hence `subprocess`: with argument lists only, never through a shell.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import shlex
import signal
import subprocess  # nosec B404
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .environment import clean_environment, removed_variables
from .log import Log
from .translation import tr

POLL_S = 0.05
"""How often a cancel is looked for."""

GRACE_S = 0.5
"""How long a cancelled program may take to end by itself."""

_ORPHAN_S = 1.0  # a program has ended, but something it left behind holds its output open
_LONGEST_LINE = 8 * 2**20  # bytes; a longer one is cut: no event of ours is so long
_STDERR_LINES = 60


class CommandError(Exception):
    """A program that failed: what happened, and the way out."""

    def __init__(self, message: str, hint: str = "", *, code: str = "", log_path: Path | None = None) -> None:
        """Take what a user reads, the command's own code ("" if it gave none), and where the log lies."""
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint
        self.code = code
        self.log_path = log_path


class Cancelled(Exception):
    """The user has cancelled; nothing runs any more."""


@dataclass(frozen=True)
class Ended:
    """How a program ended: exit code (negative: the signal that ended it), and its last lines on stderr."""

    code: int
    errors: tuple[str, ...]

    @property
    def last_words(self) -> str:
        """The last line on stderr that says something."""
        return next((line.strip() for line in reversed(self.errors) if line.strip()), "")


def never() -> bool:
    """Nobody cancels."""
    return False


def run_process(
    command: Sequence[str],
    *,
    on_line: Callable[[str], None],
    is_cancelled: Callable[[], bool] = never,
    log: Log,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program to its end; each line of its stdout goes to `on_line`, in this thread, stderr into the log.

    Standard input is a pipe nobody writes to: it ends when we do.

    Raises:
        Cancelled: `is_cancelled` said so; the program and its children have ended.
        CommandError: the program cannot be started.
    """
    _write_header(log, command, cwd)
    running = _Running(command, cwd, clean_environment() if environment is None else environment, log)
    errors: deque[str] = deque(maxlen=_STDERR_LINES)
    try:
        for stream, line in running.lines(is_cancelled):
            if stream == "stdout":
                on_line(line)
            else:
                errors.append(line)
                log.write(line)
    except Cancelled:
        log.write("cancelled")
        raise
    finally:
        running.stop()
    code = running.code()
    log.write(f"ended with {code}")
    return Ended(code, tuple(errors))


def answer_of(command: Sequence[str], limit_s: float, is_cancelled: Callable[[], bool] = never) -> list[str] | None:
    """What a program prints; None if it fails or is not done in time.

    Raises:
        Cancelled: `is_cancelled` said so.
    """
    deadline = time.monotonic() + limit_s
    lines: list[str] = []
    try:
        ended = run_process(
            command,
            on_line=lines.append,
            is_cancelled=lambda: is_cancelled() or time.monotonic() > deadline,
            log=Log(None),
        )
    except CommandError:
        return None
    except Cancelled:
        if is_cancelled():
            raise
        return None
    return lines if ended.code == 0 else None


def _write_header(log: Log, command: Sequence[str], cwd: Path | None) -> None:
    line = subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
    log.write(f"# {time.strftime('%Y-%m-%d %H:%M:%S %z')}{'' if cwd is None else f' in {cwd}'}")
    log.write(f"$ {line}")
    for name in removed_variables(os.environ):
        log.write(f"# removed {name}={os.environ[name]}")


class _Running:
    """A program that runs, and the two threads that read it."""

    def __init__(self, command: Sequence[str], cwd: Path | None, environment: Mapping[str, str], log: Log) -> None:
        self._process = _start(command, cwd, environment, log)
        self._queue: queue.Queue[tuple[str, str | None]] = queue.Queue(maxsize=256)
        self._stopped = threading.Event()
        self._gone_since: float | None = None
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, stream), name=f"roofgeo {stream}", daemon=True)
            for stream, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def lines(self, is_cancelled: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        """(Stream, line) until the program has ended and all is read."""
        open_streams = len(self._readers)
        while open_streams or self._process.poll() is None:
            if is_cancelled():
                raise Cancelled
            try:
                stream, line = self._queue.get(timeout=POLL_S)
            except queue.Empty:
                if self._has_left_orphans():
                    return
                continue
            if line is None:
                open_streams -= 1
            else:
                yield stream, line

    def stop(self) -> None:
        """End the program, its children and the readers; all of them may have ended already."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.poll() is None:
            _ask_to_end(self._process)
        _kill_tree(self._process)
        self._stopped.set()
        for reader in self._readers:
            reader.join(timeout=10 * POLL_S if sys.platform == "win32" else None)

    def code(self) -> int:
        """Exit code."""
        return self._process.wait()

    def _has_left_orphans(self) -> bool:
        if self._process.poll() is None:
            return False
        self._gone_since = self._gone_since or time.monotonic()
        return time.monotonic() - self._gone_since > _ORPHAN_S

    def _read(self, pipe: IO[bytes], stream: str) -> None:
        with pipe:
            rest = b""
            while not self._stopped.is_set():
                if not _is_readable(pipe):
                    continue
                piece = os.read(pipe.fileno(), 2**16)
                *whole, rest = (rest + piece).split(b"\n")
                if len(rest) > _LONGEST_LINE or (rest and not piece):
                    whole, rest = [*whole, rest], b""
                for line in whole:
                    self._put(stream, line.rstrip(b"\r").decode("utf-8", errors="replace"))
                if not piece:
                    break
        self._put(stream, None)

    def _put(self, stream: str, line: str | None) -> None:
        # Waits for a reader that is slower than the program, but not for one that has stopped.
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put((stream, line), timeout=POLL_S)
                return


def _start(
    command: Sequence[str], cwd: Path | None, environment: Mapping[str, str], log: Log
) -> subprocess.Popen[bytes]:
    # A session of its own: so that the whole tree can be ended, and Ctrl+C in QGIS's terminal does not reach it.
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    pipe = subprocess.PIPE
    try:
        # An argument list, no shell; which command, the user decides.
        return subprocess.Popen(  # nosec B603
            list(command), stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, cwd=cwd, env=dict(environment), **options
        )
    except (OSError, ValueError) as error:
        log.write(f"not started: {error}")
        raise CommandError(
            tr("{command} cannot be started: {reason}").format(
                command=command[0], reason=getattr(error, "strerror", None) or error
            ),
            tr("The file may be missing, no program, or its Python may be gone: install roofgeo again."),
            log_path=log.path,
        ) from error


def _is_readable(pipe: IO[bytes]) -> bool:
    """Whether a read returns at once; on Windows, where nobody can tell, always."""
    if sys.platform == "win32":
        return True
    else:
        poll = select.poll()  # not select(): it fails beyond 1024 open files, which a QGIS project may have
        poll.register(pipe.fileno(), select.POLLIN | select.POLLHUP)
        return bool(poll.poll(1000 * POLL_S))


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Its standard input has ended; on POSIX say it by signal too. Wait a little."""
    if sys.platform != "win32":
        _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_S)


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a program and its children."""
    if sys.platform != "win32":
        _signal_group(process, signal.SIGKILL)
    elif process.poll() is None:
        taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            # The full path of a part of Windows, and a number.
            subprocess.run(  # nosec B603
                [str(taskkill), "/T", "/F", "/PID", str(process.pid)],
                capture_output=True,
                timeout=GRACE_S,
                creationflags=subprocess.CREATE_NO_WINDOW,
                check=False,
            )
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_S)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # Gone already; macOS says "not permitted" of a group in which only zombies are left.
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
