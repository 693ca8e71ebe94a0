"""roofgeo data: prepare, compose, split and check labelled data sets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roofgeo.cli.telling import EXAMPLE, say, telling
from roofgeo.schema import LICENCES

if TYPE_CHECKING:
    from roofgeo.pipeline.datasets import SplitResult

LAYOUTS = ("rid", "airs", "roofgraph", "roofline", "vector", "prepared")
SPLITS = ("train", "val", "test")

UNREADABLE = 3
"""Exit code where there is something to put right: as for data that cannot be read."""

Command = Callable[..., Any]


@click.group()
def data() -> None:
    """Prepare, compose, split and check labelled data sets.

    Needs the training install: pip install "roofgeo[train]".
    """


def _of_layout(command: Command) -> Command:
    """Options that say how a data set is arranged."""
    for option in (
        click.option("--pixel-size-m", type=click.FloatRange(0, min_open=True), help="Where the files do not tell."),
        click.option("--labels", type=click.Path(path_type=Path), help="Labels of one's own imagery, as a GeoPackage."),
        click.option("--layout", type=click.Choice(LAYOUTS), help="How SRC is arranged. [told from what lies there]"),
    ):
        command = option(command)
    return command


def _given(labels: Path | None, pixel_size_m: float | None) -> dict[str, Any]:
    options = {"labels": labels, "pixel_size_m": pixel_size_m}
    return {name: value for name, value in options.items() if value is not None}


@data.command(epilog=EXAMPLE.format("roofgeo data prepare rid --tile-px 512 --stride-px 384 --out prepared/rid"))
@click.argument("src", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write; a run resumes.")
@click.option("--tile-px", type=click.IntRange(32), default=512, show_default=True, help="Side of a window.")
@click.option("--stride-px", type=click.IntRange(1), default=384, show_default=True, help="From window to window.")
@_of_layout
@click.option("--overwrite", is_flag=True, help="Replace a prepared data set in the folder.")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.pass_context
def prepare(
    ctx: click.Context,
    src: Path,
    out: Path,
    tile_px: int,
    stride_px: int,
    layout: str | None,
    labels: Path | None,
    pixel_size_m: float | None,
    overwrite: bool,
    progress: str,
) -> None:
    """Scan the data set SRC once: tiled GeoTIFF, and an index of its windows as GeoParquet.

    SRC is RID, AIRS, RoofGraph or Roofline as published, or an orthophoto with --labels. Images that are tiled GeoTIFF
    already stay where they are. Training reads the windows one by one; no raster is ever held in memory.
    """
    ctx.find_root().meta["progress"] = progress
    from roofgeo.pipeline import datasets

    with telling(progress, False) as tell:
        said = datasets.prepare_dataset(
            src, out, tile_px, stride_px, layout, overwrite=overwrite, progress=tell, **_given(labels, pixel_size_m)
        )
    if progress == "json":
        say({"event": "result", "folder": str(out), **said})
        return
    for reason in said["skipped"]:
        click.echo(f"Skipped: {reason}", err=True)
    click.echo(f"{said['windows']} windows, {said['roof_windows']} of them with roofs: {out / 'windows.parquet'}")


@data.command(
    epilog=EXAMPLE.format("roofgeo data compose recipes/mix.toml --data-root data --licence CC-BY-4.0 --out data/mix")
)
@click.argument("mix", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write; a run resumes.")
@click.option("--scenes", type=click.IntRange(1), default=1000, show_default=True, help="How many to make.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Start of all chance.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that make scenes.")
@click.option("--data-root", type=click.Path(path_type=Path), help="Where paths in MIX count from. [MIX's folder]")
@click.option("--licence", type=click.Choice(LICENCES), help="Leave out what it does not allow. [MIX's, for all of it]")
@click.option("--overwrite", is_flag=True, help="Replace a prepared data set in the folder.")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", show_default=True, help="How to tell.")
@click.pass_context
def compose(
    ctx: click.Context,
    mix: Path,
    out: Path,
    scenes: int,
    seed: int,
    jobs: int,
    data_root: Path | None,
    licence: str | None,
    overwrite: bool,
    progress: str,
) -> None:
    """Make the scenes that the TOML file MIX describes, and write them as a prepared data set to train on.

    Rendered scenes, and real roofs on rendered ground; half of them lit from the north, half from the south. The same
    seed gives the same files whatever the number of jobs. A run that was interrupted goes on when it is started again.
    """
    ctx.find_root().meta["progress"] = progress
    from roofgeo.pipeline import composing

    opened = composing.open_mix(mix, scenes, seed, data_root, licence)
    need = composing.need_of(opened, out)
    if progress == "json":
        say({"event": "need", **need.as_dict()})
    else:
        click.echo(f"{need.scenes} scenes take about {need.disk_mb:,.0f} MB; {need.free_mb:,.0f} MB are free", err=True)
    with telling(progress, False) as tell:
        said = composing.compose(opened, out, jobs, overwrite=overwrite, progress=tell)
    if progress == "json":
        say({"event": "result", "folder": str(out), **said})
        return
    click.echo(f"{said['pictures']} scenes under {said['licence']}, {said['windows']} windows: {out}")


def _shares(ctx: click.Context, param: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(part) for part in value.split(","))
    except ValueError:
        shares = ()
    if len(shares) != len(SPLITS):
        raise click.BadParameter(f"{value!r} is not three shares, such as 0.8,0.1,0.1")
    return shares


def _lists(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, Path]:
    pairs = [part.partition("=") for part in value.split(",")] if value else []
    if any(not path or split not in SPLITS for split, _, path in pairs):
        raise click.BadParameter(f"{value!r} is not like train=FILE,val=FILE")
    return {split: Path(path) for split, _, path in pairs}


@data.command(epilog=EXAMPLE.format("roofgeo data split prepared/rid --block-m 200 --shares 0.8,0.1,0.1 --dev 64"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--block-m", type=click.FloatRange(0, min_open=True), default=200.0, show_default=True, help="Side.")
@click.option("--shares", callback=_shares, default="0.8,0.1,0.1", show_default=True, help="Of train, val, test.")
@click.option("--seed", type=int, default=0, show_default=True, help="Start of all chance.")
@click.option(
    "--guard-m", type=click.FloatRange(0), default=0.0, show_default=True, help="Distance of splits, at least."
)
@click.option("--published", callback=_lists, help="Lists of picture names instead: train=FILE,val=FILE,test=FILE.")
@click.option("--dev", type=click.IntRange(0), default=0, show_default=True, help="Windows of dev-train and dev-test.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def split(
    folder: Path,
    block_m: float,
    shares: tuple[float, float, float],
    seed: int,
    guard_m: float,
    published: dict[str, Path],
    dev: int,
    as_json: bool,
) -> None:
    """Split the prepared data set in DIR in space, so that no ground is seen in two splits.

    The ground is cut into blocks, whole blocks go to a split, and windows over a border between splits go to none: a
    guard band as wide as a window. Pictures without a georeference are split by picture or map tile.
    """
    from roofgeo.pipeline import datasets

    plan = datasets.SplitPlan(block_m, shares, guard_m, seed)
    result = datasets.split_dataset(folder, plan, published, dev)
    if as_json:
        say({"event": "result", **result.as_dict()})
    else:
        click.echo(_split_text(result))


def _split_text(result: SplitResult) -> str:
    table = result.distribution
    names = [name for name in table.columns if name in ("windows", "with_roofs") or table[name].astype(float).sum() > 0]
    lines = [f"{'':<20}" + "".join(f"{split:>10}" for split in table.index)]
    for name in names:
        shown = "{:>10.0f}" if name in ("windows", "with_roofs") else "{:>10.1%}"
        lines.append(f"{name:<20}" + "".join(shown.format(float(value)) for value in table[name]))
    for row in result.leaks.to_dict("records"):
        lines.append(f"{row['first']} and {row['second']} share {row['share']:.2%} of their ground")
    if result.development:
        lines.append(f"{result.development} windows are marked for development: dev-train, dev-test")
    return "\n".join(lines)


@data.command(epilog=EXAMPLE.format("roofgeo data check rid --report checked"))
@click.argument("src", type=click.Path(path_type=Path))
@_of_layout
@click.option("--report", type=click.Path(path_type=Path), help="Folder for check.md, check.json and classes.png.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(
    src: Path,
    layout: str | None,
    labels: Path | None,
    pixel_size_m: float | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Look the data set SRC through, published or prepared, and say what one would put right.

    Pairs, sizes, codes, classes, common ground of splits, unreadable files. Ends with 0 if there is nothing to put
    right, else with 3.
    """
    from roofgeo.pipeline import datasets

    with telling("bar", as_json) as tell:
        found = datasets.check_dataset(src, layout, report=report, progress=tell, **_given(labels, pixel_size_m))
    if as_json:
        say({"event": "result", **found.as_dict()})
    else:
        click.echo(datasets.check_text(found))
    sys.exit(UNREADABLE if found.problems else 0)
