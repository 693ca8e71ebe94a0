"""The metadata vector marks what is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from roofgeo.models.metadata import UNKNOWN, metadata_vectors, usual_sun_azimuth_deg


def test_known_entries() -> None:
    np.testing.assert_allclose(metadata_vectors(0.1, 0.2, 180.0), [[1, 1, 0, -1, 1]], atol=1e-6)


def test_unknown_entries_are_zero_with_their_flag() -> None:
    np.testing.assert_array_equal(metadata_vectors(0.1, UNKNOWN, UNKNOWN), [[0, 0, 0, 0, 0]])


def test_a_batch_keeps_its_order() -> None:
    vectors = metadata_vectors(0.1, [0.1, UNKNOWN], [UNKNOWN, 90.0])
    np.testing.assert_allclose(vectors, [[0, 1, 0, 0, 0], [0, 0, 1, 0, 1]], atol=1e-6)


@pytest.mark.parametrize(("latitude_deg", "azimuth_deg"), [(48.0, 180.0), (-41.0, 0.0)])
def test_sun_stands_over_the_equator(latitude_deg: float, azimuth_deg: float) -> None:
    assert usual_sun_azimuth_deg(latitude_deg) == azimuth_deg


def test_sun_of_the_tropics_is_unknown() -> None:
    assert np.isnan(usual_sun_azimuth_deg(0.35))
