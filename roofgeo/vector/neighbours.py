"""Buildings that hang together come apart: which faces are a building of their own.

Planes that meet at a ridge, a hip or a valley are one roof, and so is what lies at the foot or the head of a pitched
plane: an annex, a clerestory. Roofs that only lie beside each other, at another step, are neighbours, unless one is too
small for a building or too much of its edge is the other's: a dormer, a porch.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from roofgeo.schema import LINE_CODE
from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import GeometryArray
from roofgeo.vector.lines import LEVEL_COS, directions

# Chosen on Banepa's train tiles, rendered scenes and 80 of RoofGraph's val roofs, see docs/vectors.md.
_JOINT_M: Final = 2.0
"""Planes that meet along no more than this may be two roofs whose edges touch."""

_LEAST_M2: Final = 20.0
"""A smaller roof belongs to the neighbour it shares most with."""

_PARTY_SHARE: Final = 0.35
"""So does one that shares more of its edge with one neighbour: of a square house between two others each has 0.25."""

_JOINTS: Final = tuple(LINE_CODE[name] for name in ("ridge", "hip", "valley"))


def is_joint(lines: GeometryArray, beside: FloatArray, line_code: IntArray) -> BoolArray:
    """(lines,) True where the planes on either hand are one roof.

    Args:
        lines: LineStrings, y to the north.
        beside: (lines, 2, 2) downslopes (east, north) on the left and right; 0 where flat, NaN outside.
        line_code: (lines,) types, of `roofgeo.schema.LINE_CLASSES`.
    """
    along = np.abs((beside * directions(lines)[:, None]).sum(2))
    at_foot_or_head = (beside.any(2) & (along < LEVEL_COS[0])).any(1)
    joint = np.isin(line_code, _JOINTS) | ((line_code == LINE_CODE["step"]) & at_foot_or_head)
    return np.asarray(joint, bool)


def buildings_of(area_m2: FloatArray, sides: IntArray, length_m: FloatArray, joint: BoolArray) -> IntArray:
    """(faces,) which building each face is of, numbered from 0 in the order of their first faces.

    Args:
        area_m2: (faces,) footprints.
        sides: (lines, 2) face on the left and on the right of each line, -1 outside.
        length_m: (lines,) lengths seen from above.
        joint: (lines,) True where the faces on either hand are one roof.
    """
    count = len(area_m2)
    inner = (sides >= 0).all(1)
    pairs, pair = np.unique(np.sort(sides[inner], axis=1), axis=0, return_inverse=True)
    joint_m = np.bincount(pair.ravel(), length_m[inner] * joint[inner], len(pairs))
    roof = connected(pairs[joint_m > _JOINT_M], count)
    owner = np.arange(count)
    if roof.any():
        owner = _taken_over(
            np.bincount(roof, area_m2).astype(np.float64), np.where(sides >= 0, roof[sides], -1), length_m
        )
    _, first, building = np.unique(owner[roof], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[building.ravel()], np.int64)


def connected(pairs: IntArray, count: int) -> IntArray:
    """(count,) number of the component of each, linked by (n, 2) pairs."""
    links = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _taken_over(area_m2: FloatArray, sides: IntArray, length_m: FloatArray) -> IntArray:
    """(roofs,) the roof that each ends up with, itself if it stays; the smallest is looked at first.

    Args:
        area_m2: (roofs,) footprints.
        sides: (lines, 2) roof on the left and on the right, -1 outside.
        length_m: (lines,) lengths.
    """
    area: list[float] = area_m2.tolist()
    edge_m, shared_m = _edges(len(area), sides, length_m)
    owner = list(range(len(area)))
    waiting = [(size, number) for number, size in enumerate(area)]
    heapq.heapify(waiting)
    while waiting:
        size, small = heapq.heappop(waiting)
        beside = shared_m[small]
        if owner[small] != small or size != area[small] or not beside:
            continue  # gone, or grown since
        large = max(beside, key=lambda number: beside[number])
        if size >= _LEAST_M2 and beside[large] <= _PARTY_SHARE * edge_m[small]:
            continue
        owner[small] = large
        area[large] += size
        edge_m[large] += edge_m[small] - 2 * beside[large]
        _hand_over(shared_m, small, large)
        for changed in (large, *shared_m[large]):
            heapq.heappush(waiting, (area[changed], changed))
    return np.array([_last(owner, number) for number in owner], np.int64)


def _edges(count: int, sides: IntArray, length_m: FloatArray) -> tuple[list[float], list[dict[int, float]]]:
    """For each roof the length of its edge, and how much of it each neighbour shares."""
    edge_m = [0.0] * count
    shared_m: list[dict[int, float]] = [{} for _ in range(count)]
    apart = sides[:, 0] != sides[:, 1]
    for (left, right), length in zip(sides[apart].tolist(), length_m[apart].tolist(), strict=True):
        for roof, other in ((left, right), (right, left)):
            if roof < 0:
                continue
            edge_m[roof] += length
            if other >= 0:
                shared_m[roof][other] = shared_m[roof].get(other, 0.0) + length
    return edge_m, shared_m


def _hand_over(shared_m: list[dict[int, float]], small: int, large: int) -> None:
    """Make what neighbours share with a small roof shared with the large one that takes it over."""
    del shared_m[large][small]
    for other, length in shared_m[small].items():
        if other == large:
            continue
        del shared_m[other][small]
        for roof, beside in ((large, other), (other, large)):
            shared_m[roof][beside] = shared_m[roof].get(beside, 0.0) + length


def _last(owner: list[int], number: int) -> int:
    """Who has a roof in the end, as one that took over another may be taken over itself."""
    while owner[number] != number:
        number = owner[number]
    return number
