"""Orthophotos: a GeoTIFF, a virtual raster or a folder of tiles, read as the pixels of a Grid's windows."""

from __future__ import annotations

import hashlib
import math
import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from rasterio._err import CPLE_BaseError  # what rasterio lets through of GDAL's errors has no public name
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow
from shapely import MultiPolygon, Polygon

from roofgeo.data.aoi import reproject
from roofgeo.data.mosaic import Mosaic, Tile, describe_tile
from roofgeo.errors import AreaError, ImageryError, InputError
from roofgeo.grid import Bounds, Grid, Window, utm_crs

COARSEST_M = 0.5
"""Ground size of the largest pixels a roof can be read from."""

SUFFIXES = (".tif", ".tiff", ".vrt")
"""Files of a folder that are taken for tiles."""

OVERHANG_PX = 8192
"""How far beyond its grid a window still finds imagery; a multiple of CHUNK_PX, wider than any halo and tile."""

CHUNK_PX = 512
"""Side of the pieces in which imagery is resampled."""

HALF_OPAQUE = 128

IDENTITY_BYTES = 65536

MOST_DISTORTION = 0.005
"""Scale error of a CRS that is still true to scale: national grids stay below, Web Mercator is 0.0067 at its best."""

NEARBY_DEG = 0.1

GDAL_ERRORS = (RasterioError, CPLE_BaseError)

WGS84 = CRS.from_epsg(4326)


class Imagery:
    """An open orthophoto. Made by `open_imagery`; close it, or use it as a context manager.

    Attributes:
        source: What it was opened from, as the user would say it.
        identity: Hash that tells this imagery from other, whatever its name and place.
        mosaic: Its files, side by side.
    """

    def __init__(self, source: str, mosaic: Mosaic, identity: str) -> None:
        self.source = source
        self.identity = identity
        self.mosaic = mosaic
        self._lock = threading.Lock()
        self._dataset = rasterio.open(mosaic.to_vrt())
        self._grid: Grid | None = None
        self._warped: WarpedVRT | None = None

    @property
    def crs(self) -> CRS:
        """The imagery's own CRS."""
        return self.mosaic.crs

    @property
    def transform(self) -> Affine:
        """Affine from (column, row) of the imagery's own pixels to (x, y) in its CRS."""
        return self.mosaic.transform

    @property
    def bounds(self) -> Bounds:
        """left, bottom, right, top in the imagery's CRS."""
        t, mosaic = self.transform, self.mosaic
        return t.c, t.f + t.e * mosaic.height, t.c + t.a * mosaic.width, t.f

    @property
    def pixel_size_m(self) -> float:
        """Side of a pixel on the ground at the centre, in metres; the geometric mean if it is no square."""
        left, bottom, right, top = self.bounds
        scale_x, scale_y = ground_scale(self.crs, (left + right) / 2, (bottom + top) / 2, self.transform.a)
        return math.sqrt(scale_x * self.transform.a * scale_y * -self.transform.e)

    def footprint(self, crs: CRS) -> Polygon | MultiPolygon:
        """The ground the files cover, in `crs`; holes between tiles are left out, masked pixels are not."""
        return reproject(self.mosaic.footprint(), self.crs, crs)

    def read(self, grid: Grid, window: Window) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Read the pixels of a window of a grid; the values do not depend on how windows are cut.

        Where the grid's pixels are the imagery's own they are copied, else resampled (bilinear; averaging where
        the grid is coarser). Safe to call from several threads.

        Args:
            grid: Where the pixels are.
            window: Pixels wanted; it may overhang the grid (by `OVERHANG_PX` at most) and the imagery.

        Returns:
            image (3, H, W) uint8 red, green, blue, and valid (H, W) bool; image is 0 where valid is False.

        Raises:
            ImageryError: A file is damaged.
        """
        pixels = np.zeros((4, *window.shape), dtype=np.uint8)
        with self._lock:
            try:
                self._fill(pixels, grid, window)
            except GDAL_ERRORS as error:
                raise ImageryError(
                    f"{self.source} cannot be read at rows {window.row} to {window.row_end}, columns {window.col} to "
                    f"{window.col_end} of the grid: {_one_line(error)}",
                    "the file is damaged or incomplete: copy or download it again",
                ) from error
        valid = pixels[3] >= HALF_OPAQUE
        image = pixels[:3]
        image *= valid
        return image, valid

    def _fill(self, pixels: NDArray[np.uint8], grid: Grid, window: Window) -> None:
        shift = self._shift_to(grid)
        if shift is not None:
            extent = Window(-shift[0], -shift[1], self.mosaic.height, self.mosaic.width)
            _copy_part(self._dataset, window.intersection(extent), shift, pixels, window)
            return
        extent = grid.window.grow(OVERHANG_PX)
        warped = self._warp_to(grid, extent)
        for chunk in _chunks(window.intersection(extent)):
            _copy_part(warped, chunk.intersection(extent), (OVERHANG_PX, OVERHANG_PX), pixels, window)

    def _shift_to(self, grid: Grid) -> tuple[int, int] | None:
        """(rows, columns) from the grid's pixels to the imagery's own, or None where they do not coincide."""
        if grid.crs != self.crs:
            return None
        t, (left, bottom, right, top) = self.transform, grid.bounds
        cols = (left - t.c) / t.a, (right - t.c) / t.a - grid.width
        rows = (top - t.f) / t.e, (bottom - t.f) / t.e - grid.height
        row, col = round(rows[0]), round(cols[0])
        off = max(abs(offset - row) for offset in rows), max(abs(offset - col) for offset in cols)
        return (row, col) if max(off) < 0.01 else None

    def _warp_to(self, grid: Grid, extent: Window) -> WarpedVRT:
        """The imagery resampled to a grid's pixels within `extent`, computed only where it is read."""
        if self._warped is None or grid != self._grid:
            self._close_warped()
            scale_x, scale_y = self._warp_scale(grid)
            self._warped = WarpedVRT(
                self._dataset,
                crs=rasterio.crs.CRS.from_wkt(grid.crs.to_wkt()),
                transform=grid.window_transform(extent),
                height=extent.height,
                width=extent.width,
                resampling=Resampling.bilinear,
                tolerance=0.01,  # pixels by which positions within a chunk may be off
                XSCALE=scale_x,
                YSCALE=scale_y,
            )
            self._grid = grid
        return self._warped

    def _warp_scale(self, grid: Grid) -> tuple[float, float]:
        """Grid pixels per pixel of the imagery along its x and y: the width of GDAL's resampling kernel.

        Left to itself GDAL derives it from each piece it warps, and neighbouring pieces differ by up to 30 grey levels.
        """
        left, bottom, right, top = grid.bounds
        x, y, step = (left + right) / 2, (bottom + top) / 2, 100 * grid.pixel_size_m
        to_source = Transformer.from_crs(grid.crs, self.crs, always_xy=True)
        xs, ys = to_source.transform([x, x + step, x], [y, y, y + step])
        cols = math.hypot(xs[1] - xs[0], xs[2] - xs[0]) / self.transform.a / 100
        rows = math.hypot(ys[1] - ys[0], ys[2] - ys[0]) / -self.transform.e / 100
        # Up to 5 % coarser is not worth averaging; the kernel never is narrower than a pixel of the imagery.
        return tuple(1 / size if size > 1.05 else 1.0 for size in (cols, rows))  # type: ignore[return-value]

    def _close_warped(self) -> None:
        if self._warped is not None:
            self._warped.close()
        self._warped = self._grid = None

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            self._close_warped()
            self._dataset.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _chunks(window: Window) -> list[Window]:
    """The pieces of a fixed lattice that meet the window.

    Resampling always works on whole ones, so a pixel's value cannot depend on the window it was asked for with.
    """
    rows = range(window.row // CHUNK_PX * CHUNK_PX, window.row_end, CHUNK_PX)
    cols = range(window.col // CHUNK_PX * CHUNK_PX, window.col_end, CHUNK_PX)
    return [Window(row, col, CHUNK_PX, CHUNK_PX) for row in rows for col in cols]


def _copy_part(dataset: Any, part: Window, shift: tuple[int, int], pixels: NDArray[np.uint8], window: Window) -> None:
    """Read `part`, which the dataset holds `shift` (rows, columns) further, into the array that holds `window`."""
    inside = part.intersection(window)
    if inside.height and inside.width:
        data = dataset.read(window=RasterioWindow(part.col + shift[1], part.row + shift[0], part.width, part.height))
        pixels[:, *inside.slices_in(window)] = data[:, *inside.slices_in(part)]


def open_imagery(source: str | Path, crs: str | None = None) -> Imagery:
    """Open an orthophoto: a GeoTIFF, a virtual raster, or a folder of tiles (its subfolders are not looked at).

    Args:
        source: The file or folder.
        crs: CRS to take instead of what the files say, such as ``EPSG:25832``.

    Raises:
        ImageryError: It is missing, cannot be read, or is no 8-bit, north-up, georeferenced RGB image.
        InputError: Its pixels are too large, or `crs` is unknown.
    """
    paths = _tile_paths(Path(source).absolute(), str(source))
    given = _parse_crs(crs) if crs is not None else None
    mosaic = Mosaic.of([_read_tile(tile, given) for tile in paths])
    imagery = Imagery(str(source), mosaic, identity_of(paths))
    if not imagery.pixel_size_m <= COARSEST_M:
        imagery.close()
        raise InputError(
            f"{source} has pixels of {imagery.pixel_size_m:.3g} m; roofs need {COARSEST_M} m or finer",
            "use an orthophoto of 0.05 to 0.3 m per pixel",
        )
    return imagery


def _tile_paths(path: Path, source: str) -> list[Path]:
    if not path.exists():
        raise ImageryError(f"{source} does not exist", "check the path of the imagery")
    if not path.is_dir():
        return [path]
    # Names that start with a dot are what macOS leaves beside each file.
    tiles = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    if not tiles:
        raise ImageryError(f"{source} holds no {', '.join(SUFFIXES)} files", "give a folder of GeoTIFF tiles")
    return tiles


def _parse_crs(crs: str) -> CRS:
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(f"{crs!r} is no coordinate reference system", "give it like EPSG:25832") from error


def _read_tile(path: Path, given: CRS | None) -> Tile:
    """What `Mosaic` needs to know of a file, or an error that says why it cannot be used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # it becomes an error below
            dataset = rasterio.open(path)
    except GDAL_ERRORS as error:
        raise ImageryError(
            f"{path} is not a raster, or is damaged ({_one_line(error)})", "give a GeoTIFF, or copy it again"
        ) from error
    with dataset:
        return describe_tile(path, dataset, given)


def identity_of(paths: Sequence[Path]) -> str:
    """Hash of the size and both ends of each file; cheap, and the same wherever the files lie."""
    digest = hashlib.sha256()
    for path in paths:
        for part in _parts(path):
            with part.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                digest.update(size.to_bytes(8, "little"))
                for start in (0, max(0, size - IDENTITY_BYTES)):
                    file.seek(start)
                    digest.update(file.read(IDENTITY_BYTES))
    return digest.hexdigest()


def _parts(path: Path) -> list[Path]:
    """The file itself and, if it is a virtual raster, the files it shows."""
    if path.suffix.lower() != ".vrt":
        return [path]
    with rasterio.open(path) as dataset:
        files = [Path(name) for name in dataset.files]
    return [file for file in files if file.is_file() and not file.name.endswith((".aux.xml", ".ovr"))]


def _one_line(error: BaseException) -> str:
    # rasterio says "see previous exception"; what GDAL said, with the file's name, is the cause.
    return " ".join(str(error.__cause__ or error).split()).rstrip(".")


def ground_scale(crs: CRS, x: float, y: float, step: float) -> tuple[float, float]:
    """Metres on the ground per unit of a CRS at a point, eastward and northward.

    Args:
        crs: Any CRS with a place on earth.
        x: Position in `crs`.
        y: Position in `crs`.
        step: A short length in units of `crs`; it is measured over a hundred of them.
    """
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    step *= 100
    lon, lat = to_degrees.transform([x, x + step, x], [y, y, y + step])
    ellipsoid = crs.get_geod()
    if ellipsoid is None:
        raise ImageryError(f"{crs.name} has no ellipsoid", "give another reference system with --imagery-crs")
    _, _, length_m = ellipsoid.inv(lon[:1] * 2, lat[:1] * 2, lon[1:], lat[1:])
    return length_m[0] / step, length_m[1] / step


def metric_grid(
    imagery: Imagery, area: shapely.Geometry | None, area_crs: CRS | None, pixel_size_m: float, margin_m: float
) -> Grid:
    """The grid a run works on: metric, of the model's pixel size, over the part of the area that has imagery.

    It keeps the imagery's CRS if that is true to scale there, and the imagery's very pixels if they are of the
    wanted size within 1 % (nothing is resampled then). Else it lies in the UTM zone of the ground it covers.

    Args:
        imagery: Where the pixels come from.
        area: Ground wanted; None takes the whole imagery.
        area_crs: CRS of `area`.
        pixel_size_m: Side of a pixel the model wants.
        margin_m: Width of the ground around the area to cover as well, as far as there is imagery.

    Raises:
        AreaError: The area and the imagery do not meet.
    """
    covered = imagery.footprint(WGS84)
    wanted = covered if area is None or area_crs is None else _clip(reproject(area, area_crs, WGS84), covered, imagery)
    crs = _metric_crs(imagery.crs, wanted.bounds)
    extent = imagery.footprint(crs).bounds
    left, bottom, right, top = reproject(wanted, WGS84, crs).bounds
    bounds = (
        max(left - margin_m, extent[0]),
        max(bottom - margin_m, extent[1]),
        min(right + margin_m, extent[2]),
        min(top + margin_m, extent[3]),
    )
    t = imagery.transform
    is_square = math.isclose(t.a, -t.e, rel_tol=1e-6)
    if crs == imagery.crs and is_square and math.isclose(t.a, pixel_size_m, rel_tol=0.01):
        return Grid.covering(bounds, crs, t.a, (t.c, t.f))
    return Grid.covering(bounds, crs, pixel_size_m)


def _clip(area: shapely.Geometry, covered: shapely.Geometry, imagery: Imagery) -> shapely.Geometry:
    """What of the area (degrees) lies near the imagery: a continent could not be expressed in a UTM zone."""
    if not area.intersects(covered) or area.touches(covered):
        raise AreaError(
            f"the area lies outside the imagery {imagery.source}: the area is {_extent(area)}, the imagery "
            f"{_extent(covered)}",
            "check that both show the same place and that their reference systems are right",
        )
    return shapely.clip_by_rect(area, *shapely.buffer(shapely.box(*covered.bounds), NEARBY_DEG).bounds)


def _extent(geometry: shapely.Geometry) -> str:
    left, bottom, right, top = geometry.bounds
    return f"{left:.5f} to {right:.5f} E, {bottom:.5f} to {top:.5f} N"


def _metric_crs(crs: CRS, bounds_deg: Bounds) -> CRS:
    """The imagery's CRS if a metre of it is one on the ground, else the UTM zone of a place (bounds in degrees)."""
    left, bottom, right, top = bounds_deg
    lon, lat = (left + right) / 2, (bottom + top) / 2
    if crs.is_projected and {axis.unit_name for axis in crs.axis_info} == {"metre"}:
        x, y = Transformer.from_crs(WGS84, crs, always_xy=True).transform(lon, lat)
        if all(abs(scale - 1) < MOST_DISTORTION for scale in ground_scale(crs, x, y, 1.0)):
            return crs
    return utm_crs(lon, lat)


def covered_share(imagery: Imagery, area: shapely.Geometry, area_crs: CRS) -> float:
    """Share (0..1) of an area that lies within the imagery."""
    wanted = reproject(area, area_crs, WGS84)
    return float(wanted.intersection(imagery.footprint(WGS84)).area / wanted.area)
