"""roofgeo evaluate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from roofgeo.cli.telling import EXAMPLE, tell_licence, telling
from roofgeo.errors import InputError

EXAMPLES = (
    EXAMPLE.format("roofgeo evaluate roofs samples/labels.gpkg --aoi samples/area.geojson").rstrip()
    + "\n  roofgeo evaluate --dataset RID --split test --report figures\n"
)


@click.command(epilog=EXAMPLES)
@click.argument("predicted", type=click.Path(path_type=Path), required=False)
@click.argument("truth", type=click.Path(path_type=Path), required=False)
@click.option("--aoi", type=click.Path(path_type=Path), help="Measure within these polygons. [everywhere]")
@click.option("--ignore-unlabelled", is_flag=True, help="Leave out predicted buildings that touch no true roof.")
@click.option(
    "--imagery", type=click.Path(path_type=Path), help="Orthophoto to draw the report's buildings on. [paper]"
)
@click.option("--dataset", type=click.Path(path_type=Path), help="Labelled data set to measure a model on.")
@click.option("--layout", help="Layout of the data set, such as rid or airs. [told from its files]")
@click.option("--split", help="Split of the data set, such as test. [all pictures]")
@click.option("--model", help="Name of a model, or path of a model's folder. [see roofgeo models]")
@click.option("--limit", type=click.IntRange(1), help="Measure so many pictures, evenly spread. [all]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network. [all]")
@click.option("--report", type=click.Path(path_type=Path), help="Folder for figures.json, figures.md and pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def evaluate(
    predicted: Path | None,
    truth: Path | None,
    aoi: Path | None,
    ignore_unlabelled: bool,
    imagery: Path | None,
    dataset: Path | None,
    layout: str | None,
    split: str | None,
    model: str | None,
    limit: int | None,
    threads: int | None,
    report: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure PREDICTED layers (a roofs.gpkg or its folder) against TRUTH (the same layers, or building outlines).

    Or measure a model on a labelled --dataset: each picture is predicted as roofgeo predict does, and compared with its
    labels. Only what the data set labels is measured; that needs pip install "roofgeo[train]". What each figure means
    is told in docs/metrics.md. Files of an earlier report are replaced.
    """
    layers = {"PREDICTED": predicted, "TRUTH": truth}
    of_layers = {"aoi": aoi, "imagery": imagery}
    of_dataset = {"layout": layout, "split": split, "model": model, "limit": limit, "threads": threads}
    if dataset is None:
        _refuse(of_dataset, "needs --dataset", "Add --dataset PATH, or leave it out.")
        if predicted is None or truth is None:
            raise InputError("nothing to measure", "Give PREDICTED and TRUTH, or --dataset PATH.")
        _measure_layers(predicted, truth, aoi, ignore_unlabelled, imagery, report, as_json, quiet)
    else:
        _refuse({**layers, **of_layers}, "goes with layers", "Leave it out, or leave out --dataset.")
        options = {k: v for k, v in of_dataset.items() if v is not None}
        _measure_model(dataset, options | {"ignore_unlabelled": ignore_unlabelled}, report, as_json, quiet)
    if report is not None and not as_json:
        click.echo(f"Report written: {report}", err=True)


def _refuse(options: Mapping[str, object], why: str, hint: str) -> None:
    """An option that would be without effect is a mistake."""
    for name, value in options.items():
        if value not in (None, False):
            told = name if name.isupper() else f"--{name.replace('_', '-')}"
            raise InputError(f"{told} {why}", hint)


def _measure_layers(
    predicted: Path,
    truth: Path,
    aoi: Path | None,
    ignore_unlabelled: bool,
    imagery: Path | None,
    report: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    from roofgeo import pipeline

    if imagery is not None and report is None:
        raise InputError("--imagery needs --report", "It is what the buildings of the report are drawn on.")
    with telling("bar", quiet) as tell:
        figures = pipeline.evaluate(
            predicted, truth, aoi, ignore_unlabelled=ignore_unlabelled, report=report, imagery=imagery, progress=tell
        )
    click.echo(json.dumps(figures.as_dict()) if as_json else pipeline.figures_table({predicted.name: figures}))


def _measure_model(dataset: Path, options: Mapping[str, Any], report: Path | None, as_json: bool, quiet: bool) -> None:
    from roofgeo import pipeline

    if not quiet:
        tell_licence(options.get("model"), as_json=False)
    with telling("bar", quiet) as tell:
        found = pipeline.evaluate_dataset(dataset, report=report, progress=tell, **options)
    for name, reason in found.left_out.items():
        click.echo(f"Note: {name} is left out: {reason}", err=True)
    figures = found.figures
    click.echo(json.dumps(figures.as_dict()) if as_json else pipeline.metrics_table({found.name: figures}))
    click.echo(f"{found.pictures} pictures measured", err=True)
