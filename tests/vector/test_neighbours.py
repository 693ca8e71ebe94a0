"""Which faces that hang together are buildings of their own."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from roofgeo.schema import LINE_CODE
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.neighbours import buildings_of, is_joint
from tests.vector.rasters import line, make_bands, plane, utm_grid
from tests.vector.shapes import buildings_of as clusters_of

STEP, RIDGE = False, True


def row_of(areas_m2, between, shared_m=5.0, outer_m=15.0):
    """Which building each of a row of faces is of; what lies between them joins them or not."""
    count = len(areas_m2)
    sides = [(i, i + 1) for i in range(count - 1)] + [(i, -1) for i in range(count)]
    lengths = [shared_m] * (count - 1) + [outer_m] * count
    joint = np.array([*between, *[False] * count])
    return buildings_of(*(np.array(values) for values in (areas_m2, sides, lengths)), joint).tolist()


def test_houses_wall_to_wall_come_apart_at_steps():
    assert row_of([60.0, 60.0, 60.0], [STEP, STEP]) == [0, 1, 2]
    assert row_of([30.0, 30.0, 60.0], [RIDGE, STEP]) == [0, 0, 1]


def test_a_small_roof_belongs_to_the_neighbour_it_shares_most_with():
    sides = np.array([(0, 1), (1, 2), (0, -1), (1, -1), (2, -1)])
    lengths = np.array([3.0, 2.0, 30.0, 9.0, 30.0])
    assert buildings_of(np.array([60.0, 8.0, 90.0]), sides, lengths, np.full(5, False)).tolist() == [0, 0, 1]


def test_a_roof_that_lies_in_another_belongs_to_it():
    assert row_of([300.0, 40.0], [STEP], shared_m=25.0, outer_m=1.0) == [0, 0]
    assert row_of([300.0, 40.0], [STEP], shared_m=6.0, outer_m=20.0) == [0, 1]


def test_a_ridge_too_short_for_a_roof_does_not_join_two():
    assert row_of([60.0, 60.0], [RIDGE], shared_m=1.5) == [0, 1]
    assert row_of([60.0, 60.0], [RIDGE], shared_m=2.5) == [0, 0]


def test_one_small_roof_after_the_other_is_taken_over():
    assert row_of([5.0, 5.0, 5.0, 5.0], [STEP, STEP, STEP]) == [0, 0, 0, 0]
    west, *_, east = row_of([25.0, 5.0, 5.0, 25.0], [STEP, STEP, STEP])
    assert west != east


def test_no_face_and_one_face():
    nothing = np.zeros((0, 2), int)
    assert buildings_of(np.zeros(0), nothing, np.zeros(0), np.zeros(0, bool)).tolist() == []
    assert buildings_of(np.array([3.0]), np.array([(0, -1)]), np.array([8.0]), np.array([False])).tolist() == [0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(0, 30))
def test_buildings_hang_together_and_what_stays_is_large_and_not_enclosed(seed, count, lines):
    rng = np.random.default_rng(seed)
    sides = np.concatenate(
        [rng.integers(0, count, (lines, 2)), np.column_stack([np.arange(count), np.full(count, -1)])]
    )
    sides = sides[sides[:, 0] != sides[:, 1]]
    area, length = rng.uniform(1, 60, count), rng.uniform(0.5, 10, len(sides))
    building = buildings_of(area, sides, length, rng.random(len(sides)) < 0.5)
    first = [building.tolist().index(number) for number in range(building.max() + 1)]
    assert first == sorted(first), "numbered in the order of their first faces"
    of = np.where(sides >= 0, building[sides], -1)
    edges, ends = (of >= 0).all(1), {tuple(pair) for pair in sides[(sides >= 0).all(1)].tolist()}
    for number in range(building.max() + 1):
        reached, faces = {first[number]}, set(np.flatnonzero(building == number).tolist())
        while more := {b for a, b in [*ends, *((b, a) for a, b in ends)] if a in reached and b in faces} - reached:
            reached |= more
        assert reached == faces
        beside = of[edges & (of == number).any(1) & (of[:, 0] != of[:, 1])]
        if len(beside):
            at = edges & (of == number).any(1) & (of[:, 0] != of[:, 1])
            other = np.where(of[at, 0] == number, of[at, 1], of[at, 0])
            edge_m = length[((of == number).sum(1) == 1)].sum()
            assert area[building == number].sum() >= 20
            assert np.bincount(other, length[at]).max() <= 0.35 * edge_m + 1e-9


def test_steps_at_the_foot_of_a_slope_join_and_steps_along_it_part():
    east, south, flat, outside = (1.0, 0.0), (0.0, -1.0), (0.0, 0.0), (np.nan, np.nan)
    northward = shapely.LineString([(0, 0), (0, 8)])
    beside = np.array([(flat, east), (east, east), (south, south), (flat, flat), (flat, south), (outside, east)])
    code = np.full(6, LINE_CODE["step"])
    found = is_joint(np.full(6, northward), beside, code)
    assert found[:5].tolist() == [True, True, False, False, False]
    assert is_joint(np.full(6, northward), beside, np.full(6, LINE_CODE["valley"])).all()


HOUSES = (200, 330)


def terrace():
    """Three flat houses of 8 x 10 m in a row, of which a line tells the steps; clusters, grid."""
    rings = [[(30 + i * 80, 40), (110 + i * 80, 40), (110 + i * 80, 140), (30 + i * 80, 140)] for i in range(3)]
    planes = [plane(ring, None) for ring in rings]
    bands = make_bands(planes, [line("step", ring[1], ring[2]) for ring in rings[:2]], HOUSES)
    grid = utm_grid(HOUSES)
    return clusters_of(bands, grid), grid


def numbers_beside(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return lines[["left_segment_id", "right_segment_id"]]


def test_flat_houses_in_a_row_are_buildings_that_share_their_walls():
    clusters, grid = terrace()
    layers = attribute_layers(clusters, grid)
    segments, lines, buildings = layers["roof_segments"], layers["roof_lines"], layers["buildings"]
    assert len(clusters) == 1
    assert buildings["roof_type"].tolist() == ["flat"] * 3
    assert buildings["segment_count"].tolist() == [1, 1, 1]
    assert segments["building_id"].tolist() == [1, 2, 3]
    assert buildings.area.to_numpy() == pytest.approx(80, rel=0.02)
    assert shapely.coverage_is_valid(buildings.geometry.to_numpy()), "walls are shared exactly"
    walls = lines[numbers_beside(lines).notna().all(axis=1)]
    assert walls["line_type"].tolist() == ["step", "step"], "a wall is one line"
    left = segments.set_index("segment_id")["building_id"].reindex(walls["left_segment_id"])
    assert_array_equal(walls["building_id"], left)


def test_of_a_row_those_houses_belong_to_the_area_that_touch_it():
    clusters, grid = terrace()
    whole = attribute_layers(clusters, grid)
    corner = whole["buildings"].geometry.iloc[0].centroid.buffer(1)
    layers = attribute_layers(clusters, grid, corner)
    segments, lines, buildings = layers["roof_segments"], layers["roof_lines"], layers["buildings"]
    assert len(segments) == len(buildings) == 1
    assert buildings.geometry.iloc[0].equals(whole["buildings"].geometry.iloc[0])
    assert sorted(lines["line_type"]) == ["eave", "eave", "eave", "step"], "the wall of a house that is not here"
    assert set(numbers_beside(lines).stack().dropna()) == {1}
    assert set(lines["building_id"]) == {1}
    assert segments["confidence"].iloc[0] == whole["roof_segments"]["confidence"].iloc[0]


def test_only_houses_of_the_result_are_surveyed():
    clusters, grid = terrace()
    corner = attribute_layers(clusters, grid)["buildings"].geometry.iloc[1].centroid.buffer(1)
    asked = []

    def survey(faces, cluster, outlines):
        asked.append((len(faces.polygons), cluster.tolist(), [round(area) for area in shapely.area(outlines)]))
        return faces

    layers = attribute_layers(clusters, grid, corner, survey=survey)
    assert asked == [(1, [0], [240])], "the whole row, so that no neighbour's roof is taken for the ground"
    assert sorted(layers["roof_lines"]["line_type"]) == ["eave", "eave", "step", "step"]


def test_a_cut_row_keeps_its_houses():
    clusters, grid = terrace()
    left, _, right, top = attribute_layers(clusters, grid)["buildings"].total_bounds
    strip = shapely.box(left, top - 1, right, top + 1)  # what is left of a house is smaller than any
    buildings = attribute_layers(clusters, grid, strip, clip=True)["buildings"]
    assert len(buildings) == 3
    assert buildings.area.to_numpy() == pytest.approx(8, rel=0.05)
