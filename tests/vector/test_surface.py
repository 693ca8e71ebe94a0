"""Planes through points: right, robust, all at once, and NULL where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.vector.surface import (
    FLAT_DEG,
    LEAST_POINTS,
    MOST_ERROR_DEG,
    MOST_RESIDUAL_M,
    Planes,
    fit_planes,
    is_whole,
    low_heights,
)

EAST, NORTH = 691_000.0, 5_335_000.0


def points(slope_deg, azimuth_deg, side_m=6.0, step_m=0.5, noise_m=0.0, height_m=515.0, seed=0):
    """(n, 3) a square of a plane that falls towards an azimuth."""
    x, y = np.mgrid[0:side_m:step_m, 0:side_m:step_m].reshape(2, -1) + step_m / 2
    fall = np.tan(np.radians(slope_deg))
    east, north = -fall * np.sin(np.radians(azimuth_deg)), -fall * np.cos(np.radians(azimuth_deg))
    z = height_m + east * (x - side_m / 2) + north * (y - side_m / 2)
    return np.column_stack([x + EAST, y + NORTH, z + np.random.default_rng(seed).normal(0, noise_m, len(x))])


def fitted(*faces) -> Planes:
    face = np.repeat(np.arange(len(faces)), [len(face) for face in faces])
    return fit_planes(face, np.concatenate(faces), len(faces))


def slopes(planes: Planes):
    return np.degrees(np.arctan(np.hypot(*planes.gradients.T)))


def azimuths(planes: Planes):
    return np.degrees(np.arctan2(*-planes.gradients.T)) % 360


@settings(deadline=None, max_examples=60)
@given(
    slope=st.floats(4, 70), azimuth=st.floats(0, 359.9), step=st.floats(0.2, 1.0), height=st.floats(-50, 4000)
)  # fmt: skip
def test_a_plane_comes_back(slope, azimuth, step, height):
    planes = fitted(points(slope, azimuth, 8.0, step, height_m=height))
    assert slopes(planes)[0] == pytest.approx(slope, abs=1e-4)
    assert abs((azimuths(planes)[0] - azimuth + 180) % 360 - 180) < 1e-3
    assert planes.residuals_m[0] < 1e-5
    assert planes.heights_m(np.array([[EAST + 4, NORTH + 4]])) == pytest.approx(height, abs=1e-4)


def test_faces_do_not_know_of_each_other():
    faces = [points(s, a, noise_m=0.05, seed=i) for i, (s, a) in enumerate([(20, 30), (45, 200), (0, 0), (33, 275)])]
    together = fitted(*faces)
    for i, face in enumerate(faces):
        alone = fitted(face)
        assert together.gradients[i] == pytest.approx(alone.gradients[0], abs=1e-9)
        assert together.residuals_m[i] == pytest.approx(alone.residuals_m[0], abs=1e-9)


def test_noise_is_the_residual():
    planes = fitted(*(points(35, 100, 12.0, noise_m=n) for n in (0.02, 0.05, 0.1)))
    assert planes.residuals_m == pytest.approx([0.02, 0.05, 0.1], rel=0.1)
    assert np.abs(slopes(planes) - 35).max() < 0.5


@pytest.mark.parametrize("share", [0.05, 0.15, 0.3])
def test_a_dormer_does_not_tilt_the_plane(share):
    face = points(35, 180, 8.0, noise_m=0.03)
    corner = np.argsort(face[:, 0] + face[:, 1])[: round(share * len(face))]
    face[corner, 2] += 1.5
    planes = fitted(face)
    assert slopes(planes)[0] == pytest.approx(35, abs=1)
    assert azimuths(planes)[0] == pytest.approx(180, abs=1)


@pytest.mark.parametrize("columns", [8, 10, 16, 24])
def test_a_dormer_in_one_column_of_points_does_not_become_the_plane(columns):
    """Points come row by row; those looked at first must not all lie in one column."""
    x, y = np.meshgrid(np.arange(columns) * 0.5, np.arange(48) * 0.5)
    face = np.stack([x.ravel() + EAST, y.ravel() + NORTH, 500 + 0.5 * x.ravel()], 1)
    face[face[:, 0] == EAST, 2] += 1 + 0.3 * (face[face[:, 0] == EAST, 1] - NORTH)
    assert slopes(fitted(face))[0] == pytest.approx(np.degrees(np.arctan(0.5)), abs=0.1)


def test_what_spills_over_the_eave_does_not_tilt_the_plane():
    face = points(40, 90, 6.0, noise_m=0.05)
    face[face[:, 0] > EAST + 5.5, 2] = 508
    assert slopes(fitted(face))[0] == pytest.approx(40, abs=1)


def test_what_is_no_plane_has_a_residual_and_no_slope():
    gable = points(40, 90, 8.0)
    gable[:, 2] = 515 - np.abs(gable[:, 0] - EAST - 4)
    tree = points(30, 0, 6.0)
    tree[:, 2] += np.random.default_rng(1).uniform(0, 4, len(tree))
    planes = fitted(gable, tree, points(30, 0))
    assert np.isnan(planes.gradients[:2]).all() and not np.isnan(planes.gradients[2]).any()
    assert (planes.residuals_m[:2] > MOST_RESIDUAL_M).all()
    assert planes.heights_m(planes.middles[:, :2])[:2] == pytest.approx([513, 517], abs=0.3)


def test_too_few_points_and_too_small_faces_have_no_slope():
    planes = fitted(points(30, 0)[: LEAST_POINTS - 1], points(30, 0, 1.5, noise_m=0.2), points(30, 0, 12.0))
    assert np.isnan(planes.residuals_m[0]) and np.isnan(planes.heights_m(np.zeros((3, 2)))[0])
    assert np.isnan(planes.gradients[:2]).all()
    assert planes.errors_deg[1] > MOST_ERROR_DEG > planes.errors_deg[2]


def test_points_on_a_line_are_no_plane():
    line = points(30, 45, 12.0)
    assert np.isnan(fitted(line[line[:, 0] == line[0, 0]]).gradients).all()


def test_the_stated_error_is_the_true_one():
    planes = fitted(*(points(30, 0, 3.0, noise_m=0.1, seed=i) for i in range(300)))
    known = slopes(planes)[~np.isnan(planes.gradients[:, 0])]
    assert len(known) > 100
    assert np.std(known) == pytest.approx(np.median(planes.errors_deg), rel=0.5)


def test_faces_without_points_and_none_at_all():
    planes = fit_planes(np.array([2] * 144), points(30, 0), 4)
    assert np.isnan(planes.residuals_m).tolist() == [True, True, False, True]
    assert len(fit_planes(np.zeros(0, np.int64), np.zeros((0, 3)), 0).gradients) == 0
    assert np.isnan(fit_planes(np.zeros(0, np.int64), np.zeros((0, 3)), 3).gradients).all()


def test_downslopes():
    fall = -np.tan(np.radians([30, FLAT_DEG - 0.1, FLAT_DEG + 0.1, 12, np.nan]))
    errors = np.array([3.0, 0.1, 1.0, 3.0, np.nan])
    planes = Planes(np.stack([fall, 0 * fall], 1), np.zeros((5, 3)), np.zeros(5), errors)
    found = planes.downslopes(np.array([[0.0, 1.0]] * 5))
    assert found[0].tolist() == [1, 0]  # its own
    assert found[1].tolist() == [0, 0]  # flat
    assert found[2:].tolist() == [[0, 1], [1, 0], [0, 1]]  # too unsure: the network's; sure enough; unknown


def test_low_heights():
    group, height = np.array([2, 0, 0, 2, 0, 2, 0, 1]), np.array([5.0, 3, 1, 7, 2, 6, 9, 4])
    assert low_heights(group, height, 4, 0.5, 2)[[0, 2]] == pytest.approx([2, 6])
    assert np.isnan(low_heights(group, height, 4, 0.5, 2)).tolist() == [False, True, False, True]
    assert low_heights(group, height, 4, 0.0, 1)[:3] == pytest.approx([1, 4, 5])


def test_is_whole():
    labels = np.zeros((7, 9), np.int32)
    labels[1:6, 1:5], labels[1:6, 5:8] = 1, 2
    whole = is_whole(labels, 1) & (labels > 0)
    assert np.argwhere(whole & (labels == 1)).tolist() == [[r, c] for r in (2, 3, 4) for c in (2, 3)]
    assert np.argwhere(whole & (labels == 2)).tolist() == [[r, 6] for r in (2, 3, 4)]
