"""Measured planes become sound roofs: faces that share their edges, with the lines the planes make."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from roofgeo.synthesis.buildings import random_roof
from roofgeo.synthesis.edges import lines_of, roof_edges
from roofgeo.synthesis.real_shapes import PLAY_M, Pieces, real_roofs
from roofgeo.synthesis.shapes import Roof, gable_roof, height_at, slope_deg


def measured(roofs: list[Roof], rng: np.random.Generator, level_m: float = 0.0, vertex_m: float = 0.0) -> Pieces:
    """The faces of roofs as if each had been measured alone, its level and its vertices a little wrong."""
    outlines, heights, building = [], [], []
    for number, roof in enumerate(roofs):
        points = roof.points_m + rng.uniform(-vertex_m, vertex_m, roof.points_m.shape)
        for face, (a, b, c) in zip(roof.faces, roof.heights_m, strict=True):
            outlines.append(Polygon(points[list(face)]))
            heights.append((a, b, c + rng.uniform(-level_m, level_m)))
            building.append(number)
    return Pieces(np.array(outlines, object), np.array(heights), np.array(building))


def lengths(roofs: tuple[Roof, ...]) -> Counter[str]:
    """Metres of each type of line."""
    total: Counter[str] = Counter()
    for _, edge in lines_of(roofs):
        total[edge.line_type] += float(np.hypot(*(edge.xy_m[1] - edge.xy_m[0])))
    return total


def assert_sound(roof: Roof) -> None:
    faces = np.array([Polygon(roof.ring_m(i)) for i in range(len(roof.faces))], object)
    assert shapely.is_valid(faces).all()
    assert shapely.coverage_is_valid(faces)
    assert all(face.exterior.is_ccw for face in faces)
    assert roof.outline().area >= shapely.area(faces).sum() - 1e-6


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(["gable", "hip", "saltbox", "pyramid", "flat", "shed"]),
    st.integers(0, 10**6),
    st.floats(0, 2 * math.pi),
)
def test_a_roof_measured_badly_is_the_roof_again(shape: str, seed: int, turn: float) -> None:
    rng = np.random.default_rng(seed)
    true = random_roof(rng, shape, (16.0, 11.0), 3.0, 35.0).moved(turn, (40, 30))
    roofs = real_roofs(measured([true], rng, level_m=0.1, vertex_m=0.02)).roofs
    assert len(roofs) == 1
    assert_sound(roofs[0])
    assert len(roofs[0].faces) == len(true.faces)
    assert roofs[0].outline().symmetric_difference(true.outline()).area < 0.03 * true.outline().area
    expected, found = lengths((true,)), lengths(roofs)
    assert all(abs(found[kind] - expected[kind]) < 0.05 * expected.total() for kind in {*expected, *found})


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_any_planes_give_sound_roofs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 20, (12, 2))
    outlines = np.array([box(*xy, *(xy + rng.uniform(1, 9, 2))) for xy in corners], object)
    heights = np.column_stack([rng.normal(0, 0.5, (12, 2)), rng.uniform(3, 9, 12)])
    found = real_roofs(Pieces(outlines, heights, rng.integers(0, 4, 12)))
    for roof in found.roofs:
        assert_sound(roof)
    assert 0 < found.kept <= found.pieces == 12
    everything = shapely.union_all(outlines).area
    assert sum(sum(Polygon(r.ring_m(i)).area for i in range(len(r.faces))) for r in found.roofs) < 1.05 * everything


def test_levels_measured_apart_meet_at_the_ridge() -> None:
    gable = gable_roof(12, 8, 3, 40)
    pieces = measured([gable], np.random.default_rng(0))
    pieces.heights_m[0, 2] += 0.3
    (roof,) = real_roofs(pieces).roofs
    (ridge,) = [edge for edge in roof_edges(roof) if edge.line_type == "ridge"]
    z = [height_at(h, ridge.xy_m) for h in roof.heights_m]
    assert np.allclose(z[0], z[1], atol=0.02)


def test_planes_far_apart_part_at_a_step() -> None:
    outlines = np.array([box(0, 0, 6, 6), box(6, 0, 10, 6)], object)
    pieces = Pieces(outlines, np.array([(0, 0, 6.0), (0, 0, 6.0 - 2 * PLAY_M)]), np.zeros(2, np.int64))
    (roof,) = real_roofs(pieces).roofs
    assert [e.line_type for e in roof_edges(roof) if e.faces[1] is not None] == ["step"]


def test_pieces_of_one_plane_become_one_face() -> None:
    outlines = np.array([box(0, 0, 6, 6), box(6, 0, 10, 6)], object)
    pieces = Pieces(outlines, np.array([(0.5, 0, 3.0), (0.52, 0, 2.9)]), np.zeros(2, np.int64))
    (roof,) = real_roofs(pieces).roofs
    assert len(roof.faces) == 1
    assert roof.roof_type == "shed"


def test_a_plane_nearly_level_is_flat() -> None:
    pieces = Pieces(np.array([box(0, 0, 6, 6)], object), np.array([(0.03, 0, 4.0)]), np.zeros(1, np.int64))
    (roof,) = real_roofs(pieces).roofs
    assert slope_deg(roof.heights_m[0]) == 0
    assert roof.heights_m[0][2] == pytest.approx(4.09, abs=0.02)


def row(rng: np.random.Generator) -> Pieces:
    return measured([gable_roof(6, 9, 4, 40).moved(0, (6.0 * i, 0)) for i in range(3)], rng)


def test_a_terrace_has_a_roof_for_each_house_or_one_for_all() -> None:
    apart, joined = (real_roofs(row(np.random.default_rng(1)), join).roofs for join in (False, True))
    assert [roof.roof_type for roof in apart] == ["gable"] * 3
    assert [roof.roof_type for roof in joined] == ["gable"]
    assert lengths(apart)["ridge"] == pytest.approx(18, abs=0.3)
    assert lengths(joined)["ridge"] == pytest.approx(18, abs=0.3)


def test_a_party_wall_is_one_line() -> None:
    found = lengths(real_roofs(row(np.random.default_rng(1))).roofs)
    assert found["step"] == pytest.approx(2 * 9, abs=0.3)
    assert found["rake"] == pytest.approx(2 * 9, abs=0.3)


def test_a_dormer_is_part_of_its_plane_and_a_tower_is_not() -> None:
    for side, faces in ((2.0, 1), (5.0, 3)):
        inner = box(5, 5, 5 + side, 5 + side)
        pieces = Pieces(
            np.array([inner, box(0, 0, 16, 16)], object), np.array([(0, 0, 9.0), (0, 0, 5.0)]), np.zeros(2, np.int64)
        )
        (roof,) = real_roofs(pieces).roofs
        assert_sound(roof)
        assert len(roof.faces) == faces
        assert roof.outline().area == pytest.approx(256, rel=0.01)


def test_a_courtyard_stays_open() -> None:
    ring = box(0, 0, 20, 20).difference(box(6, 6, 14, 14))
    (roof,) = real_roofs(Pieces(np.array([ring], object), np.array([(0, 0, 5.0)]), np.zeros(1, np.int64))).roofs
    assert_sound(roof)
    assert sum(Polygon(roof.ring_m(i)).area for i in range(len(roof.faces))) == pytest.approx(400 - 64, rel=0.01)
    assert roof.outline().area == pytest.approx(400, rel=0.01)
    assert not [e for e in roof_edges(roof) if e.faces[1] is not None]
