"""roofgeo export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from roofgeo.cli.telling import EXAMPLE, say_result, telling
from roofgeo.schema import EXPORT_SUFFIXES, LAYERS

if TYPE_CHECKING:
    from roofgeo.pipeline import ExportResult


@click.command(epilog=EXAMPLE.format("roofgeo export roofs parquet --format geoparquet"))
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(EXPORT_SUFFIXES)),
    help="Format of the files in the folder DEST. [what the suffix of the file DEST says]",
)
@click.option(
    "--layer",
    "layers",
    type=click.Choice([layer.name for layer in LAYERS]),
    multiple=True,
    help="Write this layer; may be given again. [all]",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there; others in the folder stay.")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def export(
    ctx: click.Context,
    /,
    source: Path,
    destination: Path,
    file_format: str | None,
    layers: tuple[str, ...],
    overwrite: bool,
    progress: str,
    quiet: bool,
) -> None:
    """Write the layers of a run in another format.

    SRC is a roofs.gpkg, the folder of a run, or a folder of the layers in any of the formats. DEST is a GeoPackage, a
    file of one layer, or a folder. Fields, NULLs, CRS and provenance stay as they are; a GeoPackage has its styles.
    """
    ctx.find_root().meta["progress"] = progress
    from roofgeo import pipeline

    with telling(progress, quiet) as tell:
        result = pipeline.export(
            source, destination, file_format=file_format, layers=layers, overwrite=overwrite, progress=tell
        )
    _show_result(result, as_json=progress == "json", quiet=quiet)


def _show_result(result: ExportResult, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        say_result(result)
    elif not quiet:
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.counts.items())
        click.echo(f"{counts}: {', '.join(str(path) for path in result.paths.values())}")
        for note in result.notes:
            click.echo(f"Note: {note}", err=True)
