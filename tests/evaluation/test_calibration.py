"""Confidence becomes the chance of being right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from roofgeo.errors import DataError
from roofgeo.evaluation.calibration import MARGIN, Calibration, fit_calibration, held_out
from roofgeo.evaluation.detections import Detections

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

maps = st.builds(Calibration, st.floats(0.1, 4), st.floats(-3, 3))
inner = st.lists(st.floats(2 * MARGIN, 1 - 2 * MARGIN), min_size=1, max_size=20)


def drawn(truth: Calibration, count: int, seed: int, most: float = 1.0) -> Detections:
    """Segments that are right as often as a map says of their raw confidence."""
    rng = np.random.default_rng(seed)
    raw = rng.uniform(0, most, count)
    return Detections(raw, rng.random(count) < truth(raw), count)


def error(found: Detections) -> float:
    ece = found.reliability().expected_calibration_error
    assert ece is not None
    return ece


@unhurried
@given(maps, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_map_keeps_the_order_and_is_never_certain(calibration: Calibration, raw: list[float]) -> None:
    chance = calibration(np.sort(raw))
    assert (np.diff(chance) >= 0).all()
    assert ((chance > 0) & (chance < 1)).all()


@unhurried
@given(maps, inner)
def test_what_a_map_gives_tells_the_raw_confidence(calibration: Calibration, raw: list[float]) -> None:
    assert calibration.undone(calibration(np.array(raw))) == pytest.approx(raw, abs=1e-6)


@unhurried
@given(inner)
def test_without_numbers_nothing_changes(raw: list[float]) -> None:
    assert Calibration()(np.array(raw)) == pytest.approx(raw)


def test_the_map_that_was_drawn_from_is_found() -> None:
    truth = Calibration(1.8, 0.7)
    found = fit_calibration([drawn(truth, 20_000, 1)])
    assert (found.slope, found.offset) == pytest.approx((1.8, 0.7), abs=0.1)


def test_the_fit_is_the_likeliest_map() -> None:
    """No map nearby is likelier; one data set, whose targets are Platt's."""
    sample = drawn(Calibration(2.0, -0.5), 500, 2)
    right = sample.matched.sum()
    target = np.where(sample.matched, (right + 1) / (right + 2), 1 / (500 - right + 2))

    def loss(slope: float, offset: float) -> float:
        chance = expit(slope * logit(np.clip(sample.confidence, MARGIN, 1 - MARGIN)) + offset)
        return float(-np.mean(target * np.log(chance) + (1 - target) * np.log(1 - chance)))

    found = fit_calibration([sample])
    best = loss(found.slope, found.offset)
    assert all(
        best < loss(found.slope + a, found.offset + b) for a, b in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05))
    )


def test_segments_that_were_not_fitted_to_are_calibrated() -> None:
    truth = Calibration(3.0, 1.0)
    sets = [[drawn(truth, 200, 10 * i + seed) for seed in range(10)] for i in range(2)]
    raw = sum((picture for pictures in sets for picture in pictures), Detections())
    found = held_out(sets, 5)
    assert [len(each.confidence) for each in found] == [2000, 2000]
    assert error(sum(found, Detections())) < 0.03 < 0.1 < error(raw)


def test_a_picture_is_judged_by_maps_it_had_no_part_in() -> None:
    """The labels of one picture are turned round: its own confidences must not change."""
    pictures = [drawn(Calibration(), 100, seed) for seed in range(5)]
    turned = Detections(pictures[2].confidence, ~pictures[2].matched, 100)
    (before,), (after,) = held_out([pictures], 5), held_out([[*pictures[:2], turned, *pictures[3:]]], 5)
    parts = [np.split(each.confidence, 5) for each in (before, after)]
    same = [bool(np.array_equal(a, b)) for a, b in zip(*parts, strict=True)]
    assert same == [False, False, True, False, False]


def test_data_sets_count_the_same() -> None:
    """One of a hundred times the segments does not drown the other."""
    small, large = drawn(Calibration(1, -1), 2_000, 3), drawn(Calibration(1, 1), 200_000, 4)
    assert abs(fit_calibration([small, large]).offset) < 0.2


def test_segments_told_apart_without_error_give_a_finite_slope() -> None:
    raw = np.concatenate([np.full(50, 0.9), np.full(50, 0.1)])
    found = fit_calibration([Detections(raw, raw > 0.5, 50)])
    assert 0 < found.slope < 10
    assert found(np.array([0.9]))[0] == pytest.approx(51 / 52, abs=1e-3)


@pytest.mark.parametrize(
    ("matched", "says"),
    [
        (lambda raw: raw < 2, "too few"),  # all are right
        (lambda raw: raw < 0.5, "not right more often"),  # the wrong way round
    ],
)
def test_what_cannot_be_calibrated_is_refused(matched, says: str) -> None:
    raw = np.linspace(0.05, 0.95, 100)
    with pytest.raises(DataError, match=says):
        fit_calibration([Detections(raw, matched(raw), 100)])
