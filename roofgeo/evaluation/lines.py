"""Roof lines against roof lines: lengths that run along each other, by type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import scipy.ndimage
import shapely
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.ratios import ratio
from roofgeo.schema import LINE_CODE, LINE_TYPES, NODATA

LINE_TOLERANCE_M = 0.25
"""Greatest distance at which a line counts as running along another."""

Geometries = NDArray[np.object_]
LineRaster = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class LineSums:
    """Lengths of roof lines, of one type or of several.

    Attributes:
        true_m: Length of the true lines.
        found_m: Length of the true lines that a predicted line of the same type runs along.
        predicted_m: Length of the predicted lines.
        correct_m: Length of the predicted lines that a true line of the same type runs along.
    """

    true_m: float = 0.0
    found_m: float = 0.0
    predicted_m: float = 0.0
    correct_m: float = 0.0

    def __add__(self, other: LineSums) -> LineSums:
        """Both together."""
        return LineSums(
            self.true_m + other.true_m,
            self.found_m + other.found_m,
            self.predicted_m + other.predicted_m,
            self.correct_m + other.correct_m,
        )

    @property
    def completeness(self) -> float | None:
        """Share of the true length that was found; None if there is none."""
        return ratio(self.found_m, self.true_m)

    @property
    def correctness(self) -> float | None:
        """Share of the predicted length that is right; None if there is none."""
        return ratio(self.correct_m, self.predicted_m)

    @property
    def f(self) -> float | None:
        """Harmonic mean of completeness and correctness, 0 if one of them has no lines; None if neither has."""
        if self.true_m + self.predicted_m == 0:
            return None
        completeness, correctness = self.completeness or 0.0, self.correctness or 0.0
        return ratio(2 * completeness * correctness, completeness + correctness) or 0.0


def no_lines() -> dict[str, LineSums]:
    """Sums of zero for each line type."""
    return {line_type: LineSums() for line_type in LINE_TYPES}


def both_lines(first: Mapping[str, LineSums], second: Mapping[str, LineSums]) -> dict[str, LineSums]:
    """Lengths of two scenes together, by line type."""
    return {line_type: first[line_type] + second[line_type] for line_type in LINE_TYPES}


def line_sums(
    predicted: gpd.GeoDataFrame,
    truth: gpd.GeoDataFrame,
    area: shapely.Geometry | None = None,
    types: Collection[str] = LINE_TYPES,
) -> dict[str, LineSums]:
    """Lengths of true lines found and of predicted lines that are right, by line type.

    Args:
        predicted: Lines with a ``line_type``, in metres.
        truth: Lines with a ``line_type``, in the same CRS.
        area: Lines are cut at it; not at all if None.
        types: The types the truth labels; the others stay at zero.
    """
    sums = no_lines()
    for line_type in types:
        found = predicted.geometry[predicted["line_type"] == line_type].to_numpy()
        true = truth.geometry[truth["line_type"] == line_type].to_numpy()
        true_m, found_m = _length_along(true, found, area)
        predicted_m, correct_m = _length_along(found, true, area)
        sums[line_type] = LineSums(true_m, found_m, predicted_m, correct_m)
    return sums


def _length_along(lines: Geometries, others: Geometries, area: shapely.Geometry | None) -> tuple[float, float]:
    """Length of `lines` within the area, and how much of it lies within the tolerance of `others`."""
    if area is not None:
        lines = shapely.intersection(lines, area)
    total_m = float(shapely.length(lines).sum())
    near = shapely.buffer(others, LINE_TOLERANCE_M)
    of_line, of_other = shapely.STRtree(near).query(lines, predicate="intersects")
    reached, starts = np.unique(of_line, return_index=True)
    along_m = 0.0
    for line, reaching in zip(reached, np.split(of_other, starts[1:]), strict=False):
        # Neighbouring buffers overlap: what two of them hold counts once.
        reach = shapely.union_all(near[reaching])
        along_m += float(shapely.length(shapely.intersection(lines[line], reach)))
    return total_m, min(along_m, total_m)


def raster_line_sums(
    predicted: LineRaster, truth: LineRaster, pixel_size_m: float, where: BoolArray | None = None
) -> dict[str, LineSums]:
    """The same from rasters: lines are thinned to one pixel, and each pixel counts as one pixel size of length.

    Diagonal lines come out shorter than they are, on both sides alike. What lies where the truth is not labelled
    counts nowhere.

    Args:
        predicted: (height, width) codes of `roofgeo.schema.LINE_CLASSES`.
        truth: (height, width) codes of the same, 255 not labelled. Where it is 254 there may be a line of a
            type the truth does not tell; see `told_types`.
        pixel_size_m: Side of a pixel on the ground.
        where: (height, width) True for pixels to count; all if None.

    Raises:
        InputError: The rasters differ in shape.
    """
    if predicted.shape != truth.shape:
        raise InputError(f"line rasters of shape {predicted.shape} and {truth.shape} cannot be compared")
    counted = truth != NODATA if where is None else (truth != NODATA) & where
    sums = no_lines()
    for line_type in LINE_TYPES:
        found, true = _thinned(predicted == LINE_CODE[line_type]), _thinned(truth == LINE_CODE[line_type])
        true_px, found_px = _pixels_along(true & counted, found, LINE_TOLERANCE_M / pixel_size_m)
        predicted_px, correct_px = _pixels_along(found & counted, true, LINE_TOLERANCE_M / pixel_size_m)
        sums[line_type] = LineSums(*(pixel_size_m * px for px in (true_px, found_px, predicted_px, correct_px)))
    return sums


def told_types(sums: Mapping[str, LineSums], tells_all: bool) -> dict[str, LineSums]:
    """The sums of a data set without the types it does not tell: those it has no line of, if it does not tell all.

    Args:
        sums: Of the whole data set.
        tells_all: True if the data set labels all types, so that a line of a type it does not have is wrong.
    """
    return {t: each if tells_all or each.true_m > 0 else LineSums() for t, each in sums.items()}


def _thinned(lines: BoolArray) -> BoolArray:
    from skimage import morphology  # slow to import, and layers do not need it

    skeletonize: Any = morphology.skeletonize  # carries no types
    thin: BoolArray = skeletonize(lines)
    return thin


def _pixels_along(lines: BoolArray, others: BoolArray, reach_px: float) -> tuple[int, int]:
    """Number of pixels of `lines`, and how many of them lie within reach of a pixel of `others`."""
    total = int(np.count_nonzero(lines))
    if not total or not others.any():
        return total, 0
    return total, int(np.count_nonzero(scipy.ndimage.distance_transform_edt(~others)[lines] <= reach_px))
