"""Which buildings belong to an area, what is left of them within it, and of two that overlap, where one ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from roofgeo.vector.cluster import Cluster, Lines, straight_stretches
from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.graph import GeometryArray
from roofgeo.vector.planes import MIN_BUILDING_M2

_MIN_FACE_M2: Final = 0.01
_MIN_WIDTH_M: Final = 0.02
"""A part of a face that is smaller or on the mean narrower is no face, but a crumb of the cut."""

_MIN_LINE_M: Final = 0.01
_MEETS_M: Final = 1e-4
"""Edges and vertices of two buildings nearer than this are one: else a cut along them leaves a spike as thin."""

_ON_LINE_M: Final = 2 * _MEETS_M
_INSERTED_M: Final = 1e-7
"""More than the rounding of coordinates in a CRS of metres."""

_OVERLAP_M2: Final = 1e-6


def outline(cluster: Cluster) -> shapely.Geometry:
    """The union of a building's faces."""
    return shapely.coverage_union_all(cluster.faces.polygons)


def touching(clusters: Sequence[Cluster], area: shapely.Geometry) -> list[Cluster]:
    """The buildings that touch an area (in the grid's CRS), whole."""
    shapely.prepare(area)
    return [b for b in clusters if bool(shapely.intersects(area, b.faces.polygons).any())]


def clipped_to(clusters: Sequence[Cluster], area: shapely.Geometry) -> list[Cluster]:
    """What of the buildings lies in an area (in the grid's CRS), marked where it was cut. One may become several."""
    shapely.prepare(area)
    parts: list[Cluster] = []
    for cluster in clusters:
        within = bool(shapely.covers(area, cluster.faces.polygons).all())
        parts.extend([cluster] if within else _parts(_cut(cluster, area, inside=True)))
    return parts


def kept_apart(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The buildings without overlap: straightening may push neighbours into each other; the larger one keeps its place.

    What comes out does not depend on the order of the buildings.
    """
    outlines = np.asarray([outline(b) for b in clusters], object)
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    pairs = pairs[:, pairs[0] < pairs[1]]
    overlap = shapely.area(shapely.intersection(outlines[pairs[0]], outlines[pairs[1]])) > _OVERLAP_M2
    pairs = pairs[:, overlap]
    rank = _by_size(outlines)
    kept = {i: [cluster] for i, cluster in enumerate(clusters)}
    for i in sorted(set(pairs.ravel().tolist()), key=lambda number: rank[number]):
        others = [int(n) for n in (*pairs[1, pairs[0] == i], *pairs[0, pairs[1] == i]) if rank[n] < rank[i]]
        taken = [outline(part) for number in others for part in kept[number]]
        if taken:
            rest = _parts(_cut(clusters[i], shapely.union_all(taken), inside=False))
            kept[i] = [part for part in rest if outline(part).area >= MIN_BUILDING_M2]
    return [part for parts in kept.values() for part in parts]


def _by_size(outlines: GeometryArray) -> IntArray:
    """(outlines,) place of each in the order from large to small, of equals from west to east."""
    left, bottom, _, _ = shapely.bounds(outlines).T
    order = np.lexsort((bottom, left, -shapely.area(outlines)))
    return np.asarray(np.argsort(order), np.int64)


def _cut(cluster: Cluster, area: shapely.Geometry, *, inside: bool) -> Cluster:
    """What of a building lies inside an area, or outside; crumbs of faces are left out.

    All edges are noded together with the area's, so faces still share theirs. Faces cut at an area they should lie in
    are marked as clipped, and the cut is no roof line; that at an area they should not lie in is one.
    """
    whole, edges = _met(cluster.faces.polygons, shapely.boundary(area))
    pieces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(edges))))
    points = shapely.point_on_surface(pieces)
    piece, face = shapely.STRtree(whole).query(points, predicate="within")
    least_m2 = shapely.area(whole) - _MEETS_M * shapely.length(whole)
    is_part = shapely.area(pieces)[piece] < least_m2[face]
    chosen = (shapely.covers(area, points[piece]) == inside) & ~(is_part & _is_crumb(pieces)[piece])
    polygons, face = pieces[piece[chosen]], face[chosen]
    clipped = cluster.faces.clipped[face] | (is_part[chosen] & inside)
    faces = replace(cluster.faces.take(face), polygons=polygons, clipped=clipped)
    return Cluster(faces, _lines_of(polygons, cluster.lines, cuts=not inside))


def _met(polygons: GeometryArray, edge: shapely.Geometry) -> tuple[GeometryArray, shapely.Geometry]:
    """The polygons, their vertices beside an edge moved onto it, and the edges of all noded together."""
    corners = shapely.get_coordinates(edge)
    points = shapely.points(shapely.get_coordinates(polygons))
    near = shapely.dwithin(points, edge, _MEETS_M)
    corner = shapely.STRtree(shapely.points(corners)).nearest(points[near])
    on_edge = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(points[near], edge), 1))
    at_corner = shapely.distance(points[near], shapely.points(corners)[corner]) < _MEETS_M
    xy = shapely.get_coordinates(polygons)
    xy[near] = np.where(at_corner[:, None], corners[corner], on_edge)
    moved = shapely.set_coordinates(polygons.copy(), xy)
    own = shapely.snap(shapely.union_all(shapely.boundary(moved)), shapely.multipoints(corners), _MEETS_M)
    cut = shapely.snap(edge, shapely.multipoints(xy[near]), _INSERTED_M)
    return moved, shapely.unary_union([own, cut])


def _is_crumb(pieces: GeometryArray) -> BoolArray:
    """(pieces,) True for what is too small or too narrow to be a part of a face."""
    size_m2 = shapely.area(pieces)
    return np.asarray((size_m2 < _MIN_FACE_M2) | (2 * size_m2 < _MIN_WIDTH_M * shapely.length(pieces)))


def _lines_of(polygons: GeometryArray, old: Lines, *, cuts: bool) -> Lines:
    """The lines of new faces: what remains of the old ones and, with `cuts`, the new edges.

    A new edge has the probabilities of the old line nearest to it. Without `cuts` so little of an old line that one
    would not draw it goes, too.
    """
    start, end, sides = _sided_segments(polygons)
    nearest = shapely.STRtree(old.linestrings).nearest(shapely.points((start + end) / 2))
    is_old = shapely.distance(shapely.points((start + end) / 2), old.linestrings[nearest]) < _ON_LINE_M
    faced = np.where(_runs_back(start, end, old.linestrings[nearest]), sides[:, 1], sides[:, 0])
    # What lies outside an outer line is the far side of a sliver along it.
    is_old &= (faced >= 0) | (old.sides[nearest] >= 0).all(axis=1)
    lines, at, source = _joined(start[is_old], end[is_old], sides[is_old], old.linestrings, nearest[is_old])
    if not cuts:
        length_m = shapely.length(lines)
        kept = (length_m >= _MIN_LINE_M) | (length_m > shapely.length(old.linestrings[source]) - _ON_LINE_M)
        return Lines(lines[kept], at[kept], old.probabilities[source[kept]])
    new, beside = _cuts(start[~is_old], end[~is_old], sides[~is_old])
    of_new = shapely.STRtree(old.linestrings).nearest(shapely.line_interpolate_point(new, 0.5, normalized=True))
    probabilities = old.probabilities[np.concatenate([source, of_new])]
    return Lines(np.concatenate([lines, new]), np.concatenate([at, beside]), probabilities)


def _sided_segments(polygons: GeometryArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Each straight piece of the polygons' edges once; they share their edges exactly, so nothing is to be measured.

    Returns:
        (pieces, 2) one end, (pieces, 2) the other, and (pieces, 2) the polygons on the left and right, -1 for none.
    """
    rings, polygon = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    start, end, left = xy[:-1][joined], xy[1:][joined], polygon[ring[:-1][joined]]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start, end = np.where(turned[:, None], end, start), np.where(turned[:, None], start, end)
    unique, number = np.unique(np.hstack([start, end]), axis=0, return_inverse=True)
    sides = np.full((len(unique), 2), -1)
    sides[number.ravel(), turned.astype(int)] = left
    return unique[:, :2], unique[:, 2:], sides


def _joined(
    start: FloatArray, end: FloatArray, sides: IntArray, old: GeometryArray, source: IntArray
) -> tuple[GeometryArray, IntArray, IntArray]:
    """Pieces of old lines in one where they lie in a row between the same faces, and run as their line does.

    Args:
        start: (pieces, 2) where pieces begin.
        end: (pieces, 2) where they end.
        sides: (pieces, 2) face on the left and right.
        old: The old lines.
        source: (pieces,) which of them each is a piece of.

    Returns:
        The lines, the faces beside them, and the old line of each.
    """
    back = _runs_back(start, end, old[source])[:, None]
    start, end, sides = np.where(back, end, start), np.where(back, start, end), np.where(back, sides[:, ::-1], sides)
    lines, key = _merged(start, end, np.column_stack([source, sides]))
    return lines, key[:, 1:], key[:, 0]


def _runs_back(start: FloatArray, end: FloatArray, lines: GeometryArray) -> BoolArray:
    """(pieces,) True where a piece from start to end runs against the line it lies on."""
    before, after = (
        shapely.line_locate_point(lines, shapely.points(start + share * (end - start))) for share in (0.25, 0.75)
    )
    return np.asarray(before > after)


def _cuts(start: FloatArray, end: FloatArray, sides: IntArray) -> tuple[GeometryArray, IntArray]:
    """New edges as lines from corner to corner, and the faces beside them; arguments as of `_joined`."""
    back = (sides[:, 0] < 0)[:, None]
    start, end, sides = np.where(back, end, start), np.where(back, start, end), np.where(back, sides[:, ::-1], sides)
    chains, beside = _merged(start, end, sides)
    xy, chain = shapely.get_coordinates(chains, return_index=True)
    joined = chain[1:] == chain[:-1]
    start, end, chain = xy[:-1][joined], xy[1:][joined], chain[:-1][joined]
    run = straight_stretches(end - start, chain)
    lines, key = _merged(start, end, np.column_stack([run, beside[chain]]))
    return lines, key[:, 1:]


def _merged(start: FloatArray, end: FloatArray, keys: IntArray) -> tuple[GeometryArray, IntArray]:
    """Straight pieces in one where one begins at the end of another of the same (pieces, n) key; the key of each."""
    if not len(start):
        return np.zeros(0, object), keys
    unique, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    pieces = shapely.linestrings(np.stack([start, end], 1)[order])
    rows = shapely.line_merge(shapely.multilinestrings(pieces, indices=group.ravel()[order]), directed=True)
    lines, of = shapely.get_parts(rows, return_index=True)
    return np.asarray(lines), unique[of]


def _parts(cluster: Cluster) -> list[Cluster]:
    """The building, or its parts if it has come apart."""
    polygons = cluster.faces.polygons
    if not len(polygons):
        return []
    inside = shapely.point_on_surface(polygons)
    return [_only(cluster, shapely.within(inside, part)) for part in shapely.get_parts(outline(cluster))]


def _only(cluster: Cluster, chosen: BoolArray) -> Cluster:
    """The cluster with these of its faces and the lines beside them."""
    lines = cluster.lines.renumbered(np.where(chosen, np.cumsum(chosen) - 1, -1))
    return Cluster(cluster.faces.take(chosen), lines.take(lines.inside))
