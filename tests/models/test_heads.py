"""Losses count labelled pixels only, and are least where the prediction is right."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.models.heads import HEADS, azimuth_loss, shrink_to_unit_disc
from roofgeo.schema import NODATA


def nothing_known(name: str) -> torch.Tensor:
    if name in ("azimuth", "height"):
        return torch.full((1, 8, 8), math.nan)
    return torch.full((1, 8, 8), NODATA, dtype=torch.uint8)


@pytest.mark.parametrize("name", HEADS)
def test_no_labels_no_loss_and_no_gradient(name: str) -> None:
    raw = torch.randn(1, HEADS[name].band_count, 8, 8, requires_grad=True)
    loss = HEADS[name].loss(raw, nothing_known(name))
    loss.backward()
    assert loss.item() == 0
    assert raw.grad is not None and (raw.grad == 0).all()


@pytest.mark.parametrize("name", ["segments", "lines", "roof"])
def test_unlabelled_pixels_do_not_count(name: str) -> None:
    raw = torch.randn(1, HEADS[name].band_count, 8, 8)
    target = torch.randint(0, 2, (1, 8, 8), dtype=torch.uint8)
    target[:, 4:] = NODATA
    changed = raw.clone()
    changed[:, :, 4:] += 5
    assert torch.allclose(HEADS[name].loss(raw, target), HEADS[name].loss(changed, target))


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360), st.floats(1, 180))
def test_azimuth_loss_prefers_the_right_direction(azimuth_deg: float, off_deg: float) -> None:
    def loss(predicted_deg: float) -> float:
        angle = math.radians(predicted_deg)
        raw = 3 * torch.tensor([math.sin(angle), math.cos(angle)]).view(1, 2, 1, 1)
        return azimuth_loss(raw, torch.full((1, 1, 1), azimuth_deg)).item()

    assert loss(azimuth_deg) <= loss(azimuth_deg + off_deg) + 1e-6


def test_unit_disc_keeps_directions() -> None:
    raw = torch.randn(4, 2, 3, 3) * 10
    inside = shrink_to_unit_disc(raw)
    assert (inside.norm(dim=1) < 1).all()
    assert torch.allclose(torch.atan2(raw[:, 0], raw[:, 1]), torch.atan2(inside[:, 0], inside[:, 1]), atol=1e-5)
