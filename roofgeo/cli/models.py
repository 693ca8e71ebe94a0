"""roofgeo models: list, show, verify, add and remove models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from roofgeo.cli.telling import EXAMPLE, say, telling
from roofgeo.errors import ModelError

if TYPE_CHECKING:
    from roofgeo.pipeline import KnownModel

FIGURES = {
    "roof_iou": "roof IoU {:.3f}",
    "segment_f": "segments F {:.3f}",
    "azimuth_mae_deg": "azimuth {:.1f} deg",
    "lines_f": "lines F {:.3f}",
}
"""Which figures of a card are shown, and how."""


@click.group()
def models() -> None:
    """List, show, verify, add and remove models.

    Models that were added lie in the user's data folder, or where the ROOFGEO_MODELS variable says, and are asked for
    by their name, as those that come with roofgeo.
    """


def _as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    def ask(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
        if value:
            ctx.find_root().meta["progress"] = "json"  # errors too
        return value

    return click.option("--json", "as_json", is_flag=True, callback=ask, help="Print JSON, for programs.")(command)


@models.command("list", epilog=EXAMPLE.format("roofgeo models list"))
@_as_json
def list_(as_json: bool) -> None:
    """List the models that can be asked for by name; * is the one used where none is asked for."""
    from roofgeo import pipeline

    known = pipeline.list_models()
    if as_json:
        say({"event": "result", "models": [model.summary() for model in known]})
        return
    _print_table([("model", "version", "licence", "commercial use", "from"), *map(_row, known)])


@models.command(epilog=EXAMPLE.format("roofgeo models show research"))
@click.argument("name")
@_as_json
def show(name: str, as_json: bool) -> None:
    """Show what is known of the model NAME: licence, training data, figures, files. A model's folder will do too."""
    from roofgeo import pipeline

    model = pipeline.show_model(name)
    if as_json:
        say({"event": "result", **model.details()})
        return
    _print_table(_details(model))


@models.command(epilog=EXAMPLE.format("roofgeo models verify"))
@click.argument("name", required=False)
@_as_json
def verify(name: str | None, as_json: bool) -> None:
    """Compare the files of the model NAME, or of all, with the SHA-256 of their cards; exit with 4 if one differs."""
    from roofgeo import pipeline

    checked = pipeline.verify_models(name)
    if as_json:
        told = [
            {"name": m.name, "folder": str(m.folder), "whole": not m.problem, "problem": m.problem} for m in checked
        ]
        say({"event": "result", "models": told})
    else:
        _print_table([(model.name, model.problem or "whole") for model in checked])
    if any(model.problem for model in checked):
        sys.exit(ModelError.exit_code)


@models.command(epilog=EXAMPLE.format("roofgeo models add runs/mine --name mine"))
@click.argument("source")
@click.option("--name", help="Name to ask for it by. [what its card says]")
@click.option("--sha256", help="Refuse an archive that has another SHA-256.")
@_as_json
def add(source: str, name: str | None, sha256: str | None, as_json: bool) -> None:
    """Add a model from SOURCE: its folder, a .zip or .tar of it, or the http(s) address of such an archive.

    It is verified and tried before it appears, whole, in the user's data folder.
    """
    from roofgeo import pipeline

    with telling("json" if as_json else "bar", False) as tell:
        model = pipeline.add_model(source, name, sha256=sha256, progress=tell)
    if as_json:
        say({"event": "result", **model.details()})
        return
    click.echo(f"Added {model.name}: {model.folder}")
    if model.card is not None and not model.card.commercial:
        click.echo(f"Note: its licence is {model.card.licence}: not for commercial use.", err=True)


@models.command(epilog=EXAMPLE.format("roofgeo models remove mine"))
@click.argument("name")
@_as_json
def remove(name: str, as_json: bool) -> None:
    """Remove the model NAME, which was added."""
    from roofgeo import pipeline

    folder = pipeline.remove_model(name)
    if as_json:
        say({"event": "result", "name": name, "folder": str(folder)})
    else:
        click.echo(f"Removed {name}: {folder}")


def _row(model: KnownModel) -> tuple[str, ...]:
    mark = "*" if model.default else ""
    origin = "roofgeo" if model.shipped else str(model.folder)
    if model.card is None:
        return model.name, "?", "?", "?", f"{origin} ({model.problem})"
    return f"{model.name}{mark}", model.card.version, model.card.licence or "none told", _use(model), origin


def _use(model: KnownModel) -> str:
    if model.card is None or not model.card.licence:
        return "?"
    return "yes" if model.card.commercial else "no"


def _details(model: KnownModel) -> Iterator[tuple[str, str]]:
    yield "name", model.name + (", used where none is asked for" if model.default else "")
    yield "folder", str(model.folder)
    yield "size", f"{model.size_bytes / 1e6:.1f} MB"
    card = model.card
    if card is None:
        yield "problem", model.problem
        return
    yield "version", card.version
    yield "licence", (card.licence or "none told") + ("" if card.commercial else ": not for commercial use")
    finest_m, coarsest_m = card.source_pixel_size_m
    yield "imagery", f"{finest_m:g} to {coarsest_m:g} m per pixel; works at {card.pixel_size_m:g} m"
    yield "windows", f"{card.tile_px} px, overlapping by {card.overlap_px} px"
    yield "predicts", ", ".join(card.heads)
    yield from (("trained on", line) for line in card.trained_on)
    for name, figures in card.figures.items():
        shown = [text.format(figures[key]) for key, text in FIGURES.items() if key in figures]
        yield f"on {name}", ", ".join(shown)
    yield from ((f"SHA-256 {name}", value) for name, value in card.sha256.items())


def _print_table(rows: Iterable[tuple[str, ...]]) -> None:
    """Columns as wide as they need to be; the last one as it is."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)][:-1]
    for line in lines:
        cells = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False)]
        click.echo("  ".join([*cells, line[-1]]))
