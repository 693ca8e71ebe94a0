"""Write a rendered scene as files: orthophoto, area and labels. The only module here that opens files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import LineString, Polygon

from roofgeo.grid import Grid
from roofgeo.schema import LAYERS, Layer, orientation_name
from roofgeo.synthesis.edges import roof_edges
from roofgeo.synthesis.scenes import RenderedScene
from roofgeo.synthesis.shapes import FloatArray, Roof, azimuth_deg, height_at, slope_deg

Row = dict[str, Any]

_DATE = "2000-01-01T00:00:00.000Z"
"""Stands in each GeoPackage instead of the time of writing, so that one scene gives one file, byte for byte."""


def write_orthophoto(path: Path, image: NDArray[np.uint8], grid: Grid, jpeg_quality: int = 80) -> None:
    """Write (3, height, width) uint8 as a cloud-optimised GeoTIFF with JPEG inside."""
    with rasterio.open(
        path, "w", driver="COG", width=grid.width, height=grid.height, count=3, dtype="uint8",
        crs=grid.crs.to_wkt(), transform=grid.transform, COMPRESS="JPEG", QUALITY=jpeg_quality, BLOCKSIZE=512,
        OVERVIEW_QUALITY=jpeg_quality,
    ) as target:  # fmt: skip
        target.write(image)


def write_area(path: Path, area: Polygon, grid: Grid) -> None:
    """Write a polygon in the grid's CRS as GeoJSON in longitude and latitude (RFC 7946), counter-clockwise."""
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    ring = [to_degrees.transform(x, y) for x, y in area.exterior.coords]
    if not area.exterior.is_ccw:
        ring = ring[::-1]
    geometry = {"type": "Polygon", "coordinates": [[[round(lon, 7), round(lat, 7)] for lon, lat in ring]]}
    feature = {"type": "Feature", "properties": {"name": "sample area"}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}, indent=1) + "\n", encoding="utf-8")


def write_labels(path: Path, scene: RenderedScene, grid: Grid) -> None:
    """Write roofs as a GeoPackage with the layers of `roofgeo.schema.LAYERS`, replacing what is there.

    Args:
        path: The GeoPackage.
        scene: Its roofs are written.
        grid: Where the scene's picture lies.
    """
    rows: dict[str, list[Row]] = {layer.name: [] for layer in LAYERS}
    for number, roof in enumerate(scene.roofs):
        first = len(rows["roof_segments"]) + 1
        segments = [_segment(roof, face, grid, number + 1, first + face) for face in range(len(roof.faces))]
        rows["roof_segments"] += segments
        rows["roof_lines"] += _lines(roof, grid, number + 1, first, len(rows["roof_lines"]) + 1)
        rows["buildings"].append(_building(roof, grid, number + 1, segments))
    path.unlink(missing_ok=True)
    with _dated():
        for layer in LAYERS:
            frame = _frame(layer, rows[layer.name], grid)
            pyogrio.write_dataframe(frame, path, layer=layer.name, driver="GPKG", geometry_type=layer.geometry)


@contextmanager
def _dated() -> Iterator[None]:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _frame(layer: Layer, rows: list[Row], grid: Grid) -> geopandas.GeoDataFrame:
    columns: Mapping[str, list[Any]] = {f.name: [row[f.name] for row in rows] for f in layer.fields}
    frame = geopandas.GeoDataFrame(columns, geometry=[row["geometry"] for row in rows], crs=grid.crs)
    # pandas' Int64 is the integer that may be missing.
    kinds = {f.name: "Int64" if f.dtype == "int64" and f.nullable else f.dtype for f in layer.fields}
    return frame.astype({name: kind for name, kind in kinds.items() if kind != "str"})


def _on_map(xy_m: FloatArray, grid: Grid) -> FloatArray:
    """(n, 2) easting, northing of places in metres from the picture's upper left corner."""
    return np.array([grid.left, grid.top]) + xy_m * (1.0, -1.0)


def _segment(roof: Roof, face: int, grid: Grid, building: int, number: int) -> Row:
    ring, height = roof.ring_m(face), roof.heights_m[face]
    polygon, slope, grid_azimuth = Polygon(_on_map(ring, grid)), slope_deg(height), azimuth_deg(height)
    true_azimuth = None
    if grid_azimuth is not None:
        offset = grid.north_offset_deg(polygon.centroid.x, polygon.centroid.y)
        true_azimuth = (grid_azimuth + offset) % 360
    middle = Polygon(ring).centroid
    return {
        "geometry": polygon,
        "segment_id": number,
        "building_id": building,
        "orientation": orientation_name(true_azimuth),
        "azimuth_deg": true_azimuth,
        "azimuth_grid_deg": grid_azimuth,
        "azimuth_measured_deg": true_azimuth,
        "slope_deg": slope,
        "footprint_area_m2": polygon.area,
        "area_m2": polygon.area / math.cos(math.radians(slope)),
        # A plane's mean height is its height at the centroid.
        "height_m": float(height_at(height, np.array([middle.x, middle.y]))),
        "residual_m": 0.0,
        "clipped": False,
        "confidence": 1.0,
    }


def _lines(roof: Roof, grid: Grid, building: int, first_segment: int, first_line: int) -> list[Row]:
    rows = []
    for i, edge in enumerate(roof_edges(roof)):
        ends = _on_map(edge.xy_m, grid)
        east, north = ends[1] - ends[0]
        offset = grid.north_offset_deg(*ends.mean(axis=0))
        here, there = edge.faces
        rises = [float(np.ptp(height_at(roof.heights_m[face], edge.xy_m))) for face in edge.faces if face is not None]
        rows.append(
            {
                "geometry": LineString(ends),
                "line_id": first_line + i,
                "line_type": edge.line_type,
                "length_m": math.hypot(east, north),
                "slope_length_m": math.hypot(east, north, max(rises)),
                "azimuth_deg": (math.degrees(math.atan2(east, north)) + offset) % 180,
                # Faces turn clockwise on the map, so that an edge has its own face on the right hand.
                "left_segment_id": None if there is None else first_segment + there,
                "right_segment_id": first_segment + here,
                "building_id": building,
                "confidence": 1.0,
            }
        )
    return rows


def _building(roof: Roof, grid: Grid, number: int, segments: list[Row]) -> Row:
    area = np.array([s["footprint_area_m2"] for s in segments])
    pitched = [s for s in segments if s["azimuth_deg"] is not None]
    largest = max(pitched, key=lambda s: s["footprint_area_m2"], default=None)
    return {
        "geometry": Polygon(_on_map(np.asarray(roof.outline().exterior.coords), grid)),
        "building_id": number,
        "roof_type": roof.roof_type,
        "segment_count": len(segments),
        "footprint_area_m2": float(area.sum()),
        "roof_area_m2": sum(s["area_m2"] for s in segments),
        "dominant_azimuth_deg": None if largest is None else largest["azimuth_deg"],
        "height_m": float(np.average([s["height_m"] for s in segments], weights=area)),
        "confidence": 1.0,
    }
