"""GeoJSON and FlatGeobuf, one file a layer, and what all that GDAL writes has in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from roofgeo.errors import DataError, OutputError
from roofgeo.schema import Layer

WGS84: Final = "EPSG:4326"

_GEOJSON_OPTIONS: Final = {
    # RFC 7946: degrees on WGS 84. Eight decimals are a millimetre: the edges of roofs stay straight.
    "RFC7946": "YES",
    "COORDINATE_PRECISION": "8",
    "NATIVE_MEDIA_TYPE": "application/vnd.geo+json",
}
_GROUND_CRS: Final = "crs"
"""Entry of a GeoJSON's provenance that tells the CRS the layers were made in, as the RFC has no other place for it."""

_HEAD_CHARS: Final = 65536
_FEATURES: Final = '"features":'
_NOT_OURS: Final = ("TITLE", "DESCRIPTION")

_WRITE_ERRORS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
)


def write_by_gdal(path: Path, layer: Layer, rows: gpd.GeoDataFrame, **options: object) -> None:
    """Write a layer: the fields of the schema, then what else the rows have.

    Args:
        path: The file.
        layer: What the rows are.
        rows: The layer.
        options: What pyogrio is told besides, the driver among them.

    Raises:
        OutputError: The file cannot be written.
    """
    try:
        pyogrio.write_dataframe(
            rows[columns_of(layer, rows)], path, layer=layer.name, geometry_type=_geometry_type(layer, rows), **options
        )
    except (*_WRITE_ERRORS, OSError) as error:
        raise OutputError(f"{path} cannot be written: {error}", "choose another output folder") from error


def _geometry_type(layer: Layer, rows: gpd.GeoDataFrame) -> str:
    """The layer's, unless somebody has joined shapes or given them heights."""
    is_multi = rows.geometry.geom_type.eq(f"Multi{layer.geometry}").any()
    return f"{'Multi' if is_multi else ''}{layer.geometry}{' Z' if rows.geometry.has_z.any() else ''}"


def columns_of(layer: Layer, rows: gpd.GeoDataFrame) -> list[str]:
    """Names of the columns in the order they are written: fields of the schema, others, the geometry."""
    named, geometry = [field.name for field in layer.fields], rows.geometry.name
    return [*named, *(name for name in rows.columns if name not in named and name != geometry), geometry]


def description(layer: Layer, provenance: Mapping[str, str]) -> str:
    """What a file says of itself in one line."""
    return f"{layer.meaning}. " + "; ".join(f"{name}: {value}" for name, value in provenance.items())


def write_flatgeobuf(path: Path, layer: Layer, rows: gpd.GeoDataFrame, provenance: Mapping[str, str]) -> None:
    """Write a FlatGeobuf with a spatial index, which sorts the rows by place; the provenance is its metadata."""
    options = {"SPATIAL_INDEX": "YES", "DESCRIPTION": description(layer, provenance)}
    write_by_gdal(
        path, layer, rows, driver="FlatGeobuf", layer_options=options, layer_metadata=dict(provenance) or None
    )


def flatgeobuf_provenance(path: Path) -> dict[str, str]:
    """What a FlatGeobuf says of where it comes from."""
    told = pyogrio.read_info(path)["layer_metadata"] or {}
    return {name: value for name, value in told.items() if name not in _NOT_OURS}


def write_geojson(path: Path, layer: Layer, rows: gpd.GeoDataFrame, provenance: Mapping[str, str]) -> None:
    """Write a GeoJSON of RFC 7946; the provenance is a member of the collection."""
    ground = {_GROUND_CRS: rows.crs.to_string()} if rows.crs is not None else {}
    collection = {"type": "FeatureCollection", "provenance": {**provenance, **ground}}
    options = {
        **_GEOJSON_OPTIONS,
        "DESCRIPTION": description(layer, provenance),
        "NATIVE_DATA": json.dumps(collection, ensure_ascii=False),
    }
    in_degrees = rows if rows.crs is None else rows.to_crs(WGS84)
    write_by_gdal(path, layer, in_degrees, driver="GeoJSON", layer_options=options)


def geojson_provenance(path: Path) -> dict[str, str]:
    """What a GeoJSON says of where it comes from."""
    return {name: value for name, value in _told_by_geojson(path).items() if name != _GROUND_CRS}


def read_geojson(path: Path) -> gpd.GeoDataFrame:
    """A GeoJSON's rows, in the CRS they were made in where the file tells it."""
    rows, ground = pyogrio.read_dataframe(path), _told_by_geojson(path).get(_GROUND_CRS)
    if ground is None or not isinstance(rows, gpd.GeoDataFrame):
        return rows
    try:
        return rows.to_crs(CRS(ground))
    except CRSError as error:
        raise DataError(f"{path} names no CRS: {ground}", 'Correct "crs" in its "provenance".') from error


def _told_by_geojson(path: Path) -> dict[str, Any]:
    """The member `provenance`, which lies before the features; {} where there is none."""
    with path.open(encoding="utf-8") as file:
        head = ""
        while _FEATURES not in head and (more := file.read(_HEAD_CHARS)):
            head += more
    before = head.split(_FEATURES)[0].rstrip().rstrip(",")
    try:
        told = json.loads(before + "}").get("provenance", {})
    except json.JSONDecodeError:  # of other origin: features first, say
        return {}
    return told if isinstance(told, dict) else {}
