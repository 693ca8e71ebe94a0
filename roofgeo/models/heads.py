"""Heads: for each task its output bands, how they are activated, and the loss they are trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from roofgeo.models.losses import azimuth_loss, height_loss, line_loss, roof_loss, segment_loss
from roofgeo.schema import HEAD, Activation

Loss = Callable[[Tensor, Tensor], Tensor]
"""From raw output (batch, bands, height, width) and target (batch, height, width) to a scalar; a batch without labels
gives 0."""

WEIGHTED_HEADS = ("segments", "lines")
"""Heads of classes, whose losses take a weight of each."""


@dataclass(frozen=True)
class Head:
    """One task of the network.

    Attributes:
        name: Name in `roofgeo.schema.HEAD`.
    """

    name: str

    @property
    def band_count(self) -> int:
        """Number of output bands."""
        return len(HEAD[self.name].bands)

    def activate(self, raw: Tensor) -> Tensor:
        """Raw output to what `roofgeo.schema` says of the bands; shape (batch, bands, height, width)."""
        return ACTIVATIONS[HEAD[self.name].activation](raw)


def shrink_to_unit_disc(raw: Tensor) -> Tensor:
    """Vectors (batch, 2, ...) to length below 1, keeping their direction; the length tells how sure it is."""
    return raw * torch.rsqrt(1 + raw.square().sum(dim=1, keepdim=True))


def softmax(raw: Tensor) -> Tensor:
    """Softmax over the bands (dimension 1), of steps that ONNX Runtime is quick at.

    Its own softmax is ten times slower along any dimension but the last: that took half the time of a window.
    """
    grown = torch.exp(raw - raw.amax(dim=1, keepdim=True))
    return grown / grown.sum(dim=1, keepdim=True)


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "softmax": softmax,
    "sigmoid": torch.sigmoid,
    "unit": shrink_to_unit_disc,
    "positive": functional.softplus,
}

HEADS: dict[str, Head] = {name: Head(name) for name in HEAD}


def losses(class_weights: Mapping[str, Sequence[float]] | None = None) -> dict[str, Loss]:
    """The loss of each head.

    Args:
        class_weights: A weight of each class of `WEIGHTED_HEADS`; 1 where left out.
    """
    given = class_weights or {}
    weights = {name: tuple(given.get(name, (1.0,) * HEADS[name].band_count)) for name in WEIGHTED_HEADS}
    return {
        "segments": partial(segment_loss, weights=weights["segments"]),
        "azimuth": azimuth_loss,
        "lines": partial(line_loss, weights=weights["lines"]),
        "roof": roof_loss,
        "height": height_loss,
    }
