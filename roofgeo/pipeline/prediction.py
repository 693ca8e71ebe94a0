"""predict: from an area and an orthophoto to rasters and layers, block by block."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from roofgeo.data.targets import segment_class
from roofgeo.errors import ImageryError
from roofgeo.evaluation.calibration import Calibration
from roofgeo.grid import Block, Grid
from roofgeo.models.library import DEFAULT_MODEL
from roofgeo.pipeline.delivery import finished_together
from roofgeo.pipeline.preparation import Prepared, Run, check_formats, prepared
from roofgeo.pipeline.progress import Clock, Progress
from roofgeo.pipeline.provenance import call_text, command_text, provenance, with_notes
from roofgeo.raster.geotiff import RasterWriter
from roofgeo.raster.mask import inside
from roofgeo.raster.stitch import BlockBlender, class_rasters, roof_probability
from roofgeo.schema import BUILDINGS_LAYER, GEOPACKAGE, RASTERS, SEGMENTS_LAYER
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import check_installed, write_dictionary, write_geopackage, write_layers
from roofgeo.vector.seams import BlockRoofs, join_blocks, vectorize_block

ROOF_THRESHOLD = 0.5

ROOF_EDGE_M = 0.5
"""How far the pixels of a roof may lie outside its straightened outline."""

EMPTY_SHARE_OF_AREA = 0.0005
"""Share without data that is worth a note: one that shows as 0.1 %."""

EMPTY_SHARE_OF_IMAGERY = 0.01
"""The same for a run without an area: nobody asked for the corners of an orthophoto."""


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
    tile_px: int | None = None,
    overlap_px: int | None = None,
    dsm: str | Path | None = None,
    dtm: str | Path | None = None,
    formats: Collection[str] = (),
    unproven_heights: bool = False,
    command: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> PredictResult:
    """Find the roofs of an area in an orthophoto.

    Args:
        aoi: File with the area of interest as polygons, in any CRS; None for the whole imagery.
        imagery: GeoTIFF, VRT or folder of tiles; None for what `roofgeo.data.sources.find_imagery` finds.
        model: Name of a known model or path of a model's folder.
        output: Folder to write into; the README tells the files.
        layer: Layer of `aoi`, if it has several.
        imagery_crs: CRS of the imagery, if its files do not tell.
        min_confidence: Leave out buildings that the network gives a lower mean probability of being roof (0..1).
        clip: Cut buildings at the area instead of giving them whole.
        overwrite: Replace the files of an earlier run in `output`.
        threads: CPU threads of the network; None for all cores.
        tile_px: Side of the network's windows, a multiple of 32; None for what the model says.
        overlap_px: Overlap of neighbouring windows, a multiple of 32, at most half; None for what the model says.
        dsm: Surface model, as GeoTIFF or VRT in any CRS: slopes and heights are taken from it.
        dtm: Terrain model: heights are above it, else above the lowest surface around each building.
        formats: Keys of `roofgeo.schema.VECTOR_SUFFIXES` to write the layers in besides the GeoPackage.
        unproven_heights: Tell the network's heights even if its card does not say they are right: to measure them.
        command: Words of the command line this call comes from, for the outputs to tell; None for the call itself.
        progress: Told of each step.

    Raises:
        InputError: The request cannot be met: area, output folder, pixel size, windows, formats.
        DataError: The imagery, the area or a surface model cannot be read.
        ModelError: The model cannot be used.
    """
    asked = call_text(predict, locals()) if command is None else command_text(command)
    check_installed(formats := check_formats(formats))
    clock = Clock(progress)
    ready = prepared(
        aoi, imagery, model, layer=layer, imagery_crs=imagery_crs, clip=clip, threads=threads, tile_px=tile_px,
        overlap_px=overlap_px, dsm=dsm, dtm=dtm, unproven_heights=unproven_heights)  # fmt: skip
    with ready as job, finished_together(Path(output), overwrite) as folder:
        origin = provenance(job, asked)
        rasters, layers, notes = _find_roofs(job, folder, origin, clock, clip, min_confidence)
        files = [*_write_vectors(folder, layers, formats, with_notes(origin, notes), clock), *rasters]
    paths, counts = {name: Path(output) / name for name in files}, {name: len(rows) for name, rows in layers.items()}
    return PredictResult(paths, counts, job.run.plan.grid, clock.seconds(), notes)


def _write_vectors(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    formats: Collection[str],
    origin: Mapping[str, str],
    clock: Clock,
) -> list[str]:
    """Write the GeoPackage, the layers in other formats, and what their fields mean; give the names of the files."""
    write_geopackage(folder / GEOPACKAGE, layers, origin)
    extra = [path.name for name in formats for path in write_layers(folder, layers, name, origin)]
    dictionary = write_dictionary(folder)
    clock.step()
    return [GEOPACKAGE, *extra, dictionary.name]


def _find_roofs(
    job: Prepared, folder: Path, provenance: Mapping[str, str], clock: Clock, clip: bool, min_confidence: float
) -> tuple[list[str], Mapping[str, gpd.GeoDataFrame], tuple[str, ...]]:
    """Predict, write the rasters into a folder, and give their files, the layers, and what the user should know."""
    grid = job.run.plan.grid
    rasters = [name for name in RASTERS if name == "confidence" or name in _told_heads(job.run)]
    with RasterWriter(folder, grid, rasters, provenance) as writer:
        blocks, empty_px = _predict_blocks(job, writer, clock)
        clock.stage("write", 1)
        found, known = join_blocks(blocks, grid), job.run.heights_known
        told: list[str] = []
        survey = None if job.surface is None else partial(job.surface.survey, crs=grid.crs, told=told)
        layers = attribute_layers(
            found, grid, job.wanted, clip=clip, min_confidence=min_confidence, heights_known=known, survey=survey,
            calibrate=Calibration(*job.model.card.platt),
        )  # fmt: skip
        notes = (*job.notes, *_empty_notes(job, empty_px), *told)
        shown = [job.wanted, *layers[BUILDINGS_LAYER.name].geometry.buffer(ROOF_EDGE_M)]
        cores = [block.core for block in job.run.plan.blocks]
        writer.keep(shapely.union_all(shown), cores)
        writer.burn("segments", *_classes(layers[SEGMENTS_LAYER.name]), cores)
    return [RASTERS[name].filename for name in rasters], layers, notes


def _classes(segments: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], NDArray[np.uint8]]:
    """(segments,) polygons and classes: what the layer says, so that raster and layer agree."""
    codes = segment_class(segments["azimuth_grid_deg"].to_numpy(np.float64))
    return np.asarray(segments.geometry, object), codes.astype(np.uint8)


def _predict_blocks(job: Prepared, writer: RasterWriter, clock: Clock) -> tuple[list[BlockRoofs], int]:
    """For each block: predict its bands, write its part of the rasters, find its roofs.

    Returns:
        The roofs of each block, and how many pixels of the pictured ground hold no data.
    """
    run, pictured = job.run, job.pictured
    clock.stage("predict", run.plan.window_count)
    found, empty_px, any_valid = [], 0, False
    for block in run.plan.blocks:
        roofs, valid = _predict_block(run, block, writer, clock)
        found.append(roofs)
        any_valid |= bool(valid.any())
        empty_px += int(np.count_nonzero(inside(pictured, run.plan.grid, block.core) & ~valid))
    if not any_valid:
        raise ImageryError(f"{run.imagery.source} holds no data in the area", "Is the area on the imagery's ground?")
    return found, empty_px


def _predict_block(run: Run, block: Block, writer: RasterWriter, clock: Clock) -> tuple[BlockRoofs, NDArray[np.bool_]]:
    """One block's roofs, and where it has imagery. Its bands are gone before the next block's are made."""
    blended, valid = block_bands(run, block, clock.step)
    bands = {head: blended[head] for head in _told_heads(run)}
    for name, array in class_rasters(bands, valid).items():
        writer.write(name, block.core, array)
    roof = roof_probability(bands) > ROOF_THRESHOLD
    return vectorize_block(bands, roof, valid, block.core, run.plan.grid), valid


def _told_heads(run: Run) -> tuple[str, ...]:
    """The heads whose bands go into the outputs: heights that nobody has measured to be right are not told."""
    return tuple(head for head in run.network.slices if head != "height" or run.heights_known)


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
            bands = run.network.predict(image, run.imagery.pixel_size_m, run.sun_azimuth_deg, run.latitude_deg)
            blender.add(window, bands)
        step()
    valid &= inside(run.reach, run.plan.grid, block.core)
    blended = blender.finish()
    return {head: blended[at] for head, at in run.network.slices.items()}, valid


def _empty_notes(job: Prepared, empty_px: int) -> Iterator[str]:
    """Ground the imagery's files cover without showing it; what they do not cover is said before."""
    share = empty_px * job.run.plan.grid.pixel_size_m**2 / job.wanted.area
    if job.area is None and share > EMPTY_SHARE_OF_IMAGERY:
        yield f"{100 * share:.1f} % of the imagery is empty (no-data pixels); no roofs are found there"
    elif job.area is not None and share > EMPTY_SHARE_OF_AREA:
        yield f"the imagery is empty (no-data pixels) in {100 * share:.1f} % of the area; no roofs are found there"
