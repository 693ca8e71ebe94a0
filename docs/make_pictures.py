"""Draw what `roofgeo predict` found over the orthophoto: the pictures of the README and of the model cards.

Run it from the project's root: ``python -m docs.make_pictures``. The Kampala pictures need ``../shared/data``.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from roofgeo.data.imagery import open_imagery
from roofgeo.grid import Grid, Window
from roofgeo.models.library import shipped_models
from roofgeo.pipeline import PredictResult, predict
from roofgeo.schema import LINE_CLASSES, SEGMENT_CLASSES
from roofgeo.vector.export import read_layers
from tests.benchmarks.sets import rendered_scenes

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ROOFGEO_TEST_DATA") or ROOT.parent / "shared" / "data")
IMAGES = ROOT / "docs" / "images"
COURTS = Window(780, 1060, 540, 1020)
"""In Kampala's orthophoto at 0.1 m: courts and yards that are taken for roofs."""

DENSE_SCENE = 9011
"""One of the scenes the models are measured on: `tests.benchmarks.sets`."""
SEGMENT_COLOR = {c.name: np.array(c.color) / 255 for c in SEGMENT_CLASSES}
LINE_COLOR = {c.name: np.array(c.color) / 255 for c in LINE_CLASSES}


def draw(imagery: Path, result: PredictResult, window: Window, target: Path, credit: str = "") -> None:
    """The picture alone, and beside it with segments by orientation, down-slope arrows, and lines by type."""
    with open_imagery(imagery) as source:
        image, _ = source.read(result.grid, window)
    left, bottom, right, top = result.grid.window_bounds(window)
    layers = read_layers(result.paths["roofs.gpkg"])
    aspect = window.height / window.width
    figure, (plain, drawn) = plt.subplots(1, 2, figsize=(16, 8 * aspect))
    for axes in (plain, drawn):
        axes.imshow(image.transpose(1, 2, 0), extent=(left, right, bottom, top))
        axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], xlabel="", ylabel="")
    draw_segments(drawn, layers["roof_segments"])
    lines = layers["roof_lines"]
    lines.plot(ax=drawn, color=[LINE_COLOR[kind] for kind in lines["line_type"]], linewidth=1.3)
    drawn.set(xlim=(left, right), ylim=(bottom, top), xlabel="", ylabel="")
    if credit:
        plain.text(0.01, 0.01, credit, transform=plain.transAxes, color="white", fontsize=9, backgroundcolor="#0008")
    figure.subplots_adjust(0, 0, 1, 1, 0.01, 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=75, pil_kwargs={"quality": 85})
    plt.close(figure)


def draw_segments(axes: Axes, segments: gpd.GeoDataFrame) -> None:
    """Faces in the colours of their orientation, with an arrow down the slope."""
    colors = [SEGMENT_COLOR[name] for name in segments["orientation"]]
    segments.plot(ax=axes, color=colors, alpha=0.55, edgecolor="none")
    pitched = segments[segments["azimuth_grid_deg"].notna()]
    at, angle = pitched.representative_point(), np.radians(pitched["azimuth_grid_deg"].astype(float))
    length_m = 0.25 * np.sqrt(pitched["footprint_area_m2"])
    arrow = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.0016, "color": "black", "pivot": "middle"}
    axes.quiver(at.x, at.y, length_m * np.sin(angle), length_m * np.cos(angle), **arrow)


def middle(grid: Grid, height: int, width: int) -> Window:
    """A window in the middle of a grid."""
    return Window((grid.height - height) // 2, (grid.width - width) // 2, height, width)


def draw_failures(model: str, kampala: Path, folder: Path) -> None:
    """The pictures of a shipped model's card: where it fails, in Kampala and in a dense rendered scene."""
    target = shipped_models()[model]
    result = predict(imagery=kampala, model=model, output=folder / "kampala")
    draw(kampala, result, COURTS, target / "failures_kampala.jpg", "Imagery: OpenAerialMap, CC BY 4.0")
    dense = next(rendered_scenes(folder, DENSE_SCENE))
    result = predict(imagery=dense.imagery, model=model, output=folder / "dense")
    draw(dense.imagery, result, middle(result.grid, 1000, 1000), target / "failures_rendered.jpg")


def main() -> None:
    """Draw all pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        sample = ROOT / "samples" / "ortho.tif"
        result = predict(ROOT / "samples" / "area.geojson", sample, output=Path(temporary) / "sample")
        draw(sample, result, middle(result.grid, 1150, 1150), IMAGES / "sample.jpg")
        if DATA.is_dir():
            ortho = DATA / "kampala" / "ortho.tif"
            result = predict(imagery=ortho, output=Path(temporary) / "kampala")
            window = middle(result.grid, 900, 900)
            draw(ortho, result, window, IMAGES / "kampala.jpg", "Imagery: OpenAerialMap, CC BY 4.0")
            for model in shipped_models():
                (Path(temporary) / model).mkdir()
                draw_failures(model, ortho, Path(temporary) / model)


if __name__ == "__main__":
    main()
