"""Fit a line to every edge of a simplified graph, turn it to the building's directions, and let vertices meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import PlanarGraph
from roofgeo.vector.moments import edge_moments, fitted_angle_rad

MAX_MOVE_M: Final = 0.6
SNAP_DEG: Final = 12.0
SNAP_MOVE_M: Final = 0.3
"""An edge turns to a direction of the building only if neither end moves further than this."""

ALONG_MOVE_M: Final = 0.2
"""Edges that go on in line across a junction become one line only if no end moves further than this."""

_ALONG_DEG: Final = 10.0
_SECOND_DIRECTION: Final = 0.25
_PEAK_DEG: Final = 15.0
_PULL: Final = 0.02
_FEW: Final = 4


@dataclass(frozen=True)
class _Edges:
    """Edges of a simplified graph with the moments of the pixel sides each stands for.

    Attributes:
        start, end: (edges,) vertices.
        outer: (edges,) True between a face and the outside.
        moments: (edges, 6) count, sum x, sum y, sum xx, sum xy, sum yy of the middles of the pixel sides.
    """

    start: IntArray
    end: IntArray
    outer: BoolArray
    moments: FloatArray


@dataclass(frozen=True)
class _Lines:
    """Lines n . p = offset: (edges, 2) unit normals and (edges,) offsets in pixels."""

    normal: FloatArray
    offset: FloatArray

    def distance(self, points: FloatArray) -> FloatArray:
        """(edges,) distance of one point per edge."""
        return np.asarray(np.abs((self.normal * points).sum(1) - self.offset))


def straighten(graph: PlanarGraph, kept: BoolArray, free: BoolArray, pixel_size_m: float) -> FloatArray:
    """Where the vertices go.

    Args:
        graph: As traced.
        kept: (positions,) True at the positions that remain after simplification.
        free: (vertices,) True where a vertex may move.
        pixel_size_m: Side of a pixel.

    Returns:
        (vertices, 2) positions in pixels.
    """
    edges = _edges(graph, kept)
    lines = _fit(edges.moments, graph.xy[edges.end] - graph.xy[edges.start])
    moments = _along_one_line(edges, lines, graph.xy, ALONG_MOVE_M / pixel_size_m)
    lines = _fit(moments, graph.xy[edges.end] - graph.xy[edges.start])
    lines = _snap(edges, moments, lines, graph.xy, SNAP_MOVE_M / pixel_size_m)
    moved = _meet(graph.xy, edges, lines)
    near = np.hypot(*(moved - graph.xy).T) <= MAX_MOVE_M / pixel_size_m
    return np.where((near & free)[:, None], moved, graph.xy)


def _edges(graph: PlanarGraph, kept: BoolArray) -> _Edges:
    positions = np.flatnonzero(kept)
    starts = positions[~graph.last[positions]]
    ends = positions[~graph.first[positions]]
    outer = (graph.sides[graph.arc[starts]] == 0).any(1)
    return _Edges(graph.nodes[starts], graph.nodes[ends], outer, edge_moments(graph, kept))


def _fit(moments: FloatArray, chord: FloatArray) -> _Lines:
    """Lines of least squared distance through the pixel sides, or along the chord where these are too few."""
    few = moments[:, 0] < _FEW
    angle = np.where(few, np.arctan2(chord[:, 1], chord[:, 0]), fitted_angle_rad(moments))
    return _through(moments[:, 1:3] / moments[:, :1], angle)


def _through(points: FloatArray, angle_rad: FloatArray) -> _Lines:
    normal = np.stack([-np.sin(angle_rad), np.cos(angle_rad)], 1)
    return _Lines(normal, (normal * points).sum(1))


def _angles(lines: _Lines) -> FloatArray:
    """(edges,) direction in radians, modulo pi."""
    angles: FloatArray = np.arctan2(-lines.normal[:, 0], lines.normal[:, 1]) % np.pi
    return angles


def _apart(first: FloatArray, second: FloatArray | float, period: float) -> FloatArray:
    """Signed difference of two angles in radians, the smallest modulo `period`."""
    difference: FloatArray = (first - second + period / 2) % period - period / 2
    return difference


def _along_one_line(edges: _Edges, lines: _Lines, xy: FloatArray, reach_px: float) -> FloatArray:
    """(edges, 6) moments, pooled over edges that go on in line across a junction: an eave of several faces."""
    pairs = _continuations(edges, lines)
    count = len(edges.start)
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(count, count))
    group = connected_components(links, directed=False)[1]
    pooled: FloatArray = np.stack([np.bincount(group, c).astype(np.float64) for c in edges.moments.T], 1)[group]
    fitted = _fit(pooled, xy[edges.end] - xy[edges.start])
    far = np.maximum(fitted.distance(xy[edges.start]), fitted.distance(xy[edges.end])) > reach_px
    apart = np.bincount(group, far)[group] > 0
    return np.where(apart[:, None], edges.moments, pooled)


def _continuations(edges: _Edges, lines: _Lines) -> IntArray:
    """(pairs, 2) edges that share a vertex and go on in about the same direction there."""
    count = len(edges.start)
    vertex = np.concatenate([edges.start, edges.end])
    order = np.argsort(vertex, kind="stable")
    edge = np.tile(np.arange(count), 2)[order]
    pairs = []
    for step in range(1, 6):  # four edges meet in a corner of pixels at most, six once two junctions are one
        same = vertex[order][step:] == vertex[order][:-step]
        pairs.append(np.stack([edge[:-step][same], edge[step:][same]], 1))
    found = np.concatenate(pairs)
    angle = _angles(lines)
    close = np.abs(_apart(angle[found[:, 0]], angle[found[:, 1]], np.pi)) < np.radians(_ALONG_DEG)
    alike = edges.outer[found[:, 0]] == edges.outer[found[:, 1]]
    return np.asarray(found[close & alike & (found[:, 0] != found[:, 1])])


def _snap(edges: _Edges, moments: FloatArray, lines: _Lines, xy: FloatArray, reach_px: float) -> _Lines:
    """Turn edges near a direction of the building to it: outer ones square, inner ones also at 45 degrees."""
    angle = _angles(lines)
    length = np.hypot(*(xy[edges.end] - xy[edges.start]).T)
    target = angle.copy()
    turn = np.full(len(angle), np.inf)
    middle = moments[:, 1:3] / moments[:, :1]
    for direction in _directions(angle, length * np.where(edges.outer, 1.0, 0.5)):
        off = np.where(edges.outer, _apart(angle, direction, np.pi / 2), _apart(angle, direction, np.pi / 4))
        turned = _through(middle, angle - off)
        far = np.maximum(turned.distance(xy[edges.start]), turned.distance(xy[edges.end]))
        better = (np.abs(off) < np.minimum(np.radians(SNAP_DEG), np.abs(turn))) & (far <= reach_px)
        target, turn = np.where(better, angle - off, target), np.where(better, off, turn)
    return _through(middle, target)


def _directions(angle: FloatArray, weight: FloatArray) -> list[float]:
    """Main direction of a building in radians modulo 90 degrees, and a second one if a good part of it follows one."""
    bins = np.arange(180) * np.pi / 360
    left, found = weight.copy(), list[float]()
    while left.sum() > _SECOND_DIRECTION * weight.sum() and len(found) < 3:
        spread = np.radians(4.0)
        votes = (left * np.exp(-0.5 * (_apart(bins[:, None], angle[None], np.pi / 2) / spread) ** 2)).sum(1)
        peak = bins[int(np.argmax(votes))]
        near = np.abs(_apart(angle, peak, np.pi / 2)) < np.radians(_PEAK_DEG)
        if found and left[near].sum() < _SECOND_DIRECTION * weight.sum():
            break
        off = _apart(angle[near], peak, np.pi / 2)
        closeness = left[near] * np.exp(-0.5 * (off / spread) ** 2)
        found.append(float(peak + (closeness * off).sum() / max(closeness.sum(), 1e-9)))
        left[near] = 0
    return found


def _meet(xy: FloatArray, edges: _Edges, lines: _Lines) -> FloatArray:
    """(vertices, 2) points nearest to the lines of their edges (weighted by length), held weakly where they were."""
    weight = np.sqrt(edges.moments[:, 0])
    nx, ny = lines.normal.T
    terms = np.stack([nx * nx, nx * ny, ny * ny, nx * lines.offset, ny * lines.offset, np.ones(len(nx))], 1)
    sums = np.zeros((len(xy), 6))
    for ends in (edges.start, edges.end):
        np.add.at(sums, ends, terms * weight[:, None])
    pull = _PULL * sums[:, 5] + 1e-9
    a, b, d = sums[:, 0] + pull, sums[:, 1], sums[:, 2] + pull
    u, v = sums[:, 3] + pull * xy[:, 0], sums[:, 4] + pull * xy[:, 1]
    determinant = a * d - b * b
    return np.stack([(d * u - b * v) / determinant, (a * v - b * u) / determinant], 1)
