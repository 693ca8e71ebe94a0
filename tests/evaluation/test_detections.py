"""Average precision and calibration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.classification import BinaryCalibrationError
from torchmetrics.functional.classification import binary_precision_recall_curve

from roofgeo.errors import InputError
from roofgeo.evaluation.detections import Detections

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

some = st.lists(st.tuples(st.integers(0, 100).map(lambda n: n / 100), st.booleans()), min_size=1, max_size=30)


def detections(pairs: list[tuple[float, bool]], true_count: int) -> Detections:
    return Detections(np.array([c for c, _ in pairs], float), np.array([m for _, m in pairs], bool), true_count)


def test_a_hand_made_precision() -> None:
    found = detections([(0.9, True), (0.8, False), (0.7, True), (0.6, False)], true_count=4)
    # Recall 1/4 at precision 1; recall 2/4 at 2/3; the other two were not found: 1/4 * 1 + 1/4 * 2/3.
    assert found.average_precision == pytest.approx(1 / 4 + 1 / 6)


def test_a_later_higher_precision_counts_for_smaller_recalls() -> None:
    found = detections([(0.9, False), (0.8, True), (0.7, True)], true_count=2)
    # Precisions 0, 1/2, 2/3: interpolated, both recalls have 2/3.
    assert found.average_precision == pytest.approx(2 / 3)


def test_nothing_found_is_zero_and_nothing_to_find_unknown() -> None:
    assert detections([], true_count=3).average_precision == 0
    assert detections([(0.5, False)], true_count=0).average_precision is None
    assert detections([], true_count=3).reliability().expected_calibration_error is None


@unhurried
@given(some, st.integers(0, 10), st.randoms())
def test_the_order_does_not_matter(pairs: list[tuple[float, bool]], missed: int, chance) -> None:
    true_count = missed + sum(m for _, m in pairs)
    mixed = list(pairs)
    chance.shuffle(mixed)
    assert detections(pairs, true_count).average_precision == detections(mixed, true_count).average_precision


@unhurried
@given(some, st.integers(0, 10))
def test_the_curve_agrees_with_torchmetrics(pairs: list[tuple[float, bool]], missed: int) -> None:
    found = sum(m for _, m in pairs)
    if not found:
        return
    confidence, matched = zip(*pairs, strict=True)
    precision, recall, _ = binary_precision_recall_curve(torch.tensor(confidence), torch.tensor(matched).int())
    # From recall 1 down to 0, of the true segments that were found: interpolate, and integrate over all there are.
    best = torch.cummax(precision, 0).values
    area = float(((recall[:-1] - recall[1:]) * best[:-1]).sum()) * found / (found + missed)
    assert detections(pairs, found + missed).average_precision == pytest.approx(area, abs=1e-5)


def test_a_hand_made_calibration() -> None:
    found = detections([(0.9, True), (0.94, False), (0.3, False), (0.32, True)], true_count=9)
    # Of 10 bins, (0.8, 0.9] holds the first, (0.9, 1] the second, (0.2, 0.3] the third, (0.3, 0.4] the last:
    # |1 - 0.9| + |0 - 0.94| + |0 - 0.3| + |1 - 0.32| = 2.02, over 4 segments.
    assert found.reliability(10).expected_calibration_error == pytest.approx(2.02 / 4)
    # Of 2 bins, (0, 0.5] holds two, one of them right, (0.5, 1] too: |1 - 1.84| + |1 - 0.62| over 4.
    assert found.reliability(2).expected_calibration_error == pytest.approx((0.84 + 0.38) / 4)


def test_the_diagram_shows_each_bin() -> None:
    bins = detections([(0.0, False), (0.9, True), (1.0, False)], true_count=1).reliability(2)
    assert bins.count.tolist() == [1, 2]
    assert bins.mean_confidence.tolist() == [0, 0.95]
    assert bins.matched_share.tolist() == [0, 0.5]
    assert np.isnan(detections([(0.9, True)], 1).reliability(2).matched_share[0])


@unhurried
@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=1, max_size=40))
def test_it_agrees_with_torchmetrics(pairs: list[tuple[float, bool]]) -> None:
    off_edges = [(c, m) for c, m in pairs if abs(c * 15 - round(c * 15)) > 1e-3]  # there the bins are open elsewhere
    if not off_edges:
        return
    confidence, matched = zip(*off_edges, strict=True)
    metric = BinaryCalibrationError(n_bins=15, norm="l1")
    metric.update(torch.tensor(confidence), torch.tensor(matched).int())
    expected = detections(off_edges, 1).reliability(15).expected_calibration_error
    assert float(metric.compute()) == pytest.approx(expected, abs=1e-5)


@unhurried
@given(some, some)
def test_halves_add_up_to_the_whole(first: list[tuple[float, bool]], second: list[tuple[float, bool]]) -> None:
    parts, whole = detections(first, 20) + detections(second, 30), detections([*first, *second], 50)
    assert parts.average_precision == whole.average_precision
    assert parts.reliability().expected_calibration_error == whole.reliability().expected_calibration_error


@pytest.mark.parametrize("confidence", [-0.1, 1.5, float("nan")])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(InputError, match=r"not within 0\.\.1"):
        detections([(confidence, True)], 1)
