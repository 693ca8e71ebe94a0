"""Read the area of interest: polygons with a CRS, from any vector file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely import GeometryType, MultiPolygon

from roofgeo.errors import AreaError, DataError
from roofgeo.grid import Bounds

SEGMENTS_PER_SIDE = 128
"""Edges are cut to this share of the geometry's extent before it is reprojected: 100 km bend by less than 2 cm."""

NEEDS_POLYGON = "give a file with at least one polygon"
FIX = 'repair it, in QGIS with "Fix geometries", and save it again'

GeometryT = TypeVar("GeometryT", bound=shapely.Geometry)


@dataclass(frozen=True)
class Area:
    """The ground the user asks for.

    Attributes:
        geometry: Valid polygons that do not overlap, without heights.
        crs: Two-dimensional CRS of the geometry; x is always east or right.
        source: Where it was read from, as the user would say it.
    """

    geometry: MultiPolygon
    crs: CRS
    source: str

    @property
    def bounds(self) -> Bounds:
        """left, bottom, right, top in the CRS."""
        left, bottom, right, top = self.geometry.bounds
        return left, bottom, right, top

    def to_crs(self, crs: CRS) -> Area:
        """The same ground in another CRS.

        Raises:
            AreaError: The area reaches beyond where `crs` is defined.
        """
        geometry = reproject(self.geometry, self.crs, crs)
        # Beyond its domain a projection gives infinite numbers, or wrong ones that do not lead back.
        back = reproject(geometry, crs, self.crs).bounds
        left, bottom, right, top = self.bounds
        if not np.allclose(back, self.bounds, rtol=0, atol=0.01 * max(right - left, top - bottom)):
            raise AreaError(
                f"{self.source}: the area reaches beyond where {crs.name} is defined",
                "check that the area has the right coordinate reference system",
            )
        return Area(geometry, crs, self.source)


def reproject(geometry: GeometryT, source: CRS, target: CRS) -> GeometryT:
    """A geometry in another CRS, its edges densified first so that straight ones may bend.

    Args:
        geometry: Any geometry without heights, x before y.
        source: CRS of the geometry.
        target: CRS wanted.

    Returns:
        The geometry in `target`; coordinates that cannot be expressed there are infinite.
    """
    if source == target or geometry.is_empty:
        return geometry
    left, bottom, right, top = geometry.bounds
    dense = shapely.segmentize(geometry, max(right - left, top - bottom, 1e-9) / SEGMENTS_PER_SIDE)
    transformer = Transformer.from_crs(source, target, always_xy=True)
    moved: GeometryT = shapely.transform(dense, transformer.transform, interleaved=False)
    return moved


def read_area(path: str | Path, layer: str | None = None) -> Area:
    """Read the polygons of a vector file (GeoJSON, GeoPackage, shapefile, FlatGeobuf ...) as one area.

    Args:
        path: The file.
        layer: Layer to read; may be left out where only one holds polygons.

    Raises:
        DataError: The file is missing.
        AreaError: It holds no usable area.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path} does not exist", "check the path of the area of interest")
    layer = _choose_layer(path, layer)
    try:
        meta, _, wkb, _ = pyogrio.raw.read(path, layer=layer, columns=[], force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise AreaError(f"{path}: layer {layer} cannot be read ({_one_line(error)})", "export it again") from error
    polygons = _polygons(path, wkb)
    crs = _area_crs(path, meta["crs"])
    _check_degrees(path, polygons, crs)
    union = shapely.union_all(polygons)
    return Area(MultiPolygon([union] if union.geom_type == "Polygon" else union.geoms), crs, str(path))


def _choose_layer(path: Path, layer: str | None) -> str:
    try:
        kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    except DataSourceError as error:
        raise AreaError(
            f"{path} is not a vector file, or is damaged",
            "give the area as GeoJSON, GeoPackage, shapefile or FlatGeobuf",
        ) from error
    names = ", ".join(kinds)
    if layer is not None:
        if layer not in kinds:
            raise AreaError(f"{path} has no layer {layer!r}", f"its layers are: {names}")
        return layer
    # A layer may hold polygons though its declared type does not say so ("Unknown", "GeometryCollection").
    candidates = [n for n, kind in kinds.items() if "Polygon" in kind] or [n for n, k in kinds.items() if k != "None"]
    if not candidates:
        raise AreaError(f"{path} holds no geometries", NEEDS_POLYGON)
    if len(candidates) > 1:
        raise AreaError(f"{path} has {len(candidates)} layers that may be the area", f"name one of: {names}")
    return candidates[0]


def _polygons(path: Path, wkb: NDArray[np.object_]) -> NDArray[np.object_]:
    if len(wkb) == 0:
        raise AreaError(f"{path} has no features", NEEDS_POLYGON)
    try:
        parts = shapely.from_wkb(wkb)
    except shapely.GEOSException as error:
        raise AreaError(f"{path} holds a geometry that cannot be read ({_one_line(error)})", FIX) from error
    while (shapely.get_type_id(parts) > GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)  # collections may hold collections
    parts = parts[~(shapely.is_missing(parts) | shapely.is_empty(parts))]
    if len(parts) == 0:
        raise AreaError(f"{path} has only empty geometries", NEEDS_POLYGON)
    polygons: NDArray[np.object_] = parts[shapely.get_type_id(parts) == GeometryType.POLYGON]
    if len(polygons) == 0:
        kinds = ", ".join(sorted({part.geom_type for part in parts}))
        raise AreaError(f"{path} has no polygons, only {kinds}", "the area must be one or more polygons")
    invalid = polygons[~shapely.is_valid(polygons)]
    if len(invalid):
        raise AreaError(f"{path} has an invalid polygon: {_why_invalid(invalid[0])}", FIX)
    return polygons


def _why_invalid(polygon: shapely.Geometry) -> str:
    # GEOS says it as "Self-intersection[11.5 48.1]".
    reason, _, place = shapely.is_valid_reason(polygon).partition("[")
    return f"{reason} at ({place.rstrip(']').replace(' ', ', ')})" if place else reason


def _area_crs(path: Path, given: str | None) -> CRS:
    hint = "set its coordinate reference system (QGIS: Layer > Set CRS) and save it again"
    if given is None:
        if path.suffix.lower() in (".geojson", ".json"):
            return CRS.from_epsg(4326)  # RFC 7946: GeoJSON is always WGS 84
        raise AreaError(f"{path} has no coordinate reference system", hint)
    try:
        crs = CRS.from_user_input(given)
    except CRSError as error:
        raise AreaError(f"{path} has an unknown coordinate reference system ({_one_line(error)})", hint) from error
    if not (crs.is_projected or crs.is_geographic):
        raise AreaError(f"{path} has a coordinate reference system without a place on earth: {crs.name}", hint)
    return crs.to_2d()


def _check_degrees(path: Path, polygons: NDArray[np.object_], crs: CRS) -> None:
    in_degrees = crs.is_geographic and crs.axis_info[0].unit_name == "degree"
    largest_x, largest_y = np.abs(shapely.total_bounds(polygons)).reshape(2, 2).max(axis=0)
    if in_degrees and (largest_x > 360 or largest_y > 90):
        raise AreaError(
            f"{path} says {crs.name}, but its coordinates are no degrees: {largest_x:.8g}, {largest_y:.8g}",
            "its coordinates are in another reference system: set the right one and save it again",
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split(";")[0].split()).rstrip(".")
