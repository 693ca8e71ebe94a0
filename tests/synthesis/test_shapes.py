"""Roofs from footprints fill them, share their edges and have the heights they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roofgeo.synthesis.buildings import SHAPES, bumps_outline, random_roof, wings_outline
from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.shapes import (
    Roof,
    azimuth_deg,
    flat_roof,
    gable_roof,
    height_at,
    join_roofs,
    rectangle,
    roof_from_footprint,
    shed_roof,
    slope_deg,
)

L_SHAPE = np.array([[0, 0], [14, 0], [14, 7], [8, 7], [8, 13], [0, 13]], float)


def faces(roof: Roof) -> list[shapely.Polygon]:
    return [shapely.Polygon(roof.ring_m(i)) for i in range(len(roof.faces))]


def count(roof: Roof) -> dict[str, int]:
    types = [edge.line_type for edge in roof_edges(roof)]
    return {name: types.count(name) for name in sorted(set(types))}


@pytest.mark.parametrize(
    ("roof", "kind", "lines"),
    [
        (roof_from_footprint(rectangle(12, 8), 3, 30), "hip", {"eave": 4, "hip": 4, "ridge": 1}),
        (roof_from_footprint(rectangle(8, 8), 3, 30), "pyramid", {"eave": 4, "hip": 4}),
        (roof_from_footprint(rectangle(12, 8), 3, 30, (1, 1)), "gable", {"eave": 2, "rake": 4, "ridge": 1}),
        (gable_roof(12, 8, 3, 30), "gable", {"eave": 2, "rake": 4, "ridge": 1}),
        (roof_from_footprint(rectangle(12, 8), 3, 30, (0.4, 0.4)), "hip", {"eave": 4, "hip": 4, "rake": 4, "ridge": 1}),
        (roof_from_footprint(L_SHAPE, 3, 30), "complex", {"eave": 6, "hip": 6, "ridge": 2, "valley": 1}),
        (roof_from_footprint(L_SHAPE, 3, 30, (1, 1)), "complex",
         {"eave": 4, "hip": 2, "rake": 4, "ridge": 2, "valley": 1}),
        (shed_roof(rectangle(5, 4), 2.5, 12, (0, 1)), "shed", {"eave": 1, "rake": 3}),
        (flat_roof(rectangle(5, 4), 3), "flat", {"eave": 4}),
        (join_roofs([flat_roof(rectangle(5, 4), 3), flat_roof(rectangle(3, 2) + np.array([4.0, 0.0]), 2.4)]), "flat",
         {"eave": 8, "step": 1}),
    ],
)  # fmt: skip
def test_a_shape_has_its_lines(roof: Roof, kind: str, lines: dict[str, int]) -> None:
    assert roof.roof_type == kind
    assert count(roof) == lines


@pytest.mark.parametrize("shape", SHAPES)
def test_faces_fill_the_outline_and_share_their_edges(shape: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(15):
        length = rng.uniform(8, 22)
        roof = random_roof(rng, shape, (length, rng.uniform(5, length)), 3.0, rng.uniform(8, 48))
        roof = roof.moved(rng.uniform(0, 6), (40, 50))
        polygons = faces(roof)
        assert shapely.coverage_is_valid(polygons)
        assert sum(p.area for p in polygons) == pytest.approx(roof.outline().area)
        assert shapely.union_all(polygons).area == pytest.approx(roof.outline().area)


@pytest.mark.parametrize("shape", SHAPES)
def test_heights_meet_except_at_steps(shape: str) -> None:
    rng = np.random.default_rng(4)
    roof = random_roof(rng, shape, (16.0, 11.0), 3.0, 35.0)
    for edge in roof_edges(roof):
        here, there = edge.faces
        if there is not None and edge.line_type != "step":
            z = [height_at(roof.heights_m[i], edge.xy_m) for i in (here, there)]
            assert z[0] == pytest.approx(z[1], abs=0.02)


def outlines(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    length = rng.uniform(9, 25)
    make = wings_outline if rng.random() < 0.5 else bumps_outline
    return make(rng, length, rng.uniform(6, length))


@example(seed=1, pitch=5.0, turn=0.0, ends=0.9999999999999999)
@example(seed=1, pitch=5.0, turn=0.0, ends=1e-9)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), pitch=st.floats(5, 60), turn=st.floats(0, 6.28), ends=st.floats(0, 1))
def test_any_outline_gives_a_sound_roof_or_none(seed: int, pitch: float, turn: float, ends: float) -> None:
    ring = outlines(seed)
    roof = roof_from_footprint(ring, 3.0, pitch, (ends,) * 6)
    if roof is None:
        return
    roof = roof.moved(turn, (30.0, 20.0))
    polygons = faces(roof)
    assert shapely.coverage_is_valid(polygons)
    assert sum(p.area for p in polygons) == pytest.approx(shapely.Polygon(ring).area)
    for i, height in enumerate(roof.heights_m):
        assert slope_deg(height) == pytest.approx(pitch, abs=1e-6)
        assert height_at(height, roof.ring_m(i)).min() > 2.99


def test_most_outlines_have_a_skeleton() -> None:
    found = [roof_from_footprint(outlines(seed), 3.0, 30.0) is not None for seed in range(100)]
    assert np.mean(found) > 0.95


def test_nonsense_gives_no_roof() -> None:
    bow_tie = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], float)
    assert roof_from_footprint(bow_tie, 3.0, 30.0) is None


@pytest.mark.parametrize(("downslope", "azimuth"), [((0, -1), 0), ((1, 0), 90), ((0, 1), 180), ((-1, 0), 270)])
def test_azimuth_is_the_downslope_direction_clockwise_from_up(downslope: tuple[float, float], azimuth: float) -> None:
    roof = shed_roof(rectangle(6, 4), 2.5, 20, downslope)
    assert azimuth_deg(roof.heights_m[0]) == pytest.approx(azimuth)
    turned = azimuth_deg(roof.moved(math.radians(30), (5, 5)).heights_m[0])
    assert turned == pytest.approx((azimuth + 30) % 360)


def test_turning_and_shifting_keep_the_heights() -> None:
    roof = gable_roof(10, 8, 3, 30)
    moved = roof.moved(0.7, (12, -4))
    for i in range(2):
        before = height_at(roof.heights_m[i], roof.ring_m(i))
        assert height_at(moved.heights_m[i], moved.ring_m(i)) == pytest.approx(before)
