"""A user's vector labels: layers of roof segments, roof lines and labelled ground, checked row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from roofgeo.data.pictures import ground_at
from roofgeo.data.rid_vectors import is_segments_file, read_segments
from roofgeo.errors import DataError
from roofgeo.schema import AZIMUTH_BIN_DEG, COMPASS, LINE_TYPES, LINES_LAYER, SEGMENTS_LAYER

AREA_LAYER = "labelled_area"
"""Layer of the ground of which all is known; what is outside of it, and not on a segment, is not labelled."""

FLAT_NAME = "flat"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RoofLayers:
    """Labels of one file, in one CRS.

    Attributes:
        segments: Polygons with columns name, building, azimuth_deg (clockwise from true north; NaN flat), binned (only
            the orientation is known), slope_deg and height_m (NaN unknown).
        lines: LineStrings of two points with column line_type; None if there is no such layer.
        area: Polygons of labelled ground; None if there is no such layer.
        left_out: Outlines of segments that cannot be used.
        has_azimuths: Whether the segments tell their directions.
        skipped: What was left out, and why.
    """

    segments: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame | None
    area: gpd.GeoSeries | None
    left_out: gpd.GeoSeries
    has_azimuths: bool
    skipped: tuple[str, ...]


def read_layers(labels: str | Path | gpd.GeoDataFrame, layer: str | None = None) -> RoofLayers:
    """Read labels.

    Args:
        labels: A GeoPackage or any other file of polygons, RID's ``segments_reviewed.csv``, or segments in memory.
        layer: Of the segments; None for ``roof_segments`` or the only layer of polygons.

    Raises:
        DataError: The file, a layer or a field cannot be used.
    """
    if isinstance(labels, gpd.GeoDataFrame):
        return _layers(labels, None, None, None, ())
    path = Path(labels)
    if not path.is_file():
        raise DataError(f"{path} does not exist", "Check the path of the labels.")
    if is_segments_file(path):
        vectors = read_segments(path)
        return _layers(vectors.frame, None, None, vectors.left_out, vectors.skipped)
    kinds = _list_layers(path)
    segments = _read_layer(path, _choose(path, kinds, layer))
    lines = _read_layer(path, LINES_LAYER.name) if LINES_LAYER.name in kinds else None
    area = _read_layer(path, AREA_LAYER) if AREA_LAYER in kinds else None
    return _layers(segments, lines, area, None, ())


def _list_layers(path: Path) -> dict[str, str]:
    try:
        return {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    except DataSourceError as error:
        raise DataError(
            f"{path} is no vector file, or is damaged", "Give the labels as GeoPackage, GeoJSON or shapefile."
        ) from error


def _choose(path: Path, kinds: dict[str, str], layer: str | None) -> str:
    told = ", ".join(kinds) or "none"
    if layer is not None and layer not in kinds:
        raise DataError(f"{path} has no layer {layer!r}", f"Its layers are: {told}.")
    if layer is not None or SEGMENTS_LAYER.name in kinds:
        return layer or SEGMENTS_LAYER.name
    polygons = [name for name, kind in kinds.items() if "Polygon" in kind and name != AREA_LAYER]
    if len(polygons) != 1:
        raise DataError(
            f"{path} has {len(polygons)} layers that may be roof segments", f"Name one with layer=; there are: {told}."
        )
    return polygons[0]


def _read_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, force_2d=True, fid_as_index=True)
    except (DataSourceError, DataLayerError, shapely.GEOSException) as error:
        raise DataError(f"{path}: layer {layer} cannot be read: {error}", "Export it again.") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError(f"{path}: layer {layer} has no geometries", "Labels are polygons.")
    if frame.crs is None:
        raise DataError(
            f"{path}: layer {layer} has no coordinate reference system",
            "Set it (QGIS: Layer > Set CRS) and save it again.",
        )
    return frame


def _layers(
    segments: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame | None,
    area: gpd.GeoDataFrame | None,
    left_out: gpd.GeoSeries | None,
    skipped: tuple[str, ...],
) -> RoofLayers:
    known, no_polygon = _polygons(segments)
    rows, has_azimuths, odd, notes = _described(known)
    outlines = rows.geometry[odd]
    if left_out is not None:
        outlines = pd.concat([outlines, left_out.to_crs(rows.crs)])
    return RoofLayers(
        rows[~odd].reset_index(drop=True),
        None if lines is None else _straight(lines, segments.crs),
        None if area is None else _polygons(area)[0].geometry.to_crs(segments.crs),
        gpd.GeoSeries(outlines, crs=rows.crs),
        has_azimuths,
        (*skipped, *no_polygon, *notes),
    )


def _polygons(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Each polygon of a layer as a valid row of its own, with its name, and the rows that are none."""
    names = frame["segment_id"] if "segment_id" in frame.columns else frame.index.to_series()
    frame = frame.assign(name=names.astype(str).to_numpy(), geometry=shapely.make_valid(frame.geometry.to_numpy()))
    parts = frame.explode(index_parts=False).explode(index_parts=False)
    good = (parts.geometry.geom_type == "Polygon") & ~parts.geometry.is_empty
    parts["in_parts"] = parts["name"].duplicated(keep=False)  # a mean height of several parts is that of none
    lost = sorted(set(frame["name"]) - set(parts["name"][good]))
    return parts[good].reset_index(drop=True), [f"{SEGMENTS_LAYER.name} {name}: no polygon" for name in lost]


def _described(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, bool, NDArray[np.bool_], list[str]]:
    """The columns of `RoofLayers.segments`; whether there are azimuths; rows that cannot be used; what was left out."""
    azimuth_deg, binned, unknown = _azimuths(frame)
    has_azimuths = azimuth_deg is not None
    azimuth_deg = np.full(len(frame), np.nan) if azimuth_deg is None else azimuth_deg
    odd = unknown | (np.abs(azimuth_deg) > 360)
    names = frame["name"].to_numpy()
    told = [("unknown" if u else f"{a:.6g}") for u, a in zip(unknown[odd], azimuth_deg[odd], strict=True)]
    notes = [f"{SEGMENTS_LAYER.name} {n}: azimuth {a}" for n, a in zip(names[odd], told, strict=True)]
    slope_deg, height_m = _numbers(frame, "slope_deg"), _numbers(frame, "height_m")
    for field, values, wrong in (
        ("slope_deg", slope_deg, (slope_deg < 0) | (slope_deg >= 90)),
        ("height_m", height_m, height_m < 0),
    ):
        pairs = zip(names[wrong], values[wrong], strict=True)
        notes += [f"{SEGMENTS_LAYER.name} {n}: {field} {v:.6g} left out" for n, v in pairs]
        values[wrong] = np.nan
    height_m[frame["in_parts"]] = np.nan
    buildings = pd.factorize(frame["building_id"])[0] if "building_id" in frame.columns else np.arange(len(frame))
    columns = {
        "name": names,
        "building": buildings,
        "azimuth_deg": azimuth_deg % 360,
        "binned": binned,
        "slope_deg": slope_deg,
        "height_m": height_m,
    }
    return gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=frame.crs), has_azimuths, odd, notes


def _numbers(frame: gpd.GeoDataFrame, field: str) -> FloatArray:
    """A field as numbers, NaN where it is missing."""
    if field not in frame.columns:
        return np.full(len(frame), np.nan)
    try:
        numbers: FloatArray = pd.to_numeric(frame[field]).to_numpy(np.float64, na_value=np.nan, copy=True)
    except (ValueError, TypeError) as error:
        raise DataError(f"field {field} of the labels holds what is no number: {error}", "Correct it.") from error
    return numbers


def _azimuths(frame: gpd.GeoDataFrame) -> tuple[FloatArray | None, NDArray[np.bool_], NDArray[np.bool_]]:
    """Azimuths from true north, NaN flat; which are known as orientations only; which are not known at all.

    An azimuth that is missing means flat, unless there is an orientation, which then tells it.
    """
    none = np.zeros(len(frame), bool)
    fields = {"azimuth_deg", "azimuth_grid_deg", "orientation"} & set(frame.columns)
    if not fields:
        return None, none, none
    azimuth_deg = _numbers(frame, "azimuth_deg")
    if "azimuth_grid_deg" in fields:
        middles = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
        north_deg = ground_at(frame.crs, middles, (10.0, 10.0) if frame.crs.is_projected else (1e-4, 1e-4)).north_deg
        from_grid = _numbers(frame, "azimuth_grid_deg")
        azimuth_deg = np.where(np.isnan(azimuth_deg), from_grid + north_deg, azimuth_deg)
    if "orientation" not in fields:
        return azimuth_deg, none, none
    middle_deg = {name: i * AZIMUTH_BIN_DEG for i, name in enumerate(COMPASS)}
    names = frame["orientation"]
    if strange := sorted({str(n) for n in names.dropna()} - {*COMPASS, FLAT_NAME}):
        raise DataError(
            f"field orientation of the labels holds {', '.join(strange[:5])}", f"Known are flat, {', '.join(COMPASS)}."
        )
    missing = np.isnan(azimuth_deg)
    binned = missing & names.isin(COMPASS).to_numpy()
    azimuth_deg = np.where(binned, names.map(middle_deg).to_numpy(np.float64, na_value=np.nan), azimuth_deg)
    return azimuth_deg, binned, missing & names.isna().to_numpy()


def _straight(lines: gpd.GeoDataFrame, crs: object) -> gpd.GeoDataFrame:
    """Typed lines cut into pieces of two points."""
    if "line_type" not in lines.columns:
        raise DataError(f"layer {LINES_LAYER.name} has no field line_type", f"It holds {', '.join(LINE_TYPES)}.")
    if strange := sorted({str(kind) for kind in lines["line_type"]} - set(LINE_TYPES)):
        raise DataError(
            f"field line_type of the labels holds {', '.join(strange[:5])}", f"Known are {', '.join(LINE_TYPES)}."
        )
    parts = lines[["line_type", "geometry"]].to_crs(crs).explode(index_parts=False)
    coordinates, number = shapely.get_coordinates(parts.geometry.to_numpy(), return_index=True)
    joined = number[1:] == number[:-1]
    ends = np.stack([coordinates[:-1], coordinates[1:]], axis=1)[joined]
    kinds = parts["line_type"].to_numpy()[number[:-1][joined]]
    return gpd.GeoDataFrame({"line_type": kinds}, geometry=shapely.linestrings(ends), crs=crs)
