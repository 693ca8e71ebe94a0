"""Lines in rasters; lines in layers are tested with the layers."""

from __future__ import annotations

import numpy as np
import pytest

from roofgeo.errors import InputError
from roofgeo.evaluation.lines import raster_line_sums, told_types
from roofgeo.schema import LINE_CODE


def raster(line_type: str, row: int, start: int = 5, end: int = 45, width: int = 1) -> np.ndarray:
    codes = np.zeros((30, 50), np.uint8)
    codes[row : row + width, start:end] = LINE_CODE[line_type]
    return codes


def test_a_hand_made_case() -> None:
    # 40 px of 0.1 m, two rows (0.2 m) beside; the prediction is half as long.
    sums = raster_line_sums(raster("ridge", 12, end=25), raster("ridge", 10), 0.1)["ridge"]
    assert (sums.true_m, sums.predicted_m) == (pytest.approx(4), pytest.approx(2))
    # Within 0.25 m are the 20 px beside and one beyond: 2 rows and 1 column away is sqrt(5) < 2.5.
    assert (sums.found_m, sums.correct_m) == (pytest.approx(2.1), pytest.approx(2))


def test_three_rows_beside_is_too_far() -> None:
    assert raster_line_sums(raster("eave", 13), raster("eave", 10), 0.1)["eave"].f == 0


def test_thick_lines_count_by_length() -> None:
    sums = raster_line_sums(raster("hip", 10, width=5), raster("hip", 10, width=5), 0.1)["hip"]
    assert sums.f == 1
    assert sums.true_m == pytest.approx(4, abs=0.5)  # thinning shortens the ends


def test_another_type_is_wrong_and_an_untold_one_is_not_measured() -> None:
    sums = raster_line_sums(raster("valley", 10), raster("ridge", 10), 0.1)
    assert (sums["ridge"].f, sums["hip"].f, sums["valley"].f) == (0, None, 0)
    assert told_types(sums, tells_all=True)["valley"].f == 0
    assert told_types(sums, tells_all=False)["valley"].f is None
    assert told_types(sums, tells_all=False)["ridge"].f == 0


def test_halves_add_up_to_the_whole() -> None:
    predicted, truth = raster("ridge", 12, end=25), raster("ridge", 10)
    left = np.broadcast_to(np.arange(50) < 20, truth.shape)
    first = raster_line_sums(predicted, truth, 0.1, left)["ridge"]
    both = first + raster_line_sums(predicted, truth, 0.1, ~left)["ridge"]
    assert both.f == pytest.approx(raster_line_sums(predicted, truth, 0.1)["ridge"].f)
    assert first.true_m == pytest.approx(1.5)


def test_unlabelled_ground_counts_nowhere() -> None:
    truth = raster("eave", 10)
    truth[:, 25:] = 255
    sums = raster_line_sums(raster("eave", 10), truth, 0.1)["eave"]
    assert (sums.f, sums.true_m, sums.predicted_m) == (1, pytest.approx(2), pytest.approx(2))


def test_rasters_of_different_shape_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        raster_line_sums(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), 0.1)
