"""Predicted buildings against true ones: how far their areas are off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from roofgeo.evaluation.polygons import (
    Geometries,
    ShapeSums,
    match_polygons,
    mostly_inside,
    polygons_of,
    shape_sums,
)
from roofgeo.evaluation.ratios import ratio
from roofgeo.schema import BUILDINGS_LAYER, SEGMENTS_LAYER

CLOSE = 0.05
"""Relative error of an area up to which it is close."""

FloatArray = NDArray[np.float64]


def _empty() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class BuildingSums:
    """Matched buildings. Those of several scenes add up with ``+``; eight bytes are kept of each pair.

    Attributes:
        true_count: Number of true buildings.
        predicted_count: Number of predicted buildings.
        area_errors: (n,) for each pair (predicted - true) / true footprint area.
        shapes: The outlines of the pairs.
    """

    true_count: int = 0
    predicted_count: int = 0
    area_errors: FloatArray = field(default_factory=_empty)
    shapes: ShapeSums = field(default_factory=ShapeSums)

    def __add__(self, other: BuildingSums) -> BuildingSums:
        """Both together."""
        return BuildingSums(
            self.true_count + other.true_count,
            self.predicted_count + other.predicted_count,
            np.concatenate([self.area_errors, other.area_errors]),
            self.shapes + other.shapes,
        )

    @property
    def f(self) -> float | None:
        """Harmonic mean of the matched shares of both sides; None if neither has a building."""
        return ratio(2 * self.shapes.pairs, self.true_count + self.predicted_count)

    @property
    def median_area_error(self) -> float | None:
        """Median of the absolute relative errors of the pairs, as a share of the true area; None without pairs."""
        return float(np.median(np.abs(self.area_errors))) if len(self.area_errors) else None

    @property
    def close_area_share(self) -> float | None:
        """Share of the true buildings that were matched and whose area is within 5 %; missed ones are not close."""
        return ratio(int(np.count_nonzero(np.abs(self.area_errors) <= CLOSE)), self.true_count)


def building_polygons(layers: Mapping[str, gpd.GeoDataFrame]) -> Geometries | None:
    """(n,) valid polygons of the buildings, or the unions of segments that share a ``building_id``.

    Returns:
        None where neither tells the buildings.
    """
    if BUILDINGS_LAYER.name in layers:
        return polygons_of(layers[BUILDINGS_LAYER.name])
    segments = layers.get(SEGMENTS_LAYER.name)
    if segments is None or "building_id" not in segments:
        return None
    polygons = polygons_of(segments)
    of_building = segments.groupby("building_id").indices.values()
    unions: Geometries = np.array([shapely.union_all(polygons[rows]) for rows in of_building], dtype=object)
    return unions


def building_sums(predicted: Geometries, truth: Geometries, area: shapely.Geometry | None = None) -> BuildingSums:
    """Match buildings as segments are matched, and compare their areas.

    Args:
        predicted: (p,) valid polygons, in metres.
        truth: (t,) valid polygons, in the same CRS.
        area: Where to measure: a pair counts if at least half of its true building lies in it, a building without a
            partner if half of itself does. Everywhere if None.
    """
    matches = match_polygons(predicted, truth)
    inside = mostly_inside(truth, area)
    counts = inside[matches.truth]
    lone = mostly_inside(predicted, area)
    lone[matches.predicted] = False
    first, second = predicted[matches.predicted[counts]], truth[matches.truth[counts]]
    return BuildingSums(
        int(inside.sum()),
        int(lone.sum() + counts.sum()),
        shapely.area(first) / shapely.area(second) - 1.0,
        shape_sums(first, second, matches.iou[counts]),
    )


@dataclass(frozen=True)
class WorstBuilding:
    """A building that was found badly.

    Attributes:
        outline: Its true outline, or the predicted one where there is none in truth.
        iou: Intersection over union with what overlaps it best; 0 where nothing does.
    """

    outline: shapely.Geometry
    iou: float


def worst_buildings(
    predicted: Geometries, truth: Geometries, area: shapely.Geometry | None = None, most: int = 12
) -> list[WorstBuilding]:
    """The buildings of either side that the other side tells worst: of the same IoU, the largest first.

    Args:
        predicted: (p,) valid polygons, in metres.
        truth: (t,) valid polygons, in the same CRS.
        area: Buildings count of which at least half lies in it; all if None.
        most: How many to give.
    """
    found: list[WorstBuilding] = []
    pairs = match_polygons(predicted, truth, least_iou=1e-9)
    best = np.zeros(len(truth))
    best[pairs.truth] = pairs.iou
    found += [WorstBuilding(truth[i], float(best[i])) for i in np.flatnonzero(mostly_inside(truth, area))]
    lone = mostly_inside(predicted, area)
    lone[pairs.predicted] = False
    found += [WorstBuilding(outline, 0.0) for outline in predicted[lone]]
    return sorted(found, key=lambda b: (b.iou, -b.outline.area))[:most]
