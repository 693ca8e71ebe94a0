"""The type of each roof line, from the two planes it parts; the network has the last word where these leave a choice."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from roofgeo.schema import LINE_CODE, LINE_TYPES
from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import GeometryArray

_LEANS: Final = 0.25
"""A plane falls away from (towards) a line if that part of its downslope is more than this."""

_LEVEL_COS: Final = (0.3, 0.5)
"""A line is level up to the first, inclined from the second of these parts of the downslope along it."""

_FOOT_COS: Final = (0.5, 0.85)
"""An outer edge is a rake up to the first, an eave from the second of these parts of the downslope across it."""


def line_types(lines: GeometryArray, left: FloatArray, right: FloatArray, heads: FloatArray) -> IntArray:
    """(lines,) codes of `roofgeo.schema.LINE_CLASSES`.

    Args:
        lines: LineStrings, y to the north.
        left: (lines, 2) downslope (east, north) on the left; 0 where flat, NaN outside.
        right: The same on the right.
        heads: (lines, 7) mean line probabilities.
    """
    possible = possible_types(lines, left, right)
    score = np.where(possible, heads[:, 1:] + 1e-6, 0)
    return np.asarray(score.argmax(1) + 1, np.int64)


def possible_types(lines: GeometryArray, left: FloatArray, right: FloatArray) -> BoolArray:
    """(lines, 6) whether each of `roofgeo.schema.LINE_TYPES` fits the planes beside the line."""
    along = _directions(lines)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    away_left, away_right = (left * across).sum(1), -(right * across).sum(1)
    level = np.abs(np.stack([(left * along).sum(1), (right * along).sum(1)])).mean(0)
    outer = np.isnan(away_left) | np.isnan(away_right)
    foot = -np.where(np.isnan(away_left), away_right, away_left)
    flat_left, flat_right = ~left.any(1), ~right.any(1)
    possible = np.zeros((len(lines), len(LINE_TYPES)), bool)

    def allow(name: str, where: BoolArray) -> None:
        possible[:, LINE_CODE[name] - 1] |= where

    flat = flat_left | flat_right
    allow("eave", outer & (flat | (foot >= _FOOT_COS[0])))
    allow("rake", outer & ~flat & (foot < _FOOT_COS[1]))
    inner = ~outer & ~flat
    falling = inner & (away_left > -_LEANS) & (away_right > -_LEANS) & (away_left + away_right > 2 * _LEANS)
    rising = inner & (away_left < _LEANS) & (away_right < _LEANS) & (away_left + away_right < -2 * _LEANS)
    doubtful = (np.abs(away_left) < _LEANS) | (np.abs(away_right) < _LEANS)
    allow("ridge", falling & (level < _LEVEL_COS[1]))
    allow("hip", falling & (level > _LEVEL_COS[0]))
    allow("valley", rising)
    allow("step", ~outer & (flat | ~(falling | rising) | doubtful))
    return possible


def _directions(lines: GeometryArray) -> FloatArray:
    """(lines, 2) unit vectors from the first to the last point."""
    ends = [shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)]
    chord = ends[1] - ends[0]
    unit: FloatArray = chord / np.maximum(np.hypot(*chord.T), 1e-12)[:, None]
    return unit
