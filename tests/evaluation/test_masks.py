"""Roof masks: IoU and boundary IoU."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from roofgeo.errors import InputError
from roofgeo.evaluation.masks import boundary_overlap, boundary_reach_px, roof_overlap

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

masks = arrays(np.uint8, (12, 12), elements=st.integers(0, 1))


def square(top: int, left: int, side: int = 10, size: int = 20) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


def test_a_square_that_lies_a_pixel_beside() -> None:
    first, second = square(5, 5), square(5, 6)
    assert roof_overlap(first, second).iou == pytest.approx(90 / 110)
    # Bands of 1 px: 36 px each. Common: the two long sides share 9 px each (x 6..14); the short sides are elsewhere.
    assert boundary_overlap(first, second, 1).iou == pytest.approx(18 / (36 + 36 - 18))


def test_unlabelled_pixels_do_not_count_and_are_no_edge() -> None:
    truth = square(5, 5)
    truth[:, 10:] = 255
    assert roof_overlap(square(5, 5), truth).iou == 1
    # Of the true band only the left side (10) and the left half of top and bottom (4 each, less corners) is known.
    assert boundary_overlap(square(5, 5), truth, 1).common_px == 10 + 4 + 4
    assert boundary_overlap(square(5, 5), truth, 1).iou == 1


def test_the_border_of_the_raster_is_no_edge() -> None:
    full = np.ones((8, 8), np.uint8)
    assert boundary_overlap(full, full, 2).either_px == 0
    assert boundary_overlap(full, full, 2).iou is None


@unhurried
@given(masks, masks, st.integers(1, 3))
def test_it_agrees_with_the_authors_erosion(first: np.ndarray, second: np.ndarray, reach_px: int) -> None:
    def band(mask: np.ndarray) -> np.ndarray:
        padded = np.pad(mask, 10, mode="constant")  # theirs takes the border for an edge: keep roofs away from it
        return padded.astype(bool) & ~scipy.ndimage.binary_erosion(padded, np.ones((3, 3)), iterations=reach_px)

    one, two = band(first), band(second)
    found = boundary_overlap(np.pad(first, 10), np.pad(second, 10), reach_px)
    assert (found.common_px, found.either_px) == ((one & two).sum(), (one | two).sum())


@unhurried
@given(masks, masks)
def test_a_wide_band_is_the_whole_roof(first: np.ndarray, second: np.ndarray) -> None:
    first, second = np.pad(first, 1), np.pad(second, 1)
    assert boundary_overlap(first, second, 20) == roof_overlap(first, second)


@unhurried
@given(masks, masks, st.integers(1, 11))
def test_halves_add_up_to_the_whole(first: np.ndarray, second: np.ndarray, col: int) -> None:
    parts = roof_overlap(first[:, :col], second[:, :col]) + roof_overlap(first[:, col:], second[:, col:])
    assert parts == roof_overlap(first, second)
    left = np.broadcast_to(np.arange(12) < col, (12, 12))
    sides = boundary_overlap(first, second, 2, left) + boundary_overlap(first, second, 2, ~left)
    assert sides == boundary_overlap(first, second, 2)


@pytest.mark.parametrize(("pixel_size_m", "reach_px"), [(0.05, 10), (0.1, 5), (0.3, 2), (2.0, 1)])
def test_the_band_is_half_a_metre_wide(pixel_size_m: float, reach_px: int) -> None:
    assert boundary_reach_px(pixel_size_m) == reach_px


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        roof_overlap(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(InputError, match="cannot be compared"):
        boundary_overlap(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), 1)
