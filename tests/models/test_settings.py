"""Settings are checked by one table, and say what would be right."""

from __future__ import annotations

import dataclasses

import pytest

from roofgeo.errors import InputError
from roofgeo.models.network import PRESETS
from roofgeo.models.settings import ABOUT, PRESET_NAMES, TYPES, TrainingSettings, make_settings


def test_defaults_are_settings_too() -> None:
    assert make_settings({}) == TrainingSettings()
    assert make_settings(dataclasses.asdict(TrainingSettings())) == TrainingSettings()
    assert set(TYPES) == set(ABOUT) and all(about.help.endswith(".") for about in ABOUT.values())
    assert tuple(PRESETS) == PRESET_NAMES


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"stpes": 3}, "no setting 'stpes'", "'steps'"),
        ({"steps": 0}, "steps is 0", "at least 1"),
        ({"steps": "many"}, "steps is 'many'", "Optimiser steps"),
        ({"steps": 1.5}, "steps is 1.5", "Optimiser steps"),
        ({"augment": 1}, "augment is 1", "Turn"),
        ({"batch_size": True}, "batch_size is True", "Windows"),
        ({"learning_rate": 2}, "learning_rate is 2", "1e-07 to 1"),
        ({"heads": ["roofs"]}, "heads has no 'roofs'", "'roof'"),
        ({"heads": []}, "heads is []", "predicts"),
        ({"metadata": ["sun"]}, "metadata has no 'sun'", "sun_azimuth"),
        ({"precision": "fp8"}, "precision has no 'fp8'", "fp"),
        ({"preset": "resnet"}, "preset has no 'resnet'", "hybrid-resnet50"),
        ({"window_px": 100}, "window_px is 100", "five times"),
        ({"steps": None}, "steps is None", "Optimiser"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(values: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        make_settings(values)
    assert message in error.value.message and hint in error.value.hint


def test_lists_become_tuples_and_unset_stays() -> None:
    settings = make_settings({"heads": ["roof", "segments"], "max_samples": None})
    assert settings.heads == ("roof", "segments") and settings.max_samples is None
