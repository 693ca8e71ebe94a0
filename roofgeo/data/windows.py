"""The window index: a row for each window of a data set, saying where it lies and what is labelled in it.

An index is a GeoDataFrame of one row a window, in the CRS of the data set:

==================  =====================================================================================
geometry            ground the window shows of its picture
source, picture     the raster, and the picture's name in the data set
group               pictures of one group must not be split: the picture's name, unless the data set tells groups
row, col            first row and column in the picture; negative nowhere
height, width       pixels; a window reaches beyond its picture only where the picture is smaller
split, dev          ``train``, ``val``, ``test``, or empty: in none; whether it is one of the few for development
labelled_share      part of the window's pixels of which anything is known
roof_share          part of them that are roof; missing where the data set does not tell
segment_*, line_*   pixels of each segment class and line type
pixel_size_m        side of a pixel on the ground
heads               heads the data set labels, with commas between
==================  =====================================================================================
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from roofgeo.data.targets import Targets, rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import FLAT, LINE_CLASSES, NODATA, SEGMENT_CLASSES

if TYPE_CHECKING:
    from roofgeo.data.dataset import Picture, RoofDataset

SEGMENT_COLUMNS = tuple(f"segment_{c.name}" for c in SEGMENT_CLASSES)
ROOF_COLUMNS = SEGMENT_COLUMNS[FLAT:]
LINE_COLUMNS = tuple(f"line_{c.name}" for c in LINE_CLASSES[1:])

COLUMNS = (
    "source", "picture", "group", "row", "col", "height", "width", "split", "dev", "labelled_share", "roof_share",
    *SEGMENT_COLUMNS, *LINE_COLUMNS, "pixel_size_m", "heads",
)  # fmt: skip

MOST_UNREADABLE = 0.01
"""Share of a data set's pictures that may be unreadable: beyond it something else is wrong."""

Progress = Callable[[str, int, int], None]
ReadTargets = Callable[[int, Window], Targets]


def tile_windows(shape: tuple[int, int], tile_px: int, stride_px: int) -> list[Window]:
    """Windows that cover every pixel of a picture at least once, row by row.

    The last row and column are pulled back into the picture; in a direction in which the picture is smaller than a
    tile there is one window, which reaches beyond it.

    Args:
        shape: (height, width) of the picture.
        tile_px: Side of a window.
        stride_px: From one window to the next.

    Raises:
        InputError: The stride leaves gaps, or a length is not positive.
    """
    if not 0 < stride_px <= tile_px:
        raise InputError(
            f"windows of {tile_px} px every {stride_px} px do not cover a picture",
            "Choose a stride of at least 1 px and at most the tile.",
        )
    rows, cols = (_starts(length, tile_px, stride_px) for length in shape)
    return [Window(row, col, tile_px, tile_px) for row in rows for col in cols]


def _starts(length_px: int, tile_px: int, stride_px: int) -> list[int]:
    last = max(0, length_px - tile_px)
    return [*range(0, last, stride_px), last]


def index_windows(
    dataset: RoofDataset,
    tile_px: int,
    stride_px: int,
    progress: Progress | None = None,
    targets: ReadTargets | None = None,
) -> gpd.GeoDataFrame:
    """Scan a data set window by window; pictures that cannot be read are left out.

    Args:
        dataset: Pictures with labels. If it has a ``split_of`` or a ``group_of``, by the pictures' names, it is kept.
        tile_px: Side of a window.
        stride_px: From one window to the next.
        progress: Called with ``scan``, the pictures done and all of them.
        targets: Reads the labels of a window of a picture; None for by way of the data set's scenes.

    Returns:
        The index; see the module. Its ``attrs["unreadable"]`` holds, by the pictures' names, why those left out were.

    Raises:
        DataError: More than `MOST_UNREADABLE` of the pictures cannot be read.
    """
    read = targets or (lambda number, window: rasterize_targets(dataset.scene(number, window)))
    splits, groups = (getattr(dataset, name, {}) for name in ("split_of", "group_of"))
    rows: list[dict[str, Any]] = []
    unreadable: dict[str, str] = {}
    for number, picture in enumerate(dataset.pictures):
        try:
            rows += [
                {
                    **_row(picture, window, read(number, window), dataset.heads),
                    "split": splits.get(picture.name, ""),
                    "group": groups.get(picture.name, picture.name),
                }
                for window in tile_windows(picture.window.shape, tile_px, stride_px)
            ]
        except DataError as error:
            unreadable[picture.name] = error.message
            stop_if_unreadable(unreadable, len(dataset.pictures))
        if progress is not None:
            progress("scan", number + 1, len(dataset.pictures))
    return as_index(rows, dataset.own_crs, unreadable)


def as_index(rows: list[dict[str, Any]], crs: CRS, unreadable: Mapping[str, str] | None = None) -> gpd.GeoDataFrame:
    """An index of rows that have its columns and a geometry."""
    geometry = [row["geometry"] for row in rows]
    index = gpd.GeoDataFrame({name: [row[name] for row in rows] for name in COLUMNS}, geometry=geometry, crs=crs)
    index.attrs["unreadable"] = dict(unreadable or {})
    return index


def stop_if_unreadable(unreadable: Mapping[str, str], pictures: int) -> None:
    """Give up when too many pictures cannot be read.

    Args:
        unreadable: Why, by the pictures' names.
        pictures: How many there are in all.

    Raises:
        DataError: They are more than `MOST_UNREADABLE`; lists them.
    """
    if len(unreadable) > MOST_UNREADABLE * pictures:
        listed = "".join(f"\n  {name}: {reason}" for name, reason in unreadable.items())
        raise DataError(
            f"{len(unreadable)} of {pictures} pictures cannot be read, more than {MOST_UNREADABLE:.0%}:{listed}",
            "Put the files right or take them out of the data set; `roofgeo data check` lists all of them.",
        )


def _row(picture: Picture, window: Window, labels: Targets, heads: tuple[str, ...]) -> dict[str, Any]:
    return {
        "geometry": ground_of(picture, window),
        "source": str(picture.path),
        "picture": picture.name,
        "row": window.row,
        "col": window.col,
        "height": window.height,
        "width": window.width,
        "dev": False,
        **measure(labels, heads),
        "pixel_size_m": picture.pixel_size_m,
        "heads": ",".join(heads),
    }


def ground_of(picture: Picture, window: Window) -> shapely.Polygon:
    """What a window shows of a picture, in the CRS of its transform."""
    seen = window.intersection(picture.window)
    moved = picture.transform * Affine.translation(seen.col, seen.row)
    corners = ((0, 0), (seen.width, 0), (seen.width, seen.height), (0, seen.height))
    return shapely.Polygon([moved * corner for corner in corners])


def measure(labels: Targets, heads: tuple[str, ...]) -> dict[str, float | int]:
    """Shares and pixel counts of a window's labels, by the index's column names."""
    known = (labels.segments != NODATA) | (labels.lines != NODATA) | (labels.roof != NODATA)
    if "height" in heads:
        known |= ~np.isnan(labels.height_m)
    segments = np.bincount(labels.segments.ravel(), minlength=256)
    lines = np.bincount(labels.lines.ravel(), minlength=256)
    tells_roof = "roof" in heads or "segments" in heads
    roof = (labels.roof == 1) | ((labels.segments >= FLAT) & (labels.segments != NODATA))
    return {
        "labelled_share": float(known.mean()),
        "roof_share": float(roof.mean()) if tells_roof else float("nan"),
        **dict(zip(SEGMENT_COLUMNS, segments.tolist(), strict=False)),
        **dict(zip(LINE_COLUMNS, lines[1:].tolist(), strict=False)),
    }


def fingerprint(index: gpd.GeoDataFrame) -> str:
    """SHA-256 of what an index says, whatever the order of its rows and columns and wherever the rasters lie."""
    # What is missing, such as the roof share of a set that does not tell it, is no string for pandas 3.
    columns = [map(str, index[name].tolist()) for name in sorted(set(index.columns) - {"geometry", "source"})]
    ground = shapely.to_wkb(shapely.normalize(index.geometry.to_numpy()), hex=True)
    rows = sorted("|".join(row) for row in zip(*columns, ground, strict=True))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def rectangles(index: gpd.GeoDataFrame) -> dict[str, NDArray[np.int64]]:
    """For each picture its windows in the index, as rows of (n, 4): row, column, and one past the last of both."""
    places = index[["row", "col", "height", "width"]].to_numpy(np.int64).copy()  # pandas lends it read-only
    places[:, 2:] += places[:, :2]
    return {str(name): places[numbers] for name, numbers in index.groupby("picture").indices.items()}


def covered(window: Window, windows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(height, width) of a window: where it lies in any of `windows`, as `rectangles` gives them."""
    mask = np.zeros(window.shape, bool)
    for top, left, bottom, right in _meeting(window, windows):
        rows = slice(max(0, top - window.row), bottom - window.row)
        mask[rows, max(0, left - window.col) : right - window.col] = True
    return mask


def _meeting(window: Window, windows: NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
    top, left, bottom, right = windows.T
    meets = (top < window.row_end) & (bottom > window.row) & (left < window.col_end) & (right > window.col)
    return map(tuple, windows[meets].tolist())


def write_index(path: Path, index: gpd.GeoDataFrame) -> None:
    """Write an index as GeoParquet, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    index.to_parquet(unfinished, index=False)
    os.replace(unfinished, path)


def read_index(path: Path, split: str | None = None) -> gpd.GeoDataFrame:
    """Read an index.

    Args:
        path: GeoParquet, as `write_index` writes it.
        split: Only the windows of this split; None for all.

    Raises:
        DataError: It is missing or is no index.
    """
    filters = None if split is None else [("split", "==", split)]
    try:
        index = gpd.read_parquet(path, filters=filters)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no window index: {error}", "`roofgeo data prepare` makes one.") from error
    if missing := set(COLUMNS) - set(index.columns):
        raise DataError(f"{path} lacks the columns {', '.join(sorted(missing))}", "`roofgeo data prepare` makes one.")
    return index
