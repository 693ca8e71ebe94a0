"""Figures as a dictionary and as a table."""

from __future__ import annotations

import json

from roofgeo.evaluation.report import Figures, LineSums, figures_table, no_lines

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
    assert sample.startswith("| sample | 0.900 | 0.500 |")
    assert nothing.startswith("| nothing | - | - |")
