"""roofgeo evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import click

from roofgeo.cli.telling import EXAMPLE


@click.command(epilog=EXAMPLE.format("roofgeo evaluate roofs samples/labels.gpkg --aoi samples/area.geojson"))
@click.argument("predicted", type=click.Path(path_type=Path))
@click.argument("truth", type=click.Path(path_type=Path))
@click.option("--aoi", type=click.Path(path_type=Path), help="Measure within these polygons. [everywhere]")
@click.option("--ignore-unlabelled", is_flag=True, help="Leave out predicted buildings that touch no true roof.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(predicted: Path, truth: Path, aoi: Path | None, ignore_unlabelled: bool, as_json: bool) -> None:
    """Measure PREDICTED layers (a roofs.gpkg or its folder) against TRUTH (the same layers, or building outlines)."""
    from roofgeo import pipeline

    figures = pipeline.evaluate(predicted, truth, aoi, ignore_unlabelled=ignore_unlabelled)
    click.echo(json.dumps(figures.as_dict()) if as_json else pipeline.figures_table({predicted.name: figures}))
