"""Pairs of polygons: PoLiS and vertices."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.evaluation.polygons import ShapeSums, polis_distance, polygons_of, shape_sums, vertices

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(0, 20), st.integers(0, 20), st.integers(1, 12), st.integers(1, 12),
)  # fmt: skip


def test_a_hand_made_polis() -> None:
    # All vertices of the first lie on the second: 0. The right ones of the second are 1 from (10, y), the left ones
    # lie on the first: mean 1/2. Half of both: 1/4.
    assert polis_distance(shapely.box(0, 0, 10, 10), shapely.box(0, 0, 11, 10)) == pytest.approx(0.25)


def test_polis_of_a_point_that_sticks_out() -> None:
    # The house's top is 4 from the square's upper side; of its 5 vertices the others lie on the square: mean 4/5. Of
    # the square's 4 vertices all lie on the house: 0. Half of both: 0.4.
    house = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 14), (0, 10)])
    assert polis_distance(house, shapely.box(0, 0, 10, 10)) == pytest.approx(0.4)


@unhurried
@given(boxes, boxes)
def test_polis_is_symmetric_and_zero_only_for_equals(first: shapely.Polygon, second: shapely.Polygon) -> None:
    there, back = polis_distance(first, second), polis_distance(second, first)
    assert there == pytest.approx(back)
    assert (there == 0) == first.equals(second)


@unhurried
@given(boxes, boxes, st.floats(0.5, 20))
def test_polis_is_a_length(first: shapely.Polygon, second: shapely.Polygon, factor: float) -> None:
    larger = [shapely.transform(each, lambda xy: xy * factor) for each in (first, second)]
    assert polis_distance(*larger) == pytest.approx(factor * polis_distance(first, second))


def test_vertices_of_holes_and_parts_count_and_closing_ones_do_not() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 4, 4))
    assert len(vertices(ring)) == 8
    assert len(vertices(shapely.union(ring, shapely.Polygon([(20, 0), (21, 0), (20, 1)])))) == 11
    assert len(vertices(shapely.Polygon())) == 0


def test_pairs_add_up() -> None:
    square, other = shapely.box(0, 0, 10, 10), shapely.box(0, 0, 11, 10)
    triangle = shapely.Polygon([(0, 0), (4, 0), (0, 3)])
    pairs = (np.array([other, triangle]), np.array([square, triangle]))
    whole = shape_sums(*pairs, np.array([100 / 110, 1.0]))
    parts = shape_sums(pairs[0][:1], pairs[1][:1], np.array([100 / 110])) + shape_sums(
        pairs[0][1:], pairs[1][1:], np.array([1.0])
    )
    assert parts == whole
    assert whole.polis_m == pytest.approx((0.25 + 0) / 2)
    assert whole.mean_iou == pytest.approx((100 / 110 + 1) / 2)
    assert whole.vertex_ratio == 1


def test_more_vertices_than_needed_show() -> None:
    square = shapely.box(0, 0, 10, 10)
    sums = shape_sums(np.array([shapely.segmentize(square, 5)]), np.array([square]), np.ones(1))
    assert (sums.vertex_ratio, sums.polis_m) == (2, 0)


def test_no_pairs_are_unknown() -> None:
    assert (ShapeSums().polis_m, ShapeSums().mean_iou, ShapeSums().vertex_ratio) == (None, None, None)


def test_a_missing_geometry_is_empty_and_a_spike_is_no_outline() -> None:
    spiked = shapely.Polygon([(0, 0), (10, 0), (10, 10), (10, 15), (10, 10), (0, 10)])
    layer = gpd.GeoDataFrame(geometry=[None, spiked])
    missing, mended = polygons_of(layer)
    assert missing.is_empty
    assert polis_distance(mended, shapely.box(0, 0, 10, 10)) == 0
