"""Typed roof lines, from the heights of the faces on both sides of each edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        first = roof.heights_m[here]
        kind = _outer(first, xy) if there is None else _inner(first, roof.heights_m[there], xy, roof.play_m)
        if kind is not None:
            edges.append(RoofEdge(kind, xy, (here, there), _top(roof, here, there, xy)))
    return tuple(edges)


def lines_of(roofs: Sequence[Roof]) -> tuple[tuple[int, RoofEdge], ...]:
    """Every edge of several roofs once, with the roof it belongs to.

    Where two roofs share an edge, as at a party wall, its type is that of an edge between their planes, and it belongs
    to the roof that comes first; planes that go on across it leave a step there.
    """
    edges = [(number, edge) for number, roof in enumerate(roofs) for edge in roof_edges(roof)]
    ends = [tuple(np.round(edge.xy_m, 3).ravel() + 0.0) for _, edge in edges]
    outer = {end: i for i, (end, (_, edge)) in enumerate(zip(ends, edges, strict=True)) if edge.faces[1] is None}
    found = []
    for i, (number, edge) in enumerate(edges):
        other = outer.get((*ends[i][2:], *ends[i][:2])) if edge.faces[1] is None else None
        if other is None:
            found.append((number, edge))
        elif i < other:
            roof, (beyond, across) = roofs[number], edges[other]
            first, second = roof.heights_m[edge.faces[0]], roofs[beyond].heights_m[across.faces[0]]
            kind = _inner(first, second, edge.xy_m, roof.play_m) or "step"
            found.append((number, replace(edge, line_type=kind)))
    return tuple(found)


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


def _inner(first: Height, second: Height, xy: FloatArray, play_m: float) -> str | None:
    """Type of the edge between two faces, the first on its left; None if they are one plane."""
    gap = np.abs(height_at(first, xy) - height_at(second, xy))
    if np.max(gap) > play_m:
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
