"""roofgeo train in a process of its own."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import torch

from docs.make_training import EFFECTS, TARGET, render
from roofgeo.models.settings import ABOUT, TrainingSettings
from tests.cli.command import events, roofgeo

QUICK = ("--encoder", "tu-mobilenetv3_small_050", "--encoder-weights", "none", "--batch-size", "2", "--window-px", "32",
         "--workers", "0", "--threads", "1", "--pictures", "1", "--validation-windows", "2")  # fmt: skip

RECIPE = """
steps = 50
[[data]]
kind = "rendered"
options = { scenes = 2, size_px = 80, style = "oceania", validation_scenes = 1 }
"""


def test_help_tells_every_setting_and_its_default() -> None:
    said = " ".join(roofgeo("train", "--help").stdout.split())
    for name in ABOUT:
        assert f"--{name.replace('_', '-')}" in said, name
    for field in dataclasses.fields(TrainingSettings):
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert f"[{field.default}]" in said, field.name


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--output", "x"), "no data to train on", "[[data]]"),
        (("x", "--output", "x", "--steps", "0"), "steps is 0", "at least 1"),
        (("x", "--output", "x", "--heads", "roofs"), "heads has no 'roofs'", "'roof'"),
    ],
)
def test_a_wrong_setting_is_two_lines_and_exit_code_2(arguments: tuple[str, ...], message: str, hint: str) -> None:
    result = roofgeo("train", *arguments)
    assert result.returncode == 2 and re.fullmatch(r"Error: .+\nHint: .+", result.stderr.strip())
    assert message in result.stderr and hint in result.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_asked_for_and_absent(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(RECIPE)
    result = roofgeo("train", "--config", str(tmp_path / "train.toml"), "--output", str(tmp_path), "--device", "cuda")
    assert result.returncode == 2 and "no CUDA device" in result.stderr


@pytest.mark.slow
def test_a_recipe_is_followed_and_flags_come_first(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(RECIPE)
    result = roofgeo(
        "train", "--config", str(tmp_path / "train.toml"), "--output", str(tmp_path / "m"), "--steps", "2",
        "--progress", "json", *QUICK,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    told = events(result.stdout)
    assert [e["done"] for e in told if e["event"] == "progress" and e["stage"] == "train"][-1] == 2
    assert any(e["event"] == "figures" and e["step"] == 2 and "score" in e for e in told)
    assert told[-1]["event"] == "result" and told[-1]["settings"]["steps"] == 2
    assert (tmp_path / "m" / "model.onnx").is_file()
    assert not result.stderr.strip(), "Lightning's talk is not ours"


def test_the_guide_s_tables_are_those_of_the_settings() -> None:
    document = TARGET.read_text(encoding="utf-8")
    assert render(document) == document, "run python docs/make_training.py"
    assert set(EFFECTS) <= set(ABOUT)
    assert all(f"| `{name}` |" in document for name in ABOUT)
