"""Segment classes pixel by pixel: a confusion matrix, and mIoU over 18, 10 and 6 classes made of it.

The coarse variants regroup the 16 azimuth bins by angle into 8 or 4. A coarse bin is half open, clockwise, with its
first centred at north: of 8 bins, N is [337.5, 22.5), NE [22.5, 67.5); of 4, N is [315, 45), E [45, 135). A bin of 16
goes where its centre lies. So NNE (centre 22.5, which two of the 8 share) counts as NE, and NE (centre 45) as E of 4.
Prediction and truth are regrouped alike: what is right in 16 is right in 8 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.schema import AZIMUTH_BIN_DEG, BACKGROUND, COMPASS, FIRST_PITCHED, NODATA, SEGMENT_CLASSES

CLASS_COUNT = len(SEGMENT_CLASSES)
AZIMUTH_COUNTS = (16, 8, 4)

ClassRaster = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def coarse_bin(azimuth_deg: NDArray[np.floating] | float, azimuths: int) -> IntArray:
    """Number of the bin an azimuth lies in: 0 is centred at north, clockwise, half open.

    Args:
        azimuth_deg: Any shape, degrees clockwise from north.
        azimuths: How many bins the circle has.
    """
    width_deg = 360.0 / azimuths
    bins: IntArray = np.floor((np.asarray(azimuth_deg) + width_deg / 2) / width_deg).astype(np.int64) % azimuths
    return bins


def coarse_codes(azimuths: int) -> IntArray:
    """(18,) class of each of the 18 classes when the circle has fewer azimuths: background, flat, then the bins."""
    centres_deg = np.arange(len(COMPASS)) * AZIMUTH_BIN_DEG
    return np.concatenate([np.arange(FIRST_PITCHED), FIRST_PITCHED + coarse_bin(centres_deg, azimuths)])


def _no_pixels() -> IntArray:
    return np.zeros((CLASS_COUNT, CLASS_COUNT), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class ClassSums:
    """Pixels by true and predicted class. Those of several scenes add up with ``+``.

    Attributes:
        confusion: (18, 18) number of pixels of each true class (row) that have each predicted class (column).
        azimuths: How many azimuths the truth tells apart: 16, 8 or 4; the least of all scenes.
    """

    confusion: IntArray = field(default_factory=_no_pixels)
    azimuths: int = len(COMPASS)

    def __add__(self, other: ClassSums) -> ClassSums:
        """Both together."""
        return ClassSums(self.confusion + other.confusion, min(self.azimuths, other.azimuths))

    def regrouped(self, azimuths: int) -> IntArray:
        """(2 + azimuths, 2 + azimuths) the confusion matrix of background, flat and so many azimuths."""
        codes = coarse_codes(azimuths)
        matrix = np.zeros((FIRST_PITCHED + azimuths,) * 2, dtype=np.int64)
        np.add.at(matrix, (codes[:, None], codes[None, :]), self.confusion)
        return matrix

    def class_iou(self, azimuths: int) -> FloatArray:
        """(2 + azimuths,) intersection over union of each class; NaN for one that neither side has."""
        matrix = self.regrouped(azimuths)
        common = np.diagonal(matrix).astype(np.float64)
        either = matrix.sum(axis=0) + matrix.sum(axis=1) - common
        iou: FloatArray = np.divide(common, either, out=np.full(len(common), np.nan), where=either > 0)
        return iou

    def mean_iou(self, azimuths: int) -> float | None:
        """Mean over the classes that either side has; None without pixels, or if the truth tells fewer azimuths."""
        if azimuths > self.azimuths or not self.confusion.any():
            return None
        return float(np.nanmean(self.class_iou(azimuths)))

    @property
    def true_classes(self) -> int:
        """How many of the 18 classes the truth has."""
        return int(np.count_nonzero(self.confusion.sum(axis=1)))

    @property
    def wrong_share(self) -> float:
        """Share of the pixels whose class is another; 0 without pixels."""
        total = int(self.confusion.sum())
        return 1.0 - int(np.trace(self.confusion)) / total if total else 0.0


def class_sums(
    predicted: ClassRaster, truth: ClassRaster, where: BoolArray | None = None, azimuths: int = len(COMPASS)
) -> ClassSums:
    """Count pixels by true and predicted class.

    Pixels not labelled in the truth (255) do not count. A labelled pixel without a prediction (255) counts as
    background: nothing was found there.

    Args:
        predicted: (height, width) codes of `roofgeo.schema.SEGMENT_CLASSES`.
        truth: (height, width) codes of the same; of those with 8 or 4 azimuths the bin of 16 with the same centre.
        where: (height, width) True for pixels to count; all if None.
        azimuths: How many azimuths the truth tells apart.

    Raises:
        InputError: The rasters differ in shape, or hold another code.
    """
    if predicted.shape != truth.shape:
        raise InputError(f"class rasters of shape {predicted.shape} and {truth.shape} cannot be compared")
    known = truth != NODATA
    if where is not None:
        known &= where
    found = np.where(predicted == NODATA, BACKGROUND, predicted)[known].astype(np.int64)
    true = truth[known].astype(np.int64)
    for name, codes in (("predicted", found), ("true", true)):
        if codes.size and codes.max() >= CLASS_COUNT:
            raise InputError(f"the {name} classes hold the code {codes.max()}", f"Codes are 0..{CLASS_COUNT - 1}.")
    counts = np.bincount(true * CLASS_COUNT + found, minlength=CLASS_COUNT**2)
    return ClassSums(counts.reshape(CLASS_COUNT, CLASS_COUNT).astype(np.int64), azimuths)
