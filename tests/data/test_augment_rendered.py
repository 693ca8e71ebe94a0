"""Augmenting a rendered scene equals rendering the turned scene: picture, light, planes, lines, heights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from roofgeo.data.augment import transform_scene, turn_azimuth
from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets
from roofgeo.schema import AZIMUTH_BIN_DEG, FIRST_PITCHED, NODATA
from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.materials import Material
from roofgeo.synthesis.render import Sun, View, form_image
from roofgeo.synthesis.shapes import Roof, azimuth_deg, gable_roof, roof_from_footprint, slope_deg
from roofgeo.synthesis.surfaces import Surface, level
from roofgeo.synthesis.trees import Canopy

SIZE_PX, PIXEL_M = 192, 0.2
MIDDLE_M = SIZE_PX * PIXEL_M / 2
PLAIN = {"grain": 0.0, "blotch": 0.0}
TILES, GRASS = Material(150, 90, 70, **PLAIN), Material(90, 110, 70, **PLAIN)
SUN_DEG = 165.0


def roofs() -> list[Roof]:
    """A gable and an L-shaped hip roof, off the middle, so that no symmetry hides a mistake."""
    outline = np.array([[0, 0], [12, 0], [12, 5], [6, 5], [6, 11], [0, 11]], dtype=np.float64)
    hip = roof_from_footprint(outline, 3.0, 35.0)
    assert hip is not None
    return [gable_roof(11, 7, 2.8, 40).moved(0.4, (-7.0, -6.0)), hip.moved(0.1, (1.0, 2.0))]


def seen_through(roof: Roof, matrix: Affine) -> Roof:
    """A roof about the picture's middle, in metres, after a turn or mirror of the ground."""
    back = ~matrix
    heights = tuple((a * back.a + b * back.d, a * back.b + b * back.e, c) for a, b, c in roof.heights_m)
    points = np.array([matrix * (x, y) for x, y in roof.points_m])
    faces = roof.faces if matrix.determinant > 0 else tuple(face[::-1] for face in roof.faces)
    return Roof(points, faces, heights, roof.roof_type)


def rendered(matrix: Affine) -> LabelledScene:
    """The picture and labels of the roofs after a turn or mirror of the ground and the sun."""
    placed = [seen_through(roof, matrix).moved(0, (MIDDLE_M, MIDDLE_M)) for roof in roofs()]
    far = 4 * MIDDLE_M
    ground = Surface(np.array([[-far, -far], [far, -far], [far, far], [-far, far]]), level(0), GRASS)
    tops = [Surface(r.ring_m(i), h, TILES) for r in placed for i, h in enumerate(r.heights_m)]
    shape = (SIZE_PX, SIZE_PX)
    nothing = np.zeros(shape, np.float32)
    canopy = Canopy(height_m=nothing, cover=nothing.copy(), color=np.zeros((*shape, 3), np.float32))
    sun = Sun(turn_azimuth(SUN_DEG, matrix), 40.0)
    light = form_image(np.random.default_rng(0), View([ground], tops, canopy, sun), PIXEL_M)
    image = (np.sqrt(np.clip(light, 0, 1)) * 255 + 0.5).astype(np.uint8)
    planes = tuple(
        RoofPlane(r.ring_m(i) / PIXEL_M, azimuth_deg(h), slope_deg(h), (h[0] * PIXEL_M, h[1] * PIXEL_M, h[2]), n)
        for n, r in enumerate(placed)
        for i, h in enumerate(r.heights_m)
    )
    lines = tuple(RoofLine(e.line_type, e.xy_m / PIXEL_M, n) for n, r in enumerate(placed) for e in roof_edges(r))
    return LabelledScene(image, PIXEL_M, planes, lines, sun_azimuth_deg=sun.azimuth_deg, latitude_deg=48.0)


def about_the_middle(matrix: Affine) -> Affine:
    half = SIZE_PX / 2
    return Affine.translation(half, half) * matrix * Affine.translation(-half, -half)


def augmented(matrix: Affine, *, as_rasters: bool = False) -> LabelledScene:
    scene = rendered(Affine.identity())
    if as_rasters:
        image, sun_deg = scene.image, scene.sun_azimuth_deg
        scene = LabelledScene(image, PIXEL_M, rasters=rasterize_targets(scene), sun_azimuth_deg=sun_deg)
    return transform_scene(scene, about_the_middle(matrix), (SIZE_PX, SIZE_PX))


def alike(first: LabelledScene, second: LabelledScene, tolerance: int) -> NDArray[np.bool_]:
    """(height, width) where the pixel of one is between those around its place in the other.

    Around is two pixels: the steps in a shadow's edge are of the renderer's rows and columns, and do not turn.
    """
    around = second.image.astype(int)
    low, high = (f(around, (1, 5, 5)) for f in (ndimage.minimum_filter, ndimage.maximum_filter))
    pixels = first.image.astype(int)
    result: NDArray[np.bool_] = ((pixels >= low - tolerance) & (pixels <= high + tolerance)).all(axis=0)
    return result


def agreement(first: Targets, second: Targets) -> dict[str, float]:
    """Share of the pixels both label on which they agree; of azimuths and heights, within a degree or 0.2 m."""
    both = (first.roof != NODATA) & (second.roof != NODATA)
    pitched = both & ~np.isnan(first.azimuth_deg) & ~np.isnan(second.azimuth_deg)
    off_deg = np.abs((first.azimuth_deg - second.azimuth_deg + 180) % 360 - 180)[pitched]
    high = both & (first.roof == 1) & (second.roof == 1)
    off_m = np.abs(first.height_m - second.height_m)[high]
    shares: dict[str, NDArray[np.bool_]] = {
        "segments": first.segments[both] == second.segments[both],
        "lines": first.lines[both] == second.lines[both],
        "roof": first.roof[both] == second.roof[both],
        "azimuth": off_deg < 1.0,
        "height": off_m < 0.2,
    }
    return {name: float(right.mean()) for name, right in shares.items()}


D4 = [
    Affine(*linear[:2], 0, *linear[2:], 0)
    for linear in [
        (1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0),
        (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0),
    ]
]  # fmt: skip


@pytest.mark.parametrize("matrix", D4, ids=[str(tuple(m)[:5]) for m in D4])
@pytest.mark.parametrize("as_rasters", [False, True], ids=["vectors", "rasters"])
def test_square_symmetries(matrix: Affine, as_rasters: bool) -> None:
    turned, drawn = augmented(matrix, as_rasters=as_rasters), rendered(matrix)
    assert alike(turned, drawn, 3).mean() > 0.997, "light and shadow fall as on the turned scene"
    shares = agreement(rasterize_targets(turned), rasterize_targets(drawn))
    assert min(shares.values()) > 0.97, shares


@settings(max_examples=12, deadline=None)
@given(st.floats(0, 360), st.booleans())
def test_free_turns(turn_deg: float, mirrored: bool) -> None:
    matrix = Affine.rotation(turn_deg) * (Affine.scale(-1, 1) if mirrored else Affine.identity())
    turned, drawn = augmented(matrix), rendered(matrix)
    known = turned.labelled
    assert known is not None and known.mean() > 0.8
    assert alike(turned, drawn, 6)[known].mean() > 0.99
    shares = agreement(rasterize_targets(turned), rasterize_targets(drawn))
    assert min(shares.values()) > 0.95, shares
    difference = math.remainder((turned.sun_azimuth_deg or 0) - (drawn.sun_azimuth_deg or 0), 360)
    assert difference == pytest.approx(0, abs=1e-6)


def test_turns_by_whole_bins_keep_classes_whole() -> None:
    scene = augmented(Affine.identity(), as_rasters=True)
    assert scene.rasters is not None
    classes = Targets.from_classes(scene.rasters.segments)
    scene = LabelledScene(scene.image, PIXEL_M, rasters=classes, azimuth_bin_deg=AZIMUTH_BIN_DEG)
    turn = Affine.rotation(3 * AZIMUTH_BIN_DEG)
    turned = rasterize_targets(transform_scene(scene, about_the_middle(turn), (SIZE_PX, SIZE_PX)))
    before = np.bincount(classes.segments[classes.segments >= FIRST_PITCHED] - FIRST_PITCHED, minlength=16)
    pitched = turned.segments[(turned.segments >= FIRST_PITCHED) & (turned.segments != NODATA)] - FIRST_PITCHED
    np.testing.assert_allclose(np.roll(np.bincount(pitched, minlength=16), -3), before, rtol=0.05, atol=30)


def test_a_wrong_turn_would_show() -> None:
    """The agreement of two scenes turned apart is far below what the tests above ask for."""
    assert alike(augmented(D4[1]), rendered(D4[3]), 6).mean() < 0.95
    shares = agreement(rasterize_targets(augmented(D4[1])), rasterize_targets(rendered(D4[3])))
    assert shares["azimuth"] < 0.3 and shares["segments"] < 0.9
