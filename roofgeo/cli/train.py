"""roofgeo train."""

from __future__ import annotations

from pathlib import Path

import click

from roofgeo.cli.telling import EXAMPLE


@click.command(epilog=EXAMPLE.format("roofgeo train ../shared/data --output runs/roofnet-lite0"))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Folder of the model; a run resumes.")
@click.option("--steps", type=click.IntRange(1), default=1600, show_default=True, help="Optimiser steps.")
@click.option("--batch-size", type=click.IntRange(1), default=8, show_default=True, help="Windows a step.")
@click.option("--window-px", type=click.IntRange(64), default=384, show_default=True, help="A multiple of 32.")
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True, help="Processes that make windows.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network. [all]")
@click.option("--seed", type=int, default=0, show_default=True, help="Start of all chance.")
def train(
    data: Path, output: Path, steps: int, batch_size: int, window_px: int, workers: int, threads: int | None, seed: int
) -> None:
    """Train a model on the real roofs in DATA (roofgraph/ and banepa/) and on rendered ones.

    Needs the training install: pip install "roofgeo[train]".
    """
    from roofgeo import pipeline

    model = pipeline.train(data, output, steps, batch_size, window_px, workers, threads, seed)
    click.echo(f"Model written: {model.folder}")
