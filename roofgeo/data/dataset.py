"""What all labelled data sets are: pictures with labels, read window by window, as a torchgeo data set."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import torch
from affine import Affine
from pyproj import CRS, Transformer
from torchgeo.datasets import GeoDataset, IntersectionDataset, UnionDataset

from roofgeo.data.augment import transform_scene
from roofgeo.data.targets import ALL_HEADS, LabelledScene, Targets, rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Bounds, Window
from roofgeo.schema import NODATA

LOCAL_CRS = CRS.from_wkt(
    'LOCAL_CS["roofgeo: artificial grid of pictures that have no georeference",LOCAL_DATUM["none",32767],'
    'UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
)
"""Where pictures without georeference are laid out, so that one sampler serves all. It reaches no output."""

LOCAL_GAP_M = 100.0
"""Between two pictures on the artificial grid: wider than a window, so that none sees two of them."""

ALWAYS = (pd.Timestamp.min, pd.Timestamp.max)

Sample = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """One picture of a data set.

    Attributes:
        name: Its name in the data set.
        path: Its file.
        height: Rows.
        width: Columns.
        transform: From (column, row) to (x, y) in the CRS of the data set.
        pixel_size_m: Side of a pixel on the ground.
        latitude_deg: North positive; None if unknown.
        sun_azimuth_deg: Where the sun stands, clockwise from the picture's upward direction; None if unknown.
    """

    name: str
    path: Path
    height: int
    width: int
    transform: Affine
    pixel_size_m: float
    latitude_deg: float | None = None
    sun_azimuth_deg: float | None = None

    @property
    def window(self) -> Window:
        """All its pixels."""
        return Window(0, 0, self.height, self.width)

    def footprint(self) -> shapely.Polygon:
        """Its outline in the CRS of the data set."""
        corners = ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        return shapely.Polygon([self.transform * corner for corner in corners])


class RoofDataset(GeoDataset):
    """A labelled data set; each published layout is a subclass that finds its pictures and reads a window of one.

    A sample is a dictionary: ``image`` (3, height, width) float32, red, green, blue, 0..255; one tensor (height,
    width) for each head of `roofgeo.schema.HEADS`, in the codes of `roofgeo.data.targets.Targets`; ``heads`` (5,)
    bool, which of them the source labels. "Not labelled" is 255 or NaN, never background.

    Args:
        pictures: What there is.
        crs: Of the pictures' transforms.
        heads: Heads the data set labels.
        transforms: Called with each sample.
        skipped: Each file left out, and why.

    Raises:
        DataError: There are no pictures.
    """

    georeferenced = True
    """False where the pictures lie on an artificial grid."""

    labels_all_buildings = True
    """False where a picture shows buildings that nobody labelled."""

    licence = ""
    """Of the data, as an SPDX expression or in words."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        crs: CRS,
        heads: tuple[str, ...] = ALL_HEADS,
        transforms: Callable[[Sample], Sample] | None = None,
        skipped: Sequence[str] = (),
    ) -> None:
        if not pictures:
            why = f"; {len(skipped)} files were skipped, such as {skipped[0]}" if skipped else ""
            raise DataError(f"the {type(self).__name__} data set holds no pictures{why}", "Is it the right folder?")
        self.pictures = tuple(pictures)
        self.skipped = tuple(skipped)
        self.heads = tuple(heads)
        self.transforms = transforms
        self.own_crs = crs
        time = pd.IntervalIndex.from_arrays(
            [ALWAYS[0]] * len(pictures), [ALWAYS[1]] * len(pictures), closed="both", name="datetime"
        )
        columns = {
            "filepath": [str(p.path) for p in pictures],
            "name": [p.name for p in pictures],
            "picture": range(len(pictures)),
        }
        footprints = [p.footprint() for p in pictures]
        self.index = gpd.GeoDataFrame(columns, geometry=footprints, crs=crs).set_index(time)
        first = pictures[0].transform
        self._res = (abs(first.a), abs(first.e))

    @abstractmethod
    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window that lies inside a picture.

        Raises:
            DataError: A file is missing, damaged, or holds what it should not.
        """

    def scene(self, number: int, window: Window | None = None) -> LabelledScene:
        """A window of a picture, in its own pixels.

        Args:
            number: Of the picture.
            window: Any window; beyond the picture it is black and not labelled. None for the whole picture.
        """
        picture = self.pictures[number]
        if window is None:
            window = picture.window
        inside = window.intersection(picture.window)
        if 0 in inside.shape:
            return _empty_scene(picture, window.shape, self.heads)
        scene = dataclasses.replace(
            self.read(picture, inside),
            heads=self.heads,
            latitude_deg=picture.latitude_deg,
            sun_azimuth_deg=picture.sun_azimuth_deg,
        )
        if inside == window:
            return scene
        shift = Affine.translation(inside.col - window.col, inside.row - window.row)
        return transform_scene(scene, shift, window.shape)

    def scene_at(self, bounds: Bounds, resolution: tuple[float, float] | None = None) -> LabelledScene:
        """The ground within bounds, from the picture that shows most of it.

        Args:
            bounds: left, bottom, right, top in the data set's CRS.
            resolution: Width and height of a pixel in its units; None for the data set's.

        Raises:
            IndexError: No picture shows any of it.
        """
        x_size, y_size = self.res if resolution is None else resolution
        left, bottom, right, top = bounds
        shape = max(1, round((top - bottom) / y_size)), max(1, round((right - left) / x_size))
        number = self._best_picture(shapely.box(*bounds))
        picture = self.pictures[number]
        to_pixels = Affine(x_size, 0, left, 0, -y_size, top)
        matrix = ~to_pixels * self._placed(picture)
        window = _window_under(matrix, shape).intersection(picture.window)
        shift = Affine.translation(window.col, window.row)
        return transform_scene(self.scene(number, window), _snapped(matrix * shift), shape)

    def __getitem__(self, query: Any) -> Sample:
        """The sample of a torchgeo query: slices of x, y and time.

        Raises:
            IndexError: No picture shows any of it.
        """
        x, y, _ = self._disambiguate_slice(query)
        scene = self.scene_at((x.start, y.start, x.stop, y.stop), (x.step, y.step))
        sample = self.sample(scene)
        return sample if self.transforms is None else self.transforms(sample)

    def sample(self, scene: LabelledScene) -> Sample:
        """A scene of the data set as the tensors of a sample."""
        return as_sample(scene)

    def __and__(self, other: GeoDataset) -> IntersectionDataset:
        """Where both are; pictures are stacked, labels complete each other."""
        self._must_be_on_the_ground("&")
        return IntersectionDataset(self, other, collate_fn=stack_pictures)

    def __or__(self, other: GeoDataset) -> UnionDataset:
        """Where either is; what one does not show or label comes from the other."""
        self._must_be_on_the_ground("|")
        return UnionDataset(self, other, collate_fn=merge_labels)

    def _must_be_on_the_ground(self, sign: str) -> None:
        if not self.georeferenced:
            raise InputError(
                f"{type(self).__name__} has no georeference: `{sign}` would combine places that are not the same",
                "Give both data sets to `roofgeo train`, each with its share.",
            )

    def _best_picture(self, ground: shapely.Polygon) -> int:
        hits = self.index.sindex.query(ground, predicate="intersects")
        if len(hits) == 0:
            raise IndexError(f"no picture of {type(self).__name__} shows {ground.bounds}")
        shared = shapely.area(shapely.intersection(self.index.geometry.to_numpy()[hits], ground))
        return int(self.index["picture"].to_numpy()[hits[int(np.argmax(shared))]])

    def _placed(self, picture: Picture) -> Affine:
        """From the picture's pixels to the CRS the data set is now in: near a place, a change of CRS is affine."""
        if self.crs == self.own_crs:
            return picture.transform
        change = Transformer.from_crs(self.own_crs, self.crs, always_xy=True)
        corners = ((0, 0), (picture.width, 0), (0, picture.height))
        (x0, y0), (x1, y1), (x2, y2) = (change.transform(*(picture.transform * corner)) for corner in corners)
        across, down = picture.width, picture.height
        return Affine((x1 - x0) / across, (x2 - x0) / down, x0, (y1 - y0) / across, (y2 - y0) / down, y0)


def as_sample(scene: LabelledScene) -> Sample:
    """A scene as the tensors of a sample; see `RoofDataset`."""
    return {
        "image": torch.from_numpy(scene.image).float(),
        **as_tensors(rasterize_targets(scene)),
        "heads": torch.tensor([head in scene.heads for head in ALL_HEADS]),
    }


def as_tensors(targets: Targets) -> dict[str, torch.Tensor]:
    """The targets as tensors (height, width), named like the heads."""
    return {head: torch.from_numpy(targets.of(head)) for head in ALL_HEADS}


def merge_labels(samples: Iterable[Mapping[str, Any]]) -> Sample:
    """One sample of several of the same ground: the first that shows, or labels, a pixel tells it."""
    merged: Sample = {}
    for sample in samples:
        for key, value in sample.items():
            merged[key] = _completed(key, merged[key], value) if key in merged else value
    return merged


def stack_pictures(samples: Iterable[Mapping[str, Any]]) -> Sample:
    """One sample of several of the same ground: pictures stacked as bands, labels completed."""
    samples = list(samples)
    images = [sample["image"] for sample in samples if "image" in sample]
    return {**merge_labels(samples), "image": torch.cat(images)} if images else merge_labels(samples)


def _completed(key: str, first: Any, second: Any) -> Any:
    if key == "heads":
        return first | second
    if key == "image":
        return torch.where((first == 0).all(dim=0), second, first)
    if key not in ALL_HEADS:
        return first
    unknown = first.isnan() if first.is_floating_point() else first == NODATA
    return torch.where(unknown, second, first)


def lay_out(sizes_px: Sequence[tuple[int, int]], pixel_size_m: float) -> list[Affine]:
    """Transforms that lay pictures side by side, in rows, on the artificial grid.

    Args:
        sizes_px: (height, width) of each.
        pixel_size_m: Of all of them.
    """
    cell_m = max(max(size) for size in sizes_px) * pixel_size_m + LOCAL_GAP_M
    columns = max(1, round(len(sizes_px) ** 0.5))
    cells = (divmod(i, columns) for i in range(len(sizes_px)))
    return [Affine(pixel_size_m, 0, col * cell_m, 0, -pixel_size_m, -row * cell_m) for row, col in cells]


def _window_under(matrix: Affine, shape: tuple[int, int]) -> Window:
    """The pixels of a picture that a result of some shape sees through `matrix`, and one more on each side."""
    height, width = shape
    corners = np.array([~matrix * corner for corner in ((0, 0), (width, 0), (0, height), (width, height))])
    (left, top), (right, bottom) = np.floor(corners.min(axis=0) + 1e-6), np.ceil(corners.max(axis=0) - 1e-6)
    return Window(int(top), int(left), int(bottom - top), int(right - left)).grow(1)


def _snapped(matrix: Affine) -> Affine:
    """`matrix` without the rounding errors that would turn a copy of pixels into a resampling."""
    turn = tuple(round(v) if abs(v - round(v)) < 1e-4 else v for v in (matrix.a, matrix.b, matrix.d, matrix.e))
    if turn != (1, 0, 0, 1):
        return matrix
    shift = tuple(round(v) if abs(v - round(v)) < 0.02 else v for v in (matrix.c, matrix.f))
    return Affine(1, 0, shift[0], 0, 1, shift[1])


def _empty_scene(picture: Picture, shape: tuple[int, int], heads: tuple[str, ...]) -> LabelledScene:
    image = np.zeros((3, *shape), np.uint8)
    return LabelledScene(image, picture.pixel_size_m, labelled=np.zeros(shape, bool), heads=heads)
