"""Roof or not, pixel by pixel: IoU of the roofs and of the bands along their edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.ratios import ratio
from roofgeo.schema import NODATA

BOUNDARY_M = 0.5
"""Width of the band along the edge. Cheng et al. take 2 % of the picture's diagonal, which an orthophoto of any size
does not have; this is 5 px of 0.1 m, where theirs would be 14 px in a picture of 512."""

MaskRaster = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class PixelOverlap:
    """Pixels that two masks hold. Those of several scenes add up with ``+``.

    Attributes:
        common_px: Pixels that both hold.
        either_px: Pixels that at least one holds.
    """

    common_px: int = 0
    either_px: int = 0

    def __add__(self, other: PixelOverlap) -> PixelOverlap:
        """Both together."""
        return PixelOverlap(self.common_px + other.common_px, self.either_px + other.either_px)

    @property
    def iou(self) -> float | None:
        """Intersection over union; None if neither holds a pixel."""
        return ratio(self.common_px, self.either_px)


def roof_overlap(predicted: MaskRaster, truth: MaskRaster, where: BoolArray | None = None) -> PixelOverlap:
    """Roof pixels of prediction and truth, where the truth is labelled.

    Args:
        predicted: (height, width) 1 roof, else 0 or 255.
        truth: (height, width) 1 roof, 0 none, 255 not labelled.
        where: (height, width) True for pixels to count; all if None.

    Raises:
        InputError: The masks differ in shape.
    """
    return _overlap(predicted == 1, truth == 1, _counted(predicted, truth, where))


def boundary_overlap(
    predicted: MaskRaster, truth: MaskRaster, reach_px: int, where: BoolArray | None = None
) -> PixelOverlap:
    """Roof pixels near the edge of their roof, of prediction and truth (Boundary IoU, Cheng et al. 2021).

    Near is within `reach_px` of a pixel that is known to be no roof, along rows, columns or diagonals, as in the
    authors' erosion with a 3 x 3 square. Other than there, the raster's border and unlabelled ground are no edge.

    Args:
        predicted: (height, width) 1 roof, else 0 or 255.
        truth: (height, width) 1 roof, 0 none, 255 not labelled.
        reach_px: Width of the band, at least 1.
        where: (height, width) True for pixels to count; all if None.

    Raises:
        InputError: The masks differ in shape.
    """
    counted = _counted(predicted, truth, where)
    return _overlap(_band(predicted, reach_px), _band(truth, reach_px), counted)


def boundary_reach_px(pixel_size_m: float) -> int:
    """Width of the band along the edge in pixels: `BOUNDARY_M`, at least one pixel."""
    return max(1, round(BOUNDARY_M / pixel_size_m))


def _counted(predicted: MaskRaster, truth: MaskRaster, where: BoolArray | None) -> BoolArray:
    if predicted.shape != truth.shape:
        raise InputError(f"roof masks of shape {predicted.shape} and {truth.shape} cannot be compared")
    known: BoolArray = truth != NODATA
    return known if where is None else known & where


def _overlap(first: BoolArray, second: BoolArray, counted: BoolArray) -> PixelOverlap:
    common, either = first & second & counted, (first | second) & counted
    return PixelOverlap(int(np.count_nonzero(common)), int(np.count_nonzero(either)))


def _band(mask: MaskRaster, reach_px: int) -> BoolArray:
    """Roof pixels with a pixel of no roof in the square of `reach_px` around them."""
    not_ground = (mask != 0).astype(np.uint8)
    inner = scipy.ndimage.minimum_filter(not_ground, size=2 * reach_px + 1, mode="constant", cval=1)
    band: BoolArray = (mask == 1) & (inner == 0)
    return band
