"""How sure a segment is: its class, the lines along its outline, its size."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from roofgeo.evaluation.calibration import Calibration
from roofgeo.grid import Grid
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.confidence import HALF_SURE_M2
from tests.vector.rasters import BandArrays, make_bands, utm_grid
from tests.vector.shapes import SHAPE, buildings_of, gable


def confidences(bands: BandArrays, **options) -> np.ndarray:
    layers = attribute_layers(buildings_of(bands), utm_grid(SHAPE), **options)
    return layers["roof_segments"]["confidence"].to_numpy()


def by_size(area_m2: float) -> float:
    return area_m2 / (area_m2 + HALF_SURE_M2)


def test_lines_that_are_hardly_seen_lower_it() -> None:
    """Those of one slope are: the other, which shares only the ridge with it, keeps what it had."""
    bands = make_bands(*gable(), SHAPE)
    bands["lines"] = bands["lines"].copy()
    north = np.zeros(SHAPE, bool)
    north[:70] = True  # the ridge lies at row 80
    bands["lines"][:, north] *= 0.3
    clear, dim = confidences(make_bands(*gable(), SHAPE)), confidences(bands)
    assert clear.min() > 0.8
    assert dim[0] < 0.9 * clear[0] and dim[1] == pytest.approx(clear[1], abs=0.02)


def test_without_a_head_of_lines_the_class_tells() -> None:
    bands = make_bands(*gable(), SHAPE)
    del bands["lines"]
    assert confidences(bands) == pytest.approx([by_size(48)] * 2, abs=0.02)


def test_a_segment_the_area_cuts_is_as_sure_as_the_whole_of_it() -> None:
    """How large it is, and where it ends, is not known: neither the cut nor the rest counts against it."""
    grid, bands = utm_grid(SHAPE), make_bands(*gable(), SHAPE)
    whole = attribute_layers(buildings_of(bands), grid)["buildings"].geometry.union_all()
    left, bottom, _, top = whole.bounds
    cut = attribute_layers(buildings_of(bands), grid, shapely.box(left - 1, bottom - 1, left + 1, top + 1), clip=True)
    assert len(cut["roof_segments"]) == 2 and cut["roof_segments"]["clipped"].all()
    assert cut["roof_segments"]["footprint_area_m2"].max() < 5
    assert (cut["roof_segments"]["confidence"] >= by_size(48) - 0.04).all()


def test_the_map_that_is_given_is_applied_to_segments_alone() -> None:
    bands = make_bands(*gable(), SHAPE)
    bands["lines"] = bands["lines"] * 0.6
    grid: Grid = utm_grid(SHAPE)
    calibration = Calibration(2.0, -1.0)
    raw = attribute_layers(buildings_of(bands), grid)
    mapped = attribute_layers(buildings_of(bands), grid, calibrate=calibration)
    expected = calibration(raw["roof_segments"]["confidence"].to_numpy())
    assert mapped["roof_segments"]["confidence"].to_numpy() == pytest.approx(expected)
    for name in ("roof_lines", "buildings"):
        assert mapped[name]["confidence"].equals(raw[name]["confidence"])
