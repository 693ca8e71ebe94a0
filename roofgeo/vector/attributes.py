"""Buildings -> the three layers: azimuths, areas, lengths, types and confidence, all segments and lines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Proj, Transformer

from roofgeo.grid import Grid
from roofgeo.schema import (
    BUILDINGS_LAYER,
    LAYERS,
    LINE_CODE,
    LINE_TYPES,
    LINES_LAYER,
    SEGMENTS_LAYER,
    Layer,
    orientation_name,
)
from roofgeo.vector.cluster import Cluster, Faces, Lines, beside_lines
from roofgeo.vector.confidence import line_probability, raw_confidence
from roofgeo.vector.crops import BoolArray, FloatArray, IntArray
from roofgeo.vector.cut import clipped_to, kept_apart, outline, touching
from roofgeo.vector.graph import GeometryArray
from roofgeo.vector.lines import line_types, planes_apart
from roofgeo.vector.neighbours import connected
from roofgeo.vector.rooftype import roof_type

SQUARE_DEG: Final = 10.0
"""A segment's azimuth is set square to its longest eave or ridge if it is off by no more than this."""


Survey = Callable[[Faces, IntArray, GeometryArray], Faces]
"""Gives the faces of a result their planes in a surface model.

Called once with all faces, (faces,) the cluster of each, and (clusters,) outlines.
"""

Calibrate = Callable[[FloatArray], FloatArray]
"""From raw confidence, see `roofgeo.vector.confidence`, to the chance of being right; both (n,), 0..1."""


@dataclass(frozen=True)
class _Roofs:
    """All buildings side by side; numbers of faces count through all of them.

    Attributes:
        outlines: (buildings,) Polygons.
        confidence: (buildings,) mean probability of roof.
        scale_m2: (buildings,) area in the grid over area on the ground.
        north_deg: (buildings,) azimuth from true north minus azimuth from the grid's.
        faces: All faces.
        face_building: (faces,) building of each face, ascending.
        lines: All lines.
        line_building: (lines,) building on the left of each line, or on the right where none is on the left; ascending.
        line_code: (lines,) type of each line.
    """

    outlines: GeometryArray
    confidence: FloatArray
    scale_m2: FloatArray
    north_deg: FloatArray
    faces: Faces
    face_building: IntArray
    lines: Lines
    line_building: IntArray
    line_code: IntArray

    @property
    def pitched(self) -> BoolArray:
        """(faces,) True where the face has a downslope."""
        return np.asarray(self.faces.downslopes.any(1))


def attribute_layers(
    clusters: Iterable[Cluster],
    grid: Grid,
    area: shapely.Geometry | None = None,
    *,
    clip: bool = False,
    min_confidence: float = 0.0,
    heights_known: bool = False,
    survey: Survey | None = None,
    calibrate: Calibrate = np.asarray,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of `roofgeo.schema.LAYERS` by name, numbered from north to south and west to east.

    Args:
        clusters: All that were found.
        grid: Their grid.
        area: Buildings that touch it belong to the result; None takes all. In the grid's CRS.
        clip: Cut buildings at the area's edge instead of keeping them whole.
        min_confidence: Least confidence of a building.
        heights_known: Whether the network's heights are good enough to be told, and its slopes.
        survey: Takes slopes and heights from a surface model instead, and downslopes where it tells them.
        calibrate: Makes the segments' raw confidence the chance that they are right; without it they keep the raw one.
    """
    chosen = kept_apart(list(clusters))
    if area is not None:
        chosen = touching(chosen, area)
    if area is not None and clip:
        chosen = clipped_to(chosen, area)
    if survey is None:
        survey = _as_predicted if heights_known else _without_heights
    roofs = _side_by_side(chosen, grid, survey, area, min_confidence) if chosen else None
    if roofs is None:
        return {layer.name: _frame(layer, {}, np.zeros(0, object), grid.crs) for layer in LAYERS}
    segments = _segments(roofs, calibrate)
    return {
        SEGMENTS_LAYER.name: _frame(SEGMENTS_LAYER, segments, roofs.faces.polygons, grid.crs),
        LINES_LAYER.name: _frame(LINES_LAYER, _lines(roofs), roofs.lines.linestrings, grid.crs),
        BUILDINGS_LAYER.name: _frame(BUILDINGS_LAYER, _buildings(roofs, segments), roofs.outlines, grid.crs),
    }


def _as_predicted(faces: Faces, _building: IntArray, _outlines: GeometryArray) -> Faces:
    return faces


def _without_heights(faces: Faces, _building: IntArray, _outlines: GeometryArray) -> Faces:
    return faces.without_heights()


def _side_by_side(
    clusters: Sequence[Cluster], grid: Grid, survey: Survey, area: shapely.Geometry | None, min_confidence: float
) -> _Roofs | None:
    """The buildings that touch the area and are sure enough; None if there is none."""
    whole = np.asarray([outline(cluster) for cluster in clusters], object)
    from_north = _north_to_south(whole)
    clusters, whole = [clusters[i] for i in from_north], whole[from_north]
    of_face = np.repeat(np.arange(len(clusters)), [len(cluster.faces.polygons) for cluster in clusters])
    faces, lines = Faces.joined([cluster.faces for cluster in clusters]), _joined_lines(clusters)
    building = _linked(faces, lines)
    outlines, confidence = _summed_up(faces, building)
    wanted = confidence >= min_confidence
    if area is not None:
        wanted &= shapely.intersects(area, outlines)
    if not wanted.any():
        return None
    by_building = _north_to_south(outlines)
    by_building = by_building[np.argsort(~wanted[by_building], kind="stable")]
    building = np.argsort(by_building)[building]
    order = np.lexsort((np.argsort(_north_to_south(faces.polygons)), building))
    faces, lines, building = faces.take(order), lines.renumbered(np.argsort(order)), building[order]
    own = np.arange(np.count_nonzero(building < wanted.sum()))
    others = faces.take(np.arange(len(own), len(order))).without_heights()
    # What lies beside a building is no part of the result, but tells the type of the wall between them.
    faces = Faces.joined([survey(faces.take(own), of_face[order[own]], whole), others])
    beside = beside_lines(faces, lines)
    code = line_types(lines.linestrings, beside[:, 0], beside[:, 1], _apart(faces, lines), lines.probabilities)
    lines = lines.renumbered(np.where(building < wanted.sum(), np.arange(len(order)), -1))
    left, right = lines.sides.T
    line_building = np.where(lines.inside, building[np.where(left >= 0, left, right)], len(outlines))
    inside = np.argsort(line_building, kind="stable")[: np.count_nonzero(lines.inside)]
    chosen = by_building[: wanted.sum()]
    return _Roofs(
        outlines[chosen],
        confidence[chosen],
        *_on_the_ground(outlines[chosen], grid),
        faces.take(own),
        building[own],
        lines.take(inside),
        line_building[inside],
        code[inside],
    )


def _summed_up(faces: Faces, building: IntArray) -> tuple[GeometryArray, FloatArray]:
    """(buildings,) outlines and mean probabilities of roof of the buildings that faces are numbered by."""
    order = np.argsort(building, kind="stable")
    parts = np.split(faces.polygons[order], np.flatnonzero(np.diff(building[order])) + 1)
    outlines = np.asarray([shapely.coverage_union_all(polygons) for polygons in parts], object)
    area = shapely.area(faces.polygons)
    return outlines, np.clip(np.bincount(building, area * faces.roof) / np.bincount(building, area), 0, 1)


def _linked(faces: Faces, lines: Lines) -> IntArray:
    """(faces,) numbers of the buildings: faces of the same one that a line links.

    One that was cut may have come apart, and is several then.
    """
    pairs = lines.sides[(lines.sides >= 0).all(1)]
    same = faces.building[pairs[:, 0]] == faces.building[pairs[:, 1]]
    return connected(pairs[same], len(faces.building))


def _apart(faces: Faces, lines: Lines) -> BoolArray:
    """(lines,) True where a surface model has a step between the two faces."""
    levels_m = np.append(faces.levels_m, np.nan)[lines.sides]  # nothing lies at side -1
    return planes_apart(lines.linestrings, faces.centres[lines.sides], levels_m, faces.gradients[lines.sides])


def _joined_lines(clusters: Sequence[Cluster]) -> Lines:
    """The lines of all clusters; faces are numbered through all of them."""
    first = np.cumsum([0, *(len(cluster.faces.polygons) for cluster in clusters)])
    parts = [
        cluster.lines.renumbered(np.arange(start, start + len(cluster.faces.polygons)))
        for start, cluster in zip(first, clusters, strict=False)
    ]
    return Lines(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lines)))


def _north_to_south(geometries: GeometryArray) -> IntArray:
    """Order by upper left corner: north to south, then west to east."""
    left, _, _, top = shapely.bounds(geometries).T
    points = shapely.get_coordinates(shapely.point_on_surface(geometries))
    return np.asarray(np.lexsort((points[:, 0], -points[:, 1], left, -top)), np.int64)


def _on_the_ground(outlines: GeometryArray, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """(outlines,) areal scale of the projection and, in degrees, its meridian convergence, at each outline.

    The latter equals `Grid.north_offset_deg`, for all places at once.
    """
    x, y = shapely.get_coordinates(shapely.centroid(outlines)).T
    lon, lat = Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True).transform(x, y)
    factors = Proj(grid.crs).get_factors(lon, lat)
    return np.asarray(factors.areal_scale), np.asarray(factors.meridian_convergence)


def _measured_azimuths(roofs: _Roofs) -> FloatArray:
    """(faces,) downslope in degrees from the grid's north; NaN if flat."""
    return np.asarray(np.where(roofs.pitched, np.degrees(np.arctan2(*roofs.faces.downslopes.T)) % 360, np.nan))


def _squared(azimuth: FloatArray, roofs: _Roofs) -> FloatArray:
    """(faces,) azimuths set square to the longest eave or ridge of each face."""
    level = np.isin(roofs.line_code, (LINE_CODE["eave"], LINE_CODE["ridge"]))
    line = np.tile(np.flatnonzero(level), 2)
    face = np.concatenate([*roofs.lines.sides[level].T])
    line, face = line[face >= 0], face[face >= 0]
    off = (_grid_azimuths(roofs.lines.linestrings)[line] + 90 - azimuth[face] + 90) % 180 - 90
    near = np.abs(off) <= SQUARE_DEG
    line, face, off = line[near], face[near], off[near]
    shortest_first = np.argsort(shapely.length(roofs.lines.linestrings)[line], kind="stable")
    turn = np.zeros(len(azimuth))
    turn[face[shortest_first]] = off[shortest_first]  # of several the last one, the longest, counts
    return _within(azimuth + turn, 360)


def _within(angle_deg: FloatArray, period_deg: float) -> FloatArray:
    """Angles from 0 up to, but not, the period: a remainder of a tiny negative number rounds to the period itself."""
    rest = angle_deg % period_deg
    return np.asarray(np.where(rest >= period_deg, 0.0, rest))


def _grid_azimuths(lines: GeometryArray) -> FloatArray:
    """(lines,) direction from first to last point in degrees from the grid's north."""
    ends = [shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)]
    return np.asarray(np.degrees(np.arctan2(*(ends[1] - ends[0]).T)) % 360)


def _segments(roofs: _Roofs, calibrate: Calibrate) -> dict[str, Any]:
    measured, north_deg = _measured_azimuths(roofs), roofs.north_deg[roofs.face_building]
    azimuth_grid = _squared(measured, roofs)
    azimuth = _within(azimuth_grid + north_deg, 360)
    rise = np.hypot(*roofs.faces.gradients.T) * np.sqrt(roofs.scale_m2)[roofs.face_building]
    footprint_m2 = shapely.area(roofs.faces.polygons) / roofs.scale_m2[roofs.face_building]
    confidence = calibrate(raw_confidence(roofs.faces, roofs.lines, roofs.line_code))
    return {
        "segment_id": np.arange(1, len(azimuth) + 1),
        "building_id": roofs.face_building + 1,
        "orientation": [orientation_name(a) for a in azimuth],
        "azimuth_deg": azimuth,
        "azimuth_grid_deg": azimuth_grid,
        "azimuth_measured_deg": _within(measured + north_deg, 360),
        "slope_deg": np.degrees(np.arctan(rise)),
        "footprint_area_m2": footprint_m2,
        "area_m2": footprint_m2 * np.hypot(1, rise),
        "height_m": roofs.faces.heights_m,
        "residual_m": roofs.faces.residuals_m,
        "clipped": roofs.faces.clipped,
        "confidence": confidence,
    }


def _lines(roofs: _Roofs) -> dict[str, Any]:
    count = len(roofs.lines.linestrings)
    azimuth = _grid_azimuths(roofs.lines.linestrings) + roofs.north_deg[roofs.line_building]
    length_m = shapely.length(roofs.lines.linestrings) / np.sqrt(roofs.scale_m2)[roofs.line_building]
    return {
        "line_id": np.arange(1, count + 1),
        "line_type": [LINE_TYPES[code - 1] for code in roofs.line_code],
        "length_m": length_m,
        "slope_length_m": length_m * np.hypot(1, _rises(roofs)),
        "azimuth_deg": _within(azimuth, 180),
        "left_segment_id": _numbers(roofs.lines.sides[:, 0]),
        "right_segment_id": _numbers(roofs.lines.sides[:, 1]),
        "building_id": roofs.line_building + 1,
        "confidence": line_probability(roofs.lines, roofs.line_code),
    }


def _rises(roofs: _Roofs) -> FloatArray:
    """(lines,) rise along each line, metres a metre, of the planes beside it; NaN if neither is known.

    Two planes that meet share the rise, so their mean is best; at a step there are two edges, and the steeper is told.
    """
    angle = np.radians(_grid_azimuths(roofs.lines.linestrings))
    along = np.stack([np.sin(angle), np.cos(angle)], 1)
    gradients = np.concatenate([roofs.faces.gradients, np.full((1, 2), np.nan)])[roofs.lines.sides]
    rises = (gradients * along[:, None]).sum(2) * np.sqrt(roofs.scale_m2)[roofs.line_building, None]
    known = ~np.isnan(rises)
    count, rises = known.sum(1), np.where(known, rises, 0.0)
    mean = np.divide(rises.sum(1), count, out=np.full(len(rises), np.nan), where=count > 0)
    steeper = np.where(count > 0, np.abs(rises).max(1, initial=0), np.nan)
    return np.asarray(np.where(roofs.line_code == LINE_CODE["step"], steeper, mean))


def _numbers(faces: IntArray) -> Any:
    """Segment numbers of (lines,) faces; NULL for -1."""
    return pd.arrays.IntegerArray(faces + 1, faces < 0)


def _buildings(roofs: _Roofs, segments: dict[str, Any]) -> dict[str, Any]:
    count, of = len(roofs.outlines), roofs.face_building
    area, height_m = np.asarray(segments["footprint_area_m2"]), np.asarray(segments["height_m"])
    total, known = np.bincount(of, area, count), np.bincount(of, np.where(np.isnan(height_m), 0, area), count)
    height_sum = np.bincount(of, np.nan_to_num(area * height_m), count)
    largest = np.full(count, np.nan)
    by_size = np.argsort(np.where(roofs.pitched, area, 0), kind="stable")
    largest[of[by_size]] = np.where(roofs.pitched, segments["azimuth_deg"], np.nan)[by_size]
    return {
        "building_id": np.arange(1, count + 1),
        "roof_type": _roof_types(roofs, np.asarray(segments["azimuth_grid_deg"]), area),
        "segment_count": np.bincount(of, minlength=count),
        "footprint_area_m2": total,
        "roof_area_m2": np.bincount(of, segments["area_m2"], count),
        "dominant_azimuth_deg": largest,
        "height_m": np.divide(height_sum, known, out=np.full(count, np.nan), where=known > 0),
        "confidence": roofs.confidence,
    }


def _roof_types(roofs: _Roofs, azimuth_deg: FloatArray, area_m2: FloatArray) -> list[str]:
    lengths = shapely.length(roofs.lines.linestrings)
    ridge_m, valley_m = (
        np.bincount(roofs.line_building, lengths * (roofs.line_code == LINE_CODE[name]), len(roofs.outlines))
        for name in ("ridge", "valley")
    )
    starts = np.flatnonzero(np.diff(roofs.face_building, prepend=-1))
    parts = zip(np.split(azimuth_deg, starts[1:]), np.split(area_m2, starts[1:]), ridge_m, valley_m, strict=True)
    return [roof_type(azimuths, areas, float(ridge), float(valley)) for azimuths, areas, ridge, valley in parts]


def _frame(layer: Layer, columns: dict[str, Any], geometry: GeometryArray, crs: CRS) -> gpd.GeoDataFrame:
    """The layer with its fields in order and of its types; empty where there are no columns."""
    dtypes = {"int64": "int64", "float64": "float64", "str": "object", "bool": "bool"}
    table = {}
    for field in layer.fields:
        dtype = "Int64" if field.dtype == "int64" and field.nullable else dtypes[field.dtype]
        table[field.name] = pd.Series(columns.get(field.name, []), dtype=dtype)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, crs=crs), crs=crs)
