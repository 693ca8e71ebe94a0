"""What heights are told in, and from where: the unit of a raster's band or of its CRS, and its vertical datum."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pyproj import CRS

from roofgeo.errors import InputError

METRES: Final = {
    "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0,
    "dm": 0.1, "decimetre": 0.1, "decimeter": 0.1,
    "cm": 0.01, "centimetre": 0.01, "centimetres": 0.01, "centimeter": 0.01, "centimeters": 0.01,
    "mm": 0.001, "millimetre": 0.001, "millimeter": 0.001,
    "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "international foot": 0.3048,
    "us-ft": 1200 / 3937, "ftus": 1200 / 3937, "us ft": 1200 / 3937, "us foot": 1200 / 3937, "foot us": 1200 / 3937,
    "us survey foot": 1200 / 3937, "us survey feet": 1200 / 3937,
}  # fmt: skip
"""Metres in each unit a band may name, brackets and underscores taken for blanks."""


def metres_per_unit(source: str | Path, unit: str | None, crs: CRS) -> float:
    """Metres in a unit of the heights: what the band names, else the vertical axis of its CRS, else a metre.

    Args:
        source: The file, for messages.
        unit: What the band says; None or empty if it says nothing.
        crs: CRS of the file, with its vertical part if it has one.

    Raises:
        InputError: The unit is none we know; or nothing is said where the horizontal unit is no metre either, so that
            feet are as likely.
    """
    hint = f"Say it in the file, m or ft: rio edit-info --bidx 1 --units m {source}"
    named = re.sub(r"[\s_()\[\]]+", " ", unit or "").strip().lower()
    if named:
        if named not in METRES:
            raise InputError(f"the heights of {source} are in {unit!r}, which is no known unit", hint)
        return METRES[named]
    upward = [axis.unit_conversion_factor for axis in crs.axis_info if axis.direction == "up"]
    if upward:
        return float(upward[0])
    if crs.is_projected and crs.axis_info[0].unit_name != "metre":
        raise InputError(
            f"nothing says whether the heights of {source} are metres or feet: {crs.name} is in "
            f"{crs.axis_info[0].unit_name}",
            hint,
        )
    return 1.0


def vertical_datum(crs: CRS) -> str:
    """Name of what heights are counted from; empty if the CRS does not tell."""
    parts = [part for part in crs.sub_crs_list if part.is_vertical]
    if not parts:
        return "ellipsoid" if len(crs.axis_info) == 3 else ""
    name = parts[0].datum.name if parts[0].datum is not None else parts[0].name
    if "ellips" in name.lower():
        return "ellipsoid"
    return "" if "unknown" in name.lower() else name
