"""Segments: panoptic quality, slopes, confidence, coverage, buildings."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import rasterio.features
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.detection import PanopticQuality

from roofgeo.errors import InputError
from roofgeo.evaluation.buildings import building_polygons, building_sums, worst_buildings
from roofgeo.evaluation.coverage import coverage_sums
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.segments import segment_figures

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

CRS = "EPSG:32632"


def segments(*rows: tuple[shapely.Geometry, dict[str, object]]) -> gpd.GeoDataFrame:
    data = [{"azimuth_deg": 90.0, "building_id": 1, **values} for _, values in rows]
    columns = [
        "azimuth_deg",
        "building_id",
        *(key for key in (data[0] if data else {}) if key not in ("azimuth_deg", "building_id")),
    ]
    return gpd.GeoDataFrame(data, columns=columns, geometry=[shape for shape, _ in rows], crs=CRS)


def box(left: float, right: float) -> shapely.Polygon:
    return shapely.box(left, 0, right, 10)


def test_a_hand_made_panoptic_quality() -> None:
    truth = segments((box(0, 10), {}), (box(10, 20), {}), (box(20, 30), {}))
    predicted = segments((box(0, 10), {}), (box(10, 18), {}), (box(40, 50), {}))
    figures = segment_figures(predicted, truth)
    # Pairs of IoU 1 and 0.8; one found that is none, one missed: SQ 1.8 / 2, RQ 2 / (2 + 1/2 + 1/2).
    assert figures.segment_shapes.mean_iou == pytest.approx(0.9)
    assert figures.segment_f == pytest.approx(2 / 3)
    assert figures.panoptic_quality == pytest.approx(0.6)


cuts = st.lists(st.integers(1, 23), min_size=1, max_size=4, unique=True).map(sorted)


def strips(cuts: list[int]) -> list[shapely.Polygon]:
    edges = [0, *cuts, 24]
    return [shapely.box(a, 0, b, 3) for a, b in itertools.pairwise(edges)]


@unhurried
@given(cuts, cuts)
def test_panoptic_quality_agrees_with_torchmetrics(first: list[int], second: list[int]) -> None:
    found, true = strips(first), strips(second)
    ious = [a.intersection(b).area / a.union(b).area for a in found for b in true]
    if any(abs(iou - 0.5) < 1e-9 for iou in ious):
        return  # theirs takes only more than 0.5 for a match

    def numbered(shapes: list[shapely.Polygon]) -> torch.Tensor:
        numbers = rasterio.features.rasterize(zip(shapes, range(1, len(shapes) + 1), strict=True), out_shape=(3, 24))
        return torch.from_numpy(np.stack([np.zeros_like(numbers), numbers], -1).astype(np.int64))

    # Class 0 is roof segment, a thing; class 1 is stuff that does not occur.
    metric = PanopticQuality(things={0}, stuffs={1}, return_sq_and_rq=True, return_per_class=True)
    quality = metric(numbered(found)[None], numbered(true)[None])[0]
    figures = segment_figures(segments(*((s, {}) for s in found)), segments(*((s, {}) for s in true)))
    assert figures.panoptic_quality == pytest.approx(float(quality[0]), abs=1e-6)
    assert figures.segment_f == pytest.approx(float(quality[2]), abs=1e-6)
    assert figures.segment_shapes.mean_iou == pytest.approx(float(quality[1]), abs=1e-6) or quality[1] == 0


def test_slopes_are_compared_where_both_are_known_and_pitched() -> None:
    truth = segments(
        (box(0, 10), {"slope_deg": 30.0}), (box(10, 20), {"slope_deg": None}), (box(20, 30), {"slope_deg": 40.0})
    )
    flat = {"slope_deg": 0.0, "azimuth_deg": None}
    predicted = segments((box(0, 10), {"slope_deg": 33.0}), (box(10, 20), {"slope_deg": 9.0}), (box(20, 30), flat))
    figures = segment_figures(predicted, truth)
    assert (figures.slope_mae_deg, figures.slope_pairs) == (pytest.approx(3), 1)
    assert segment_figures(predicted, truth.drop(columns="slope_deg")).slope_mae_deg is None


def test_average_precision_counts_the_segments_in_the_area() -> None:
    truth = segments((box(0, 10), {}), (box(10, 20), {}), (box(100, 110), {}))
    predicted = segments(
        (box(0, 10), {"confidence": 0.6}), (box(30, 40), {"confidence": 0.9}), (box(120, 130), {"confidence": 0.95}),
        (box(100, 110), {"confidence": 0.8}),
    )  # fmt: skip
    figures = segment_figures(predicted, truth, shapely.box(-5, -5, 50, 20))
    # In the area: 0.9 is wrong, 0.6 right, of two to find: 1/2 * 1/2.
    assert figures.detections.average_precision == pytest.approx(1 / 4)
    assert sorted(figures.detections.confidence) == [0.6, 0.9]
    assert segment_figures(predicted.drop(columns="confidence"), truth).detections.average_precision is None


@pytest.mark.parametrize("column", ["azimuth_deg", "slope_deg", "confidence"])
def test_a_column_of_words_is_refused(column: str) -> None:
    words, good = segments((box(0, 10), {column: "steep"})), segments((box(0, 10), {"slope_deg": 1.0}))
    with pytest.raises(InputError, match=f"column {column} does not hold numbers"):
        segment_figures(words, good)


@pytest.mark.parametrize(("layer", "column"), [("roof_segments", "azimuth_deg"), ("roof_lines", "line_type")])
@pytest.mark.parametrize("side", ["predicted", "true"])
def test_a_missing_column_is_named(layer: str, column: str, side: str) -> None:
    lines = gpd.GeoDataFrame({"line_type": ["eave"]}, geometry=[shapely.LineString([(0, 0), (1, 0)])], crs=CRS)
    good = {"roof_segments": segments((box(0, 10), {})), "roof_lines": lines}
    bad = {**good, layer: good[layer].drop(columns=column)}
    layers = (bad, good) if side == "predicted" else (good, bad)
    with pytest.raises(InputError, match=f"the {side} {layer} layer has no column {column}"):
        evaluate_layers(*layers)


def test_buildings_cannot_be_left_out_where_nothing_tells_them() -> None:
    predicted = {"roof_segments": segments((box(0, 10), {})).drop(columns="building_id")}
    with pytest.raises(InputError, match="no building_id"):
        evaluate_layers(predicted, {"roof_segments": segments((box(0, 10), {}))}, ignore_unlabelled=True)


def test_segments_that_share_their_edges_are_faultless() -> None:
    sums = coverage_sums(np.array([box(0, 10), box(10, 20)]), np.array([box(0, 20)]))
    assert (sums.segments, sums.overlap_m2, sums.gap_m2, sums.faulty_segments) == (2, 0, 0, 0)


def test_overlaps_and_gaps_are_areas() -> None:
    overlapping = coverage_sums(np.array([box(0, 11), box(10, 20)]), np.array([box(0, 20)]))
    assert (overlapping.overlap_m2, overlapping.gap_m2, overlapping.faulty_segments) == (pytest.approx(10), 0, 2)
    parted = coverage_sums(np.array([box(0, 9.95), box(10, 20)]), np.array([box(0, 20)]))
    assert (parted.overlap_m2, parted.gap_m2, parted.faulty_segments) == (0, pytest.approx(0.5), 2)
    bare = coverage_sums(np.array([box(0, 8)]), np.array([box(0, 10), box(40, 50)]))
    assert bare.gap_m2 == pytest.approx(20 + 100)
    alley = coverage_sums(np.array([box(0, 8), box(10, 20)]), None)
    assert (alley.gap_m2, alley.faulty_segments) == (0, 0)


def test_a_vertex_that_only_one_side_has_is_a_fault() -> None:
    bent = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10, 5)])
    assert coverage_sums(np.array([box(0, 10), bent]), None).faulty_segments == 2


def test_building_areas_a_hand_made_case() -> None:
    truth = np.array([box(0, 10), box(20, 30), box(40, 50), box(60, 70)])
    predicted = np.array([box(0, 10.4), box(20, 28), box(40, 51), box(80, 90)])
    sums = building_sums(predicted, truth)
    # Errors +4 %, -20 %, +10 %: median 10 %; of four true buildings one is within 5 %.
    assert sorted(sums.area_errors) == pytest.approx([-0.2, 0.04, 0.1])
    assert sums.median_area_error == pytest.approx(0.1)
    assert sums.close_area_share == pytest.approx(1 / 4)
    assert sums.f == pytest.approx(3 / 4)
    halves = building_sums(predicted[:2], truth[:2]) + building_sums(predicted[2:], truth[2:])
    assert halves.median_area_error == sums.median_area_error
    assert (halves.f, halves.close_area_share, halves.shapes) == (sums.f, sums.close_area_share, sums.shapes)


def test_segments_tell_their_buildings() -> None:
    rows = segments((box(0, 5), {}), (box(30, 40), {"building_id": 7}), (box(5, 10), {}))
    united = building_polygons({"roof_segments": rows})
    assert [u.bounds for u in united] == [(0, 0, 10, 10), (30, 0, 40, 10)]
    assert building_polygons({"roof_segments": rows.drop(columns="building_id")}) is None


def test_the_worst_buildings_come_first() -> None:
    truth = np.array([box(0, 10), box(20, 30), box(40, 50)])
    predicted = np.array([box(0, 10), box(20, 26), box(100, 104)])
    worst = worst_buildings(predicted, truth, most=3)
    # One missed (100 m2), one that is none (40 m2), one of IoU 0.6.
    assert [(w.outline.bounds[0], w.iou) for w in worst] == [(40, 0), (100, 0), (20, pytest.approx(0.6))]
    assert len(worst_buildings(predicted, truth, most=1)) == 1
    assert worst_buildings(predicted, truth, shapely.box(-1, 0, 15, 10))[0].iou == 1


def test_empty_layers_measure_what_there_is() -> None:
    nothing = segments()
    figures = evaluate_layers({"roof_segments": nothing}, {"roof_segments": segments((box(0, 10), {}))})
    assert (figures.panoptic_quality, figures.roof_iou, figures.buildings.f) == (0, 0, 0)
    both = evaluate_layers({"roof_segments": nothing}, {"roof_segments": nothing}).as_dict()
    assert {key: value for key, value in both.items() if value not in (None, 0)} == {}
