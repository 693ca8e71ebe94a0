"""roofgeo predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roofgeo.cli.plan import show_plan
from roofgeo.cli.stopping import stopping_with_stdin
from roofgeo.cli.telling import EXAMPLE, say_result, tell_licence, telling
from roofgeo.schema import VECTOR_SUFFIXES

if TYPE_CHECKING:
    from roofgeo.pipeline import PredictResult

STDIN_HELP = "Stop, and leave nothing, when standard input ends: for programs that start this one and may die."


@click.command(epilog=EXAMPLE.format("roofgeo predict --aoi area.geojson --imagery ortho.tif --output roofs"))
@click.option("--aoi", type=click.Path(path_type=Path), help="Area of interest: polygons in any CRS. [the whole image]")
@click.option("--aoi-layer", "layer", help="Layer of the area's file, if it has several.")
@click.option("--imagery", type=click.Path(path_type=Path), help="GeoTIFF, VRT or folder of tiles. [roofgeo.toml]")
@click.option("--imagery-crs", help="CRS of the imagery where its files do not tell, such as EPSG:25832.")
@click.option("--model", help="Name of a model, or path of a model's folder. [see roofgeo models]")
@click.option("--dsm", type=click.Path(path_type=Path), help="Surface model in any CRS: slopes and heights from it.")
@click.option("--dtm", type=click.Path(path_type=Path), help="Terrain model: heights above it. [found around roofs]")
@click.option("--output", type=click.Path(path_type=Path), default=Path("roofs"), show_default=True, help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace the files of an earlier run.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(VECTOR_SUFFIXES)),
    multiple=True,
    help="Write the layers in this format too, a file each; may be given again. [GeoPackage only]",
)
@click.option("--clip", is_flag=True, help="Cut buildings at the area instead of giving them whole.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Of a building.")
@click.option("--tile-px", type=int, help="Side of the network's windows, a multiple of 32. [what the model says]")
@click.option("--overlap-px", type=int, help="Overlap of windows, half of one at most. [what the model says]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads. [all]")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, how long it takes and what it needs.")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--stop-with-stdin", is_flag=True, help=STDIN_HELP)
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    model: str | None,
    formats: tuple[str, ...],
    min_confidence: float,
    dry_run: bool,
    progress: str,
    quiet: bool,
    stop_with_stdin: bool,
    **request: Any,
) -> None:
    """Find the roofs of an area: segments, lines and buildings as a GeoPackage, and rasters.

    Without --imagery it is taken from roofgeo.toml beside the area, in this folder or in the user's configuration
    folder, or from the ROOFGEO_IMAGERY variable. Without --aoi the whole imagery is predicted.
    """
    ctx.find_root().meta["progress"] = progress
    if model is not None:
        request["model"] = model
    with stopping_with_stdin(stop_with_stdin):
        from roofgeo import pipeline

        if dry_run:
            show_plan(pipeline.forecast(**request), as_json=progress == "json", quiet=quiet)
            return
        if not quiet:
            tell_licence(model, as_json=progress == "json")
        with telling(progress, quiet) as tell:
            result = pipeline.predict(
                formats=formats,
                min_confidence=min_confidence,
                command=ctx.meta.get("command"),
                progress=tell,
                **request,
            )
    _show_result(result, as_json=progress == "json", quiet=quiet)


def _show_result(result: PredictResult, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        say_result(result)
    elif not quiet:
        for note in result.notes:
            click.echo(f"Note: {note}", err=True)
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.counts.items())
        click.echo(f"{counts} in {sum(result.seconds.values()):.1f} s: {result.paths['roofs.gpkg']}")
