"""Work shared out among processes of one machine, which end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from roofgeo.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

_work: list[Callable[[Any], Any]] = []
"""What this process does with a task; it is sent once, since it may be large."""


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Result]]:
    """Do tasks in processes of their own; each with its result, as they are done.

    The processes are started anew, not forked: libraries with threads do not survive a fork. They end at once when
    the iteration is given up, and when this process is killed.

    Args:
        work: What to do with a task; it can be pickled, unless there is one job.
        tasks: What to do it with.
        jobs: Processes; 1 for this one.

    Raises:
        InputError: One of the processes was ended from outside.
    """
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        yield from ((task, work(task)) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)[::-1]
    with ours, ProcessPoolExecutor(jobs, context, _begin, (theirs, work)) as pool:
        try:
            asked = {pool.submit(_do, task): task for task in tasks}
            for done in as_completed(asked):
                yield asked.pop(done), done.result()
        except BrokenProcessPool as error:
            raise InputError(
                f"one of {jobs} processes was ended from outside, for want of memory perhaps",
                "Run it again with fewer jobs; what is written is kept.",
            ) from error
        except BaseException:
            ours.close()  # the processes end
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(alive: Connection, work: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    _work[:] = [work]
    threading.Thread(target=_end_with, args=(alive,), name="alive", daemon=True).start()


def _end_with(alive: Connection) -> None:
    """End this process as soon as the other end of a pipe is closed: nothing is ever sent through it."""
    alive.poll(None)
    os._exit(1)


def _do(task: Any) -> Any:
    return _work[0](task)
