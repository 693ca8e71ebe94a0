"""Targets are what the labels say, and "not labelled" stays apart from "background"."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets, segment_class
from roofgeo.schema import ANY_ROOF, COMPASS, FIRST_PITCHED, FLAT, LINE_CODE, NODATA

SQUARE = np.array([[10.0, 10.0], [30.0, 10.0], [30.0, 20.0], [10.0, 20.0]])


def scene(**changes: object) -> LabelledScene:
    """40 x 40 px of 0.1 m: a gable of two planes, the upper one facing up."""
    upper = RoofPlane(SQUARE, 0.0, height_m=(0.0, 0.1, 2.0))
    lower = RoofPlane(SQUARE + np.array([0, 10]), 180.0, height_m=(0.0, -0.1, 6.0))
    ridge = RoofLine("ridge", np.array([[10.0, 20.0], [30.0, 20.0]]))
    values = {"planes": (upper, lower), "lines": (ridge,), **changes}
    return LabelledScene(np.zeros((3, 40, 40), np.uint8), 0.1, **values)  # type: ignore[arg-type]


def test_each_head_has_its_target() -> None:
    targets = rasterize_targets(scene())
    assert targets.segments[15, 20] == FIRST_PITCHED
    assert targets.segments[25, 20] == FIRST_PITCHED + COMPASS.index("S")
    assert targets.azimuth_deg[25, 20] == 180
    assert targets.roof.sum() == 20 * 20
    assert targets.segments[0, 0] == 0 and np.isnan(targets.azimuth_deg[0, 0])
    assert targets.lines[20, 20] == LINE_CODE["ridge"] and targets.lines[15, 20] == 0
    assert targets.height_m[15, 20] == pytest.approx(2 + 0.1 * 15.5)
    assert targets.height_m[0, 0] == 0


def test_not_labelled_is_not_background() -> None:
    labelled = np.zeros((40, 40), bool)
    labelled[:, :20] = True
    targets = rasterize_targets(scene(labelled=labelled))
    for target in (targets.segments, targets.lines, targets.roof):
        assert (target[:, 20:] == NODATA).all() and (target[:, :20] != NODATA).all()
    assert np.isnan(targets.azimuth_deg[:, 20:]).all() and np.isnan(targets.height_m[:, 20:]).all()


def test_a_mask_tells_roof_and_ground_but_no_planes() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[5:15] = 1
    targets = rasterize_targets(scene(planes=(), lines=(), rasters=Targets.from_roof_mask(mask)))
    assert (targets.roof == mask).all()
    assert (targets.segments[5:15] == ANY_ROOF).all() and (targets.segments[20:] == 0).all()
    assert (targets.lines[5:15] == NODATA).all() and (targets.lines[20:] == 0).all()
    assert np.isnan(targets.azimuth_deg).all() and np.isnan(targets.height_m).all()


def test_heights_are_unknown_where_no_plane_has_any() -> None:
    plane = RoofPlane(SQUARE, 90.0)
    assert np.isnan(rasterize_targets(scene(planes=(plane,))).height_m).all()


@given(st.floats(-1000, 1000))
def test_class_is_the_nearest_bin(azimuth_deg: float) -> None:
    code = int(segment_class(azimuth_deg))
    off = (azimuth_deg - (code - FIRST_PITCHED) * 22.5 + 180) % 360 - 180
    assert FIRST_PITCHED <= code < FIRST_PITCHED + 16
    assert abs(off) <= 11.25 + 1e-9


def test_no_azimuth_is_flat() -> None:
    assert segment_class(float("nan")) == FLAT
