"""What is known of a picture besides its pixels: pixel size, sun, place and view, as a vector for the network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roofgeo.schema import METADATA, USUAL_METADATA, metadata_entries

TROPICS_DEG = 23.44
"""Between these latitudes the noon sun stands now in the south, now in the north."""

UNKNOWN = float("nan")

QUANTITY = {
    "pixel_size": "source_pixel_size_m",
    "sun_azimuth": "sun_azimuth_deg",
    "sun_elevation": "sun_elevation_deg",
    "latitude": "latitude_deg",
    "off_nadir": "off_nadir_deg",
}
"""Name of the number, and its unit, that each fact of `roofgeo.schema.METADATA` is given as."""


def metadata_vectors(
    network_pixel_size_m: float, quantities: Mapping[str, ArrayLike], facts: tuple[str, ...] = USUAL_METADATA
) -> NDArray[np.float32]:
    """The metadata vectors of some pictures, (pictures, entries).

    Args:
        network_pixel_size_m: Pixel size the network works at.
        quantities: By the names of `QUANTITY`, (pictures,) each: the pixel size they were taken with, where the sun
            stands clockwise from the picture's upward direction, and so on. NaN, or left out: unknown.
        facts: What the network takes, see `roofgeo.schema.METADATA`.
    """
    given = {fact: np.atleast_1d(np.asarray(quantities.get(QUANTITY[fact], UNKNOWN), np.float64)) for fact in METADATA}
    count = max(len(values) for values in given.values())
    vectors = np.zeros((count, len(metadata_entries(facts))), np.float32)
    column = 0
    for fact in METADATA:
        if fact in facts:
            for values in (*_numbers(fact, given[fact], network_pixel_size_m), ~np.isnan(given[fact])):
                vectors[:, column] = np.nan_to_num(values)
                column += 1
    return vectors


def _numbers(fact: str, values: NDArray[np.float64], network_pixel_size_m: float) -> tuple[NDArray[np.float64], ...]:
    if fact == "pixel_size":
        return (np.log2(values / network_pixel_size_m),)
    angle = np.radians(values)
    return (np.sin(angle), np.cos(angle)) if fact == "sun_azimuth" else (np.sin(angle),)


def usual_sun_azimuth_deg(latitude_deg: float) -> float:
    """Where the sun stands about noon: south (180) or north (0) of a place; NaN in the tropics, where it varies."""
    if abs(latitude_deg) < TROPICS_DEG:
        return UNKNOWN
    return 180.0 if latitude_deg > 0 else 0.0
