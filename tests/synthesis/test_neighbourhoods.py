"""Scenes of real roofs: windows of a neighbourhood, and single roofs on invented lots."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.synthesis import STYLES, render_scene
from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.neighbourhoods import (
    Neighbourhood,
    box_around,
    changed,
    fitted_roof,
    neighbourhood,
    roads_between,
    rows_of_houses,
    seen_roofs,
)
from roofgeo.synthesis.real_shapes import Pieces
from roofgeo.synthesis.shapes import Roof, flat_roof, gable_roof, height_at, rectangle, slope_deg


def street() -> list[Roof]:
    """Two rows of three gables face each other across 16 m."""
    houses = [gable_roof(7, 9, 4, 40).moved(0, (7.0 * i, 25.0 * k)) for i in range(3) for k in range(2)]
    return [*houses, flat_roof(rectangle(4, 3), 2.5).moved(0.2, (40, 10))]


@pytest.fixture(scope="module")
def place() -> Neighbourhood:
    faces = [(roof, i, number) for number, roof in enumerate(street()) for i in range(len(roof.faces))]
    return neighbourhood(
        Pieces(
            np.array([shapely.Polygon(roof.ring_m(i)) for roof, i, _ in faces], object),
            np.array([roof.heights_m[i] for roof, i, _ in faces]),
            np.array([number for *_, number in faces]),
        )
    )


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 2 * math.pi), st.booleans(), st.floats(0.5, 2), st.floats(-50, 50), st.floats(-50, 50))
def test_a_roof_moved_keeps_slopes_lines_and_proportions(
    turn: float, mirror: bool, scale: float, x: float, y: float
) -> None:
    roof = gable_roof(12, 8, 3, 35, 0.4)
    frame = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) * (1, -1 if mirror else 1)
    about = np.array([1.0, 2.0])
    found = changed(roof, frame, scale, about, np.array([x, y]))
    assert found.outline().exterior.is_ccw
    assert found.outline().area == pytest.approx(scale**2 * roof.outline().area)
    for i, (before, after) in enumerate(zip(roof.heights_m, found.heights_m, strict=True)):
        assert slope_deg(after) == pytest.approx(slope_deg(before))
        expected = np.sort(scale * height_at(before, roof.ring_m(i)))
        assert np.sort(height_at(after, found.ring_m(i))) == pytest.approx(expected, abs=1e-6)
    kinds = [sorted(edge.line_type for edge in roof_edges(r)) for r in (roof, found)]
    assert kinds[0] == kinds[1]


def test_a_window_keeps_distances_and_shows_rows_whole_or_by_the_house(place: Neighbourhood) -> None:
    counts = set()
    for seed in range(8):
        roofs = seen_roofs(np.random.default_rng(seed), place, (200, 200))
        counts.add(len(roofs))
        rows = rows_of_houses(roofs)
        assert len(set(rows)) == 3
        sides = [shapely.union_all([r.outline() for r, n in zip(roofs, rows, strict=True) if n == k]) for k in (0, 1)]
        ratio = sides[0].distance(sides[1]) / math.sqrt(sides[0].area)
        assert ratio == pytest.approx(16 / math.sqrt(21 * 9), rel=0.03)
    assert counts == {3, 7}


def test_a_scene_of_a_neighbourhood_is_labelled_and_repeats(place: Neighbourhood) -> None:
    first, second = (render_scene(4, 256, 0.25, style="middle_europe", neighbourhood=place) for _ in range(2))
    assert np.array_equal(first.scene.image, second.scene.image)
    assert first.roofs
    assert len(first.scene.planes) == sum(len(roof.faces) for roof in first.roofs)
    assert first.height_m.max() > 3
    assert {"ridge", "eave", "rake"} <= {line.line_type for line in first.scene.lines}


def test_a_scene_of_a_neighbourhood_without_a_roof_in_sight_is_ground(place: Neighbourhood) -> None:
    rendered = render_scene(1, 16, 0.1, neighbourhood=place, whole_buildings=True)
    assert rendered.roofs == ()


def test_roads_keep_clear_of_houses() -> None:
    roofs = street()
    roads = roads_between(np.random.default_rng(0), roofs, (60, 60), STYLES["middle_europe"])
    assert roads
    outlines = shapely.union_all([roof.outline() for roof in roofs])
    assert not any(shapely.Polygon(road.ring_m()).intersects(outlines) for road in roads)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(8, 30), st.floats(0.3, 1))
def test_a_real_roof_fits_its_box(seed: int, length: float, share: float) -> None:
    roof = fitted_roof(np.random.default_rng(seed), street(), (length, share * length), 3.5)
    low, high = roof.points_m.min(axis=0), roof.points_m.max(axis=0)
    assert np.all(high - low <= np.array([length, share * length]) + 1e-6)
    assert np.any(high - low >= np.array([length, share * length]) - 1e-6)
    assert min(height_at(h, roof.ring_m(i)).min() for i, h in enumerate(roof.heights_m)) == pytest.approx(3.5)
    plot = box_around(roof)
    assert plot.length_m >= plot.depth_m


def test_invented_settlements_take_roofs_of_a_library() -> None:
    style = replace(STYLES["middle_europe"], shapes={"flat": 1e-9}, sheds=0.0, vacant=0.0)
    without = render_scene(3, 256, 0.25, style=style)
    assert all(roof.roof_type == "flat" for roof in without.roofs)
    style = replace(style, shapes={"real": 1.0})
    rendered = render_scene(3, 256, 0.25, style=style, library=[gable_roof(12, 8, 3, 40)])
    assert rendered.roofs
    assert all(roof.roof_type == "gable" for roof in rendered.roofs)
