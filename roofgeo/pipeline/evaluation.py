"""evaluate: layers against layers, or a model against a labelled data set."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from roofgeo.data.aoi import read_area
from roofgeo.data.imagery import Imagery, open_imagery
from roofgeo.errors import DataError, InputError
from roofgeo.evaluation.buildings import WorstBuilding, building_polygons, worst_buildings
from roofgeo.evaluation.layers import Layers, evaluate_layers, layers_in_crs_of
from roofgeo.evaluation.lines import told_types
from roofgeo.evaluation.report import Figures, Total, figures_table, metrics_table
from roofgeo.evaluation.reporting import write_report
from roofgeo.evaluation.worst import WorstWindow, keep_worst
from roofgeo.evaluation.writing import ReportFolder
from roofgeo.grid import Grid
from roofgeo.models.checkpoint import open_model
from roofgeo.models.library import DEFAULT_MODEL
from roofgeo.pipeline.progress import Clock, Progress
from roofgeo.schema import GEOPACKAGE
from roofgeo.vector.export import read_layers

if TYPE_CHECKING:
    from PIL.Image import Image

    from roofgeo.data.dataset import Picture, RoofDataset
    from roofgeo.pipeline.measuring import Measured

__all__ = ["DatasetFigures", "evaluate", "evaluate_dataset", "figures_table", "metrics_table"]

STAGE = "measure"

MOST_UNREADABLE = 0.01
"""Share of a data set's pictures that may be unreadable: beyond it something else is wrong."""

UNLABELLED = "buildings_without_labels"
"""How a report tells whether they counted: figures compare only where they did in both."""

OVERLAY_PX = 384
SURROUNDINGS = 0.25
"""How much of a building's width is shown around it."""


def evaluate(
    predicted: str | Path,
    truth: str | Path,
    area: str | Path | None = None,
    *,
    ignore_unlabelled: bool = False,
    report: str | Path | None = None,
    imagery: str | Path | None = None,
    progress: Progress | None = None,
) -> Figures:
    """Measure predicted layers against true ones.

    Args:
        predicted: GeoPackage with the layers of `predict`, or the folder it lies in.
        truth: GeoPackage with any of the same layers, or another vector file with building outlines.
        area: File with the area to measure in; None for all of it.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof.
        report: Folder to write the figures and pictures of the worst buildings into; None for no report.
        imagery: Orthophoto to draw these buildings on; white paper if None.
        progress: Told of each step.

    Raises:
        InputError: The layers cannot be compared, or the report's folder cannot be written.
        DataError: A file cannot be read.
    """
    clock = Clock(progress)
    clock.stage(STAGE, 2 if report is None else 3)
    folder = None if report is None else ReportFolder(Path(report))
    path = Path(predicted)
    layers = read_layers(path / GEOPACKAGE if path.is_dir() else path)
    true = read_layers(Path(truth))
    crs = next(iter(layers.values())).crs
    geometry = None if area is None else read_area(area).to_crs(crs).geometry
    clock.step()
    figures = evaluate_layers(layers, true, geometry, ignore_unlabelled=ignore_unlabelled)
    clock.step()
    if folder is not None:
        about = {
            "predicted": str(predicted), "truth": str(truth), "area": None if area is None else str(area),
            UNLABELLED: _treated(ignore_unlabelled),
        }  # fmt: skip
        worst = _building_pictures(layers, layers_in_crs_of(layers, true), geometry, imagery)
        write_report(folder, path.name, figures, about, worst)
        clock.step()
    return figures


def _treated(ignore_unlabelled: bool) -> str:
    return "left out" if ignore_unlabelled else "counted"


def _building_pictures(
    predicted: Layers, truth: Layers, area: shapely.Geometry | None, imagery: str | Path | None
) -> list[Image]:
    """The buildings that came out worst, each with its outlines in truth and prediction."""
    found, true = building_polygons(predicted), building_polygons(truth)
    if found is None or true is None:
        return []
    worst = worst_buildings(found, true, area)
    crs = next(iter(predicted.values())).crs
    if imagery is None:
        return [_building_picture(building, found, true, None) for building in worst]
    with open_imagery(imagery) as pixels:
        return [_building_picture(building, found, true, (pixels, crs)) for building in worst]


def _building_picture(
    building: WorstBuilding, predicted: Any, truth: Any, imagery: tuple[Imagery, Any] | None
) -> Image:
    from roofgeo.evaluation.drawing import draw_outlines

    left, bottom, right, top = building.outline.bounds
    side = max(right - left, top - bottom) * (1 + 2 * SURROUNDINGS)
    x, y = (left + right) / 2, (bottom + top) / 2
    bounds = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    image = None
    if imagery is not None:
        pixels, crs = imagery
        grid = Grid(crs, bounds[0], bounds[3], side / OVERLAY_PX, OVERLAY_PX, OVERLAY_PX)
        image, _ = pixels.read(grid, grid.window)
    box = shapely.box(*bounds)
    true_here, found_here = (each[shapely.intersects(each, box)] for each in (truth, predicted))
    caption = f"IoU {building.iou:.2f}, {building.outline.area:.0f} m2 at {x:.0f}, {y:.0f}"
    return draw_outlines(image, bounds, true_here, found_here, caption)


@dataclass(frozen=True, eq=False)
class DatasetFigures:
    """What was found on a data set.

    Attributes:
        name: Of the data set, and of its part that was measured.
        figures: Over all its pictures.
        pictures: How many were measured.
        left_out: Why pictures were not, by name.
    """

    name: str
    figures: Figures
    pictures: int
    left_out: Mapping[str, str]


def evaluate_dataset(
    path: str | Path,
    model: str | Path = DEFAULT_MODEL,
    *,
    layout: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    ignore_unlabelled: bool = False,
    report: str | Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DatasetFigures:
    """Measure a model on a labelled data set: each picture is predicted as a user would, and compared with its labels.

    Needs the training install. Only heads the data set labels are measured.

    Args:
        path: The data set.
        model: Name of a known model or path of a model's folder.
        layout: Name of its layout; None to tell it from what lies there.
        split: One of its splits; None for all of it.
        limit: Measure so many pictures, evenly spread over the data set; None for all.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof, for labels that leave some out.
        report: Folder to write the figures and pictures of the worst windows into; None for no report.
        threads: CPU threads of the network; None for all cores.
        progress: Told of each step.

    Raises:
        InputError: There is no such layout or split, or the report's folder cannot be written.
        DataError: The data set cannot be read, or over 1 % of its pictures cannot.
        ModelError: The model cannot be used.
    """
    try:
        from roofgeo.data.layouts import open_dataset
    except ModuleNotFoundError as error:
        raise InputError(
            f"data sets need the training install: {error.name} is missing", 'pip install "roofgeo[train]"'
        ) from error
    card = open_model(model).card
    folder = None if report is None else ReportFolder(Path(report))
    dataset = open_dataset(path, layout, split=split)
    numbers = chosen_pictures(len(dataset.pictures), limit)
    measured, worst = _measure(dataset, numbers, model, threads, ignore_unlabelled, Clock(progress))
    name = Path(path).resolve().name + (f" {split}" if split else "")
    measured = dataclasses.replace(measured, name=name)
    if folder is not None:
        about = {
            "model": f"{card.name} {card.version}", "data_set": type(dataset).__name__, "split": split or "all",
            "pictures": measured.pictures, "of": len(dataset.pictures), "heads": ", ".join(dataset.heads),
            "licence": dataset.licence, "left_out": dict(measured.left_out),
            UNLABELLED: _treated(ignore_unlabelled),
            "skipped_files": list(dataset.skipped),
        }  # fmt: skip
        write_report(folder, name, measured.figures, about, _window_pictures(worst))
    return measured


def chosen_pictures(count: int, limit: int | None) -> Sequence[int]:
    """Numbers of the pictures to measure, evenly spread."""
    if limit is not None and limit < 1:
        raise InputError(f"{limit} pictures cannot be measured", "Give a limit of at least 1, or none.")
    if limit is None or limit >= count:
        return range(count)
    return [number * count // limit for number in range(limit)]


def _measure(
    dataset: RoofDataset,
    numbers: Sequence[int],
    model: str | Path,
    threads: int | None,
    ignore_unlabelled: bool,
    clock: Clock,
) -> tuple[DatasetFigures, tuple[WorstWindow, ...]]:
    """Figures of the pictures together, and their worst windows; pictures that cannot be read are left out."""
    total, tells_all_lines = Total(), True
    worst: tuple[WorstWindow, ...] = ()
    left_out: dict[str, str] = {}
    clock.stage(STAGE, len(numbers))
    each = measured_pictures(dataset, numbers, model, left_out, clock, threads, ignore_unlabelled=ignore_unlabelled)
    for measured in each:
        total.add(measured.figures)
        worst = keep_worst([*worst, *measured.worst])
        tells_all_lines &= measured.tells_all_lines
    figures = total.figures
    figures = dataclasses.replace(figures, raster_lines=told_types(figures.raster_lines, tells_all_lines))
    return DatasetFigures("", figures, len(numbers) - len(left_out), left_out), worst


def measured_pictures(
    dataset: RoofDataset,
    numbers: Sequence[int],
    model: str | Path,
    left_out: dict[str, str],
    clock: Clock,
    threads: int | None,
    tile_px: Callable[[Picture], int | None] = lambda _: None,
    *,
    ignore_unlabelled: bool = False,
) -> Iterator[Measured]:
    """Measure a model on pictures of a data set, one by one.

    Args:
        dataset: The data set.
        numbers: Of the pictures.
        model: As `predict` takes it.
        left_out: To this is added, by name, why a picture could not be read.
        clock: Told of each.
        threads: CPU threads of the network; None for all cores.
        tile_px: Side of the network's windows for a picture; None for what the model says.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof.

    Raises:
        DataError: Over 1 % of them cannot be read.
        ModelError: The model cannot be used.
    """
    from roofgeo.pipeline.measuring import measure_picture

    for number in numbers:
        picture = dataset.pictures[number]
        try:
            with tempfile.TemporaryDirectory(prefix="roofgeo-") as folder:
                options = {"threads": threads, "tile_px": tile_px(picture)}
                yield measure_picture(
                    dataset, number, model, Path(folder), ignore_unlabelled=ignore_unlabelled, **options
                )
        except DataError as error:
            left_out[picture.name] = error.message
            _check_readable(left_out, len(numbers))
        clock.step()


def _check_readable(left_out: Mapping[str, str], count: int) -> None:
    if len(left_out) > MOST_UNREADABLE * count:
        told = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataError(
            f"{len(left_out)} of {count} pictures cannot be read: {told}",
            "Mend them, or take them out of the data set.",
        )


def _window_pictures(worst: Sequence[WorstWindow]) -> Iterator[Image]:
    from roofgeo.evaluation.drawing import draw_classes

    for window in worst:
        caption = f"{window.name}: {100 * window.wrong_share:.0f} % of the roof pixels wrong"
        yield draw_classes(window.image, window.truth, window.predicted, caption)
