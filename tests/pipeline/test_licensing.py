"""A licence that forbids commercial use is told once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from roofgeo.data import sources
from roofgeo.errors import ModelError
from roofgeo.models import library
from roofgeo.models.card import CARD, ModelCard, read_card
from roofgeo.pipeline import licence_notice
from roofgeo.pipeline.licensing import TOLD


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder, which does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder / "roofgeo"


def model_of(licence: str, folder: Path) -> Path:
    """A folder of nothing but a card."""
    folder.mkdir(parents=True)
    card = ModelCard(folder.name, "1", {}, ("roof",), 0.1, licence=licence)
    (folder / CARD).write_text(json.dumps(dataclasses.asdict(card)))
    return folder


def test_it_is_told_once_for_each_model_and_licence(tmp_path: Path, home: Path) -> None:
    model = model_of("CC-BY-NC-4.0", tmp_path / "mine")
    assert licence_notice(model).startswith("the model mine is licensed under CC-BY-NC-4.0: not for commercial use")
    assert licence_notice(model) == licence_notice(str(model)) == ""
    assert licence_notice(model_of("CC-BY-NC-4.0", tmp_path / "another"))
    assert licence_notice(model_of("CC-BY-NC-SA-4.0", tmp_path / "later" / "mine"))
    assert len((home / TOLD).read_text().splitlines()) == 3


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "MIT", ""])
def test_of_others_nothing_is_told_and_nothing_written(tmp_path: Path, home: Path, licence: str) -> None:
    assert licence_notice(model_of(licence, tmp_path / "mine")) == ""
    assert not home.exists()


def test_the_usual_model_is_told_of_by_its_card(home: Path) -> None:
    card = read_card(library.shipped_models()[library.DEFAULT_MODEL])
    assert bool(licence_notice()) == (not card.commercial)


def test_where_nothing_can_be_written_it_is_told_each_time(tmp_path: Path, home: Path) -> None:
    home.parent.write_text("")  # a file: no folder can be made in it, not even by root
    model = model_of("CC-BY-NC-4.0", tmp_path / "mine")
    assert licence_notice(model) and licence_notice(model)


def test_without_a_home_it_is_told_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(sources.Path, "home", homeless)
    model = model_of("CC-BY-NC-4.0", tmp_path / "mine")
    assert licence_notice(model) and licence_notice(model)


def test_a_damaged_list_is_as_none(tmp_path: Path, home: Path) -> None:
    home.mkdir(parents=True)
    (home / TOLD).write_bytes(b"\xff\xfe\x00")
    assert licence_notice(model_of("CC-BY-NC-4.0", tmp_path / "mine"))


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ModelError, match="nonesuch"):
        licence_notice("nonesuch")
