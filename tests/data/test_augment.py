"""Turning the picture turns the labels: augmenting a scene equals drawing the turned scene."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.data.augment import ended, random_window, transform_scene, turn_azimuth, vary_colour
from roofgeo.data.targets import LabelledScene, rasterize_targets
from roofgeo.schema import FIRST_PITCHED, NODATA
from roofgeo.synthesis import render_scene

SIZE_PX = 256


@pytest.fixture(scope="module")
def scene() -> LabelledScene:
    """A rendered scene with pitched roofs."""
    return render_scene(3, SIZE_PX, 0.2, style="oceania").scene


@pytest.mark.parametrize(
    ("matrix", "remap"),
    [
        # DESIGN, section 5: hflip c -> -c, vflip c -> 8-c, rot90 counter-clockwise c -> c-4, transpose c -> 12-c.
        (Affine(-1, 0, SIZE_PX, 0, 1, 0), lambda c: -c),
        (Affine(1, 0, 0, 0, -1, SIZE_PX), lambda c: 8 - c),
        (Affine(0, 1, 0, -1, 0, SIZE_PX), lambda c: c - 4),
        (Affine(0, 1, 0, 1, 0, 0), lambda c: 12 - c),
    ],
    ids=["hflip", "vflip", "rot90", "transpose"],
)
def test_square_symmetries_permute_classes(scene: LabelledScene, matrix: Affine, remap: object) -> None:
    before = rasterize_targets(scene).segments
    turned = transform_scene(scene, matrix, (SIZE_PX, SIZE_PX))
    after = rasterize_targets(turned).segments
    rows, cols = np.indices(before.shape)
    new_cols, new_rows = matrix * (cols + 0.5, rows + 0.5)
    moved = after[new_rows.astype(int), new_cols.astype(int)].astype(int)
    pitched = before >= FIRST_PITCHED
    expected = before.astype(int)
    expected[pitched] = FIRST_PITCHED + remap(before[pitched].astype(int) - FIRST_PITCHED) % 16  # type: ignore[operator]
    known = moved != NODATA
    # An azimuth on the limit of two bins may fall either way.
    assert (moved[known] == expected[known]).mean() > 0.97
    assert (turned.image[:, new_rows.astype(int), new_cols.astype(int)] == scene.image).mean() > 0.99


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360), st.floats(0, 360), st.booleans())
def test_turning_back_gives_the_azimuth_again(azimuth_deg: float, turn_deg: float, mirrored: bool) -> None:
    matrix = Affine.rotation(turn_deg) * (Affine.scale(-1, 1) if mirrored else Affine.identity())
    there = turn_azimuth(azimuth_deg, matrix)
    back = turn_azimuth(there, ~matrix)
    assert (back - azimuth_deg + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    if not mirrored:
        assert (there - azimuth_deg - turn_deg + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_sun_and_azimuths_turn_together(scene: LabelledScene, seed: int) -> None:
    """The angle between a slope and the sun, to either hand, stays what it was."""
    window = random_window(scene, 192, np.random.default_rng(seed))
    assert scene.sun_azimuth_deg is not None and window.sun_azimuth_deg is not None
    for before, after in zip(scene.planes, window.planes, strict=True):
        if before.azimuth_deg is None or after.azimuth_deg is None:
            assert before.azimuth_deg is after.azimuth_deg
            continue
        to_sun = [
            abs((azimuth_deg - sun_deg + 180) % 360 - 180)
            for azimuth_deg, sun_deg in (
                (before.azimuth_deg, scene.sun_azimuth_deg),
                (after.azimuth_deg, window.sun_azimuth_deg),
            )
        ]
        assert to_sun[1] == pytest.approx(to_sun[0], abs=1e-6)


def test_heights_move_with_the_planes(scene: LabelledScene) -> None:
    matrix = Affine.translation(20, 30) * Affine.rotation(33) * Affine.scale(1.2)
    turned = transform_scene(scene, matrix, (SIZE_PX, SIZE_PX))
    for before, after in zip(scene.planes, turned.planes, strict=True):
        assert before.height_m is not None and after.height_m is not None
        for (x0, y0), (x1, y1) in zip(before.ring, after.ring, strict=True):
            a0, b0, c0 = before.height_m
            a1, b1, c1 = after.height_m
            assert a1 * x1 + b1 * y1 + c1 == pytest.approx(a0 * x0 + b0 * y0 + c0, abs=1e-6)


def test_beyond_the_scene_nothing_is_labelled(scene: LabelledScene) -> None:
    moved = transform_scene(scene, Affine.translation(100, 0), (SIZE_PX, SIZE_PX))
    assert moved.labelled is not None
    assert not moved.labelled[:, :100].any() and moved.labelled[:, 100:].all()
    assert (moved.image[:, :, :100] == 0).all()


def test_colour_keeps_shape_and_tells_the_pixel_size(scene: LabelledScene) -> None:
    rng = np.random.default_rng(0)
    sizes = []
    for _ in range(20):
        image, size_m = vary_colour(scene.image, rng, 0.1)
        assert image.shape == scene.image.shape and image.dtype == np.uint8
        sizes.append(size_m)
    assert min(sizes) >= 0.06 and max(sizes) <= 0.3 and len(set(sizes)) > 5


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_where_the_imagery_ends_nothing_is_labelled(scene: LabelledScene, seed: int) -> None:
    cut = ended(scene, np.random.default_rng(seed))
    assert cut.labelled is not None and cut.labelled[SIZE_PX // 2, SIZE_PX // 2]
    rows, cols = cut.labelled.any(1), cut.labelled.any(0)
    assert (cut.labelled == rows[:, None] & cols).all(), "a rectangle"
    assert (cut.image == scene.image * cut.labelled).all()
    targets, whole = rasterize_targets(cut), rasterize_targets(scene)
    assert (targets.roof[~cut.labelled] == NODATA).all() and np.isnan(targets.height_m[~cut.labelled]).all()
    assert (targets.roof[cut.labelled] == whole.roof[cut.labelled]).all()
