"""Surface and terrain models: a GeoTIFF or virtual raster of heights in any CRS, read at polygons.

Heights come as the model's own pixels, not resampled: which of their centres lie in which polygon, and how high they
are in metres. What is read at a time is the ground around the polygons asked for, never the whole file.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio._err import CPLE_BaseError  # what rasterio lets through of GDAL's errors has no public name
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterioWindow

from roofgeo.data.aoi import reproject
from roofgeo.data.imagery import ground_scale, identity_of
from roofgeo.data.scanlines import halves, pixels_within, window_of
from roofgeo.data.vertical import metres_per_unit, vertical_datum
from roofgeo.errors import DataError, RoofgeoError
from roofgeo.grid import Window

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Polygons = NDArray[np.object_]

ENOUGH_PX: Final = 16
"""A polygon with fewer pixels half a pixel away from its edge is given all whose centre it holds."""

MOST_PX: Final = 500
"""Of a polygon with more pixels than this every second row and column is taken, or third: they tell no less."""

READ_PX: Final = 2048
"""A square of this side is read at once, at most."""

SPARSE_PX: Final = 256
"""Where there is less than a pixel to read in a square of this side, squares of this side are read."""

THIN_M: Final = 1.0
"""The surface around buildings is looked at this often: more would only take time."""

_PULL_PX: Final = 0.49
"""Half a pixel, but for rounding: one that ends where the polygon does lies within."""

GLIMPSES: Final = 100
"""So many rows of so many places tell whether a model knows anything of an area."""

CELL_PX: Final = 1024
"""Polygons in one square of this side are best read together."""

LOWEST_M: Final = -500.0
HIGHEST_M: Final = 9000.0
"""No roof on earth lies beyond these: such values are holes nobody declared."""

_ERRORS: Final = (RasterioError, CPLE_BaseError, OSError)


@dataclass(frozen=True)
class Samples:
    """Pixels of a surface model in polygons.

    Attributes:
        polygon: (samples,) number of the polygon, in ascending order.
        xyz: (samples, 3) centre of the pixel in the polygons' CRS, and its height in metres.
    """

    polygon: IntArray
    xyz: FloatArray


class Elevation:
    """An open surface or terrain model. Made by `open_elevation`; close it, or use it as a context manager.

    Attributes:
        source: What it was opened from, as the user would say it.
        identity: Hash that tells it from others, whatever its name and place.
        crs: Its horizontal CRS.
        vertical: Name of the datum its heights are counted from; empty if unknown.
        damage: What could not be read of it so far, where and why; empty while all could.
    """

    def __init__(self, source: str, dataset: Any, crs: CRS, metres: float, identity: str) -> None:
        """An open raster whose heights are so many metres, in a CRS with its vertical part if there is one."""
        self.source = source
        self.identity = identity
        self.crs = crs.to_2d()
        self.vertical = vertical_datum(crs)
        self.damage = ""
        self._dataset = dataset
        self._scale = metres * dataset.scales[0]
        self._offset_m = metres * dataset.offsets[0]

    @property
    def pixel_size_m(self) -> float:
        """Side of a pixel on the ground at the centre, in metres; the geometric mean if it is no square."""
        t = self._dataset.transform
        x, y = t * (self._dataset.width / 2, self._dataset.height / 2)
        scale_x, scale_y = ground_scale(self.crs, x, y, math.hypot(t.a, t.d))
        return math.sqrt(scale_x * scale_y * abs(t.determinant))

    def meets(self, area: shapely.Geometry, crs: CRS) -> bool:
        """Whether some of an area (in `crs`) lies on the ground the file covers, holes and all."""
        shape = self._in_pixels(area, crs)
        covered = shapely.box(0, 0, self._dataset.width, self._dataset.height)
        return bool(np.isfinite(shape.bounds).all() and shape.intersects(covered))

    def glimpse(self, area: shapely.Geometry, crs: CRS) -> NDArray[np.float32]:
        """(n,) heights in metres at places spread over an area (in `crs`), `GLIMPSES` squared at most; NaN in holes.

        Empty where the area is narrower than their distance, or elsewhere.

        Raises:
            DataError: The file is damaged there.
        """
        shape = self._in_pixels(area, crs)
        window = self._window_of(shape)
        if window is None:
            return np.zeros(0, np.float32)
        rows, cols = min(window.height, GLIMPSES), min(window.width, GLIMPSES)
        try:
            z = self._read_at_once(window, (rows, cols))
        except _ERRORS as error:
            raise DataError(self._damaged(window, error), "Copy or download it again.") from error
        y = window.row + (np.arange(rows) + 0.5) * window.height / rows
        x = window.col + (np.arange(cols) + 0.5) * window.width / cols
        shapely.prepare(shape)
        return np.asarray(z[shapely.contains_xy(shape, *np.meshgrid(x, y))], np.float32)

    def _in_pixels(self, area: shapely.Geometry, crs: CRS) -> shapely.Geometry:
        """An area in pixels: the file's footprint in the area's CRS may be none, if it covers half the earth."""
        return shapely.transform(reproject(area, crs, self.crs), lambda xy: self._to_pixels(xy, self.crs))

    def _window_of(self, shape: shapely.Geometry) -> Window | None:
        """The pixels of the file under the bounds of a geometry in pixels; None if there are none."""
        if shape.is_empty or not np.isfinite(shape.bounds).all():
            return None
        left, top, right, bottom = shape.bounds
        row, col = max(math.floor(top), 0), max(math.floor(left), 0)
        height, width = (
            min(math.ceil(bottom), self._dataset.height) - row,
            min(math.ceil(right), self._dataset.width) - col,
        )
        return Window(row, col, height, width) if height > 0 and width > 0 else None

    def cells(self, geometries: Polygons, crs: CRS) -> IntArray:
        """(n,) numbers, equal for geometries (in `crs`) that lie together and should be read together."""
        centres = shapely.get_coordinates(shapely.centroid(geometries))
        cell = np.floor(self._to_pixels(centres, crs) / CELL_PX).astype(np.int64)
        return np.asarray(np.unique(cell, axis=0, return_inverse=True)[1].ravel(), np.int64)

    def within(self, polygons: Polygons, crs: CRS) -> Samples:
        """The pixels of polygons (in `crs`), holes left out.

        Those count whose centre is half a pixel or more away from the polygon's edge, so that they hold nothing of
        what lies beyond; of a polygon with fewer than `ENOUGH_PX` of them, all whose centre it holds. Of large polygons
        some are left out, see `MOST_PX`. What is damaged is a hole, see `damage`.
        """
        whole = shapely.transform(polygons, lambda xy: self._to_pixels(xy, crs))
        inner = shapely.buffer(whole, -_PULL_PX, join_style="mitre")
        number, row, col = _thin_pixels(inner)
        few = np.bincount(number, minlength=len(whole)) < ENOUGH_PX
        others = np.flatnonzero(few)
        more, more_row, more_col = pixels_within(whole[few])
        kept = ~few[number]
        number = np.concatenate([number[kept], others[more]])
        row, col = np.concatenate([row[kept], more_row]), np.concatenate([col[kept], more_col])
        order = np.argsort(number, kind="stable")
        return self._samples(number[order], row[order], col[order], crs)

    def around(self, polygons: Polygons, taken: Polygons, reach_m: float, crs: CRS) -> Samples:
        """Heights about `THIN_M` apart within a reach of polygons (in `crs`), a pixel away from all of `taken`.

        Holes are left out.
        """
        step = max(1, round(THIN_M / self.pixel_size_m))
        reach, covered = (
            shapely.transform(shapes, lambda xy: self._to_pixels(xy, crs) / step)
            for shapes in (shapely.buffer(polygons, reach_m, quad_segs=2), taken)
        )
        number, row, col = pixels_within(reach)
        if not len(number):
            return Samples(number, np.zeros((0, 3)))
        window = window_of(row, col)
        covered = shapely.clip_by_rect(shapely.buffer(covered, 1 / step, quad_segs=2), *_bounds(window))
        _, roof_row, roof_col = pixels_within(covered)
        free = np.ones(window.shape, bool)
        free[roof_row - window.row, roof_col - window.col] = False
        kept = free[row - window.row, col - window.col]
        return self._samples(number[kept], row[kept] * step + step // 2, col[kept] * step + step // 2, crs)

    def _samples(self, number: IntArray, row: IntArray, col: IntArray, crs: CRS) -> Samples:
        """Pixels that have a height, of polygons of these numbers (n,)."""
        z = self._heights(row, col)
        known = ~np.isnan(z)
        xy = self._from_pixels(row[known], col[known], crs)
        return Samples(number[known], np.column_stack([*xy, z[known]]))

    def at(self, xy: FloatArray, crs: CRS) -> FloatArray:
        """(n,) heights in metres at points (n, 2) in `crs`: bilinear between pixels that have one; NaN if none has."""
        place = self._to_pixels(xy, crs) - 0.5
        low = np.floor(place).astype(np.int64)
        across, down = (place - low).T
        z, weights = np.zeros(len(xy)), np.zeros(len(xy))
        rows = np.concatenate([low[:, 1] + i for i in (0, 0, 1, 1)])
        cols = np.concatenate([low[:, 0] + i for i in (0, 1, 0, 1)])
        shares = ((1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down)
        for height, share in zip(np.split(self._heights(rows, cols), 4), shares, strict=True):
            known = ~np.isnan(height)
            z[known] += (share * height)[known]
            weights[known] += share[known]
        return np.asarray(np.divide(z, weights, out=np.full(len(xy), np.nan), where=weights > 1e-9))

    def _heights(self, row: IntArray, col: IntArray) -> FloatArray:
        """(n,) heights in metres of pixels; NaN in holes and beyond the file."""
        z = np.full(len(row), np.nan)
        inside = (row >= 0) & (row < self._dataset.height) & (col >= 0) & (col < self._dataset.width)
        if not inside.any():
            return z
        whole = window_of(row[inside], col[inside])
        side = READ_PX if len(row) * SPARSE_PX**2 > whole.height * whole.width else SPARSE_PX
        squares = (row - whole.row) // side * (whole.width // side + 1) + (col - whole.col) // side
        square = np.where(inside, squares, -1)
        order = np.argsort(square, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(square[order])) + 1):
            if inside[group[0]]:
                window = window_of(row[group], col[group])
                z[group] = self._read(window)[row[group] - window.row, col[group] - window.col]
        return z

    def _read(self, window: Window) -> NDArray[np.float32]:
        """(height, width) heights in metres; NaN in holes, declared or beyond all that is on earth, and where damaged.

        What is damaged is closed in on by halves, down to the file's own blocks.
        """
        try:
            return self._read_at_once(window, window.shape)
        except _ERRORS as error:
            self.damage = self.damage or self._damaged(window, error)
        z = np.full(window.shape, np.nan, np.float32)
        rows, cols = self._dataset.block_shapes[0]
        if window.height <= rows and window.width <= cols:
            return z
        for part in halves(window, by_rows=window.height * cols > window.width * rows):
            z[part.slices_in(window)] = self._read(part)
        return z

    def _read_at_once(self, window: Window, shape: tuple[int, int]) -> NDArray[np.float32]:
        """`_read` as so many rows and columns, or one of the errors of reading."""
        part = RasterioWindow(window.col, window.row, window.width, window.height)
        raw = self._dataset.read(1, window=part, out_shape=shape, masked=True)
        z = raw.astype(np.float32).filled(np.nan) * np.float32(self._scale) + np.float32(self._offset_m)
        with np.errstate(invalid="ignore"):
            z[~((z >= LOWEST_M) & (z <= HIGHEST_M))] = np.nan
        return np.asarray(z, np.float32)

    def _damaged(self, window: Window, error: BaseException) -> str:
        return (
            f"{self.source} is damaged at rows {window.row} to {window.row_end}, columns {window.col} to "
            f"{window.col_end}: {_one_line(error)}"
        )

    def _to_pixels(self, xy: FloatArray, crs: CRS) -> FloatArray:
        """(n, 2) columns and rows, fractions and all, of points (n, 2) in `crs`."""
        x, y = xy.T if crs == self.crs else _transformer(crs, self.crs).transform(*xy.T)
        return np.stack(~self._dataset.transform * (np.asarray(x), np.asarray(y)), 1)

    def _from_pixels(self, row: IntArray, col: IntArray, crs: CRS) -> tuple[FloatArray, FloatArray]:
        """(n,) x and y in `crs` of the pixels' centres.

        In between the corners of what is asked for bilinear: over half a kilometre true to a centimetre.
        """
        if not len(row):
            return np.zeros(0), np.zeros(0)
        window = window_of(row, col)
        left, top, right, bottom = _bounds(window)
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)], np.float64)
        sides = self._dataset.transform * tuple(corners.T)
        if crs != self.crs:
            sides = _transformer(self.crs, crs).transform(*sides)
        across, down = (col + 0.5 - left) / window.width, (row + 0.5 - top) / window.height
        x, y = (
            first + (east - first) * across + (south - first) * down + (last - east - south + first) * across * down
            for first, east, south, last in sides
        )
        return x, y

    def close(self) -> None:
        """Close the file."""
        self._dataset.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _thin_pixels(polygons: Polygons) -> tuple[IntArray, IntArray, IntArray]:
    """`pixels_within`, but of large polygons every so many rows and columns only, so that none has many over `MOST_PX`.

    The others are never listed: a hall in the model of a drone has millions.
    """
    step = np.maximum(np.ceil(np.sqrt(shapely.area(polygons) / MOST_PX)), 1).astype(np.int64)
    per_corner = np.repeat(step, shapely.get_num_coordinates(polygons))[:, None]
    number, row, col = pixels_within(shapely.transform(polygons, lambda xy: (xy - 0.5) / per_corner + 0.5))
    return number, row * step[number], col * step[number]


def _bounds(window: Window) -> tuple[int, int, int, int]:
    return window.col, window.row, window.col_end, window.row_end


@lru_cache(maxsize=16)
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def open_elevation(source: str | Path) -> Elevation:
    """Open a surface or terrain model: a GeoTIFF or a virtual raster, of one band of heights.

    Raises:
        DataError: It is missing, cannot be read, or is no georeferenced raster of heights.
        InputError: The unit of its heights is unknown.
    """
    path = Path(source).absolute()
    if not path.exists():
        raise _missing(source)
    if path.is_dir():
        raise DataError(f"{source} is a folder", "Make one virtual raster of its files: gdalbuildvrt dsm.vrt *.tif")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # it becomes an error below
            dataset = rasterio.open(path)
    except _ERRORS as error:
        raise DataError(
            f"{source} is not a raster, or is damaged ({_one_line(error)})", "Give a GeoTIFF or a VRT of heights."
        ) from error
    try:
        crs = _checked_crs(source, dataset)
        metres = metres_per_unit(source, dataset.units[0], crs)
        return Elevation(str(source), dataset, crs, metres, identity_of([path]))
    except RoofgeoError:
        dataset.close()
        raise


def _missing(source: str | Path) -> DataError:
    remote = re.match(r"([a-z][a-z0-9+.-]+):[/\\]+(.*)|/vsi", str(source), re.IGNORECASE)
    if remote is None:
        return DataError(f"{source} does not exist", "Check its path.")
    address = f"{remote[1]}://{remote[2]}" if remote[1] else source  # a path has lost one of two slashes
    return DataError(f"{address} is no file", "Heights are read from files: download it, and give the file.")


def _checked_crs(source: str | Path, dataset: Any) -> CRS:
    if dataset.count > 2:
        raise DataError(f"{source} has {dataset.count} bands; a surface model has one", "Give a raster of heights.")
    if dataset.dtypes[0].startswith("complex"):
        raise DataError(f"{source} holds {dataset.dtypes[0]} pixels", "Give a raster of heights.")
    if dataset.crs is None:
        raise DataError(
            f"{source} has no coordinate reference system", f"Say which it is: rio edit-info --crs EPSG:25832 {source}"
        )
    crs = CRS.from_wkt(dataset.crs.to_wkt())
    if dataset.transform.is_identity or not (crs.to_2d().is_projected or crs.to_2d().is_geographic):
        raise DataError(f"{source} has no georeference: nothing says where its pixels lie", "Georeference it.")
    return crs


def _one_line(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split()).rstrip(".")
