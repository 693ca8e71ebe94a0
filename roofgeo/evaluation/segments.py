"""Predicted roof segments against true ones: found or not, where they face, how steep they are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roofgeo.errors import InputError
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.polygons import match_polygons, mostly_inside, polygons_of, shape_sums
from roofgeo.evaluation.ratios import azimuth_difference_deg
from roofgeo.evaluation.report import Figures

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def segment_figures(
    predicted: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, area: shapely.Geometry | None = None
) -> Figures:
    """Match segments and compare the pairs.

    Args:
        predicted: Segments in metres, with ``azimuth_deg`` and, as far as known, ``slope_deg`` and ``confidence``.
        truth: Segments in the same CRS, with ``azimuth_deg`` (NULL if flat) and, if it is known, ``slope_deg``.
        area: Where to measure: a pair counts if at least half of its true segment lies in it, a segment without a
            partner if half of itself does. Everywhere if None.

    Raises:
        InputError: A column does not hold numbers, or a confidence is not within 0..1.
    """
    found, true = polygons_of(predicted), polygons_of(truth)
    matches = match_polygons(found, true)
    inside = mostly_inside(true, area)
    counts = inside[matches.truth]
    lone = mostly_inside(found, area)
    lone[matches.predicted] = False
    first, second = matches.predicted[counts], matches.truth[counts]
    return Figures(
        true_segments=int(inside.sum()),
        predicted_segments=int(lone.sum() + counts.sum()),
        matched_segments=int(counts.sum()),
        segment_shapes=shape_sums(found[first], true[second], matches.iou[counts]),
        detections=_detections(predicted, first, np.flatnonzero(lone), int(inside.sum())),
    ) + _directions(predicted.iloc[first], truth.iloc[second])


def _directions(predicted: gpd.GeoDataFrame, truth: gpd.GeoDataFrame) -> Figures:
    """Azimuths and slopes of pairs, row by row."""
    first, second = _numbers(predicted, "azimuth_deg"), _numbers(truth, "azimuth_deg")
    pitched = ~np.isnan(first) & ~np.isnan(second)
    slope_error = np.abs(_numbers(predicted, "slope_deg") - _numbers(truth, "slope_deg"))[pitched]
    known = ~np.isnan(slope_error)
    return Figures(
        azimuth_pairs=int(pitched.sum()),
        azimuth_error_sum_deg=float(azimuth_difference_deg(first[pitched], second[pitched]).sum()),
        confused_pairs=int((np.isnan(first) != np.isnan(second)).sum()),
        slope_pairs=int(known.sum()),
        slope_error_sum_deg=float(slope_error[known].sum()),
    )


def _detections(predicted: gpd.GeoDataFrame, matched: IntArray, lone: IntArray, true_count: int) -> Detections:
    """The segments that count, by confidence; none, of none, if they have no confidence."""
    if "confidence" not in predicted:
        return Detections()
    confidence = _numbers(predicted, "confidence")[np.concatenate([matched, lone])]
    return Detections(confidence, np.arange(len(confidence)) < len(matched), true_count)


def _numbers(layer: gpd.GeoDataFrame, column: str) -> FloatArray:
    """(n,) a column as numbers, NaN where NULL or where there is no such column."""
    if column not in layer:
        return np.full(len(layer), np.nan)
    try:
        numbers: FloatArray = pd.to_numeric(layer[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InputError(f"the column {column} does not hold numbers: {error}", "Give degrees, or NULL.") from error
    return numbers
