"""The type of each roof line, from the two planes it parts; the network chooses where these leave a choice."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from roofgeo.schema import LINE_TYPES
from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import GeometryArray

_LEANS: Final = 0.25
"""A plane falls away from (towards) a line if that part of its downslope is more than this."""

LEVEL_COS: Final = (0.3, 0.5)
"""A line is level up to the first, inclined from the second of these parts of the downslope along it."""

_LESS: Final = 0.4
_PRIOR: Final = 0.05
"""Added to every probability, so that the planes decide where the network sees no line at all."""

_FOOT_COS: Final = (0.5, 0.85)
"""An outer edge is a rake up to the first, an eave from the second of these parts of the downslope across it."""

_STEP_M: Final = 0.4
"""Planes that are farther apart in height at a line do not meet there."""

_BESIDE_M: Final = 0.5
"""A line may be drawn so far beside where its planes meet: this explains the more of their difference, the more they
are turned to each other."""


def line_types(
    lines: GeometryArray, left: FloatArray, right: FloatArray, apart: BoolArray, heads: FloatArray
) -> IntArray:
    """(lines,) codes of `roofgeo.schema.LINE_CLASSES`.

    Args:
        lines: LineStrings, y to the north.
        left: (lines, 2) downslope (east, north) on the left; 0 where flat, NaN outside.
        right: The same on the right.
        apart: (lines,) True where the two planes are known not to meet, see `planes_apart`.
        heads: (lines, 7) mean line probabilities.
    """
    return np.asarray((fit(lines, left, right, apart) * (heads[:, 1:] + _PRIOR)).argmax(1) + 1, np.int64)


def planes_apart(lines: GeometryArray, centres: FloatArray, levels_m: FloatArray, gradients: FloatArray) -> BoolArray:
    """(lines,) True where the planes beside a line are of different height at its middle; False where one is unknown.

    Args:
        lines: LineStrings.
        centres: (lines, 2, 2) a point of the plane on the left and of that on the right, east and north.
        levels_m: (lines, 2) heights there.
        gradients: (lines, 2, 2) rise of the two planes to the east and north.
    """
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    height_m = levels_m + (gradients * (middle[:, None] - centres)).sum(2)
    turned = (gradients[:, 0] - gradients[:, 1]) * _across(directions(lines))
    return np.asarray(np.abs(height_m[:, 0] - height_m[:, 1]) > np.maximum(_STEP_M, _BESIDE_M * np.abs(turned.sum(1))))


def fit(lines: GeometryArray, left: FloatArray, right: FloatArray, apart: BoolArray) -> FloatArray:
    """(lines, 6) how well each of `roofgeo.schema.LINE_TYPES` fits the planes beside the line: 0 not, 1 well.

    Planes that fall the same way meet at a step, or nearly in line at a hip or valley of two pitches: less likely.
    Those known to be apart in height have a step between them and nothing else.
    """
    along = directions(lines)
    across = _across(along)
    away_left, away_right = (left * across).sum(1), -(right * across).sum(1)
    level = np.abs(np.stack([(left * along).sum(1), (right * along).sum(1)])).mean(0)
    outer = np.isnan(away_left) | np.isnan(away_right)
    foot = -np.where(np.isnan(away_left), away_right, away_left)
    flat = ~left.any(1) | ~right.any(1)
    inner = ~outer & ~flat & ~apart
    falling = inner & (away_left > -_LEANS) & (away_right > -_LEANS) & (away_left + away_right > 2 * _LEANS)
    rising = inner & (away_left < _LEANS) & (away_right < _LEANS) & (away_left + away_right < -2 * _LEANS)
    mixed = inner & ~falling & ~rising
    doubtful = inner & ((np.abs(away_left) < _LEANS) | (np.abs(away_right) < _LEANS))
    fits = {
        "eave": outer & (flat | (foot >= _FOOT_COS[0])),
        "ridge": falling & (level < LEVEL_COS[1]),
        "hip": (falling & (level > LEVEL_COS[0])) + _LESS * mixed,
        "valley": rising + _LESS * mixed,
        "rake": outer & ~flat & (foot < _FOOT_COS[1]),
        "step": ~outer & (flat | apart | mixed | doubtful),
    }
    return np.stack([fits[name] for name in LINE_TYPES], 1)


def directions(lines: GeometryArray) -> FloatArray:
    """(lines, 2) unit vectors from the first to the last point."""
    ends = [shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)]
    chord = ends[1] - ends[0]
    unit: FloatArray = chord / np.maximum(np.hypot(*chord.T), 1e-12)[:, None]
    return unit


def _across(along: FloatArray) -> FloatArray:
    """(lines, 2) unit vectors to the left."""
    return np.stack([-along[:, 1], along[:, 0]], 1)
