"""Straightening moves nothing far, and keeps a coverage a coverage."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from scipy import ndimage

from roofgeo.vector.graph import face_polygons, trace
from roofgeo.vector.regularize import SIMPLIFY_M, regularize
from roofgeo.vector.straighten import MAX_MOVE_M
from tests.vector.shapes import SHAPE, assert_sound, ell, gable, hip, pyramid

PIXEL_M = 0.1


def labels_of(roof, turn_deg: float = 0.0) -> np.ndarray:
    """(height, width) int32 faces of a roof, turned about the picture's middle."""
    centre = np.array(SHAPE[::-1]) / 2
    turn = np.radians(turn_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    rings = [shapely.Polygon((p.ring - centre) @ matrix.T + centre) for p in roof()[0]]
    return connected(rasterize(zip(rings, range(1, len(rings) + 1), strict=True), SHAPE, dtype="int32"))


def connected(labels: np.ndarray) -> np.ndarray:
    """The labels with each face 4-connected: what lies apart from most of its face goes to the nearest one."""
    whole = np.zeros(labels.shape, bool)
    for face in range(1, labels.max() + 1):
        parts, _ = ndimage.label(labels == face)
        whole |= parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    nearest = ndimage.distance_transform_edt(~whole, return_distances=False, return_indices=True)
    return np.where(labels > 0, labels[*nearest], 0).astype(np.int32)


@pytest.mark.parametrize("roof", [gable, hip, pyramid, ell], ids=lambda x: str(x))
@given(turn_deg=st.floats(0, 90))
@settings(max_examples=15)
def test_no_edge_leaves_its_pixels(roof, turn_deg):
    traced = trace(labels_of(roof, turn_deg))
    graph, polygons = regularize(traced, PIXEL_M)
    assert_sound(polygons)
    before, after = (shapely.multilinestrings(list(g.linestrings)) for g in (traced, graph))
    along = shapely.points(shapely.get_coordinates(shapely.segmentize(after, 1.0)))
    assert shapely.distance(along, before).max() * PIXEL_M <= SIMPLIFY_M + MAX_MOVE_M


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=40)
def test_a_coverage_stays_a_coverage(seed, count):
    """Voronoi cells within a block: neighbours share their edges before and after, and none is lost."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(10, 90, (count, 2))
    rows, cols = np.indices((100, 100))
    nearest = np.hypot(rows[..., None] - points[:, 0], cols[..., None] - points[:, 1]).argmin(2) + 1
    labels = np.where((rows >= 8) & (rows < 92) & (cols >= 8) & (cols < 92), nearest, 0)
    labels = connected(np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32))
    traced = trace(labels)
    _, polygons = regularize(traced, PIXEL_M)
    assert len(polygons) == len(face_polygons(traced)[0]) == labels.max()
    assert_sound(polygons)
    assert shapely.union_all(polygons).area == pytest.approx((labels > 0).sum(), rel=0.02)


def test_a_square_roof_gets_square_corners():
    _, polygons = regularize(trace(labels_of(hip, 27.0)), PIXEL_M)
    corners = shapely.get_coordinates(shapely.coverage_union_all(polygons).exterior.normalize())[:-1]
    assert len(corners) == 4
    sides = np.diff(corners, axis=0, append=corners[:1])
    cosine = (sides * np.roll(sides, 1, 0)).sum(1) / np.prod([np.hypot(*s.T) for s in (sides, np.roll(sides, 1, 0))], 0)
    assert np.abs(cosine).max() < 1e-3


def test_the_ridge_is_straight_and_parallel_to_its_eaves():
    graph, polygons = regularize(trace(labels_of(gable, 13.0)), PIXEL_M)
    inner = (graph.sides > 0).all(1)
    (ridge,) = graph.linestrings[inner]
    assert shapely.get_num_points(ridge) == 2
    (x0, y0), (x1, y1) = ridge.coords
    assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) % 180 == pytest.approx(13.0, abs=0.5)
    outline = shapely.coverage_union_all(polygons).exterior.simplify(0.01)
    sides = np.diff(shapely.get_coordinates(outline), axis=0)
    along = np.degrees(np.arctan2(*sides.T[::-1])) % 90
    assert along == pytest.approx(np.degrees(np.arctan2(y1 - y0, x1 - x0)) % 90, abs=0.1)
