"""Predicted vector layers against true ones: roofs, segments, azimuths and lines.

Layers are GeoDataFrames by the names of `roofgeo.schema.LAYERS`, in one metric CRS (the truth is brought to the CRS of
the prediction). A layer the truth does not have is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.report import Figures, LineSums, no_lines
from roofgeo.schema import BUILDINGS_LAYER, LAYERS, LINES_LAYER, SEGMENTS_LAYER

MATCH_IOU = 0.5
"""Least intersection over union at which a predicted segment counts as a true one."""

LINE_TOLERANCE_M = 0.25
"""Greatest distance at which a line counts as running along another."""

Layers = Mapping[str, gpd.GeoDataFrame]
Geometries = NDArray[np.object_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


def evaluate_layers(
    predicted: Layers,
    truth: Layers,
    area: shapely.Geometry | None = None,
    *,
    ignore_unlabelled: bool = False,
) -> Figures:
    """Measure predicted layers against true ones.

    Roofs and lines are cut at the area. Segments are matched whole; a pair counts if at least half of the true segment
    lies in the area, and a segment without a partner if at least half of itself does.

    Args:
        predicted: ``roof_segments`` and, to measure lines, ``roof_lines``, in a CRS in metres.
        truth: Any of ``roof_segments``, ``roof_lines``, ``buildings``. Without segments, buildings tell the roofs.
        area: Where to measure, in the CRS of the prediction; everywhere if None.
        ignore_unlabelled: Leave out predicted buildings that do not touch a true roof, for truth that labels only
            some of the buildings.

    Raises:
        InputError: The predicted layers are not in metres, or the CRS of only one side is known.
    """
    truth = _in_crs_of(predicted, truth)
    if ignore_unlabelled:
        predicted = _touching(predicted, roof_union(truth))
    roofs = _roof_areas(roof_union(predicted), roof_union(truth), area)
    segments = Figures()
    if SEGMENTS_LAYER.name in truth:
        segments = _segment_figures(predicted[SEGMENTS_LAYER.name], truth[SEGMENTS_LAYER.name], area)
    lines = no_lines()
    if LINES_LAYER.name in truth and LINES_LAYER.name in predicted:
        lines = line_sums(predicted[LINES_LAYER.name], truth[LINES_LAYER.name], area)
    return Figures(*roofs) + segments + Figures(lines=lines)


def roof_union(layers: Layers) -> shapely.Geometry:
    """Everything that is roof: the union of the segments, or of the buildings where there is no segments layer."""
    for name in (SEGMENTS_LAYER.name, BUILDINGS_LAYER.name):
        if name in layers:
            return shapely.union_all(_polygons(layers[name]))
    raise InputError(
        f"no roofs to measure: layers are {', '.join(layers) or 'none'}",
        f"give a {SEGMENTS_LAYER.name} or a {BUILDINGS_LAYER.name} layer",
    )


def azimuth_difference_deg(first_deg: FloatArray, second_deg: FloatArray) -> FloatArray:
    """Absolute difference of two azimuths, the short way round: 0 to 180 degrees, of the inputs' shape."""
    difference: FloatArray = np.abs((first_deg - second_deg + 180.0) % 360.0 - 180.0)
    return difference


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


def line_sums(
    predicted: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, area: shapely.Geometry | None = None
) -> dict[str, LineSums]:
    """Lengths of true lines found and of predicted lines that are right, by line type.

    Args:
        predicted: Lines with a ``line_type``, in metres.
        truth: Lines with a ``line_type``, in the same CRS.
        area: Lines are cut at it; not at all if None.
    """
    sums = {}
    for line_type in no_lines():
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


def _roof_areas(
    predicted: shapely.Geometry, truth: shapely.Geometry, area: shapely.Geometry | None
) -> tuple[float, float]:
    """(intersection, union) in m2, within the area."""
    if area is not None:
        predicted, truth = shapely.intersection(predicted, area), shapely.intersection(truth, area)
    common = float(shapely.area(shapely.intersection(predicted, truth)))
    return common, float(shapely.area(predicted)) + float(shapely.area(truth)) - common


def _segment_figures(predicted: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, area: shapely.Geometry | None) -> Figures:
    found, true = _polygons(predicted), _polygons(truth)
    matches = match_polygons(found, true)
    true_inside = _mostly_inside(true, area)
    counts = true_inside[matches.truth]
    lone = _mostly_inside(found, area)
    lone[matches.predicted] = False
    first = _azimuth_deg(predicted)[matches.predicted[counts]]
    second = _azimuth_deg(truth)[matches.truth[counts]]
    pitched = ~np.isnan(first) & ~np.isnan(second)
    return Figures(
        true_segments=int(true_inside.sum()),
        predicted_segments=int(lone.sum() + counts.sum()),
        matched_segments=int(counts.sum()),
        azimuth_pairs=int(pitched.sum()),
        azimuth_error_sum_deg=float(azimuth_difference_deg(first[pitched], second[pitched]).sum()),
        confused_pairs=int((np.isnan(first) != np.isnan(second)).sum()),
    )


def _azimuth_deg(segments: gpd.GeoDataFrame) -> FloatArray:
    """(n,) azimuths, NaN where flat."""
    azimuths: FloatArray = pd.to_numeric(segments["azimuth_deg"]).to_numpy(dtype=np.float64, na_value=np.nan)
    return azimuths


def _mostly_inside(polygons: Geometries, area: shapely.Geometry | None) -> BoolArray:
    if area is None:
        return np.ones(len(polygons), dtype=bool)
    inside: BoolArray = shapely.area(shapely.intersection(polygons, area)) >= 0.5 * shapely.area(polygons)
    return inside


def _polygons(layer: gpd.GeoDataFrame) -> Geometries:
    """(n,) the layer's geometries, made valid: labels drawn by hand often are not."""
    valid: Geometries = shapely.make_valid(layer.geometry.to_numpy())
    return valid


def _touching(layers: Layers, roofs: shapely.Geometry) -> dict[str, gpd.GeoDataFrame]:
    """The layers without the buildings of which no segment touches `roofs`."""
    shapely.prepare(roofs)
    segments = layers[SEGMENTS_LAYER.name]
    kept = segments["building_id"][shapely.intersects(roofs, _polygons(segments))].unique()
    return {name: layer[layer["building_id"].isin(kept)] for name, layer in layers.items()}


def _in_crs_of(predicted: Layers, truth: Layers) -> dict[str, gpd.GeoDataFrame]:
    """The true layers in the CRS of the predicted ones."""
    if SEGMENTS_LAYER.name not in predicted:
        raise InputError(
            f"no {SEGMENTS_LAYER.name} among the predicted layers: {', '.join(predicted) or 'none'}",
            "give what roofgeo predict wrote",
        )
    crs = predicted[SEGMENTS_LAYER.name].crs
    if crs is not None and not crs.is_projected:
        raise InputError(f"the predicted layers are in {crs.name}, which is not in metres", "bring them to UTM first")
    known = {layer.name: truth[layer.name] for layer in LAYERS if layer.name in truth}
    for name, layer in known.items():
        if (layer.crs is None) != (crs is None):
            side = "true" if layer.crs is None else "predicted"
            raise InputError(f"the {side} {name} layer has no CRS, the other side has one", "set the CRS of both")
    return {name: layer if crs is None else layer.to_crs(crs) for name, layer in known.items()}
