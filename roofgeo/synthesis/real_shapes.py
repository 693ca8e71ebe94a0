"""Roofs of measured planes: polygons that meet only nearly become faces that share their edges exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg
import shapely
from numpy.typing import NDArray

from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.shapes import FloatArray, Height, Roof

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
GeometryArray = NDArray[np.object_]

FLAT_DEG = 3.0
"""A measured plane less steep than this is flat."""
PLAY_M = 0.4
"""Measured planes less apart than this at a common edge meet there."""
_GRID_M = 0.06
_SIMPLE_M = 0.25
_ROUGH_M = 0.8
_DORMER_M2 = 10.0
_LEAST_ROOF_M2 = 4.0
_THIN_M = 0.06
_SMALLEST_M2 = 0.8
_LOWEST_M = 1.9
_COMMON_M = 0.3
_SAME_PLANE = 0.09


@dataclass(frozen=True)
class Pieces:
    """Measured roof planes of many buildings, in metres: x to the right, y down.

    Attributes:
        outlines: (n,) polygons. Where they overlap, the one that comes first counts.
        heights_m: (n, 3) a, b, c: height above ground at x, y is a x + b y + c.
        building: (n,) number of the building each belongs to, from 0.
    """

    outlines: GeometryArray
    heights_m: FloatArray
    building: IntArray


@dataclass(frozen=True)
class RealRoofs:
    """What became of measured planes.

    Attributes:
        roofs: Sound roofs, where they stand to each other.
        pieces: How many planes there were.
        kept: How many of them are in the roofs, alone or as a part of a face.
    """

    roofs: tuple[Roof, ...]
    pieces: int
    kept: int


@dataclass(frozen=True)
class _Borders:
    """Directed edges of a coverage: (edges,) whose each is, whose its opposite is or -1, (edges, 2, 2) its ends."""

    here: IntArray
    there: IntArray
    ends_m: FloatArray

    @property
    def length_m(self) -> FloatArray:
        """(edges,) their lengths."""
        chord = self.ends_m[:, 1] - self.ends_m[:, 0]
        result: FloatArray = np.hypot(chord[:, 0], chord[:, 1])
        return result


def real_roofs(pieces: Pieces, join_terraces: bool = False) -> RealRoofs:
    """Roofs whose faces share their edges and whose planes meet at them as well as measured planes can.

    Args:
        pieces: The planes.
        join_terraces: Make one roof of buildings whose planes go on across their party wall.
    """
    cells, piece = _cells(pieces.outlines)
    borders = _borders(cells)
    planes, building = _flattened(pieces), pieces.building
    piece = _absorbed(cells, piece, borders, building[piece], _small(cells, piece))
    planes = _settled(planes, piece, borders)
    if join_terraces:
        building = _terraces(planes, piece, borders, building)
    merged = _one_plane(planes, piece, borders, building)
    planes = _mean_planes(planes, merged, shapely.area(pieces.outlines))
    face = _without_dormers(cells, merged[piece], building)
    planes = _settled(planes, face, borders)
    faces, outlines = _dissolved(cells, face)
    roofs = _roofs(outlines, planes[faces], building[faces])
    kept = np.concatenate([np.zeros(0, np.int64), *(faces[used] for _, used in roofs)])
    return RealRoofs(tuple(roof for roof, _ in roofs), len(merged), int(np.isin(merged, kept).sum()))


def _flattened(pieces: Pieces) -> FloatArray:
    """(n, 3) the planes, those nearly level made level about their middle."""
    planes = pieces.heights_m.copy()
    middle = shapely.get_coordinates(shapely.centroid(pieces.outlines))
    flat = np.hypot(planes[:, 0], planes[:, 1]) < math.tan(math.radians(FLAT_DEG))
    planes[flat, 2] += np.sum(planes[flat, :2] * middle[flat], axis=1)
    planes[flat, :2] = 0
    return planes


def _cells(outlines: GeometryArray) -> tuple[GeometryArray, IntArray]:
    """Polygons that the outlines cut the ground into, and which outline each belongs to.

    Vertices are snapped to a grid, which also puts them into the edges they nearly lie on. Cells too thin to be a
    part of a roof go to a neighbour.
    """
    lines = shapely.union_all(shapely.boundary(outlines), grid_size=_GRID_M)
    cells = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))), object)
    cells = shapely.orient_polygons(cells)
    found, outline = shapely.STRtree(outlines).query(shapely.point_on_surface(cells), predicate="within")
    owner = np.full(len(cells), len(outlines))
    np.minimum.at(owner, found, outline)
    thin = shapely.is_empty(shapely.buffer(cells, -_THIN_M / 2, join_style="mitre"))
    owner[owner == len(outlines)] = -1
    owner = _absorbed(cells, owner, _borders(cells), np.zeros(len(cells), np.int64), thin)
    return cells[owner >= 0], owner[owner >= 0]


def _borders(cells: GeometryArray) -> _Borders:
    """Every edge of a coverage's polygons, holes too."""
    rings, of = shapely.get_rings(cells, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    _, number = np.unique(coords, axis=0, return_inverse=True)
    whole = ring[1:] == ring[:-1]
    start, end, cell = number[:-1][whole], number[1:][whole], of[ring[:-1][whole]]
    count = int(number.max(initial=0)) + 1
    key, opposite = start * count + end, end * count + start
    order = np.argsort(key)
    at = np.minimum(np.searchsorted(key, opposite, sorter=order), len(key) - 1)
    there = np.where(key[order[at]] == opposite, cell[order[at]], -1)
    return _Borders(cell, there, np.stack([coords[:-1][whole], coords[1:][whole]], axis=1))


def _small(cells: GeometryArray, label: IntArray) -> BoolArray:
    """(cells,) whether all that bears a cell's label is too small for a face."""
    area: BoolArray = np.bincount(label, shapely.area(cells))[label] < _SMALLEST_M2
    return area


def _absorbed(cells: GeometryArray, label: IntArray, borders: _Borders, group: IntArray, given: BoolArray) -> IntArray:
    """Labels of the cells after those `given` away took the label of the neighbour of the longest common edge.

    Only neighbours of a cell's group count that are not given away themselves; a cell without any keeps its label.
    """
    here, there = borders.here, borders.there
    known = (there >= 0) & (label[there] >= 0)
    use = known & given[here] & ~given[there] & (group[here] == group[there])
    shared = scipy.sparse.coo_array(
        (borders.length_m[use], (here[use], label[there[use]])), (len(cells), int(label.max(initial=0)) + 1)
    ).tocsr()
    taker = np.flatnonzero(np.diff(shared.indptr))
    result = label.copy()
    result[taker] = np.asarray(shared[taker].argmax(axis=1)).ravel()
    return result


def _inner(label: IntArray, borders: _Borders) -> tuple[IntArray, IntArray, FloatArray]:
    """Edges between different labels, each once: both labels and the ends."""
    known = borders.there >= 0
    here, there = label[borders.here[known]], label[borders.there[known]]
    once = here < there
    return here[once], there[once], borders.ends_m[known][once]


def _gaps(planes: FloatArray, here: IntArray, there: IntArray, ends: FloatArray) -> FloatArray:
    """(edges, 2) how much higher the first plane is than the second at both ends."""
    apart = planes[here] - planes[there]
    result: FloatArray = np.einsum("ek,epk->ep", apart[:, :2], ends) + apart[:, 2:]
    return result


def _meets(planes: FloatArray, here: IntArray, there: IntArray, ends: FloatArray) -> BoolArray:
    """(edges,) whether two planes meet at an edge: they do close to it, in height or beside it."""
    chord = ends[:, 1] - ends[:, 0]
    length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
    turn = planes[here, :2] - planes[there, :2]
    across = np.abs(turn[:, 0] * chord[:, 1] - turn[:, 1] * chord[:, 0]) / length
    gap = np.abs(_gaps(planes, here, there, ends)).max(axis=1)
    result: BoolArray = gap < np.minimum(np.maximum(PLAY_M, 0.5 * across), 2 * PLAY_M)
    return result


def _settled(planes: FloatArray, label: IntArray, borders: _Borders) -> FloatArray:
    """The planes lifted or lowered so that those that nearly meet do so, in the least squares sense."""
    here, there, ends = _inner(label, borders)
    planes = planes.copy()
    for _ in range(2):
        meet = _meets(planes, here, there, ends)
        i, j, at = here[meet], there[meet], ends[meet]
        weight = np.hypot(*(at[:, 1] - at[:, 0]).T)
        gap = _gaps(planes, i, j, at).mean(axis=1)
        count = len(planes)
        graph = scipy.sparse.coo_array((np.r_[weight, weight], (np.r_[i, j], np.r_[j, i])), (count, count)).tocsr()
        laplacian = scipy.sparse.diags_array(graph.sum(axis=0) + 0.02) - graph
        pull = np.bincount(j, weight * gap, count) - np.bincount(i, weight * gap, count)
        planes[:, 2] += scipy.sparse.linalg.spsolve(laplacian.tocsc(), pull)
    return planes


def _level_with(planes: FloatArray, label: IntArray, borders: _Borders) -> tuple[IntArray, IntArray]:
    """Pairs of labels that share an edge and are one plane there."""
    here, there, ends = _inner(label, borders)
    same = np.hypot(*(planes[here, :2] - planes[there, :2]).T) < _SAME_PLANE
    same &= np.abs(_gaps(planes, here, there, ends)).max(axis=1) < PLAY_M
    flat: BoolArray = np.all(planes[:, :2] == 0, axis=1)
    same &= flat[here] == flat[there]
    same &= np.hypot(*(ends[:, 1] - ends[:, 0]).T) > _COMMON_M
    return here[same], there[same]


def _components(first: IntArray, second: IntArray, count: int) -> IntArray:
    graph = scipy.sparse.coo_array((np.ones(len(first)), (first, second)), (count, count))
    return np.asarray(scipy.sparse.csgraph.connected_components(graph, directed=False)[1], np.int64)


def _terraces(planes: FloatArray, label: IntArray, borders: _Borders, building: IntArray) -> IntArray:
    """Numbers of the buildings, those that a plane joins across their wall being one."""
    first, second = _level_with(planes, label, borders)
    pitched = np.hypot(planes[first, 0], planes[first, 1]) > 0
    joined = _components(building[first[pitched]], building[second[pitched]], int(building.max(initial=0)) + 1)
    result: IntArray = joined[building]
    return result


def _one_plane(planes: FloatArray, label: IntArray, borders: _Borders, building: IntArray) -> IntArray:
    """For each plane the first of those of its building that it is one with."""
    first, second = _level_with(planes, label, borders)
    own = building[first] == building[second]
    group = _components(first[own], second[own], len(planes))
    return np.asarray(np.unique(group, return_index=True)[1][group], np.int64)


def _mean_planes(planes: FloatArray, merged: IntArray, area_m2: FloatArray) -> FloatArray:
    """(n, 3) the planes, each the mean of those merged into it, by area."""
    total = np.bincount(merged, area_m2, len(planes))
    sums = np.column_stack([np.bincount(merged, area_m2 * planes[:, k], len(planes)) for k in range(3)])
    return np.where(total[:, None] > 0, sums / np.maximum(total, 1e-9)[:, None], planes)


def _without_dormers(cells: GeometryArray, face: IntArray, building: IntArray) -> IntArray:
    """Faces of the cells after small holes of a face, as dormers make them, became a part of it."""
    faces, whole = _united(cells, face)
    rings, of = shapely.get_rings(whole, return_index=True)
    holes = shapely.polygons(rings)
    inner = ~np.isin(np.arange(len(rings)), np.unique(of, return_index=True)[1])
    inner &= shapely.area(holes) < _DORMER_M2
    cell, hole = shapely.STRtree(holes[inner]).query(shapely.point_on_surface(cells), predicate="within")
    host = faces[of[inner][hole]]
    own = building[face[cell]] == building[host]
    result = face.copy()
    result[cell[own]] = host[own]
    return result


def _united(cells: GeometryArray, face: IntArray) -> tuple[IntArray, GeometryArray]:
    """Faces, and each one's cells as one geometry."""
    order = np.argsort(face, kind="stable")
    faces, start = np.unique(face[order], return_index=True)
    parts = np.split(cells[order], start[1:])
    return faces, np.array([part[0] if len(part) == 1 else shapely.union_all(part) for part in parts], object)


def _dissolved(cells: GeometryArray, face: IntArray) -> tuple[IntArray, GeometryArray]:
    """Faces and their polygons, the largest part of each: a coverage, freed of vertices that turn little."""
    faces, whole = _united(cells, face)
    whole = shapely.coverage_simplify(whole, _ROUGH_M, simplify_boundary=False)
    whole = shapely.orient_polygons(shapely.coverage_simplify(whole, _SIMPLE_M))
    parts, of = shapely.get_parts(whole, return_index=True)
    cut = [_cut_open(part) for part in parts]
    counts = [len(pieces) for pieces in cut]
    return np.repeat(faces[of], counts), np.array([piece for pieces in cut for piece in pieces], object)


def _cut_open(outline: shapely.Polygon) -> list[shapely.Polygon]:
    """A polygon's parts without holes, cut from vertex to vertex; the polygon itself if there is no way to."""
    if not outline.interiors:
        return [outline]
    lines: list[shapely.LineString] = []
    first, second = np.asarray(outline.interiors[0].coords)[:-1], np.asarray(outline.exterior.coords)[:-1]
    i, j = np.indices((len(first), len(second))).reshape(2, -1)
    bridges = shapely.linestrings(np.stack([first[i], second[j]], axis=1))
    inside = shapely.covered_by(bridges, outline) & ~shapely.crosses(bridges, outline.boundary)
    inside &= shapely.length(shapely.intersection(bridges, outline.boundary)) == 0
    for bridge in bridges[inside][np.argsort(shapely.length(bridges[inside]), kind="stable")]:
        if not lines or not bridge.intersects(lines[0]):
            lines.append(bridge)
        if len(lines) == 2:
            network = shapely.union_all([*lines, outline.boundary])
            cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(network)))
            kept = [cell for cell in shapely.orient_polygons(cells) if outline.contains(cell.point_on_surface())]
            return [part for cell in kept for part in _cut_open(cell)]
    return [outline]


def _roofs(outlines: GeometryArray, planes: FloatArray, building: IntArray) -> list[tuple[Roof, IntArray]]:
    """Sound roofs, one for each group of faces of a building that hang together, and which faces are theirs."""
    borders = _borders(outlines)
    known = borders.there >= 0
    here, there = borders.here[known], borders.there[known]
    own = building[here] == building[there]
    group = _components(here[own], there[own], len(outlines))
    order = np.argsort(group, kind="stable")
    start = np.unique(group[order], return_index=True)[1]
    found = []
    for used in np.split(order, start[1:]):
        roof = _roof(outlines[used], planes[used])
        if roof is not None:
            found.append((roof, used))
    return found


def _roof(outlines: GeometryArray, planes: FloatArray) -> Roof | None:
    """The roof of polygons that share their edges; None if a face has a hole or the outline touches itself."""
    if shapely.area(outlines).sum() < _LEAST_ROOF_M2 or np.any(shapely.get_num_interior_rings(outlines) > 0):
        return None
    coords, of = shapely.get_coordinates(shapely.get_exterior_ring(outlines), return_index=True)
    points, number = np.unique(coords, axis=0, return_inverse=True)
    faces = tuple(tuple(int(v) for v in number[of == i][:-1]) for i in range(len(outlines)))
    edges = {(f[i - 1], f[i]) for f in faces for i in range(len(f))}
    outer = [u for u, v in edges if (v, u) not in edges]
    if len(set(outer)) < len(outer) or len(edges) < sum(len(f) for f in faces):
        return None
    low = min(float(np.min(points[list(f)] @ h[:2] + h[2])) for f, h in zip(faces, planes, strict=True))
    lift = max(0.0, _LOWEST_M - low)
    heights: tuple[Height, ...] = tuple((float(a), float(b), float(c) + lift) for a, b, c in planes)
    roof = Roof(points, faces, heights, "complex", PLAY_M)
    return replace(roof, roof_type=_kind(roof))


def _kind(roof: Roof) -> str:
    """One of `roofgeo.schema.ROOF_TYPES`, from the faces and the lines between them."""
    if not any(a or b for a, b, _ in roof.heights_m):
        return "flat"
    if len(roof.faces) == 1:
        return "shed"
    if len(roof.faces) not in (2, 4):
        return "complex"
    inner = sorted(edge.line_type for edge in roof_edges(roof) if edge.faces[1] is not None)
    kinds = {("ridge",): "gable", ("hip",) * 4: "pyramid", (*("hip",) * 4, "ridge"): "hip"}
    return kinds.get(tuple(inner), "complex")
