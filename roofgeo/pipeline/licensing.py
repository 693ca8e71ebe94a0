"""A licence that forbids commercial use is told at the first use of a model, and then no more."""

from __future__ import annotations

import contextlib
from pathlib import Path

from roofgeo.data.sources import user_settings
from roofgeo.models.card import ModelCard, read_card
from roofgeo.models.library import DEFAULT_MODEL, find_model

TOLD = "licences-told.txt"
"""In the user's configuration folder: a line for each model and licence that were told."""


def licence_notice(model: str | Path | None = None) -> str:
    """What to tell before a model is used; empty if that was told before, or its licence allows commercial use.

    It counts as told from now on. Where that cannot be written down, it is told again the next time.

    Args:
        model: Its name or path; None for the one used where none is asked for.

    Raises:
        ModelError: There is none.
    """
    card = read_card(find_model(DEFAULT_MODEL if model is None else model))
    if card.commercial or _line(card) in _lines():
        return ""
    _remember(card)
    return f"the model {card.name} is licensed under {card.licence}: not for commercial use. This is told once."


def _line(card: ModelCard) -> str:
    return f"{card.name} {card.licence}"


def _lines() -> list[str]:
    with contextlib.suppress(OSError, RuntimeError, UnicodeDecodeError):  # RuntimeError: there is no home
        return (user_settings().parent / TOLD).read_text(encoding="utf-8").splitlines()
    return []


def _remember(card: ModelCard) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        folder = user_settings().parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / TOLD).open("a", encoding="utf-8") as file:
            file.write(f"{_line(card)}\n")
