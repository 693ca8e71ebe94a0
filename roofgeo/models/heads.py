"""Heads: for each task its output bands, how they are activated, and the loss they are trained with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from roofgeo.schema import FIRST_PITCHED, HEAD, NODATA, Activation

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Head:
    """One task of the network.

    Attributes:
        name: Name in `roofgeo.schema.HEAD`.
        loss: From raw output (batch, bands, height, width) and target (batch, height, width) to a scalar; pixels that
            are not labelled do not count, and a batch without labels gives 0.
    """

    name: str
    loss: Loss

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


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "softmax": lambda raw: raw.softmax(dim=1),
    "sigmoid": torch.sigmoid,
    "unit": shrink_to_unit_disc,
    "positive": functional.softplus,
}


def class_loss(weights: tuple[float, ...]) -> Loss:
    """Cross entropy with class weights, over the labelled pixels."""

    def loss(raw: Tensor, target: Tensor) -> Tensor:
        if not bool((target != NODATA).any()):
            return raw.sum() * 0
        weight = torch.tensor(weights, device=raw.device)
        return functional.cross_entropy(raw.float(), target.long(), weight, ignore_index=NODATA)

    return loss


def azimuth_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of the predicted vectors to the unit vectors of the azimuths (degrees; NaN counts not)."""
    known = ~target.isnan()
    angle = torch.deg2rad(target[known])
    predicted = shrink_to_unit_disc(raw.float()).permute(0, 2, 3, 1)[known]
    wanted = torch.stack([angle.sin(), angle.cos()], dim=1)
    return (predicted - wanted).square().sum() / max(1, len(angle))


def roof_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Binary cross entropy plus soft Dice, over the labelled pixels."""
    labelled = target != NODATA
    score, wanted = raw[:, 0].float()[labelled], target[labelled].float()
    if len(wanted) == 0:
        return raw.sum() * 0
    probability = score.sigmoid()
    dice = 1 - (2 * (probability * wanted).sum() + 1) / (probability.sum() + wanted.sum() + 1)
    return functional.binary_cross_entropy_with_logits(score, wanted) + dice


def height_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Huber loss in storeys of `STOREY_M`, over the pixels of known height."""
    known = ~target.isnan()
    predicted = functional.softplus(raw[:, 0].float())[known]
    summed = functional.smooth_l1_loss(predicted / STOREY_M, target[known] / STOREY_M, reduction="sum")
    return summed / known.sum().clamp(min=1)


STOREY_M = 3.0
"""Brings the height loss to the scale of the others."""

_PITCHED_WEIGHT = 1.5

HEADS: dict[str, Head] = {
    # Pitched pixels are rarer than ground and share 16 classes; lines cover a few percent of a picture.
    "segments": Head("segments", class_loss((1.0,) * FIRST_PITCHED + (_PITCHED_WEIGHT,) * 16)),
    "azimuth": Head("azimuth", azimuth_loss),
    "lines": Head("lines", class_loss((1.0, 2.0, 4.0, 4.0, 5.0, 3.0, 4.0))),
    "roof": Head("roof", roof_loss),
    "height": Head("height", height_loss),
}
