"""The sample area, predicted once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.pipeline import PredictResult, predict

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="session")
def sample_result(tmp_path_factory: pytest.TempPathFactory) -> PredictResult:
    """`roofgeo.predict` on the sample area with the shipped model; found through roofgeo.toml."""
    return predict(SAMPLES / "area.geojson", output=tmp_path_factory.mktemp("sample") / "roofs")
