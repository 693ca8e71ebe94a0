"""A label raster as a planar graph: arcs between junctions, each stored once with the face on either hand.

Coordinates are pixels, x to the right and y **down**, corners of pixels at whole numbers. Left and right are as on the
map (north up), so they are as one sees them when walking along the arc on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

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

    Every pixel side between two labels is in exactly one arc. Junctions are pixel corners where other than two such
    sides meet; a boundary without one becomes a closed arc that starts at a corner of its hull.
    """
    padded = np.pad(labels, 1)
    arcs = np.asarray(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(_pixel_sides(padded)))))
    arcs = _start_at_corner(arcs)
    xy, arc = shapely.get_coordinates(arcs, return_index=True)
    xy = np.rint(xy).astype(np.int64)
    keys, nodes = np.unique(xy[:, 1] * (padded.shape[1] + 1) + xy[:, 0], return_inverse=True)
    vertices = np.stack([keys % (padded.shape[1] + 1), keys // (padded.shape[1] + 1)], 1)
    starts = np.flatnonzero(np.concatenate([[True], arc[1:] != arc[:-1]]))
    sides = _sides(padded, xy[starts], xy[starts + 1])
    return PlanarGraph(vertices - 1.0, nodes, arc.astype(np.int64), sides)


def _pixel_sides(padded: NDArray[np.int32]) -> GeometryArray:
    """Two-point LineStrings, one for each side between two labels."""
    row, col = np.nonzero(padded[1:] != padded[:-1])
    level = np.stack([col, row + 1, col + 1, row + 1], 1)
    row, col = np.nonzero(padded[:, 1:] != padded[:, :-1])
    upright = np.stack([col + 1, row, col + 1, row + 1], 1)
    ends = np.concatenate([level, upright]).reshape(-1, 2, 2).astype(np.float64)
    return np.asarray(shapely.linestrings(ends))


def _start_at_corner(arcs: GeometryArray) -> GeometryArray:
    """Turn closed arcs that meet no other so that they start where they are farthest from their middle."""
    ends = shapely.get_coordinates(shapely.get_point(arcs, 0))
    closed = shapely.is_closed(arcs)
    _, place, visits = np.unique(ends[:, 0] + 1j * ends[:, 1], return_inverse=True, return_counts=True)
    turned = arcs.copy()
    for i in np.flatnonzero(closed & (visits[place] == 1)):
        ring = shapely.get_coordinates(arcs[i])[:-1]
        far = int(np.argmax(((ring - ring.mean(0)) ** 2).sum(1)))
        ring = np.roll(ring, -far, axis=0)
        turned[i] = shapely.linestrings(np.concatenate([ring, ring[:1]]))
    return turned


def _sides(padded: NDArray[np.int32], start: IntArray, end: IntArray) -> IntArray:
    """(arcs, 2) labels on the left and right of the pixel side from `start` to `end`."""
    dx, dy = (end - start).T
    col = np.minimum(start[:, 0], end[:, 0])
    row = np.minimum(start[:, 1], end[:, 1])
    level = dx != 0
    upper_or_left = padded[np.where(level, row - 1, row), np.where(level, col, col - 1)]
    lower_or_right = padded[row, col]
    swap = (dx < 0) | (dy > 0)
    left = np.where(swap, lower_or_right, upper_or_left)
    right = np.where(swap, upper_or_left, lower_or_right)
    return np.stack([left, right], 1).astype(np.int64)


def face_polygons(graph: PlanarGraph, gap_px: float = 0.0) -> tuple[GeometryArray, BoolArray]:
    """The faces as polygons, and whether they are sound.

    Args:
        graph: The graph.
        gap_px: Gaps between faces narrower than this are not sound.

    Returns:
        (faces,) Polygons in pixels, None where a face could not be built, and (faces,) bool: True where the face is
        one valid polygon that meets its neighbours edge to edge.
    """
    count = graph.face_count
    found = np.asarray(shapely.get_parts(shapely.polygonize(graph.linestrings)))
    found = np.asarray(shapely.orient_polygons(found, exterior_cw=True))  # y is down: clockwise here, not on the map
    face = _face_on_left(graph, found)
    polygons = np.full(count, None, object)
    inside = face > 0
    polygons[face[inside] - 1] = found[inside]
    sound = np.bincount(face[inside], minlength=count + 1)[1:] == 1
    sound &= shapely.is_valid(polygons)
    # A courtyard's arc that crosses itself is no ring to polygonize, which leaves it out without a word.
    sound &= np.isclose(shapely.length(polygons), _perimeters(graph))
    present = np.flatnonzero(sound)
    sound[present] &= shapely.is_empty(shapely.coverage_invalid_edges(polygons[present], gap_width=gap_px))
    return polygons, sound


def _perimeters(graph: PlanarGraph) -> FloatArray:
    """(faces,) length of the arcs along each face."""
    beside = np.concatenate([graph.sides[:, 0], graph.sides[:, 1]])
    lengths = np.tile(shapely.length(graph.linestrings), 2)
    return np.asarray(np.bincount(beside, lengths, minlength=graph.face_count + 1)[1:], np.float64)


def _face_on_left(graph: PlanarGraph, polygons: GeometryArray) -> IntArray:
    """(polygons,) the face on the left of the first edge of each ring, -1 if no arc has that edge."""
    if not len(polygons):
        return np.zeros(0, np.int64)
    start, end, arc = graph.edges
    rings = shapely.get_exterior_ring(polygons)
    ring_ends = [shapely.get_coordinates(shapely.get_point(rings, i)) for i in (0, 1)]
    points = np.concatenate([graph.xy[start], graph.xy[end], *ring_ends])
    place = np.unique(points[:, 0] + 1j * points[:, 1], return_inverse=True)[1]
    edge_start, edge_end, ring_start, ring_end = np.split(place, np.cumsum([len(start), len(start), len(polygons)]))
    keys = np.concatenate([edge_start * len(points) + edge_end, edge_end * len(points) + edge_start])
    lefts = np.concatenate([graph.sides[arc, 0], graph.sides[arc, 1]])
    order = np.argsort(keys)
    wanted = ring_start * len(points) + ring_end
    at = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    return np.where(keys[at] == wanted, lefts[at], -1)
