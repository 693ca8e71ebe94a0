"""roofgeo: roof segments and roof lines from orthophotos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from roofgeo.pipeline import ExportResult, PredictResult, evaluate, export, predict, train

__all__ = ["ExportResult", "PredictResult", "evaluate", "export", "predict", "train"]


def __getattr__(name: str) -> Any:
    """Load the pipeline, and with it the geo libraries, only when it is first used."""
    if name in __all__:
        from roofgeo import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
