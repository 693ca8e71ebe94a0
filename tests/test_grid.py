"""The grid: windows, blocks, covering, true north."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Proj

from roofgeo.grid import LATTICE_PX, Grid, Window, utm_crs

UTM32 = CRS.from_epsg(25832)

sizes = st.integers(1, 700)
offsets = st.integers(-500, 500)
windows = st.builds(Window, offsets, offsets, sizes, sizes)


def grid(height: int = 1000, width: int = 1500) -> Grid:
    return Grid(UTM32, 691000.0, 5336000.0, 0.1, height, width)


@given(windows, windows)
def test_intersection_holds_exactly_the_pixels_of_both(one: Window, other: Window) -> None:
    canvas = np.zeros((1400, 1400), dtype=int)
    frame = Window(-600, -600, *canvas.shape)
    for window in (one, other):
        canvas[window.intersection(frame).slices_in(frame)] += 1
    part = one.intersection(other).intersection(frame)
    assert part.height * part.width == (canvas == 2).sum()


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([64, 256, 320]), st.sampled_from([0, 32, 64]))
def test_cores_tile_the_grid(height: int, width: int, core_px: int, halo_px: int) -> None:
    count = np.zeros((height, width), dtype=int)
    whole = grid(height, width)
    for index, block in enumerate(whole.blocks(core_px, halo_px)):
        assert block.index == index
        assert block.halo == block.core.grow(halo_px).intersection(whole.window)
        count[block.core.slices_in(whole.window)] += 1
    assert (count == 1).all()


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([(128, 32), (256, 64), (256, 0), (512, 100)]))
def test_windows_cover_the_halo_on_the_lattice(height: int, width: int, tile: tuple[int, int]) -> None:
    tile_px, overlap_px = tile
    for block in grid(height, width).blocks(320, 64):
        covered = np.zeros(block.halo.shape, dtype=bool)
        found = block.windows(tile_px, overlap_px)
        for window in found:
            assert window.shape == (tile_px, tile_px)
            assert window.row % LATTICE_PX == window.col % LATTICE_PX == 0
            covered[window.intersection(block.halo).slices_in(block.halo)] = True
        assert covered.all()
        for before, after in itertools.pairwise(found):
            assert after.row != before.row or before.col_end - after.col >= overlap_px


@given(
    st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.1, 500), st.floats(0.1, 500), st.sampled_from([0.1, 0.0746])
)
def test_covering_holds_the_bounds_and_lies_on_the_lattice(x: float, y: float, w: float, h: float, size: float) -> None:
    found = Grid.covering((x, y, x + w, y + h), UTM32, size, origin=(0.03, 0.04))
    left, bottom, right, top = found.bounds
    slack = 1e-5 * size
    assert left <= x + slack and bottom <= y + slack and right >= x + w - slack and top >= y + h - slack
    step = size * LATTICE_PX
    assert abs((left - 0.03) / step - round((left - 0.03) / step)) < 1e-6
    assert abs((top - 0.04) / step - round((top - 0.04) / step)) < 1e-6
    assert x - left < step + slack and right - (x + w) < size + slack


def test_window_bounds_agree_with_its_transform() -> None:
    window = Window(-10, 20, 30, 40)
    left, bottom, right, top = grid().window_bounds(window)
    t = grid().window_transform(window)
    assert (t.c, t.f) == (left, top)
    assert (right - left, top - bottom) == pytest.approx((4.0, 3.0))


def test_north_offset_is_the_meridian_convergence() -> None:
    # East of the central meridian grid north points east of true north, in the northern hemisphere.
    lon, lat = 11.5, 48.1
    projection = Proj("EPSG:25832")
    x, y = projection(lon, lat)
    expected = projection.get_factors(lon, lat).meridian_convergence
    assert grid().north_offset_deg(x, y) == pytest.approx(expected, abs=1e-3)
    assert 1.8 < expected < 1.9


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"), [(11.5, 48.1, 32632), (174.8, -36.8, 32760), (180.0, 10.0, 32601), (-180.0, 10.0, 32601)]
)
def test_utm_crs(lon: float, lat: float, epsg: int) -> None:
    assert utm_crs(lon, lat).to_epsg() == epsg
