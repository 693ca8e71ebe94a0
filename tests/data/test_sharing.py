"""Work is shared out, and nobody works on for one who is gone."""

from __future__ import annotations

import os
import time

import pytest

from roofgeo.data.sharing import spread
from roofgeo.errors import DataError, InputError


def square(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


def stumble(number: int) -> int:
    if number == 0:
        raise DataError("unreadable", "Read it again.")
    time.sleep(60)
    return number


def leave(number: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_once(jobs: int) -> None:
    found = dict(spread(square, range(5), jobs))
    assert {task: result for task, (result, _) in found.items()} == {task: task**2 for task in range(5)}
    assert (os.getpid() in {process for _, process in found.values()}) == (jobs == 1)


def test_nothing_to_do_starts_nothing() -> None:
    assert list(spread(square, [], 4)) == []


def test_an_error_comes_whole_and_ends_the_others_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match="unreadable") as caught:
        list(spread(stumble, range(4), 2))
    assert caught.value.hint == "Read it again." and time.monotonic() - began < 50


def test_a_process_that_is_ended_from_outside_is_told() -> None:
    with pytest.raises(InputError, match="ended from outside") as caught:
        list(spread(leave, range(2), 2))
    assert "fewer jobs" in caught.value.hint
