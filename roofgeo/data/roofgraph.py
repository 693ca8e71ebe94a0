"""The RoofGraph data set (Ren et al. 2021): real roofs of New Zealand, each with exact planes and typed lines.

The crops have no georeference. Each holds one labelled roof; what lies further than `EAVE_MARGIN_M` from its eaves is
not labelled. The data are under CC BY-NC 4.0.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import rasterio
import scipy.ndimage
import torch
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from torchgeo.datasets import NonGeoDataset

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets
from roofgeo.errors import DataError

PIXEL_SIZE_M = 0.05
"""Inferred from the sizes of houses and cars; the data set does not tell."""

EAVE_MARGIN_M = 0.8
"""So far outside the eaves is taken for ground: closer than neighbours stand, wider than a line is drawn."""

SUN_AZIMUTH_DEG = 20.0
"""Planes that face N to ENE are the brightest of their roofs: the sun of a southern forenoon."""

_LINE_TYPE = {"eave": "eave", "ridge": "ridge", "hip": "hip", "valley": "valley", "rake": "rake", "other": "step"}


class RoofGraph(NonGeoDataset):
    """RoofGraph as a torchgeo data set without georeference.

    Args:
        root: Folder with ``roofs.jsonl`` and ``images/``.
        split: ``train`` or ``val``; they share no map tile.
        transforms: Called with each sample.

    Raises:
        DataError: The folder does not look like the data set.
    """

    def __init__(
        self,
        root: str | Path,
        split: Literal["train", "val"] = "train",
        transforms: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        self.root = Path(root)
        self.transforms = transforms
        index = self.root / "roofs.jsonl"
        if not index.is_file():
            raise DataError(
                f"{self.root} holds no roofs.jsonl", "RoofGraph is a folder with roofs.jsonl and images/<name>.jpg."
            )
        with index.open(encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        self.records = [record for record in records if record["split"] == split]

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One roof: ``image`` (3, height, width) float32 0..255 and a tensor (height, width) per head."""
        scene = self.scene(index)
        sample = {"image": torch.from_numpy(scene.image).float(), **as_tensors(rasterize_targets(scene))}
        return self.transforms(sample) if self.transforms is not None else sample

    def scene(self, index: int, downsample: int = 1) -> LabelledScene:
        """One roof as a labelled scene.

        Args:
            index: Number of the roof in the split.
            downsample: Average so many by so many pixels into one.
        """
        record = self.records[index]
        image = self._read(record["name"])
        missing = _black_mask(image) if record["black_fraction"] > 0 else np.zeros(image.shape[1:], bool)
        image, missing = _shrink(image, downsample), _shrink(missing[None] * np.uint8(255), downsample)[0] > 0
        planes = tuple(
            RoofPlane(np.array(p["ring"], dtype=np.float64) / downsample, p["azimuth_deg"]) for p in record["planes"]
        )
        lines = tuple(
            RoofLine(_LINE_TYPE[line["type"]], np.array(line["xy"], dtype=np.float64).reshape(2, 2) / downsample)
            for line in record["lines"]
        )
        scene = LabelledScene(image, PIXEL_SIZE_M * downsample, planes, lines, sun_azimuth_deg=SUN_AZIMUTH_DEG)
        return _label_near_roof(scene, missing)

    def _read(self, name: str) -> NDArray[np.uint8]:
        path = self.root / "images" / f"{name}.jpg"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # the crops have no georeference
                with rasterio.open(path) as source:
                    image: NDArray[np.uint8] = source.read()
        except RasterioIOError as error:
            raise DataError(f"{path} cannot be read: {error}", "Is the copy of the data set complete?") from error
        return image


def as_tensors(targets: Targets) -> dict[str, torch.Tensor]:
    """The targets as tensors (height, width), named like the heads."""
    return {
        "segments": torch.from_numpy(targets.segments),
        "azimuth": torch.from_numpy(targets.azimuth_deg),
        "lines": torch.from_numpy(targets.lines),
        "roof": torch.from_numpy(targets.roof),
        "height": torch.from_numpy(targets.height_m),
    }


def _label_near_roof(scene: LabelledScene, missing: NDArray[np.bool_]) -> LabelledScene:
    roof = rasterize_targets(scene).roof > 0
    reach_px = EAVE_MARGIN_M / scene.pixel_size_m
    near = scipy.ndimage.distance_transform_edt(~roof) <= reach_px
    return LabelledScene(
        scene.image, scene.pixel_size_m, scene.planes, scene.lines, near & ~missing, scene.sun_azimuth_deg
    )


def _black_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels blacked out beyond the parcel; JPEG leaves them only nearly black, so single dark pixels do not count."""
    dark = (image.max(axis=0) < 12).astype(np.uint8)
    return scipy.ndimage.binary_opening(dark, iterations=4)


def _shrink(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """(bands, height, width) averaged over squares; a remainder at the right and lower edge is left off."""
    if factor == 1:
        return image
    bands, height, width = image.shape[0], image.shape[1] // factor, image.shape[2] // factor
    squares = image[:, : height * factor, : width * factor].reshape(bands, height, factor, width, factor)
    shrunk: NDArray[np.uint8] = (squares.mean(axis=(2, 4)) + 0.5).astype(np.uint8)
    return shrunk
