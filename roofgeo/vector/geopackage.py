"""The GeoPackage: all layers in one file that carries its styles, the meaning of its fields and its origin.

What is not features is written with SQL, after version 1.3 of the standard (OGC 12-128r17) and, for the styles, as QGIS
writes and reads them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import geopandas as gpd

from roofgeo.errors import OutputError
from roofgeo.schema import BUILDINGS_LAYER, LINES_LAYER, SEGMENTS_LAYER, Layer
from roofgeo.vector.columns import GEOMETRY_OF_A_GEOPACKAGE
from roofgeo.vector.forms import alias
from roofgeo.vector.ogr import write_by_gdal
from roofgeo.vector.styles import qml

STYLES_TABLE: Final = "layer_styles"
"""Where QGIS keeps styles; GDAL takes it for a layer."""

_BOTTOM_UP: Final = (BUILDINGS_LAYER, SEGMENTS_LAYER, LINES_LAYER)
"""QGIS puts each layer of a file above the one before."""

_EXTRA_TABLES: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
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


def write_geopackage(path: Path, layers: Mapping[str, gpd.GeoDataFrame], provenance: Mapping[str, str]) -> None:
    """Write a GeoPackage 1.3.

    Args:
        path: The file to make; it must not exist.
        layers: A GeoDataFrame for each of `roofgeo.schema.LAYERS`, or some of them, with its fields. Empty ones keep
            their fields.
        provenance: What the file says of itself, such as the model and the imagery. `created` (ISO 8601, UTC) is taken
            for the time of all entries, else the present.

    Raises:
        OutputError: The file cannot be written; who knows what was asked for gives the hint.
        DataError: The format cannot hold the rows.
    """
    present = [layer for layer in _BOTTOM_UP if layer.name in layers]
    for layer in present:
        write_by_gdal(
            path,
            layer,
            layers[layer.name],
            driver="GPKG",
            append=path.exists(),
            dataset_options={"VERSION": "1.3"},
            layer_options={"DESCRIPTION": layer.meaning, "GEOMETRY_NAME": GEOMETRY_OF_A_GEOPACKAGE},
        )
    try:
        with closing(sqlite3.connect(path)) as database, database:
            _describe(database, present, provenance)
    except sqlite3.Error as error:
        raise OutputError(f"{path} cannot be written: {error}") from error


def geopackage_provenance(path: Path) -> object:
    """What a GeoPackage says of where it comes from, as its JSON has it; {} if it is none of ours."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_metadata'").fetchone():
            return {}
        found = database.execute(
            "SELECT metadata FROM gpkg_metadata WHERE md_standard_uri = ? AND mime_type = 'application/json'"
            " ORDER BY id",
            (_METADATA_STANDARD,),
        ).fetchone()
    return json.loads(found[0]) if found else {}


def _describe(database: sqlite3.Connection, layers: Sequence[Layer], provenance: Mapping[str, str]) -> None:
    now = _time(provenance.get("created", ""))
    database.executescript(_EXTRA_TABLES)
    _add_styles(database, layers, now)
    _add_fields(database, layers)
    _add_choices(database, layers)
    _add_provenance(database, provenance, now)
    database.execute("UPDATE gpkg_contents SET last_change = ?", (now,))


def _time(created: str) -> str:
    """The time if it is one (ISO 8601), else the present."""
    try:
        datetime.fromisoformat(created)
    except ValueError:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return created


def _add_styles(database: sqlite3.Connection, layers: Sequence[Layer], now: str) -> None:
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles for QGIS', ?, 0)",
        (now,),
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, styleSLD, useAsDefault, description, owner, update_time)"
        " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
        [(layer.name, layer.name, qml(layer), layer.meaning, now) for layer in reversed(layers)],
    )


def _add_fields(database: sqlite3.Connection, layers: Sequence[Layer]) -> None:
    """Say in the file what each field means, by the schema extension (OGC 12-128r17, F.9)."""
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description, constraint_name)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                layer.name,
                field.name,
                alias(field),
                f"{field.name} [{field.unit}]" if field.unit else field.name,
                field.meaning,
                field.name if field.choices else None,
            )
            for layer in layers
            for field in layer.fields
        ],
    )
    _register(database, "gpkg_schema", _SCHEMA_EXTENSION, ("gpkg_data_columns", "gpkg_data_column_constraints"))


def _add_choices(database: sqlite3.Connection, layers: Sequence[Layer]) -> None:
    """Say which values a field may have; fields of one name have the same."""
    database.executemany(
        "INSERT OR IGNORE INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)"
        " VALUES (?, 'enum', ?, ?)",
        [(field.name, choice, choice) for layer in layers for field in layer.fields for choice in field.choices],
    )


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
