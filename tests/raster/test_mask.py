"""Which pixels lie inside polygons."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import CRS

from roofgeo.grid import Grid, Window
from roofgeo.raster.mask import inside

GRID = Grid(CRS.from_epsg(32632), 100.0, 200.0, 0.5, 40, 40)


def test_pixels_count_by_their_centre() -> None:
    mask = inside(shapely.box(102.0, 190.0, 105.3, 198.0), GRID, GRID.window)
    expected = np.zeros((40, 40), bool)
    expected[4:20, 4:11] = True
    np.testing.assert_array_equal(mask, expected)


def test_windows_cut_the_same_mask() -> None:
    disc = shapely.Point(110, 190).buffer(6)
    whole = inside(disc, GRID, GRID.window)
    window = Window(7, 3, 20, 30)
    np.testing.assert_array_equal(inside(disc, GRID, window), whole[window.slices_in(GRID.window)])


def test_all_and_nothing() -> None:
    assert inside(shapely.box(0, 0, 1000, 1000), GRID, GRID.window).all()
    assert not inside(shapely.box(0, 0, 1, 1), GRID, GRID.window).any()
