"""An orthophoto and labels digitised over it: the data set of a user's own."""

from __future__ import annotations

import atexit
import dataclasses
import math
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import STRtree

from roofgeo.data.dataset import Picture, RoofDataset, Sample
from roofgeo.data.imagery import open_imagery
from roofgeo.data.listing import first_few
from roofgeo.data.mosaic import Mosaic
from roofgeo.data.pictures import ground_at, on_the_ground
from roofgeo.data.rasters import GDAL_ERRORS, RasterInfo
from roofgeo.data.roof_layers import RoofLayers, read_layers
from roofgeo.data.targets import ALL_HEADS, LINE_WIDTH_M, LabelledScene, RoofLine, RoofPlane
from roofgeo.errors import DataError
from roofgeo.grid import Window
from roofgeo.schema import AZIMUTH_BIN_DEG

HALF_OPAQUE = 128

Geometries = NDArray[np.object_]


class VectorLabels(RoofDataset):
    """One picture, made of all files of the imagery, with roof segments and perhaps roof lines.

    Labels are layers as roofgeo writes them, or any polygons: fields ``azimuth_deg`` (clockwise from true north; NULL
    is flat), else ``azimuth_grid_deg`` (from the north of the labels' CRS), else ``orientation`` (`flat`, `N` ...);
    perhaps ``slope_deg`` and ``height_m``, the mean height above ground; a layer ``roof_lines`` with ``line_type``. The
    data set labels the heads for which there is something: without a field of directions only ``roof``.

    All ground of the imagery counts as labelled, unless there is a layer ``labelled_area`` or `margin_m` is given: then
    only the ground within that area, within the margin of a segment, and on the segments themselves. Pixels without
    data are not labelled.

    Args:
        imagery: A GeoTIFF, a virtual raster, or a folder of GeoTIFFs in one CRS.
        labels: A GeoPackage or another vector file, RID's ``segments_reviewed.csv``, or segments in memory.
        layer: Layer of the segments; None for ``roof_segments`` or the only layer of polygons.
        margin_m: How far around a segment everything is labelled; None for no such limit.
        crs: Of the imagery, instead of what its files say; such as ``EPSG:25832``.
        transforms: Called with each sample.

    Raises:
        ImageryError: The imagery is no 8-bit RGB orthophoto with a place on earth.
        DataError: The labels cannot be used, or none lies on the imagery.
    """

    def __init__(
        self,
        imagery: str | Path,
        labels: str | Path | gpd.GeoDataFrame,
        layer: str | None = None,
        margin_m: float | None = None,
        crs: str | None = None,
        transforms: Callable[[Sample], Sample] | None = None,
    ) -> None:
        with open_imagery(imagery, crs) as photo:
            mosaic = photo.mosaic
        self._vrt = mosaic.to_vrt()
        pictures, own_crs = on_the_ground([(Path(imagery).stem, _info(Path(imagery), mosaic))])
        layers, outside = _on_imagery(read_layers(labels, layer), mosaic, str(imagery))
        self.azimuth_bin_deg = AZIMUTH_BIN_DEG if layers.segments["binned"].any() else None
        self._planes, self._lines = _planes(layers.segments, pictures[0]), _lines(layers.lines, pictures[0])
        self._plane_tree = STRtree([shapely.Polygon(plane.ring) for plane in self._planes])
        self._line_tree = STRtree([shapely.LineString(line.xy) for line in self._lines])
        self._left_out = STRtree(_in_pixels(layers.left_out, pictures[0]))
        known = _known_ground(layers, pictures[0], margin_m)
        self._known = None if known is None else STRtree(known)
        self.labels_all_buildings = known is None
        heads = _heads(layers, any(plane.height_m is not None for plane in self._planes))
        super().__init__(pictures, own_crs, heads, transforms, [*layers.skipped, *outside])

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        image, labelled = _read_mosaic(self._vrt, window, picture.path)
        labelled &= ~_burned(self._left_out, window)
        if self._known is not None:
            labelled &= _burned(self._known, window)
        reach = math.ceil(LINE_WIDTH_M / picture.pixel_size_m)
        return LabelledScene(
            image,
            picture.pixel_size_m,
            tuple(_shifted_plane(self._planes[i], window) for i in _within(self._plane_tree, window)),
            tuple(_shifted_line(self._lines[i], window) for i in _within(self._line_tree, window.grow(reach))),
            labelled,
            azimuth_bin_deg=self.azimuth_bin_deg,
        )


def _info(path: Path, mosaic: Mosaic) -> RasterInfo:
    """The mosaic of a folder or file, described as one raster."""
    return RasterInfo(path, mosaic.height, mosaic.width, 4, "uint8", mosaic.crs, mosaic.transform, (512, 512))


@lru_cache(maxsize=8)
def _opened(vrt: str, process: int) -> Any:
    # A worker process must not read through the file positions it shares with its parent: hence one a process.
    return rasterio.open(vrt)


atexit.register(_opened.cache_clear)  # rasterio cannot close files once the interpreter is half gone


def _read_mosaic(vrt: str, window: Window, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pixels (3, height, width) of a window, black where there are no data, and (height, width) where there are."""
    try:
        pixels = _opened(vrt, os.getpid()).read(
            window=((window.row, window.row_end), (window.col, window.col_end)),
        )
    except GDAL_ERRORS as error:
        raise DataError(
            f"{path} cannot be read at rows {window.row} to {window.row_end}, columns {window.col} to "
            f"{window.col_end}: {' '.join(str(error.__cause__ or error).split())}",
            "Copy it again from where it came.",
        ) from error
    valid: NDArray[np.bool_] = pixels[3] >= HALF_OPAQUE
    image: NDArray[np.uint8] = pixels[:3] * valid
    return image, valid


def _on_imagery(layers: RoofLayers, mosaic: Mosaic, imagery: str) -> tuple[RoofLayers, list[str]]:
    """The labels in the CRS of the imagery, those on it; and how many lie elsewhere.

    Raises:
        DataError: All lie elsewhere.
    """
    segments, crs = layers.segments.to_crs(mosaic.crs), mosaic.crs
    covered = mosaic.footprint()
    on_it = segments.intersects(covered)
    if not on_it.any():
        told = "there are none" if segments.empty else f"they lie within {_extent(segments.total_bounds)}"
        raise DataError(
            f"none of the {len(segments)} roof segments lies on {imagery}: {told}, the imagery within "
            f"{_extent(np.array(covered.bounds))} ({crs.name})",
            "Is the reference system of the labels right, and the latitude not taken for the longitude?",
        )
    names = segments["name"][~on_it].tolist()
    outside = [f"{len(names)} of {len(segments)} roof segments lie outside {imagery}: {first_few(names)}"]
    placed = dataclasses.replace(
        layers,
        segments=segments[on_it].reset_index(drop=True),
        lines=None if layers.lines is None else layers.lines.to_crs(crs),
        area=None if layers.area is None else layers.area.to_crs(crs),
        left_out=layers.left_out.to_crs(crs),
    )
    return placed, outside if names else []


def _extent(bounds: NDArray[np.float64]) -> str:
    left, bottom, right, top = (f"{value:.8g}" for value in bounds)
    return f"{left} to {right}, {bottom} to {top}"


def _heads(layers: RoofLayers, has_heights: bool) -> tuple[str, ...]:
    carried = {
        "segments": layers.has_azimuths,
        "azimuth": layers.has_azimuths,
        "lines": layers.lines is not None,
        "roof": True,
        "height": has_heights,
    }
    return tuple(head for head in ALL_HEADS if carried[head])


def _in_pixels(outlines: gpd.GeoSeries, picture: Picture) -> Geometries:
    back = ~picture.transform
    matrix = np.array([[back.a, back.b], [back.d, back.e]])
    moved: Geometries = shapely.transform(outlines.to_numpy(), lambda xy: xy @ matrix.T + (back.c, back.f))
    return moved


def _known_ground(layers: RoofLayers, picture: Picture, margin_m: float | None) -> Geometries | None:
    """The ground of which all is known, in pixels; None where it is all of the imagery."""
    if layers.area is None and margin_m is None:
        return None
    segments = _in_pixels(layers.segments.geometry, picture)
    around = segments if margin_m is None else shapely.buffer(segments, margin_m / picture.pixel_size_m)
    return around if layers.area is None else np.concatenate([around, _in_pixels(layers.area, picture)])


def _planes(segments: gpd.GeoDataFrame, picture: Picture) -> list[RoofPlane]:
    """The segments as planes, in the picture's pixels; those with holes in several pieces."""
    crs, middles = segments.crs, shapely.centroid(segments.geometry.to_numpy())
    step = 10.0 if crs.is_projected else 1e-4
    north_deg = ground_at(crs, shapely.get_coordinates(middles), (step, step)).north_deg
    azimuth_deg = (segments["azimuth_deg"].to_numpy() - north_deg) % 360
    outlines = _in_pixels(segments.geometry, picture)
    middles_px = shapely.get_coordinates(shapely.centroid(outlines))
    planes = []
    for i, row in enumerate(segments.itertuples()):
        azimuth, slope = (None if math.isnan(v) else float(v) for v in (azimuth_deg[i], row.slope_deg))
        height_m = _height_plane(row.height_m, azimuth, slope, middles_px[i], picture.pixel_size_m)
        for piece in _without_holes(outlines[i]):
            ring = np.asarray(piece.exterior.coords)[:-1]
            planes.append(RoofPlane(ring, azimuth, slope, height_m, int(row.building)))
    return planes


def _height_plane(
    height_m: float, azimuth_deg: float | None, slope_deg: float | None, middle_px: NDArray[np.float64], size_m: float
) -> tuple[float, float, float] | None:
    """Coefficients of the height at a pixel position: the mean height at the middle, falling along the azimuth."""
    if math.isnan(height_m) or (azimuth_deg is not None and slope_deg is None):
        return None
    if azimuth_deg is None:
        return 0.0, 0.0, float(height_m)
    fall = math.tan(math.radians(slope_deg or 0.0)) * size_m
    a, b = -fall * math.sin(math.radians(azimuth_deg)), fall * math.cos(math.radians(azimuth_deg))
    return a, b, float(height_m - a * middle_px[0] - b * middle_px[1])


def _without_holes(outline: shapely.Polygon) -> Sequence[shapely.Polygon]:
    if not outline.interiors:
        return [outline]
    pieces: Sequence[shapely.Polygon] = shapely.constrained_delaunay_triangles(outline).geoms
    return pieces


def _lines(lines: gpd.GeoDataFrame | None, picture: Picture) -> list[RoofLine]:
    if lines is None:
        return []
    ends = shapely.get_coordinates(_in_pixels(lines.geometry, picture)).reshape(-1, 2, 2)
    return [RoofLine(kind, xy) for kind, xy in zip(lines["line_type"], ends, strict=True)]


def _within(tree: STRtree, window: Window) -> NDArray[np.int64]:
    """Numbers of the geometries (in pixels) that a window may show, in their order."""
    found: NDArray[np.int64] = tree.query(shapely.box(window.col, window.row, window.col_end, window.row_end))
    return np.sort(found)


def _burned(tree: STRtree, window: Window) -> NDArray[np.bool_]:
    """(height, width) where the geometries cover the pixels of a window."""
    shown = tree.geometries[_within(tree, window)]
    if len(shown) == 0:
        return np.zeros(window.shape, bool)
    place = Affine.translation(window.col, window.row)
    burned: NDArray[np.bool_] = rasterio.features.rasterize(
        shown, out_shape=window.shape, transform=place, dtype="uint8"
    ).astype(bool)
    return burned


def _shifted_plane(plane: RoofPlane, window: Window) -> RoofPlane:
    height_m = plane.height_m
    if height_m is not None:
        a, b, c = height_m
        height_m = (a, b, c + a * window.col + b * window.row)
    return dataclasses.replace(plane, ring=plane.ring - (window.col, window.row), height_m=height_m)


def _shifted_line(line: RoofLine, window: Window) -> RoofLine:
    return dataclasses.replace(line, xy=line.xy - (window.col, window.row))
