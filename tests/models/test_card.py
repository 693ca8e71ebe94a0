"""A card tells what its licence allows, and is not believed where it talks nonsense."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from roofgeo.errors import ModelError
from roofgeo.models.card import CARD, ModelCard, read_card


@pytest.mark.parametrize(
    ("licence", "commercial"),
    [
        ("CC-BY-4.0", True),
        ("MIT", True),
        ("", True),
        ("NCSA", True),
        ("CC-BY-NC-4.0", False),
        ("CC-BY-NC-SA-4.0", False),
        ("MIT AND CC-BY-NC-ND-3.0", False),
        ("PolyForm-Noncommercial-1.0.0", False),
    ],
)
def test_a_licence_tells_whether_one_may_earn_money_with_it(licence: str, commercial: bool) -> None:
    assert ModelCard("m", "1", {}, (), 0.1, licence=licence).commercial is commercial


def written(folder: Path, **values: Any) -> Path:
    card = dataclasses.asdict(ModelCard("m", "1", {}, ("roof",), 0.1, licence="MIT"))
    (folder / CARD).write_text(json.dumps({**card, **values}))
    return folder


def test_a_card_says_the_same_when_it_is_read(tmp_path: Path) -> None:
    figures = {"sample": {"roof_iou": 0.9, "true_segments": 3}}
    card = read_card(written(tmp_path, figures=figures, trained_on=["a", "b"], training={"settings": {"steps": 1}}))
    assert (card.figures, card.trained_on, card.training["settings"]) == (figures, ("a", "b"), {"steps": 1})


@pytest.mark.parametrize(
    "nonsense",
    [
        {"name": 5},
        {"version": 1},
        {"licence": None},
        {"architecture": []},
        {"heads": [["roof"]]},
        {"heads": 1},
        {"pixel_size_m": "0.1"},
        {"source_pixel_size_m": [0.1]},
        {"source_pixel_size_m": ["a", "b"]},
        {"tile_px": 0.5},
        {"figures": {"sample": 1}},
        {"figures": {"sample": {"roof_iou": "good"}}},
        {"trained_on": [1]},
        {"training": {"settings": []}},
        {"sha256": {"model.onnx": 7}},
        {"of_the_future": True},
    ],
    ids=str,
)
def test_nonsense_is_no_card(tmp_path: Path, nonsense: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=f"{CARD} is no model card"):
        read_card(written(tmp_path, **nonsense))
