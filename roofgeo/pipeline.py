"""predict, train, evaluate: the only place where rooms meet."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

import roofgeo
from roofgeo.data.aoi import Area, read_area
from roofgeo.data.imagery import Imagery, covered_share, metric_grid, open_imagery
from roofgeo.data.sources import find_imagery
from roofgeo.errors import ImageryError, InputError, OutputError
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.report import Figures
from roofgeo.grid import Block, Grid
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import DEFAULT_MODEL, Model, open_model
from roofgeo.models.metadata import usual_sun_azimuth_deg
from roofgeo.plan import Plan, plan_run
from roofgeo.raster.geotiff import RasterWriter
from roofgeo.raster.mask import inside
from roofgeo.raster.stitch import BlockBlender, class_rasters, roof_probability
from roofgeo.schema import GEOPACKAGE, LAYERS, RASTERS
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import read_layers, write_geopackage
from roofgeo.vector.seams import BlockRoofs, join_blocks, vectorize_block

if TYPE_CHECKING:
    from roofgeo.data.targets import LabelledScene

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done, and the steps in all."""

MARGIN_M = 30.0
"""Ground around the area that is predicted too, so that a building that touches the area comes whole."""

ROOF_THRESHOLD = 0.5


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
        output: Folder to write into; see DESIGN or the README for the files.
        layer: Layer of `aoi`, if it has several.
        imagery_crs: CRS of the imagery, if its files do not tell.
        min_confidence: Leave out buildings the network is less sure of (0..1).
        clip: Cut buildings at the area instead of giving them whole.
        overwrite: Replace the files of an earlier run in `output`.
        threads: CPU threads of the network; None for all cores.
        progress: Told of each step.

    Returns:
        Paths, counts, grid, and seconds per stage.

    Raises:
        InputError: The request cannot be met: area, output folder, pixel size.
        DataError: The imagery or the area cannot be read.
        ModelError: The model cannot be used.
    """
    clock = _Clock(progress)
    chosen = open_model(model)
    network = OnnxNetwork(chosen, threads)
    area = read_area(aoi, layer) if aoi is not None else None
    source = imagery if imagery is not None else find_imagery(aoi)
    with open_imagery(source, imagery_crs) as pixels, _finished_together(Path(output), overwrite) as folder:
        grid = _grid(pixels, area, chosen, clip)
        reach, wanted = _reach(pixels, area, grid, clip)
        plan = plan_run(grid, reach, chosen.card.tile_px, chosen.card.overlap_px)
        run = Run(pixels, network, plan, reach, _sun_azimuth_deg(grid))
        provenance = _provenance(pixels, chosen, area)
        rasters = [name for name in RASTERS if name == "confidence" or name in network.slices]
        with RasterWriter(folder, grid, rasters, provenance) as writer:
            roofs = [_predict_block(run, block, writer, clock) for block in plan.blocks]
            if not any(roof.valid for roof in roofs):
                raise ImageryError(f"{pixels.source} holds no data in the area", "Is the area on the imagery's ground?")
            clock.stage("write", 1)
        buildings = join_blocks([roof.roofs for roof in roofs], grid)
        layers = attribute_layers(
            buildings,
            grid,
            wanted,
            clip=clip,
            min_confidence=min_confidence,
            heights_known=chosen.card.heights_known,
        )
        write_geopackage(folder / GEOPACKAGE, layers, provenance)
        clock.step()
    names = (GEOPACKAGE, *(RASTERS[name].filename for name in rasters))
    return PredictResult(
        paths={name: Path(output) / name for name in names},
        counts={name: len(rows) for name, rows in layers.items()},
        grid=grid,
        seconds=clock.seconds(),
        notes=_notes(pixels, area),
    )


@dataclass(frozen=True)
class _BlockResult:
    roofs: BlockRoofs
    valid: bool


def _predict_block(run: Run, block: Block, writer: RasterWriter, clock: _Clock) -> _BlockResult:
    """Predict a block's bands, write its part of the rasters, find its roofs."""
    clock.stage("predict", run.plan.window_count)
    bands, valid = block_bands(run, block, clock.step)
    for name, array in class_rasters(bands, valid).items():
        writer.write(name, block.core, array)
    roof = roof_probability(bands) > ROOF_THRESHOLD
    return _BlockResult(vectorize_block(bands, roof, valid, block.core, run.plan.grid), bool(valid.any()))


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


def _grid(imagery: Imagery, area: Area | None, model: Model, clip: bool) -> Grid:
    margin_m = 0.0 if clip else MARGIN_M
    if area is None:
        return metric_grid(imagery, None, None, model.card.pixel_size_m, 0.0)
    return metric_grid(imagery, area.geometry, area.crs, model.card.pixel_size_m, margin_m)


def _reach(
    imagery: Imagery, area: Area | None, grid: Grid, clip: bool
) -> tuple[shapely.Geometry, shapely.Geometry]:
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
        "software": f"roofgeo {roofgeo.__version__}",
        "version": roofgeo.__version__,
        "model": f"{model.card.name} {model.card.version}",
        "model_sha256": model.sha256,
        "model_licence": model.card.licence,
        "imagery": imagery.source,
        "imagery_sha256": imagery.identity,
        "imagery_pixel_size_m": f"{imagery.pixel_size_m:.4g}",
        "area": "the whole imagery" if area is None else area.source,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _notes(imagery: Imagery, area: Area | None) -> tuple[str, ...]:
    if area is None:
        return ()
    share = covered_share(imagery, area.geometry, area.crs)
    if share > 0.9995:
        return ()
    return (f"{100 * (1 - share):.1f} % of the area lies outside the imagery; the rest was predicted",)


@contextmanager
def _finished_together(output: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, whose files move to `output` when all of them are complete; else nothing is left."""
    ours = {GEOPACKAGE, *(raster.filename for raster in RASTERS.values())}
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file, not a folder", "Choose another --output.")
    if output.is_dir() and any(output.iterdir()) and not overwrite:
        raise OutputError(f"{output} is not empty", "Choose another --output, or give --overwrite to replace its files.")
    is_new = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=output))
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror}", "Choose another --output.") from error
    try:
        yield folder
        for old in ours:
            (output / old).unlink(missing_ok=True)
            (output / f"{old}.aux.xml").unlink(missing_ok=True)
        for path in sorted(folder.iterdir()):
            os.replace(path, output / path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if is_new and not any(output.iterdir()):
            output.rmdir()


@dataclass
class _Clock:
    """Tells the caller of each step, and keeps the time of each stage."""

    progress: Progress | None
    _stage: str = "open"
    _total: int = 0
    _done: int = 0
    _since: float = field(default_factory=time.perf_counter)
    _seconds: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, total: int) -> None:
        """Begin a stage, or go on with it."""
        if name == self._stage:
            return
        self.seconds()
        self._stage, self._total, self._done = name, total, 0
        self._tell()

    def step(self) -> None:
        """One more step of the stage is done."""
        self._done += 1
        self._tell()

    def seconds(self) -> Mapping[str, float]:
        """Seconds per stage so far."""
        now = time.perf_counter()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._since = now
        return dict(self._seconds)

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self._stage, self._done, self._total)


def evaluate(
    predicted: str | Path,
    truth: str | Path,
    area: str | Path | None = None,
    *,
    ignore_unlabelled: bool = False,
) -> Figures:
    """Measure predicted layers against true ones.

    Args:
        predicted: GeoPackage with the layers of `predict`, or the folder it lies in.
        truth: GeoPackage with any of the same layers, or another vector file with building outlines.
        area: File with the area to measure in; None for all of it.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof.
    """
    path = Path(predicted)
    layers = read_layers(path / GEOPACKAGE if path.is_dir() else path)
    crs = next(iter(layers.values())).crs
    geometry = None if area is None else read_area(area).to_crs(crs).geometry
    return evaluate_layers(layers, read_layers(Path(truth)), geometry, ignore_unlabelled=ignore_unlabelled)


TRAINED_ON = (
    "RoofGraphDataset (Ren et al. 2021), 2,100 roofs of New Zealand, CC BY-NC 4.0: cut out and composed into scenes",
    "scenes rendered by roofgeo.synthesis",
    "32 tiles of Banepa, OpenAerialMap (CC BY 4.0) with masks from OpenStreetMap outlines (ODbL): roof or not only",
)


def train(
    data: str | Path,
    output: str | Path,
    steps: int = 1800,
    batch_size: int = 8,
    window_px: int = 384,
    workers: int = 1,
    threads: int | None = None,
    seed: int = 0,
) -> Model:
    """Train RoofNet on real and rendered roofs and save it as a model folder; resumes an interrupted run.

    Args:
        data: Folder with ``roofgraph/`` and ``banepa/``.
        output: Where the model is written; checkpoints go to its folder ``run/``.
        steps: Optimiser steps.
        batch_size: Windows a step.
        window_px: Side of a training window, a multiple of 32.
        workers: Processes that compose windows.
        threads: CPU threads of the network; None for PyTorch's choice.
        seed: Start of all chance.

    Returns:
        The model.
    """
    from roofgeo.data.roofgraph import RoofGraph
    from roofgeo.data.samplers import RandomWindows, WindowSampler
    from roofgeo.models import checkpoint
    from roofgeo.models.network import Architecture, RoofNet
    from roofgeo.models.training import RoofTraining, fit, prepare_torch

    prepare_torch(seed, threads)
    network = RoofNet(Architecture())
    checkpoint.load_imagenet_encoder(network)
    sampler = WindowSampler(window_px, PIXEL_SIZE_M)
    held_out = RoofGraph(Path(data) / "roofgraph", "val")
    measured = [sampler.centred(held_out.scene(i, DOWNSAMPLE)) for i in range(0, len(held_out), 8)]
    training = RoofTraining(network, PIXEL_SIZE_M, learning_rate=2e-3, steps=steps)
    windows = RandomWindows(_training_sources(Path(data)), sampler, seed)
    fit(training, windows, measured, Path(output) / "run", batch_size, workers)
    card = checkpoint.ModelCard(
        name=Path(output).name,
        version="1",
        architecture=dataclasses.asdict(network.architecture),
        heads=network.architecture.heads,
        pixel_size_m=PIXEL_SIZE_M,
        licence="CC-BY-NC-4.0",
        trained_on=TRAINED_ON,
    )
    return checkpoint.save_network(training.network, card, Path(output))


PIXEL_SIZE_M = 0.1
"""What the network sees; imagery is resampled to it."""

DOWNSAMPLE = 2
"""From RoofGraph's 0.05 m to `PIXEL_SIZE_M`."""


def _training_sources(data: Path) -> tuple[tuple[float, Callable[[np.random.Generator], LabelledScene]], ...]:
    """The training mix: shares, and functions that draw a scene."""
    from roofgeo.data.roof_masks import read_roof_masks
    from roofgeo.data.roofgraph import RoofGraph
    from roofgeo.synthesis.composition import compose_scene
    from roofgeo.synthesis.scenes import render_scene
    from roofgeo.synthesis.styles import draw_style

    roofgraph = RoofGraph(data / "roofgraph", "train")
    roofs = [roofgraph.scene(i, DOWNSAMPLE) for i in range(len(roofgraph))]
    tiles = read_roof_masks(data / "banepa", "train.txt", PIXEL_SIZE_M)

    def unbuilt(rng: np.random.Generator) -> LabelledScene:
        style = dataclasses.replace(draw_style(rng, GROUND_PX * PIXEL_SIZE_M), vacant=1.0, sheds=0.0)
        return render_scene(rng, GROUND_PX, PIXEL_SIZE_M, style=style).scene

    grounds = _Pool(unbuilt, 80)
    rendered = _Pool(lambda rng: render_scene(rng, RENDERED_PX, PIXEL_SIZE_M).scene, 300)

    def composed(rng: np.random.Generator) -> LabelledScene:
        # Neighbours in the list come from one map tile: one flight, one sun.
        first = int(rng.integers(len(roofs) - ROOFS_A_SCENE))
        return compose_scene(grounds(rng), roofs[first : first + ROOFS_A_SCENE], rng)

    return (0.5, composed), (0.38, rendered), (0.12, lambda rng: tiles[rng.integers(len(tiles))])


GROUND_PX = 576
RENDERED_PX = 768
ROOFS_A_SCENE = 18
"""Roofs offered to a composed scene; about half find room."""


class _Pool:
    """Scenes that are drawn again and again, since rendering one takes longer than training on it."""

    def __init__(self, render: Callable[[np.random.Generator], LabelledScene], size: int) -> None:
        self._render = render
        self._size = size
        self._scenes: list[LabelledScene] = []

    def __call__(self, rng: np.random.Generator) -> LabelledScene:
        if len(self._scenes) < self._size:
            self._scenes.append(self._render(rng))
            return self._scenes[-1]
        if rng.random() < 0.1:
            self._scenes[int(rng.integers(self._size))] = self._render(rng)
        return self._scenes[int(rng.integers(self._size))]
