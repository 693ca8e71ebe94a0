"""The roof information data set RID (Krapf et al. 2022): 1,880 overlapping tiles of one town, with azimuth classes.

The folder is that of the publication::

    images_roof_centered_geotiff/<id>.tif
    masks_segments_reviewed/<id>.png
    masks_superstructures_reviewed/<id>.png
    filenames_train_val_test_split/{train,val,test}_filenames_{1..5}_rev.txt

Data: https://doi.org/10.14459/2022mp1655470, code and vector labels: TUMFTM/RID on GitHub. Its vectors are read by
`roofgeo.data.rid_vectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import torch
from numpy.typing import NDArray

from roofgeo.data.dataset import Picture, RoofDataset, Sample
from roofgeo.data.listing import choose, describe_all, files_by_id, first_few, read_mask, read_names, unlisted
from roofgeo.data.pictures import on_the_ground
from roofgeo.data.rasters import as_classes, describe_raster, read_window
from roofgeo.data.targets import LabelledScene, Targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import BACKGROUND, COMPASS, FIRST_PITCHED, FLAT, NODATA

IMAGES = "images_roof_centered_geotiff"
SEGMENT_MASKS = "masks_segments_reviewed"
SUPERSTRUCTURE_MASKS = "masks_superstructures_reviewed"
LISTS = "filenames_train_val_test_split"

LABELS = ("segments", "superstructures")
SPLITS = ("train", "val", "test")
VARIANTS = (16, 8, 4)

SUPERSTRUCTURES = (
    "pvmodule", "dormer", "window", "ladder", "chimney", "shadow", "tree", "unknown", "background",
)  # fmt: skip
"""What the codes of the superstructure masks mean."""

SOURCE = "RID is at https://doi.org/10.14459/2022mp1655470; its code and vectors at github.com/TUMFTM/RID."

LOOKED_INTO = 12
"""Masks that are looked into beforehand, to tell which variant they are."""


class RID(RoofDataset):
    """RID: tiles of 512 pixels of 0.1 m, with 16, 8 or 4 azimuth classes.

    Coarser variants are placed at the middles of their bins. The tiles overlap on the ground: see `overlaps`.
    With ``labels="superstructures"`` a sample has the key ``superstructures``, (height, width) uint8 in the codes of
    `SUPERSTRUCTURES`, 255 not labelled, and no head is labelled.

    Args:
        root: The folder.
        labels: ``segments`` or ``superstructures``.
        azimuths: Azimuth classes of the segment masks: 16, 8 or 4.
        split: ``train``, ``val`` or ``test`` of the published lists; None for all tiles that have a mask.
        split_number: Which of the five published splits.
        masks: Folder of the masks; None for the published one. Only the masks of 16 azimuths are published: those of 8
            and 4 are looked for in ``masks_segments_reviewed_8`` and ``_4``.
        transforms: Called with each sample.

    Raises:
        DataError: The folder does not look like the data set.
        InputError: There is no such variant or split.
    """

    licence = "CC-BY-NC (imagery: Google)"

    def __init__(
        self,
        root: str | Path,
        labels: str = "segments",
        azimuths: int = 16,
        split: str | None = None,
        split_number: int = 1,
        masks: str | None = None,
        transforms: Callable[[Sample], Sample] | None = None,
    ) -> None:
        _check_choice("labels", labels, LABELS)
        _check_choice("azimuths", azimuths, VARIANTS)
        self.root, self.labels = Path(root), labels
        self.azimuth_bin_deg = 360 / azimuths
        self.codes = _segment_codes(azimuths) if labels == "segments" else {i: i for i in range(len(SUPERSTRUCTURES))}
        folder = self.root / (masks or _default_masks(labels, azimuths))
        images, skipped = _listed(files_by_id(self.root / IMAGES), self.root / LISTS, split, split_number)
        self._masks = _masks_by_id(folder)
        unmasked = [key for key in images if key not in self._masks]
        readable, unreadable = describe_all({key: path for key, path in images.items() if key in self._masks})
        skipped += [*(f"{key}: has no mask in {folder.name}" for key in unmasked), *unreadable]
        pictures, crs = on_the_ground(readable)
        if labels == "segments":
            _check_variant({p.name: self._masks[p.name] for p in pictures}, azimuths)
        heads = ("segments", "azimuth", "roof") if labels == "segments" else ()
        super().__init__(pictures, crs, heads, transforms, skipped)

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window; superstructures are carried in the place of the segments."""
        image = read_window(picture.path, window)
        path = self._masks[picture.name]
        codes = as_classes(read_mask(path, picture, window), self.codes, path)
        if self.labels == "segments":
            rasters = Targets.from_classes(codes)
            return LabelledScene(image, picture.pixel_size_m, rasters=rasters, azimuth_bin_deg=self.azimuth_bin_deg)
        rasters = Targets.unknown(codes.shape)
        rasters.segments[:] = codes
        return LabelledScene(image, picture.pixel_size_m, rasters=rasters)

    def sample(self, scene: LabelledScene) -> Sample:
        """A scene as the tensors of a sample, with the superstructures where they were asked for."""
        sample = super().sample(scene)
        if self.labels == "superstructures":
            sample["superstructures"] = torch.from_numpy(superstructures(scene))
        return sample


def superstructures(scene: LabelledScene) -> NDArray[np.uint8]:
    """(height, width) codes of `SUPERSTRUCTURES` of a scene of ``RID(labels="superstructures")``, 255 not labelled."""
    codes = np.full(scene.image.shape[1:], NODATA, np.uint8) if scene.rasters is None else scene.rasters.segments
    known = True if scene.labelled is None else scene.labelled
    return np.where(known, codes, NODATA).astype(np.uint8)


def overlaps(dataset: RoofDataset) -> gpd.GeoDataFrame:
    """Pairs of pictures that show the same ground: columns ``first``, ``second``, ``share`` of the smaller one."""
    ground, names = dataset.index.geometry.to_numpy(), dataset.index["name"].to_numpy()
    first, second = dataset.index.sindex.query(ground, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = gpd.GeoSeries(ground[first]).intersection(gpd.GeoSeries(ground[second]))
    smaller = np.minimum(gpd.GeoSeries(ground[first]).area, gpd.GeoSeries(ground[second]).area)
    columns = {"first": names[first], "second": names[second], "share": shared.area / smaller}
    pairs = gpd.GeoDataFrame(columns, geometry=shared, crs=dataset.index.crs)
    return pairs[pairs["share"] > 0].reset_index(drop=True)


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        told = ", ".join(str(choice) for choice in choices)
        raise InputError(f"{name} is {value!r}", f"RID has {told}.")


def _default_masks(labels: str, azimuths: int) -> str:
    if labels == "superstructures":
        return SUPERSTRUCTURE_MASKS
    return SEGMENT_MASKS if azimuths == len(COMPASS) else f"{SEGMENT_MASKS}_{azimuths}"


def _segment_codes(azimuths: int) -> dict[int, int]:
    """Class of each code of a variant: azimuths clockwise from north, then flat, then background."""
    step = len(COMPASS) // azimuths
    return {
        **{code: FIRST_PITCHED + code * step for code in range(azimuths)},
        azimuths: FLAT,
        azimuths + 1: BACKGROUND,
    }


def _masks_by_id(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        there = ", ".join(sorted(p.name for p in folder.parent.glob("masks*"))) or "none"
        raise DataError(f"{folder} is no folder", f"Name the folder of the masks; there are: {there}. {SOURCE}")
    return files_by_id(folder)


def _listed(
    files: Mapping[str, Path], lists: Path, split: str | None, split_number: int
) -> tuple[dict[str, Path], list[str]]:
    """The images of a split and what was skipped."""
    if split is None:
        return dict(files), []
    _check_choice("split", split, SPLITS)
    named = {kind: read_names(lists / f"{kind}_filenames_{split_number}_rev.txt") for kind in SPLITS}
    everywhere = [key for keys in named.values() for key in keys]
    twice = (
        sorted({key for key in everywhere if everywhere.count(key) > 1})
        if len(set(everywhere)) < len(everywhere)
        else []
    )
    if twice:
        raise DataError(f"lists {split_number} of {lists} share {len(twice)} tiles: {first_few(twice)}", SOURCE)
    chosen, skipped = choose(files, named[split], f"{split}_filenames_{split_number}_rev.txt")
    return chosen, skipped + unlisted(files, set(everywhere), f"split {split_number}")


def _check_variant(masks: Mapping[str, Path], azimuths: int) -> None:
    """Refuse masks of another variant, whose codes mean other directions: each variant has its own background."""
    looked_into = list(masks.values())[:: max(1, len(masks) // LOOKED_INTO)]
    highest = max((_highest_code(path) for path in looked_into), default=0)
    if highest != azimuths + 1 and highest - 1 in VARIANTS:
        folder = looked_into[0].parent
        raise DataError(
            f"{folder} holds masks of {highest - 1} azimuths, not of {azimuths}",
            f"Say so: azimuths={highest - 1}, masks={folder.name!r}.",
        )


def _highest_code(mask: Path) -> int:
    """The highest code of a mask; 0 if it cannot be read, which is told when it is wanted."""
    try:
        info = describe_raster(mask)
        return int(read_window(mask, Window(0, 0, info.height, info.width), (1,)).max())
    except DataError:
        return 0
