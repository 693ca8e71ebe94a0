"""What `import roofgeo` offers."""

from __future__ import annotations

import pytest

import roofgeo
from roofgeo import pipeline


def test_functions_are_the_pipeline_s() -> None:
    assert roofgeo.predict is pipeline.predict
    assert roofgeo.train is pipeline.train
    assert roofgeo.evaluate is pipeline.evaluate


def test_other_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="forecast"):
        _ = roofgeo.forecast
