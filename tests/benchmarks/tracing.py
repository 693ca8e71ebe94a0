"""Measure how fast labels become a valid coverage, and bands a GeoPackage.

`python -m tests.benchmarks.tracing coverage` traces and simplifies two rasters of 26,000 labels, roofs on open ground
and a mosaic without any, against `rasterio.features.shapes` and `shapely.coverage_simplify` in one piece.
`python -m tests.benchmarks.tracing stage` times the vector stage against the network on as many pixels.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import multiprocessing
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

from roofgeo.data.targets import LabelledScene, rasterize_targets
from roofgeo.grid import Window
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import open_model
from roofgeo.models.devices import peak_memory_bytes
from roofgeo.schema import LINE_CLASSES, SEGMENT_CLASSES
from roofgeo.synthesis.scenes import render_scene
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import write_geopackage
from roofgeo.vector.graph import GeometryArray, PlanarGraph, face_polygons, trace
from roofgeo.vector.seams import join_blocks, vectorize_block
from roofgeo.vector.simplify import douglas_peucker
from tests.vector.rasters import BandArrays, one_hot, utm_grid

Labels = NDArray[np.int32]
Makers = dict[str, Callable[[int], Labels]]

CELL_PX: Final = 106
PITCH_PX: Final = 51
"""A roof of four planes stands in a cell; each square of this pitch holds a cell of the mosaic: 8192 px have 26,000."""

TOLERANCE_PX: Final = 2.0
SCENE_PX: Final = 1024
STYLES: Final = ("dense_flat", "rows", "middle_europe", "america")
BLUR_PX: Final = 1.0
CORE_PX: Final = 2048
NETWORK_WINDOWS: Final = 4


def roofs(side_px: int) -> Labels:
    """(side, side) planes of hip roofs turned at random, one in the middle of each cell."""
    row, col = np.ogrid[:side_px, :side_px]
    cells = side_px // CELL_PX + 1
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.pi, (cells, cells)).astype(np.float32)[row // CELL_PX, col // CELL_PX]
    half_width = rng.uniform(14, 24, (cells, cells)).astype(np.float32)[row // CELL_PX, col // CELL_PX]
    y, x = (np.float32(at % CELL_PX - (CELL_PX - 1) / 2) for at in (row, col))
    along = np.abs(side := x * np.cos(angle) + y * np.sin(angle)) - 40
    across = np.abs(front := y * np.cos(angle) - x * np.sin(angle)) - half_width
    plane = np.where(along > across, 1 + (side > 0), 3 + (front > 0))
    return _numbered(np.where(np.maximum(along, across) < 0, plane + 4 * (row // CELL_PX * cells + col // CELL_PX), 0))


def mosaic(side_px: int) -> Labels:
    """(side, side) cells around the nearest of one random point in each square of a lattice: everything touches."""
    count = side_px // PITCH_PX + 1
    place = np.random.default_rng(0).uniform(0, PITCH_PX, (2, count + 2, count + 2)).astype(np.float32)
    row, col = np.ogrid[:side_px, :side_px]
    nearest = np.full((side_px, side_px), np.inf, np.float32)
    labels = np.zeros((side_px, side_px), np.int32)
    for down, right in np.ndindex(3, 3):
        i, j = row // PITCH_PX + down, col // PITCH_PX + right
        y = place[0, i, j] + ((i - 1) * PITCH_PX - row).astype(np.float32)
        x = place[1, i, j] + ((j - 1) * PITCH_PX - col).astype(np.float32)
        distance = x * x + y * y
        closer = distance < nearest
        np.copyto(labels, (i * (count + 2) + j + 1).astype(np.int32), where=closer)
        np.copyto(nearest, distance, where=closer)
    return _numbered(labels)


def _numbered(values: NDArray[np.integer]) -> Labels:
    """Labels 1.. of the 4-connected pieces of equal values, 0 where they are 0."""
    return np.asarray(label(values, connectivity=1), np.int32)


RASTERS: Final[Makers] = {"roofs": roofs, "mosaic": mosaic}


def traced(labels: Labels) -> GeometryArray:
    """Arcs traced once, simplified by Douglas and Peucker, with more care along faces that come out unsound."""
    graph = trace(labels)
    tolerance_px = np.full(len(graph.sides), TOLERANCE_PX)
    while True:
        polygons, sound = face_polygons(_simplified(graph, tolerance_px))
        if sound.all():
            return polygons
        bad = np.append(False, ~sound)[graph.sides].any(1)
        tolerance_px[bad] = np.where(tolerance_px[bad] == TOLERANCE_PX, TOLERANCE_PX / 4, 0)


def _simplified(graph: PlanarGraph, tolerance_px: NDArray[np.float64]) -> PlanarGraph:
    kept = douglas_peucker(graph, tolerance_px)
    return dataclasses.replace(graph, nodes=graph.nodes[kept], arc=graph.arc[kept])


def polygonized(labels: Labels) -> GeometryArray:
    """Each face polygonized by GDAL, then all simplified as a coverage in one piece."""
    found = rasterio.features.shapes(labels, labels > 0)
    return np.asarray(shapely.coverage_simplify([shapely.geometry.shape(face) for face, _ in found], TOLERANCE_PX))


WAYS: Final = {"shapes": polygonized, "traced": traced}


@dataclasses.dataclass(frozen=True)
class Run:
    """What one way made of a raster: its seconds, of processor time, its peak memory beyond the raster, its faces."""

    seconds: float
    cpu_s: float
    peak_bytes: int
    faces: int
    vertices: int
    valid: bool


def coverage(side_px: int, rounds: int) -> None:
    """Print seconds, memory and soundness of both ways, in turn, each in a process of its own.

    The ratio is of processor time, which other work on the machine leaves alone; neither way uses a second core.
    """
    for name, make in RASTERS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "labels.npy"
            labels = make(side_px)
            np.save(path, labels)
            print(f"{name}: {side_px} x {side_px} px, {labels.max()} labels")
            runs: dict[str, list[Run]] = {way: [] for way in WAYS}
            for way in _in_turn(rounds):
                runs[way].append(_alone(path, way))
        for way, done in runs.items():
            one, wall, cpu = done[0], [run.seconds for run in done], [run.cpu_s for run in done]
            print(f"  {way}: {statistics.median(cpu):.2f} s of processor ({min(cpu):.2f} to {max(cpu):.2f}), "
                  f"{statistics.median(wall):.2f} s in all, {max(run.peak_bytes for run in done) / 2**20:.0f} MiB, "
                  f"{one.faces} faces, {one.vertices} vertices, {'valid' if one.valid else 'NOT valid'}")  # fmt: skip
        ours, theirs = (statistics.median(run.cpu_s for run in runs[way]) for way in ("traced", "shapes"))
        print(f"  ratio {ours / theirs:.3f}", flush=True)
        assert all(run.valid and run.faces == labels.max() for run in runs["traced"])


def _in_turn(rounds: int) -> Iterator[str]:
    for number in range(rounds):
        yield from WAYS if number % 2 else reversed(WAYS)


def _alone(path: Path, way: str) -> Run:
    """Run in a fresh process, so that peaks of memory are its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (path, way))


def _run(path: Path, way: str) -> Run:
    labels = np.load(path)
    before, began, spent = peak_memory_bytes() or 0, time.perf_counter(), time.process_time()
    polygons = WAYS[way](labels)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - spent
    peak = (peak_memory_bytes() or 0) - before
    vertices = int(shapely.get_num_coordinates(polygons).sum())
    return Run(seconds, cpu_s, peak, len(polygons), vertices, bool(shapely.coverage_is_valid(polygons)))


def stage(side_px: int, profile: cProfile.Profile | None) -> None:
    """Print the seconds of each step of the vector stage on rendered settlements, and the network's on its pixels."""
    grid = utm_grid((side_px, side_px))
    tiles = [_bands(render_scene(i, SCENE_PX, style=style).scene) for i, style in enumerate(STYLES)]
    seconds: dict[str, float] = {}
    blocks = []
    for block in grid.blocks(CORE_PX, 0):
        bands = _tiled(tiles, block.core)
        with _timed(seconds, profile, "vectorize_block"):
            valid = np.ones(block.core.shape, bool)
            blocks.append(vectorize_block(bands, bands["roof"][0] > 0.5, valid, block.core, grid))
    with _timed(seconds, profile, "join_blocks"):
        buildings = join_blocks(blocks, grid)
    with _timed(seconds, profile, "attribute_layers"):
        layers = attribute_layers(buildings, grid)
    with tempfile.TemporaryDirectory() as folder, _timed(seconds, profile, "write_geopackage"):
        write_geopackage(Path(folder) / "roofs.gpkg", layers, {})
    total = sum(seconds.values())
    print(f"{side_px} x {side_px} px: " + ", ".join(f"{len(layer)} {name}" for name, layer in layers.items()))
    print(f"  {total:.1f} s: " + ", ".join(f"{step} {took:.1f}" for step, took in seconds.items()))
    for threads in (1, 2):
        network = _network_seconds(side_px, threads)
        print(f"  the network on {threads} threads {network:.1f} s, ratio {total / network:.3f}", flush=True)


@contextmanager
def _timed(seconds: dict[str, float], profile: cProfile.Profile | None, step: str) -> Iterator[None]:
    """Add what passes to the seconds of a step, and to the profile if there is one."""
    began = time.perf_counter()
    with profile or nullcontext():
        yield
    seconds[step] = seconds.get(step, 0.0) + time.perf_counter() - began


def _bands(scene: LabelledScene) -> BandArrays:
    """(bands, height, width) float32 by head: the labels, a little blurred, as a good network would give them."""
    targets = rasterize_targets(scene)
    angle, pitched = np.deg2rad(np.nan_to_num(targets.azimuth_deg)), ~np.isnan(targets.azimuth_deg)
    bands = {
        "segments": one_hot(targets.segments, len(SEGMENT_CLASSES)),
        "azimuth": np.stack([np.sin(angle), np.cos(angle)]).astype(np.float32) * pitched,
        "lines": one_hot(targets.lines, len(LINE_CLASSES)),
        "roof": (targets.roof == 1).astype(np.float32)[None],
    }
    return {head: ndimage.gaussian_filter(band, (0, BLUR_PX, BLUR_PX)) for head, band in bands.items()}


def _tiled(tiles: list[BandArrays], core: Window) -> BandArrays:
    """The bands of a window of an endless pattern of four scenes."""
    row, col = np.arange(core.row, core.row_end) % (2 * SCENE_PX), np.arange(core.col, core.col_end) % (2 * SCENE_PX)
    whole = {}
    for head in tiles[0]:
        parts = [tile[head] for tile in tiles]
        square = np.concatenate([np.concatenate(parts[:2], 2), np.concatenate(parts[2:], 2)], 1)
        whole[head] = np.ascontiguousarray(square[:, row][:, :, col])
    return whole


def _network_seconds(side_px: int, threads: int) -> float:
    """Seconds the model that ships needs for `side_px` squared pixels, no window overlapping another."""
    model = open_model()
    network, tile_px = OnnxNetwork(model, threads), model.card.tile_px
    image = np.random.default_rng(0).integers(0, 255, (3, tile_px, tile_px), np.uint8)
    took = []
    for _ in range(NETWORK_WINDOWS + 1):  # the first one wakes it up
        began = time.perf_counter()
        network.predict(image, model.card.pixel_size_m, 180.0)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:]) * (side_px / tile_px) ** 2


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("coverage", "stage"))
    parser.add_argument("--side", type=int, help="pixels [8192 and 4096]")
    parser.add_argument("--rounds", type=int, default=3, help="of the coverage [3]")
    parser.add_argument("--profile", action="store_true", help="show where the stage's time goes")
    arguments = parser.parse_args()
    if arguments.what == "coverage":
        coverage(arguments.side or 8192, arguments.rounds)
        return
    profile = cProfile.Profile() if arguments.profile else None
    stage(arguments.side or 4096, profile)
    if profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
