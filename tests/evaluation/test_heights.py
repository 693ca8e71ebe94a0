"""Heights: RMSE and NMAD."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.regression import MeanSquaredError

from roofgeo.errors import InputError
from roofgeo.evaluation.heights import STEP_M, HeightSums, height_sums

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

heights = arrays(np.float32, (6, 5), elements=st.floats(0, 40, width=32))


def test_a_hand_made_case() -> None:
    truth = np.array([[5.0, 5.0, 5.0, 5.0, 5.0, np.nan]])
    predicted = np.array([[5.0, 6.0, 6.0, 7.0, 15.0, 9.0]])
    sums = height_sums(predicted, truth)
    # Differences 0 1 1 2 10: squares 0 + 1 + 1 + 4 + 100 = 106. Median 1, deviations 1 0 0 1 9, their median 1.
    assert sums.rmse_m == pytest.approx((106 / 5) ** 0.5)
    assert sums.nmad_m == pytest.approx(1.4826)
    assert sums.count == 5


@unhurried
@given(heights, heights)
def test_it_agrees_with_the_libraries(predicted: np.ndarray, truth: np.ndarray) -> None:
    sums = height_sums(predicted, truth)
    expected = MeanSquaredError(squared=False)(torch.from_numpy(predicted), torch.from_numpy(truth))
    assert sums.rmse_m == pytest.approx(float(expected), rel=1e-4, abs=1e-3)
    difference = predicted.astype(float).ravel() - truth.astype(float).ravel()
    nmad = 1.4826 * scipy.stats.median_abs_deviation(difference)
    assert sums.nmad_m == pytest.approx(nmad, abs=1.4826 * STEP_M)


@unhurried
@given(heights, heights, st.integers(1, 4))
def test_halves_add_up_to_the_whole(predicted: np.ndarray, truth: np.ndarray, col: int) -> None:
    whole = height_sums(predicted, truth)
    parts = height_sums(predicted[:, :col], truth[:, :col]) + height_sums(predicted[:, col:], truth[:, col:])
    assert parts.rmse_m == pytest.approx(whole.rmse_m)
    assert parts.nmad_m == whole.nmad_m


def test_only_what_is_asked_for_counts() -> None:
    where = np.array([[True, False]])
    assert height_sums(np.array([[1.0, 9.0]]), np.zeros((1, 2)), where).rmse_m == 1


def test_no_pixels_are_unknown() -> None:
    nothing = height_sums(np.full((2, 2), np.nan), np.zeros((2, 2)))
    assert (nothing.rmse_m, nothing.nmad_m, (nothing + HeightSums()).count) == (None, None, 0)


def test_rasters_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        height_sums(np.zeros((2, 2)), np.zeros((2, 3)))
