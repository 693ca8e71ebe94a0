"""The windows that came out worst, kept while a data set is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roofgeo.schema import BACKGROUND, NODATA

WORST_COUNT = 12

LEAST_ROOF_M2 = 25.0
"""Windows with less roof than this in truth and prediction together tell nothing: a single wrong pixel is all of it."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class WorstWindow:
    """A window with its labels.

    Attributes:
        name: Of the picture, and where in it.
        wrong_share: Share of the pixels that are roof in truth or prediction whose class is another.
        image: (3, height, width) red, green, blue.
        truth: (height, width) codes of `roofgeo.schema.SEGMENT_CLASSES`, 255 not labelled.
        predicted: (height, width) codes of the same.
    """

    name: str
    wrong_share: float
    image: NDArray[np.uint8]
    truth: Codes
    predicted: Codes


def wrong_share(predicted: Codes, truth: Codes, pixel_size_m: float) -> float | None:
    """Share of the labelled pixels that are roof in truth or prediction whose class is another; None if too few are."""
    found = np.where(predicted == NODATA, BACKGROUND, predicted)
    roof = (truth != NODATA) & ((truth != BACKGROUND) | (found != BACKGROUND))
    count = int(np.count_nonzero(roof))
    if count * pixel_size_m**2 < LEAST_ROOF_M2:
        return None
    return int(np.count_nonzero(found[roof] != truth[roof])) / count


def keep_worst(windows: Iterable[WorstWindow], most: int = WORST_COUNT) -> tuple[WorstWindow, ...]:
    """The worst of some windows, worst first."""
    return tuple(sorted(windows, key=lambda window: -window.wrong_share)[:most])
