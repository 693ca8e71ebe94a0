"""Finding buildings and planes in bands."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.errors import ModelError
from roofgeo.grid import Window
from roofgeo.vector.graph import trace
from roofgeo.vector.planes import split_buildings, without_rims
from roofgeo.vector.regularize import regularize
from roofgeo.vector.seams import vectorize_block
from tests.vector.rasters import line, make_bands, plane, speckled, spoil, utm_grid
from tests.vector.shapes import SHAPE, assert_sound, buildings_of, ell, flat, gable, hip, pyramid, shed


@pytest.mark.parametrize(
    ("roof", "count"), [(gable, 2), (hip, 4), (pyramid, 4), (ell, 4), (flat, 1), (shed, 1)], ids=lambda x: str(x)
)
@pytest.mark.parametrize("poor", [False, True])
def test_each_plane_is_one_face(roof, count, poor):
    bands = make_bands(*roof(), SHAPE)
    (building,) = buildings_of(spoil(bands) if poor else bands)
    assert len(building.faces.polygons) == count
    assert_sound(building.faces.polygons)


@pytest.mark.parametrize(
    ("roof", "count"), [(gable, 2), (hip, 4), (pyramid, 4), (ell, 4), (flat, 1), (shed, 1)], ids=lambda x: str(x)
)
@pytest.mark.parametrize("seed", range(3))
def test_speckle_makes_no_faces_and_hides_none(roof, count, seed):
    (building,) = buildings_of(speckled(make_bands(*roof(), SHAPE), np.random.default_rng(seed)))
    assert len(building.faces.polygons) == count


def test_planes_that_meet_at_the_tip_of_a_valley_are_two():
    """A wing whose ridge is about as high as the main one parts the slope: its halves hang together by a thread."""
    a, b, c, d, west, east = (20, 40), (180, 40), (180, 120), (20, 120), (20, 80), (180, 80)
    tip, left, right, foot_left, foot_right = (100, 82), (60, 120), (140, 120), (60, 150), (140, 150)
    planes = [
        plane([a, b, east, west], 0),
        plane([west, (100, 80), tip, left, d], 180),
        plane([(100, 80), east, c, right, tip], 180),
        plane([left, tip, (100, 150), foot_left], 270),
        plane([tip, right, foot_right, (100, 150)], 90),
    ]
    lines = [line("ridge", west, east), line("valley", tip, left), line("valley", tip, right)]
    (building,) = buildings_of(make_bands(planes, [*lines, line("ridge", tip, (100, 150))], (170, 200)))
    assert len(building.faces.polygons) == 5


def test_faces_lie_where_the_planes_are():
    planes, lines = hip()
    (building,) = buildings_of(make_bands(planes, lines, SHAPE))
    for truth in planes:
        polygon = shapely.Polygon(truth.ring * [0.1, -0.1] + [500_000, 5_300_000])
        overlap = shapely.area(shapely.intersection(building.faces.polygons, polygon))
        assert overlap.max() > 0.97 * polygon.area


def test_it_takes_a_sure_network_to_part_planes_without_a_line():
    west, east = (
        plane([(40, 40), (56, 40), (56, 120), (40, 120)], 0),
        plane([(56, 40), (160, 40), (160, 120), (56, 120)], 90),
    )
    bands = make_bands([west, east], [], SHAPE)
    assert len(buildings_of(bands)[0].faces.polygons) == 2
    roof = bands["roof"][0] > 0
    unsure = bands | {
        "segments": np.where(roof, 0.35 * bands["segments"] + 0.65 / len(bands["segments"]), bands["segments"]),
        "azimuth": 0.35 * bands["azimuth"],
    }
    assert len(buildings_of(unsure)[0].faces.polygons) == 1


def test_a_line_parts_planes_that_face_the_same_way():
    planes = [
        plane([(40, 40), (100, 40), (100, 120), (40, 120)], 90),
        plane([(100, 40), (160, 40), (160, 120), (100, 120)], 90),
    ]
    step = [line("step", (100, 40), (100, 120))]
    assert len(buildings_of(make_bands(planes, step, SHAPE))[0].faces.polygons) == 2
    assert len(buildings_of(make_bands(planes, [], SHAPE))[0].faces.polygons) == 1


def test_a_line_with_gaps_still_parts_them_and_a_stub_does_not():
    planes = [
        plane([(40, 40), (100, 40), (100, 120), (40, 120)], 90),
        plane([(100, 40), (160, 40), (160, 120), (100, 120)], 90),
    ]
    gaps = [
        line("step", (100, 40), (100, 62)),
        line("step", (100, 72), (100, 92)),
        line("step", (100, 100), (100, 120)),
    ]
    assert len(buildings_of(make_bands(planes, gaps, SHAPE))[0].faces.polygons) == 2
    assert len(buildings_of(make_bands(planes, gaps[:1], SHAPE))[0].faces.polygons) == 1


def test_buildings_that_touch_by_a_thread_come_apart():
    mask = np.zeros((60, 140), bool)
    mask[10:50, 10:60] = mask[10:50, 80:130] = True
    mask[30:32, 60:80] = True
    assert [part.sum() for part in split_buildings(mask, 0.1)] == pytest.approx([2000, 2000], abs=12)


def test_small_holes_are_filled_courtyards_stay():
    mask = np.ones((100, 100), bool)
    mask[20:25, 20:25] = False
    mask[50:70, 50:70] = False
    (part,) = split_buildings(mask, 0.1)
    assert part[22, 22]
    assert not part[60, 60]


@pytest.mark.parametrize("pixel_m", [0.1, 0.2, 0.3])
def test_a_pixel_between_two_roofs_does_not_make_them_one(pixel_m):
    mask = np.zeros((120, 140), bool)
    mask[20:100, 20:69] = mask[20:100, 70:120] = True
    mask[60, 69] = True
    parts = split_buildings(mask, pixel_m)
    assert [part.sum() for part in parts] == pytest.approx([80 * 49, 80 * 50], abs=12)
    assert not np.logical_and(*parts).any()


@pytest.mark.parametrize("turned", [False, True])
def test_slits_of_a_pixel_are_filled_alleys_stay(turned):
    mask = np.ones((100, 100), bool)
    mask[40, 30:] = False
    mask[70:76, 30:] = False
    (part,) = split_buildings(mask.T if turned else mask, 0.1)
    part = part.T if turned else part
    assert part[40, 30:98].all()
    assert not part[70:76, 40:].any()


def test_a_slit_between_two_faces_leaves_them_straight():
    bands = make_bands(*gable(), SHAPE)
    bands["roof"][0, 80, 40:70] = 0
    (building,) = buildings_of(bands)
    assert_sound(building.faces.polygons)
    assert shapely.get_num_coordinates(building.faces.polygons).tolist() == [5, 5]


@pytest.mark.parametrize("along", [slice(None), slice(30, 52)])
def test_a_rim_of_one_face_along_another_leaves_both_straight(along):
    """Its two sides cross as soon as they are simplified: the whole building stayed stairs of pixels."""
    labels = np.zeros((100, 140), np.int32)
    labels[30:70, 30:70], labels[30:70, 70:110] = 1, 2
    rim = np.zeros_like(labels, bool)
    rim[[30, 69], 70:110] = rim[30:70, 109] = True
    labels[along][rim[along]] = 1
    _, faces = regularize(trace(without_rims(labels, 0.1)), 0.1)
    assert shapely.get_num_coordinates(faces).tolist() == [5, 5]
    assert shapely.area(faces).tolist() == pytest.approx([1600, 1600], abs=5)


def test_crumbs_are_no_buildings():
    bands = make_bands([plane([(40, 40), (50, 40), (50, 55), (40, 55)], None)], [], SHAPE)
    assert buildings_of(bands) == ()


def test_a_courtyard_stays_open():
    ring = [(20, 20), (140, 20), (140, 140), (20, 140)]
    bands = make_bands([plane(ring, None)], [], SHAPE)
    for band in bands.values():
        band[:, 60:100, 60:100] = 0
    (building,) = buildings_of(bands)
    (polygon,) = building.faces.polygons
    assert shapely.get_num_interior_rings(polygon) == 1
    assert polygon.area == pytest.approx(144 - 16, rel=0.01)


def test_nan_and_missing_heads_do_no_harm():
    bands = make_bands(*gable(), SHAPE)
    bands["azimuth"][:, 60:70, 60:70] = np.nan
    bands["segments"][:, 100:105, 60:70] = np.nan
    assert len(buildings_of(bands)[0].faces.polygons) == 2
    only = {name: bands[name] for name in ("segments", "roof")}
    assert len(buildings_of(only)[0].faces.polygons) == 2


def test_no_segments_head_is_said():
    bands = {"roof": np.ones((1, 50, 50), np.float32)}
    with pytest.raises(ModelError, match="no roof segments"):
        vectorize_block(
            bands, np.ones((50, 50), bool), np.ones((50, 50), bool), Window(0, 0, 50, 50), utm_grid((50, 50))
        )


@given(st.integers(0, 10_000), st.sampled_from([2, 5, 12]))
@settings(max_examples=25, deadline=None)
def test_noise_gives_sound_faces(seed, grain_px):
    rng = np.random.default_rng(seed)
    small = (60 // grain_px + 1, 80 // grain_px + 1)
    size = np.ones((1, grain_px, grain_px), np.float32)
    bands = {
        name: np.kron(rng.dirichlet(np.ones(n) * 0.3, small).transpose(2, 0, 1), size)[:, :60, :80].astype(np.float32)
        for name, n in (("segments", 18), ("lines", 7))
    }
    bands["azimuth"] = rng.normal(size=(2, 60, 80)).astype(np.float32)
    bands["roof"] = np.kron(rng.random((1, *small)) + 0.15, size)[:, :60, :80].astype(np.float32)
    for building in buildings_of(bands):
        assert_sound(building.faces.polygons)
