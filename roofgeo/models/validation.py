"""Figures of the heads over validation windows, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from roofgeo.schema import ANY_ROOF, LINE_CLASSES, NODATA, OTHER_LINE, SEGMENT_CLASSES, band_slices

HALF_WRONG = {"azimuth": 90.0, "height": 3.0}
"""Mean error, in degrees and metres, that scores 0; none scores 1."""


@dataclass
class HeadFigures:
    """Counts over batches, from which the heads' figures are taken; pixels that are not labelled do not count.

    Attributes:
        heads: Heads of the network.
    """

    heads: tuple[str, ...]
    _counts: dict[str, Tensor] = field(default_factory=dict)

    def add(self, bands: Tensor, batch: Mapping[str, Tensor]) -> None:
        """Count a batch: its predicted bands (batch, bands, height, width) and its targets by head."""
        for head, at in band_slices(self.heads).items():
            found = _COUNT[head](bands[:, at].float(), batch[head])
            self._counts[head] = self._counts[head] + found if head in self._counts else found

    def figures(self) -> dict[str, float]:
        """Figures by name, of heads that had labels, and their ``score``: the mean, 1 where all is right."""
        found: dict[str, float] = {}
        scores: list[float] = []
        for head, counts in self._counts.items():
            values = counts.double().cpu()
            if head in ("azimuth", "height"):
                error, square, pixels = values.tolist()
                if pixels > 0:
                    named = {"azimuth_mae_deg": error / pixels} if head == "azimuth" else {
                        "height_mae_m": error / pixels, "height_rmse_m": (square / pixels) ** 0.5
                    }  # fmt: skip
                    found |= named
                    scores.append(max(0.0, 1 - error / pixels / HALF_WRONG[head]))
            elif values.sum() > 0:
                name, value = _RATIO[head](values)
                found[name] = value
                scores.append(value)
        return {**found, "score": sum(scores) / len(scores)} if scores else {}


def _confusion(predicted: Tensor, target: Tensor, labelled: Tensor, classes: int) -> Tensor:
    """(true, predicted) pixels of each pair of classes."""
    pairs = target[labelled].long() * classes + predicted[labelled]
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def _count_segments(bands: Tensor, target: Tensor) -> Tensor:
    return _confusion(bands.argmax(dim=1), target, (target != NODATA) & (target != ANY_ROOF), len(SEGMENT_CLASSES))


def _count_lines(bands: Tensor, target: Tensor) -> Tensor:
    return _confusion(bands.argmax(dim=1), target, (target != NODATA) & (target != OTHER_LINE), len(LINE_CLASSES))


def _count_roof(bands: Tensor, target: Tensor) -> Tensor:
    return _confusion((bands[:, 0] > 0.5).long(), target, target != NODATA, 2)


def _count_azimuth(bands: Tensor, target: Tensor) -> Tensor:
    known = ~target.isnan()
    east, north = bands.unbind(dim=1)
    off = torch.rad2deg(torch.atan2(east, north))[known] - target[known]
    return _errors((off + 180) % 360 - 180)


def _count_height(bands: Tensor, target: Tensor) -> Tensor:
    known = ~target.isnan()
    return _errors(bands[:, 0][known] - target[known])


def _errors(off: Tensor) -> Tensor:
    """Sums of |error|, error squared and 1."""
    return torch.stack([off.abs().sum(), off.square().sum(), off.new_tensor(len(off))]).double()


_COUNT = {
    "segments": _count_segments,
    "azimuth": _count_azimuth,
    "lines": _count_lines,
    "roof": _count_roof,
    "height": _count_height,
}


def _mean_iou(confusion: Tensor) -> tuple[str, float]:
    """Mean over the classes that are there or were predicted."""
    right, either = confusion.diag(), confusion.sum(0) + confusion.sum(1) - confusion.diag()
    return "segments_miou", float((right[either > 0] / either[either > 0]).mean())


def _roof_iou(confusion: Tensor) -> tuple[str, float]:
    right, wrong = float(confusion[1, 1]), float(confusion[0, 1] + confusion[1, 0])
    return "roof_iou", right / (right + wrong) if right + wrong > 0 else 1.0


def _line_f(confusion: Tensor) -> tuple[str, float]:
    """F over the pixels of all types: one of another type is wrong on both sides."""
    right = float(confusion.diag()[1:].sum())
    drawn, true = float(confusion[:, 1:].sum()), float(confusion[1:].sum())
    return "lines_f", 2 * right / (drawn + true) if drawn + true > 0 else 1.0


_RATIO = {"segments": _mean_iou, "roof": _roof_iou, "lines": _line_f}
