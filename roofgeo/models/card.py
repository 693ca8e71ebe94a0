"""The card of a model: all that one must know to use it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from roofgeo.errors import ModelError
from roofgeo.schema import HEAD, USUAL_METADATA

CARD: Final = "card.json"
ONNX: Final = "model.onnx"
WEIGHTS: Final = "model.safetensors"
ITEM: Final = "stac-item.json"

CONTRACT: Final = 1
"""Version of what a network takes and gives; raised when `roofgeo.schema`'s heads or metadata change."""

_TUPLES = ("heads", "trained_on", "source_pixel_size_m")

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("name", "version", "licence"), str),
    **dict.fromkeys(("architecture", "figures", "calibration", "training", "sha256"), dict),
    **dict.fromkeys(("tile_px", "overlap_px"), int),
    "pixel_size_m": (int, float),
}

_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
"""In an SPDX expression: CC-BY-NC-4.0, PolyForm-Noncommercial-1.0.0."""


@dataclass(frozen=True)
class ModelCard:
    """What one must know of a model to use it.

    Attributes:
        name: Name it is asked for by.
        version: Version of the weights.
        architecture: Arguments the network is built from.
        heads: Names of its heads.
        pixel_size_m: Pixel size it works at.
        source_pixel_size_m: Finest and coarsest pixel size of the pictures it was trained on, before they were
            resampled to `pixel_size_m`. A card that says nothing is of a model made by `roofgeo train`.
        tile_px: Side of the windows it is run on, a multiple of 32.
        overlap_px: Overlap of neighbouring windows.
        heights_known: True if the height head has been measured to be right on real pictures.
        licence: SPDX expression of the weights' licence.
        trained_on: One line per data set.
        figures: Measured figures, by set.
        calibration: How the confidence of segments becomes the chance that they are right: `slope` and `offset` of
            `roofgeo.evaluation.calibration.Calibration`, and what they were fitted to. Empty: not at all.
        training: How it was trained: settings, class weights, fingerprints of data and code.
        sha256: Hash of each file.
        contract: `CONTRACT` the model keeps.
    """

    name: str
    version: str
    architecture: dict[str, Any]
    heads: tuple[str, ...]
    pixel_size_m: float
    source_pixel_size_m: tuple[float, float] = (0.05, 0.3)
    tile_px: int = 1024
    overlap_px: int = 256
    heights_known: bool = False
    licence: str = ""
    trained_on: tuple[str, ...] = ()
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    contract: int = CONTRACT

    @property
    def metadata(self) -> tuple[str, ...]:
        """Facts of `roofgeo.schema.METADATA` its network is told."""
        return tuple(self.architecture.get("metadata", USUAL_METADATA))

    @property
    def platt(self) -> tuple[float, float]:
        """Slope and offset of its calibration; those that change nothing where it has none."""
        return float(self.calibration.get("slope", 1.0)), float(self.calibration.get("offset", 0.0))

    @property
    def commercial(self) -> bool:
        """False if its licence forbids commercial use."""
        return _NON_COMMERCIAL.search(self.licence) is None


def read_card(folder: Path) -> ModelCard:
    """The card of a model's folder, which is not verified.

    Raises:
        ModelError: It is no card, or is of another contract.
    """
    try:
        values = json.loads((folder / CARD).read_text(encoding="utf-8"))
        lists = {name: tuple(values[name]) for name in _TUPLES if name in values}
        card = ModelCard(**{**values, **lists})
        _check_types(card)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{folder / CARD} is no model card: {error}", "Fetch or install the model again.") from error
    unknown = set(card.heads) - set(HEAD)
    if card.contract != CONTRACT or unknown:
        raise ModelError(
            f"{card.name} keeps contract {card.contract}, this roofgeo needs {CONTRACT}", "Use a model made for it."
        )
    return card


def _check_types(card: ModelCard) -> None:
    """A card may come from anywhere, and others rely on what it says being of its kind.

    Raises:
        TypeError: Something is not.
        ValueError: The calibration does not rise.
    """
    for name, kind in _TYPES.items():
        if not isinstance(getattr(card, name), kind):
            raise TypeError(f"{name} is {getattr(card, name)!r}")
    finest_m, coarsest_m = card.source_pixel_size_m
    numbers = [finest_m, coarsest_m, *(value for found in card.figures.values() for value in found.values())]
    if not all(isinstance(number, int | float) for number in numbers):
        raise TypeError("a figure or a pixel size is no number")
    if not all(isinstance(word, str) for word in (*card.heads, *card.trained_on, *card.sha256.values())):
        raise TypeError("a head, a data set or a hash is no word")
    if not isinstance(card.training.get("settings", {}), dict):
        raise TypeError("the settings of the training are no table")
    slope, offset = card.platt
    if not (math.isfinite(slope) and slope > 0 and math.isfinite(offset)):
        raise ValueError(f"a calibration of slope {slope} and offset {offset} turns confidence round")
