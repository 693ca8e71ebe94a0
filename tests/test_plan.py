"""The blocks of a run cover the area, and no more."""

from __future__ import annotations

import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from roofgeo.grid import LATTICE_PX, Grid
from roofgeo.plan import CORE_PX, HALO_PX, plan_run

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
