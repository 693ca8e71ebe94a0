"""calibrate: fit a model's confidence to how often its segments are right, and write it into the model's card."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roofgeo.errors import InputError
from roofgeo.evaluation.calibration import Calibration, fit_calibration, held_out, merged
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.writing import ReportFolder
from roofgeo.grid import LATTICE_PX
from roofgeo.models.checkpoint import ModelCard, open_model, write_card
from roofgeo.pipeline.evaluation import STAGE, chosen_pictures, measured_pictures
from roofgeo.pipeline.progress import Clock, Progress
from roofgeo.plan import SMALLEST_TILE_PX

if TYPE_CHECKING:
    from roofgeo.data.dataset import Picture, RoofDataset

FOLDS = 5
DIAGRAM = "reliability"
MARGIN_PX = 2 * LATTICE_PX
"""Around a small picture, which takes a small window: the network sees where it ends."""


@dataclass(frozen=True)
class CalibratedSet:
    """What was measured on one data set, always with maps fitted on other pictures.

    Attributes:
        segments: Segments that were measured.
        right: How many of them match a true one.
        ece_raw: Expected calibration error of the raw confidence.
        ece: The same of the calibrated one.
    """

    segments: int
    right: int
    ece_raw: float
    ece: float


@dataclass(frozen=True)
class CalibrateResult:
    """A calibration that was written.

    Attributes:
        calibration: The map.
        sets: What was measured, by data set.
        left_out: Why pictures were not measured, by name.
        card: The file it was written into.
        diagram: Reliability diagram beside it.
    """

    calibration: Calibration
    sets: Mapping[str, CalibratedSet]
    left_out: Mapping[str, str]
    card: Path
    diagram: Path

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        told = dataclasses.asdict(self)
        return {**told, "card": str(self.card), "diagram": str(self.diagram)}


def calibrate(
    model: str | Path,
    datasets: Sequence[str | Path] = (),
    *,
    layout: str | None = None,
    split: str | None = None,
    rendered: int = 0,
    limit: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CalibrateResult:
    """Make the confidence a model gives segments the chance that they are right.

    Each picture is predicted and measured as in `roofgeo evaluate --dataset`. Needs the training install.

    Args:
        model: Path of a model's folder, or name of a shipped model; its card is written anew.
        datasets: Labelled data sets the model was not trained on; each counts the same.
        layout: Name of their layout; None to tell it from what lies there.
        split: One of their splits, such as ``val``; None for all of them.
        rendered: Take so many scenes of `roofgeo.synthesis` for another data set.
        limit: Take so many pictures of each, evenly spread; None for all.
        threads: CPU threads of the network; None for all cores.
        progress: Told of each step.

    Raises:
        InputError: There are no data, there is no such split, or the model's folder cannot be written.
        DataError: A data set cannot be read, or does not suffice.
        ModelError: The model cannot be used.
    """
    if not datasets and rendered < 1:
        raise InputError("there is nothing to calibrate with", "Give --dataset PATH, or --rendered 30, or both.")
    opened = open_model(model)
    folder = ReportFolder(opened.folder)
    sources = _opened(datasets, layout, split, rendered, opened.card.pixel_size_m)
    chosen = {name: chosen_pictures(len(source.pictures), limit) for name, source in sources.items()}
    clock, left_out = Clock(progress), dict[str, str]()
    clock.stage(STAGE, sum(len(numbers) for numbers in chosen.values()))
    raw = [_raw(sources[name], chosen[name], opened.card, model, left_out, clock, threads) for name in sources]
    fitted, found = fit_calibration([merged(pictures) for pictures in raw]), held_out(raw, FOLDS)
    sets = {name: _figures(merged(raw[i]), found[i]) for i, name in enumerate(sources)}
    _write(opened.card, folder, fitted, sets, found)
    return CalibrateResult(fitted, sets, left_out, opened.folder / "card.json", folder.written[-1])


def _opened(
    datasets: Sequence[str | Path], layout: str | None, split: str | None, rendered: int, pixel_size_m: float
) -> dict[str, RoofDataset]:
    try:
        from roofgeo.data.layouts import open_dataset
        from roofgeo.pipeline.rendering import RenderedPictures
    except ModuleNotFoundError as error:
        raise InputError(
            f"calibrating needs the training install: {error.name} is missing", 'pip install "roofgeo[train]"'
        ) from error
    sources: dict[str, RoofDataset] = {}
    for path in datasets:
        name = Path(path).resolve().name + (f" {split}" if split else "")
        sources[name] = open_dataset(path, layout, split=split)
    if rendered > 0:
        sources["rendered scenes"] = RenderedPictures(rendered, pixel_size_m)
    return sources


def _raw(
    dataset: RoofDataset,
    numbers: Sequence[int],
    card: ModelCard,
    model: str | Path,
    left_out: dict[str, str],
    clock: Clock,
    threads: int | None,
) -> list[Detections]:
    """Segments of each picture with their raw confidence. The map is strictly rising, so its result tells the raw one.

    Raises:
        InputError: The data set does not label segments.
    """
    if "segments" not in dataset.heads:
        raise InputError(
            f"{type(dataset).__name__} labels no roof segments", "Give data whose labels are planes or azimuths."
        )
    now = Calibration(*card.platt)
    measured = measured_pictures(
        dataset, numbers, model, left_out, clock, threads, lambda picture: window_px(picture, card)
    )
    found = [each.figures.detections for each in measured]
    return [dataclasses.replace(each, confidence=now.undone(each.confidence)) for each in found]


def window_px(picture: Picture, card: ModelCard) -> int:
    """The model's window, or a smaller one where the whole picture fits into it."""
    side_px = max(picture.height, picture.width) * picture.pixel_size_m / card.pixel_size_m + MARGIN_PX
    return min(card.tile_px, max(SMALLEST_TILE_PX, math.ceil(side_px / LATTICE_PX - 1e-6) * LATTICE_PX))


def _figures(raw: Detections, found: Detections) -> CalibratedSet:
    before, after = (each.reliability().expected_calibration_error for each in (raw, found))
    return CalibratedSet(len(raw.matched), int(raw.matched.sum()), before or 0.0, after or 0.0)


def _write(
    card: ModelCard,
    folder: ReportFolder,
    fitted: Calibration,
    sets: Mapping[str, CalibratedSet],
    found: Sequence[Detections],
) -> None:
    from roofgeo.evaluation.drawing import draw_reliability

    measured = {name: dataclasses.asdict(each) for name, each in sets.items()}
    told = {**dataclasses.asdict(fitted), "folds": FOLDS, "sets": measured}
    folder.write_picture(DIAGRAM, draw_reliability(merged(found).reliability()))
    write_card(dataclasses.replace(card, calibration=told), folder.path)
