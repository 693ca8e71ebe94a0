"""The labels of a picture, read piece by piece: as rasters, and as layers on the map."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from roofgeo.data.imagery import MOST_DISTORTION, ground_scale
from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets
from roofgeo.evaluation.components import class_components, mask_components
from roofgeo.grid import Grid, Window
from roofgeo.schema import BACKGROUND, BUILDINGS_LAYER, COMPASS, LINES_LAYER, NODATA, OTHER_LINE, SEGMENTS_LAYER

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


def pieces_of(picture: Picture) -> Iterator[Window]:
    """Windows that tile a picture; those on its right and lower edge are smaller."""
    for row in range(0, picture.height, WINDOW_PX):
        for col in range(0, picture.width, WINDOW_PX):
            yield Window(row, col, WINDOW_PX, WINDOW_PX).intersection(picture.window)


@dataclass(frozen=True, eq=False)
class Piece:
    """A window of a picture with what its labels say, and some more around it.

    Attributes:
        window: The window; the pieces of a picture tile it.
        halo: The window and what is read around it.
        scene: Picture and labels of the halo.
        targets: The labels as rasters.
    """

    window: Window
    halo: Window
    scene: LabelledScene
    targets: Targets

    @classmethod
    def read(cls, dataset: RoofDataset, number: int, window: Window) -> Piece:
        """Read a window of a picture of a data set."""
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
    def azimuths(self) -> int:
        """How many azimuths the labels tell apart."""
        width_deg = self.scene.azimuth_bin_deg
        return len(COMPASS) if width_deg is None else round(360 / width_deg)

    @property
    def heads(self) -> frozenset[str]:
        """What is labelled. Segments without azimuths are ground alone: what faces where is not told, nor are lines."""
        heads = frozenset(self.scene.heads)
        return heads - {"segments", "lines"} if "segments" in heads and "azimuth" not in heads else heads

    @property
    def codes(self) -> Codes:
        """Segment classes; where only roofs are labelled, 1 on roofs. 255 where neither is."""
        return self.targets.segments if "segments" in self.heads else self.targets.roof


class Labels:
    """The labels of a whole picture, put together of its pieces."""

    def __init__(self, picture: Picture) -> None:
        self.window = picture.window
        self.codes = np.full(picture.window.shape, NODATA, np.uint8)
        self.heads: frozenset[str] = frozenset()
        self.is_raster = False
        self.tells_all_lines = True
        self.planes: dict[bytes, RoofPlane] = {}
        self.lines: dict[bytes, RoofLine] = {}

    def add(self, piece: Piece) -> None:
        """Take in a piece. What lies in several comes with each of them."""
        scene, corner = piece.scene, np.array([piece.halo.col, piece.halo.row], float)
        self.heads, self.is_raster = piece.heads, scene.rasters is not None
        self.tells_all_lines &= not (piece.targets.lines == OTHER_LINE).any()
        self.codes[piece.window.slices_in(self.window)] = piece.codes[piece.inner]
        for plane in scene.planes:
            ring = plane.ring + corner
            self.planes[_key(ring)] = dataclasses.replace(plane, ring=ring)
        for line in scene.lines:
            xy = line.xy + corner
            self.lines[_key(xy)] = dataclasses.replace(line, xy=xy)


def _key(xy: NDArray[np.float64]) -> bytes:
    """Tells coordinates apart, to a thousandth of a pixel; -0 is 0."""
    return (np.round(xy, 3) + 0.0).tobytes()


def component_layers(labels: Labels, place: Place) -> dict[str, gpd.GeoDataFrame]:
    """Label rasters as layers: connected components of the classes, and of the roofs."""
    roofs = (labels.codes != BACKGROUND) & (labels.codes != NODATA)
    layers = {BUILDINGS_LAYER.name: mask_components(roofs, place.transform, place.crs)}
    if "segments" in labels.heads:
        layers[SEGMENTS_LAYER.name] = class_components(labels.codes, place.transform, place.crs)
    return layers


def plane_layers(labels: Labels, place: Place) -> dict[str, gpd.GeoDataFrame]:
    """Planes and lines as layers, on the map; azimuths from true north. Without directions planes tell buildings."""
    planes, lines = list(labels.planes.values()), list(labels.lines.values())
    rings = [shapely.Polygon(place.to_map(plane.ring)) for plane in planes]
    azimuths = [np.nan if p.azimuth_deg is None else (p.azimuth_deg + place.up_deg) % 360 for p in planes]
    values = {
        "azimuth_deg": np.array(azimuths, float),
        "slope_deg": np.array([np.nan if p.slope_deg is None else p.slope_deg for p in planes], float),
        "building_id": np.array([p.building for p in planes], int),
    }
    segments = gpd.GeoDataFrame(values, geometry=rings, crs=place.crs)
    layers = {SEGMENTS_LAYER.name: segments}
    if "segments" not in labels.heads:
        layers = {BUILDINGS_LAYER.name: segments.dissolve("building_id").reset_index()}
    if "lines" in labels.heads:
        drawn = [shapely.LineString(place.to_map(line.xy)) for line in lines]
        types = {"line_type": np.array([line.line_type for line in lines], object)}
        layers[LINES_LAYER.name] = gpd.GeoDataFrame(types, geometry=drawn, crs=place.crs)
    return layers


def labelled_area(labelled: NDArray[np.bool_], place: Place) -> gpd.GeoSeries:
    """Labelled ground (height, width) as polygons on the map."""
    height, width = labelled.shape
    if labelled.all():
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        return gpd.GeoSeries([shapely.Polygon(place.to_map(corners))], crs=place.crs)
    return mask_components(labelled, place.transform, place.crs).geometry
