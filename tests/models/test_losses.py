"""Losses count labelled pixels only, and are least where the prediction is right."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.models.heads import HEADS, losses, shrink_to_unit_disc
from roofgeo.models.losses import (
    STOREY_M,
    WEIGHT_RANGE,
    azimuth_loss,
    class_weights,
    height_loss,
    line_loss,
    roof_loss,
    segment_loss,
)
from roofgeo.schema import ANY_ROOF, LINE_CODE, NODATA, OTHER_LINE

LOSSES = losses()
SURE = 12.0


def nothing_known(name: str) -> torch.Tensor:
    if name in ("azimuth", "height"):
        return torch.full((1, 8, 8), math.nan)
    return torch.full((1, 8, 8), NODATA, dtype=torch.uint8)


def something_known(name: str) -> torch.Tensor:
    """(1, 8, 8) labels in the upper half."""
    target = nothing_known(name)
    if name == "azimuth":
        target[:, :4] = torch.rand(1, 4, 8) * 360
    elif name == "height":
        target[:, :4] = torch.rand(1, 4, 8) * 9
    else:
        target[:, :4] = torch.randint(0, 2, (1, 4, 8), dtype=torch.uint8)
    return target


def sure_of(classes: torch.Tensor, count: int) -> torch.Tensor:
    """Raw output (batch, count, height, width) that is sure of these classes."""
    return SURE * torch.nn.functional.one_hot(classes.long(), count).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("name", HEADS)
def test_no_labels_no_loss_and_no_gradient(name: str) -> None:
    raw = torch.randn(1, HEADS[name].band_count, 8, 8, requires_grad=True)
    loss = LOSSES[name](raw, nothing_known(name))
    loss.backward()
    assert loss.item() == 0
    assert raw.grad is not None and (raw.grad == 0).all()


@pytest.mark.parametrize("name", HEADS)
def test_unlabelled_pixels_do_not_count(name: str) -> None:
    torch.manual_seed(0)
    raw, target = torch.randn(1, HEADS[name].band_count, 8, 8), something_known(name)
    changed = raw.clone()
    changed[:, :, 4:] += 5
    assert LOSSES[name](raw, target) > 0
    assert torch.allclose(LOSSES[name](raw, target), LOSSES[name](changed, target))
    cropped = LOSSES[name](raw[:, :, :4], target[:, :4])
    assert torch.allclose(LOSSES[name](raw, target), cropped, atol=1e-6)


@pytest.mark.parametrize("name", HEADS)
def test_every_labelled_head_learns(name: str) -> None:
    raw = torch.randn(2, HEADS[name].band_count, 8, 8, requires_grad=True)
    LOSSES[name](raw, something_known(name).expand(2, -1, -1)).backward()
    assert raw.grad is not None and raw.grad.isfinite().all() and raw.grad.abs().sum() > 0


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360), st.floats(1, 180))
def test_azimuth_loss_prefers_the_right_direction(azimuth_deg: float, off_deg: float) -> None:
    def loss(predicted_deg: float) -> float:
        angle = math.radians(predicted_deg)
        raw = 3 * torch.tensor([math.sin(angle), math.cos(angle)]).view(1, 2, 1, 1)
        return azimuth_loss(raw, torch.full((1, 1, 1), azimuth_deg)).item()

    assert loss(azimuth_deg) <= loss(azimuth_deg + off_deg) + 1e-6


def test_azimuth_loss_is_one_minus_the_cosine_where_the_length_says_so() -> None:
    length = math.cos(math.radians(60))
    raw = torch.tensor([0.0, length / math.sqrt(1 - length**2)]).view(1, 2, 1, 1)
    assert shrink_to_unit_disc(raw).norm().item() == pytest.approx(length)
    assert azimuth_loss(raw, torch.full((1, 1, 1), 60.0)).item() == pytest.approx(0.5, abs=1e-5)


def test_the_vector_s_length_learns_how_far_the_direction_can_be_trusted() -> None:
    torch.manual_seed(0)
    spread_deg = 50.0 * torch.randn(1, 64, 64)
    raw = torch.tensor([0.3, 0.1]).view(1, 2, 1, 1).requires_grad_()
    optimizer = torch.optim.Adam([raw], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        azimuth_loss(raw.expand(1, 2, 64, 64), spread_deg % 360).backward()
        optimizer.step()
    trusted = torch.cos(torch.deg2rad(spread_deg)).clamp(min=0).mean().item()
    assert shrink_to_unit_disc(raw).norm().item() == pytest.approx(trusted, abs=0.02)


@pytest.mark.parametrize(("loss", "count"), [(segment_loss, 18), (line_loss, 7)])
def test_sure_and_right_costs_nearly_nothing_sure_and_wrong_much(loss, count: int) -> None:
    target = torch.randint(0, count, (2, 8, 8), dtype=torch.uint8)
    weights = (1.0,) * count
    assert loss(sure_of(target, count), target, weights) < 0.05
    assert loss(sure_of((target + 1) % count, count), target, weights) > 5


def test_line_of_an_untold_type_may_be_none_valley_rake_or_step_but_not_eave_ridge_or_hip() -> None:
    target = torch.full((1, 4, 4), OTHER_LINE, dtype=torch.uint8)
    weights = (1.0,) * 7

    def loss(name: str) -> float:
        return line_loss(sure_of(torch.full((1, 4, 4), LINE_CODE[name]), 7), target, weights).item()

    assert all(loss(name) < 1e-4 for name in ("none", "valley", "rake", "step"))
    assert all(loss(name) > SURE - 2 for name in ("eave", "ridge", "hip"))


def test_roof_of_an_untold_class_may_be_any_but_background() -> None:
    raw = torch.randn(1, 18, 1, 1)
    target = torch.full((1, 1, 1), ANY_ROOF, dtype=torch.uint8)
    expected = -torch.log(1 - raw.softmax(dim=1)[0, 0, 0, 0])
    assert segment_loss(raw, target, (0.5,) * 18).item() == pytest.approx(expected.item(), rel=1e-5)


def test_partial_label_costs_minus_log_of_what_is_left() -> None:
    raw = torch.randn(1, 7, 1, 1)
    p = raw.softmax(dim=1)[0, :, 0, 0]
    expected = -torch.log(1 - p[LINE_CODE["eave"]] - p[LINE_CODE["ridge"]] - p[LINE_CODE["hip"]])
    found = line_loss(raw, torch.full((1, 1, 1), OTHER_LINE, dtype=torch.uint8), (1.0,) * 7)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_roof_loss_of_a_right_answer_is_small() -> None:
    target = torch.randint(0, 2, (2, 8, 8), dtype=torch.uint8)
    right = SURE * (2 * target[:, None].float() - 1)
    assert roof_loss(right, target) < 0.01 < 5 < roof_loss(-right, target)


def test_height_loss_asks_for_the_shape_where_the_whole_is_off() -> None:
    true_m = torch.linspace(3, 9, 64).view(1, 8, 8)

    def loss(predicted_m: torch.Tensor) -> float:
        return height_loss(predicted_m.expm1().log()[:, None], true_m).item()  # softplus turned round

    def beyond_huber(predicted_m: torch.Tensor) -> float:
        return loss(predicted_m) - torch.nn.functional.smooth_l1_loss(predicted_m / STOREY_M, true_m / STOREY_M).item()

    assert loss(true_m) < 1e-4
    shifted = (true_m + 1).log().add(0.2).exp() - 1  # all logarithms off by as much
    jumbled = (true_m + 1).log().add(0.2 * torch.tensor([1.0, -1.0]).repeat(32).view(1, 8, 8)).exp() - 1
    assert beyond_huber(shifted) == pytest.approx(0.5 * 0.2**2, rel=0.02)
    assert beyond_huber(jumbled) == pytest.approx(0.2**2, rel=0.02)
    outlier = true_m.clone()
    outlier[0, 0, 0] += 40
    assert loss(outlier) < (40 / 3) ** 2 / 64, "it grows with the error, not with its square"


def test_class_weights_are_one_in_the_mean_and_kept_within_bounds() -> None:
    weights = class_weights([400, 100, 100])
    assert weights[1] == weights[2] == pytest.approx(2 * weights[0], rel=1e-3)
    assert sum(weights) / 3 == pytest.approx(1, rel=1e-3)
    rare = class_weights([10**9, 10**9, 10**9, 10**9, 10**9, 10**9, 10**9, 1])
    assert min(rare) == WEIGHT_RANGE[0] and max(rare) == WEIGHT_RANGE[1]
    assert class_weights([0, 50, 50]) == (1.0, 1.0, 1.0)
    assert class_weights([0, 0]) == (1.0, 1.0)
