"""Where the pixels are: a Grid, its blocks, and their windows.

Pixel coordinates are (row, column) from the grid's upper left corner; bounds are left, bottom, right, top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from affine import Affine
from pyproj import CRS, Transformer

LATTICE_PX = 32
"""Windows start at multiples of this: the deepest stride of the encoders, off which classes flip more often."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of a Grid. It may overhang the grid: offsets may be negative.

    Attributes:
        row: First row.
        col: First column.
        height: Number of rows.
        width: Number of columns.
    """

    row: int
    col: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def row_end(self) -> int:
        """One past the last row."""
        return self.row + self.height

    @property
    def col_end(self) -> int:
        """One past the last column."""
        return self.col + self.width

    def intersection(self, other: Window) -> Window:
        """The pixels both hold; of height or width 0 where they do not meet."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        height = max(0, min(self.row_end, other.row_end) - row)
        width = max(0, min(self.col_end, other.col_end) - col)
        return Window(row, col, height, width)

    def meets(self, other: Window) -> bool:
        """True where both hold a pixel."""
        return (
            self.row < other.row_end
            and other.row < self.row_end
            and self.col < other.col_end
            and other.col < self.col_end
        )

    def grow(self, px: int) -> Window:
        """The window with `px` more pixels on each side."""
        return Window(self.row - px, self.col - px, self.height + 2 * px, self.width + 2 * px)

    def slices_in(self, outer: Window) -> tuple[slice, slice]:
        """(rows, columns) of this window within an array that holds `outer`, which must contain it."""
        row, col = self.row - outer.row, self.col - outer.col
        return slice(row, row + self.height), slice(col, col + self.width)


@dataclass(frozen=True)
class Block:
    """The unit of memory of a run: a core that is kept, and a halo that gives the network context.

    Attributes:
        index: Number of the block in its grid, row by row.
        core: Pixels this block is responsible for. Cores tile the grid without gap or overlap.
        halo: Core and context around it, as far as the grid goes.
    """

    index: int
    core: Window
    halo: Window

    def windows(self, tile_px: int, overlap_px: int) -> tuple[Window, ...]:
        """Full-size windows that cover the halo, evenly spaced on the 32-pixel lattice.

        Args:
            tile_px: Side of a window, a multiple of 32.
            overlap_px: Least overlap of neighbours, less than `tile_px`.

        Returns:
            Square windows, row by row. They overhang the halo evenly rather than shrink.
        """
        rows = _starts(self.halo.row, self.halo.height, tile_px, overlap_px)
        cols = _starts(self.halo.col, self.halo.width, tile_px, overlap_px)
        return tuple(Window(r, c, tile_px, tile_px) for r in rows for c in cols)


def _starts(start: int, length: int, tile: int, overlap: int) -> range:
    stride = (tile - overlap) // LATTICE_PX * LATTICE_PX
    count = max(1, math.ceil((length - overlap) / stride))
    excess = (count - 1) * stride + tile - length
    first = start - excess // 2 // LATTICE_PX * LATTICE_PX
    return range(first, first + count * stride, stride)


@dataclass(frozen=True)
class Grid:
    """Where the pixels are: CRS, transform, shape. Immutable; metric; north up.

    Attributes:
        crs: Projected CRS in metres.
        left: Easting of the left edge.
        top: Northing of the upper edge.
        pixel_size_m: Side of a pixel in units of the CRS (metres).
        height: Number of rows.
        width: Number of columns.
    """

    crs: CRS
    left: float
    top: float
    pixel_size_m: float
    height: int
    width: int

    @classmethod
    def covering(cls, bounds: Bounds, crs: CRS, pixel_size_m: float, origin: tuple[float, float] = (0.0, 0.0)) -> Grid:
        """The smallest grid that covers `bounds` and whose corners lie on the lattice.

        Args:
            bounds: left, bottom, right, top in `crs`.
            crs: Projected CRS in metres.
            pixel_size_m: Side of a pixel.
            origin: A point on the corner of a pixel. Grids of one origin share pixels wherever they overlap.
        """
        step = pixel_size_m * LATTICE_PX
        x0, y0 = origin
        left = math.floor((bounds[0] - x0) / step + 1e-9)
        top = math.ceil((bounds[3] - y0) / step - 1e-9)
        width = max(1, math.ceil((bounds[2] - x0 - left * step) / pixel_size_m - 1e-6))
        height = max(1, math.ceil((y0 + top * step - bounds[1]) / pixel_size_m - 1e-6))
        return cls(crs, x0 + left * step, y0 + top * step, pixel_size_m, height, width)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def window(self) -> Window:
        """The whole grid as a window of itself."""
        return Window(0, 0, self.height, self.width)

    @property
    def transform(self) -> Affine:
        """Affine from (column, row) to (easting, northing)."""
        return self.window_transform(self.window)

    @property
    def bounds(self) -> Bounds:
        """left, bottom, right, top in the CRS."""
        return self.window_bounds(self.window)

    def window_transform(self, window: Window) -> Affine:
        """Affine from (column, row) within `window` to (easting, northing)."""
        size = self.pixel_size_m
        return Affine(size, 0.0, self.left + window.col * size, 0.0, -size, self.top - window.row * size)

    def window_bounds(self, window: Window) -> Bounds:
        """left, bottom, right, top of `window` in the CRS."""
        size = self.pixel_size_m
        return (
            self.left + window.col * size,
            self.top - window.row_end * size,
            self.left + window.col_end * size,
            self.top - window.row * size,
        )

    def blocks(self, core_px: int, halo_px: int) -> Iterator[Block]:
        """Cut the grid into blocks whose cores tile it.

        Args:
            core_px: Side of a core, a multiple of 32; the last ones in a row or column may be smaller.
            halo_px: Width of the context around a core, a multiple of 32.
        """
        starts = [(r, c) for r in range(0, self.height, core_px) for c in range(0, self.width, core_px)]
        for index, (row, col) in enumerate(starts):
            core = Window(row, col, core_px, core_px).intersection(self.window)
            yield Block(index, core, core.grow(halo_px).intersection(self.window))

    def north_offset_deg(self, x: float, y: float) -> float:
        """Degrees to add to an azimuth from the grid's north to count it from true north, at a point of the CRS.

        It is the meridian convergence there (Snyder 1987, "Map Projections: A Working Manual", p. 19), found by
        projecting a short step along the meridian.
        """
        to_degrees = Transformer.from_crs(self.crs, self.crs.geodetic_crs, always_xy=True)
        lon, lat = to_degrees.transform(x, y)
        x1, y1 = to_degrees.transform(lon, lat + 1e-5, direction="INVERSE")
        return -math.degrees(math.atan2(x1 - x, y1 - y))


def utm_crs(longitude_deg: float, latitude_deg: float) -> CRS:
    """The WGS 84 UTM zone of a place (the plain six-degree zones, without the exceptions of Norway)."""
    zone = int((longitude_deg + 180) // 6) % 60 + 1
    return CRS.from_epsg((32600 if latitude_deg >= 0 else 32700) + zone)
