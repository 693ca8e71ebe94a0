"""roofgeo info."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from roofgeo.cli.telling import EXAMPLE, say

if TYPE_CHECKING:
    from roofgeo.pipeline import Installation


@click.command(epilog=EXAMPLE.format("roofgeo info"))
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
def info(as_json: bool) -> None:
    """Tell what is installed: versions, the models that can be asked for by name, and what they can run on."""
    from roofgeo import pipeline

    installed = pipeline.installed()
    if as_json:
        say({"event": "result", **installed.as_dict()})
        return
    rows = list(_rows(installed))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")


def _rows(installed: Installation) -> Iterator[tuple[str, str]]:
    yield "roofgeo", installed.version
    yield "Python", installed.python
    yield "platform", installed.platform
    yield from installed.libraries.items()
    for model in installed.models:
        card = model.card
        if card is None:
            continue
        finest_m, coarsest_m = card.source_pixel_size_m
        yield (
            f"model {model.name}",
            f"version {card.version}, for imagery of {finest_m:g} to {coarsest_m:g} m per pixel, "
            f"windows of {card.tile_px} px, {card.licence}{'' if card.commercial else ', not for commercial use'}",
        )
    for device in installed.devices:
        yield f"device {device.name}", f"{device.description}, {device.threads} threads"
