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
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.warp import Resampling, reproject

from roofgeo.data.imagery import MOST_DISTORTION, ground_scale
from roofgeo.data.targets import LabelledScene, Targets, rasterize_targets
from roofgeo.evaluation.classes import class_sums
from roofgeo.evaluation.components import class_components, mask_components
from roofgeo.evaluation.heights import height_sums
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.lines import raster_line_sums
from roofgeo.evaluation.masks import boundary_overlap, boundary_reach_px, roof_overlap
from roofgeo.evaluation.report import Figures, add_up
from roofgeo.evaluation.worst import WorstWindow, keep_worst, wrong_share
from roofgeo.evaluation.writing import write_orthophoto
from roofgeo.grid import Grid, Window
from roofgeo.pipeline.prediction import PredictResult, predict
from roofgeo.raster.geotiff import read_raster
from roofgeo.schema import (
    BACKGROUND,
    BUILDINGS_LAYER,
    COMPASS,
    FLAT,
    LINES_LAYER,
    NODATA,
    OTHER_LINE,
    RASTERS,
    SEGMENTS_LAYER,
)
from roofgeo.vector.export import read_layers

if TYPE_CHECKING:
    from roofgeo.data.dataset import Picture, RoofDataset

WINDOW_PX = 1024
"""Side of the pieces in which labels are read: memory does not grow with the picture's labels."""

HALO_PX = 32
"""How much more is read on each side, so that bands along edges and thinned lines do not end at a piece."""

SUNNY_LATITUDE_DEG = 48.0
"""Where a picture without a place is laid if its sun is known to stand in the south (north of the equator)."""

CENTRAL_MERIDIAN_DEG = 9.0

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Place:
    """Where a picture lies for `predict`.

    Attributes:
        crs: Of the transform.
        transform: From (column, row) to (x, y).
        up_deg: Azimuth of the picture's upward direction, clockwise from true north.
    """

    crs: CRS
    transform: Affine
    up_deg: float

    def to_map(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) positions of (n, 2) pixel coordinates."""
        t = self.transform
        return np.column_stack([t.a * xy[:, 0] + t.b * xy[:, 1] + t.c, t.d * xy[:, 0] + t.e * xy[:, 1] + t.f])

    def of(self, window: Window) -> Affine:
        """The transform of a window of the picture."""
        return self.transform * Affine.translation(window.col, window.row)


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


def measure_picture(dataset: RoofDataset, number: int, model: str | Path, folder: Path, **options: Any) -> Measured:
    """Predict a picture of a data set, and measure the outputs against its labels.

    Args:
        dataset: The data set. Only heads it labels are measured.
        number: Of the picture.
        model: As `predict` takes it.
        folder: Where the picture and the outputs go; what lies there is replaced.
        options: Of `predict`.

    Raises:
        DataError: The picture cannot be read.
        ModelError: The model cannot be used.
    """
    picture = dataset.pictures[number]
    place = place_of(picture, dataset)
    orthophoto = folder / "picture.tif"
    parts = ((window, dataset.scene(number, window).image) for window in _pieces(picture))
    write_orthophoto(orthophoto, picture.window.shape, place.crs, place.transform, parts)
    result = predict(None, orthophoto, model, folder / "roofs", overwrite=True, **options)
    rasters = _Rasters(result)
    figures: list[Figures] = []
    worst: tuple[WorstWindow, ...] = ()
    codes, tells_all_lines = np.full(picture.window.shape, NODATA, np.uint8), True
    for window in _pieces(picture):
        piece = _Piece.read(dataset, number, window)
        predicted = rasters.under(place.of(piece.halo), place.crs, piece.halo.shape)
        figures.append(_raster_figures(piece, predicted))
        worst = keep_worst([*worst, *_worst_window(piece, predicted, picture)])
        tells_all_lines &= not (piece.targets.lines == OTHER_LINE).any()
        codes[window.slices_in(picture.window)] = piece.codes[piece.inner]
    vectors = _vector_figures(dataset, number, place, read_layers(result.paths["roofs.gpkg"]), codes)
    return Measured(add_up([*figures, vectors]), worst, tells_all_lines)


def place_of(picture: Picture, dataset: RoofDataset) -> Place:
    """Where to lay a picture: where it is, if `predict` works in its CRS; else on a meridian, at its latitude.

    There its pixels are not resampled and the grid's north is its upward direction: in a UTM zone of its own ground it
    could be 3 degrees off, and classes at the border of two azimuths would count as wrong. The latitude tells `predict`
    where the sun stands. If neither it nor the sun is known, the picture lies on the equator, where the model is told
    nothing of the sun.
    """
    crs = dataset.own_crs
    if dataset.georeferenced and crs.is_projected:
        x, y = picture.transform * (picture.width / 2, picture.height / 2)
        if all(abs(scale - 1) < MOST_DISTORTION for scale in ground_scale(crs, x, y, 1.0)):
            return Place(crs, picture.transform, Grid(crs, x, y, 1.0, 1, 1).north_offset_deg(x, y))
    latitude_deg, size_m = _latitude_deg(picture), picture.pixel_size_m
    crs = CRS.from_epsg(32632 if latitude_deg >= 0 else 32732)
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(CENTRAL_MERIDIAN_DEG, latitude_deg)
    return Place(crs, Affine(size_m, 0, round(x), 0, -size_m, round(y)), 0.0)


def _latitude_deg(picture: Picture) -> float:
    if picture.latitude_deg is not None:
        return picture.latitude_deg
    if picture.sun_azimuth_deg is None:
        return 0.0
    return SUNNY_LATITUDE_DEG if 90 < picture.sun_azimuth_deg % 360 < 270 else -SUNNY_LATITUDE_DEG


def _pieces(picture: Picture) -> Iterator[Window]:
    """Windows that tile a picture; those on its right and lower edge are smaller."""
    for row in range(0, picture.height, WINDOW_PX):
        for col in range(0, picture.width, WINDOW_PX):
            yield Window(row, col, WINDOW_PX, WINDOW_PX).intersection(picture.window)


class _Rasters:
    """The rasters of a run, (height, width) by key of `schema.RASTERS`, to be read under other pixels."""

    def __init__(self, result: PredictResult) -> None:
        self._grid = result.grid
        files = {name: raster.filename for name, raster in RASTERS.items() if name != "confidence"}
        self._arrays = {n: read_raster(result.paths[file]) for n, file in files.items() if file in result.paths}

    def under(self, transform: Affine, crs: CRS, shape: tuple[int, int]) -> dict[str, NDArray[Any]]:
        """What lies under the middle of each pixel of a window: nearest neighbour, nodata outside."""
        found = {}
        for name, array in self._arrays.items():
            nodata = RASTERS[name].nodata
            found[name] = np.full(shape, nodata, array.dtype)
            reproject(
                array,
                found[name],
                src_transform=self._grid.transform,
                src_crs=rasterio.crs.CRS.from_wkt(self._grid.crs.to_wkt()),
                src_nodata=nodata,
                dst_transform=transform,
                dst_crs=rasterio.crs.CRS.from_wkt(crs.to_wkt()),
                dst_nodata=nodata,
                resampling=Resampling.nearest,
            )
        return found


@dataclass(frozen=True, eq=False)
class _Piece:
    """A window of a picture with what its labels say, and some more around it."""

    window: Window
    halo: Window
    scene: LabelledScene
    targets: Targets

    @classmethod
    def read(cls, dataset: RoofDataset, number: int, window: Window) -> _Piece:
        halo = window.grow(HALO_PX).intersection(dataset.pictures[number].window)
        scene = dataset.scene(number, halo)
        return cls(window, halo, scene, rasterize_targets(scene))

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where the window itself is in the arrays."""
        return self.window.slices_in(self.halo)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """True for the pixels of the window itself."""
        counted = np.zeros(self.halo.shape, bool)
        counted[self.inner] = True
        return counted

    @property
    def codes(self) -> Codes:
        """Segment classes; where only roofs are labelled, 1 on roofs. 255 where neither is."""
        return self.targets.segments if "segments" in self.scene.heads else self.targets.roof


def _raster_figures(piece: _Piece, predicted: Mapping[str, NDArray[Any]]) -> Figures:
    """Pixels of a piece against its labels, for the heads that are labelled and predicted."""
    heads, targets, counted = piece.scene.heads, piece.targets, piece.counted
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
            azimuths = _azimuth_count(piece.scene)
            found += Figures(classes=class_sums(predicted["segments"], targets.segments, counted, azimuths))
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


def _azimuth_count(scene: LabelledScene) -> int:
    """How many azimuths the labels tell apart."""
    return len(COMPASS) if scene.azimuth_bin_deg is None else round(360 / scene.azimuth_bin_deg)


def _worst_window(piece: _Piece, predicted: Mapping[str, NDArray[Any]], picture: Picture) -> Iterator[WorstWindow]:
    if "segments" not in predicted or not {"segments", "roof"} & set(piece.scene.heads):
        return
    found, truth = predicted["segments"][piece.inner], piece.codes[piece.inner]
    if "segments" not in piece.scene.heads:
        found = np.where(found == NODATA, NODATA, np.where(found == BACKGROUND, BACKGROUND, FLAT)).astype(np.uint8)
    share = wrong_share(found, truth, picture.pixel_size_m)
    if share is not None:
        name = f"{picture.name}, row {piece.window.row}, column {piece.window.col}"
        yield WorstWindow(name, share, piece.scene.image[:, *piece.inner].copy(), truth.copy(), found.copy())


def _vector_figures(
    dataset: RoofDataset, number: int, place: Place, predicted: dict[str, gpd.GeoDataFrame], codes: Codes
) -> Figures:
    """Layers against planes and lines; where labels are rasters, against their connected components."""
    scene = dataset.scene(number, Window(0, 0, 1, 1))
    if not {"segments", "roof"} & set(scene.heads):
        return Figures()
    is_raster, azimuths_known = scene.rasters is not None, "azimuth" in scene.heads and scene.azimuth_bin_deg is None
    if is_raster:
        truth, labelled = _component_layers(scene, codes, place), codes != NODATA
    else:
        scene = dataset.scene(number)
        truth = _scene_layers(scene, place)
        labelled = np.ones(codes.shape, bool) if scene.labelled is None else scene.labelled
    if not dataset.labels_all_buildings:
        labelled = np.ones(codes.shape, bool)  # what nobody labelled is left out building by building
    area = _area(labelled, place).to_crs(predicted[SEGMENTS_LAYER.name].crs).union_all()
    found = evaluate_layers(predicted, truth, area, ignore_unlabelled=not dataset.labels_all_buildings)
    if is_raster:
        found = _without_vertices(found)
    return found if azimuths_known else dataclasses.replace(found, azimuth_pairs=0, azimuth_error_sum_deg=0.0)


def _component_layers(scene: LabelledScene, codes: Codes, place: Place) -> dict[str, gpd.GeoDataFrame]:
    roofs = (codes != BACKGROUND) & (codes != NODATA)
    layers = {BUILDINGS_LAYER.name: mask_components(roofs, place.transform, place.crs)}
    if "segments" in scene.heads:
        layers[SEGMENTS_LAYER.name] = class_components(codes, place.transform, place.crs)
    return layers


def _scene_layers(scene: LabelledScene, place: Place) -> dict[str, gpd.GeoDataFrame]:
    """Planes and lines as layers, on the map; azimuths from true north."""
    rings = [shapely.Polygon(place.to_map(plane.ring)) for plane in scene.planes]
    azimuths = [np.nan if p.azimuth_deg is None else (p.azimuth_deg + place.up_deg) % 360 for p in scene.planes]
    planes = {
        "azimuth_deg": np.array(azimuths, float),
        "slope_deg": np.array([np.nan if p.slope_deg is None else p.slope_deg for p in scene.planes], float),
        "building_id": np.array([p.building for p in scene.planes], int),
    }
    layers = {SEGMENTS_LAYER.name: gpd.GeoDataFrame(planes, geometry=rings, crs=place.crs)}
    if "lines" in scene.heads:
        drawn = [shapely.LineString(place.to_map(line.xy)) for line in scene.lines]
        types = {"line_type": np.array([line.line_type for line in scene.lines], object)}
        layers[LINES_LAYER.name] = gpd.GeoDataFrame(types, geometry=drawn, crs=place.crs)
    return layers


def _area(labelled: NDArray[np.bool_], place: Place) -> gpd.GeoSeries:
    """Labelled ground as polygons."""
    height, width = labelled.shape
    if labelled.all():
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        return gpd.GeoSeries([shapely.Polygon(place.to_map(corners))], crs=place.crs)
    return mask_components(labelled, place.transform, place.crs).geometry


def _without_vertices(figures: Figures) -> Figures:
    """Outlines of pixels have as many vertices as pixels are fine: that tells nothing of the prediction."""
    segments = dataclasses.replace(figures.segment_shapes, predicted_vertices=0, true_vertices=0)
    shapes = dataclasses.replace(figures.buildings.shapes, predicted_vertices=0, true_vertices=0)
    return dataclasses.replace(
        figures, segment_shapes=segments, buildings=dataclasses.replace(figures.buildings, shapes=shapes)
    )
