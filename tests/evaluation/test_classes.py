"""Class rasters: confusion, mIoU over 18, 10 and 6 classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.classification import MulticlassJaccardIndex

from roofgeo.errors import InputError
from roofgeo.evaluation.classes import ClassSums, class_sums, coarse_bin, coarse_codes
from roofgeo.schema import SEGMENT_CLASSES

unhurried = settings(deadline=None)  # a busy machine is no mistake of ours

NAMES = [c.name for c in SEGMENT_CLASSES]
rasters = arrays(np.uint8, (9, 7), elements=st.integers(0, 17))


def codes(*names: str) -> np.ndarray:
    return np.array([[255 if name == "?" else NAMES.index(name) for name in names]], np.uint8)


def test_a_hand_made_case() -> None:
    truth = codes("background", "background", "N", "N", "flat", "?")
    predicted = codes("background", "N", "N", "NNE", "flat", "S")
    # background 1 of 2, N 1 of 3, NNE 0 of 1, flat 1 of 1; the last pixel is not labelled, S occurs nowhere else.
    sums = class_sums(predicted, truth)
    assert sums.mean_iou(16) == pytest.approx((1 / 2 + 1 / 3 + 0 + 1) / 4)
    # NNE is NE of the 8: nothing changes. Of the 4, NNE is N: background 1 of 2, N 2 of 3, flat 1 of 1.
    assert sums.mean_iou(8) == pytest.approx((1 / 2 + 1 / 3 + 0 + 1) / 4)
    assert sums.mean_iou(4) == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert sums.wrong_share == pytest.approx(2 / 5)
    assert sums.true_classes == 3


def test_a_pixel_without_prediction_is_background() -> None:
    assert class_sums(codes("?", "?"), codes("N", "background")).mean_iou(16) == pytest.approx((0 + 1 / 2) / 2)


def test_nothing_labelled_is_unknown() -> None:
    assert class_sums(codes("N"), codes("?")).mean_iou(16) is None
    assert ClassSums().mean_iou(16) is None


@pytest.mark.parametrize(
    ("azimuths", "groups"),
    [
        (8, "N:NNW N, NE:NNE NE, E:ENE E, SE:ESE SE, S:SSE S, SW:SSW SW, W:WSW W, NW:WNW NW"),
        (4, "N:NW NNW N NNE, E:NE ENE E ESE, S:SE SSE S SSW, W:SW WSW W WNW"),
    ],
)
def test_bins_are_regrouped_by_angle(azimuths: int, groups: str) -> None:
    for number, group in enumerate(groups.split(", ")):
        members = group.split(":")[1].split()
        assert {int(coarse_codes(azimuths)[NAMES.index(name)]) for name in members} == {2 + number}


@pytest.mark.parametrize(
    ("azimuth_deg", "of_8", "of_4"),
    [(0, 0, 0), (22.4, 0, 0), (22.5, 1, 0), (44.9, 1, 0), (45, 1, 1), (337.4, 7, 0), (337.5, 0, 0), (359, 0, 0)],
)
def test_coarse_bins_are_half_open_and_centred_at_north(azimuth_deg: float, of_8: int, of_4: int) -> None:
    assert (coarse_bin(azimuth_deg, 8), coarse_bin(azimuth_deg, 4)) == (of_8, of_4)


@unhurried
@given(rasters, rasters)
def test_it_agrees_with_torchmetrics(predicted: np.ndarray, truth: np.ndarray) -> None:
    for azimuths in (16, 8, 4):
        index = MulticlassJaccardIndex(num_classes=2 + azimuths, average="macro")
        coarse = coarse_codes(azimuths)
        expected = index(torch.from_numpy(coarse[predicted]), torch.from_numpy(coarse[truth]))
        assert class_sums(predicted, truth).mean_iou(azimuths) == pytest.approx(float(expected), abs=1e-5)


@unhurried
@given(rasters, rasters, st.integers(1, 6))
def test_halves_add_up_to_the_whole(predicted: np.ndarray, truth: np.ndarray, col: int) -> None:
    parts = class_sums(predicted[:, :col], truth[:, :col]) + class_sums(predicted[:, col:], truth[:, col:])
    assert (parts.confusion == class_sums(predicted, truth).confusion).all()


@unhurried
@given(rasters, rasters)
def test_what_is_right_in_16_stays_right(predicted: np.ndarray, truth: np.ndarray) -> None:
    sums = class_sums(predicted, truth)
    right = [int(np.trace(sums.regrouped(azimuths))) for azimuths in (16, 8, 4)]
    assert right[0] <= min(right)
    assert (sums.regrouped(16) == sums.confusion).all()


def test_a_truth_of_8_azimuths_measures_no_18_classes() -> None:
    sums = class_sums(codes("N", "E"), codes("N", "E"), azimuths=8)
    assert (sums.mean_iou(16), sums.mean_iou(8), sums.mean_iou(4)) == (None, 1, 1)
    assert (sums + ClassSums()).mean_iou(16) is None


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), r"shape \(2, 2\) and \(2, 3\)"),
        (np.full((2, 2), 18, np.uint8), np.zeros((2, 2), np.uint8), "predicted classes hold the code 18"),
        (np.zeros((2, 2), np.uint8), np.full((2, 2), 254, np.uint8), "true classes hold the code 254"),
    ],
)
def test_unusable_rasters_are_refused(predicted: np.ndarray, truth: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        class_sums(predicted, truth)
