"""How far the confidence of segments can be trusted: average precision and calibration.

A detection is a predicted segment with its confidence, right if it matches a true one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.ratios import ratio

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

RELIABILITY_BINS = 15
"""As in Guo et al. (2017)."""


def _empty() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Detections:
    """Predicted segments by confidence. Those of several scenes add up with ``+``; nine bytes are kept of each.

    Attributes:
        confidence: (n,) 0..1.
        matched: (n,) True where the segment matches a true one.
        true_count: Number of true segments there were to find.
    """

    confidence: FloatArray = field(default_factory=_empty)
    matched: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    true_count: int = 0

    def __post_init__(self) -> None:
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():  # a NaN is neither
            raise InputError("a confidence of the predicted segments is not within 0..1", "Give what predict wrote.")

    def __add__(self, other: Detections) -> Detections:
        """Both together."""
        return Detections(
            np.concatenate([self.confidence, other.confidence]),
            np.concatenate([self.matched, other.matched]),
            self.true_count + other.true_count,
        )

    @property
    def average_precision(self) -> float | None:
        """Area under the precision-recall curve, interpolated at all points; None if there was nothing to find.

        Precision at a recall is the highest reached at that recall or a greater one (PASCAL VOC from 2010 on,
        Everingham et al. 2015). Segments of the same confidence enter together, so that their order does not matter.
        """
        if self.true_count == 0:
            return None
        precision, recall = self._curve()
        best = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(recall, prepend=0.0) * best))

    def _curve(self) -> tuple[FloatArray, FloatArray]:
        """Precision and recall, (k,) each, from the highest of the k distinct confidences down."""
        order = np.argsort(-self.confidence, kind="stable")
        last = np.flatnonzero(np.diff(self.confidence[order], append=-1.0))
        right = np.cumsum(self.matched[order])[last]
        return right / (last + 1.0), right / self.true_count

    def reliability(self, bin_count: int = RELIABILITY_BINS) -> Reliability:
        """The detections by bins of their confidence: bin m of M holds ((m - 1) / M, m / M], the first also 0."""
        of_bin = np.clip(np.ceil(self.confidence * bin_count).astype(np.intp) - 1, 0, None)
        return Reliability(
            np.bincount(of_bin, minlength=bin_count).astype(np.int64),
            np.bincount(of_bin, weights=self.confidence, minlength=bin_count).astype(np.float64),
            np.bincount(of_bin, weights=self.matched, minlength=bin_count).astype(np.int64),
        )


@dataclass(frozen=True, eq=False)
class Reliability:
    """Detections by bins of confidence, of equal width.

    Attributes:
        count: (M,) how many there are.
        confidence_sum: (M,) sum of their confidences.
        matched: (M,) how many of them match.
    """

    count: NDArray[np.int64]
    confidence_sum: FloatArray
    matched: NDArray[np.int64]

    @property
    def mean_confidence(self) -> FloatArray:
        """(M,) mean confidence of each bin, NaN in empty ones."""
        return self._per_detection(self.confidence_sum)

    @property
    def matched_share(self) -> FloatArray:
        """(M,) share of each bin that matches, NaN in empty ones."""
        return self._per_detection(self.matched.astype(np.float64))

    @property
    def expected_calibration_error(self) -> float | None:
        """Mean of |share that matches - mean confidence| over the bins, weighted by their counts (Guo et al. 2017)."""
        return ratio(float(np.abs(self.matched - self.confidence_sum).sum()), int(self.count.sum()))

    def _per_detection(self, total: FloatArray) -> FloatArray:
        share: FloatArray = np.divide(total, self.count, out=np.full(len(total), np.nan), where=self.count > 0)
        return share
