"""What all commands have in common, and the short ones, in a process of their own."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.command import SAMPLES, roofgeo

HELP_LIMIT_S = 0.5


def test_help_is_quick() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = roofgeo("--help")
        seconds.append(time.perf_counter() - start)
        assert result.returncode == 0 and "predict" in result.stdout
    assert min(seconds) < HELP_LIMIT_S


@pytest.mark.parametrize("command", ["predict", "evaluate", "train", "info"])
def test_each_command_shows_an_example(command: str) -> None:
    assert f"Example:\n    roofgeo {command}" in roofgeo(command, "--help").stdout


def test_evaluate_prints_figures() -> None:
    result = roofgeo("evaluate", *(str(SAMPLES / "labels.gpkg"),) * 2, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["segment_f"] == 1
