"""Losses of the heads: from raw outputs and targets to a scalar. Pixels that are not labelled never count.

They are masked sums and ask nothing of the device that it would have to be waited for; a batch without labels gives
exactly 0, with a gradient of 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from roofgeo.schema import ANY_ROOF, BACKGROUND, LINE_CODE, NODATA, OTHER_LINE

FOCUS = 2.0
"""Exponent of the focal loss (Lin et al. 2017): pixels that are right already count little."""

STOREY_M = 3.0
"""Brings the height loss to the scale of the others."""

WEIGHT_RANGE = (0.25, 4.0)
"""Class weights are kept within: beyond it a few mislabelled pixels of a rare class lead."""

TINY = 1e-8

TOLD_EVERYWHERE = tuple(LINE_CODE[name] for name in ("eave", "ridge", "hip"))
"""Line types that every data set with lines tells; `OTHER_LINE` is none of them."""


def class_weights(counts: Sequence[int]) -> tuple[float, ...]:
    """A weight for each class: the inverse square root of its frequency, 1 in the mean, within `WEIGHT_RANGE`.

    Args:
        counts: Pixels of each class, as measured; a class that was not seen weighs 1.
    """
    seen = torch.tensor(list(counts), dtype=torch.float64)
    rarity = torch.where(seen > 0, seen.clamp(min=1).rsqrt(), torch.nan)
    if bool(rarity.isnan().all()):
        return (1.0,) * len(counts)
    scaled = (rarity / rarity.nanmean()).clamp(*WEIGHT_RANGE).nan_to_num(1.0)
    return tuple(round(float(weight), 4) for weight in scaled)


def segment_loss(raw: Tensor, target: Tensor, weights: Sequence[float]) -> Tensor:
    """Cross entropy with class weights, plus soft Dice of the classes that are there.

    Where a data set tells only that there is roof (`ANY_ROOF`), the loss is -log(1 - p(background)), and Dice does not
    look: with its ground alone, a mask would teach that in such pictures everything is ground.

    Args:
        raw: (batch, classes, height, width) before softmax.
        target: (batch, height, width) uint8 class; 255 not labelled.
        weights: One of each class.
    """
    partly = target == ANY_ROOF
    told = (target != NODATA) & ~partly
    wanted = target.where(told, 0).long()
    log_probability = raw.float().log_softmax(dim=1)
    log_right = log_probability.gather(1, wanted[:, None])[:, 0]
    log_roof = log_probability[:, BACKGROUND + 1 :].logsumexp(dim=1)
    weight = log_right.new_tensor(list(weights))[wanted] * told
    entropy = -(weight * log_right + log_roof * partly).sum() / (weight + partly).sum().clamp(min=TINY)
    return entropy + _dice(log_probability.exp(), wanted, told)


def line_loss(raw: Tensor, target: Tensor, weights: Sequence[float]) -> Tensor:
    """Focal loss with class weights plus soft Dice of the types that are there.

    Where a data set tells only some types (`OTHER_LINE`: no line, or one of a type it does not tell), the loss is
    -log(1 - p(eave) - p(ridge) - p(hip)), and Dice does not look.

    Args:
        raw: (batch, types, height, width) before softmax.
        target: (batch, height, width) uint8 type; 255 not labelled.
        weights: One of each type.
    """
    partly = target == OTHER_LINE
    told = (target != NODATA) & ~partly
    wanted = target.where(told, 0).long()
    log_probability = raw.float().log_softmax(dim=1)
    log_right = log_probability.gather(1, wanted[:, None])[:, 0]
    missed = 1 - log_right.exp()
    focal = -log_right.new_tensor(list(weights))[wanted] * missed**FOCUS * log_right
    others = [code for code in range(raw.shape[1]) if code not in TOLD_EVERYWHERE]
    partial = -log_probability[:, others].logsumexp(dim=1)
    count = (told | partly).sum().clamp(min=1)
    return (focal * told + partial * partly).sum() / count + _dice(log_probability.exp(), wanted, told)


def azimuth_loss(raw: Tensor, target: Tensor) -> Tensor:
    """1 - cos of the angle between predicted and true direction; the vector's length learns that cosine.

    So the length keeps its meaning: how far the direction can be trusted.

    Args:
        raw: (batch, 2, height, width) east, north, before `roofgeo.models.heads.shrink_to_unit_disc`.
        target: (batch, height, width) degrees clockwise from north; NaN where there is none.
    """
    known = ~target.isnan()
    angle = torch.deg2rad(target.where(known, 0))
    east, north = raw.float().unbind(dim=1)
    norm = (east.square() + north.square() + TINY).sqrt()
    cosine = (east * angle.sin() + north * angle.cos()) / norm
    length = norm * torch.rsqrt(1 + norm.square())
    off = (1 - cosine) + (length - cosine.detach().clamp(min=0)).square()
    return _mean(off, known)


def roof_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Binary cross entropy plus soft Dice; raw (batch, 1, height, width), target (batch, height, width) 0, 1, 255."""
    labelled = target != NODATA
    score, wanted = raw[:, 0].float(), target.where(labelled, 0).float()
    entropy = functional.binary_cross_entropy_with_logits(score, wanted, reduction="none")
    probability = score.sigmoid() * labelled
    overlap, covered = (probability * wanted).sum(), probability.sum() + wanted.sum()
    dice = (1 - (2 * overlap + 1) / (covered + 1)) * labelled.any()
    return _mean(entropy, labelled) + dice


def height_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Huber loss in storeys of `STOREY_M`, plus the scale-invariant error of Eigen et al. (2014).

    The second is taken of log(1 + metres), so that the ground counts; it asks for the shape of roofs where their
    height as a whole is off.

    Args:
        raw: (batch, 1, height, width) before softplus.
        target: (batch, height, width) metres above ground; NaN where unknown.
    """
    known = ~target.isnan()
    predicted_m, true_m = functional.softplus(raw[:, 0].float()), target.where(known, 0)
    huber = functional.smooth_l1_loss(predicted_m / STOREY_M, true_m / STOREY_M, reduction="none")
    off = predicted_m.log1p() - true_m.clamp(min=0).log1p()
    return _mean(huber, known) + _mean(off.square(), known) - 0.5 * _mean(off, known).square()


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)


def _dice(probability: Tensor, wanted: Tensor, where: Tensor) -> Tensor:
    """1 - soft Dice (Milletari et al. 2016), in the mean over the classes that are there; 0 if there are none.

    Args:
        probability: (batch, classes, height, width).
        wanted: (batch, height, width) classes.
        where: (batch, height, width) the pixels that count.
    """
    weight = where.float()
    none = probability.new_zeros(probability.shape[1])
    right = probability.gather(1, wanted[:, None])[:, 0] * weight
    count = none.index_add(0, wanted.flatten(), weight.flatten())
    overlap = none.index_add(0, wanted.flatten(), right.flatten())
    covered = (probability * weight[:, None]).sum(dim=(0, 2, 3)) + count
    missed = 1 - (2 * overlap + 1) / (covered + 1)
    present = count > 0
    return (missed * present).sum() / present.sum().clamp(min=1)
