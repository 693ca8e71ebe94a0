"""predict, forecast, export, train, calibrate, evaluate, and the models: the only place where rooms meet."""

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
    from roofgeo.pipeline.library import KnownModel, add_model, list_models, remove_model, show_model, verify_models
    from roofgeo.pipeline.licensing import licence_notice
    from roofgeo.pipeline.prediction import PredictResult, predict
    from roofgeo.pipeline.progress import Progress
    from roofgeo.pipeline.recipe import DataSource
    from roofgeo.pipeline.training import find_batch, starting_model, train

_MODULES = {
    "CalibrateResult": "calibration",
    "DatasetFigures": "evaluation",
    "ExportResult": "exporting",
    "Forecast": "forecasting",
    "Installation": "installation",
    "KnownModel": "library",
    "PredictResult": "prediction",
    "Progress": "progress",
    "add_model": "library",
    "calibrate": "calibration",
    "evaluate": "evaluation",
    "evaluate_dataset": "evaluation",
    "export": "exporting",
    "figures_table": "evaluation",
    "forecast": "forecasting",
    "installed": "installation",
    "licence_notice": "licensing",
    "list_models": "library",
    "metrics_table": "evaluation",
    "predict": "prediction",
    "remove_model": "library",
    "show_model": "library",
    "starting_model": "training",
    "train": "training",
    "verify_models": "library",
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
    "KnownModel",
    "PredictResult",
    "Progress",
    "add_model",
    "calibrate",
    "evaluate",
    "evaluate_dataset",
    "export",
    "figures_table",
    "find_batch",
    "forecast",
    "installed",
    "licence_notice",
    "list_models",
    "metrics_table",
    "predict",
    "remove_model",
    "show_model",
    "starting_model",
    "train",
    "verify_models",
]


def __getattr__(name: str) -> Any:
    """Load the part that has the name, and only that: `roofgeo info` needs none of the vector stage."""
    if name in _MODULES:
        return getattr(import_module(f"roofgeo.pipeline.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
