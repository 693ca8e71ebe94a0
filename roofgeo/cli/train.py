"""roofgeo train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from roofgeo.cli.telling import EXAMPLE, say, tell_licence, telling
from roofgeo.pipeline.recipe import ABOUT, TYPES, TrainingSettings

DEFAULTS = TrainingSettings()

FIGURES = {
    "score": "score {:.3f}",
    "segments_miou": "mIoU {:.3f}",
    "azimuth_mae_deg": "azimuth {:.1f} deg",
    "lines_f": "lines F {:.3f}",
    "roof_iou": "roof IoU {:.3f}",
    "height_mae_m": "height {:.2f} m",
}
"""How the figures of a measurement are printed, in this order."""


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each setting; what is not given stays None, so that the recipe is heard."""
    for name in reversed(ABOUT):
        command = _option(name)(command)
    return command


def _option(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    about, wanted, default = ABOUT[name], TYPES[name], getattr(DEFAULTS, name)
    flag = "--" + name.replace("_", "-")
    told = about.unset if default is None else ",".join(default) if isinstance(default, tuple) else default
    if wanted is bool:
        told = flag if default else f"--no-{flag[2:]}"
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=f"{about.help} [{told}]")
    kind: Any = {int: int, int | None: int, float: float}.get(wanted, str)
    ranged = f" ({about.range})" if about.range else ""
    shown = f" [{told}]" if told != "" else ""
    return click.option(flag, name, type=kind, default=None, help=f"{about.help}{ranged}{shown}")


@click.command(epilog=EXAMPLE.format("roofgeo train prepared/town --output models/town"))
@click.argument("data", nargs=-1, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the model; a run resumes.")
@click.option("--config", type=click.Path(path_type=Path), help="Recipe: a TOML file of settings and [[data]].")
@click.option("--data-root", type=click.Path(path_type=Path), help="Where its paths begin. [the recipe's folder]")
@click.option("--find-batch", is_flag=True, help="Only find the largest --batch-size that fits.")
@click.option("--progress", type=click.Choice(["bar", "json"]), default="bar", help="How to tell. [bar]")
@click.option("--quiet", is_flag=True, help="Tell nothing but errors.")
@_settings_options
def train(
    data: tuple[Path, ...],
    output: Path | None,
    config: Path | None,
    data_root: Path | None,
    find_batch: bool,
    progress: str,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train a model on labelled DATA (folders in a known layout), or on what a recipe names.

    Each setting is a key of the recipe too, with _ for -. An option comes before the recipe, and that before the
    default. Needs the training install: pip install "roofgeo[train]".
    """
    from roofgeo import pipeline

    click.get_current_context().find_root().meta["progress"] = progress
    given = {name: _words(value, TYPES[name]) for name, value in settings.items() if value is not None}
    if find_batch:
        found = pipeline.find_batch(config=config, **given)
        _tell_batch(found, progress)
        return
    if output is None:
        raise click.UsageError("Missing option '--output'.")
    begun_with = pipeline.starting_model(config, given)
    if begun_with is not None and not quiet:
        tell_licence(begun_with, as_json=progress == "json")
    with telling(progress, quiet) as tell:
        model = pipeline.train(
            data,
            output,
            config=config,
            data_root=data_root,
            progress=tell,
            figures=None if quiet else _figures(progress),
            **given,
        )
    if model is None:
        return
    if progress == "json":
        say({"event": "result", "model": str(model.folder), **model.card.training})
    elif not quiet:
        skipped = model.card.training["skipped"]
        for line, count in skipped.items():
            click.echo(f"Skipped: {line} ({count} times)")
        click.echo(f"Model written: {model.folder}")


def _words(value: Any, wanted: Any) -> Any:
    """A value; words with commas between as a tuple, where that is wanted."""
    return tuple(word.strip() for word in value.split(",")) if "tuple" in str(wanted) else value


def _figures(progress: str) -> Callable[[int, dict[str, float]], None]:
    def tell(step: int, found: dict[str, float]) -> None:
        if progress == "json":
            say({"event": "figures", "step": step, **found})
        else:
            shown = ", ".join(text.format(found[name]) for name, text in FIGURES.items() if name in found)
            click.echo(f"step {step}: {shown}")

    return tell


def _tell_batch(found: Any, progress: str) -> None:
    if progress == "json":
        say({"event": "result", "batch_size": found.batch_size, "needed_bytes": found.needed_bytes,
             "peak_bytes": found.peak_bytes, "free_bytes": found.free_bytes})  # fmt: skip
        return
    peak = "" if found.peak_bytes is None else f"; the process peaked at {found.peak_bytes / 1e9:.1f} GB"
    click.echo(
        f"--batch-size {found.batch_size} fits: about {found.needed_bytes / 1e9:.1f} of {found.free_bytes / 1e9:.1f} GB"
        f"{peak}"
    )
