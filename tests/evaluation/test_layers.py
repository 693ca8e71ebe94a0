"""Vector figures: exact on small cases, and what must hold for any roofs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.errors import InputError
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.lines import line_sums
from roofgeo.evaluation.polygons import match_polygons
from roofgeo.evaluation.ratios import azimuth_difference_deg
from roofgeo.evaluation.report import Figures

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

CRS = "EPSG:32632"
Layers = dict[str, gpd.GeoDataFrame]


def roofs(*segments: tuple[shapely.Polygon, float | None, int], crs: str | None = CRS) -> Layers:
    """A segments layer of (polygon, azimuth, building)."""
    shapes, azimuths, buildings = zip(*segments, strict=True) if segments else ((), (), ())
    data = {"azimuth_deg": np.array(azimuths, dtype=float), "building_id": np.array(buildings, dtype=int)}
    return {"roof_segments": gpd.GeoDataFrame(data, geometry=list(shapes), crs=crs)}


def lines(*drawn: tuple[str, list[tuple[float, float]]], crs: str | None = CRS) -> gpd.GeoDataFrame:
    """A lines layer of (type, coordinates)."""
    shapes = [shapely.LineString(xy) for _, xy in drawn]
    data = {"line_type": [t for t, _ in drawn], "building_id": [1] * len(drawn)}
    return gpd.GeoDataFrame(data, geometry=shapes, crs=crs)


def gable(x: float = 0.0, azimuth: float = 90.0, building: int = 1) -> Layers:
    """Two halves of a 10 m x 8 m roof, facing `azimuth` and opposite, and their lines."""
    west, east = shapely.box(x, 0, x + 5, 8), shapely.box(x + 5, 0, x + 10, 8)
    drawn = lines(("ridge", [(x + 5, 0), (x + 5, 8)]), ("eave", [(x, 0), (x, 8)]), ("eave", [(x + 10, 0), (x + 10, 8)]))
    drawn["building_id"] = building
    layers = roofs((west, (azimuth + 180) % 360, building), (east, azimuth, building))
    return {**layers, "roof_lines": drawn}


def both(first: Layers, second: Layers) -> Layers:
    """The layers of two sources as one."""
    return {name: pd.concat([first[name], second[name]], ignore_index=True) for name in first}


azimuths = st.floats(0, 359.99)
boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(0, 20), st.integers(0, 20), st.integers(1, 12), st.integers(1, 12),
)  # fmt: skip
some_roofs = st.lists(st.tuples(boxes, st.one_of(st.none(), azimuths), st.integers(1, 3)), min_size=1, max_size=6)


def tiled(cells: list[tuple[float | None, int]]) -> Layers:
    """Segments side by side, which do not overlap."""
    return roofs(*((shapely.box(5 * i, 0, 5 * i + 5, 7), a, b) for i, (a, b) in enumerate(cells)))


@unhurried
@given(st.lists(st.tuples(st.one_of(st.none(), azimuths), st.integers(1, 3)), min_size=1, max_size=8))
def test_identical_layers_are_perfect(cells: list[tuple[float | None, int]]) -> None:
    layers = tiled(cells)
    figures = evaluate_layers(layers, layers)
    assert figures.roof_iou == pytest.approx(1)
    assert figures.segment_f == figures.segment_precision == figures.segment_recall == 1
    assert figures.azimuth_mae_deg in (0, None)
    assert figures.flat_pitched_confusion == 0


@unhurried
@given(some_roofs, some_roofs)
def test_roof_iou_and_f_are_symmetric(first: list[object], second: list[object]) -> None:
    one = evaluate_layers(roofs(*first), roofs(*second))  # type: ignore[arg-type]
    other = evaluate_layers(roofs(*second), roofs(*first))  # type: ignore[arg-type]
    assert one.roof_iou == pytest.approx(other.roof_iou)
    assert 0 <= one.roof_iou <= 1 + 1e-9  # type: ignore[operator]
    assert one.azimuth_mae_deg is None or 0 <= one.azimuth_mae_deg <= 180


@unhurried
@given(st.lists(boxes, min_size=1, max_size=8), st.lists(boxes, min_size=1, max_size=8))
def test_matches_are_one_to_one(first: list[shapely.Polygon], second: list[shapely.Polygon]) -> None:
    matches = match_polygons(np.array(first), np.array(second))
    assert len(set(matches.predicted)) == len(set(matches.truth)) == len(matches.iou)
    assert (matches.iou >= 0.5).all()


@unhurried
@given(azimuths, azimuths, st.floats(-720, 720))
def test_azimuth_difference_is_circular(first: float, second: float, turn: float) -> None:
    there, back, turned = azimuth_difference_deg(
        np.array([first, second, first + turn]), np.array([second, first, second + turn])
    )
    assert 0 <= there <= 180
    assert there == pytest.approx(back, abs=1e-9)
    assert there == pytest.approx(turned, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(359, 1, 2), (1, 359, 2), (0, 180, 180), (10, 350, 20), (0, 360, 0)]
)
def test_azimuths_wrap_around(first: float, second: float, expected: float) -> None:
    figures = evaluate_layers(roofs((shapely.box(0, 0, 5, 5), first, 1)), roofs((shapely.box(0, 0, 5, 5), second, 1)))
    assert figures.azimuth_mae_deg == pytest.approx(expected)


def test_a_segment_that_overlaps_too_little_is_missed() -> None:
    figures = evaluate_layers(roofs((shapely.box(0, 0, 10, 10), 0.0, 1)), roofs((shapely.box(6, 0, 16, 10), 0.0, 1)))
    assert (figures.segment_f, figures.azimuth_mae_deg) == (0, None)
    assert figures.roof_iou == pytest.approx(40 / 160)


def test_flat_taken_for_pitched_is_told_apart_from_azimuth_errors() -> None:
    square, other = shapely.box(0, 0, 5, 5), shapely.box(5, 0, 10, 5)
    figures = evaluate_layers(roofs((square, None, 1), (other, 90.0, 1)), roofs((square, 10.0, 1), (other, 100.0, 1)))
    assert figures.flat_pitched_confusion == 0.5
    assert figures.azimuth_pairs == 1
    assert figures.azimuth_mae_deg == pytest.approx(10)


def test_nothing_predicted_is_zero_not_unknown() -> None:
    figures = evaluate_layers(roofs(), gable())
    assert (figures.roof_iou, figures.segment_f, figures.segment_recall) == (0, 0, 0)
    assert figures.segment_precision is None


def test_nothing_in_either_is_unknown() -> None:
    figures = evaluate_layers(roofs(), roofs())
    assert (figures.roof_iou, figures.segment_f, figures.all_lines.f) == (None, None, None)


def test_unlabelled_neighbours_are_ignored_on_request() -> None:
    predicted = both(gable(), gable(x=30, building=2))
    assert evaluate_layers(predicted, gable()).segment_precision == 0.5
    ignoring = evaluate_layers(predicted, gable(), ignore_unlabelled=True)
    assert (ignoring.segment_precision, ignoring.roof_iou, ignoring.all_lines.f) == (1, 1, pytest.approx(1))


def test_the_area_bounds_what_is_measured() -> None:
    predicted, area = both(gable(), gable(x=30, building=2)), shapely.box(-5, -5, 15, 15)
    figures = evaluate_layers(predicted, gable(), area)
    assert (figures.segment_f, figures.roof_iou) == (1, pytest.approx(1))
    assert figures.all_lines.correctness == pytest.approx(1)


def test_a_pair_on_the_edge_of_the_area_is_counted_once() -> None:
    predicted, truth = roofs((shapely.box(0.2, 0, 10.2, 8), 0.0, 1)), roofs((shapely.box(0, 0, 10, 8), 0.0, 1))
    figures = evaluate_layers(predicted, truth, shapely.box(-5, -5, 5.1, 15))
    assert (figures.predicted_segments, figures.true_segments, figures.matched_segments) == (1, 1, 1)


def test_outlines_alone_measure_the_roofs_only() -> None:
    outlines = {"buildings": gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 10, 8)], crs=CRS)}
    figures = evaluate_layers(gable(), outlines)
    assert figures.roof_iou == pytest.approx(1)
    assert (figures.segment_f, figures.all_lines.f) == (None, None)


def test_truth_in_another_crs_is_brought_over() -> None:
    truth = {name: layer.to_crs("EPSG:25833") for name, layer in moved(gable()).items()}
    assert evaluate_layers(moved(gable()), truth).roof_iou == pytest.approx(1, abs=1e-3)


def moved(layers: Layers) -> Layers:
    """The layers at a place where the CRS is at home."""
    return {n: layer.set_geometry(layer.translate(500_000, 5_300_000)) for n, layer in layers.items()}


def test_invalid_labels_are_mended() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert evaluate_layers(roofs((bow_tie, 0.0, 1)), roofs((bow_tie, 0.0, 1))).roof_iou == pytest.approx(1)


def test_lines_count_by_length_and_type() -> None:
    truth = lines(("ridge", [(0, 0), (10, 0)]), ("hip", [(0, 5), (10, 5)]))
    predicted = lines(("ridge", [(0, 0.2), (5, 0.2)]), ("valley", [(0, 5), (10, 5)]))
    sums = line_sums(predicted, truth)
    assert sums["ridge"].completeness == pytest.approx(0.5, abs=0.03)
    assert sums["ridge"].correctness == pytest.approx(1)
    assert (sums["hip"].f, sums["valley"].f, sums["rake"].f) == (0, 0, None)


def test_a_line_too_far_away_is_not_found() -> None:
    sums = line_sums(lines(("eave", [(0, 0.3), (10, 0.3)])), lines(("eave", [(0, 0), (10, 0)])))
    assert sums["eave"].f == 0


def test_two_lines_along_one_count_once() -> None:
    truth = lines(("eave", [(0, 0), (10, 0)]))
    predicted = lines(("eave", [(0, 0.1), (6, 0.1)]), ("eave", [(4, -0.1), (10, -0.1)]))
    assert line_sums(predicted, truth)["eave"].found_m == pytest.approx(10)


@unhurried
@given(st.lists(st.sampled_from([gable(), gable(x=3, azimuth=80), gable(x=1), roofs()]), min_size=1, max_size=3))
def test_figures_add_up(scenes: list[Layers]) -> None:
    total = sum((evaluate_layers(scene, gable()) for scene in scenes), Figures())
    assert total.true_segments == 2 * len(scenes)
    assert total.matched_segments == sum(evaluate_layers(scene, gable()).matched_segments for scene in scenes)


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        ({"buildings": gable()["roof_segments"]}, gable(), "no roof_segments among the predicted layers: buildings"),
        (roofs((shapely.box(0, 0, 1, 1), 0.0, 1), crs="EPSG:4326"), gable(), "not in metres"),
        (gable(), roofs((shapely.box(0, 0, 1, 1), 0.0, 1), crs=None), "true roof_segments layer has no CRS"),
        (gable(), {"roof_lines": gable()["roof_lines"]}, "no roofs to measure: layers are roof_lines"),
    ],
)
def test_unusable_layers_are_refused(predicted: Layers, truth: Layers, message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_layers(predicted, truth)
