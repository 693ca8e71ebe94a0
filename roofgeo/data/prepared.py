"""A prepared data set: rasters scanned once into tiled files and a window index, read window by window ever after.

The folder holds::

    images/, labels/, values/    tiled GeoTIFF, see `roofgeo.data.sheets`; images that were tiled stay where they are
    pictures.parquet             a row a picture: its files, where in them it lies, what is known of it
    windows.parquet              the window index, see `roofgeo.data.windows`
    dataset.json                 what it is; written last, so that a folder without it is unfinished

Paths in it are relative to the folder, or absolute where images stayed elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine

from roofgeo.data.dataset import Picture, RoofDataset, Sample
from roofgeo.data.sheets import Place
from roofgeo.data.targets import LabelledScene, Targets, rasterize_targets
from roofgeo.data.windows import covered, read_index, rectangles
from roofgeo.errors import DataError
from roofgeo.grid import Window

VERSION = 1

ABOUT, WINDOWS, PICTURES = "dataset.json", "windows.parquet", "pictures.parquet"

DEVELOPMENT = "dev-"
"""In front of a split's name: only its windows that are marked for development."""

HINT = "`roofgeo data prepare` makes it."

_KNOWN = tuple(f.name for f in dataclasses.fields(Picture) if f.name not in ("path", "transform"))
_SIX = ("a", "b", "c", "d", "e", "f")


class Prepared(RoofDataset):
    """A data set that `roofgeo data prepare` has written.

    With a split, ground outside the windows of that split is not labelled: whatever is cut from a picture, no label
    of another split gets into it.

    Args:
        root: The folder.
        split: ``train``, ``val`` or ``test``, with ``dev-`` in front for the small set; None for all windows.
        transforms: Called with each sample.

    Attributes:
        windows: The rows of the window index that it holds.
        about: What ``dataset.json`` says.
        origins: Of what it was made of, a line each with its licence, if that was more than one data set.

    Raises:
        DataError: It is no prepared data set, is unfinished, or has no windows in the split.
    """

    def __init__(
        self, root: str | Path, split: str | None = None, transforms: Callable[[Sample], Sample] | None = None
    ) -> None:
        self.root = Path(root)
        self.about = read_about(self.root)
        self.windows = windows_of(read_index(self.root / WINDOWS), split, self.root)
        self.georeferenced = bool(self.about["georeferenced"])
        self.labels_all_buildings = bool(self.about["labels_all_buildings"])
        self.licence = str(self.about["licence"])
        self.origins = tuple(self.about.get("origins", ()))
        self.azimuth_bin_deg: float | None = self.about["azimuth_bin_deg"]
        table = _read_table(self.root / PICTURES)
        rows = table[table["name"].isin(self.windows["picture"])]
        self.places = {str(row["name"]): _place(row, self.root) for row in rows.to_dict("records")}
        self._ground = None if split is None else rectangles(self.windows)
        pictures = [_picture(row, self.places) for row in rows.to_dict("records")]
        super().__init__(pictures, table.crs, tuple(self.about["heads"]), transforms, self.about["skipped"])

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        place = self.places[picture.name]
        return LabelledScene(
            place.read_image(window),
            picture.pixel_size_m,
            rasters=place.read_targets(window, self.about["values"], binned=self.azimuth_bin_deg is not None),
            labelled=None if self._ground is None else covered(window, self._ground[picture.name]),
            azimuth_bin_deg=self.azimuth_bin_deg,
        )


def windows_of(index: gpd.GeoDataFrame, split: str | None, folder: Path) -> gpd.GeoDataFrame:
    """The windows of a split, as `Prepared` names them.

    Raises:
        DataError: There are none; tells which splits there are.
    """
    if split is None:
        return index
    chosen = index[index["split"] == split.removeprefix(DEVELOPMENT)]
    if split.startswith(DEVELOPMENT):
        chosen = chosen[chosen["dev"]]
    if len(chosen) == 0:
        counts = index["split"].value_counts()
        told = ", ".join(f"{name} ({count} windows)" for name, count in counts.items() if name) or "none"
        raise DataError(
            f"{folder} has no windows in the split {split!r}; it has: {told}",
            f"`roofgeo data split {folder}` makes them.",
        )
    return chosen


def read_about(folder: Path) -> dict[str, Any]:
    """What ``dataset.json`` of a prepared data set says.

    Raises:
        DataError: It is missing or of another version.
    """
    path = folder / ABOUT
    if not path.is_file():
        raise DataError(f"{folder} holds no {ABOUT}: it is no prepared data set, or it is unfinished", HINT)
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}", HINT) from error
    if about.get("version") != VERSION:
        raise DataError(f"{path} is of version {about.get('version')}, this is for {VERSION}", "Prepare it again.")
    return about


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def write_pictures(path: Path, dataset: RoofDataset, pictures: Sequence[Picture], places: Mapping[str, Place]) -> None:
    """Write the table of pictures as GeoParquet, with where each lies; see `Prepared`."""
    rows = [_row(picture, places[picture.name], path.parent) for picture in pictures]
    table = gpd.GeoDataFrame(rows, geometry=[p.footprint() for p in pictures], crs=dataset.own_crs)
    unfinished = path.with_name(path.name + ".part")
    table.to_parquet(unfinished, index=False)
    os.replace(unfinished, path)


def relative(path: Path, folder: Path) -> str:
    """A path as it is kept: relative to the folder if it lies in it, else absolute."""
    full = path.resolve()
    home = folder.resolve()
    return full.relative_to(home).as_posix() if full.is_relative_to(home) else str(full)


def read_labels(place: Place, picture: Picture, window: Window, about: Mapping[str, Any]) -> Targets:
    """The labels of a window without its pixels; it may reach beyond the picture.

    Args:
        place: Where the picture lies.
        picture: It.
        window: Rows and columns.
        about: ``heads``, ``values`` and ``azimuth_bin_deg``, as of ``dataset.json``.
    """
    inside = window.intersection(picture.window)
    rasters = place.read_targets(inside, about["values"], binned=about["azimuth_bin_deg"] is not None)
    image = np.zeros((3, *inside.shape), np.uint8)
    targets = rasterize_targets(LabelledScene(image, picture.pixel_size_m, rasters=rasters, heads=about["heads"]))
    if inside == window:
        return targets
    larger = Targets.unknown(window.shape)
    for field in dataclasses.fields(Targets):
        getattr(larger, field.name)[inside.slices_in(window)] = getattr(targets, field.name)
    return larger


def _row(picture: Picture, place: Place, folder: Path) -> dict[str, Any]:
    return {
        **{name: getattr(picture, name) for name in _KNOWN},
        **dict(zip(_SIX, list(picture.transform)[:6], strict=True)),
        "image": relative(place.image, folder),
        "image_row": place.image_corner[0],
        "image_col": place.image_corner[1],
        "label": relative(place.label, folder),
        "value": None if place.value is None else relative(place.value, folder),
        "label_row": place.corner[0],
        "label_col": place.corner[1],
    }


def _read_table(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no table of pictures: {error}", HINT) from error


def _place(row: Mapping[str, Any], folder: Path) -> Place:
    return Place(
        folder / row["image"],
        (row["image_row"], row["image_col"]),
        folder / row["label"],
        None if pd.isna(row["value"]) else folder / row["value"],
        (row["label_row"], row["label_col"]),
    )


def _picture(row: Mapping[str, Any], places: Mapping[str, Place]) -> Picture:
    known: dict[str, Any] = {name: None if pd.isna(row[name]) else row[name] for name in _KNOWN}
    return Picture(path=places[row["name"]].image, transform=Affine(*(row[name] for name in _SIX)), **known)
