"""Samplers: every pixel is scanned, random windows are copies, keep to their ground and find what is rare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from torch.utils.data import DataLoader
from torchgeo.datasets import stack_samples
from torchgeo.samplers import GeoSampler

from roofgeo.data.samplers import BalancedWindows, GridWindows, window_weights
from roofgeo.data.windows import ROOF_COLUMNS, index_windows
from roofgeo.errors import DataError
from tests.benchmarks.loader import measure, write_rasters
from tests.data.pictures import Drawn

PLACES = [(500_000.0, 5_300_000.0, 200, 150), (500_100.0, 5_300_000.0, 40, 300)]


def test_the_grid_sees_every_pixel_and_passes_over_no_picture() -> None:
    data = Drawn(PLACES)
    seen = [np.zeros((h, w), bool) for _, _, h, w in PLACES]
    grid = GridWindows(data, 64, 48)
    assert isinstance(grid, GeoSampler) and len(grid) == len(list(grid)) == 4 * 3 + 6
    for x, y, t in grid:
        sample = data[x, y, t]
        assert sample["image"].shape == (3, 64, 64)
        rows, cols = (sample["image"][band][sample["image"][2] == 7].int() for band in (0, 1))
        number = int(x.start >= 500_099)
        seen[number][rows, cols % 256 + (256 if cols[0] < 50 and x.start > 500_120 else 0)] = True
    assert seen[0].all() and seen[1][:, :256].all()


def test_one_large_tile_over_a_small_picture_is_one_window() -> None:
    assert len(GridWindows(Drawn(PLACES), 512, 384)) == 2


def test_the_grid_scans_combinations_and_other_crs() -> None:
    west, east = Drawn(PLACES[:1]), Drawn([(500_010.0, 5_300_000.0, 200, 150)])
    both = west | east
    assert all(both[query]["image"].shape == (3, 64, 64) for query in GridWindows(both, 64, 48))
    moved = Drawn(PLACES)
    moved.crs = CRS.from_epsg(32633)
    shown = [float((moved[query]["image"][2] == 7).float().mean()) for query in GridWindows(moved, 64, 48)]
    assert len(shown) >= 18 and np.mean(shown) > 0.5


def test_windows_load_in_workers() -> None:
    data = Drawn(PLACES)
    sampler = BalancedWindows(data, index_windows(data, 64, 48), 64, length=6)
    batches = list(DataLoader(data, 2, sampler=sampler, num_workers=2, collate_fn=stack_samples))
    assert [batch["image"].shape for batch in batches] == [(2, 3, 64, 64)] * 3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([32, 64, 100, 200, 400]))
def test_a_random_window_is_an_exact_copy(seed: int, size_px: int) -> None:
    data = Drawn(PLACES)
    sampler = BalancedWindows(data, index_windows(data, 64, 48), size_px, 1)
    number, window = sampler.draw_window(np.random.default_rng(seed))
    sample = data[sampler.draw(np.random.default_rng(seed))]
    np.testing.assert_array_equal(sample["image"].numpy(), data.scene(number, window).image)
    shown = window.intersection(data.pictures[number].window)
    assert shown.shape == tuple(min(size_px, side) for side in data.pictures[number].window.shape)


def test_windows_lie_everywhere() -> None:
    data = Drawn(PLACES[:1])
    sampler = BalancedWindows(data, index_windows(data, 64, 48), 64, 1)
    rng = np.random.default_rng(0)
    corners = np.array([(w.row, w.col) for _, w in (sampler.draw_window(rng) for _ in range(3000))])
    rows, cols = np.histogram(corners[:, 0], 8, (0, 136))[0], np.histogram(corners[:, 1], 8, (0, 86))[0]
    assert rows.min() > 100 and cols.min() > 100


def test_windows_keep_to_the_ground_of_the_index() -> None:
    data = Drawn([(500_000.0, 5_300_000.0, 400, 400)])
    index = index_windows(data, 64, 48)
    half = index[(index["col"] + 64 <= 200) | (index["row"] == 0)]
    ground = shapely.buffer(half.geometry.union_all(), 1e-6)
    sampler = BalancedWindows(data, half, 64, 500)
    boxes = [shapely.box(x.start, y.start, x.stop, y.stop) for x, y, _ in sampler]
    assert all(ground.covers(box) for box in boxes)
    apart = sum(not any(box.equals_exact(g, 1e-6) for g in half.geometry) for box in boxes)
    assert apart > 300, "and they are not only the indexed ones"


def test_an_epoch_is_the_same_each_time_and_sample_by_sample() -> None:
    data = Drawn(PLACES)
    index = index_windows(data, 64, 48)
    sampler = BalancedWindows(data, index, 64, 20, seed=3)
    first = list(sampler)
    assert first == list(sampler) and first[7] == sampler.draw(np.random.default_rng([3, 7]))
    assert first != list(BalancedWindows(data, index, 64, 20, seed=4))


def test_rare_classes_come_more_often() -> None:
    index = index_windows(Drawn([(0.0, 0.0, 512, 512)]), 64, 48)
    counts = np.zeros((len(index), len(ROOF_COLUMNS)))
    counts[:, 3] = 1000
    counts[:5, 3], counts[:5, 8] = 0, 1000
    index[list(ROOF_COLUMNS)], index["roof_share"] = counts, 0.5
    index.loc[50:, "roof_share"] = 0.0
    weights = window_weights(index, 0.9)
    assert weights.sum() == pytest.approx(1) and weights[:50].sum() == pytest.approx(0.9)
    drawn = weights[:50] @ counts[:50]
    assert 0.4 < drawn[8] / drawn.sum() < 0.6, "a tenth of the windows with roofs hold it"


def test_windows_without_labels_are_not_drawn() -> None:
    data = Drawn(PLACES)
    index = index_windows(data, 64, 48)
    index.loc[1:, "labelled_share"] = 0.0
    sampler = BalancedWindows(data, index, 64, 50)
    assert {number for number, _ in (sampler.draw_window(np.random.default_rng(i)) for i in range(50))} == {0}
    with pytest.raises(DataError, match="none of the 17 windows"):
        BalancedWindows(data, index.iloc[1:], 64, 50)


@pytest.mark.slow
def test_windows_load_at_least_as_fast_as_by_torchgeo(tmp_path: Path) -> None:
    speeds = measure(write_rasters(tmp_path, 1), samples=40, repeats=3)
    assert max(speeds["roofgeo"]) >= max(speeds["torchgeo"]), "tests.benchmarks.loader measures how much faster"
