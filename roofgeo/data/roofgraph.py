"""The RoofGraph data set (Ren et al. 2021): real roofs of New Zealand, each with exact planes and typed lines.

The crops have no georeference. Each holds one labelled roof; what lies further than `EAVE_MARGIN_M` from its eaves is
not labelled. The data are under CC BY-NC 4.0.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.ndimage
from affine import Affine
from numpy.typing import NDArray

from roofgeo.data.augment import transform_scene
from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, Sample, lay_out
from roofgeo.data.listing import choose
from roofgeo.data.rasters import describe_raster, read_window
from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window

PIXEL_SIZE_M = 0.05
"""Inferred from the sizes of houses and cars; the data set does not tell."""

EAVE_MARGIN_M = 0.8
"""So far outside the eaves is taken for ground: closer than neighbours stand, wider than a line is drawn."""

SUN_AZIMUTH_DEG = 20.0
"""Planes that face N to ENE are the brightest of their roofs: the sun of a southern forenoon."""

LATITUDE_DEG = -43.5
"""Of the city most of the map tiles show."""

INDEX = "roofs.jsonl"

_FIELDS = {"name", "split", "width", "height", "black_fraction", "planes", "lines"}

_LINE_TYPE = {"eave": "eave", "ridge": "ridge", "hip": "hip", "valley": "valley", "rake": "rake", "other": "step"}


class RoofGraph(RoofDataset):
    """RoofGraph: a crop a roof, laid out on an artificial grid.

    Args:
        root: Folder with ``roofs.jsonl`` and ``images/``.
        split: ``train`` or ``val``, which share no map tile; None for both.
        transforms: Called with each sample.

    Raises:
        DataError: The folder does not look like the data set.
        InputError: There is no such split.
    """

    georeferenced = False
    labels_all_buildings = False
    licence = "CC-BY-NC-4.0"

    def __init__(
        self,
        root: str | Path,
        split: str | None = None,
        transforms: Callable[[Sample], Sample] | None = None,
    ) -> None:
        self.root = Path(root)
        everything = _read_records(self.root)
        if split is not None and split not in (known := sorted({r["split"] for r in everything})):
            raise InputError(f"split is {split!r}", f"RoofGraph has {', '.join(known)}.")
        records, skipped = _with_pictures(
            {r["name"]: r for r in everything if split in (None, r["split"])}, self.root / "images"
        )
        places = lay_out([(r["height"], r["width"]) for r in records], PIXEL_SIZE_M) if records else []
        pictures = [
            Picture(
                record["name"],
                self.root / "images" / f"{record['name']}.jpg",
                record["height"],
                record["width"],
                place,
                PIXEL_SIZE_M,
                LATITUDE_DEG,
                SUN_AZIMUTH_DEG,
            )
            for record, place in zip(records, places, strict=True)
        ]
        super().__init__(pictures, LOCAL_CRS, ("segments", "azimuth", "lines", "roof"), transforms, skipped)
        self.split_of = {record["name"]: record["split"] for record in records}
        self.group_of = {record["name"]: record["linz_tile"] for record in records}
        self._records = {record["name"]: record for record in records}

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        record = self._records[picture.name]
        info = describe_raster(picture.path)
        if (info.height, info.width) != (picture.height, picture.width):
            raise DataError(
                f"{picture.path} has {info.width} x {info.height} pixels, in {INDEX} it has "
                f"{picture.width} x {picture.height}",
                "Copy it again from where it came.",
            )
        image = read_window(picture.path, picture.window)
        missing = _black_mask(image) if record["black_fraction"] > 0 else np.zeros(image.shape[1:], bool)
        planes = tuple(RoofPlane(np.array(p["ring"], dtype=np.float64), p["azimuth_deg"]) for p in record["planes"])
        lines = tuple(
            RoofLine(_LINE_TYPE[line["type"]], np.array(line["xy"], dtype=np.float64).reshape(2, 2))
            for line in record["lines"]
        )
        scene = _label_near_roof(LabelledScene(image, PIXEL_SIZE_M, planes, lines), missing)
        if window == picture.window:
            return scene
        return transform_scene(scene, Affine.translation(-window.col, -window.row), window.shape)


def _read_records(root: Path) -> list[dict[str, Any]]:
    index = root / INDEX
    if not index.is_file():
        raise DataError(f"{root} holds no {INDEX}", f"RoofGraph is a folder with {INDEX} and images/<name>.jpg.")
    records = []
    with index.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(f"{index}, line {number}, is no JSON: {error}", "Copy it again.") from error
            if missing := sorted(_FIELDS - set(record)):
                raise DataError(f"{index}, line {number}, has no {', '.join(missing)}", "Is it another version?")
            records.append(record)
    return records


def _with_pictures(records: dict[str, dict[str, Any]], images: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The records whose pictures are there, and the names of the others."""
    found, skipped = choose({p.stem: p for p in images.glob("*.jpg")}, list(records), INDEX)
    return [records[name] for name in found], skipped


def _label_near_roof(scene: LabelledScene, missing: NDArray[np.bool_]) -> LabelledScene:
    roof = rasterize_targets(scene).roof > 0
    reach_px = EAVE_MARGIN_M / scene.pixel_size_m
    near = scipy.ndimage.distance_transform_edt(~roof) <= reach_px
    return dataclasses.replace(scene, labelled=near & ~missing)


def _black_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels blacked out beyond the parcel; JPEG leaves them only nearly black, so single dark pixels do not count."""
    dark = (image.max(axis=0) < 12).astype(np.uint8)
    return scipy.ndimage.binary_opening(dark, iterations=4)
