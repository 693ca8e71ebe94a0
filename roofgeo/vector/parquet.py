"""GeoParquet 1.1 (https://geoparquet.org/releases/v1.1.0/), one file a layer; pyarrow is only asked for here.

Rows lie in the order of a Hilbert curve and say their bounds in a column of their own, so that a reader that wants a
part of the ground skips most of the file. Provenance and dictionary are in the file's metadata, units and meanings in
those of the fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from roofgeo.errors import DataError, InputError, OutputError
from roofgeo.schema import Layer
from roofgeo.vector.columns import DATE, for_gdal, free_name, nowhere
from roofgeo.vector.dictionary import layer_entry
from roofgeo.vector.ogr import columns_of

PROVENANCE_KEY: Final = b"roofgeo:provenance"
DICTIONARY_KEY: Final = b"roofgeo:dictionary"

_ROWS_OF_A_GROUP: Final = 16384
"""What a filter by place reads at once: a few megabytes."""

_BOUNDS: Final = ("xmin", "ymin", "xmax", "ymax")
_BBOX: Final = "bbox"
_GEOMETRY: Final = "geometry"


def require_pyarrow() -> None:
    """See whether GeoParquet can be written and read here.

    Raises:
        InputError: It cannot: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError(
            "GeoParquet needs pyarrow, which is not installed", "pip install 'roofgeo[parquet]'"
        ) from error


def write_geoparquet(path: Path, layer: Layer, rows: gpd.GeoDataFrame, provenance: Mapping[str, str]) -> None:
    """Write a GeoParquet 1.1 with a bbox column, ZSTD, rows in the order of a Hilbert curve.

    Raises:
        InputError: pyarrow is not installed.
        OutputError: The file cannot be written; who knows what was asked for gives the hint.
    """
    require_pyarrow()
    import pyarrow.parquet as pq

    ordered = _by_place(rows.rename_geometry(_GEOMETRY) if rows.geometry.name != _GEOMETRY else rows)
    table = _table(layer, ordered)
    told = {
        b"geo": json.dumps(_geo(layer, ordered, table.column_names[-1])),
        PROVENANCE_KEY: json.dumps(dict(provenance), ensure_ascii=False),
        DICTIONARY_KEY: json.dumps(layer_entry(layer), ensure_ascii=False),
    }
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **told})
    try:
        pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_OF_A_GROUP)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}") from error


def read_geoparquet(path: Path) -> gpd.GeoDataFrame:
    """A GeoParquet's rows, with fields of the type the file says, NULLs or not.

    Raises:
        DataError: A field has the name that the geometry has here.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, file = gpd.read_parquet(path), pq.ParquetFile(path)
    if rows.geometry.name != _GEOMETRY:
        if _GEOMETRY in rows:
            raise DataError(f"{path} has a field named {_GEOMETRY}", "Rename the field, or take it out.")
        rows = rows.rename_geometry(_GEOMETRY)
    for field in file.schema_arrow:
        kind = field.type
        if field.name not in rows or rows[field.name].dtype.kind not in "fO":
            continue
        if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind):
            rows[field.name] = _exact(file.read([field.name])[field.name])
    return rows


def _exact(column: Any) -> pd.Series:
    """A column of whole numbers, booleans or dates as what may be NULL in pandas."""
    import pyarrow as pa

    unknown = column.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_date(column.type):
        days = np.asarray(column.cast(pa.date32()).cast(pa.int32()).fill_null(0), "int64").view("datetime64[D]")
        return pd.Series(days.astype("datetime64[s]")).dt.to_period("D").where(~unknown)
    numbers = column.fill_null(False if pa.types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False)
    kind = pd.arrays.BooleanArray if numbers.dtype == bool else pd.arrays.IntegerArray
    return pd.Series(kind(numbers, unknown))


def geoparquet_provenance(path: Path) -> dict[str, Any]:
    """What a GeoParquet says of where it comes from."""
    return _told(path, PROVENANCE_KEY)


def geoparquet_layer(path: Path) -> str:
    """Which layer a GeoParquet says it holds; "" if it does not."""
    return str(_told(path, DICTIONARY_KEY).get("name", ""))


def _told(path: Path, key: bytes) -> dict[str, Any]:
    import pyarrow.parquet as pq

    told = json.loads((pq.read_schema(path).metadata or {}).get(key, b"{}"))
    return told if isinstance(told, dict) else {}


def _by_place(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rows along a Hilbert curve; those without a geometry last."""
    geometry, placed = rows.geometry, np.flatnonzero(~nowhere(rows))
    if not placed.size:
        return rows
    along = placed[np.argsort(geometry.iloc[placed].hilbert_distance().to_numpy(), kind="stable")]
    return rows.iloc[np.concatenate([along, np.setdiff1d(np.arange(len(rows)), placed)])]


def _table(layer: Layer, rows: gpd.GeoDataFrame) -> Any:
    """The rows as an Arrow table: fields with unit and meaning, geometry as WKB, bounds."""
    import pyarrow as pa

    names = columns_of(layer, rows)[:-1]
    table = pa.Table.from_pandas(pd.DataFrame(_without_periods(rows[names])), preserve_index=False)
    types = {"int64": pa.int64(), "float64": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
    schema = table.schema
    for index, field in enumerate(layer.fields):
        told = {"description": field.meaning, **({"unit": field.unit} if field.unit else {})}
        schema = schema.set(index, pa.field(field.name, types[field.dtype], metadata=told))
    for name in rows.columns[rows.dtypes == DATE]:
        schema = schema.set(names.index(name), pa.field(name, pa.date32()))
    geometry = rows.geometry.to_numpy()
    table = table.cast(schema).append_column(_GEOMETRY, pa.array(shapely.to_wkb(geometry, flavor="iso"), pa.binary()))
    bounds = [pa.array(side, pa.float64(), from_pandas=True) for side in shapely.bounds(geometry).T]
    return table.append_column(free_name(_BBOX, names), pa.StructArray.from_arrays(bounds, _BOUNDS))


def _without_periods(fields: pd.DataFrame) -> pd.DataFrame:
    """The fields with dates as Python has them: Arrow takes the periods that pandas keeps them in for numbers."""
    dates = fields.columns[fields.dtypes == DATE]
    return fields.assign(**{name: for_gdal(fields[name]).values.astype(object) for name in dates})


def _geo(layer: Layer, rows: gpd.GeoDataFrame, bounds: str) -> dict[str, Any]:
    """The file's metadata that the specification asks for; `bounds` is the name of the column of bounds."""
    geometry = rows.geometry[~nowhere(rows)]
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": _kinds(geometry) or [layer.geometry],
        "crs": None if rows.crs is None else rows.crs.to_json_dict(),
        "edges": "planar",
        "covering": {_BBOX: {side: [bounds, side] for side in _BOUNDS}},
    }
    if len(geometry):
        column["bbox"] = [float(side) for side in geometry.total_bounds]
    if layer.geometry == "Polygon" and _right_handed(geometry):
        column["orientation"] = "counterclockwise"
    return {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}


def _kinds(geometry: gpd.GeoSeries) -> list[str]:
    return sorted(set(geometry.geom_type + np.where(geometry.has_z, " Z", "")))


def _right_handed(geometry: gpd.GeoSeries) -> bool:
    """True if all outer rings run counter-clockwise, and all holes clockwise."""
    polygons = shapely.get_parts(geometry.to_numpy())
    rings, of = shapely.get_rings(polygons, return_index=True)
    is_outer = np.diff(of, prepend=-1) > 0
    return bool((shapely.is_ccw(rings) == is_outer).all())
