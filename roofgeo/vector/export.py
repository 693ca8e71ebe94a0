"""Write the layers in any format, and read them back as they were.

`roofs.gpkg` holds all layers (`roofgeo.vector.geopackage`); the formats of `roofgeo.schema.VECTOR_SUFFIXES` have one
file a layer (`roofgeo.vector.ogr`, `roofgeo.vector.parquet`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio

from roofgeo.errors import DataError
from roofgeo.schema import BUILDINGS_LAYER, EXPORT_SUFFIXES, GEOPACKAGE, LAYERS, VECTOR_SUFFIXES, Layer
from roofgeo.vector.columns import rows_held_by
from roofgeo.vector.dictionary import DICTIONARY, dictionary_text
from roofgeo.vector.geopackage import STYLES_TABLE, geopackage_provenance, write_geopackage
from roofgeo.vector.ogr import (
    columns_of,
    flatgeobuf_provenance,
    geojson_provenance,
    read_by_gdal,
    read_geojson,
    write_flatgeobuf,
    write_geojson,
)
from roofgeo.vector.parquet import (
    geoparquet_layer,
    geoparquet_provenance,
    read_geoparquet,
    require_pyarrow,
    write_geoparquet,
)

__all__ = [
    "Roofs", "check_installed", "held_by", "read_layers", "read_roofs", "write_dictionary", "write_geopackage",
    "write_layer", "write_layers",
]  # fmt: skip

GEOPACKAGE_FORMAT: Final = "geopackage"

_POLYGONS: Final = ("Polygon", "MultiPolygon")

_LAYER: Final[dict[str, Layer]] = {layer.name: layer for layer in LAYERS}

_WRITERS: Final[dict[str, Callable[[Path, Layer, gpd.GeoDataFrame, Mapping[str, str]], None]]] = {
    "geoparquet": write_geoparquet,
    "flatgeobuf": write_flatgeobuf,
    "geojson": write_geojson,
}
"""The formats with one file a layer, in the order a folder is searched for them: what loses least comes first."""

_READERS: Final[dict[str, Callable[[Path], gpd.GeoDataFrame]]] = {
    "geoparquet": read_geoparquet,
    "flatgeobuf": read_by_gdal,
    "geojson": read_geojson,
}

_ORIGINS: Final[dict[str, Callable[[Path], object]]] = {
    "geoparquet": geoparquet_provenance,
    "flatgeobuf": flatgeobuf_provenance,
    "geojson": geojson_provenance,
}

_DTYPES: Final[dict[str, tuple[Any, Any]]] = {
    "int64": ("int64", "Int64"),
    "float64": ("float64", "float64"),
    "str": ("object", "object"),
    "bool": ("bool", "boolean"),
}
"""Types in a GeoDataFrame of each type of the schema: of fields that are always known, and of those that are not."""

_HINT: Final = "Give a roofs.gpkg, the folder of a run, or a folder of its layers in another format."

_READ_ERRORS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    sqlite3.DatabaseError,
    OSError,
    ValueError,  # pyarrow's and geopandas's
)


@dataclass(frozen=True)
class Roofs:
    """What files of ours hold.

    Attributes:
        layers: Those of `roofgeo.schema.LAYERS` that are there, by name.
        provenance: Where they come from.
        files: Those that were read.
        others: Names of layers in them that are none of ours.
    """

    layers: dict[str, gpd.GeoDataFrame]
    provenance: dict[str, str]
    files: tuple[Path, ...]
    others: tuple[str, ...]


def check_installed(formats: Collection[str]) -> None:
    """See whether all that the formats need is installed.

    Raises:
        InputError: Something is missing.
    """
    if "geoparquet" in formats:
        require_pyarrow()


def held_by(file_format: str, layers: Mapping[str, gpd.GeoDataFrame]) -> tuple[dict[str, gpd.GeoDataFrame], list[str]]:
    """The layers as a format can hold them, and what has become of fields that it cannot hold as they are."""
    held = {name: rows_held_by(file_format, _LAYER[name], rows) for name, rows in layers.items()}
    return {name: rows for name, (rows, _) in held.items()}, [note for _, notes in held.values() for note in notes]


def write_layers(
    folder: Path, layers: Mapping[str, gpd.GeoDataFrame], file_format: str, provenance: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write one file a layer.

    Args:
        folder: Where the files go, named after their layers; they must not exist.
        layers: As `write_geopackage` takes them.
        file_format: Key of `roofgeo.schema.VECTOR_SUFFIXES`.
        provenance: What the files say of themselves.

    Returns:
        The files.
    """
    paths = {name: folder / f"{name}{VECTOR_SUFFIXES[file_format]}" for name in _LAYER if name in layers}
    for name, path in paths.items():
        write_layer(path, name, layers[name], file_format, provenance)
    return tuple(paths.values())


def write_layer(path: Path, name: str, rows: gpd.GeoDataFrame, file_format: str, provenance: Mapping[str, str]) -> None:
    """Write the file of one layer; the arguments are those of `write_layers`."""
    _WRITERS[file_format](path, _LAYER[name], rows, provenance)


def write_dictionary(folder: Path) -> Path:
    """Write what all layers and fields mean; see `roofgeo.vector.dictionary`."""
    path = folder / DICTIONARY
    path.write_text(dictionary_text(), encoding="utf-8")
    return path


def read_roofs(source: Path) -> Roofs:
    """What `write_geopackage` or `write_layers` wrote, with the types it had.

    Args:
        source: A GeoPackage, its folder, a folder of one-file-a-layer formats, or one of their files. Of a folder that
            holds several formats the first of GeoPackage, GeoParquet, FlatGeobuf and GeoJSON is read.

    Raises:
        InputError: It is a GeoParquet, and pyarrow is not installed.
        DataError: There are no layers of ours, or they cannot be read.
    """
    file_format, paths = _find(source)
    check_installed((file_format,))
    first = next(iter(paths.values()))
    try:
        if file_format == GEOPACKAGE_FORMAT:
            (layers, others), provenance = _read_geopackage(first), geopackage_provenance(first)
        else:
            others = ()
            layers = {name: _READERS[file_format](path) for name, path in paths.items()}
            provenance = _ORIGINS[file_format](first)
    except _READ_ERRORS as error:
        raise _unreadable(source, error) from error
    typed = {name: _as_in_schema(rows, _LAYER[name], source) for name, rows in layers.items()}
    return Roofs(typed, _as_text(provenance), tuple(dict.fromkeys(paths.values())), others)


def _as_text(told: object) -> dict[str, str]:
    """Provenance as we write it: names and texts, whatever somebody has made of it."""
    if not isinstance(told, dict):
        return {}
    texts = {str(name): value for name, value in told.items() if value is not None}
    return {name: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for name, v in texts.items()}


def _find(source: Path) -> tuple[str, dict[str, Path]]:
    """Format of a source, and its file of each layer."""
    if not source.exists():
        raise DataError(f"{source} does not exist", _HINT)
    if source.is_dir():
        geopackage = source / GEOPACKAGE
        if geopackage.is_file():
            return GEOPACKAGE_FORMAT, dict.fromkeys(_LAYER, geopackage)
        for name in _WRITERS:
            paths = {layer: source / f"{layer}{VECTOR_SUFFIXES[name]}" for layer in _LAYER}
            if present := {layer: path for layer, path in paths.items() if path.is_file()}:
                return name, present
        raise DataError(f"{source} holds no roofs: neither {GEOPACKAGE} nor a file of one of its layers", _HINT)
    if source.suffix.lower() == Path(GEOPACKAGE).suffix:
        return GEOPACKAGE_FORMAT, dict.fromkeys(_LAYER, source)
    formats = [name for name in _WRITERS if VECTOR_SUFFIXES[name] == source.suffix.lower()]
    if not formats:
        raise DataError(f"{source} is in no format of roofs: {', '.join(EXPORT_SUFFIXES.values())}", _HINT)
    return formats[0], {_layer_in(source, formats[0]): source}


def _layer_in(path: Path, file_format: str) -> str:
    """Name of the layer a file holds: what it is named after, or what it says itself."""
    if path.stem in _LAYER:
        return path.stem
    check_installed((file_format,))
    try:
        told = geoparquet_layer(path) if file_format == "geoparquet" else str(pyogrio.list_layers(path)[0][0])
    except _READ_ERRORS as error:
        raise _unreadable(path, error) from error
    if told not in _LAYER:
        raise DataError(f"{path} holds no layer of roofs: {', '.join(_LAYER)}", _HINT)
    return told


def _unreadable(source: Path, error: Exception) -> DataError:
    return DataError(f"{source} cannot be read: {' '.join(str(error).split())}", _HINT)


def _read_geopackage(path: Path) -> tuple[dict[str, gpd.GeoDataFrame], tuple[str, ...]]:
    """Its layers that are ours, and the names of those that are not."""
    found = [str(name) for name, _ in pyogrio.list_layers(path)]
    layers = {name: read_by_gdal(path, name) for name in _LAYER if name in found}
    if not layers:
        raise DataError(f"{path} holds no roofs: none of the layers {', '.join(_LAYER)}", _HINT)
    return layers, tuple(name for name in found if name not in {*_LAYER, STYLES_TABLE})


def _as_in_schema(rows: gpd.GeoDataFrame, layer: Layer, source: Path) -> gpd.GeoDataFrame:
    """The rows with the fields of the schema, in order and of their types; formats keep types as well as they can.

    Raises:
        DataError: A field that is always known is missing, or does not hold what it should; or there is no geometry.
    """
    if not isinstance(rows, gpd.GeoDataFrame):
        raise DataError(f"{layer.name} of {source} has no geometry", _HINT)
    kept = rows.copy()
    for field in layer.fields:
        if field.name not in kept and len(kept) and not field.nullable:
            raise DataError(
                f"{layer.name} of {source} has no field {field.name}",
                "It may come from another version of roofgeo: predict again, or add the field.",
            )
        values = kept[field.name] if field.name in kept else pd.Series([None] * len(kept), kept.index, object)
        try:
            kept[field.name] = _typed(values, field.dtype, field.nullable)
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{field.name} of {layer.name} in {source} is no {field.dtype}: {error}", "Correct the field's values."
            ) from error
    return kept[columns_of(layer, kept)]


def _typed(values: pd.Series, dtype: str, nullable: bool) -> pd.Series:
    if dtype == "str":
        return values.astype(object).where(values.notna(), None)
    known, unknown = _DTYPES[dtype]
    typed = pd.to_numeric(values).astype(unknown)  # which 6.7 cannot be: a plain int64 would take it for 6
    return typed if nullable or values.isna().any() else typed.astype(known)


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
