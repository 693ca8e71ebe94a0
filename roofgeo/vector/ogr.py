"""GeoJSON and FlatGeobuf, one file a layer, and what all that GDAL writes has in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError

from roofgeo.errors import DataError, OutputError
from roofgeo.schema import Layer
from roofgeo.vector.columns import as_told, for_gdal, holds_more_than_a_double, nowhere

WGS84: Final = "EPSG:4326"

_GEOJSON_OPTIONS: Final = {
    # RFC 7946: degrees on WGS 84. Eight decimals are a millimetre: the edges of roofs stay straight.
    "RFC7946": "YES",
    "COORDINATE_PRECISION": "8",
    "AUTODETECT_JSON_STRINGS": "NO",  # a text that begins with a bracket stays one
    "NATIVE_MEDIA_TYPE": "application/vnd.geo+json",
}
_GROUND_CRS: Final = "crs"
"""Entry of a GeoJSON's provenance that tells the CRS the layers were made in, as the RFC has no other place for it."""

_GEOMETRY: Final = "geometry"
"""What geopandas calls the geometry it reads."""

_HEAD_CHARS: Final = 65536
_FEATURES: Final = '"features":'
_NOT_OURS: Final = ("TITLE", "DESCRIPTION")

_PLACE_ERRORS: Final = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError)
_ROWS_ERRORS: Final = (  # which pyogrio takes for some of the others
    pyogrio.errors.FieldError,
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
        OutputError: The file cannot be written; who knows what was asked for gives the hint.
        DataError: The format cannot hold the rows.
    """
    names = columns_of(layer, rows)[:-1]
    columns = [for_gdal(rows[name]) for name in names]
    try:
        pyogrio.raw.write(
            path,
            shapely.to_wkb(rows.geometry.to_numpy()),
            [column.values for column in columns],
            names,
            [column.unknown for column in columns],
            layer=layer.name,
            geometry_type=_geometry_type(layer, rows),
            crs=_crs_text(rows),
            gdal_tz_offsets={
                name: column.offsets for name, column in zip(names, columns, strict=True) if column.offsets is not None
            },
            **options,
        )
    except _ROWS_ERRORS as error:
        raise DataError(
            f"{layer.name} does not fit into {path}: {error}", "Correct the layer, or choose another format."
        ) from error
    except _PLACE_ERRORS as error:
        raise OutputError(f"{path} cannot be written: {error}") from error


def _geometry_type(layer: Layer, rows: gpd.GeoDataFrame) -> str:
    """The layer's, unless somebody has joined shapes or given them heights."""
    is_multi = rows.geometry.geom_type.eq(f"Multi{layer.geometry}").any()
    return f"{'Multi' if is_multi else ''}{layer.geometry}{' Z' if rows.geometry.has_z.any() else ''}"


def _crs_text(rows: gpd.GeoDataFrame) -> str | None:
    """The CRS as GDAL is told it: its code, or else what older programs read too."""
    if rows.crs is None:
        return None
    code = rows.crs.to_epsg()
    return f"EPSG:{code}" if code else str(rows.crs.to_wkt("WKT1_GDAL"))


def read_by_gdal(path: Path, layer: str | None = None) -> gpd.GeoDataFrame:
    """Rows of a layer, the first if none is named, with fields of the type the file says, NULLs or not.

    Raises:
        DataError: A field has the name that the geometry has here.
    """
    info = pyogrio.read_info(path, layer=layer)
    if _GEOMETRY in info["fields"]:
        raise DataError(f"{path} has a field named {_GEOMETRY}", "Rename the field, or take it out.")
    rows = pyogrio.read_dataframe(path, layer=layer)
    for name, dtype in zip(info["fields"], info["dtypes"], strict=True):
        values = rows[name]
        if holds_more_than_a_double(values, str(dtype)):
            values = _whole_numbers(path, info["layer_name"], name)
        rows[name] = as_told(values, str(dtype))
    return rows


def _whole_numbers(path: Path, layer: str, name: str) -> pd.Series:
    """A field of large numbers and NULLs; all at once GDAL's numbers come as doubles, which round them."""
    of_layer = {"layer": layer, "read_geometry": False, "return_fids": True}
    quoted = name.replace('"', '""')
    _, known, _, (values,) = pyogrio.raw.read(path, columns=[name], where=f'"{quoted}" IS NOT NULL', **of_layer)
    _, rows, _, _ = pyogrio.raw.read(path, columns=[], **of_layer)
    return pd.Series(pd.array(values, "Int64"), known).reindex(rows).reset_index(drop=True)


def columns_of(layer: Layer, rows: gpd.GeoDataFrame) -> list[str]:
    """Names of the columns in the order they are written: fields of the schema, others, the geometry."""
    named, geometry = [field.name for field in layer.fields], rows.geometry.name
    return [*named, *(name for name in rows.columns if name not in named and name != geometry), geometry]


def description(layer: Layer, provenance: Mapping[str, str]) -> str:
    """What a file says of itself in one line."""
    return f"{layer.meaning}. " + "; ".join(f"{name}: {value}" for name, value in provenance.items())


def write_flatgeobuf(path: Path, layer: Layer, rows: gpd.GeoDataFrame, provenance: Mapping[str, str]) -> None:
    """Write a FlatGeobuf with a spatial index, which sorts the rows by place; the provenance is its metadata.

    There is no index if it has rows without a geometry, which have no place in one.
    """
    indexed = "NO" if nowhere(rows).any() else "YES"
    options = {"SPATIAL_INDEX": indexed, "DESCRIPTION": description(layer, provenance)}
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
    single = in_degrees.select_dtypes("float32").columns  # GDAL would shorten them, and they be others when read
    in_degrees = in_degrees.astype(dict.fromkeys(single, "float64"))
    write_by_gdal(path, layer, in_degrees, driver="GeoJSON", layer_options=options)


def geojson_provenance(path: Path) -> dict[str, Any]:
    """What a GeoJSON says of where it comes from."""
    return {name: value for name, value in _told_by_geojson(path).items() if name != _GROUND_CRS}


def read_geojson(path: Path) -> gpd.GeoDataFrame:
    """A GeoJSON's rows, in the CRS they were made in where the file tells it."""
    rows, ground = read_by_gdal(path), _told_by_geojson(path).get(_GROUND_CRS)
    if ground is None or not isinstance(rows, gpd.GeoDataFrame):
        return rows
    try:
        return rows.to_crs(CRS(str(ground)))
    except ProjError as error:
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
