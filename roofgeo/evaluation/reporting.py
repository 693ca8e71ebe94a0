"""A report: the figures as JSON and as a table, and what they rest on as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from roofgeo.evaluation.classes import AZIMUTH_COUNTS
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.report import Figures, metrics_table
from roofgeo.evaluation.writing import WORST, ReportFolder
from roofgeo.schema import SEGMENT_CLASSES

if TYPE_CHECKING:
    from PIL.Image import Image

CLASS_NAMES = tuple(c.name for c in SEGMENT_CLASSES)


def write_report(
    folder: ReportFolder, name: str, figures: Figures, about: Mapping[str, Any], worst: Iterable[Image] = ()
) -> None:
    """Write all of a report.

    Args:
        folder: Where it goes.
        name: Of what was measured on.
        figures: What was measured.
        about: What the report says of itself: model, data set, what was left out. Ready for JSON.
        worst: Pictures of the places that came out worst, worst first.

    Raises:
        OutputError: The folder cannot be written.
    """
    from roofgeo.evaluation.drawing import draw_confusion, draw_reliability  # slow to import

    folder.clear_pictures()
    folder.write_figures(report_dict(name, figures, about), _markdown(name, figures, about))
    if figures.classes.confusion.any():
        folder.write_picture("confusion", draw_confusion(figures.classes.confusion, CLASS_NAMES))
    if len(figures.detections.confidence):
        folder.write_picture("reliability", draw_reliability(figures.detections.reliability()))
    for number, picture in enumerate(worst, start=1):
        folder.write_picture(f"{WORST}/worst_{number:02d}", picture)


def report_dict(name: str, figures: Figures, about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything a report tells, ready for JSON: `about`, the figures, and the tables its pictures are drawn from."""
    classes = figures.classes
    told = {f"miou_{2 + azimuths}": azimuths for azimuths in AZIMUTH_COUNTS if classes.mean_iou(azimuths) is not None}
    by_variant = {key: [_number(iou) for iou in classes.class_iou(azimuths)] for key, azimuths in told.items()}
    return {
        "measured_on": name,
        **about,
        "figures": figures.as_dict(),
        "class_iou": by_variant,
        "classes": list(CLASS_NAMES),
        "confusion": classes.confusion.tolist() if classes.confusion.any() else None,
        "reliability": _reliability(figures.detections),
    }


def _reliability(detections: Detections) -> list[dict[str, float | int | None]] | None:
    if not len(detections.confidence):
        return None
    bins = detections.reliability()
    return [
        {"count": int(count), "mean_confidence": _number(confidence), "matched_share": _number(share)}
        for count, confidence, share in zip(bins.count, bins.mean_confidence, bins.matched_share, strict=True)
    ]


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if np.isnan(value) else float(value)


def _markdown(name: str, figures: Figures, about: Mapping[str, Any]) -> str:
    told = [f"- {key}: {value}" for key, value in about.items() if not isinstance(value, dict | list)]
    left_out = [f"- left out: {key}: {reason}" for key, reason in about.get("left_out", {}).items()]
    return "\n".join([f"# {name}", "", *told, *left_out, "", metrics_table({name: figures})])
