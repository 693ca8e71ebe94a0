"""Directions: which way a roof slopes down, from true north and on the map."""

from __future__ import annotations

import math

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject

COMPASS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")

FLAT = "flat"


def wrapped(angle_deg: float) -> float:
    """The angle from 0 up to, but not, 360."""
    rest = angle_deg % 360.0
    return 0.0 if rest >= 360.0 else rest  # the remainder of a tiny negative number rounds to 360


def orientation_name(azimuth_deg: float | None) -> str:
    """One of `COMPASS`, or `flat` for None."""
    if azimuth_deg is None:
        return FLAT
    return COMPASS[round(azimuth_deg / 22.5) % len(COMPASS)]


def true_azimuth_deg(start: QgsPointXY, end: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> float | None:
    """Direction from start to end clockwise from true north at the start; None if there is none.

    Args:
        start: The upper end of the slope, in `crs`.
        end: The lower end.
        crs: Of the map or the layer, projected or not.
    """
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    measure.setEllipsoid(crs.ellipsoidAcronym() or "EPSG:7030")
    if start == end:
        return None
    try:
        return wrapped(math.degrees(measure.bearing(start, end)))
    except QgsCsException:  # outside of where the map's projection is good
        return None


def north_offset_deg(place: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> float:
    """Azimuth from true north minus azimuth from the grid's north, at a place of a projected CRS; -180 to 180."""
    if crs.isGeographic():
        return 0.0
    azimuth = true_azimuth_deg(place, QgsPointXY(place.x(), place.y() + 1.0), crs)
    return 0.0 if azimuth is None else (azimuth + 180.0) % 360.0 - 180.0


def arrow(polygon: QgsGeometry, azimuth_grid_deg: float) -> QgsGeometry:
    """An arrow down the slope through the middle of a segment, in the segment's CRS; null for one without a middle."""
    inside = polygon.pointOnSurface()
    if inside.isEmpty():
        return QgsGeometry()
    middle = inside.asPoint()
    half = 0.4 * math.sqrt(polygon.area())
    tail, tip = _away(middle, azimuth_grid_deg, -half), _away(middle, azimuth_grid_deg, half)
    barbs = [_away(tip, azimuth_grid_deg + turn, half / 2) for turn in (150.0, 210.0)]
    return QgsGeometry.fromMultiPolylineXY([[tail, tip], [barbs[0], tip, barbs[1]]])


def _away(point: QgsPointXY, azimuth_deg: float, distance: float) -> QgsPointXY:
    angle = math.radians(azimuth_deg)
    return QgsPointXY(point.x() + distance * math.sin(angle), point.y() + distance * math.cos(angle))
