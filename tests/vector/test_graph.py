"""Tracing label rasters."""

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from roofgeo.vector.graph import PlanarGraph, face_polygons, trace
from roofgeo.vector.regularize import regularize
from tests.vector.shapes import assert_sound


def connected(raster: np.ndarray) -> np.ndarray:
    """Labels 1.. of the 4-connected pieces of equal values; 0 stays 0."""
    labels = np.zeros(raster.shape, np.int32)
    for value in np.unique(raster[raster > 0]):
        pieces = ndimage.label(raster == value)[0]
        labels[pieces > 0] = pieces[pieces > 0] + labels.max()
    return labels


label_rasters = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14), elements=st.integers(0, 3)
).map(connected)


def sides_seen(labels: np.ndarray) -> dict[tuple[int, int, int, int], tuple[int, int]]:
    """Labels above and below, or left and right, of each pixel side (x0, y0, x1, y1) between two labels."""
    padded = np.pad(labels, 1)
    seen = {}
    for y, x in np.ndindex(padded.shape[0] - 1, padded.shape[1] - 1):
        here, right, below = padded[y, x], padded[y, x + 1], padded[y + 1, x]
        if here != right:
            seen[x, y - 1, x, y] = (here, right)
        if here != below:
            seen[x - 1, y, x, y] = (here, below)
    return seen


@given(label_rasters)
@settings(max_examples=150, deadline=None)
def test_every_pixel_side_is_in_one_arc_and_parts_its_two_labels(labels):
    graph = trace(labels)
    start, end, arc = graph.edges
    found = {}
    for (x0, y0), (x1, y1), (left, right) in zip(graph.xy[start], graph.xy[end], graph.sides[arc], strict=True):
        assert left > right
        # walking east the left is above, walking south it is on the right of the picture
        first, second = (left, right) if x1 > x0 or y1 < y0 else (right, left)
        side = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        assert side not in found
        found[side] = (first, second)
    assert found == sides_seen(labels)


@given(label_rasters)
@settings(max_examples=150, deadline=None)
def test_arcs_end_at_junctions_and_nowhere_else(labels):
    graph = trace(labels)
    start, end, _ = graph.edges
    degree = np.bincount(np.concatenate([start, end]), minlength=len(graph.xy))
    assert (degree[graph.nodes[~graph.first & ~graph.last]] == 2).all()
    heads, tails = graph.nodes[graph.first], graph.nodes[graph.last]
    free = degree[heads] == 2
    assert (heads == tails)[free].all()
    assert (degree[tails[~free]] != 2).all()
    for ring in np.flatnonzero(free):
        along = graph.xy[graph.nodes[graph.arc == ring]]
        hull = shapely.get_coordinates(shapely.simplify(shapely.convex_hull(shapely.MultiPoint(along)), 0))
        assert (along[0] == hull).all(1).any()


@given(label_rasters, st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_what_is_outside_changes_nothing(labels, rows, cols):
    graph, moved = trace(labels), trace(np.pad(labels, ((rows, 2), (cols, 1))))
    np.testing.assert_array_equal(graph.xy, moved.xy - np.array([cols, rows]))
    for name in ("nodes", "arc", "sides"):
        np.testing.assert_array_equal(getattr(graph, name), getattr(moved, name))


@given(label_rasters)
@settings(max_examples=150, deadline=None)
def test_any_raster_becomes_a_coverage_of_the_same_area(labels):
    if not labels.any():
        return
    polygons, sound = face_polygons(trace(labels))
    assert sound.all()
    assert_sound(polygons)
    assert shapely.area(polygons).tolist() == np.bincount(labels.ravel())[1:].tolist()
    rows, cols = np.nonzero(labels)
    assert shapely.contains_xy(polygons[labels[rows, cols] - 1], cols + 0.5, rows + 0.5).all()


@given(label_rasters, st.sampled_from([0.05, 0.1, 0.3, 1.0]))
@settings(max_examples=150, deadline=None)
def test_any_raster_stays_a_coverage_when_regularized(labels, pixel_size_m):
    if not labels.any():
        return
    graph, polygons = regularize(trace(labels), pixel_size_m)
    assert len(polygons) == labels.max()
    assert_sound(polygons)
    assert graph.face_count == labels.max()


def test_sides_are_left_and_right_on_the_map():
    graph = trace(np.array([[1], [2]], np.int32))
    start, end, arc = graph.edges
    between = np.flatnonzero((graph.sides > 0).all(1))[0]
    (dx, _), (left, right) = graph.xy[end[arc == between]][0] - graph.xy[start[arc == between]][0], graph.sides[between]
    assert (left, right) == ((1, 2) if dx > 0 else (2, 1))


def test_courtyard_is_a_hole_and_what_stands_in_it_is_not():
    labels = np.ones((9, 9), np.int32)
    labels[2:7, 2:7] = 0
    labels[4, 4] = 2
    polygons, sound = face_polygons(trace(labels))
    assert sound.all()
    assert shapely.get_num_interior_rings(polygons).tolist() == [1, 0]
    assert shapely.area(polygons).tolist() == [56, 1]


def test_faces_that_touch_at_a_corner_share_the_vertex_only():
    polygons, sound = face_polygons(trace(np.array([[1, 0], [0, 2]], np.int32)))
    assert sound.all()
    assert polygons[0].intersection(polygons[1]) == shapely.Point(1, 1)


def test_ring_that_touches_itself_is_a_hole():
    labels = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.int32)
    polygons, sound = face_polygons(trace(labels))
    assert sound.all()
    assert polygons[0].area == pytest.approx(7)


@pytest.mark.parametrize("turn", [0.0, 0.5, 2.0, 3.0])
def test_a_face_that_touches_itself_thrice_at_one_vertex_is_one_polygon(turn):
    """Three triangles in a square meet at its middle, as junctions that were joined may."""
    around = turn + np.arange(6) * np.pi / 3
    spokes = 3 * np.stack([np.cos(around), -np.sin(around)], 1)
    xy = np.concatenate([[[0, 0]], spokes, [[-9, 9], [9, 9], [9, -9], [-9, -9]]])
    nodes = np.array([0, 1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 7, 8, 9, 10, 7])
    arc = np.repeat([0, 1, 2, 3], [4, 4, 4, 5])
    polygons, sound = face_polygons(PlanarGraph(xy, nodes, arc, np.array([[2, 1], [3, 1], [4, 1], [1, 0]])))
    assert sound.all()
    assert_sound(polygons)
    assert shapely.get_num_interior_rings(polygons).tolist() == [3, 0, 0, 0]


def test_exteriors_run_counter_clockwise_on_the_map():
    labels = np.ones((9, 9), np.int32)
    labels[2:7, 2:7] = 0
    (polygon,), _ = face_polygons(trace(labels))
    assert not polygon.exterior.is_ccw  # y is down
    assert polygon.interiors[0].is_ccw


def test_a_face_without_area_is_not_sound():
    """Both its arcs straightened onto one line: no polygon, and no word of it from its neighbours."""
    graph = trace(np.repeat([[1], [2], [3]], 4, 1).astype(np.int32))
    xy = graph.xy.copy()
    xy[xy[:, 1] == 2, 1] = 1
    assert face_polygons(dataclasses.replace(graph, xy=xy))[1].tolist() == [True, False, True]


def test_a_face_moved_into_another_is_not_sound():
    labels = np.ones((12, 12), np.int32)
    labels[3:9, 3:9] = 0
    labels[5:7, 5:7] = 2
    graph = trace(labels)
    xy = graph.xy.copy()
    xy[((xy >= 5) & (xy <= 7)).all(1)] -= [4.5, 4.5]
    assert not face_polygons(dataclasses.replace(graph, xy=xy))[1].all()


def test_a_courtyard_that_crosses_itself_is_not_sound() -> None:
    labels = np.ones((30, 30), np.int32)
    labels[10:20, 10:20] = 0
    graph = trace(labels)
    assert face_polygons(graph)[1].all()
    corners = np.flatnonzero((graph.xy == [10, 10]).all(1)), np.flatnonzero((graph.xy == [20, 10]).all(1))
    xy = graph.xy.copy()
    xy[corners[0]], xy[corners[1]] = [20, 10], [10, 10]
    assert not face_polygons(dataclasses.replace(graph, xy=xy))[1].any()
