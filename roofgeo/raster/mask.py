"""Which pixels lie inside which polygons."""

from __future__ import annotations

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray

from roofgeo.grid import Grid, Window


def inside(geometry: shapely.Geometry, grid: Grid, window: Window) -> NDArray[np.bool_]:
    """Which pixels of a window, (height, width) bool, have their centre inside a geometry in the grid's CRS."""
    box = shapely.box(*grid.window_bounds(window))
    shapely.prepare(geometry)
    if geometry.contains(box):
        return np.ones(window.shape, bool)
    part = geometry.intersection(box)
    if part.is_empty:
        return np.zeros(window.shape, bool)
    mask: NDArray[np.bool_] = rasterio.features.geometry_mask(
        [part], window.shape, grid.window_transform(window), invert=True
    )
    return mask


def codes_inside(
    polygons: NDArray[np.object_], codes: NDArray[np.uint8], grid: Grid, window: Window
) -> NDArray[np.uint8]:
    """(height, width) code of the polygon in which a pixel of a window has its centre, 0 outside of all.

    Args:
        polygons: (n,) in the grid's CRS; of several over a pixel the last one counts.
        codes: (n,) of each.
        grid: Where the pixels are.
        window: Some of them.
    """
    if len(polygons) == 0:
        return np.zeros(window.shape, np.uint8)
    shapes = zip(polygons, codes.tolist(), strict=True)
    burnt: NDArray[np.uint8] = rasterio.features.rasterize(
        shapes, window.shape, transform=grid.window_transform(window), dtype="uint8"
    )
    return burnt
