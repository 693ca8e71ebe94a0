"""Heads activate what their losses train."""

from __future__ import annotations

import torch

from roofgeo.models.heads import HEADS, WEIGHTED_HEADS, losses, shrink_to_unit_disc, softmax
from roofgeo.schema import HEAD


def test_unit_disc_keeps_directions() -> None:
    raw = torch.randn(4, 2, 3, 3) * 10
    inside = shrink_to_unit_disc(raw)
    assert (inside.norm(dim=1) < 1).all()
    assert torch.allclose(torch.atan2(raw[:, 0], raw[:, 1]), torch.atan2(inside[:, 0], inside[:, 1]), atol=1e-5)


def test_every_head_has_a_loss_and_classes_have_weights() -> None:
    assert set(losses()) == set(HEADS) == set(HEAD)
    raw, target = torch.randn(1, 18, 4, 4), torch.tensor([[[0, 1, 2, 3]] * 4], dtype=torch.uint8)
    heavy = losses({"segments": [1.0] + [9.0] * 17})["segments"](raw, target)
    assert heavy != losses()["segments"](raw, target)
    assert set(WEIGHTED_HEADS) == {"segments", "lines"}


def test_softmax_is_softmax() -> None:
    raw = torch.randn(2, 18, 5, 7, generator=torch.Generator().manual_seed(0)) * 10
    raw[0, :, 0, 0] = 1e4 * torch.arange(18)
    assert torch.allclose(softmax(raw), raw.softmax(dim=1), atol=1e-6)
