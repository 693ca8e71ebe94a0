"""Which pixels lie inside polygons."""

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
