"""Which vertices of a traced graph are corners: each step marks positions to keep, none moves an arc's pixels."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import PlanarGraph
from roofgeo.vector.moments import edge_moments, residual_px

_BEND_DEG: Final = 50


def douglas_peucker(graph: PlanarGraph, tolerance_px: FloatArray) -> BoolArray:
    """(positions,) True where a vertex stays when each arc is simplified by its own tolerance (arcs,).

    Douglas and Peucker 1973, "Algorithms for the reduction of the number of points required to represent a digitized
    line or its caricature".
    """
    position = np.arange(len(graph.nodes))
    marked = shapely.linestrings(np.column_stack([graph.xy[graph.nodes], position]), indices=graph.arc)
    simple = shapely.simplify(marked, tolerance_px, preserve_topology=False)  # heights take no part, and stay
    kept: BoolArray = graph.first | graph.last
    kept[shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.int64)] = True
    return kept | _rest_of_triangles(graph, kept)


def drop_bends(graph: PlanarGraph, kept: BoolArray, free: BoolArray, rms_px: float) -> BoolArray:
    """(positions,) `kept` without slight bends: those where one straight line fits both edges about as well.

    Args:
        graph: As traced.
        kept: (positions,) bool, corners so far.
        free: (vertices,) bool, False where nothing may change.
        rms_px: Root mean square distance of the pixel sides from that line, up to which a bend goes.
    """
    closed = graph.nodes[graph.first] == graph.nodes[graph.last]
    fixed = graph.first | graph.last | ~free[graph.nodes] | closed[graph.arc] & _few(graph, kept)
    while True:
        at = np.flatnonzero(kept & ~graph.last)
        moments = edge_moments(graph, kept)
        misfit = np.full(len(at), np.inf)
        bend = np.flatnonzero(~fixed[at])
        ends = np.flatnonzero(kept)
        before, after = ends[np.searchsorted(ends, at[bend]) - 1], ends[np.searchsorted(ends, at[bend]) + 1]
        slight = _turn_deg(graph, before, at[bend], after) < _BEND_DEG
        misfit[bend] = np.where(slight, residual_px(moments[bend - 1] + moments[bend]), np.inf)
        padded = np.pad(misfit, 1, constant_values=np.inf)
        # of neighbouring bends the slighter goes first, of equal ones the former
        goes = (misfit <= rms_px) & (misfit < padded[2:]) & (misfit <= padded[:-2])
        if not goes.any():
            return kept
        kept = kept.copy()
        kept[at[goes]] = False
        fixed |= closed[graph.arc] & _few(graph, kept)


def join_near_corners(
    graph: PlanarGraph, kept: BoolArray, free: BoolArray, reach_px: float, jog_px: float
) -> tuple[PlanarGraph, BoolArray]:
    """Make one of junctions and corners that lie nearer than `reach_px`.

    An arc of one short edge between two junctions goes, they meet in its middle. A corner of the outline takes a
    junction beside it; a bend of an inner arc beside a junction goes. Along the outline only `jog_px` counts as near:
    what is longer is a jog.

    Returns:
        The graph with the joined junctions, and its (positions,) corners.
    """
    graph, kept = _corners_take_junctions(graph, kept, free, reach_px, jog_px)
    ends = np.flatnonzero(graph.first), np.flatnonzero(graph.last)
    head, tail = graph.nodes[ends[0]], graph.nodes[ends[1]]
    edges = np.add.reduceat(kept, ends[0]) - 1
    outer = (graph.sides == 0).any(1)
    near = np.hypot(*(graph.xy[head] - graph.xy[tail]).T) < np.where(outer, jog_px, reach_px)
    short = _apart((edges == 1) & near & free[head] & free[tail] & (head != tail), head, tail)
    if not short.any():
        return graph, kept
    xy, vertex = graph.xy.copy(), np.arange(len(graph.xy))
    xy[head[short]] = (graph.xy[head[short]] + graph.xy[tail[short]]) / 2
    vertex[tail[short]] = head[short]
    stays = ~short[graph.arc]
    number = np.cumsum(~short) - 1
    return PlanarGraph(xy, vertex[graph.nodes[stays]], number[graph.arc[stays]], graph.sides[~short]), kept[stays]


def _corners_take_junctions(
    graph: PlanarGraph, kept: BoolArray, free: BoolArray, reach_px: float, jog_px: float
) -> tuple[PlanarGraph, BoolArray]:
    at = np.flatnonzero(kept)
    first, last = graph.first[at], graph.last[at]
    junction = np.concatenate([np.flatnonzero(first), np.flatnonzero(last)])
    corner = np.concatenate([np.flatnonzero(first) + 1, np.flatnonzero(last) - 1])
    ends = graph.nodes[at[junction]], graph.nodes[at[corner]]
    gap = np.hypot(*(graph.xy[ends[0]] - graph.xy[ends[1]]).T)
    ring = graph.nodes[graph.first] == graph.nodes[graph.last]
    outer = (graph.sides[graph.arc[at[junction]]] == 0).any(1)
    near = (gap < np.where(outer, jog_px, reach_px)) & ~first[corner] & ~last[corner] & free[ends[0]] & free[ends[1]]
    near &= ~ring[graph.arc[at[junction]]]
    kept, xy = kept.copy(), graph.xy.copy()
    taken: set[int] = set()
    for i in np.flatnonzero(near)[np.argsort(gap[near], kind="stable")]:
        if outer[i] and int(ends[0][i]) in taken:
            continue
        kept[at[corner[i]]] = False
        if outer[i]:
            xy[ends[0][i]] = graph.xy[ends[1][i]]
            taken.add(int(ends[0][i]))
    return PlanarGraph(xy, graph.nodes, graph.arc, graph.sides), kept


def _apart(chosen: BoolArray, head: IntArray, tail: IntArray) -> BoolArray:
    """(arcs,) the chosen arcs without those that share an end with an earlier one: pairs join, never chains."""
    apart, taken = np.zeros(len(head), bool), set[int]()
    for i in np.flatnonzero(chosen):
        pair = {int(head[i]), int(tail[i])}
        if not pair & taken:
            apart[i] = True
            taken |= pair
    return apart


def _turn_deg(graph: PlanarGraph, before: IntArray, at: IntArray, after: IntArray) -> FloatArray:
    """(bends,) by how much the line through three positions turns in the middle one, in degrees."""
    one, two, three = (graph.xy[graph.nodes[p]] for p in (before, at, after))
    (ax, ay), (bx, by) = (two - one).T, (three - two).T
    return np.asarray(np.degrees(np.abs(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))))


def _few(graph: PlanarGraph, kept: BoolArray) -> BoolArray:
    """(positions,) True along arcs with so few corners that a closed one must lose none."""
    return np.asarray(np.bincount(graph.arc[kept], minlength=len(graph.sides)) <= 4)[graph.arc]


def _rest_of_triangles(graph: PlanarGraph, kept: BoolArray) -> BoolArray:
    """(positions,) True at vertices to keep as well, so that every closed arc stays a triangle at least."""
    extra = np.zeros(len(kept), bool)
    starts, ends = np.flatnonzero(graph.first), np.flatnonzero(graph.last)
    closed = graph.nodes[starts] == graph.nodes[ends]
    few = (np.bincount(graph.arc[kept], minlength=len(starts)) < 4) & (ends - starts > 2)
    for i in np.flatnonzero(closed & few):
        inner = np.arange(starts[i] + 1, ends[i])
        reach = graph.xy[graph.nodes[inner]] - graph.xy[graph.nodes[starts[i]]]
        far = reach[int(np.argmax((reach**2).sum(1)))]
        across = np.abs(reach @ np.array([-far[1], far[0]]))
        extra[inner[[int(np.argmax((reach**2).sum(1))), int(np.argmax(across))]]] = True
    return extra
