"""Measure the models that ship, through `roofgeo predict` and the vector layers: `make figures`.

Writes the figures into the card and the MODEL_CARD.md of each, and the table of the usual one into the README.
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

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from roofgeo.data.imagery import metric_grid, open_imagery
from roofgeo.data.targets import segment_class
from roofgeo.evaluation.classes import ClassSums, class_sums
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.rasters import SeamFigures, measure_seams
from roofgeo.evaluation.report import Figures, add_up, figures_table
from roofgeo.grid import Window
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import open_model, write_card
from roofgeo.models.library import DEFAULT_MODEL, shipped_models
from roofgeo.pipeline import prediction, preparation
from roofgeo.pipeline.evaluation import evaluate_dataset
from roofgeo.plan import Plan, plan_run
from roofgeo.raster.geotiff import read_raster
from roofgeo.raster.mask import codes_inside, inside
from roofgeo.raster.stitch import class_rasters
from roofgeo.schema import GEOPACKAGE, RASTERS, SEGMENTS_LAYER
from roofgeo.vector.export import read_layers
from tests.benchmarks.sets import MeasuredSet, banepa, kampala, rendered_scenes, sample_scene

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ROOFGEO_TEST_DATA", ROOT.parent / "shared" / "data"))
LEAVING_OUT = (("", True), (", unlabelled counted", False))
"""How sets are called that leave out roofs, and whether found buildings that touch none of theirs are left out."""

SEAM_PX = 2048
SEAM_CONTEXT_PX = 512
"""How much more the whole forward pass sees on each side, so that it has no border of its own."""


def measure(measured: MeasuredSet, model: str, folder: Path) -> Figures:
    """Predict a set and compare the layers with the truth, and the classes if the truth has segments."""
    return compare(predict(measured, model, folder), measured)


def predict(measured: MeasuredSet, model: str, folder: Path) -> prediction.PredictResult:
    """Predict a set into a folder of its name."""
    output = folder / measured.name.replace(" ", "_")
    return prediction.predict(measured.aoi, measured.imagery, model, output, overwrite=True)


def compare(result: prediction.PredictResult, measured: MeasuredSet, *, ignore_unlabelled: bool = False) -> Figures:
    """Figures of a predicted set."""
    predicted = read_layers(result.paths[GEOPACKAGE])
    area = None if measured.area is None else measured.area.to_crs(result.grid.crs).union_all()
    figures = evaluate_layers(predicted, measured.truth, area, ignore_unlabelled=ignore_unlabelled)
    if SEGMENTS_LAYER.name in measured.truth:
        figures += Figures(classes=_classes(result, measured.truth[SEGMENTS_LAYER.name], area))
    return figures


def _classes(result: prediction.PredictResult, truth: gpd.GeoDataFrame, area: shapely.Geometry | None) -> ClassSums:
    """Pixels of the run's classes against true segments."""
    grid = result.grid
    segments = truth.to_crs(grid.crs)
    codes = segment_class(segments["azimuth_grid_deg"].to_numpy(float)).astype(np.uint8)
    true = codes_inside(np.asarray(segments.geometry, object), codes, grid, grid.window)
    where = None if area is None else inside(area, grid, grid.window)
    return class_sums(read_raster(result.paths[RASTERS["segments"].filename]), true, where)


def seams(model: str, imagery: Path) -> dict[str, SeamFigures]:
    """Classes of windows against one whole forward pass, and of small blocks against one block, on real imagery.

    Blocks are not held against the whole pass: that would measure what happens to lie along their borders.
    """
    opened = open_model(model)
    card = opened.card
    with open_imagery(imagery) as pixels:
        whole = metric_grid(pixels, None, None, card.pixel_size_m, 0.0)
        grid = dataclasses.replace(whole, height=SEAM_PX, width=SEAM_PX)
        network = OnnxNetwork(opened)
        reach = pixels.footprint(grid.crs)

        def stitched(core_px: int) -> tuple[NDArray[np.uint8], Plan]:
            plan = plan_run(grid, reach, card.tile_px, card.overlap_px, core_px)
            run = preparation.Run(pixels, network, plan, reach, np.nan)
            classes = np.zeros(grid.shape, np.uint8)
            for block in plan.blocks:
                bands, valid = prediction.block_bands(run, block, lambda: None)
                classes[block.core.slices_in(grid.window)] = class_rasters(bands, valid)["segments"]
            return classes, plan

        one_block, plan = stitched(SEAM_PX)
        windows = plan.windows(plan.blocks[0])
        rows = {b for w in windows for b in (w.row, w.row_end)}
        cols = {b for w in windows for b in (w.col, w.col_end)}
        margin = grid.window.grow(SEAM_CONTEXT_PX)
        image, known = pixels.read(grid, Window(margin.row, margin.col, margin.height, margin.width))
        bands_whole = network.predict(image, pixels.pixel_size_m, np.nan)
        inner = grid.window.slices_in(margin)
        by_head = {head: bands_whole[at][:, *inner] for head, at in network.slices.items()}
        reference = class_rasters(by_head, known[inner])["segments"]
        blocks, _ = stitched(SEAM_PX // 2)
        border = {SEAM_PX // 2}
        return {
            "windows against one whole forward pass": measure_seams(one_block, reference, rows, cols),
            "four blocks against one": measure_seams(blocks, one_block, border, border),
        }


def all_figures(model: str, folder: Path) -> Iterator[tuple[str, Figures]]:
    """What can be measured here, by name."""
    scenes = [measure(scene, model, folder) for scene in (sample_scene(), *rendered_scenes(folder))]
    yield "sample scene", scenes[0]
    yield "sample and 20 rendered scenes", add_up(scenes)
    if DATA.is_dir():
        yield "RoofGraph val", evaluate_dataset(DATA / "roofgraph", model, split="val").figures
        for told, ignore in LEAVING_OUT:
            rid = evaluate_dataset(DATA / "rid", model, ignore_unlabelled=ignore)
            yield "RID, seven tiles" + told, rid.figures
        for measured in (kampala(DATA), banepa(DATA)):
            result = predict(measured, model, folder)
            for told, ignore in LEAVING_OUT:
                yield measured.name + told, compare(result, measured, ignore_unlabelled=ignore)


def figures_of(model: str, folder: Path) -> tuple[str, dict[str, Figures]]:
    """The table of a model, and its figures by the name of what they were measured on."""
    figures = {}
    start = time.perf_counter()
    for name, found in all_figures(model, folder):
        figures[name] = found
        print(f"{model}, {name}: measured after {time.perf_counter() - start:.0f} s", flush=True)
    table = figures_table(figures)
    if DATA.is_dir():
        for name, seam in seams(model, DATA / "kampala" / "ortho.tif").items():
            table += (
                f"\n\nSeam of {name} (Kampala, {SEAM_PX} px): classes differ on "
                f"{100 * seam.near_share:.3f} % of the pixels within 16 px of a border, on "
                f"{100 * seam.elsewhere_share:.3f} % elsewhere: {seam.excess_points:+.3f} points."
            )
    return table, figures


def main() -> None:
    """Measure, print, and write the README and the cards if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a model of the package, or the folder of one; all of the package if left out")
    parser.add_argument("--keep", type=Path, help="keep the predictions in this folder")
    parser.add_argument("--write", action="store_true", help="write README.md and the models' cards")
    arguments = parser.parse_args()
    if arguments.write and not DATA.is_dir():
        parser.error(f"{DATA} is not there: most figures would be lost; ROOFGEO_TEST_DATA may name the data's folder")
    for model in [arguments.model] if arguments.model else sorted(shipped_models()):
        with tempfile.TemporaryDirectory() as temporary:
            folder = (arguments.keep or Path(temporary)) / Path(model).name
            folder.mkdir(parents=True, exist_ok=True)
            table, figures = figures_of(model, folder)
        print(table, flush=True)
        if arguments.write:
            write(table, figures, model)


def write(table: str, figures: dict[str, Figures], model: str) -> None:
    """Put the figures where users read them."""
    opened = open_model(model)
    pages = [opened.folder / "MODEL_CARD.md", *([ROOT / "README.md"] if model == DEFAULT_MODEL else [])]
    for path in filter(Path.is_file, pages):
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
