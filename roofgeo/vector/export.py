"""Write the layers as a GeoPackage that carries its styles, the meaning of its fields and its origin; read them.

The other formats of `roofgeo.schema.VECTOR_SUFFIXES` are written beside it, one file a layer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import geopandas as gpd
import pyogrio

from roofgeo.errors import DataError, OutputError
from roofgeo.schema import BUILDINGS_LAYER, LAYERS, LINES_LAYER, SEGMENTS_LAYER, VECTOR_SUFFIXES, Layer
from roofgeo.vector.styles import qml

_BOTTOM_UP: Final = (BUILDINGS_LAYER, SEGMENTS_LAYER, LINES_LAYER)
"""QGIS puts each layer of a file above the one before."""

_POLYGONS: Final = ("Polygon", "MultiPolygon")

_WRITE_ERRORS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
)

_EXTRA_TABLES: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT, ui TEXT, update_time DATETIME
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name)
);
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
CREATE TABLE IF NOT EXISTS gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER, timestamp DATETIME NOT NULL,
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER
);
"""

_SCHEMA_EXTENSION: Final = "http://www.geopackage.org/spec130/#extension_schema"
_METADATA_EXTENSION: Final = "http://www.geopackage.org/spec130/#extension_metadata"
_METADATA_STANDARD: Final = "https://schema.org/Dataset"

_DRIVERS: Final = {
    # RFC 7946: degrees on WGS 84. Eight decimals are a millimetre: the edges of roofs stay straight.
    "geojson": ("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "8"}),
    "flatgeobuf": ("FlatGeobuf", {"SPATIAL_INDEX": "YES"}),
}
"""GDAL's name of each of `VECTOR_SUFFIXES`, and how it is to write it."""


def write_geopackage(path: Path, layers: Mapping[str, gpd.GeoDataFrame], provenance: Mapping[str, str]) -> None:
    """Write a GeoPackage 1.3.

    Args:
        path: The file to make; it must not exist.
        layers: A GeoDataFrame for each of `roofgeo.schema.LAYERS`, with its fields. Empty ones keep their fields.
        provenance: What the file says of itself, such as the model and the imagery. `created` (ISO 8601, UTC) is taken
            for the time of all entries, else the present.
    """
    for layer in _BOTTOM_UP:
        _write(
            path,
            layer,
            layers[layer.name],
            driver="GPKG",
            append=path.exists(),
            dataset_options={"VERSION": "1.3"},
            layer_options={"DESCRIPTION": layer.meaning, "GEOMETRY_NAME": "geom"},
        )
    with closing(sqlite3.connect(path)) as database, database:
        _describe(database, provenance)


def write_layers(
    folder: Path, layers: Mapping[str, gpd.GeoDataFrame], file_format: str, provenance: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write one file a layer.

    Args:
        folder: Where the files go, named after their layers; they must not exist.
        layers: As `write_geopackage` takes them.
        file_format: Key of `roofgeo.schema.VECTOR_SUFFIXES`.
        provenance: What the files say of themselves, in their description.

    Returns:
        The files.
    """
    driver, options = _DRIVERS[file_format]
    origin = "; ".join(f"{name}: {value}" for name, value in provenance.items())
    paths = []
    for layer in LAYERS:
        path = folder / f"{layer.name}{VECTOR_SUFFIXES[file_format]}"
        described = {**options, "DESCRIPTION": f"{layer.meaning}. {origin}"}
        _write(path, layer, layers[layer.name], driver=driver, layer_options=described)
        paths.append(path)
    return tuple(paths)


def _write(path: Path, layer: Layer, rows: gpd.GeoDataFrame, **options: object) -> None:
    columns = [*(field.name for field in layer.fields), "geometry"]
    try:
        pyogrio.write_dataframe(rows[columns], path, layer=layer.name, geometry_type=layer.geometry, **options)
    except (*_WRITE_ERRORS, OSError) as error:
        raise OutputError(f"{path} cannot be written: {error}", "choose another output folder") from error


def _describe(database: sqlite3.Connection, provenance: Mapping[str, str]) -> None:
    now = provenance.get("created", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    database.executescript(_EXTRA_TABLES)
    _add_styles(database, now)
    _add_fields(database)
    _add_provenance(database, provenance, now)
    database.execute("UPDATE gpkg_contents SET last_change = ?", (now,))


def _add_styles(database: sqlite3.Connection, now: str) -> None:
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles for QGIS', ?, 0)",
        (now,),
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, styleSLD, useAsDefault, description, owner, update_time)"
        " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
        [(layer.name, layer.name, qml(layer), layer.meaning, now) for layer in LAYERS],
    )


def _add_fields(database: sqlite3.Connection) -> None:
    """Say in the file what each field means, by the schema extension (OGC 12-128r17, F.9)."""
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
        [
            (layer.name, field.name, None, f"{field.name} [{field.unit}]" if field.unit else field.name, field.meaning)
            for layer in LAYERS
            for field in layer.fields
        ],
    )
    _register(database, "gpkg_schema", _SCHEMA_EXTENSION, ("gpkg_data_columns", "gpkg_data_column_constraints"))


def _add_provenance(database: sqlite3.Connection, provenance: Mapping[str, str], now: str) -> None:
    """Say in the file where it came from, as JSON, by the metadata extension (OGC 12-128r17, F.8)."""
    cursor = database.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) VALUES ('dataset', ?, ?, ?)",
        (_METADATA_STANDARD, "application/json", json.dumps(dict(provenance), ensure_ascii=False)),
    )
    database.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, timestamp, md_file_id) VALUES ('geopackage', ?, ?)",
        (now, cursor.lastrowid),
    )
    _register(database, "gpkg_metadata", _METADATA_EXTENSION, ("gpkg_metadata", "gpkg_metadata_reference"))


def _register(database: sqlite3.Connection, extension: str, definition: str, tables: tuple[str, ...]) -> None:
    database.executemany(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
        [(table, extension, definition) for table in tables],
    )


def read_layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    """Layers of a GeoPackage that `roofgeo.schema.LAYERS` names; of any other vector file its polygons, as buildings.

    Raises:
        DataError: The file is missing, is no vector file, or holds neither layers of ours nor polygons.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist", "Give a roofs.gpkg, its folder, or a file of building outlines.")
    try:
        found = {str(name) for name, _ in pyogrio.list_layers(path)}
        named = {layer.name: pyogrio.read_dataframe(path, layer=layer.name) for layer in LAYERS if layer.name in found}
        other = None if named else pyogrio.read_dataframe(path)
    except pyogrio.errors.DataSourceError as error:
        raise DataError(f"{path} is no vector file: {error}", "Give a GeoPackage, GeoJSON or the like.") from error
    if other is None:
        return named
    if not isinstance(other, gpd.GeoDataFrame) or not other.geom_type.isin(_POLYGONS).any():
        raise DataError(f"{path} holds no polygons", "Give a roofs.gpkg, its folder, or a file of building outlines.")
    return {BUILDINGS_LAYER.name: other[other.geom_type.isin(_POLYGONS)]}
