"""roofgeo calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from roofgeo.cli.telling import EXAMPLE, say, telling

if TYPE_CHECKING:
    from roofgeo.pipeline import CalibrateResult


@click.command(epilog=EXAMPLE.format("roofgeo calibrate models/mine --dataset prepared/mine --split val --rendered 30"))
@click.argument("model")
@click.option(
    "--dataset",
    "datasets",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Labelled data set to calibrate on; may be given again, each counts the same.",
)
@click.option("--layout", help="Layout of the data sets, such as rid or airs. [told from their files]")
@click.option("--split", help="Split of the data sets, such as val. [all pictures]")
@click.option("--rendered", type=click.IntRange(0), default=0, show_default=True, help="Take so many rendered scenes.")
@click.option("--limit", type=click.IntRange(1), help="Take so many pictures of each, evenly spread. [all]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the network. [all]")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def calibrate(
    ctx: click.Context,
    model: str,
    datasets: tuple[Path, ...],
    layout: str | None,
    split: str | None,
    rendered: int,
    limit: int | None,
    threads: int | None,
    progress: str,
    quiet: bool,
) -> None:
    """Make the confidence of MODEL's segments the chance that they are right, and write that into its card.

    MODEL is a model's folder or its name; run this after roofgeo train, on labelled data the model was not trained on.
    A reliability diagram is written beside the card. Needs pip install "roofgeo[train]".
    """
    ctx.find_root().meta["progress"] = progress
    from roofgeo import pipeline

    with telling(progress, quiet) as tell:
        done = pipeline.calibrate(
            model,
            datasets,
            layout=layout,
            split=split,
            rendered=rendered,
            limit=limit,
            threads=threads,
            progress=tell,
        )
    if progress == "json":
        say({"event": "result", **done.as_dict()})
    else:
        _show(done)


def _show(done: CalibrateResult) -> None:
    for name, reason in done.left_out.items():
        click.echo(f"Note: {name} is left out: {reason}", err=True)
    for name, each in done.sets.items():
        click.echo(
            f"{name}: {each.right} of {each.segments} segments are right; calibration error {each.ece_raw:.3f} before, "
            f"{each.ece:.3f} after, on pictures it was not fitted to"
        )
    click.echo(f"slope {done.calibration.slope:.3f}, offset {done.calibration.offset:.3f}: {done.card}")
