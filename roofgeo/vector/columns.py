"""Types of the fields that somebody added: as a file tells them, as GDAL takes them, and what a format cannot hold.

Dates are `period[D]`, the one type of pandas that is a day and may be unknown; whole numbers and booleans with NULLs
are those of pandas that may.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roofgeo.schema import Layer

DATE: Final = "period[D]"

_ROUNDED_FROM: Final = 2.0**53
"""From here on a double is not every whole number."""

_GDAL_DATE: Final = "datetime64[D]"
_QUARTERS_OF_UTC: Final = 100
"""How GDAL counts time zones: in quarters of an hour, from here (GDAL's RFC 56)."""

GEOMETRY_OF_A_GEOPACKAGE: Final = "geom"
_OF_A_GEOPACKAGE: Final = ("fid", GEOMETRY_OF_A_GEOPACKAGE)
"""Columns that each table of features has."""

_KEPT_OBJECTS: Final = ("string", "empty", "boolean")


@dataclass(frozen=True)
class Column:
    """A field as GDAL takes it.

    Attributes:
        values: (rows,) values.
        unknown: (rows,) True where they are NULL; None if they tell it themselves.
        offsets: (rows,) time zones as GDAL counts them, of times that have one.
    """

    values: NDArray[Any]
    unknown: NDArray[np.bool_] | None = None
    offsets: NDArray[Any] | None = None


def holds_more_than_a_double(values: pd.Series, dtype: str) -> bool:
    """Whether whole numbers of a file have been rounded: they come as doubles where some are NULL."""
    return dtype.startswith(("int", "uint")) and values.dtype.kind == "f" and values.abs().max() >= _ROUNDED_FROM


def as_told(values: pd.Series, dtype: str) -> pd.Series:
    """Values that a file says are of a type of NumPy's, of that type, NULLs or not.

    Args:
        values: As they were read: with NULLs among them, numbers and booleans are doubles.
        dtype: Name of the type.
    """
    if dtype.startswith(("int", "uint")) and values.dtype.kind == "f":
        return values.astype(pd.api.types.pandas_dtype(dtype.replace("uint", "UInt").replace("int", "Int")))
    if dtype == "bool" and values.dtype.kind != "b":
        return values.astype("boolean")
    return values.dt.to_period("D") if dtype == _GDAL_DATE and values.dtype.kind == "M" else values


def for_gdal(values: pd.Series) -> Column:
    """Values as GDAL takes them, of the type they are."""
    dtype, unknown = values.dtype, values.isna().to_numpy()
    if dtype == DATE:
        return Column(np.asarray(values.array.astype("int64")).view(_GDAL_DATE))
    if isinstance(dtype, pd.DatetimeTZDtype):
        local = values.dt.tz_localize(None)
        ahead = local - values.dt.tz_convert("UTC").dt.tz_localize(None)
        return Column(local.to_numpy(), None, (ahead // pd.Timedelta("15min") + _QUARTERS_OF_UTC).to_numpy())
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubM":
        return Column(values.to_numpy())
    if pd.api.types.is_numeric_dtype(dtype):  # those of pandas, booleans too
        numbers = np.dtype(dtype.name.lower().replace("boolean", "bool"))
        return Column(values.to_numpy(numbers, na_value=numbers.type(0)), unknown)
    if pd.api.types.infer_dtype(values) == "boolean":
        return Column(values.where(~unknown, False).to_numpy(bool), unknown)
    return Column(values.astype(object).where(~unknown, None).to_numpy(), unknown)


def rows_held_by(file_format: str, layer: Layer, rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The rows as a format can hold them, and what has become of fields that it cannot hold as they are.

    Args:
        file_format: Key of `roofgeo.schema.EXPORT_SUFFIXES`.
        layer: What the rows are.
        rows: The layer.
    """
    if file_format == "geoparquet":
        return rows, []
    kept, notes = _freely_named(layer, rows) if file_format == "geopackage" else (rows.copy(), [])
    if file_format == "flatgeobuf" and nowhere(rows).any():
        notes.append(f"{layer.name} has no spatial index: some of its rows have no geometry")
    for name in _added(layer, kept):
        field = f"field {name} of {layer.name}"
        kind = pd.api.types.infer_dtype(kept[name]) if kept[name].dtype == object else "string"
        if kind == "bytes":
            kept = kept.drop(columns=name)
            notes.append(f"{field} is left out: it holds bytes, which are kept only in geoparquet")
        elif kind not in _KEPT_OBJECTS:
            kept[name] = kept[name].map(_as_text, na_action="ignore")
            notes.append(f"{field} becomes text: {file_format} is not given what it holds ({kind})")
        elif kept[name].dtype == DATE and file_format == "flatgeobuf":
            notes.append(f"{field} becomes a date with a time, 0:00: {file_format} has no dates alone")
    return kept, notes


def nowhere(rows: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """(rows,) True where there is no geometry, or an empty one."""
    geometry = rows.geometry.to_numpy()
    return np.asarray(shapely.is_missing(geometry) | shapely.is_empty(geometry), bool)


def _added(layer: Layer, rows: gpd.GeoDataFrame) -> list[str]:
    """Names of the fields that are not the schema's."""
    return [name for name in rows.columns if name not in {rows.geometry.name, *(field.name for field in layer.fields)}]


def _freely_named(layer: Layer, rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The rows with names that a GeoPackage has not used already, to which case makes no difference; what has changed.

    A field that QGIS calls fid would become the key of the table, and its values need not be unique.
    """
    taken = [*_OF_A_GEOPACKAGE, *(field.name for field in layer.fields)]
    renamed = {}
    for name in _added(layer, rows):
        others = [other for other in _added(layer, rows) if other != name and other not in renamed]
        free = name if free_name(name, taken) == name else free_name(name, [*taken, *others])
        taken.append(free)
        if free != name:
            renamed[name] = free
    notes = [
        f"field {old} of {layer.name} is now {new}: a geopackage has one of that name" for old, new in renamed.items()
    ]
    return rows.rename(columns=renamed), notes


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of its numbered kind, that is not taken; case makes no difference."""
    folded = {other.casefold() for other in taken}
    numbered = (f"{name}_{number}" for number in count(1))
    return next(free for free in chain([name], numbered) if free.casefold() not in folded)


def _as_text(value: object) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
