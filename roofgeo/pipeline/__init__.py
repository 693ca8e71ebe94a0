"""predict, forecast, export, train, calibrate, evaluate: the only place where rooms meet."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roofgeo.pipeline.calibration import CalibrateResult, calibrate
    from roofgeo.pipeline.evaluation import (
        DatasetFigures,
        evaluate,
        evaluate_dataset,
        figures_table,
        metrics_table,
    )
    from roofgeo.pipeline.exporting import ExportResult, export
    from roofgeo.pipeline.forecasting import Forecast, forecast
    from roofgeo.pipeline.installation import Installation, installed
    from roofgeo.pipeline.prediction import PredictResult, predict
    from roofgeo.pipeline.progress import Progress
    from roofgeo.pipeline.recipe import DataSource
    from roofgeo.pipeline.training import find_batch, train

_MODULES = {
    "CalibrateResult": "calibration",
    "DatasetFigures": "evaluation",
    "ExportResult": "exporting",
    "Forecast": "forecasting",
    "Installation": "installation",
    "PredictResult": "prediction",
    "Progress": "progress",
    "calibrate": "calibration",
    "evaluate": "evaluation",
    "evaluate_dataset": "evaluation",
    "export": "exporting",
    "figures_table": "evaluation",
    "forecast": "forecasting",
    "installed": "installation",
    "metrics_table": "evaluation",
    "predict": "prediction",
    "train": "training",
    "find_batch": "training",
    "DataSource": "recipe",
}

__all__ = [
    "CalibrateResult",
    "DataSource",
    "DatasetFigures",
    "ExportResult",
    "Forecast",
    "Installation",
    "PredictResult",
    "Progress",
    "calibrate",
    "evaluate",
    "evaluate_dataset",
    "export",
    "figures_table",
    "find_batch",
    "forecast",
    "installed",
    "metrics_table",
    "predict",
    "train",
]


def __getattr__(name: str) -> Any:
    """Load the part that has the name, and only that: `roofgeo info` needs none of the vector stage."""
    if name in _MODULES:
        return getattr(import_module(f"roofgeo.pipeline.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
