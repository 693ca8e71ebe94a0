"""The roofgeo command."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from roofgeo import __version__
from roofgeo.errors import Interrupted, RoofgeoError

if TYPE_CHECKING:
    from roofgeo.pipeline import Progress

EXAMPLE = """
\b
Example:
  {}
"""

STAGE_TITLES = {"predict": "Finding roofs", "write": "Writing files", "train": "Training"}


class _Commands(click.Group):
    """Turns what roofgeo raises on purpose into one line, a hint and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            return super().invoke(ctx)
        except RoofgeoError as error:
            _fail(error)
        except KeyboardInterrupt:
            _fail(Interrupted("stopped; nothing half-written is left", "Run the same command again."))


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(error: RoofgeoError) -> NoReturn:
    context = click.get_current_context(silent=True)
    as_json = context is not None and context.find_root().meta.get("progress") == "json"
    if as_json:
        _say({"event": "error", "code": error.code, "message": error.message, "hint": error.hint})
    click.echo(f"Error: {error.message}", err=True)
    if error.hint:
        click.echo(f"Hint: {error.hint}", err=True)
    sys.exit(error.exit_code)


def _say(event: dict[str, Any]) -> None:
    """One JSON object a line on standard output."""
    click.echo(json.dumps(event))
    sys.stdout.flush()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="roofgeo")
def main() -> None:
    """Roof segments and roof lines from orthophotos."""


@main.command(epilog=EXAMPLE.format("roofgeo predict --aoi area.geojson --imagery ortho.tif --output roofs"))
@click.option("--aoi", type=click.Path(path_type=Path), help="Area of interest: polygons in any CRS. [the whole image]")
@click.option("--aoi-layer", help="Layer of the area's file, if it has several.")
@click.option("--imagery", type=click.Path(path_type=Path), help="GeoTIFF, VRT or folder of tiles. [roofgeo.toml]")
@click.option("--imagery-crs", help="CRS of the imagery where its files do not tell, such as EPSG:25832.")
@click.option("--model", help="Name of a model, or path of a model's folder. [the one that ships]")
@click.option("--output", type=click.Path(path_type=Path), default=Path("roofs"), show_default=True, help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--clip", is_flag=True, help="Cut buildings at the area instead of giving them whole.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Of a building.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads. [all]")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def predict(
    ctx: click.Context,
    aoi: Path | None,
    aoi_layer: str | None,
    imagery: Path | None,
    imagery_crs: str | None,
    model: str | None,
    output: Path,
    overwrite: bool,
    clip: bool,
    min_confidence: float,
    threads: int | None,
    progress: str,
    quiet: bool,
) -> None:
    """Find the roofs of an area: segments, lines and buildings as a GeoPackage, and rasters.

    Without --imagery it is taken from roofgeo.toml beside the area, in this folder or in the user's configuration
    folder, or from the ROOFGEO_IMAGERY variable. Without --aoi the whole imagery is predicted.
    """
    ctx.find_root().meta["progress"] = progress
    with _telling(progress, quiet) as tell:
        from roofgeo import pipeline

        result = pipeline.predict(
            aoi,
            imagery,
            **({} if model is None else {"model": model}),
            output=output,
            layer=aoi_layer,
            imagery_crs=imagery_crs,
            min_confidence=min_confidence,
            clip=clip,
            overwrite=overwrite,
            threads=threads,
            progress=tell,
        )
    if progress == "json":
        _say(
            {
                "event": "result",
                "paths": {name: str(path) for name, path in result.paths.items()},
                "counts": dict(result.counts),
                "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
                "notes": list(result.notes),
            }
        )
    elif not quiet:
        for note in result.notes:
            click.echo(f"Note: {note}", err=True)
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.counts.items())
        click.echo(f"{counts} in {sum(result.seconds.values()):.1f} s: {output / 'roofs.gpkg'}")


@main.command(epilog=EXAMPLE.format("roofgeo evaluate roofs samples/labels.gpkg --aoi samples/area.geojson"))
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


@main.command(epilog=EXAMPLE.format("roofgeo train ../shared/data --output runs/roofnet-lite0"))
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


@contextlib.contextmanager
def _telling(progress: str, quiet: bool) -> Iterator[Progress | None]:
    """What a run reports its steps to."""
    if progress == "json":
        yield _tell_json
    elif quiet:
        yield None
    else:
        with _bar() as tell:
            yield tell


def _tell_json(stage: str, done: int, total: int) -> None:
    _say({"event": "progress", "stage": stage, "done": done, "total": total})


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGE_TITLES.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done)

        yield tell


if __name__ == "__main__":
    main()
