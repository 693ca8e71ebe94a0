"""predict, forecast, train, evaluate: the only place where rooms meet."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roofgeo.pipeline.evaluation import evaluate, figures_table
    from roofgeo.pipeline.forecasting import Forecast, forecast
    from roofgeo.pipeline.installation import Installation, installed
    from roofgeo.pipeline.prediction import PredictResult, predict
    from roofgeo.pipeline.progress import Progress
    from roofgeo.pipeline.training import train

_MODULES = {
    "Forecast": "forecasting",
    "Installation": "installation",
    "PredictResult": "prediction",
    "Progress": "progress",
    "evaluate": "evaluation",
    "figures_table": "evaluation",
    "forecast": "forecasting",
    "installed": "installation",
    "predict": "prediction",
    "train": "training",
}

__all__ = [
    "Forecast",
    "Installation",
    "PredictResult",
    "Progress",
    "evaluate",
    "figures_table",
    "forecast",
    "installed",
    "predict",
    "train",
]


def __getattr__(name: str) -> Any:
    """Load the part that has the name, and only that: `roofgeo info` needs none of the vector stage."""
    if name in _MODULES:
        return getattr(import_module(f"roofgeo.pipeline.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
