"""What a square kilometre costs: `python -m tests.benchmarks.cost` times the whole command on imagery of 0.2 m.

The ground is a rendered settlement, tiled: dense with roofs all over, which is the dear case.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pyproj import CRS

from roofgeo.grid import Grid
from roofgeo.models.library import DEFAULT_MODEL
from roofgeo.synthesis.scenes import render_scene
from roofgeo.synthesis.writer import write_orthophoto
from tests.benchmarks.sets import CORNER_M, FIRST_SCENE

PIXEL_M = 0.2
TILE_PX = 500


def main() -> None:
    """Render, predict, and print seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side-m", type=int, default=1000, help="side of the square in metres, in steps of 100")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    arguments = parser.parse_args()
    count = arguments.side_m // 100
    tiles = [render_scene(FIRST_SCENE + seed, TILE_PX, PIXEL_M).scene.image for seed in range(4)]
    rows = [np.concatenate([tiles[(row + col) % len(tiles)] for col in range(count)], axis=2) for row in range(count)]
    image = np.concatenate(rows, axis=1)
    with tempfile.TemporaryDirectory() as temporary:
        imagery = Path(temporary) / "ortho.tif"
        write_orthophoto(imagery, image, Grid(CRS.from_epsg(32632), *CORNER_M, PIXEL_M, *image.shape[1:]))
        command = ["predict", "--imagery", str(imagery), "--model", arguments.model, "--output", f"{temporary}/roofs"]
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "roofgeo.cli", *command, "--quiet"], check=True)
        seconds = time.perf_counter() - start
    square_km = (count * TILE_PX * PIXEL_M / 1000) ** 2
    print(f"{square_km:.2f} km2 of {PIXEL_M} m per pixel: {seconds:.0f} s, {seconds / square_km:.0f} s per km2")


if __name__ == "__main__":
    main()
