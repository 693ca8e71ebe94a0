"""The roofgeo command: one module for each of its commands."""

from __future__ import annotations

import signal
from typing import Any

import click

from roofgeo import __version__
from roofgeo.cli.calibrate import calibrate
from roofgeo.cli.data import data
from roofgeo.cli.evaluate import evaluate
from roofgeo.cli.export import export
from roofgeo.cli.info import info
from roofgeo.cli.models import models
from roofgeo.cli.predict import predict
from roofgeo.cli.stopping import interrupt
from roofgeo.cli.telling import fail
from roofgeo.cli.train import train
from roofgeo.errors import Interrupted, RoofgeoError


class _Commands(click.Group):
    """Remembers the command as given; turns what roofgeo raises on purpose into one line, a hint and an exit code."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["command"] = ("roofgeo", *args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        signal.signal(signal.SIGTERM, interrupt)
        try:
            return super().invoke(ctx)
        except RoofgeoError as error:
            fail(error)
        except KeyboardInterrupt:
            fail(Interrupted("stopped; nothing half-written is left", "Run the same command again."))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="roofgeo")
def main() -> None:
    """Roof segments and roof lines from orthophotos."""


main.add_command(predict)
main.add_command(export)
main.add_command(evaluate)
main.add_command(train)
main.add_command(calibrate)
main.add_command(data)
main.add_command(models)
main.add_command(info)
