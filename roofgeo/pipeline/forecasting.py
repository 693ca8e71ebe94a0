"""forecast: what a run of `predict` would do, how long it would take and what it would need, without doing it."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyproj import CRS

from roofgeo.data.imagery import Imagery
from roofgeo.models.devices import memory
from roofgeo.models.library import DEFAULT_MODEL
from roofgeo.pipeline.delivery import check_output
from roofgeo.pipeline.preparation import Run, prepared
from roofgeo.plan import Plan

# Measured with roofnet-lite0 on two cores: the sample (1500 x 1500 px), Kampala (1537 x 2303) and Kampala laid out
# three times in both directions (6144 x 9216), with windows of 256 to 2048 px and cores of 1408 and 2816 px.

START_S = 1.0
"""To start Python, load the libraries and open the model."""

REST_S_PER_MPX = 0.9
"""All but reading and the network: blending, roofs, rasters. The sample takes 0.8, Kampala 1.1."""

START_BYTES = 280_000_000
"""Python, its libraries and the model."""

WINDOW_BYTES_PER_PX = 650
"""Of the network on one window: what it computes between (450 to 500), its input and its output."""

SOURCE_BYTES_PER_PX = 4
"""Of the imagery as it is read: red, green, blue, and where it is valid."""

RASTER_BYTES_PER_PX = 7
"""Of the output rasters before they are compressed: three of uint8, one of float32."""

GDAL_CACHE_SHARE = 0.05
"""Of the machine's memory that GDAL keeps pixels in, unless it is told otherwise."""

DISK_BYTES_PER_PX = 6
"""Of all output, with what is there only while it is written; Kampala takes 1.7 in the end, dense roofs would more."""


@dataclass(frozen=True)
class Source:
    """The imagery as it is.

    Attributes:
        source: What it was opened from.
        crs: Its CRS.
        pixel_size_m: Side of its pixels on the ground.
        bands: Bands of its files.
        width_px: Number of columns.
        height_px: Number of rows.
    """

    source: str
    crs: str
    pixel_size_m: float
    bands: int
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Forecast:
    """What a run would do.

    Attributes:
        model: Name of the model.
        imagery: The imagery as it is.
        crs: CRS of the output.
        pixel_size_m: Side of a pixel of the output.
        width_px: Columns of the output.
        height_px: Rows of the output.
        area_m2: Ground with imagery whose buildings are wanted.
        blocks: Blocks to predict.
        windows: Windows to predict.
        seconds: How long it would take.
        memory_bytes: Memory it would take at most.
        disk_bytes: Room on the disk it would take at most.
        free_disk_bytes: Room there is.
        warnings: What the user should know before.
    """

    model: str
    imagery: Source
    crs: str
    pixel_size_m: float
    width_px: int
    height_px: int
    area_m2: float
    blocks: int
    windows: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    free_disk_bytes: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return dataclasses.asdict(self)


def forecast(
    aoi: str | Path | None = None,
    imagery: str | Path | None = None,
    model: str | Path = DEFAULT_MODEL,
    output: str | Path = "roofs",
    *,
    layer: str | None = None,
    imagery_crs: str | None = None,
    clip: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    tile_px: int | None = None,
    overlap_px: int | None = None,
    dsm: str | Path | None = None,
    dtm: str | Path | None = None,
) -> Forecast:
    """Say what `roofgeo.pipeline.prediction.predict` would do with these arguments; one window is predicted.

    Nothing is written, and every error that can be known before is raised.

    Raises:
        InputError: The request cannot be met: area, output folder, pixel size, windows.
        DataError: The imagery or the area cannot be read.
        ModelError: The model cannot be used.
    """
    ready = prepared(
        aoi, imagery, model,
        layer=layer, imagery_crs=imagery_crs, clip=clip, threads=threads, tile_px=tile_px, overlap_px=overlap_px,
        dsm=dsm, dtm=dtm,
    )  # fmt: skip
    with ready as job:
        folder = check_output(Path(output), overwrite)
        free_disk_bytes = shutil.disk_usage(folder).free
        plan, grid = job.run.plan, job.run.plan.grid
        memory_bytes, disk_bytes = _memory_bytes(job.run), DISK_BYTES_PER_PX * _core_px(plan)
        warnings = (*job.notes, *_shortages(memory_bytes, disk_bytes, free_disk_bytes))
        return Forecast(
            model=job.model.card.name,
            imagery=_source(job.run.imagery),
            crs=_crs_name(grid.crs),
            pixel_size_m=grid.pixel_size_m,
            width_px=grid.width,
            height_px=grid.height,
            area_m2=float(job.pictured.area),
            blocks=len(plan.blocks),
            windows=plan.window_count,
            seconds=_seconds(job.run),
            memory_bytes=memory_bytes,
            disk_bytes=disk_bytes,
            free_disk_bytes=free_disk_bytes,
            warnings=warnings,
        )


def _core_px(plan: Plan) -> int:
    return sum(block.core.height * block.core.width for block in plan.blocks)


def _seconds(run: Run) -> float:
    """One window in the middle is read and predicted; the rest goes by the number of pixels."""
    plan = run.plan
    start = time.perf_counter()
    if plan.blocks:
        windows = plan.windows(plan.blocks[len(plan.blocks) // 2])
        image, _ = run.imagery.read(plan.grid, windows[len(windows) // 2])
        run.network.predict(image, run.imagery.pixel_size_m, run.sun_azimuth_deg)
    window_s = time.perf_counter() - start
    return START_S + window_s * plan.window_count + REST_S_PER_MPX * _core_px(plan) / 1e6


def _memory_bytes(run: Run) -> int:
    """Libraries, one window in the network, one block of float32 bands and weights, and what GDAL keeps of pixels."""
    plan = run.plan
    block_px = max((block.core.height * block.core.width for block in plan.blocks), default=0)
    seen, machine = run.imagery.mosaic, memory()
    kept = SOURCE_BYTES_PER_PX * seen.height * seen.width + RASTER_BYTES_PER_PX * _core_px(plan)
    if machine is not None:
        kept = min(kept, round(GDAL_CACHE_SHARE * machine.total_bytes))
    block_bytes = 4 * (int(run.network.band_count) + 1) * block_px
    return START_BYTES + WINDOW_BYTES_PER_PX * plan.tile_px**2 + block_bytes + kept


def _shortages(memory_bytes: int, disk_bytes: int, free_disk_bytes: int) -> Iterator[str]:
    machine = memory()
    if machine is not None and memory_bytes > machine.available_bytes:
        yield (
            f"about {size_text(memory_bytes)} of memory are needed, {size_text(machine.available_bytes)} are free: "
            "close other programs, or give a smaller --tile-px"
        )
    if disk_bytes > free_disk_bytes:
        yield (
            f"up to {size_text(disk_bytes)} of disk are needed, {size_text(free_disk_bytes)} are free: choose another "
            "--output, or a smaller area"
        )


def size_text(count: float) -> str:
    """A number of bytes as a person reads it."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{max(1, round(count / 1e6))} MB"


def _source(imagery: Imagery) -> Source:
    seen = imagery.mosaic
    bands = seen.tiles[0].band_count
    return Source(imagery.source, _crs_name(seen.crs), imagery.pixel_size_m, bands, seen.width, seen.height)


def _crs_name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)
