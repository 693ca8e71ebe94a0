"""Typed roof lines, from the heights of the faces on both sides of each edge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from roofgeo.synthesis.shapes import FLAT_GRADIENT, FloatArray, Height, Roof, height_at

_LEVEL_GRADIENT = 0.35
"""An edge that rises less than this share of its faces' steepest rise runs along them, not down the slope."""


@dataclass(frozen=True)
class RoofEdge:
    """One edge of a roof.

    Attributes:
        line_type: One of `roofgeo.schema.LINE_TYPES`.
        xy_m: (2, 2) its ends, x, y in metres.
        faces: The face with the edge on its ring in this sense, and the one opposite; None outside the building.
        z_m: Height of both ends, on the higher face.
    """

    line_type: str
    xy_m: FloatArray
    faces: tuple[int, int | None]
    z_m: tuple[float, float]


def roof_edges(roof: Roof) -> tuple[RoofEdge, ...]:
    """Every edge of a roof once, typed; edges between faces of one plane are none."""
    owner = {
        (face[i], face[(i + 1) % len(face)]): number for number, face in enumerate(roof.faces) for i in range(len(face))
    }
    edges = []
    for (u, v), here in owner.items():
        there = owner.get((v, u))
        if there is not None and u > v:
            continue
        xy = roof.points_m[[u, v]]
        kind = _outer(roof.heights_m[here], xy) if there is None else _inner(roof, here, there, xy)
        if kind is not None:
            edges.append(RoofEdge(kind, xy, (here, there), _top(roof, here, there, xy)))
    return tuple(edges)


def _top(roof: Roof, here: int, there: int | None, xy: FloatArray) -> tuple[float, float]:
    z = height_at(roof.heights_m[here], xy)
    if there is not None:
        z = np.maximum(z, height_at(roof.heights_m[there], xy))
    return float(z[0]), float(z[1])


def _outer(height: Height, xy: FloatArray) -> str:
    """Type of an outer edge whose face lies where a positively turning ring has its inside."""
    steepest = math.hypot(height[0], height[1])
    if steepest < FLAT_GRADIENT:
        return "eave"
    direction = (xy[1] - xy[0]) / np.hypot(*(xy[1] - xy[0]))
    along = height[0] * direction[0] + height[1] * direction[1]
    inward = -height[0] * direction[1] + height[1] * direction[0]
    return "eave" if abs(along) < _LEVEL_GRADIENT * steepest and inward > 0 else "rake"


def _inner(roof: Roof, here: int, there: int, xy: FloatArray) -> str | None:
    """Type of the edge between two faces; None if they are one plane."""
    first, second = roof.heights_m[here], roof.heights_m[there]
    gap = np.abs(height_at(first, xy) - height_at(second, xy))
    if np.max(gap) > roof.play_m:
        return "step"
    if math.hypot(first[0] - second[0], first[1] - second[1]) < 1e-3:
        return None
    if min(math.hypot(first[0], first[1]), math.hypot(second[0], second[1])) < FLAT_GRADIENT:
        return "step"
    direction = (xy[1] - xy[0]) / np.hypot(*(xy[1] - xy[0]))
    inward = np.array([-direction[1], direction[0]])
    # Going from `there` into `here`, a roof that bends downwards is convex.
    bend = (first[0] - second[0]) * inward[0] + (first[1] - second[1]) * inward[1]
    if bend > 0:
        return "valley"
    rises = [abs(h[0] * direction[0] + h[1] * direction[1]) / math.hypot(h[0], h[1]) for h in (first, second)]
    return "ridge" if sum(rises) / 2 < _LEVEL_GRADIENT else "hip"
