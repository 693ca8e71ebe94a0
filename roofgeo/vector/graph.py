"""A label raster as a planar graph: arcs between junctions, each stored once with the face on either hand.

Coordinates are pixels, x to the right and y **down**, corners of pixels at whole numbers. Left and right are as on the
map (north up), so they are as one sees them when walking along the arc on the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from roofgeo.vector.crops import BoolArray, FloatArray, IntArray

GeometryArray = NDArray[np.object_]


@dataclass(frozen=True)
class PlanarGraph:
    """Arcs that cut the plane into faces. Face 0 is the outside, courtyards included.

    Attributes:
        xy: (vertices, 2) positions in pixels.
        nodes: (positions,) the vertices along all arcs, one arc after the other; a closed arc repeats its first.
        arc: (positions,) which arc each position belongs to: 0, 1, ... without gap.
        sides: (arcs, 2) face on the left and on the right.
    """

    xy: FloatArray
    nodes: IntArray
    arc: IntArray
    sides: IntArray

    @property
    def face_count(self) -> int:
        """Number of faces, the outside not counted."""
        return int(self.sides.max(initial=0))

    @property
    def first(self) -> BoolArray:
        """(positions,) True at the first position of each arc."""
        return np.concatenate([[True], self.arc[1:] != self.arc[:-1]]) if len(self.arc) else np.zeros(0, bool)

    @property
    def last(self) -> BoolArray:
        """(positions,) True at the last position of each arc."""
        return np.roll(self.first, -1)

    @property
    def edges(self) -> tuple[IntArray, IntArray, IntArray]:
        """(edges,) start vertex, end vertex and arc of every straight edge."""
        starts = np.flatnonzero(~self.last)
        return self.nodes[starts], self.nodes[starts + 1], self.arc[starts]

    @property
    def linestrings(self) -> GeometryArray:
        """(arcs,) LineStrings in pixels."""
        return np.asarray(shapely.linestrings(self.xy[self.nodes], indices=self.arc))


def trace(labels: NDArray[np.int32]) -> PlanarGraph:
    """The planar graph of a (height, width) label raster: 0 outside, faces 1.., each 4-connected.

    Every pixel side between two labels is in exactly one arc, which has the higher label on its left. Junctions are
    pixel corners where other than two such sides meet; a boundary without one becomes a closed arc that starts at a
    corner of its hull.
    """
    width = labels.shape[1] + 2
    start, end, sides = _pixel_sides(np.pad(labels, 1).ravel(), width)
    corners, ends = np.unique(np.concatenate([start, end]), return_inverse=True)
    start, end = ends[: len(start)], ends[len(start) :]
    through = np.bincount(ends, minlength=len(corners)) == 2  # both sides there part the same two labels
    leaving = np.empty(len(corners), np.int64)
    leaving[start] = np.arange(len(start))
    order, arc = _chained(np.where(through[end], leaving[end], -1))
    xy = np.stack([corners % width, corners // width], 1).astype(np.float64)
    order = order[_from_farthest(xy[start[order]], arc, through[start[order]])]
    last = _lasts(arc)
    nodes = np.insert(start[order], last + 1, end[order[last]])
    return PlanarGraph(xy, nodes, np.insert(arc, last + 1, arc[last]), sides[order[last]])


def _pixel_sides(labels: NDArray[np.int32], width: int) -> tuple[IntArray, IntArray, IntArray]:
    """Sides between two labels of a flattened raster of `width` columns with 0 all around.

    Returns:
        (sides,) corners where each starts and ends, numbered like the pixel to their upper left, and (sides, 2) labels
        on the left and right of it.
    """
    level = np.flatnonzero(labels[1:-width] != labels[width + 1 :])  # from corner k to k + 1
    upright = np.flatnonzero(labels[width:-1] != labels[width + 1 :])  # from corner k to k + width
    start, end = np.concatenate([level, upright]), np.concatenate([level + 1, upright + width])
    left = labels[np.concatenate([level + 1, upright + width + 1])]
    right = labels[np.concatenate([level + width + 1, upright + width])]
    turned = left < right
    start, end = np.where(turned, end, start), np.where(turned, start, end)
    return start, end, np.stack([np.maximum(left, right), np.minimum(left, right)], 1).astype(np.int64)


def _chained(follower: IntArray) -> tuple[IntArray, IntArray]:
    """Chains one after the other: (elements,) which element comes next, and the number of the chain it is in.

    Args:
        follower: (elements,) the element after each, -1 where a chain ends. Closed chains begin at their least element.
    """
    number = np.arange(len(follower))
    if not len(number):
        return number, number
    count, chain = connected_components(_links(follower), directed=False)
    led = np.zeros(len(number), bool)
    led[follower[follower >= 0]] = True
    first = np.empty(count, np.int64)
    first[chain[::-1]] = number[::-1]  # of several the last one counts
    first[chain[~led]] = number[~led]
    begins = np.zeros(len(number), bool)
    begins[first] = True
    ends = (follower < 0) | begins[follower]
    tied = np.where(ends, np.append(first, -1)[chain + 1], follower)  # each chain to the next
    order = breadth_first_order(_links(tied), first[0], return_predecessors=False).astype(np.int64)
    return order, chain[order].astype(np.int64)


def _links(follower: IntArray) -> csr_array:
    """(elements, elements) matrix with a 1 from each element to the one after it."""
    goes_on = follower >= 0
    rows = np.concatenate([[0], np.cumsum(goes_on)])
    return csr_array((np.ones(rows[-1]), follower[goes_on], rows), shape=(len(follower), len(follower)))


def _from_farthest(xy: FloatArray, arc: IntArray, through: BoolArray) -> IntArray:
    """Order of the (sides,) of all arcs that lets closed arcs without junction start farthest from their middle.

    Args:
        xy: (sides, 2) where each starts, along one arc after the other.
        arc: (sides,) which arc it belongs to.
        through: (sides,) False if it starts at a junction.
    """
    order = np.arange(len(arc))
    first = np.flatnonzero(np.diff(arc, prepend=-1))
    alone = np.flatnonzero(through[first][arc])
    xy, ring = xy[alone], np.unique(arc[alone], return_inverse=True)[1]
    length = np.bincount(ring)
    middle = np.stack([np.bincount(ring, v) for v in xy.T], 1) / length[:, None]
    begin = np.cumsum(length) - length
    nth = np.arange(len(ring)) - begin[ring]
    nearest_first = np.lexsort((-nth, np.hypot(*(xy - middle[ring]).T)))
    shift = np.zeros(len(length), np.int64)
    shift[ring[nearest_first]] = nth[nearest_first]  # of several the last one, the farthest, counts
    order[alone] = alone[begin[ring] + (nth + shift[ring]) % length[ring]]
    return order


def _lasts(chain: IntArray) -> IntArray:
    """(chains,) last place of each of the chains that lie one after the other."""
    return np.flatnonzero(np.diff(chain, append=-1))


def face_polygons(graph: PlanarGraph, gaps_px: Sequence[float] = (0.0,)) -> tuple[GeometryArray, BoolArray]:
    """The faces as polygons, and whether they are sound.

    Args:
        graph: The graph.
        gaps_px: Gaps between faces narrower than these are not sound. A narrow one can pass for none where wide ones
            are looked for.

    Returns:
        (faces,) Polygons in pixels, None where a face could not be built, and (faces,) bool: True where the face is
        one valid polygon that meets its neighbours edge to edge.
    """
    count = graph.face_count
    rings, face = _rings(graph)
    shell = ~shapely.is_ccw(rings) & ~shapely.is_missing(rings)  # y is down: clockwise here, not on the map
    sound = np.bincount(face[shell], minlength=count) == 1
    sound[face[shapely.is_missing(rings)]] = False
    order = np.lexsort((~shell, face))
    order = order[sound[face[order]]]
    polygons = np.full(count, None, object)
    shapely.polygons(rings[order], indices=face[order], out=polygons)
    sound &= shapely.is_valid(polygons)
    present = np.flatnonzero(sound)
    for gap_px in gaps_px:
        sound[present] &= shapely.is_empty(shapely.coverage_invalid_edges(polygons[present], gap_width=gap_px))
    return polygons, sound


def _rings(graph: PlanarGraph) -> tuple[GeometryArray, IntArray]:
    """The boundaries of the faces: (rings,) LinearRings, None for less than three vertices, and (rings,) face less 1.

    The face is on the left of its rings. Where it touches itself at a vertex, they touch there and do not cross.
    """
    first, last = np.flatnonzero(graph.first), np.flatnonzero(graph.last)
    side, ring = _walks(graph)
    arc, back = side % len(first), side >= len(first)
    length = (last - first)[arc]
    nth = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    begin, step = np.where(back, last[arc], first[arc]), np.where(back, -1, 1)
    xy = graph.xy[graph.nodes[np.repeat(begin, length) + nth * np.repeat(step, length)]]
    of = np.repeat(ring, length)
    ends = _lasts(ring)
    enough = np.bincount(of, minlength=len(ends)) > 2
    rings = np.full(len(ends), None, object)
    shapely.linearrings(xy[enough[of]], indices=of[enough[of]], out=rings)
    return rings, graph.sides.T.ravel()[side[ends]] - 1


def _walks(graph: PlanarGraph) -> tuple[IntArray, IntArray]:
    """Round each face along its arcs, the face on the left.

    Returns:
        (steps,) arcs in the order they are walked, numbered on after the last arc where walked backwards, and (steps,)
        number of the round.
    """
    face, start, leaving = graph.sides.T.ravel(), *_ends(graph)
    end, coming = (np.roll(ends, len(graph.sides)) for ends in (start, leaving))
    inner = np.flatnonzero(face)
    to = inner[np.lexsort((coming[inner], end[inner], face[inner]))]
    on = inner[np.lexsort((leaving[inner], start[inner], face[inner]))]
    # As many arcs come to a vertex along a face as leave it: several where the face touches itself. The next one that
    # leaves counter-clockwise from where one came goes round what lies on the right.
    spot = np.cumsum((np.diff(face[on], prepend=-1) != 0) | (np.diff(start[on], prepend=-1) != 0)) - 1
    size = np.bincount(spot)
    first = np.cumsum(size) - size
    shift = leaving[on[first]] < coming[to[first]]
    nth = np.arange(len(on)) - first[spot]
    follower = np.empty(len(face), np.int64)
    follower[to] = on[first[spot] + (nth + shift[spot]) % size[spot]]
    place = np.cumsum(face > 0) - 1
    order, ring = _chained(place[follower[inner]])
    return inner[order], ring


def _ends(graph: PlanarGraph) -> tuple[IntArray, FloatArray]:
    """(2 * arcs,) vertex where each arc begins, then where each ends, and its direction there in radians on the map."""
    first, last = np.flatnonzero(graph.first), np.flatnonzero(graph.last)
    at, beside = np.concatenate([first, last]), np.concatenate([first + 1, last - 1])
    dx, dy = (graph.xy[graph.nodes[beside]] - graph.xy[graph.nodes[at]]).T
    return graph.nodes[at], np.arctan2(-dy, dx)
