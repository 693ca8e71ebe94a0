"""Pixels: which lie in polygons, by scan lines, and windows around them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from roofgeo.grid import Window

IntArray = NDArray[np.int64]
Polygons = NDArray[np.object_]


def pixels_within(polygons: Polygons) -> tuple[IntArray, IntArray, IntArray]:
    """The pixels whose centre lies in polygons, all polygons at once: number of the polygon, row and column, (n,) each.

    By scan lines: the edges that cross a row's centres, sorted along it, begin and end the polygon by turns. Polygons
    may have holes, be of several parts, and lie over each other; two that share an edge share no pixel there.

    Args:
        polygons: (polygons,) in pixels, x to the right and y down, corners of pixels at whole numbers.
    """
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    (x0, y0), (x1, y1) = xy[start].T, xy[start + 1].T
    first = np.ceil(np.minimum(y0, y1) - 0.5).astype(np.int64)
    end = np.ceil(np.maximum(y0, y1) - 0.5).astype(np.int64)
    edge, nth = _counted(end - first)
    row = first[edge] + nth
    x = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    number = owner[part[ring[start]]][edge]
    order = np.lexsort((x, row, number))
    col = np.ceil(x[order] - 0.5).astype(np.int64)
    begins = order[::2]
    run, nth = _counted(col[1::2] - col[::2])
    return number[begins][run].astype(np.int64), row[begins][run], col[::2][run] + nth


def _counted(counts: IntArray) -> tuple[IntArray, IntArray]:
    """Each number i so many times as `counts[i]` says, and which time it is."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)


def halves(window: Window, by_rows: bool) -> tuple[Window, Window]:
    """The upper and lower half, or the left and right one."""
    row, col, height, width = window.row, window.col, window.height, window.width
    half = (height if by_rows else width) // 2
    if by_rows:
        return Window(row, col, half, width), Window(row + half, col, height - half, width)
    return Window(row, col, height, half), Window(row, col + half, height, width - half)


def window_of(row: IntArray, col: IntArray) -> Window:
    """The smallest window that holds the pixels."""
    top, left = int(row.min()), int(col.min())
    return Window(top, left, int(row.max()) - top + 1, int(col.max()) - left + 1)
