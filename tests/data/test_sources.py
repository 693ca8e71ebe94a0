"""Where the imagery is found when the user does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.data.sources import SETTINGS, VARIABLE, find_imagery
from roofgeo.errors import InputError


@pytest.fixture
def empty_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and a configuration folder without settings."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_beside_the_area_comes_first(empty_world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_world / SETTINGS).write_text('imagery = "beside.tif"')
    Path(SETTINGS).write_text('imagery = "here.tif"')
    monkeypatch.setenv(VARIABLE, "variable.tif")
    assert find_imagery(empty_world / "area.geojson") == empty_world / "beside.tif"
    assert find_imagery(None) == Path("here.tif")
    Path(SETTINGS).unlink()
    assert find_imagery(None) == Path("variable.tif")


def test_user_settings_come_last(empty_world: Path) -> None:
    settings = empty_world / "home" / "roofgeo" / SETTINGS
    settings.parent.mkdir(parents=True)
    settings.write_text('imagery = "mine.tif"')
    assert find_imagery(None) == settings.parent / "mine.tif"


def test_error_tells_all_four_ways(empty_world: Path) -> None:
    with pytest.raises(InputError) as error:
        find_imagery(empty_world / "area.geojson")
    assert all(way in error.value.hint for way in ("--imagery", SETTINGS, VARIABLE, str(empty_world / "home")))


@pytest.mark.parametrize("text", ["imagery = ", 'picture = "a.tif"', "imagery = 3"])
def test_broken_settings_are_named(empty_world: Path, text: str) -> None:
    Path(SETTINGS).write_text(text)
    with pytest.raises(InputError, match=SETTINGS):
        find_imagery(None)
