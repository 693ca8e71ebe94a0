"""The vector labels of RID: roof segments and superstructures of a town, as CSV files with geometries in WKT.

Their coordinates are latitude before longitude; azimuths count from south, west positive; a missing azimuth is flat.
The first release (``segments_initial.csv``) holds azimuths that no direction has: such rows are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roofgeo.data.rid import SUPERSTRUCTURES
from roofgeo.errors import DataError

_ABOUT = "RID's vectors are segments_reviewed.csv and obstacles_reviewed.csv of github.com/TUMFTM/RID, folder data."

_UNLISTED = -1
"""Code of superstructures that RID's masks do not show."""


@dataclass(frozen=True)
class RidVectors:
    """Labels of one file, in EPSG:4326.

    Attributes:
        frame: The rows that can be used. Segments have segment_id, building_id, azimuth_deg (clockwise from true
            north; NaN is flat) and slope_deg (NaN unknown); superstructures have superstructure_id, building_id,
            superstructure (its name) and code (in `roofgeo.data.rid.SUPERSTRUCTURES`; -1 for those in no mask).
        left_out: Outlines of rows that cannot be used: there is a roof there, of which nothing is known.
        skipped: The rows left out, and why.
    """

    frame: gpd.GeoDataFrame
    left_out: gpd.GeoSeries
    skipped: tuple[str, ...]


def is_segments_file(path: Path) -> bool:
    """True for a CSV file with the columns of RID's segments."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return {"segment", "azimuth", "slope"} <= set(file.readline().strip().split(","))


def read_segments(path: str | Path) -> RidVectors:
    """Read ``segments_reviewed.csv`` or ``segments_initial.csv``.

    Raises:
        DataError: The file cannot be read or has other columns.
    """
    table = _read_table(Path(path), ("id", "pv_area_id", "segment", "azimuth", "slope"))
    outlines = _outlines(table["segment"])
    azimuth, slope = (table[name].to_numpy(np.float64) for name in ("azimuth", "slope"))
    unreadable = shapely.is_missing(outlines)
    absurd = ~unreadable & (np.abs(azimuth) > 180 + 1e-6)
    steep = (slope < 0) | (slope >= 90)
    skipped = [f"segment {i}: its outline cannot be read" for i in table["id"][unreadable]]
    skipped += [f"segment {i}: azimuth {a:.6g}" for i, a in zip(table["id"][absurd], azimuth[absurd], strict=True)]
    skipped += [f"segment {i}: slope {s:.6g} left out" for i, s in zip(table["id"][steep], slope[steep], strict=True)]
    columns = {
        "segment_id": table["id"],
        "building_id": table["pv_area_id"],
        "azimuth_deg": (azimuth + 180) % 360,
        "slope_deg": np.where(steep, np.nan, slope),
    }
    return _vectors(columns, outlines, absurd, skipped)


def read_superstructures(path: str | Path) -> RidVectors:
    """Read ``obstacles_reviewed.csv`` or ``obstacles_initial.csv``.

    Raises:
        DataError: The file cannot be read or has other columns.
    """
    table = _read_table(Path(path), ("id", "pv_area_id", "obstacle", "type"))
    outlines = _outlines(table["obstacle"])
    unreadable = shapely.is_missing(outlines)
    skipped = [f"superstructure {i}: its outline cannot be read" for i in table["id"][unreadable]]
    code_of = {name: code for code, name in enumerate(SUPERSTRUCTURES)}
    columns = {
        "superstructure_id": table["id"],
        "building_id": table["pv_area_id"],
        "superstructure": table["type"],
        "code": table["type"].map(code_of).fillna(_UNLISTED).astype(int),
    }
    return _vectors(columns, outlines, np.zeros(len(table), bool), skipped)


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise DataError(f"{path} cannot be read: {error}", _ABOUT) from error
    if missing := [name for name in columns if name not in table.columns]:
        raise DataError(f"{path} has no column {', '.join(missing)}", _ABOUT)
    return table


def _outlines(wkt: pd.Series) -> NDArray[np.object_]:
    """Geometries with longitude before latitude; None where they cannot be read."""
    texts = wkt.where(wkt.notna(), "").astype(str).to_numpy(object)
    read = shapely.from_wkt(texts, on_invalid="ignore")
    outlines: NDArray[np.object_] = shapely.transform(read, lambda lat_lon: lat_lon[:, ::-1])
    return outlines


def _vectors(
    columns: Mapping[str, object], outlines: NDArray[np.object_], left_out: NDArray[np.bool_], skipped: list[str]
) -> RidVectors:
    good = ~(shapely.is_missing(outlines) | left_out)
    frame = gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4326")[good].reset_index(drop=True)
    return RidVectors(frame, gpd.GeoSeries(outlines[left_out], crs="EPSG:4326"), tuple(skipped))
