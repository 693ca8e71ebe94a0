"""What is known of a picture besides its pixels: pixel size and sun, as a vector for the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roofgeo.schema import METADATA

TROPICS_DEG = 23.44
"""Between these latitudes the noon sun stands now in the south, now in the north."""

UNKNOWN = float("nan")


def metadata_vectors(
    network_pixel_size_m: float, source_pixel_size_m: ArrayLike, sun_azimuth_deg: ArrayLike
) -> NDArray[np.float32]:
    """The entries of `roofgeo.schema.METADATA` for some pictures, (pictures, 5); NaN is marked unknown.

    Args:
        network_pixel_size_m: Pixel size the network works at.
        source_pixel_size_m: (pictures,) pixel size they were taken with.
        sun_azimuth_deg: (pictures,) where the sun stands, clockwise from the picture's upward direction.
    """
    size = np.log2(np.atleast_1d(np.asarray(source_pixel_size_m, np.float64)) / network_pixel_size_m)
    sun = np.radians(np.atleast_1d(np.asarray(sun_azimuth_deg, np.float64)))
    vectors = np.zeros((len(size), len(METADATA)), np.float32)
    vectors[:, 0], vectors[:, 1] = np.nan_to_num(size), ~np.isnan(size)
    vectors[:, 2], vectors[:, 3] = np.nan_to_num(np.sin(sun)), np.nan_to_num(np.cos(sun))
    vectors[:, 4] = ~np.isnan(sun)
    return vectors


def usual_sun_azimuth_deg(latitude_deg: float) -> float:
    """Where the sun stands about noon: south (180) or north (0) of a place; NaN in the tropics, where it varies."""
    if abs(latitude_deg) < TROPICS_DEG:
        return UNKNOWN
    return 180.0 if latitude_deg > 0 else 0.0
