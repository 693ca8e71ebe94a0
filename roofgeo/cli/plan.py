"""What `roofgeo predict --dry-run` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from roofgeo.cli.telling import say

if TYPE_CHECKING:
    from roofgeo.pipeline.forecasting import Forecast, Source


def show_plan(plan: Forecast, *, as_json: bool, quiet: bool) -> None:
    """Say what a run would do."""
    if as_json:
        say({"event": "plan", **plan.as_dict()})
    elif not quiet:
        for name, value in _rows(plan):
            click.echo(f"{name:<8} {value}")
        for warning in plan.warnings:
            click.echo(f"Warning: {warning}", err=True)


def _rows(plan: Forecast) -> Iterator[tuple[str, str]]:
    from roofgeo.pipeline.forecasting import size_text

    seen = plan.imagery
    yield "imagery", f"{seen.source}: {_pixels(seen)}, {seen.bands} bands, {seen.crs}"
    yield "output", f"{_pixels(plan)}, {plan.crs}; {_ground(plan.area_m2)} of ground"
    yield "work", f"{_count(plan.windows, 'window')} in {_count(plan.blocks, 'block')}, with {plan.model}"
    yield "time", f"about {_duration(plan.seconds)}"
    yield "memory", f"about {size_text(plan.memory_bytes)}"
    yield "disk", f"up to {size_text(plan.disk_bytes)}; {size_text(plan.free_disk_bytes)} are free"


def _pixels(of: Forecast | Source) -> str:
    return f"{of.width_px} x {of.height_px} px of {of.pixel_size_m:.3g} m"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _ground(area_m2: float) -> str:
    return f"{area_m2 / 1e6:.1f} km2" if area_m2 >= 1e6 else f"{area_m2:.0f} m2"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
