"""What tells best whether a segment is right, and how far the confidence of a model's segments can be trusted.

`python -m tests.benchmarks.confidence PATH --split val` measures a model on a labelled data set, `--rendered 30` on
rendered scenes: of each raw score, how well it ranks segments (AUC: the chance that a right one is above a wrong one),
its calibration error as it is, and that of a map fitted to it on other pictures; and the calibration error of the
confidence the model tells. Nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from roofgeo.data.dataset import RoofDataset
from roofgeo.data.layouts import open_dataset
from roofgeo.errors import DataError
from roofgeo.evaluation.calibration import Calibration, held_out, merged
from roofgeo.evaluation.detections import Detections
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.pipeline.calibration import FOLDS, window_px
from roofgeo.pipeline.evaluation import chosen_pictures, measured_pictures
from roofgeo.pipeline.progress import Clock
from roofgeo.pipeline.rendering import RenderedPictures
from roofgeo.vector import attributes
from roofgeo.vector.cluster import Faces, Lines
from roofgeo.vector.confidence import class_probability, outline_probability, raw_confidence

Floats = NDArray[np.float64]
Scores = dict[str, Floats]


def scores_of(faces: Faces, lines: Lines, code: NDArray[np.int64]) -> Scores:
    """(faces,) each raw score that was thought of."""
    by_class = class_probability(faces)
    by_outline = np.nan_to_num(outline_probability(len(by_class), lines, code))
    area_m2 = shapely.area(faces.polygons)
    return {
        "class probability": by_class,
        "class and roof": by_class * faces.roof,
        "outline": by_outline,
        "class and outline": np.sqrt(by_class * by_outline),
        "class, outline and size": raw_confidence(faces, lines, code),
        "class and size": by_class * area_m2 / (area_m2 + 2),
    }


def measured(dataset: RoofDataset, model: str, limit: int | None) -> tuple[list[Detections], list[Scores]]:
    """Segments of each picture with the raw confidence, and all scores of the same segments."""
    card = open_model(model).card
    now, kept = Calibration(*card.platt), dict[str, Floats]()

    def remembered(faces: Faces, lines: Lines, code: NDArray[np.int64]) -> Floats:
        kept.update(scores_of(faces, lines, code))
        return raw_confidence(faces, lines, code)

    pictures, scores = [], []
    vars(attributes)["raw_confidence"] = remembered
    try:
        numbers = chosen_pictures(len(dataset.pictures), limit)
        each = measured_pictures(
            dataset, numbers, model, {}, Clock(None), None, lambda picture: window_px(picture, card)
        )
        for found in each:
            segments = found.figures.detections
            segments = replace(segments, confidence=now.undone(segments.confidence))
            raw = np.clip(kept["class, outline and size"], 1e-3, 1 - 1e-3)
            same = np.abs(raw[:, None] - segments.confidence).argmin(0) if len(raw) else np.zeros(0, int)
            pictures.append(segments)
            scores.append({name: values[same] for name, values in kept.items()})
    finally:
        vars(attributes)["raw_confidence"] = raw_confidence
    return pictures, scores


def tell(name: str, pictures: list[Detections], scores: list[Scores], calibrated: Callable[[Floats], Floats]) -> None:
    """Print what was measured on a data set."""
    every = merged(pictures)
    print(f"{name}: {every.matched.sum()} of {len(every.matched)} segments are right")
    for score in scores[0]:
        of = [replace(p, confidence=np.clip(s[score], 0, 1)) for p, s in zip(pictures, scores, strict=True)]
        whole = merged(of)
        right, wrong = whole.confidence[whole.matched], whole.confidence[~whole.matched]
        auc = mannwhitneyu(right, wrong).statistic / (len(right) * len(wrong))
        try:
            (mapped,) = held_out([of], FOLDS)
            after = f"{_error(mapped):.3f} with a map of its own, fitted on other pictures"
        except DataError as error:
            after = error.message
        print(f"  {score:24s} AUC {auc:.3f}, calibration error {_error(whole):.3f}, {after}")
    told = replace(every, confidence=calibrated(every.confidence))
    print(f"  the confidence that is told: calibration error {_error(told):.3f}", flush=True)


def _error(found: Detections) -> float:
    return found.reliability().expected_calibration_error or 0.0


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, nargs="?", help="labelled data set")
    parser.add_argument("--split")
    parser.add_argument("--rendered", type=int, default=0, help="so many rendered scenes")
    parser.add_argument("--limit", type=int, help="pictures of the data set [all]")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    arguments = parser.parse_args()
    card = open_model(arguments.model).card
    sets: dict[str, RoofDataset] = {}
    if arguments.path is not None:
        sets[arguments.path.name] = open_dataset(arguments.path, split=arguments.split)
    if arguments.rendered:
        sets["rendered scenes"] = RenderedPictures(arguments.rendered, card.pixel_size_m)
    for name, dataset in sets.items():
        tell(name, *measured(dataset, arguments.model, arguments.limit), Calibration(*card.platt))


if __name__ == "__main__":
    main()
