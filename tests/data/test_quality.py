"""Pictures that models are not trained on are told from those they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from roofgeo.data.quality import LEAST_PX, doubts, look_at
from tests.benchmarks.pictures import SPOILT, Picture, good_pictures, warnings_of

ORTHO = Path(__file__).parents[2] / "samples" / "ortho.tif"

SAID = {
    "blur of 2 px": "blurred",
    "blur of 5 px": "blurred",
    "enlarged 5 times": "blurred",
    "night": "very dark",
    "night, brighter": "very dark",
    "snow": "nearly white",
    "overexposed": "nearly white",
    "haze": "hardly any contrast",
    "no colours": "no colours",
    "noise of 25": "noisy",
    "noise alone": "noisy",
    "one colour": "a map, a drawing",
    "map": "a map, a drawing",
}


@pytest.fixture(scope="module")
def picture() -> Picture:
    with rasterio.open(ORTHO) as source:
        return np.moveaxis(source.read(window=((400, 1168), (400, 1168))), 0, -1)


def test_a_good_picture_is_not_doubted(picture: Picture) -> None:
    assert warnings_of(picture) == []


@pytest.mark.parametrize(("name", "says"), SAID.items())
def test_a_spoilt_picture_is_doubted_once_in_the_user_s_words(picture: Picture, name: str, says: str) -> None:
    (said,) = warnings_of(SPOILT[name](picture))
    assert says in said


def test_water_and_fields_beside_roofs_are_no_blur_and_no_haze(picture: Picture) -> None:
    lake = SPOILT["blur of 5 px"](SPOILT["haze"](picture))
    places = [
        look_at(np.moveaxis(each, -1, 0)) for each in (lake[:256, :256], lake[256:512, :256], picture[:256, :256])
    ]
    assert list(doubts(places)) == []
    assert list(doubts(places[:2])) != []


def test_nothing_is_said_of_nothing() -> None:
    assert list(doubts([])) == []


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, st.tuples(st.just(3), st.integers(LEAST_PX, 48), st.integers(LEAST_PX, 48))))
def test_any_pixels_can_be_looked_at(image: np.ndarray) -> None:
    seen = look_at(image)
    assert np.isfinite(list(vars(seen).values())).all()
    assert 0 <= seen.equal_share <= 1 and 0 <= seen.white_share <= 1 and seen.noise >= 0
    assert len(list(doubts([seen]))) <= 2


@pytest.mark.slow
def test_real_pictures_are_not_doubted(shared_data: Path) -> None:
    real = [(name, picture) for name, picture in good_pictures(shared_data) if name != "rendered"]
    assert len(real) > 100
    # Of the tiles at the town's edge one shows hardly anything: that is an empty picture, and is told.
    seen = [(name, picture) for name, picture in real if (picture == picture[0, 0]).all(-1).mean() < 0.5]
    assert len(real) - len(seen) <= 1
    assert [(name, told) for name, picture in seen if (told := warnings_of(picture))] == []
