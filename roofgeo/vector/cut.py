"""Which buildings belong to an area, what is left of them within it, and of two that overlap, where one ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from roofgeo.vector.building import Building, Lines
from roofgeo.vector.crops import BoolArray, IntArray
from roofgeo.vector.graph import GeometryArray
from roofgeo.vector.planes import MIN_BUILDING_M2

_LINESTRING: Final = 1
_ASIDE_M: Final = 1e-3
_OVERLAP_M2: Final = 1e-6


def outline(building: Building) -> shapely.Geometry:
    """The union of a building's faces."""
    return shapely.coverage_union_all(building.faces.polygons)


def touching(buildings: Sequence[Building], area: shapely.Geometry) -> list[Building]:
    """The buildings that touch an area (in the grid's CRS), whole."""
    shapely.prepare(area)
    return [b for b in buildings if bool(shapely.intersects(area, b.faces.polygons).any())]


def clipped_to(buildings: Sequence[Building], area: shapely.Geometry) -> list[Building]:
    """What of the buildings lies in an area (in the grid's CRS), marked where it was cut. One may become several."""
    shapely.prepare(area)
    parts: list[Building] = []
    for building in buildings:
        within = bool(shapely.covers(area, building.faces.polygons).all())
        parts.extend([building] if within else _parts(_cut(building, area, inside=True)))
    return parts


def kept_apart(buildings: Sequence[Building]) -> list[Building]:
    """The buildings without overlap: straightening may push neighbours into each other; the larger one keeps its place.

    What comes out does not depend on the order of the buildings.
    """
    outlines = np.asarray([outline(b) for b in buildings], object)
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    pairs = pairs[:, pairs[0] < pairs[1]]
    overlap = shapely.area(shapely.intersection(outlines[pairs[0]], outlines[pairs[1]])) > _OVERLAP_M2
    pairs = pairs[:, overlap]
    rank = _by_size(outlines)
    kept = {i: [building] for i, building in enumerate(buildings)}
    for i in sorted(set(pairs.ravel().tolist()), key=lambda number: rank[number]):
        others = [int(n) for n in (*pairs[1, pairs[0] == i], *pairs[0, pairs[1] == i]) if rank[n] < rank[i]]
        taken = [outline(part) for number in others for part in kept[number]]
        if taken:
            rest = _parts(_cut(buildings[i], shapely.union_all(taken), inside=False))
            kept[i] = [part for part in rest if outline(part).area >= MIN_BUILDING_M2]
    return [part for parts in kept.values() for part in parts]


def _by_size(outlines: GeometryArray) -> IntArray:
    """(outlines,) place of each in the order from large to small, of equals from west to east."""
    left, bottom, _, _ = shapely.bounds(outlines).T
    order = np.lexsort((bottom, left, -shapely.area(outlines)))
    return np.asarray(np.argsort(order), np.int64)


def _cut(building: Building, area: shapely.Geometry, *, inside: bool) -> Building:
    """What of a building lies inside an area, or outside.

    All edges are noded together with the area's, so faces still share theirs. Faces cut at an area they should lie in
    are marked as clipped; the cut itself is no roof line.
    """
    whole = building.faces.polygons
    edges = shapely.unary_union([*shapely.boundary(whole), shapely.boundary(area)])
    pieces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(edges))))
    points = shapely.point_on_surface(pieces)
    piece, face = shapely.STRtree(whole).query(points, predicate="within")
    chosen = shapely.covers(area, points[piece]) == inside
    polygons, face = pieces[piece[chosen]], face[chosen]
    clipped = building.faces.clipped[face]
    if inside:
        clipped = clipped | (shapely.area(polygons) < shapely.area(whole[face]) * (1 - 1e-9))
    faces = replace(building.faces.take(face), polygons=polygons, clipped=clipped)
    keep = shapely.intersection if inside else shapely.difference
    return Building(faces, _lines_beside(polygons, building.lines, keep(building.lines.linestrings, area)))


def _lines_beside(polygons: GeometryArray, lines: Lines, remains: GeometryArray) -> Lines:
    """The lines that new faces have, of what remains of each old line."""
    parts, source = shapely.get_parts(remains, return_index=True)
    along = (shapely.get_type_id(parts) == _LINESTRING) & ~shapely.is_empty(parts)
    parts, source = np.asarray(parts[along]), source[along]
    sides = np.stack([_face_beside(parts, polygons, aside) for aside in (_ASIDE_M, -_ASIDE_M)], 1)
    beside = (sides >= 0).any(1)
    return Lines(parts[beside], sides[beside], lines.probabilities[source[beside]])


def _face_beside(lines: GeometryArray, faces: GeometryArray, aside_m: float) -> IntArray:
    """(lines,) the face a little to the left (right if negative) of the middle of each line, -1 if there is none."""
    lengths = shapely.length(lines)
    before, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, lengths * share)) for share in (0.49, 0.51)
    )
    step = (after - before) / np.maximum(np.hypot(*(after - before).T), 1e-12)[:, None]
    beside = shapely.points((before + after) / 2 + aside_m * np.stack([-step[:, 1], step[:, 0]], 1))
    line, face = shapely.STRtree(faces).query(beside, predicate="within")
    found = np.full(len(lines), -1)
    found[line] = face
    return found


def _parts(building: Building) -> list[Building]:
    """The building, or its parts if it has come apart."""
    polygons = building.faces.polygons
    if not len(polygons):
        return []
    inside = shapely.point_on_surface(polygons)
    return [_only(building, shapely.within(inside, part)) for part in shapely.get_parts(outline(building))]


def _only(building: Building, chosen: BoolArray) -> Building:
    """The building with these of its faces and the lines beside them."""
    number = np.append(np.where(chosen, np.cumsum(chosen) - 1, -1), -1)
    lines = building.lines
    sides = number[lines.sides]
    beside = (sides >= 0).any(1)
    kept = Lines(lines.linestrings[beside], sides[beside], lines.probabilities[beside])
    return Building(building.faces.take(chosen), kept)
