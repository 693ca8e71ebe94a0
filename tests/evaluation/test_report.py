"""Figures as a dictionary and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from roofgeo.evaluation.buildings import BuildingSums
from roofgeo.evaluation.classes import class_sums
from roofgeo.evaluation.coverage import CoverageSums
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.heights import height_sums
from roofgeo.evaluation.lines import LineSums, no_lines
from roofgeo.evaluation.masks import PixelOverlap
from roofgeo.evaluation.polygons import ShapeSums
from roofgeo.evaluation.report import Figures, add_up, figures_table, metrics_table
from roofgeo.schema import LINE_TYPES

MEASURED = Figures(
    roof_intersection_m2=90, roof_union_m2=100, true_segments=10, predicted_segments=6, matched_segments=4,
    azimuth_pairs=4, azimuth_error_sum_deg=34, confused_pairs=0,
    lines={**no_lines(), "ridge": LineSums(true_m=10, found_m=5, predicted_m=8, correct_m=8)},
)  # fmt: skip


def test_the_dictionary_is_ready_for_json() -> None:
    figures = json.loads(json.dumps(MEASURED.as_dict()))
    assert figures["roof_iou"] == 0.9
    assert figures["segment_f"] == 0.5
    assert figures["azimuth_mae_deg"] == 8.5
    assert figures["lines_ridge_f"] == 2 * 0.5 / 1.5
    assert figures["lines_hip_f"] is None


def test_the_table_leaves_out_what_was_not_measured() -> None:
    table = figures_table({"sample": MEASURED, "nothing": Figures()})
    header, rule, sample, nothing = table.splitlines()
    assert header.count("|") == rule.count("|") == sample.count("|") == nothing.count("|")
    assert sample.startswith("| sample | 0.900 | - | 0.500 |")
    assert nothing.startswith("| nothing | - | - |")


def scene(seed: int) -> Figures:
    """Figures in which nothing is zero."""
    chance = np.random.default_rng(seed)
    codes = chance.integers(0, 18, (2, 9, 9)).astype(np.uint8)
    heights = chance.random((2, 9, 9))
    return Figures(
        roof_intersection_m2=80, roof_union_m2=100 + seed, true_segments=10, predicted_segments=6, matched_segments=4,
        azimuth_pairs=4, azimuth_error_sum_deg=34, confused_pairs=1, slope_pairs=3, slope_error_sum_deg=9,
        lines={**no_lines(), "hip": LineSums(10, 5, 8, 8)}, raster_lines={**no_lines(), "eave": LineSums(9, 5, 8, 8)},
        coverage=CoverageSums(6, 0.5, 0.25, 2), segment_shapes=ShapeSums(4, 3.2, 1.0, 20, 16),
        detections=Detections(chance.random(6), chance.random(6) < 0.5, 10),
        buildings=BuildingSums(3, 2, chance.normal(0, 0.1, 2), ShapeSums(2, 1.5, 0.4, 9, 8)),
        classes=class_sums(codes[0], codes[1]),
        roof_px=PixelOverlap(9, 12), boundary_px=PixelOverlap(4, 8), heights=height_sums(heights[0], heights[1]),
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 13])
def test_adding_up_in_pairs_is_adding_up(count: int) -> None:
    scenes = [scene(seed) for seed in range(count)]
    one_by_one = sum(scenes, Figures()).as_dict()
    assert add_up(scenes).as_dict() == pytest.approx(one_by_one)
    assert count == 0 or not [key for key, value in one_by_one.items() if value is None and "lines_" not in key]


def test_figures_of_several_scenes_are_those_of_one() -> None:
    both = (scene(1) + scene(2)).as_dict()
    assert both["roof_iou"] == pytest.approx(160 / 203)
    assert both["slope_mae_deg"] == 3
    assert both["segment_pq"] == pytest.approx(2 * 6.4 / (20 + 12))
    assert both["raster_boundary_iou"] == 0.5
    assert both["true_buildings"] == 6


def test_the_document_tells_all_figures() -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    named = {key for key in Figures().as_dict() if f"`{key}`" in text}
    by_type = {f"{side}lines_{line_type}_f" for side in ("", "raster_") for line_type in LINE_TYPES}
    assert set(Figures().as_dict()) - named == by_type


def test_all_figures_have_a_row() -> None:
    table = metrics_table({"sample": scene(1), "nothing": Figures()})
    header, rule, *rows = table.splitlines()
    assert header == "| metric | sample | nothing |"
    assert {line.count("|") for line in (header, rule, *rows)} == {4}
    assert "| segments PQ | 0.400 | - |" in rows
    assert "| slope MAE (deg) | 3.0 | - |" in rows
    assert "| true segments | 10 | 0 |" in rows
