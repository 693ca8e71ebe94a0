"""Tracing label rasters."""

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from roofgeo.vector.graph import face_polygons, trace
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


@given(label_rasters)
@settings(max_examples=150, deadline=None)
def test_any_raster_becomes_a_coverage_of_the_same_area(labels):
    if not labels.any():
        return
    polygons, sound = face_polygons(trace(labels))
    assert sound.all()
    assert_sound(polygons)
    np.testing.assert_allclose(shapely.area(polygons), np.bincount(labels.ravel())[1:])


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


def test_a_courtyard_that_crosses_itself_is_not_sound() -> None:
    """Its ring is no ring to polygonize, which would leave the courtyard out without a word."""
    labels = np.ones((30, 30), np.int32)
    labels[10:20, 10:20] = 0
    graph = trace(labels)
    assert face_polygons(graph)[1].all()
    corners = np.flatnonzero((graph.xy == [10, 10]).all(1)), np.flatnonzero((graph.xy == [20, 10]).all(1))
    xy = graph.xy.copy()
    xy[corners[0]], xy[corners[1]] = [20, 10], [10, 10]
    assert not face_polygons(dataclasses.replace(graph, xy=xy))[1].any()
