"""What is told of the models one can ask for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from roofgeo import pipeline
from roofgeo.errors import ModelError
from roofgeo.models import library
from roofgeo.models.card import CARD, ITEM, WEIGHTS
from roofgeo.models.library import DEFAULT_MODEL, shipped_models


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a model called mine that was added: a copy of the usual one."""
    monkeypatch.setenv(library.VARIABLE, str(tmp_path / "models"))
    return pipeline.add_model(shipped_models()[DEFAULT_MODEL], "mine").folder


def test_models_of_the_package_come_first_and_one_is_the_default(added: Path) -> None:
    known = pipeline.list_models()
    assert [model.name for model in known] == [*shipped_models(), "mine"]
    assert [model.name for model in known if model.default] == [DEFAULT_MODEL]
    assert [model.name for model in known if not model.shipped] == ["mine"]
    assert all(model.card is not None and model.card.name == model.name for model in known)


def test_details_are_the_card_and_where_it_lies(added: Path) -> None:
    told = json.loads(json.dumps(pipeline.show_model("mine").details()))
    card = json.loads((added / CARD).read_text())
    assert told.items() >= card.items()
    assert (told["folder"], told["stac_item"]) == (str(added), str(added / ITEM))
    assert told["size_bytes"] == sum(path.stat().st_size for path in added.iterdir())
    assert (told["shipped"], told["default"]) == (False, False)


def test_a_folder_can_be_shown_and_verified(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped_models()[DEFAULT_MODEL], tmp_path / DEFAULT_MODEL))
    (folder / ITEM).unlink()
    model = pipeline.show_model(str(folder))
    assert (model.name, model.shipped, model.default) == (DEFAULT_MODEL, False, False)
    assert model.details()["stac_item"] is None
    assert [model.problem for model in pipeline.verify_models(str(folder))] == [""]


def test_damage_is_found_and_the_others_are_still_told(added: Path) -> None:
    assert not any(model.problem for model in pipeline.verify_models())
    with (added / WEIGHTS).open("r+b") as file:
        file.write(b"\0\0")
    problems = {model.name: model.problem for model in pipeline.verify_models()}
    assert problems.pop("mine") == f"{added / WEIGHTS} is damaged: its SHA-256 is not the card's"
    assert set(problems.values()) == {""}


def test_a_card_that_cannot_be_read_is_told_and_hinders_nothing(added: Path) -> None:
    (added / CARD).write_text("{")
    (broken,) = (model for model in pipeline.list_models() if model.name == "mine")
    assert broken.card is None and CARD in broken.problem
    assert broken.summary() == {"name": "mine", "shipped": False, "problem": broken.problem}
    assert pipeline.show_model("mine").details()["problem"] == broken.problem
    assert CARD in pipeline.verify_models("mine")[0].problem
    assert "mine" not in [model.name for model in pipeline.installed().models]


def test_unknown_models_are_errors() -> None:
    for ask in (pipeline.show_model, pipeline.verify_models, pipeline.remove_model):
        with pytest.raises(ModelError, match="nonesuch"):
            ask("nonesuch")
