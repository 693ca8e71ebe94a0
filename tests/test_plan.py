"""The blocks of a run cover the area, and no more."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from roofgeo.errors import InputError
from roofgeo.grid import LATTICE_PX, Grid
from roofgeo.plan import CORE_PX, HALO_PX, LARGEST_TILE_PX, SMALLEST_TILE_PX, plan_run, usual_overlap_px
from roofgeo.raster.stitch import FAINT, BlockBlender, window_weights

UTM = CRS.from_epsg(32632)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_blocks_cover_the_area_and_windows_the_blocks(height: int, width: int) -> None:
    grid = Grid(UTM, 500_000.0, 5_300_000.0, 0.1, height, width)
    plan = plan_run(grid, shapely.box(*grid.bounds), 1024, 256)
    assert sum(b.core.height * b.core.width for b in plan.blocks) == height * width
    for block in plan.blocks:
        windows = plan.windows(block)
        assert all(w.shape == (1024, 1024) for w in windows)
        assert all(w.row % LATTICE_PX == w.col % LATTICE_PX == 0 for w in windows)
        assert min(w.row for w in windows) <= block.halo.row and max(w.row_end for w in windows) >= block.halo.row_end
        assert min(w.col for w in windows) <= block.halo.col and max(w.col_end for w in windows) >= block.halo.col_end
    assert plan.window_count == sum(len(plan.windows(block)) for block in plan.blocks)


def test_inner_blocks_take_windows_without_a_rest() -> None:
    grid = Grid(UTM, 0.0, 0.0, 0.1, 3 * CORE_PX, 3 * CORE_PX)
    plan = plan_run(grid, shapely.box(*grid.bounds), 1024, 256)
    inner = plan.windows(plan.blocks[4])
    assert len(inner) == 16
    assert {w.row for w in inner} == {CORE_PX - HALO_PX + 768 * i for i in range(4)}
    assert max(w.row_end for w in inner) == 2 * CORE_PX + HALO_PX


def test_windows_overhang_a_small_grid_on_all_sides() -> None:
    grid = Grid(UTM, 0.0, 0.0, 0.1, 400, 600)
    plan = plan_run(grid, shapely.box(*grid.bounds), 1024, 256)
    (window,) = plan.windows(plan.blocks[0])
    assert (window.row, window.col) == (-288, -192)


def test_blocks_without_area_are_left_out() -> None:
    grid = Grid(UTM, 0.0, 1000.0, 0.1, 10_000, 10_000)
    plan = plan_run(grid, shapely.Point(10, 990).buffer(5), 1024, 256)
    assert [block.index for block in plan.blocks] == [0]


@st.composite
def tiles(draw: st.DrawFn) -> tuple[int, int]:
    """Any window and overlap that are allowed."""
    tile_px = LATTICE_PX * draw(st.integers(SMALLEST_TILE_PX // LATTICE_PX, LARGEST_TILE_PX // LATTICE_PX))
    return tile_px, LATTICE_PX * draw(st.integers(0, tile_px // 2 // LATTICE_PX))


@settings(deadline=None)
@given(tiles(), st.integers(1, 9000), st.integers(1, 9000))
@example((128, 64), 5000, 3000)
@example((2048, 1024), 9000, 1)
@example((160, 64), 3001, 700)
def test_weights_of_any_windows_add_up_to_one(pair: tuple[int, int], height: int, width: int) -> None:
    """Along each axis, at each pixel of each core; less only where no second window is there to fade into."""
    tile_px, overlap_px = pair
    grid = Grid(UTM, 500_000.0, 5_300_000.0, 0.1, height, width)
    plan = plan_run(grid, shapely.box(*grid.bounds), tile_px, overlap_px)
    middle = window_weights(tile_px, overlap_px)[tile_px // 2].astype(float)
    for block in plan.blocks:
        windows = plan.windows(block)
        rows, cols = {w.row for w in windows}, {w.col for w in windows}
        assert len(windows) == len(rows) * len(cols), "windows are a lattice: an axis can be looked at alone"
        for starts, first, length in (
            (rows, block.core.row, block.core.height),
            (cols, block.core.col, block.core.width),
        ):
            total, count = np.zeros(length), np.zeros(length, int)
            for start in starts:
                begin, end = max(start, first), min(start + tile_px, first + length)
                total[begin - first : end - first] += middle[begin - start : end - start]
                count[begin - first : end - first] += 1
            assert count.min() >= 1 and total.min() > 0
            assert total.max() <= 1 + 2 * FAINT
            assert count.max() <= 2
            np.testing.assert_allclose(total[count == 2], 1, atol=2 * FAINT)


@settings(deadline=None, max_examples=40)
@given(tiles(), st.integers(1, 400), st.integers(1, 400))
def test_what_all_windows_agree_on_is_kept_in_every_pixel(pair: tuple[int, int], height: int, width: int) -> None:
    grid = Grid(UTM, 500_000.0, 5_300_000.0, 0.1, height, width)
    plan = plan_run(grid, shapely.box(*grid.bounds), *pair, core_px=256)
    for block in plan.blocks:
        blender = BlockBlender(block.core, 1, *pair)
        for window in plan.windows(block):
            rows, cols = np.mgrid[window.row : window.row_end, window.col : window.col_end]
            blender.add(window, (1 + rows + 1000 * cols)[None].astype(np.float32))
        rows, cols = np.mgrid[block.core.row : block.core.row_end, block.core.col : block.core.col_end]
        np.testing.assert_allclose(blender.finish()[0], 1 + rows + 1000 * cols, rtol=1e-5, atol=1e-2)


def test_windows_of_which_nothing_is_kept_are_left_out() -> None:
    grid = Grid(UTM, 0.0, 0.0, 0.1, 3 * CORE_PX, 3 * CORE_PX)
    plan = plan_run(grid, shapely.box(*grid.bounds), 128, 64)
    inner = plan.windows(plan.blocks[4])
    assert len(inner) == ((CORE_PX + 128) // 64 - 1) ** 2
    assert all(window.meets(plan.blocks[4].core) for window in inner)


@pytest.mark.parametrize("pair", [(96, 0), (1000, 0), (2080, 0), (512, 288), (512, -32), (512, 100), (0, 0)])
def test_windows_that_cannot_be_used_are_refused(pair: tuple[int, int]) -> None:
    grid = Grid(UTM, 0.0, 0.0, 0.1, 400, 600)
    with pytest.raises(InputError, match=str(pair[0])):
        plan_run(grid, shapely.box(*grid.bounds), *pair)


def test_the_usual_overlap_is_what_the_model_wants_as_far_as_it_goes() -> None:
    assert [usual_overlap_px(tile_px, 256) for tile_px in (128, 160, 512, 1024)] == [64, 64, 256, 256]
