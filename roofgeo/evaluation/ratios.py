"""Parts of wholes, which may be empty, and differences of directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def ratio(part: float, whole: float) -> float | None:
    """A part of a whole; None if there is no whole: "not measured" is not "bad"."""
    return part / whole if whole > 0 else None


def azimuth_difference_deg(first_deg: FloatArray, second_deg: FloatArray) -> FloatArray:
    """Absolute difference of two azimuths, the short way round: 0 to 180 degrees, of the inputs' shape."""
    difference: FloatArray = np.abs((first_deg - second_deg + 180.0) % 360.0 - 180.0)
    return difference


def median_of_counts(values: FloatArray, counts: NDArray[np.int64]) -> float:
    """Median of values that occur several times each; the mean of the two in the middle if their number is even.

    Args:
        values: (n,) ascending.
        counts: (n,) how often each occurs, at least one in all.
    """
    last = np.cumsum(counts)
    lower, upper = np.searchsorted(last, [(last[-1] - 1) // 2, last[-1] // 2], side="right")
    return float(values[lower] + values[upper]) / 2.0
