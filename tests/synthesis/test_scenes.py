"""A rendered scene and its labels tell the same story."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from rasterio.features import rasterize

from roofgeo.schema import LINE_TYPES
from roofgeo.synthesis import STYLES, RenderedScene, render_scene
from roofgeo.synthesis.render import Sun, cast_shadows
from roofgeo.synthesis.sensor import Sensor

CLEAR = Sensor(noise=0.0, haze=0.0, contrast=1.0, jpeg_quality=None)


@pytest.fixture(scope="module")
def scene() -> RenderedScene:
    return render_scene(11, 512, 0.15, style="middle_europe", sun=Sun(170, 40, 0.75), sensor=CLEAR)


def mask(ring: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    polygon = shapely.Polygon(ring).buffer(-3)
    return rasterize([polygon], out_shape=shape).astype(bool) if not polygon.is_empty else np.zeros(shape, bool)


def test_picture_and_labels_have_their_kinds(scene: RenderedScene) -> None:
    assert scene.scene.image.shape == (3, 512, 512)
    assert scene.scene.image.dtype == np.uint8
    assert scene.height_m.shape == (512, 512)
    assert len(scene.scene.planes) > 10
    assert {line.line_type for line in scene.scene.lines} <= set(LINE_TYPES)
    assert scene.scene.sun_azimuth_deg == 170
    assert len({p.building for p in scene.scene.planes}) == len(scene.roofs)


@pytest.mark.parametrize("style", STYLES)
def test_planes_of_a_building_are_a_coverage_and_buildings_do_not_overlap(style: str) -> None:
    rendered = render_scene(2, 256, 0.3, style=style)
    outlines = []
    for number in range(len(rendered.roofs)):
        rings = [shapely.Polygon(p.ring) for p in rendered.scene.planes if p.building == number]
        assert shapely.coverage_is_valid(rings)
        outlines.append(shapely.union_all(rings))
    total = sum(o.area for o in outlines)
    assert shapely.union_all(outlines).area == pytest.approx(total, rel=1e-6)


def test_azimuth_and_slope_follow_the_height(scene: RenderedScene) -> None:
    for plane in scene.scene.planes:
        assert plane.height_m is not None
        a, b, _ = plane.height_m
        rise = math.hypot(a, b) / scene.scene.pixel_size_m
        assert plane.slope_deg == pytest.approx(math.degrees(math.atan(rise)), abs=1e-6)
        if plane.azimuth_deg is None:
            assert rise < 1e-5
        else:
            assert plane.azimuth_deg == pytest.approx(math.degrees(math.atan2(-a, b)) % 360)


def test_heights_are_continuous_at_ridges_hips_and_valleys(scene: RenderedScene) -> None:
    size = scene.height_m.shape[0]
    for line in scene.scene.lines:
        if line.line_type not in ("ridge", "hip", "valley"):
            continue
        direction = line.xy[1] - line.xy[0]
        across = np.array([-direction[1], direction[0]]) / np.hypot(*direction)
        middle = line.xy.mean(axis=0)
        sides = [np.floor(middle + s * 1.5 * across).astype(int) for s in (1, -1)]
        if np.min(sides) < 0 or np.max(sides) >= size or np.hypot(*direction) < 8:
            continue
        z = [scene.height_m[y, x] for x, y in sides]
        assert min(z) > 0
        assert abs(z[0] - z[1]) < 4 * 0.15 * math.tan(math.radians(50))


def test_height_is_zero_off_the_roofs(scene: RenderedScene) -> None:
    rings = [shapely.Polygon(p.ring) for p in scene.scene.planes]
    roofed = rasterize(rings, out_shape=scene.height_m.shape).astype(bool)
    assert (scene.height_m[~roofed] == 0).all()
    assert scene.height_m[roofed].min() > 1.5


def test_planes_that_face_the_sun_are_brighter() -> None:
    toward, away = [], []
    for seed in range(4):
        rendered = render_scene(seed, 384, 0.2, style="oceania", sun=Sun(180, 35, 0.8), sensor=CLEAR)
        grey = rendered.scene.image.mean(axis=0)
        for number in range(len(rendered.roofs)):
            planes = [p for p in rendered.scene.planes if p.building == number]
            for plane in planes:
                here = mask(plane.ring, grey.shape)
                if plane.azimuth_deg is None or here.sum() < 60:
                    continue
                turned = math.cos(math.radians(plane.azimuth_deg - 180))
                if abs(turned) > 0.7:
                    (toward if turned > 0 else away).append(float(grey[here].mean()))
    assert np.mean(toward) > 1.1 * np.mean(away)


def test_shadows_fall_away_from_the_sun() -> None:
    z = np.zeros((80, 80), np.float32)
    z[36:44, 36:44] = 3.0
    lit = cast_shadows(z, Sun(180, 45), 0.1)
    assert lit[20, 40] < 0.1, "thirty decimetres tall at 45 degrees: the shadow reaches thirty pixels north"
    assert lit[60, 40] > 0.9
    assert lit[40, 60] > 0.9
    assert lit[2, 40] > 0.9


def test_the_same_seed_gives_the_same_scene() -> None:
    first, second = render_scene(5, 256, 0.2), render_scene(5, 256, 0.2)
    np.testing.assert_array_equal(first.scene.image, second.scene.image)
    np.testing.assert_array_equal(first.height_m, second.height_m)
    assert len(first.scene.lines) == len(second.scene.lines)
    other = render_scene(6, 256, 0.2)
    assert (other.scene.image != first.scene.image).any()


def test_whole_buildings_stay_within_the_picture() -> None:
    rendered = render_scene(1, 384, 0.2, style="oceania", whole_buildings=True)
    points = np.vstack([p.ring for p in rendered.scene.planes])
    assert points.min() >= 0
    assert points.max() <= 384


def test_sun_stands_in_the_south_or_north_unless_told() -> None:
    for seed in range(12):
        azimuth = render_scene(seed, 32, 0.3, style="halls").scene.sun_azimuth_deg
        assert azimuth is not None
        assert abs(math.cos(math.radians(azimuth))) >= 0.499
    assert render_scene(0, 32, 0.3, sun_azimuth_deg=90.0).scene.sun_azimuth_deg == 90.0


def test_unbuilt_land_has_no_labels() -> None:
    import dataclasses

    empty = dataclasses.replace(STYLES["farms"], vacant=1.0)
    rendered = render_scene(0, 128, 0.2, style=empty)
    assert rendered.scene.planes == ()
    assert rendered.scene.lines == ()
    assert not rendered.height_m.any()
