"""Windows become blocks without a seam, and blocks become classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from roofgeo.grid import Block, Window
from roofgeo.raster.stitch import BlockBlender, class_rasters, roof_probability, window_weights
from roofgeo.schema import FLAT, NODATA, SEGMENT_CLASSES

tiles = st.sampled_from([(64, 0), (64, 32), (128, 32), (128, 64), (96, 40)])


def smooth_field(window: Window) -> NDArray[np.float32]:
    rows, cols = np.mgrid[window.row : window.row_end, window.col : window.col_end]
    return np.stack([np.sin(rows / 40) + 2, np.full(window.shape, -3.0), cols / 100]).astype(np.float32)


def blend(window: Window, windows: list[Window], tile: tuple[int, int]) -> NDArray[np.float32]:
    blender = BlockBlender(window, 3, *tile)
    for part in windows:
        blender.add(part, smooth_field(part))
    return blender.finish()


@given(tiles)
def test_weights_of_neighbours_add_up_to_one(tile: tuple[int, int]) -> None:
    tile_px, overlap_px = tile
    weights = window_weights(tile_px, overlap_px)
    assert weights.shape == (tile_px, tile_px) and weights.dtype == np.float32
    assert weights.min() > 0 and weights.max() == 1
    np.testing.assert_allclose(weights, weights.T)
    profile = weights[tile_px // 2]
    total = profile[tile_px - overlap_px :] + profile[:overlap_px]
    np.testing.assert_allclose(total, 1, atol=3e-6)
    np.testing.assert_allclose(profile[overlap_px : tile_px - overlap_px], 1)


def test_outer_quarter_of_the_overlap_hardly_counts() -> None:
    profile = window_weights(128, 64)[64]
    assert (profile[:16] < 1e-5).all() and (profile[48:80] == 1).all()
    assert (np.diff(profile[15:49]) > 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), tiles, st.randoms(use_true_random=False))
def test_a_field_cut_into_windows_is_blended_back(
    height: int, width: int, tile: tuple[int, int], random: object
) -> None:
    window = Window(-32, 64, height, width)
    windows = list(Block(0, window, window).windows(*tile))
    blended = blend(window, windows, tile)
    np.testing.assert_allclose(blended, smooth_field(window), rtol=2e-6)
    random.shuffle(windows)  # type: ignore[attr-defined]
    np.testing.assert_allclose(blend(window, windows, tile), blended, atol=1e-6, rtol=1e-6)


def test_windows_outside_the_block_change_nothing() -> None:
    window = Window(0, 0, 64, 64)
    inside, outside = Window(0, 0, 64, 64), Window(64, 0, 64, 64)
    np.testing.assert_array_equal(blend(window, [inside, outside], (64, 32)), blend(window, [inside], (64, 32)))


def test_what_no_window_covers_is_zero() -> None:
    blended = blend(Window(0, 0, 128, 64), [Window(0, 0, 64, 64)], (64, 32))
    assert (blended[:, 64:] == 0).all() and np.isfinite(blended).all()


# -- classes ----------------------------------------------------------------------------------------------------------


def one_hot(codes: NDArray[np.int64], count: int, probability: float) -> NDArray[np.float32]:
    bands = np.full((count, *codes.shape), (1 - probability) / (count - 1), dtype=np.float32)
    np.put_along_axis(bands, codes[None], np.float32(probability), axis=0)
    return bands


def test_classes_confidence_and_height() -> None:
    codes = np.array([[0, 1, 2], [9, 17, 5]])
    lines = np.array([[0, 1, 6], [2, 0, 0]])
    bands = {
        "segments": one_hot(codes, len(SEGMENT_CLASSES), 0.83),
        "lines": one_hot(lines, 7, 0.9),
        "roof": np.where(codes > 0, 0.95, 0.05)[None].astype(np.float32),
        "height": np.full((1, 2, 3), 4.5, dtype=np.float32),
    }
    valid = np.ones((2, 3), dtype=bool)
    valid[1, 2] = False
    rasters = class_rasters(bands, valid)
    assert rasters["segments"].tolist() == [[0, 1, 2], [9, 17, NODATA]]
    assert rasters["lines"].tolist() == [[0, 1, 6], [2, 0, NODATA]]
    assert [rasters[name].dtype for name in rasters] == [np.uint8, np.uint8, np.uint8, np.float32]
    p_roof = (0.95 + 1 - 0.01) / 2
    assert rasters["confidence"][0].tolist() == [89, *[round(100 * p_roof * 0.83 / 0.99)] * 2]
    assert rasters["confidence"][1, 2] == NODATA
    assert rasters["height"][0].tolist() == [0, 4.5, 4.5] and np.isnan(rasters["height"][1, 2])


def test_heads_may_be_missing() -> None:
    bands = {"segments": one_hot(np.array([[0, 3]]), 18, 0.9)}
    rasters = class_rasters(bands, np.ones((1, 2), dtype=bool))
    assert set(rasters) == {"segments", "confidence"}
    assert rasters["segments"].tolist() == [[0, 3]]
    assert rasters["confidence"].tolist() == [[90, 90]]


def test_roof_is_what_both_heads_say_on_average() -> None:
    segments = one_hot(np.array([[0, 0, 4, 4]]), 18, 0.7)
    roof = np.array([[[0.1, 0.9, 0.1, 0.9]]], dtype=np.float32)
    np.testing.assert_allclose(
        roof_probability({"segments": segments, "roof": roof})[0], [0.2, 0.6, 0.541176, 0.941176], 1e-5
    )
    np.testing.assert_allclose(roof_probability({"segments": segments})[0, 0], 0.3, rtol=1e-5)
    shown = class_rasters({"segments": segments, "roof": roof}, np.ones((1, 4), dtype=bool))["segments"]
    # Roof though the segments head says background: the likeliest kind of roof is drawn.
    assert shown.tolist() == [[0, FLAT, 4, 4]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
def test_the_drawn_kind_is_numpys_argmax(seed: int, height: int) -> None:
    segments = np.random.default_rng(seed).integers(0, 6, (18, height, 9)).astype(np.float32)
    segments[0] = -1e3  # all roof
    rasters = class_rasters({"segments": segments}, np.ones((height, 9), dtype=bool))
    assert (rasters["segments"] == segments[1:].argmax(axis=0) + 1).all()


@pytest.mark.parametrize("head", ["segments", "lines"])
def test_nothing_valid_is_all_nodata(head: str) -> None:
    bands = {"segments": one_hot(np.zeros((3, 4), dtype=int), 18, 0.9), "lines": np.ones((7, 3, 4), dtype=np.float32)}
    assert (class_rasters(bands, np.zeros((3, 4), dtype=bool))[head] == NODATA).all()
