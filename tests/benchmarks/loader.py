"""How fast windows are loaded: roofgeo's data set and sampler against torchgeo's own, on the same rasters.

Run: ``.venv-dev/bin/python -m tests.benchmarks.loader``
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from torch.utils.data import DataLoader
from torchgeo.datasets import RasterDataset, stack_samples
from torchgeo.samplers import RandomGeoSampler

from roofgeo.data.dataset import Picture, RoofDataset
from roofgeo.data.prepared import Prepared
from roofgeo.data.preparing import prepare
from roofgeo.data.samplers import BalancedWindows
from roofgeo.data.targets import LabelledScene, Targets, rasterize_targets
from roofgeo.grid import Window
from roofgeo.synthesis import render_scene

SIDE_PX = 4096
PATCH_PX = 1024
PIXEL_SIZE_M = 0.1
WINDOW_PX = 512
BATCH = 4


class Repeated(RoofDataset):
    """Large georeferenced pictures that repeat a rendered scene, with segments, lines and roofs."""

    def __init__(self, pictures: int) -> None:
        self.patch = render_scene(0, PATCH_PX, PIXEL_SIZE_M).scene
        self.labels = rasterize_targets(self.patch)
        places = [Affine(PIXEL_SIZE_M, 0, 500_000 + 1000 * i, 0, -PIXEL_SIZE_M, 5_300_000) for i in range(pictures)]
        named = [Picture(f"p{i}", Path("none"), SIDE_PX, SIDE_PX, at, PIXEL_SIZE_M) for i, at in enumerate(places)]
        super().__init__(named, CRS.from_epsg(32632), ("segments", "lines", "roof"))

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The scene, side by side."""
        rows = np.arange(window.row, window.row_end)[:, None] % PATCH_PX
        cols = np.arange(window.col, window.col_end)[None] % PATCH_PX

        def part(array: NDArray) -> NDArray:
            return array[..., rows, cols]

        rasters = Targets(*(part(self.labels.of(head)) for head in ("segments", "azimuth", "lines", "roof", "height")))
        return LabelledScene(part(self.patch.image), PIXEL_SIZE_M, rasters=rasters)


def write_rasters(folder: Path, pictures: int) -> Path:
    """Prepare pictures and their labels; both sides read these files."""
    prepare(Repeated(pictures), folder, WINDOW_PX, WINDOW_PX, {})
    return folder


def own_loader(folder: Path, samples: int, workers: int) -> DataLoader:
    """Prepared windows, balanced."""
    data = Prepared(folder)
    sampler = BalancedWindows(data, data.windows, WINDOW_PX, samples)
    return DataLoader(data, BATCH, sampler=sampler, num_workers=workers, collate_fn=stack_samples)


def torchgeo_loader(folder: Path, samples: int, workers: int) -> DataLoader:
    """Image and mask files as torchgeo's raster data sets, and its random sampler."""

    class Masks(RasterDataset):
        is_image = False

    data = RasterDataset(folder / "images") & Masks(folder / "labels")
    sampler = RandomGeoSampler(data, WINDOW_PX, length=samples)
    return DataLoader(data, BATCH, sampler=sampler, num_workers=workers, collate_fn=stack_samples)


def samples_per_second(loader: DataLoader) -> float:
    """Speed from the first batch on, so that starting the workers does not count."""
    batches = iter(loader)
    next(batches)
    start, count = time.perf_counter(), 0
    for batch in batches:
        assert batch["image"].shape[1:] == (3, WINDOW_PX, WINDOW_PX)
        count += len(batch["image"])
    return count / (time.perf_counter() - start)


def measure(folder: Path, samples: int = 200, workers: int = 2, repeats: int = 5) -> dict[str, list[float]]:
    """Samples per second of both, taken in turns."""
    speeds: dict[str, list[float]] = {"torchgeo": [], "roofgeo": []}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torchgeo 0.10 gives its samplers other names
        for _ in range(repeats):
            speeds["torchgeo"].append(samples_per_second(torchgeo_loader(folder, samples, workers)))
            speeds["roofgeo"].append(samples_per_second(own_loader(folder, samples, workers)))
    return speeds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_rasters(Path(folder), chosen.pictures)
        speeds = measure(Path(folder), chosen.samples, chosen.workers, chosen.repeats)
    reference = statistics.median(speeds["torchgeo"])
    print(f"{chosen.pictures} pictures of {SIDE_PX} px, windows of {WINDOW_PX} px, {chosen.workers} workers")
    print("| loader | samples/s, median | least | most | times torchgeo |\n|---|---|---|---|---|")
    for name, found in speeds.items():
        middle = statistics.median(found)
        print(f"| {name} | {middle:.1f} | {min(found):.1f} | {max(found):.1f} | {middle / reference:.2f} |")


if __name__ == "__main__":
    main()
