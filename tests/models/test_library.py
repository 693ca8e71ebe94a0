"""Models are found by name: those of the package, those in the user's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from roofgeo.errors import InputError, ModelError
from roofgeo.models import library
from roofgeo.models.checkpoint import CARD, Model, open_model


@pytest.fixture
def added(small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with a model called mine."""
    folder = tmp_path / "models"
    shutil.copytree(small_model.folder, folder / "mine")
    monkeypatch.setenv(library.VARIABLE, str(folder))
    return folder


def test_an_added_model_is_found_by_its_name(added: Path) -> None:
    assert library.added_models() == {"mine": added / "mine"}
    assert list(library.known_models()) == [*library.shipped_models(), "mine"]
    assert open_model("mine").folder == added / "mine"


def test_a_folder_dropped_into_the_package_ships(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Path(shutil.copytree(library.SHIPPED_FOLDER, tmp_path / "weights"))
    shutil.copytree(small_model.folder, weights / "another")
    monkeypatch.setattr(library, "SHIPPED_FOLDER", weights)
    assert {"another", "research"} <= set(library.shipped_models())
    assert open_model("another").folder == weights / "another"


def test_no_added_model_hides_one_of_the_package(added: Path) -> None:
    shutil.copytree(added / "mine", added / "research")
    assert "research" not in library.added_models()
    assert open_model("research").folder == library.shipped_models()["research"]


def test_what_is_being_written_is_no_model(added: Path) -> None:
    (added / "mine").rename(added / ".adding-x")
    assert library.added_models() == {}


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_user_s_models_lie_in_the_data_folder(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(library.VARIABLE, raising=False)
    monkeypatch.setattr(library.sys, "platform", system)
    monkeypatch.setenv("LOCALAPPDATA" if system == "win32" else "XDG_DATA_HOME", str(tmp_path))
    assert library.models_folder() == tmp_path / "roofgeo" / "models"


def test_without_a_home_nothing_was_added_and_nothing_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in (library.VARIABLE, "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(library.Path, "home", homeless)
    assert library.added_models() == {}
    with pytest.raises(InputError, match="no home") as error:
        library.models_folder()
    assert library.VARIABLE in error.value.hint


@pytest.mark.parametrize("old", library.RENAMED)
def test_an_old_name_is_told_its_new_one(old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = library.RENAMED[old]
    assert new in library.shipped_models() and old not in library.known_models()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=f"'{old}' is called '{new}' now") as error:
        library.find_model(old)
    assert new in error.value.hint


def test_a_folder_of_the_old_name_is_that_folder(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old = next(iter(library.RENAMED))
    shutil.copytree(small_model.folder, old)
    assert library.find_model(old) == Path(old)


def test_unknown_names_are_told_all_known_ones(added: Path) -> None:
    with pytest.raises(ModelError, match="nonesuch") as error:
        library.find_model("nonesuch")
    assert all(name in error.value.hint for name in library.known_models())


def test_a_card_that_cannot_be_read_is_no_card(added: Path) -> None:
    (added / "mine" / CARD).unlink()
    (added / "mine" / CARD).mkdir()
    with pytest.raises(ModelError, match=f"{CARD} is no model card"):
        open_model("mine")
