"""Measure a model on one picture of a labelled data set: predict it as a user would, and compare with its labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import rasterio.crs
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import geometry_mask
from rasterio.transform import array_bounds
from rasterio.warp import Resampling, reproject, transform_bounds

from roofgeo.evaluation.classes import class_sums
from roofgeo.evaluation.heights import height_sums
from roofgeo.evaluation.layers import Layers, evaluate_layers, layers_in_crs_of, roof_union, touching
from roofgeo.evaluation.lines import raster_line_sums
from roofgeo.evaluation.masks import boundary_overlap, boundary_reach_px, roof_overlap
from roofgeo.evaluation.report import Figures, Total
from roofgeo.evaluation.worst import WorstWindow, keep_worst, wrong_share
from roofgeo.evaluation.writing import write_orthophoto
from roofgeo.grid import Bounds, Window
from roofgeo.pipeline.labels import (
    Labels,
    Piece,
    Place,
    component_layers,
    labelled_area,
    pieces_of,
    place_of,
    plane_layers,
)
from roofgeo.pipeline.prediction import PredictResult, predict
from roofgeo.raster.geotiff import read_raster
from roofgeo.schema import (
    BACKGROUND,
    BUILDINGS_LAYER,
    FLAT,
    GEOPACKAGE,
    NODATA,
    RASTERS,
    SEGMENTS_LAYER,
)
from roofgeo.vector.export import read_layers

if TYPE_CHECKING:
    from roofgeo.data.dataset import Picture, RoofDataset

Codes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found on a picture.

    Attributes:
        figures: The sums.
        worst: Its windows, worst first.
        tells_all_lines: False where there may be lines of types the labels do not tell.
    """

    figures: Figures
    worst: tuple[WorstWindow, ...]
    tells_all_lines: bool


def measure_picture(
    dataset: RoofDataset,
    number: int,
    model: str | Path,
    folder: Path,
    *,
    ignore_unlabelled: bool = False,
    **options: Any,
) -> Measured:
    """Predict a picture of a data set, and measure the outputs against its labels.

    Args:
        dataset: The data set. Only heads it labels are measured.
        number: Of the picture.
        model: As `predict` takes it.
        folder: Where the picture and the outputs go; what lies there is replaced.
        ignore_unlabelled: Leave out predicted buildings that touch no true roof, and their pixels.
        options: Of `predict`.

    Raises:
        DataError: The picture cannot be read.
        ModelError: The model cannot be used.
    """
    picture = dataset.pictures[number]
    place = place_of(picture, dataset)
    orthophoto = folder / "picture.tif"
    parts = ((window, dataset.scene(number, window).image) for window in pieces_of(picture))
    write_orthophoto(orthophoto, picture.window.shape, place.crs, place.transform, parts)
    result = predict(None, orthophoto, model, folder / "roofs", overwrite=True, unproven_heights=True, **options)
    labels = Labels(picture)
    for window in pieces_of(picture):
        labels.add(Piece.read(dataset, number, window))
    layers, truth = read_layers(result.paths[GEOPACKAGE]), _true_layers(labels, place)
    left_out = _unlabelled(layers, truth).to_crs(place.crs) if ignore_unlabelled else gpd.GeoSeries()
    rasters = _Rasters(result)
    figures = Total()
    worst: tuple[WorstWindow, ...] = ()
    for window in pieces_of(picture):
        piece = Piece.read(dataset, number, window)
        predicted = rasters.under(place.of(piece.halo), place.crs, piece.halo.shape)
        counted = piece.counted & _outside(left_out, place.of(piece.halo), piece.halo.shape)
        figures.add(_raster_figures(piece, predicted, counted))
        worst = keep_worst([*worst, *_worst_window(piece, predicted, counted, picture)])
    figures.add(_vector_figures(labels, truth, place, layers, ignore_unlabelled=ignore_unlabelled))
    return Measured(figures.figures, worst, labels.tells_all_lines)


def _true_layers(labels: Labels, place: Place) -> dict[str, gpd.GeoDataFrame]:
    """Planes and lines as layers; where labels are rasters, their connected components; none without roofs."""
    if not {"segments", "roof"} & labels.heads:
        return {}
    return component_layers(labels, place) if labels.is_raster else plane_layers(labels, place)


def _unlabelled(predicted: Layers, truth: Layers) -> gpd.GeoSeries:
    """Outlines of the predicted buildings that touch no true roof; none where roofs are not labelled."""
    outlines = predicted[BUILDINGS_LAYER.name]
    if not truth:
        return outlines.geometry[:0]
    kept = touching(predicted, roof_union(layers_in_crs_of(predicted, truth)))
    return outlines.geometry[~outlines.index.isin(kept[BUILDINGS_LAYER.name].index)]


def _outside(polygons: gpd.GeoSeries, transform: Affine, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(height, width) True where a pixel has its centre in none of the polygons."""
    if polygons.empty:
        return np.ones(shape, bool)
    return np.asarray(geometry_mask(polygons, shape, transform))


class _Rasters:
    """The rasters of a run, (height, width) by key of `schema.RASTERS`, to be read under other pixels."""

    def __init__(self, result: PredictResult) -> None:
        self._grid = result.grid
        files = {name: raster.filename for name, raster in RASTERS.items() if name != "confidence"}
        self._paths = {name: result.paths[file] for name, file in files.items() if file in result.paths}

    def under(self, transform: Affine, crs: CRS, shape: tuple[int, int]) -> dict[str, NDArray[Any]]:
        """What lies under the middle of each pixel of a window: nearest neighbour, nodata outside."""
        here, there = (rasterio.crs.CRS.from_wkt(each.to_wkt()) for each in (crs, self._grid.crs))
        part = self._part(transform_bounds(here, there, *array_bounds(*shape, transform)))
        found = {}
        for name, path in self._paths.items():
            nodata = RASTERS[name].nodata
            found[name] = np.full(shape, nodata, RASTERS[name].dtype)
            if 0 in part.shape:
                continue
            reproject(
                read_raster(path, part),
                found[name],
                src_transform=self._grid.window_transform(part),
                src_crs=there,
                src_nodata=nodata,
                dst_transform=transform,
                dst_crs=here,
                dst_nodata=nodata,
                resampling=Resampling.nearest,
            )
        return found

    def _part(self, bounds: Bounds) -> Window:
        """Pixels of the grid that cover bounds in its CRS, and one more on each side."""
        grid, (left, bottom, right, top) = self._grid, bounds
        row, col = int((grid.top - top) // grid.pixel_size_m), int((left - grid.left) // grid.pixel_size_m)
        row_end = int((grid.top - bottom) // grid.pixel_size_m) + 1
        col_end = int((right - grid.left) // grid.pixel_size_m) + 1
        return Window(row, col, row_end - row, col_end - col).grow(1).intersection(grid.window)


def _raster_figures(piece: Piece, predicted: Mapping[str, NDArray[Any]], counted: NDArray[np.bool_]) -> Figures:
    """Counted pixels of a piece against its labels, for the heads that are labelled and predicted."""
    heads, targets = piece.heads, piece.targets
    found = Figures()
    if "segments" in predicted:
        roof = _roof_mask(predicted["segments"])
        if "roof" in heads:
            reach_px = boundary_reach_px(piece.scene.pixel_size_m)
            found += Figures(
                roof_px=roof_overlap(roof, targets.roof, counted),
                boundary_px=boundary_overlap(roof, targets.roof, reach_px, counted),
            )
        if "segments" in heads:
            found += Figures(classes=class_sums(predicted["segments"], targets.segments, counted, piece.azimuths))
        if "height" in heads and "height" in predicted:
            on_roof = (targets.roof if "roof" in heads else roof) == 1
            found += Figures(heights=height_sums(predicted["height"], targets.height_m, on_roof & counted))
    if "lines" in heads and "lines" in predicted and piece.scene.rasters is not None:
        size_m = piece.scene.pixel_size_m
        found += Figures(raster_lines=raster_line_sums(predicted["lines"], targets.lines, size_m, where=counted))
    return found


def _roof_mask(segments: Codes) -> Codes:
    """1 where there is any roof, 255 where nothing is known."""
    return np.where(segments == NODATA, NODATA, segments != BACKGROUND).astype(np.uint8)


def _worst_window(
    piece: Piece, predicted: Mapping[str, NDArray[Any]], counted: NDArray[np.bool_], picture: Picture
) -> Iterator[WorstWindow]:
    if "segments" not in predicted or not {"segments", "roof"} & piece.heads:
        return
    found = predicted["segments"][piece.inner]
    truth = np.where(counted, piece.codes, NODATA)[piece.inner]
    if "segments" not in piece.heads:
        found = np.where(found == NODATA, NODATA, np.where(found == BACKGROUND, BACKGROUND, FLAT)).astype(np.uint8)
    share = wrong_share(found, truth, picture.pixel_size_m)
    if share is not None:
        name = f"{picture.name}, row {piece.window.row}, column {piece.window.col}"
        yield WorstWindow(name, share, piece.scene.image[:, *piece.inner].copy(), truth.copy(), found.copy())


def _vector_figures(
    labels: Labels, truth: Layers, place: Place, predicted: Layers, *, ignore_unlabelled: bool
) -> Figures:
    """Layers against true ones, on the labelled ground."""
    if not truth:
        return Figures()
    area = labelled_area(labels.codes != NODATA, place).to_crs(predicted[SEGMENTS_LAYER.name].crs).union_all()
    found = evaluate_layers(predicted, truth, area, ignore_unlabelled=ignore_unlabelled)
    if labels.is_raster:
        found = _without_vertices(found)
    return found


def _without_vertices(figures: Figures) -> Figures:
    """Outlines of pixels have as many vertices as pixels are fine: that tells nothing of the prediction."""
    segments = dataclasses.replace(figures.segment_shapes, predicted_vertices=0, true_vertices=0)
    shapes = dataclasses.replace(figures.buildings.shapes, predicted_vertices=0, true_vertices=0)
    return dataclasses.replace(
        figures, segment_shapes=segments, buildings=dataclasses.replace(figures.buildings, shapes=shapes)
    )
