"""The metadata vector marks what is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from roofgeo.models.metadata import QUANTITY, UNKNOWN, metadata_vectors, usual_sun_azimuth_deg
from roofgeo.schema import METADATA, USUAL_METADATA, metadata_entries


def test_known_entries() -> None:
    known = {"source_pixel_size_m": 0.2, "sun_azimuth_deg": 180.0, "latitude_deg": -30.0}
    np.testing.assert_allclose(metadata_vectors(0.1, known), [[1, 1, 0, -1, 1]], atol=1e-6)
    np.testing.assert_allclose(
        metadata_vectors(0.1, known, ("latitude", "off_nadir", "pixel_size")), [[1, 1, -0.5, 1, 0, 0]], atol=1e-6
    )


def test_unknown_entries_are_zero_with_their_flag() -> None:
    vectors = metadata_vectors(0.1, {"sun_azimuth_deg": UNKNOWN}, tuple(METADATA))
    np.testing.assert_array_equal(vectors, np.zeros((1, 11)))


def test_a_batch_keeps_its_order() -> None:
    known = {"source_pixel_size_m": [0.1, UNKNOWN], "sun_azimuth_deg": [UNKNOWN, 90.0]}
    np.testing.assert_allclose(metadata_vectors(0.1, known), [[0, 1, 0, 0, 0], [0, 0, 1, 0, 1]], atol=1e-6)


def test_each_fact_has_a_quantity_and_a_flag() -> None:
    assert set(QUANTITY) == set(METADATA)
    assert all(entries[-1].endswith("_known") for entries in METADATA.values())
    assert metadata_entries(USUAL_METADATA) == METADATA["pixel_size"] + METADATA["sun_azimuth"]


@pytest.mark.parametrize(("latitude_deg", "azimuth_deg"), [(48.0, 180.0), (-41.0, 0.0)])
def test_sun_stands_over_the_equator(latitude_deg: float, azimuth_deg: float) -> None:
    assert usual_sun_azimuth_deg(latitude_deg) == azimuth_deg


def test_sun_of_the_tropics_is_unknown() -> None:
    assert np.isnan(usual_sun_azimuth_deg(0.35))
