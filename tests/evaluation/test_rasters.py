"""The seam measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.errors import InputError
from roofgeo.evaluation.rasters import measure_seams

SHAPE = (96, 128)


def test_a_seam_shows() -> None:
    reference, classes = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    classes[:, 63:65] = 3
    seams = measure_seams(classes, reference, [], [64])
    assert seams.near_share == pytest.approx(2 / 32)
    assert seams.elsewhere_share == 0
    assert seams.excess_points == pytest.approx(6.25)


def test_differences_everywhere_are_no_seam() -> None:
    reference, classes = np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)
    assert measure_seams(classes, reference, [32], [64]).excess_points == 0


def test_unknown_pixels_do_not_count() -> None:
    reference, classes = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    classes[:, 60:70] = 255
    assert measure_seams(classes, reference, [], [64]).near_share == 0


def test_the_outer_border_is_no_seam() -> None:
    reference, classes = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    classes[:, 0] = 1
    assert measure_seams(classes, reference, [0, 96], [0, 128]).near_share == 0


@given(st.integers(-10, 200), st.integers(1, 40))
def test_identical_rasters_have_no_seams(border: int, reach_px: int) -> None:
    same = np.arange(96 * 128, dtype=np.uint8).reshape(SHAPE)
    assert measure_seams(same, same, [border], [border], reach_px).excess_points == 0


def test_rasters_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        measure_seams(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), [], [])
