"""predict: from an area and an orthophoto to rasters and layers, block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from roofgeo import __version__
from roofgeo.data.aoi import Area, read_area
from roofgeo.data.imagery import Imagery, covered_share, metric_grid, open_imagery
from roofgeo.data.sources import find_imagery
from roofgeo.errors import ImageryError
from roofgeo.grid import Block, Grid
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import DEFAULT_MODEL, Model, open_model
from roofgeo.models.metadata import usual_sun_azimuth_deg
from roofgeo.pipeline.delivery import finished_together
from roofgeo.pipeline.progress import Clock, Progress
from roofgeo.plan import Plan, plan_run
from roofgeo.raster.geotiff import RasterWriter
from roofgeo.raster.mask import inside
from roofgeo.raster.stitch import BlockBlender, class_rasters, roof_probability
from roofgeo.schema import BUILDINGS_LAYER, GEOPACKAGE, RASTERS
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import write_geopackage
from roofgeo.vector.seams import BlockRoofs, join_blocks, vectorize_block

MARGIN_M = 30.0
"""Ground around the area that is predicted too: context for the network, and buildings that touch the area whole."""

ROOF_THRESHOLD = 0.5

ROOF_EDGE_M = 0.5
"""How far the pixels of a roof may lie outside its straightened outline."""


@dataclass(frozen=True)
class PredictResult:
    """What a run made.

    Attributes:
        paths: Files written, by name.
        counts: Features of each layer.
        grid: Where the pixels are.
        seconds: Time per stage.
        notes: What the user should know: ground without imagery, say.
    """

    paths: Mapping[str, Path]
    counts: Mapping[str, int]
    grid: Grid
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """What all blocks of a run share.

    Attributes:
        imagery: Where the pixels come from.
        network: What predicts.
        plan: Grid, blocks and windows.
        reach: Ground to predict, in the grid's CRS.
        sun_azimuth_deg: Where the sun stands; NaN if unknown.
    """

    imagery: Imagery
    network: OnnxNetwork
    plan: Plan
    reach: shapely.Geometry
    sun_azimuth_deg: float


def predict(
    aoi: str | Path | None = None,
    imagery: str | Path | None = None,
    model: str | Path = DEFAULT_MODEL,
    output: str | Path = "roofs",
    *,
    layer: str | None = None,
    imagery_crs: str | None = None,
    min_confidence: float = 0.0,
    clip: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> PredictResult:
    """Find the roofs of an area in an orthophoto.

    Args:
        aoi: File with the area of interest as polygons, in any CRS; None for the whole imagery.
        imagery: GeoTIFF, VRT or folder of tiles; None for what `roofgeo.data.sources.find_imagery` finds.
        model: Name of a shipped model or path of a model's folder.
        output: Folder to write into; the README tells the files.
        layer: Layer of `aoi`, if it has several.
        imagery_crs: CRS of the imagery, if its files do not tell.
        min_confidence: Leave out buildings the network is less sure of (0..1).
        clip: Cut buildings at the area instead of giving them whole.
        overwrite: Replace the files of an earlier run in `output`.
        threads: CPU threads of the network; None for all cores.
        progress: Told of each step.

    Raises:
        InputError: The request cannot be met: area, output folder, pixel size.
        DataError: The imagery or the area cannot be read.
        ModelError: The model cannot be used.
    """
    clock = Clock(progress)
    chosen = open_model(model)
    network = OnnxNetwork(chosen, threads)
    area = read_area(aoi, layer) if aoi is not None else None
    source = imagery if imagery is not None else find_imagery(aoi)
    with open_imagery(source, imagery_crs) as pixels, finished_together(Path(output), overwrite) as folder:
        grid = _grid(pixels, area, chosen)
        reach, wanted = _reach(pixels, area, grid, clip)
        plan = plan_run(grid, reach, chosen.card.tile_px, chosen.card.overlap_px)
        run = Run(pixels, network, plan, reach, _sun_azimuth_deg(grid))
        provenance = _provenance(pixels, chosen, area)
        rasters = [name for name in RASTERS if name == "confidence" or name in network.slices]
        with RasterWriter(folder, grid, rasters, provenance) as writer:
            blocks = _predict_blocks(run, writer, clock)
            clock.stage("write", 1)
            known = chosen.card.heights_known
            layers = attribute_layers(
                join_blocks(blocks, grid), grid, wanted, clip=clip, min_confidence=min_confidence, heights_known=known
            )
            shown = [wanted, *layers[BUILDINGS_LAYER.name].geometry.buffer(ROOF_EDGE_M)]
            writer.keep(shapely.union_all(shown), (block.core for block in plan.blocks))
        write_geopackage(folder / GEOPACKAGE, layers, provenance)
        clock.step()
    files = (GEOPACKAGE, *(RASTERS[name].filename for name in rasters))
    counts = {name: len(rows) for name, rows in layers.items()}
    return PredictResult({f: Path(output) / f for f in files}, counts, grid, clock.seconds(), _notes(pixels, area))


def _predict_blocks(run: Run, writer: RasterWriter, clock: Clock) -> list[BlockRoofs]:
    """For each block: predict its bands, write its part of the rasters, find its roofs."""
    clock.stage("predict", run.plan.window_count)
    found, any_valid = [], False
    for block in run.plan.blocks:
        bands, valid = block_bands(run, block, clock.step)
        for name, array in class_rasters(bands, valid).items():
            writer.write(name, block.core, array)
        roof = roof_probability(bands) > ROOF_THRESHOLD
        found.append(vectorize_block(bands, roof, valid, block.core, run.plan.grid))
        any_valid |= bool(valid.any())
    if not any_valid:
        raise ImageryError(f"{run.imagery.source} holds no data in the area", "Is the area on the imagery's ground?")
    return found


def block_bands(
    run: Run, block: Block, step: Callable[[], None]
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
    """Read a block's windows, run the network on them, and blend.

    Args:
        run: What all blocks share.
        block: The block.
        step: Called after each window.

    Returns:
        Bands (B, height, width) of the block's core by head, and (height, width) True where there is imagery.
    """
    blender = BlockBlender(block.core, run.network.band_count, run.plan.tile_px, run.plan.overlap_px)
    valid = np.zeros(block.core.shape, bool)
    for window in run.plan.windows(block):
        image, known = run.imagery.read(run.plan.grid, window)
        part = window.intersection(block.core)
        valid[part.slices_in(block.core)] = known[part.slices_in(window)]
        if known.any():
            blender.add(window, run.network.predict(image, run.imagery.pixel_size_m, run.sun_azimuth_deg))
        step()
    valid &= inside(run.reach, run.plan.grid, block.core)
    blended = blender.finish()
    return {head: blended[at] for head, at in run.network.slices.items()}, valid


def _grid(imagery: Imagery, area: Area | None, model: Model) -> Grid:
    if area is None:
        return metric_grid(imagery, None, None, model.card.pixel_size_m, 0.0)
    return metric_grid(imagery, area.geometry, area.crs, model.card.pixel_size_m, MARGIN_M)


def _reach(imagery: Imagery, area: Area | None, grid: Grid, clip: bool) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Ground to predict, and ground whose buildings are wanted, in the grid's CRS."""
    if area is None:
        whole = imagery.footprint(grid.crs)
        return whole, whole
    wanted = area.to_crs(grid.crs).geometry
    return (wanted if clip else wanted.buffer(MARGIN_M)), wanted


def _sun_azimuth_deg(grid: Grid) -> float:
    left, bottom, right, top = grid.bounds
    to_degrees = Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    _, latitude_deg = to_degrees.transform((left + right) / 2, (bottom + top) / 2)
    return usual_sun_azimuth_deg(latitude_deg)


def _provenance(imagery: Imagery, model: Model, area: Area | None) -> dict[str, str]:
    """What every output says of how it came about."""
    return {
        "software": f"roofgeo {__version__}",
        "version": __version__,
        "model": f"{model.card.name} {model.card.version}",
        "model_sha256": model.sha256,
        "model_licence": model.card.licence,
        "imagery": imagery.source,
        "imagery_sha256": imagery.identity,
        "imagery_pixel_size_m": f"{imagery.pixel_size_m:.4g}",
        "area": "the whole imagery" if area is None else area.source,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }


def _notes(imagery: Imagery, area: Area | None) -> tuple[str, ...]:
    if area is None:
        return ()
    share = covered_share(imagery, area.geometry, area.crs)
    if share > 0.9995:
        return ()
    return (f"{100 * (1 - share):.1f} % of the area lies outside the imagery; the rest was predicted",)
