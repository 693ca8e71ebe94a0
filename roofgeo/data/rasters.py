"""Windowed reads of the data sets' raster files, which stay open from one window to the next."""

from __future__ import annotations

import atexit
import os
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio._err import CPLE_BaseError  # what rasterio lets through of GDAL's errors has no public name
from rasterio.env import set_gdal_config
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from roofgeo.errors import DataError
from roofgeo.grid import Window

MOST_OPEN = 64
"""Files a process keeps open; opening one costs as much as reading a window."""

CACHE_BYTES = 128 * 2**20
"""GDAL's cache of decoded blocks, of each process; its default of 5 % of the memory is too much for many workers."""

GDAL_ERRORS = (RasterioError, CPLE_BaseError, OSError)

_Key = tuple[int, Path, tuple[int, int]]

# A worker process must not read through the file positions it shares with its parent: hence one set a process.
# A file that was written anew is another file: hence the time and the number.
_open: OrderedDict[_Key, Any] = OrderedDict()


@dataclass(frozen=True)
class RasterInfo:
    """What a raster file says of itself.

    Attributes:
        path: The file.
        height: Rows.
        width: Columns.
        bands: Number of bands.
        dtype: Type of the pixels.
        crs: None if the file does not tell.
        transform: From (column, row) to (x, y) of the CRS; the identity if the file does not tell.
        block_shape: (rows, columns) of the pieces it is stored in.
    """

    path: Path
    height: int
    width: int
    bands: int
    dtype: str
    crs: CRS | None
    transform: Affine
    block_shape: tuple[int, int]


def describe_raster(path: Path) -> RasterInfo:
    """Open a file and tell what it is.

    Raises:
        DataError: It is missing or cannot be read.
    """
    source = _opened(path)
    crs = None if source.crs is None else CRS.from_wkt(source.crs.to_wkt())
    return RasterInfo(
        path, source.height, source.width, source.count, source.dtypes[0], crs, source.transform, source.block_shapes[0]
    )


def read_window(path: Path, window: Window, bands: Sequence[int] = (1, 2, 3)) -> NDArray[Any]:
    """Read (bands, height, width) of a file.

    Args:
        path: The file.
        window: Rows and columns, all of them inside the file.
        bands: Numbers of the bands, from 1.

    Raises:
        DataError: It is missing, damaged, or lacks a band.
    """
    rows, cols = (window.row, window.row_end), (window.col, window.col_end)
    try:
        pixels: NDArray[Any] = _opened(path).read(list(bands), window=(rows, cols))
    except (*GDAL_ERRORS, IndexError) as error:
        _open.pop(_key(path), None)
        raise DataError(f"{path} cannot be read: {_one_line(error)}", "Copy it again from where it came.") from error
    return pixels


def _opened(path: Path) -> Any:
    key = _key(path)
    if key in _open:
        _open.move_to_end(key)
        return _open[key]
    set_gdal_config("GDAL_CACHEMAX", CACHE_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # masks lie on the pixels of their pictures
            source = rasterio.open(path)
    except GDAL_ERRORS as error:
        raise DataError(f"{path} cannot be read: {_one_line(error)}", "Copy it again from where it came.") from error
    _open[key] = source
    while len(_open) > MOST_OPEN:
        (owner, *_), oldest = _open.popitem(last=False)
        if owner == os.getpid():
            oldest.close()
    return source


@atexit.register
def _close() -> None:
    """Close this process's files while the interpreter is whole: after it, rasterio has no way to."""
    for (owner, *_), source in _open.items():
        if owner == os.getpid():
            source.close()


def _key(path: Path) -> _Key:
    try:
        found = os.stat(path)
    except OSError:
        return os.getpid(), path, (0, 0)  # not there, or not a file: opening it will tell
    return os.getpid(), path, (found.st_mtime_ns, found.st_ino)


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def as_classes(codes: NDArray[np.integer[Any]], meaning: dict[int, int], path: Path) -> NDArray[np.uint8]:
    """Codes of a file put into the classes they mean.

    Args:
        codes: (height, width) as read.
        meaning: Class of each code.
        path: The file, for the message.

    Raises:
        DataError: It holds codes without a meaning; tells which, and how many pixels.
    """
    table = np.full(256, 255, np.uint8)
    known = np.zeros(256, bool)
    for code, value in meaning.items():
        table[code], known[code] = value, True
    small = np.asarray(codes)
    odd = (small < 0) | (small > 255)
    index = np.where(odd, 0, small).astype(np.uint8)
    unknown = odd | ~known[index]
    if unknown.any():
        values, counts = np.unique(small[unknown], return_counts=True)
        told = ", ".join(f"{value} ({count} pixels)" for value, count in zip(values[:8], counts[:8], strict=True))
        raise DataError(
            f"{path} holds unknown codes: {told}",
            f"Known codes are {min(meaning)} to {max(meaning)}; is it another variant of the labels?",
        )
    classes: NDArray[np.uint8] = table[index]
    return classes
