"""Polygons against polygons: one-to-one pairs, and how alike the shapes of a pair are."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from roofgeo.evaluation.ratios import ratio

MATCH_IOU = 0.5
"""Least intersection over union at which a predicted polygon counts as a true one."""

Geometries = NDArray[np.object_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
Outline = tuple[FloatArray, shapely.Geometry]


@dataclass(frozen=True)
class Matches:
    """One-to-one pairs of polygons.

    Attributes:
        predicted: (n,) index of the predicted polygon of each pair.
        truth: (n,) index of the true one.
        iou: (n,) intersection over union of each pair.
    """

    predicted: IntArray
    truth: IntArray
    iou: FloatArray


@dataclass(frozen=True)
class ShapeSums:
    """How alike the outlines of matched polygons are. Those of several scenes add up with ``+``.

    Attributes:
        pairs: Number of pairs.
        iou_sum: Sum of their intersections over union.
        polis_sum_m: Sum of their PoLiS distances.
        predicted_vertices: Vertices of their predicted polygons.
        true_vertices: Vertices of their true polygons.
    """

    pairs: int = 0
    iou_sum: float = 0.0
    polis_sum_m: float = 0.0
    predicted_vertices: int = 0
    true_vertices: int = 0

    def __add__(self, other: ShapeSums) -> ShapeSums:
        """Both together."""
        return ShapeSums(
            self.pairs + other.pairs,
            self.iou_sum + other.iou_sum,
            self.polis_sum_m + other.polis_sum_m,
            self.predicted_vertices + other.predicted_vertices,
            self.true_vertices + other.true_vertices,
        )

    @property
    def mean_iou(self) -> float | None:
        """Mean intersection over union of the pairs: the SQ of panoptic quality (Kirillov et al. 2019)."""
        return ratio(self.iou_sum, self.pairs)

    @property
    def polis_m(self) -> float | None:
        """Mean PoLiS distance of the pairs."""
        return ratio(self.polis_sum_m, self.pairs)

    @property
    def vertex_ratio(self) -> float | None:
        """Vertices predicted for each true one, in the pairs."""
        return ratio(self.predicted_vertices, self.true_vertices)


def polygons_of(layer: gpd.GeoDataFrame) -> Geometries:
    """(n,) the layer's geometries, made valid: labels drawn by hand often are not. A missing one is empty."""
    drawn = layer.geometry.to_numpy()
    valid: Geometries = shapely.make_valid(np.where(shapely.is_missing(drawn), shapely.Polygon(), drawn))
    return valid


def mostly_inside(polygons: Geometries, area: shapely.Geometry | None) -> BoolArray:
    """(n,) True for polygons of which at least half lies in the area; for all if it is None."""
    if area is None:
        return np.ones(len(polygons), dtype=bool)
    inside: BoolArray = shapely.area(shapely.intersection(polygons, area)) >= 0.5 * shapely.area(polygons)
    return inside


def match_polygons(predicted: Geometries, truth: Geometries, least_iou: float = MATCH_IOU) -> Matches:
    """Pair polygons one to one, best overlap first.

    Above an intersection over union of 0.5 a polygon has at most one partner among polygons that do not overlap each
    other, so that the order matters only where predictions do.

    Args:
        predicted: (p,) valid polygons.
        truth: (t,) valid polygons.
        least_iou: Least intersection over union of a pair.
    """
    of_truth, of_predicted = shapely.STRtree(predicted).query(truth, predicate="intersects")
    common = shapely.area(shapely.intersection(predicted[of_predicted], truth[of_truth]))
    either = shapely.area(predicted[of_predicted]) + shapely.area(truth[of_truth]) - common
    iou = np.divide(common, either, out=np.zeros_like(common), where=either > 0)
    taken_predicted, taken_truth, chosen = set[int](), set[int](), list[int]()
    for pair in np.argsort(-iou, kind="stable"):
        i, j = int(of_predicted[pair]), int(of_truth[pair])
        if iou[pair] >= least_iou and i not in taken_predicted and j not in taken_truth:
            taken_predicted.add(i)
            taken_truth.add(j)
            chosen.append(int(pair))
    kept = np.array(chosen, dtype=np.intp)
    return Matches(of_predicted[kept], of_truth[kept], iou[kept])


def shape_sums(predicted: Geometries, truth: Geometries, iou: FloatArray) -> ShapeSums:
    """Shapes of pairs, put side by side.

    Args:
        predicted: (n,) valid polygons, in metres.
        truth: (n,) the partner of each.
        iou: (n,) intersection over union of each pair.
    """
    found, true = [_outlined(p) for p in predicted], [_outlined(p) for p in truth]
    polis_m = sum(_polis(first, second) for first, second in zip(found, true, strict=True))
    counts = (sum(len(xy) for xy, _ in outlines) for outlines in (found, true))
    return ShapeSums(len(iou), float(iou.sum()), polis_m, *counts)


def polis_distance(first: shapely.Geometry, second: shapely.Geometry) -> float:
    """PoLiS metric (Avbelj, Mueller & Bamler 2015), in the unit of the coordinates.

    Half the mean distance of the vertices of one polygon to the outline of the other, plus the same the other way.

    Args:
        first: Polygon or MultiPolygon with area; holes count.
        second: The same.
    """
    return _polis(_outlined(first), _outlined(second))


def _polis(first: Outline, second: Outline) -> float:
    to_second = shapely.distance(shapely.points(first[0]), second[1])
    to_first = shapely.distance(shapely.points(second[0]), first[1])
    return float(to_second.mean() + to_first.mean()) / 2.0


def _outlined(polygon: shapely.Geometry) -> Outline:
    """(n, 2) vertices, each ring's closing one left out, and the outline."""
    rings = _rings(polygon)
    xy = np.concatenate([np.zeros((0, 2)), *(shapely.get_coordinates(ring)[:-1] for ring in rings)])
    return xy, shapely.multilinestrings(rings)


def vertices(polygon: shapely.Geometry) -> FloatArray:
    """(n, 2) vertices of all rings, each once: the closing one is left out."""
    return _outlined(polygon)[0]


def _rings(polygon: shapely.Geometry) -> Geometries:
    """Rings of a polygon or of the polygons in a collection; making labels valid may leave lines beside them."""
    parts = shapely.get_parts(shapely.get_parts(polygon))
    rings: Geometries = shapely.get_rings(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    return rings
