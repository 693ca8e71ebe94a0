"""evaluate: layers against layers."""

from __future__ import annotations

from pathlib import Path

from roofgeo.data.aoi import read_area
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.report import Figures, figures_table
from roofgeo.schema import GEOPACKAGE
from roofgeo.vector.export import read_layers

__all__ = ["evaluate", "figures_table"]


def evaluate(
    predicted: str | Path,
    truth: str | Path,
    area: str | Path | None = None,
    *,
    ignore_unlabelled: bool = False,
) -> Figures:
    """Measure predicted layers against true ones.

    Args:
        predicted: GeoPackage with the layers of `predict`, or the folder it lies in.
        truth: GeoPackage with any of the same layers, or another vector file with building outlines.
        area: File with the area to measure in; None for all of it.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof.
    """
    path = Path(predicted)
    layers = read_layers(path / GEOPACKAGE if path.is_dir() else path)
    crs = next(iter(layers.values())).crs
    geometry = None if area is None else read_area(area).to_crs(crs).geometry
    return evaluate_layers(layers, read_layers(Path(truth)), geometry, ignore_unlabelled=ignore_unlabelled)
