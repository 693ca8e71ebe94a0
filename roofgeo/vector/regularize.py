"""A traced planar graph -> few straight edges, shared and right-angled where the building is.

Everything works on arcs and shared vertices, so faces stay edge to edge. An edge is a line fitted to the pixel sides it
stands for, turned to a direction of the building if that moves it little; a vertex lies where its lines meet. Arcs of
faces that would come out unsound are done again with more care, in the end left as traced.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from roofgeo.vector.crops import IntArray
from roofgeo.vector.graph import GeometryArray, PlanarGraph, face_polygons
from roofgeo.vector.simplify import douglas_peucker, drop_bends, join_near_corners
from roofgeo.vector.straighten import straighten

SIMPLIFY_M: Final = 0.2
SHORT_M: Final = 0.35
"""Corners nearer than this are one: where four planes meet, pixels show two junctions of three."""

JOG_M: Final = 0.15
"""A corner of the outline nearer to a junction than this is that junction; farther off it is a jog."""

GAPS_M: Final = (0.02, 0.1)
"""Faces that lie apart by less than this have come apart; wider gaps, and those of more than a pixel, are there."""

BEND_RMS_M: Final = 0.25
"""A bend goes if one line through both its edges misses their pixels by no more than this (root mean square)."""

_COLLINEAR_M: Final = 0.06
_CARE: Final = (1.0, 1.0, 0.5, 0.25, 0.0)
"""Share of the tolerance at each level of care. Level 0 alone straightens and joins junctions."""


def regularize(graph: PlanarGraph, pixel_size_m: float) -> tuple[PlanarGraph, GeometryArray]:
    """Simplify and straighten a building.

    Args:
        graph: As traced, in pixels. Its faces are numbered 1, 2, ...
        pixel_size_m: Side of a pixel.

    Returns:
        The graph and its faces, (faces,) valid Polygons that form a valid coverage, in pixels.
    """
    care = np.zeros(len(graph.sides), np.int64)
    while care.min() < len(_CARE):
        candidate = _attempt(graph, np.minimum(care, len(_CARE) - 1), pixel_size_m)
        polygons, sound = face_polygons(candidate, [min(gap_m / pixel_size_m, 1.0) for gap_m in GAPS_M])
        if sound.all() and _in_one_piece(polygons):
            return candidate, polygons
        bad = np.concatenate([[False], ~sound])[graph.sides].any(1)
        stuck = not bad.any() or care[bad].min() >= len(_CARE)
        care[slice(None) if stuck else bad] += 1
    return graph, face_polygons(graph)[0]


def _in_one_piece(polygons: GeometryArray) -> bool:
    return len(polygons) == 1 or shapely.get_type_id(shapely.coverage_union_all(polygons)) == 3


def _attempt(graph: PlanarGraph, care: IntArray, pixel_size_m: float) -> PlanarGraph:
    tolerance_px = np.asarray(_CARE)[care] * SIMPLIFY_M / pixel_size_m
    free = np.ones(len(graph.xy), bool)
    free[graph.nodes[care[graph.arc] > 0]] = False
    kept = douglas_peucker(graph, tolerance_px)
    kept = drop_bends(graph, kept, free, BEND_RMS_M / pixel_size_m)
    graph, kept = join_near_corners(graph, kept, free, SHORT_M / pixel_size_m, JOG_M / pixel_size_m)
    xy = straighten(graph, kept, free, pixel_size_m)
    simple = PlanarGraph(xy, graph.nodes[kept], graph.arc[kept], graph.sides)
    straight_px = np.where(free[simple.nodes[simple.first]], _COLLINEAR_M / pixel_size_m, 0.0)
    keep = douglas_peucker(simple, straight_px)
    return replace(simple, nodes=simple.nodes[keep], arc=simple.arc[keep])
