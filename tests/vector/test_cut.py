"""Buildings that are cut, at an area's edge or at a neighbour, keep all their lines and get no crumbs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import affine_transform

from roofgeo.vector.cluster import Cluster
from roofgeo.vector.cut import clipped_to, kept_apart, outline
from tests.vector.rasters import make_bands
from tests.vector.shapes import SHAPE, buildings_of, ell, gable, hip

Matrix = tuple[float, ...]

NEAR_M = 1e-6
SHORT_M = 0.0101
CRUMB_M2 = 0.0099


@cache
def roof(number: int) -> Cluster:
    (building,) = buildings_of(make_bands(*(hip, gable, ell)[number](), SHAPE))
    return building


def moved(building: Cluster, east_m: float, north_m: float, turn_deg: float) -> Cluster:
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    x, y = shapely.get_coordinates(outline(building).centroid)[0]
    matrix = (cos, -sin, sin, cos, x - cos * x + sin * y + east_m, y - sin * x - cos * y + north_m)

    def all_moved(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.asarray([affine_transform(geometry, matrix) for geometry in geometries], object)

    faces = replace(building.faces, polygons=all_moved(building.faces.polygons))
    return Cluster(faces, replace(building.lines, linestrings=all_moved(building.lines.linestrings)))


def assert_whole(building: Cluster, area: shapely.Geometry | None = None) -> None:
    """Lines are the edges of the faces beside them, all of them but for those at the edge of an area."""
    polygons, lines = building.faces.polygons, building.lines
    left, right = lines.sides.T
    assert (left != right).all()
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert (shapely.length(lines.linestrings) > 0).all()
    for side, handed in ((left, 1), (right, -1)):
        face = polygons[side[side >= 0]]
        along = lines.linestrings[side >= 0]
        assert (shapely.length(shapely.intersection(along, shapely.boundary(face))) > 0).all()
        assert shapely.covers(shapely.buffer(shapely.boundary(face), NEAR_M), along).all()
        hand = shapely.buffer(along, handed * 1e-3, single_sided=True, cap_style="flat")
        assert (shapely.area(shapely.intersection(hand, face))[shapely.length(along) > 0.01] > 0).all()
    outer = shapely.union_all(lines.linestrings[(left < 0) | (right < 0)])
    edge, edges = shapely.boundary(outline(building)), shapely.union_all(shapely.boundary(polygons))
    assert not beside(outer, edge).size
    assert area is not None or outer.length == pytest.approx(edge.length, abs=1e-6)
    for expected, told in ((edge, outer), (edges, shapely.union_all(lines.linestrings))):
        missing = beside(expected, told)
        assert not missing.size or (area is not None and (shapely.distance(missing, area.boundary) < SHORT_M).all())
    assert shapely.length(lines.linestrings).sum() == pytest.approx(
        shapely.length(shapely.union_all(lines.linestrings)), abs=1e-6
    )


def beside(line: shapely.Geometry, other: shapely.Geometry) -> NDArray[np.object_]:
    """Points of a line, a hand's breadth apart, that do not lie on another."""
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(line, 0.1)))
    return points[shapely.distance(points, other) > NEAR_M]


offsets_m = st.floats(-9, 9)
angles_deg = st.one_of(st.just(0.0), st.floats(-180, 180))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2), st.integers(0, 2), offsets_m, offsets_m, angles_deg)
def test_a_building_cut_back_at_its_neighbour_has_all_its_lines(first, second, east_m, north_m, turn_deg):
    buildings = [roof(first), moved(roof(second), east_m, north_m, turn_deg)]
    for building in kept_apart(buildings):
        assert_whole(building)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2),
    st.lists(st.tuples(st.floats(-8, 8), st.floats(-8, 8)), min_size=3, max_size=6),
    st.booleans(),
)
@example(0, [(0.0, 0.0), (2.0, 5.0), (2.125, 0.0)], False)  # what is left of a face beyond a hip is a crumb
def test_a_clipped_building_has_its_lines_and_no_crumbs(number, points, pixels):
    x, y = shapely.get_coordinates(outline(roof(number)).centroid)[0]
    points_m = np.round(np.asarray(points), 1) if pixels else np.asarray(points)
    area = shapely.convex_hull(shapely.multipoints(points_m + np.array((x, y))))
    if area.geom_type != "Polygon":
        return
    whole = shapely.area(outline(roof(number)))
    for building in clipped_to([roof(number)], area):
        assert_whole(building, area)
        sizes = shapely.area(building.faces.polygons)
        assert sizes.min() >= CRUMB_M2
        assert outline(building).area <= whole * (1 + 1e-9)
        assert shapely.covers(shapely.buffer(area, NEAR_M), building.faces.polygons).all()
        assert (shapely.length(building.lines.linestrings) >= min(0.0099, shortest(number))).all()


def shortest(number: int) -> float:
    return float(shapely.length(roof(number).lines.linestrings).min())


def test_a_cut_at_a_neighbour_is_a_line_as_likely_as_the_old_one_beside_it():
    large, small = roof(2), moved(roof(1), 11, 0, 0)
    small = Cluster(small.faces, replace(small.lines, probabilities=np.eye(7)[np.arange(len(small.lines.sides)) % 7]))
    cut, kept = kept_apart([small, large])
    assert outline(kept).equals(outline(large))
    seam = shapely.buffer(shapely.intersection(outline(large).boundary, outline(cut).boundary.buffer(1e-6)), 1e-5)
    at_seam = shapely.covers(seam, cut.lines.linestrings)
    assert at_seam.any()
    assert (cut.lines.sides[at_seam, 1] == -1).all()
    known = {tuple(row) for row in small.lines.probabilities}
    assert {tuple(row) for row in cut.lines.probabilities} <= known


def test_a_slanting_corner_leaves_no_crumb():
    building = roof(0)
    left, bottom, right, top = outline(building).bounds
    area = shapely.box(left + 0.001, bottom - 1, right - 0.001, top - 0.05)
    (clipped,) = clipped_to([building], area)
    assert_whole(clipped, area)
    corner = shapely.box(left - 1, bottom - 1, left + 0.08, bottom + 0.08)
    assert clipped_to([building], corner) == []


@settings(max_examples=60, deadline=None)
@given(st.floats(-6, 6), st.floats(-1e-5, 1e-5), st.floats(-1e-5, 1e-5), st.integers(0, 2))
def test_edges_that_nearly_coincide_leave_no_spike(east_m, north_m, turn_deg, number):
    first, second = roof(1), moved(roof(number), 0, 0, turn_deg)
    gap_m = outline(first).bounds[3] - outline(second).bounds[3]
    for building in kept_apart([first, moved(second, east_m, gap_m + north_m, 0)]):
        assert_whole(building)
        assert thinnest_m(building.faces.polygons) > 1e-4


def thinnest_m(polygons: NDArray[np.object_]) -> float:
    """How far the nearer end of two edges lies off the other, least of all corners that turn back."""
    rings = shapely.get_rings(polygons)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    begins = np.searchsorted(ring, np.arange(len(rings)))
    inner = np.isin(np.arange(len(xy)), begins, invert=True)
    chord = np.diff(xy, axis=0)[ring[1:] == ring[:-1]]
    last = np.flatnonzero(np.diff(ring[inner], append=-1))
    after = np.arange(1, len(chord) + 1)
    after[last] = np.append(0, last[:-1] + 1)
    follower = chord[after]
    back = (chord * follower).sum(1) < 0
    longer = np.maximum(np.hypot(*chord.T), np.hypot(*follower.T))
    across = np.abs(chord[:, 0] * follower[:, 1] - chord[:, 1] * follower[:, 0]) / longer
    return float(across[back].min(initial=np.inf))
