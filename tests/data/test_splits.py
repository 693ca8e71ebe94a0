"""Splits in space: no ground in two of them, whatever the pictures, and told when the area is too small."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from roofgeo.data.dataset import LOCAL_CRS, lay_out
from roofgeo.data.splits import (
    SPLITS,
    SplitPlan,
    choose_development,
    distribution,
    shared_ground,
    split_as_listed,
    split_by_group,
    split_in_space,
)
from roofgeo.data.windows import COLUMNS, ROOF_COLUMNS, tile_windows
from roofgeo.errors import InputError

PIXEL_M = 0.1


def windows(places: list[tuple[float, float, int, int]], tile_px: int = 256, seed: int = 0) -> gpd.GeoDataFrame:
    """An index of pictures at (left, top, height, width) metres and pixels, with random classes."""
    rng = np.random.default_rng(seed)
    rows, ground = [], []
    for number, (left, top, height, width) in enumerate(places):
        for window in tile_windows((height, width), tile_px, tile_px * 3 // 4):
            x, y = left + window.col * PIXEL_M, top - window.row * PIXEL_M
            ground.append(shapely.box(x, y - tile_px * PIXEL_M, x + tile_px * PIXEL_M, y))
            counts = dict(zip(ROOF_COLUMNS, rng.multinomial(1000, rng.dirichlet(np.ones(17) / 4)), strict=True))
            rows.append({"picture": f"{number}.png", "group": f"g{number // 2}", "row": window.row, **counts})
    index = gpd.GeoDataFrame(rows, geometry=ground, crs=CRS.from_epsg(32632))
    for name in COLUMNS:
        if name not in index:
            index[name] = "" if name in ("split", "heads", "source") else 0
    index["labelled_share"], index["roof_share"] = 1.0, rng.random(len(index)).round()
    return index


def assert_apart(index: gpd.GeoDataFrame, split: np.ndarray, guard_m: float = 0.0) -> None:
    """No window of one split shares ground with, or is nearer than the guard to, one of another."""
    for first, second in itertools.combinations(SPLITS, 2):
        one, two = (index.geometry[split == name].to_numpy() for name in (first, second))
        tree = shapely.STRtree(one)
        near, other = tree.query(two, predicate="dwithin", distance=max(guard_m - 0.01, 0.0))
        assert (shapely.area(shapely.intersection(two[near], one[other])) < 1e-3).all()
        if guard_m:
            assert len(near) == 0


PICTURES = st.lists(
    st.tuples(st.floats(0, 700), st.floats(0, 700), st.integers(200, 1500), st.integers(200, 1500)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PICTURES, st.floats(30, 300), st.sampled_from([0.0, 10.0]), st.integers(0, 5))
def test_no_ground_is_in_two_splits(places, block_m: float, guard_m: float, seed: int) -> None:
    index = windows([(5e5 + x, 5.3e6 + y, h, w) for x, y, h, w in places])
    try:
        split = split_in_space(index, SplitPlan(block_m, (0.6, 0.2, 0.2), guard_m, seed))
    except InputError as error:
        told = error
    else:
        told = None
    if told is not None:
        assert "too small" in told.message and ("would fit" in told.hint or "fewer splits" in told.hint)
        return
    assert set(SPLITS) <= set(split)
    assert_apart(index, split, guard_m)


def overlapping(count: int, extent_m: float, seed: int = 0) -> list[tuple[float, float, int, int]]:
    rng = np.random.default_rng(seed)
    return [(5e5 + x, 5.3e6 + y, 512, 512) for x, y in rng.uniform(0, extent_m, (count, 2))]


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:4326", "EPSG:3857"])
def test_overlapping_tiles_are_split_by_ground(crs: str) -> None:
    index = windows(overlapping(1000, 1500), 512)
    split = split_in_space(index.to_crs(crs), SplitPlan())
    assert_apart(index, split)
    assert (split != "").mean() > 0.4
    shares = np.array([(split == name).sum() for name in SPLITS]) / (split != "").sum()
    assert np.abs(shares - (0.8, 0.1, 0.1)).max() < 0.1


def test_classes_are_shared_out() -> None:
    index = windows(overlapping(1000, 1500), 512)
    index["split"] = split_in_space(index, SplitPlan(shares=(0.6, 0.2, 0.2)))
    told = distribution(index)
    assert (told.loc[list(SPLITS), list(ROOF_COLUMNS)].to_numpy(float) > 0.02).all(), "a seventeenth is 0.06"
    assert told["windows"].sum() == len(index)


def test_a_small_area_is_told_what_would_fit() -> None:
    index = windows([(5e5, 5.3e6, 2000, 1900)])
    with pytest.raises(InputError, match="190 x 200 m is too small for blocks of 200 m") as caught:
        split_in_space(index, SplitPlan())
    fits = float(caught.value.hint.split()[2])
    assert set(SPLITS) <= set(split_in_space(index, SplitPlan(block_m=fits)))
    with pytest.raises(InputError) as caught:
        split_in_space(windows([(5e5, 5.3e6, 300, 300)]), SplitPlan())
    assert "fewer splits" in caught.value.hint


def test_a_share_of_zero_is_an_empty_split() -> None:
    split = split_in_space(windows(overlapping(300, 900), 512), SplitPlan(shares=(0.7, 0.3, 0.0)))
    assert set(split) == {"train", "val", ""}


@pytest.mark.parametrize(
    "wrong", [{"shares": (0.5, 0.1, 0.1)}, {"shares": (1.2, -0.1, -0.1)}, {"block_m": 0.0}, {"guard_m": -1.0}]
)
def test_a_plan_that_makes_no_sense_is_an_error(wrong) -> None:
    with pytest.raises(InputError):
        SplitPlan(**wrong)


def test_the_same_seed_gives_the_same_split() -> None:
    index = windows(overlapping(300, 900), 512)
    first, again, other = (split_in_space(index, SplitPlan(seed=seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_pictures_without_place_are_split_by_group() -> None:
    transforms = lay_out([(300, 300)] * 200, PIXEL_M)
    index = windows([(t.c, t.f, 300, 300) for t in transforms]).set_crs(LOCAL_CRS, allow_override=True)
    split = split_by_group(index, SplitPlan())
    assert set(split) == set(SPLITS) and (index.assign(split=split).groupby("group")["split"].nunique() == 1).all()
    assert abs((split == "train").mean() - 0.8) < 0.05
    with pytest.raises(InputError, match="1 groups"):
        split_by_group(index[index["group"] == "g0"], SplitPlan())


def test_published_lists_are_taken_and_their_overlap_is_measured() -> None:
    places = [(5e5, 5.3e6, 512, 512), (5e5 + 25.6, 5.3e6, 512, 512), (5e5 + 900, 5.3e6, 512, 512)]
    index = windows(places, 512)
    index["split"] = split_as_listed(index, {"train": ["0.tif"], "val": ["images/1.png"]})
    assert index["split"].tolist() == ["train", "val", ""]
    shared = shared_ground(index)
    assert shared[["first", "second"]].to_numpy().tolist() == [["train", "val"]]
    assert shared["share"].item() == pytest.approx(0.5, abs=0.01)
    assert shared["shared_m2"].item() == pytest.approx(25.6 * 51.2, rel=0.01)


def test_lists_that_cannot_be_meant_are_errors() -> None:
    index = windows([(5e5, 5.3e6, 512, 512)], 512)
    with pytest.raises(InputError, match="for val and for train"):
        split_as_listed(index, {"train": ["0"], "val": ["0.png"]})
    with pytest.raises(InputError, match="names none of the pictures"):
        split_as_listed(index, {"train": ["christchurch_1"]})


def test_the_development_set_is_small_and_labelled() -> None:
    index = windows(overlapping(600, 1500), 512)
    index["split"] = split_in_space(index, SplitPlan(shares=(0.6, 0.2, 0.2)))
    index.loc[index.index % 2 == 0, "labelled_share"] = 0.0
    chosen = choose_development(index, 10)
    picked = index[chosen]
    assert picked["split"].value_counts().to_dict() == {"train": 10, "test": 10}
    assert (picked["labelled_share"] > 0).all() and (picked["roof_share"] > 0).all()
