"""Pictures with masks that tell roof from not roof: AIRS (Chen et al. 2019), and folders arranged like it.

AIRS is arranged as::

    {train,val,test}/image/christchurch_<n>.tif
    {train,val,test}/label/christchurch_<n>.tif    0/1 or 0/255 in band 1
    train.txt, val.txt                             beside these folders or in them; there is no test.txt

and masks of one's own may be arranged as::

    images/<name>.tif
    masks/<name>.png
    <split>.txt

AIRS is at https://www.airs-dataset.com.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, Sample
from roofgeo.data.listing import choose, describe_all, files_by_id, read_mask, read_names, unlisted
from roofgeo.data.pictures import is_georeferenced, on_artificial_grid, on_the_ground
from roofgeo.data.rasters import as_classes, read_window
from roofgeo.data.targets import LabelledScene, Targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window

SPLITS = ("train", "val", "test")

PREVIEW = "_vis"
"""How the ids of the previews end that lie between the labels."""

PIXEL_SIZE_M = 0.075

LICENCE = "see https://www.airs-dataset.com (imagery: LINZ, CC-BY-4.0)"
"""Of the published data set; masks of one's own are under one's own."""

LATITUDE_DEG = -43.5
SUN_AZIMUTH_DEG = 0.0
"""Of Christchurch, where AIRS was taken: the noon sun stands in the north."""

_MEANING = {0: 0, 1: 1, 255: 1}


class AIRS(RoofDataset):
    """AIRS: tiles of 10,000 pixels of 0.075 m with roof masks; also pictures and masks of one's own.

    Files without a georeference, as AIRS usually has them, are laid out on an artificial grid.

    Args:
        root: The folder, in one of the two arrangements.
        split: ``train``, ``val`` or ``test``, or the name of a list; None for all that has a mask.
        pixel_size_m: Side of a pixel, where the files do not tell.
        crs: Of the files, where they have a transform and no CRS; such as ``EPSG:2193``.
        label_ground: Also label segments, as background or as roof of any class, and ground as free of lines.
        transforms: Called with each sample.

    Raises:
        DataError: The folder does not look like the data set.
        InputError: There is no such split, or the CRS is unknown.
    """

    def __init__(
        self,
        root: str | Path,
        split: str | None = None,
        pixel_size_m: float = PIXEL_SIZE_M,
        crs: str | None = None,
        label_ground: bool = False,
        transforms: Callable[[Sample], Sample] | None = None,
    ) -> None:
        self.root = Path(root)
        as_published = any((self.root / name / "image").is_dir() for name in SPLITS)
        self.licence = LICENCE if as_published else ""
        find = _find_published if as_published else _find_own
        images, self._masks, skipped = find(self.root, split)
        readable, unreadable = describe_all(images)
        given = _parse_crs(crs)
        self.georeferenced = any(is_georeferenced(info, given) for _, info in readable)
        place = (LATITUDE_DEG, SUN_AZIMUTH_DEG) if as_published else (None, None)
        pictures, found_crs = (
            on_the_ground(readable, given)
            if self.georeferenced
            else (on_artificial_grid(readable, pixel_size_m, *place), LOCAL_CRS)
        )
        heads = ("segments", "lines", "roof") if label_ground else ("roof",)
        super().__init__(pictures, found_crs, heads, transforms, [*skipped, *unreadable])

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        path = self._masks[picture.name]
        mask = as_classes(read_mask(path, picture, window), _MEANING, path)
        image = read_window(picture.path, window)
        return LabelledScene(image, picture.pixel_size_m, rasters=Targets.from_roof_mask(mask))


Found = tuple[dict[str, Path], dict[str, Path], list[str]]
"""Images and masks by name, and what was skipped."""


def _find_published(root: Path, split: str | None) -> Found:
    if split is not None and split not in SPLITS:
        raise InputError(f"split is {split!r}", f"AIRS has {', '.join(SPLITS)}.")
    images: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    skipped: list[str] = []
    for name in SPLITS if split is None else (split,):
        if split is not None or (root / name).is_dir():
            found = _find_split(root, name)
            images |= found[0]
            masks |= found[1]
            skipped += found[2]
    return images, masks, skipped


def _find_split(root: Path, split: str) -> Found:
    """The pairs of one split: those its list names, or all if it has none."""
    folder = root / split
    images = files_by_id(folder / "image", ignored=(PREVIEW,))
    masks = files_by_id(folder / "label", ignored=(PREVIEW,))
    lists = [path for path in (root / f"{split}.txt", folder / f"{split}.txt") if path.is_file()]
    if not lists:
        return _paired(images, masks)
    return _of_list(images, masks, lists[0])


def _find_own(root: Path, split: str | None) -> Found:
    if not (root / "images").is_dir() or not (root / "masks").is_dir():
        raise DataError(
            f"{root} has neither train/image and train/label nor images and masks",
            "AIRS is at https://www.airs-dataset.com; masks of your own lie in masks/ under the names of images/.",
        )
    images, masks = files_by_id(root / "images"), files_by_id(root / "masks", ignored=(PREVIEW,))
    if split is None:
        return _paired(images, masks)
    lists = list(root.glob("*.txt"))
    if not lists:
        raise InputError(
            f"{root} comes without splits, so there is no {split!r}", f"Name its pictures in {split}.txt there."
        )
    others = [path for path in lists if path.stem != split]
    return _of_list(images, masks, root / f"{split}.txt", others)


def _of_list(images: dict[str, Path], masks: dict[str, Path], path: Path, others: Sequence[Path] = ()) -> Found:
    """The pairs a list names; what no list does is skipped."""
    wanted = read_names(path)
    complete = {key: image for key, image in images.items() if key in masks}
    chosen, skipped = choose(complete, wanted, path.name)
    listed = {*wanted, *(key for other in others for key in read_names(other))}
    return chosen, masks, skipped + unlisted(complete, listed, f"{path.parent}")


def _paired(images: dict[str, Path], masks: dict[str, Path]) -> Found:
    skipped = [f"{path}: has no mask" for key, path in images.items() if key not in masks]
    skipped += [f"{path}: has no picture" for key, path in masks.items() if key not in images]
    return {key: path for key, path in images.items() if key in masks}, masks, skipped


def _parse_crs(crs: str | None) -> CRS | None:
    try:
        return None if crs is None else CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(f"{crs!r} is no coordinate reference system", "Give it like EPSG:2193.") from error
