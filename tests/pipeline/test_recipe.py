"""A recipe says what it does not know; flags beat the file, the file beats the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.errors import DataError, InputError
from roofgeo.pipeline.recipe import DataSource, make_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
TRAININGS = sorted(path for path in RECIPES.glob("*.toml") if path.stem != "mix")


def written(folder: Path, text: str) -> Path:
    path = folder / "train.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", TRAININGS, ids=lambda path: path.stem)
def test_recipes_can_be_followed(path: Path) -> None:
    recipe = make_recipe(path)
    named = recipe.settings.start_from == "open" if path.stem == "finetuning" else recipe.settings.preset == path.stem
    assert recipe.data and named


def test_flags_beat_the_file_and_the_file_beats_the_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, 'steps = 7\nseed = 3\n[[data]]\npath = "roofs"\nshare = 2\n')
    recipe = make_recipe(path, values={"steps": 9})
    assert (recipe.settings.steps, recipe.settings.seed, recipe.settings.batch_size) == (9, 3, 8)
    assert recipe.data == (DataSource(path=tmp_path / "roofs", share=2),)
    assert make_recipe(path, data_root=Path("/d")).data[0].path == Path("/d/roofs")
    assert make_recipe(path, ["mine"]).data == (DataSource(path=Path("mine")),)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("stps = 3", "unknown key 'stps'", "'steps'"),
        ("[[dat]]", "unknown key 'dat'", "'data'"),
        ('[[data]]\npaht = "x"', "unknown key 'paht'", "'path'"),
        ('[[data]]\nkind = "render"', "kind 'render'", "'rendered'"),
        ("[[data]]\nshare = 1", "lacks a path", "Rendered scenes have none"),
        ('[[data]]\nkind = "rendered"\npath = "x"', "has a path", "Rendered scenes have none"),
        ('[[data]]\npath = "x"\nshare = -1', "share -1", "at least 0"),
        ('[data]\npath = "x"', "no list of tables", "two brackets"),
        ('[[data]]\npath = "x"\nshare = 0', "no data to train on", "[[data]]"),
        ("steps = 3", "no data to train on", "[[data]]"),
        ("steps = ", "no TOML file", "recipes/"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        make_recipe(written(tmp_path, text))
    assert message in error.value.message and hint in error.value.hint


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml"):
        make_recipe(tmp_path / "none.toml")
