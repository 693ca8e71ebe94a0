"""Measure the model that ships, through `roofgeo predict` and the vector layers: `make figures`.

Writes the table into the README and the figures into the model's card and MODEL_CARD.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from roofgeo.data.imagery import metric_grid, open_imagery
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.rasters import SeamFigures, measure_seams
from roofgeo.evaluation.report import Figures, figures_table
from roofgeo.grid import Window
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model, write_card
from roofgeo.pipeline import prediction, preparation
from roofgeo.plan import plan_run
from roofgeo.raster.stitch import class_rasters
from roofgeo.vector.export import read_layers
from tests.benchmarks.sets import MeasuredSet, banepa, kampala, roofgraph_val, sample_scene

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ROOFGEO_TEST_DATA", ROOT.parent / "shared" / "data"))
SEAM_PX = 2048
SEAM_CONTEXT_PX = 512
"""How much more the whole forward pass sees on each side, so that it has no border of its own."""


def measure(measured: MeasuredSet, model: str, folder: Path) -> Figures:
    """Predict a set and compare the layers with the truth."""
    output = folder / measured.name.replace(" ", "_")
    result = prediction.predict(measured.aoi, measured.imagery, model, output, overwrite=True)
    predicted = read_layers(result.paths["roofs.gpkg"])
    area = None if measured.area is None else measured.area.to_crs(result.grid.crs).union_all()
    return evaluate_layers(predicted, measured.truth, area, ignore_unlabelled=measured.ignore_unlabelled)


def seams(model: str, imagery: Path) -> dict[str, SeamFigures]:
    """Classes of windows and of small blocks against one whole forward pass, on a square of real imagery."""
    opened = open_model(model)
    card = opened.card
    with open_imagery(imagery) as pixels:
        whole = metric_grid(pixels, None, None, card.pixel_size_m, 0.0)
        grid = dataclasses.replace(whole, height=SEAM_PX, width=SEAM_PX)
        network = OnnxNetwork(opened)
        reach = pixels.footprint(grid.crs)
        found = {}
        for name, core_px in (("windows", SEAM_PX), ("blocks", SEAM_PX // 2)):
            plan = plan_run(grid, reach, card.tile_px, card.overlap_px, core_px)
            run = preparation.Run(pixels, network, plan, reach, np.nan)
            classes = np.zeros(grid.shape, np.uint8)
            for block in plan.blocks:
                bands, valid = prediction.block_bands(run, block, lambda: None)
                classes[block.core.slices_in(grid.window)] = class_rasters(bands, valid)["segments"]
            if name == "windows":
                windows = plan.windows(plan.blocks[0])
                rows = {b for w in windows for b in (w.row, w.row_end)}
                cols = {b for w in windows for b in (w.col, w.col_end)}
                margin = grid.window.grow(SEAM_CONTEXT_PX)
                image, known = pixels.read(grid, Window(margin.row, margin.col, margin.height, margin.width))
                bands_whole = network.predict(image, pixels.pixel_size_m, np.nan)
                inner = grid.window.slices_in(margin)
                by_head = {head: bands_whole[at][:, *inner] for head, at in network.slices.items()}
                reference = class_rasters(by_head, known[inner])["segments"]
            else:
                rows = cols = {core_px}
            found[name] = measure_seams(classes, reference, rows, cols)
    return found


def all_sets(folder: Path) -> Iterator[MeasuredSet]:
    """The sets that can be measured here."""
    yield sample_scene()
    if DATA.is_dir():
        yield roofgraph_val(DATA, folder)
        yield kampala(DATA)
        yield banepa(DATA)


def main() -> None:
    """Measure, print, and write the README and the card if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--keep", type=Path, help="keep the predictions in this folder")
    parser.add_argument("--write", action="store_true", help="write README.md and the model's card")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = {}
        for measured in all_sets(folder):
            start = time.perf_counter()
            figures[measured.name] = measure(measured, arguments.model, folder)
            print(f"{measured.name}: {time.perf_counter() - start:.0f} s")
    table = figures_table(figures)
    if DATA.is_dir():
        for name, seam in seams(arguments.model, DATA / "kampala" / "ortho.tif").items():
            table += (
                f"\n\nSeam of {name} against one whole forward pass (Kampala, {SEAM_PX} px): classes differ on "
                f"{100 * seam.near_share:.3f} % of the pixels within 16 px of a border, on "
                f"{100 * seam.elsewhere_share:.3f} % elsewhere: {seam.excess_points:+.3f} points."
            )
    print(table)
    if arguments.write:
        write(table, figures, arguments.model)


def write(table: str, figures: dict[str, Figures], model: str) -> None:
    """Put the figures where users read them."""
    opened = open_model(model)
    for path in (ROOT / "README.md", opened.folder / "MODEL_CARD.md"):
        text = path.read_text(encoding="utf-8")
        marked = f"<!-- figures -->\n{table}\n<!-- /figures -->"
        path.write_text(re.sub(r"<!-- figures -->.*<!-- /figures -->", marked, text, flags=re.S), encoding="utf-8")
    measured = {
        name: {key: round(value, 4) for key, value in found.as_dict().items() if value is not None}
        for name, found in figures.items()
    }
    write_card(dataclasses.replace(opened.card, figures=measured), opened.folder)


if __name__ == "__main__":
    main()
