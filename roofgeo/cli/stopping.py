"""How a run is stopped from outside: by a signal, or by the end of standard input."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import NoReturn

from roofgeo.errors import Interrupted

GRACE_S = 5.0
"""How long a run may take to stop by itself: writing a large raster is one long call, which no signal reaches."""

LOOK_S = 0.1
"""How often standard input is looked at on Windows."""

CHUNK_BYTES = 65536


def interrupt(*_: object) -> NoReturn:
    """What SIGTERM does: the same as Ctrl+C, but only once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would break off the tidying up
    raise KeyboardInterrupt


@contextlib.contextmanager
def stopping_with_stdin(wanted: bool) -> Iterator[None]:
    """Interrupt the main thread if standard input ends in the block, and end the process if that does not help.

    Args:
        wanted: False does nothing.
    """
    over = threading.Event()
    if wanted:
        # A daemon: nobody waits for it when the run is done and standard input still open.
        threading.Thread(target=_watch, args=(over,), name="stdin", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(over: threading.Event) -> None:
    with contextlib.suppress(OSError):  # there is no standard input: it has ended
        _wait_for_the_end()
    if over.is_set():
        return
    _thread.interrupt_main(signal.SIGTERM)  # SIGINT may be ignored: a shell does so for what runs in the background
    if not over.wait(GRACE_S):
        _leave()


def _leave() -> NoReturn:
    """End the process whatever the main thread does, and leave nothing half-written."""
    try:
        # Not imported here: the main thread may hold the lock of an import.
        delivery = sys.modules.get("roofgeo.pipeline.delivery")
        if delivery is not None:
            delivery.remove_unfinished()
    finally:
        os._exit(Interrupted.exit_code)


if sys.platform == "win32":
    import _winapi
    import msvcrt

    def _wait_for_the_end() -> None:
        # A thread that waits in a read of a pipe holds up all that so much as asks what standard input is, such as
        # the start of a library. So it is read only when something is there.
        handle = msvcrt.get_osfhandle(0)
        with contextlib.suppress(BrokenPipeError):  # its other end is closed
            while _may_read(handle):
                if not os.read(0, CHUNK_BYTES):
                    return

    def _may_read(handle: int) -> bool:
        """True when there is something to read, or when it is no pipe."""
        try:
            while not _winapi.PeekNamedPipe(handle, 0)[0]:
                time.sleep(LOOK_S)
        except BrokenPipeError:
            raise
        except OSError:
            return True  # a file or a console
        return True

else:

    def _wait_for_the_end() -> None:
        while os.read(0, CHUNK_BYTES):
            pass
