"""From raw confidence to the chance of being right: Platt's map, and how well it holds where it was not fitted.

Right is what it is for the calibration error: a segment that matches a true one, see
`roofgeo.evaluation.detections`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from roofgeo.errors import DataError
from roofgeo.evaluation.detections import Detections

FloatArray = NDArray[np.float64]

MARGIN: Final = 1e-3
"""Raw confidence is kept so far from 0 and 1, so that the map's result is neither."""

FEWEST: Final = 20
"""Segments that are right, and that are wrong, without which two numbers cannot be told."""

_ROUNDS: Final = 100
_CLOSE: Final = 1e-9


@dataclass(frozen=True)
class Calibration:
    """A map from raw confidence to the chance of being right; strictly rising, strictly between 0 and 1.

    Platt 1999, "Probabilistic outputs for support vector machines", on the log odds of the raw confidence, which makes
    it the scaling by a temperature, with an offset, of Guo et al. 2017. The default changes nothing.

    Attributes:
        slope: By which the log odds are multiplied, above 0.
        offset: What is added to them.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, raw: FloatArray) -> FloatArray:
        """(n,) chances of (n,) raw confidences."""
        return np.asarray(expit(self.slope * logit(np.clip(raw, MARGIN, 1 - MARGIN)) + self.offset))

    def undone(self, confidence: FloatArray) -> FloatArray:
        """(n,) raw confidences of (n,) chances."""
        return np.asarray(expit((logit(confidence) - self.offset) / self.slope))


def fit_calibration(sets: Sequence[Detections]) -> Calibration:
    """The likeliest map of data sets that count the same, whatever their sizes.

    As Platt has it, "right" is learned as (r + 1) / (r + 2) and "wrong" as 1 / (w + 2), of r and w such segments: that
    keeps the slope finite where the raw confidence parts them without error. Fitted by Newton's method.

    Args:
        sets: Segments of each data set, with their raw confidence.

    Raises:
        DataError: There are too few segments, or raw confidence does not rise with being right.
    """
    sets = [each for each in sets if len(each.confidence)]
    every = sum(sets, Detections())
    right = int(every.matched.sum())
    wrong = len(every.matched) - right
    if min(right, wrong) < FEWEST:
        raise DataError(
            f"{right} segments are right and {wrong} wrong: too few to calibrate with",
            f"Give more labelled pictures; {FEWEST} of each kind are the least.",
        )
    weight = np.concatenate([np.full(len(each.confidence), 1 / len(each.confidence)) for each in sets]) / len(sets)
    target = np.where(every.matched, (right + 1) / (right + 2), 1 / (wrong + 2))
    slope, offset = _newton(logit(np.clip(every.confidence, MARGIN, 1 - MARGIN)), target, weight)
    if not (math.isfinite(slope) and slope > 0):
        raise DataError(
            "segments the model is surer of are not right more often: its confidence cannot be calibrated",
            "Is this the data set the model was made for? `roofgeo evaluate --dataset` tells how it does.",
        )
    return Calibration(slope, offset)


def _newton(log_odds: FloatArray, target: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Slope and offset of the logistic regression of targets on (n,) log odds."""
    inputs = np.stack([log_odds, np.ones_like(log_odds)], 1)
    found = np.array([1.0, 0.0])
    for _ in range(_ROUNDS):
        chance = expit(inputs @ found)
        gradient = inputs.T @ (weight * (chance - target))
        curvature = (inputs.T * (weight * chance * (1 - chance))) @ inputs
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        found = found - step / max(1.0, float(np.abs(step).max()))  # of one at most: far off, the curvature misleads
        if np.abs(step).max() < _CLOSE:
            break
    return float(found[0]), float(found[1])


def held_out(sets: Sequence[Sequence[Detections]], folds: int) -> list[Detections]:
    """Segments of each data set with the confidence that a map gives them which was fitted on other pictures.

    Args:
        sets: Of each data set, the segments of each picture, with their raw confidence.
        folds: Picture n is left out of the fit in fold n mod `folds`.

    Raises:
        DataError: As `fit_calibration`, of a fold.
    """
    found = [Detections() for _ in sets]
    for fold in range(folds):
        fitted = fit_calibration([merged(_others(pictures, fold, folds)) for pictures in sets])
        for number, pictures in enumerate(sets):
            left_out = merged(pictures[fold::folds])
            found[number] += dataclasses.replace(left_out, confidence=fitted(left_out.confidence))
    return found


def _others(pictures: Sequence[Detections], fold: int, folds: int) -> list[Detections]:
    return [picture for number, picture in enumerate(pictures) if number % folds != fold]


def merged(pictures: Sequence[Detections]) -> Detections:
    """The segments of all pictures together."""
    return sum(pictures, Detections())
