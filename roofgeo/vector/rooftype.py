"""The shape of a roof from its planes, by rule."""

from __future__ import annotations

from typing import Final

import numpy as np

from roofgeo.vector.crops import FloatArray

_MINOR: Final = 0.04
"""A segment below this share of the roof does not make it another type."""

_MOSTLY: Final = 0.85
_TURN_DEG: Final = 25.0
_RIDGE: Final = 0.1
"""A ridge shorter than this share of the roof's width is the blunt tip of a pyramid."""


def roof_type(azimuth_deg: FloatArray, area_m2: FloatArray, ridge_m: float, valley_m: float) -> str:
    """One of `roofgeo.schema.ROOF_TYPES`.

    Args:
        azimuth_deg: (segments,) downslope; NaN if flat.
        area_m2: (segments,) areas.
        ridge_m: Length of all ridges.
        valley_m: Length of all valleys.
    """
    total = float(area_m2.sum())
    if area_m2[np.isnan(azimuth_deg)].sum() >= _MOSTLY * total:
        return "flat"
    major = azimuth_deg[area_m2 >= _MINOR * total]
    if not len(major) or np.isnan(major).any() or valley_m > _RIDGE * np.sqrt(total):
        return "complex"
    quarters = np.sort((major - major[0] + _TURN_DEG) % 360)
    quarter = np.floor(quarters / 90)
    square = bool((quarters % 90 <= 2 * _TURN_DEG).all())
    turns = tuple(int(q) for q in quarter)
    if len(major) == 1:
        return "shed"
    if square and turns == (0, 2):
        return "gable"
    if square and turns == (0, 1, 2, 3):
        return "hip" if ridge_m > _RIDGE * np.sqrt(total) else "pyramid"
    return "hip" if square and turns in {(0, 1, 2), (0, 2, 3), (0, 1, 3)} else "complex"
