"""Predicted heights against true ones, pixel by pixel: RMSE and NMAD."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.ratios import median_of_counts, ratio

STEP_M = 0.01
"""Differences are kept rounded to this, so that a data set of any size fits into memory: medians are as exact."""

NORMAL_MAD = 1.4826
"""Makes the median absolute deviation of normally distributed errors their standard deviation."""

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
HeightRaster = NDArray[np.floating]
BoolArray = NDArray[np.bool_]


def _none() -> IntArray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class HeightSums:
    """Differences predicted - true. Those of several scenes add up with ``+``; a count is kept per centimetre.

    Attributes:
        square_sum_m2: Sum of the squared differences, not rounded.
        steps: (n,) the differences that occur, ascending, in `STEP_M`.
        counts: (n,) how many pixels have each.
    """

    square_sum_m2: float = 0.0
    steps: IntArray = field(default_factory=_none)
    counts: IntArray = field(default_factory=_none)

    def __add__(self, other: HeightSums) -> HeightSums:
        """Both together."""
        steps, place = np.unique(np.concatenate([self.steps, other.steps]), return_inverse=True)
        counts = np.zeros(len(steps), dtype=np.int64)
        np.add.at(counts, place, np.concatenate([self.counts, other.counts]))
        return HeightSums(self.square_sum_m2 + other.square_sum_m2, steps, counts)

    @property
    def count(self) -> int:
        """Number of pixels."""
        return int(self.counts.sum())

    @property
    def rmse_m(self) -> float | None:
        """Root of the mean squared difference; None without pixels."""
        mean = ratio(self.square_sum_m2, self.count)
        return None if mean is None else math.sqrt(mean)

    @property
    def nmad_m(self) -> float | None:
        """1.4826 times the median of |difference - median difference| (Hoehle & Hoehle 2009), to about `STEP_M`."""
        if self.count == 0:
            return None
        difference_m: FloatArray = self.steps.astype(np.float64) * STEP_M
        deviation: FloatArray = np.abs(difference_m - median_of_counts(difference_m, self.counts))
        order = np.argsort(deviation, kind="stable")
        return NORMAL_MAD * median_of_counts(deviation[order], self.counts[order])


def height_sums(predicted_m: HeightRaster, truth_m: HeightRaster, where: BoolArray | None = None) -> HeightSums:
    """Differences of heights, where both are known.

    Args:
        predicted_m: (height, width) metres above ground, NaN where unknown.
        truth_m: (height, width) metres above ground, NaN where unknown.
        where: (height, width) True for pixels to measure; all if None.

    Raises:
        InputError: The rasters differ in shape.
    """
    if predicted_m.shape != truth_m.shape:
        raise InputError(f"height rasters of shape {predicted_m.shape} and {truth_m.shape} cannot be compared")
    known = np.isfinite(predicted_m) & np.isfinite(truth_m)
    if where is not None:
        known &= where
    difference: FloatArray = predicted_m[known].astype(np.float64) - truth_m[known].astype(np.float64)
    steps, counts = np.unique(np.rint(difference / STEP_M).astype(np.int64), return_counts=True)
    return HeightSums(float(np.square(difference).sum()), steps, counts.astype(np.int64))
