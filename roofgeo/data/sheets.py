"""The rasters of a prepared data set: pictures and labels as tiled GeoTIFF, a file a picture or many in one sheet.

Opening a file costs as much as reading a window, so where there are more small pictures than a process keeps files
open they are laid out on sheets: of 1,200 roofs of RoofGraph a random window took 8.7 ms from sheets, 12.9 ms from a
file a picture, 33 ms from the data set itself. Blocks are 256 pixels, compressed by ZSTD without loss: of the
compressions measured it reads fastest (a window of 512 pixels of an orthophoto in 2.4 ms; Deflate 3.8, JPEG 5.2, LZW
7.0; blocks of 512 pixels take 1.7 times as long) and is as small as Deflate.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from roofgeo.data.dataset import Picture, RoofDataset
from roofgeo.data.rasters import GDAL_ERRORS, MOST_OPEN, describe_raster, read_window
from roofgeo.data.targets import Targets, rasterize_targets
from roofgeo.errors import DataError, OutputError
from roofgeo.grid import Window
from roofgeo.schema import NODATA

BLOCK_PX = 256
SMALL_PX = 1024
"""Pictures up to this side go on sheets, and blocks up to this side are read in place."""

SHEET_PX = 32768

CHUNK = (BLOCK_PX, 4096)
"""(height, width) of what is read and written at once: flat, since files that are not tiled are stored in rows. GDAL's
cache holds as many rows of pictures up to 170,000 pixels wide."""

LABEL_BANDS = ("segments", "lines", "roof")

FOLDERS = {"image": "images", "label": "labels", "value": "values"}


@dataclass(frozen=True)
class Sheet:
    """A raster that holds one picture or many.

    Attributes:
        name: Of its files.
        height: Rows.
        width: Columns.
        slots: For each picture its number in the data set, and its first row and column on the sheet.
    """

    name: str
    height: int
    width: int
    slots: tuple[tuple[int, int, int], ...]


def plan_sheets(pictures: Sequence[Picture], sheet_px: int = SHEET_PX) -> list[Sheet]:
    """Small pictures in cells of sheets up to `sheet_px` wide, if they are many; a sheet for each other picture."""
    small = [i for i, p in enumerate(pictures) if max(p.height, p.width) <= SMALL_PX]
    if len(small) <= MOST_OPEN:
        small = []
    together = set(small)
    single = [
        Sheet(f"{i:05d}_{re.sub(r'[^A-Za-z0-9._-]', '_', p.name)[:80]}", p.height, p.width, ((i, 0, 0),))
        for i, p in enumerate(pictures)
        if i not in together
    ]
    return [*_packed(pictures, small, sheet_px), *single]


def _packed(pictures: Sequence[Picture], numbers: Sequence[int], sheet_px: int) -> Iterator[Sheet]:
    if not numbers:
        return
    longest = max(max(pictures[i].height, pictures[i].width) for i in numbers)
    cell = -(-longest // BLOCK_PX) * BLOCK_PX
    columns = max(1, sheet_px // cell)
    for first in range(0, len(numbers), columns**2):
        part = numbers[first : first + columns**2]
        slots = tuple((number, k // columns * cell, k % columns * cell) for k, number in enumerate(part))
        yield Sheet(f"sheet_{first // columns**2:04d}", -(-len(part) // columns) * cell, columns * cell, slots)


def is_usable_in_place(dataset: RoofDataset, number: int) -> bool:
    """Whether a picture's own file is tiled and holds just what the data set gives, so that it need not be written."""
    picture = dataset.pictures[number]
    if picture.path.suffix.lower() not in (".tif", ".tiff"):
        return False
    middle = Window(picture.height // 2, picture.width // 2, 64, 64).intersection(picture.window)
    try:
        return _is_tiled_rgb(picture) and bool(
            (dataset.scene(number, middle).image == read_window(picture.path, middle)).all()
        )
    except DataError:
        return False


def _is_tiled_rgb(picture: Picture) -> bool:
    info = describe_raster(picture.path)
    rows, cols = info.block_shape
    tiled = max(rows, cols) <= SMALL_PX and rows >= min(info.height, 64) and cols >= min(info.width, 64)
    whole = (info.height, info.width) == picture.window.shape
    return tiled and whole and info.dtype == "uint8" and info.bands >= 3


def write_sheet(
    dataset: RoofDataset, sheet: Sheet, folder: Path, values: tuple[str, ...], *, with_image: bool
) -> dict[str, str]:
    """Write the files of a sheet, each whole or not at all.

    Args:
        dataset: What to write.
        sheet: Which part of it.
        folder: Of the prepared data set; the files go to its folders of `FOLDERS`.
        values: Names of the labels that are kept as numbers: ``azimuth_deg``, ``height_m``.
        with_image: Also write the pictures, and not only their labels.

    Returns:
        Why pictures could not be read, by their names; whatever stands in their place means nothing.

    Raises:
        OutputError: The files cannot be written.
    """
    unreadable: dict[str, str] = {}
    kinds = [*(["image"] if with_image else []), "label", *(["value"] if values else [])]
    paths = {kind: sheet_path(folder, sheet.name, kind) for kind in kinds}
    try:
        with ExitStack() as files:
            targets = {
                kind: files.enter_context(_created(path, _profile(dataset, sheet, kind, values)))
                for kind, path in paths.items()
            }
            for number, row, col in sheet.slots:
                try:
                    _write_picture(dataset, number, (row, col), targets, values)
                except DataError as error:
                    unreadable[dataset.pictures[number].name] = error.message
    except GDAL_ERRORS as error:
        raise OutputError(f"{sheet.name} cannot be written: {error}", "Is the disk full?") from error
    for path in paths.values():
        os.replace(_unfinished(path), path)
    return unreadable


def sheet_path(folder: Path, name: str, kind: str) -> Path:
    """Where a sheet's file of a kind of `FOLDERS` lies."""
    return folder / FOLDERS[kind] / f"{name}.tif"


def _unfinished(path: Path) -> Path:
    return path.with_suffix(".part")


def _write_picture(
    dataset: RoofDataset, number: int, corner: tuple[int, int], files: dict[str, Any], values: tuple[str, ...]
) -> None:
    for chunk in chunks(dataset.pictures[number]):
        scene = dataset.scene(number, chunk)
        labels = rasterize_targets(scene)
        top, left = corner[0] + chunk.row, corner[1] + chunk.col
        place = ((top, top + chunk.height), (left, left + chunk.width))
        if "image" in files:
            files["image"].write(scene.image, window=place)
        files["label"].write(np.stack([getattr(labels, name) for name in LABEL_BANDS]), window=place)
        if values:
            files["value"].write(np.stack([getattr(labels, name) for name in values]), window=place)


def chunks(picture: Picture) -> Iterator[Window]:
    """A small picture whole, since its file is decoded whole; a larger one in parts."""
    rows, cols = CHUNK if max(picture.height, picture.width) > 2 * SMALL_PX else picture.window.shape
    for row in range(0, picture.height, rows):
        for col in range(0, picture.width, cols):
            yield Window(row, col, rows, cols).intersection(picture.window)


@contextmanager
def _created(path: Path, profile: dict[str, Any]) -> Iterator[Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = profile.pop("names")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # sheets lie nowhere
        with rasterio.open(_unfinished(path), "w", **profile) as file:
            file.descriptions = names
            yield file


def _profile(dataset: RoofDataset, sheet: Sheet, kind: str, values: tuple[str, ...]) -> dict[str, Any]:
    profile: dict[str, Any] = {
        "driver": "GTiff", "height": sheet.height, "width": sheet.width, "dtype": "uint8", "tiled": True,
        "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "compress": "zstd", "interleave": "pixel",
        "BIGTIFF": "IF_SAFER", "SPARSE_OK": True, "NUM_THREADS": "ALL_CPUS",
    }  # fmt: skip
    if kind == "image":
        profile |= {"count": 3, "predictor": 2, "photometric": "RGB", "names": ("red", "green", "blue")}
    elif kind == "label":
        profile |= {"count": len(LABEL_BANDS), "nodata": NODATA, "names": LABEL_BANDS}
    else:
        profile |= {"count": len(values), "dtype": "float32", "nodata": np.nan, "predictor": 3, "names": values}
    if len(sheet.slots) == 1 and dataset.georeferenced:
        picture = dataset.pictures[sheet.slots[0][0]]
        profile |= {"crs": dataset.own_crs.to_wkt(), "transform": picture.transform}
    return profile


@dataclass(frozen=True)
class Place:
    """Where a picture of a prepared data set lies.

    Attributes:
        image: File of its pixels.
        image_corner: Its first row and column in that file.
        label: File of its classes.
        value: File of its labels that are numbers; None if it has none.
        corner: Its first row and column in these two.
    """

    image: Path
    image_corner: tuple[int, int]
    label: Path
    value: Path | None
    corner: tuple[int, int]

    def read_image(self, window: Window) -> Any:
        """(3, height, width) uint8 of a window of the picture."""
        return read_window(self.image, _moved(window, self.image_corner))

    def read_targets(self, window: Window, values: Sequence[str], *, binned: bool) -> Targets:
        """The labels of a window of the picture.

        Args:
            window: Rows and columns of the picture.
            values: Names of the bands of the file of numbers.
            binned: Azimuths are the middles of the segments' classes.
        """
        there = _moved(window, self.corner)
        segments, lines, roof = read_window(self.label, there)
        found = {}
        if self.value is not None:
            found = dict(zip(values, read_window(self.value, there, range(1, len(values) + 1)), strict=True))
        unknown = np.full(window.shape, np.nan, np.float32)
        azimuth_deg = Targets.from_classes(segments).azimuth_deg if binned else found.get("azimuth_deg", unknown)
        return Targets(segments, azimuth_deg, lines, roof, found.get("height_m", unknown))


def _moved(window: Window, corner: tuple[int, int]) -> Window:
    return Window(window.row + corner[0], window.col + corner[1], window.height, window.width)
