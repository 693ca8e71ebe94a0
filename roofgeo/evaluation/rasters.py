"""Class rasters against each other: do the seams of windows or blocks show?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.schema import NODATA

ClassRaster = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

SEAM_REACH_PX = 16
"""Pixels nearer to a border than this are near it."""


@dataclass(frozen=True)
class SeamFigures:
    """How often the class of a pixel differs from the reference, near borders and elsewhere.

    Attributes:
        near_share: Share of differing pixels near borders; 0 if there are none.
        elsewhere_share: Share of differing pixels elsewhere; 0 if there are none.
    """

    near_share: float
    elsewhere_share: float

    @property
    def excess_points(self) -> float:
        """Percentage points by which pixels near borders differ more often than elsewhere."""
        return 100.0 * (self.near_share - self.elsewhere_share)


def measure_seams(
    classes: ClassRaster,
    reference: ClassRaster,
    row_borders: Iterable[int],
    col_borders: Iterable[int],
    reach_px: int = SEAM_REACH_PX,
) -> SeamFigures:
    """Compare stitched classes with those of one whole forward pass.

    Args:
        classes: (height, width) classes to judge.
        reference: (height, width) classes made without any border.
        row_borders: Rows at which a window or block starts; the border lies above the row.
        col_borders: Columns at which a window or block starts; the border lies left of the column.
        reach_px: How far from a border counts as near.

    Raises:
        InputError: The rasters differ in shape.
    """
    if classes.shape != reference.shape:
        raise InputError(f"class rasters of shape {classes.shape} and {reference.shape} cannot be compared")
    height, width = classes.shape
    near = _near(row_borders, height, reach_px)[:, None] | _near(col_borders, width, reach_px)[None, :]
    known = (classes != NODATA) & (reference != NODATA)
    differs = classes != reference
    return SeamFigures(_share(differs, known & near), _share(differs, known & ~near))


def _near(borders: Iterable[int], length: int, reach_px: int) -> BoolArray:
    """(length,) True for pixels within reach of a border that lies inside."""
    near = np.zeros(length, dtype=bool)
    for border in borders:
        if 0 < border < length:
            near[max(0, border - reach_px) : border + reach_px] = True
    return near


def _share(mask: BoolArray, where: BoolArray) -> float:
    return float(mask[where].mean()) if where.any() else 0.0
