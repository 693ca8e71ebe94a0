"""The Roofline data set (Alidoost et al. 2019): crops of 224 pixels with eaves, ridges, hips and heights above ground.

It is one MATLAB file, ``imdb.mat``, with ``imdb/images`` (N, 3, 224, 224), ``imdb/depths`` (N, 224, 224) and
``imdb/elements`` (N, 3, 224, 224), whose channels are eave, ridge and hip. The crops have no georeference. Valleys and
rakes are not told: a pixel without a line is "none, or a type that is not told".

Files of MATLAB 7.3 (HDF5) are read crop by crop; older ones can only be read whole, and stay in memory.
Paper: https://doi.org/10.3390/rs11192219; it names github.com/loosgagnet/Roofline-Extraction as the place of the data.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray
from scipy.io.matlab import MatReadError

from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, Sample, lay_out
from roofgeo.data.targets import LabelledScene, Targets
from roofgeo.errors import DataError
from roofgeo.grid import Window
from roofgeo.schema import LINE_CODE, OTHER_LINE

FILE = "imdb.mat"

PIXEL_SIZE_M = 0.05
"""What the paper counts with: 50 cm are 10 pixels. The file does not tell."""

CHANNELS = ("eave", "ridge", "hip")
"""Of the elements; where they meet the later one is drawn."""

LOOKED_INTO = 24
"""Crops that are looked into beforehand, to tell the scale of the values."""

SOURCE = "Roofline is one file, imdb.mat; its paper names github.com/loosgagnet/Roofline-Extraction as the place."

_FIELDS = {"images": 3, "depths": None, "elements": 3}
"""The fields of the file, and how many channels each has."""


class Roofline(RoofDataset):
    """Roofline: heads lines and height, laid out on an artificial grid.

    Args:
        path: ``imdb.mat``, or the folder it lies in.
        pixel_size_m: Side of a pixel.
        transforms: Called with each sample.

    Raises:
        DataError: The file cannot be read or does not look like the data set.
    """

    georeferenced = False
    licence = "not told by its authors"

    def __init__(
        self,
        path: str | Path,
        pixel_size_m: float = PIXEL_SIZE_M,
        transforms: Callable[[Sample], Sample] | None = None,
    ) -> None:
        file = Path(path) / FILE if Path(path).is_dir() else Path(path)
        imdb = _opened(file, os.getpid())
        height, width = imdb.shape
        self._brightness = 255.0 if imdb.highest("images") <= 1 else 1.0
        self._line_above = 0.5 if imdb.highest("elements") <= 1 else 127.5
        digits = len(str(imdb.count - 1))
        pictures = [
            Picture(f"{i:0{digits}d}", file, height, width, place, pixel_size_m)
            for i, place in enumerate(lay_out([imdb.shape] * imdb.count, pixel_size_m))
        ]
        super().__init__(pictures, LOCAL_CRS, ("lines", "height"), transforms)

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        imdb = _opened(picture.path, os.getpid())
        number = int(picture.name)
        part = window.slices_in(picture.window)
        image = (imdb.record("images", number)[:, *part] * self._brightness + 0.5).astype(np.uint8)
        lines = _line_codes(imdb.record("elements", number)[:, *part] > self._line_above)
        height_m = imdb.record("depths", number)[part].astype(np.float32)
        height_m[~np.isfinite(height_m)] = np.nan
        rasters = dataclasses.replace(Targets.unknown(window.shape), lines=lines, height_m=height_m)
        return LabelledScene(image, picture.pixel_size_m, rasters=rasters)


def _line_codes(elements: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(height, width) line types of (3, height, width) channels."""
    codes = np.full(elements.shape[1:], OTHER_LINE, np.uint8)
    for channel, line_type in zip(elements, CHANNELS, strict=True):
        codes[channel] = LINE_CODE[line_type]
    return codes


@dataclasses.dataclass(frozen=True)
class _Imdb:
    """An open file.

    Attributes:
        path: The file.
        fields: Its arrays; the crop is the first axis of those of HDF5, else the last.
        is_hdf5: Whether it is of MATLAB 7.3: HDF5, with all axes reversed.
        count: Number of crops.
        shape: (height, width) of a crop.
    """

    path: Path
    fields: Mapping[str, Any]
    is_hdf5: bool
    count: int
    shape: tuple[int, int]

    def record(self, field: str, number: int) -> NDArray[Any]:
        """A crop's part of a field: (height, width), or (3, height, width).

        Raises:
            DataError: The file is damaged.
        """
        try:
            crop = self.fields[field][number] if self.is_hdf5 else np.asarray(self.fields[field][..., number]).T
        except OSError as error:
            raise DataError(f"{self.path} cannot be read at crop {number}: {error}", SOURCE) from error
        upright: NDArray[Any] = np.swapaxes(crop, -1, -2)  # both ways the last two are now column, row
        return upright

    def highest(self, field: str) -> float:
        """The highest value of a field in some crops.

        Raises:
            DataError: Values are no brightness.
        """
        numbers = range(0, self.count, max(1, self.count // LOOKED_INTO))
        looked_into = [self.record(field, number) for number in numbers]
        lowest, highest = min(float(a.min()) for a in looked_into), max(float(a.max()) for a in looked_into)
        if not 0 <= lowest <= highest <= 255:
            raise DataError(
                f"{self.path}: imdb/{field} holds values from {lowest:.4g} to {highest:.4g}",
                "Known are 0 to 1 and 0 to 255; was a mean subtracted?",
            )
        return highest


@lru_cache(maxsize=4)
def _opened(path: Path, process: int) -> _Imdb:
    """The open file; a worker process must not share the position in it with its parent, hence one a process."""
    if not path.is_file():
        raise DataError(f"{path} does not exist", SOURCE)
    is_hdf5 = bool(h5py.is_hdf5(path))
    fields = _read_hdf5(path) if is_hdf5 else _read_old(path)
    if missing := [name for name in _FIELDS if name not in fields]:
        raise DataError(f"{path} has no imdb/{missing[0]}; it has {', '.join(fields) or 'nothing'}", SOURCE)
    shapes = {}
    for name, channels in _FIELDS.items():
        shape = fields[name].shape if is_hdf5 else fields[name].shape[::-1]
        shapes[name] = (shape[0], *shape[-2:])
        if len(shape) != (3 if channels is None else 4) or (channels is not None and shape[1] != channels):
            raise DataError(f"{path}: imdb/{name} is an array of {' x '.join(map(str, shape))}", SOURCE)
    if len(set(shapes.values())) > 1:
        raise DataError(f"{path}: images, depths and elements are not of one size: {shapes}", SOURCE)
    count, width, height = shapes["images"]
    return _Imdb(path, fields, is_hdf5, count, (height, width))


def _read_hdf5(path: Path) -> Mapping[str, Any]:
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}", "Copy it again from where it came.") from error
    group = file.get("imdb", {})
    return {name: group[name] for name in group if isinstance(group[name], h5py.Dataset)}


def _read_old(path: Path) -> Mapping[str, Any]:
    try:
        content = scipy.io.loadmat(path)
    except (OSError, ValueError, MatReadError) as error:
        raise DataError(f"{path} is no MATLAB file, or is damaged: {error}", SOURCE) from error
    imdb = content.get("imdb")
    if imdb is None or imdb.dtype.names is None:
        return {}
    return {name: imdb[0, 0][name] for name in imdb.dtype.names}
