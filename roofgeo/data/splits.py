"""Split windows in space, so that no ground is seen in two splits.

The ground is cut into square blocks, and each block belongs to one split. A window belongs to the split in whose blocks
it lies as a whole; one that reaches over a border is in none, which leaves a guard band: no window of one split shows
ground of another, whichever pictures show it. Pictures without a georeference are split as they are, or by the groups
the data set tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roofgeo.data.listing import picture_id
from roofgeo.data.windows import LINE_COLUMNS, ROOF_COLUMNS
from roofgeo.errors import InputError
from roofgeo.grid import utm_crs

SPLITS = ("train", "val", "test")

ASSIGNMENTS = 24
"""Ways of giving blocks to splits that are tried; the best balanced is taken."""

SHRINK = 0.8
"""From one block size to the next, when looking for one that would fit."""

TOUCH_M = 1e-6
"""Windows whose edges meet share no ground; rounding must not say so."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class SplitPlan:
    """How windows are split.

    Attributes:
        block_m: Side of a block on the ground.
        shares: Of train, val and test; they add up to 1.
        guard_m: Least distance between windows of different splits, besides that they share no ground.
        seed: Start of all chance.
    """

    block_m: float = 200.0
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    guard_m: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 0.001:
            raise InputError(f"the shares {self.shares} do not add up to 1", "Give three, such as 0.8,0.1,0.1.")
        if self.block_m <= 0 or self.guard_m < 0:
            raise InputError(
                f"blocks of {self.block_m} m with a guard of {self.guard_m} m", "Give lengths in metres, such as 200."
            )


def split_in_space(index: gpd.GeoDataFrame, plan: SplitPlan) -> NDArray[np.object_]:
    """The split of each window of an index that lies on the ground; empty for those in the guard band.

    Raises:
        InputError: A split would be empty; says which block size would do.
    """
    bounds = metric(index).bounds.to_numpy(np.float64)
    split = _try_blocks(index, bounds, plan, plan.block_m)
    if split is not None:
        return split
    fits = next((size for size in _smaller(plan, bounds) if _try_blocks(index, bounds, plan, size) is not None), None)
    width, height = (bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).tolist()
    raise InputError(
        f"the area of {width:.0f} x {height:.0f} m is too small for blocks of {plan.block_m:g} m: "
        "a split would be empty",
        "No blocks fit: choose fewer splits (a share of 0), a smaller guard, smaller windows, or add pictures."
        if fits is None
        else f"Blocks of {fits:g} m would fit.",
    )


def split_by_group(index: gpd.GeoDataFrame, plan: SplitPlan) -> NDArray[np.object_]:
    """The split of each window, whole pictures or groups at a time; for pictures that lie nowhere.

    Raises:
        InputError: There are too few of them.
    """
    _, numbers = np.unique(index["group"].to_numpy(str), return_inverse=True)
    split = _best(index, numbers[:, None], plan)
    if split is None:
        raise InputError(
            f"{numbers.max() + 1} groups of pictures cannot be split into {np.count_nonzero(plan.shares)}",
            "Choose fewer splits (a share of 0), or add pictures.",
        )
    return split


def split_as_listed(index: gpd.GeoDataFrame, lists: Mapping[str, Collection[str]]) -> NDArray[np.object_]:
    """The split of each window whose picture a list names; empty for the others.

    Args:
        index: Windows.
        lists: Ids of pictures, by split; suffixes, folders and zeros in front do not matter.

    Raises:
        InputError: A picture is in two lists, or a list names none of the pictures.
    """
    split_of: dict[str, str] = {}
    ids = index["picture"].map(picture_id)
    for split, names in lists.items():
        wanted = {picture_id(name) for name in names}
        if twice := sorted(wanted & split_of.keys()):
            raise InputError(
                f"{len(twice)} pictures are listed for {split} and for {split_of[twice[0]]}, such as {twice[0]}",
                "Leave each in one list.",
            )
        if not wanted & set(ids):
            raise InputError(
                f"the list for {split} names none of the pictures: it names {min(wanted, default='nothing')}, there is "
                f"{ids.iloc[0]}",
                "Is it a list of this data set?",
            )
        split_of |= dict.fromkeys(wanted, split)
    return np.array([split_of.get(name, "") for name in ids], dtype=object)


def choose_development(index: gpd.GeoDataFrame, count: int, seed: int = 0) -> NDArray[np.bool_]:
    """Marks so many windows of each split but val for quick trials: labelled ones, with roofs if there are enough.

    Returns:
        (n,) True for the chosen windows.
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(index), bool)
    worth = rng.random(len(index)) + (index["roof_share"].fillna(0) > 0) + 2 * (index["labelled_share"] > 0)
    for split in ("train", "test"):
        here = np.flatnonzero((index["split"] == split) & (index["labelled_share"] > 0))
        chosen[here[np.argsort(-worth.to_numpy()[here])[:count]]] = True
    return chosen


def shared_ground(index: gpd.GeoDataFrame) -> pd.DataFrame:
    """Ground two splits have in common: columns ``first``, ``second``, ``shared_m2``, ``share`` of the smaller one."""
    ground = metric(index)
    unions = {
        split: shapely.union_all(ground[(index["split"] == split).to_numpy()].to_numpy())
        for split in SPLITS
        if (index["split"] == split).any()
    }
    rows = []
    for number, (first, one) in enumerate(unions.items()):
        for second, two in list(unions.items())[number + 1 :]:
            shared = shapely.intersection(one, two).area
            rows.append((first, second, shared, shared / max(1e-9, min(one.area, two.area))))
    return pd.DataFrame(rows, columns=["first", "second", "shared_m2", "share"])


def distribution(index: gpd.GeoDataFrame) -> pd.DataFrame:
    """For each split its windows, those with roofs, each class's share of the roofs, and each type's of the lines."""
    rows = {}
    for split in (*SPLITS, ""):
        part = index[index["split"] == split]
        if len(part) == 0:
            continue
        roofs, lines = (part[list(columns)].sum() for columns in (ROOF_COLUMNS, LINE_COLUMNS))
        rows[split or "none"] = {
            "windows": len(part),
            "with_roofs": int(((part["roof_share"] > 0) | (part[list(LINE_COLUMNS)].sum(axis=1) > 0)).sum()),
            **(roofs / max(1, roofs.sum())).to_dict(),
            **(lines / max(1, lines.sum())).to_dict(),
        }
    return pd.DataFrame(rows).T


def metric(index: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """The ground of the windows, in metres; as it is where it lies on the artificial grid."""
    if index.crs is None or index.crs.is_engineering:
        return index.geometry
    middle = gpd.GeoSeries([shapely.box(*index.total_bounds).centroid], crs=index.crs).to_crs("EPSG:4326").iloc[0]
    return index.geometry.to_crs(utm_crs(middle.x, middle.y))


def _try_blocks(
    index: gpd.GeoDataFrame, bounds: FloatArray, plan: SplitPlan, block_m: float
) -> NDArray[np.object_] | None:
    """The split of each window with blocks of some size; None if a split would be empty."""
    margin = plan.guard_m / 2 - TOUCH_M
    origin = bounds[:, :2].min(axis=0)
    low, high = (
        np.floor((side - origin) / block_m).astype(np.int64)
        for side in (bounds[:, :2] - margin, bounds[:, 2:] + margin)
    )
    spans = (high - low).max(axis=0) + 1
    cells = [low + np.minimum((dx, dy), high - low) for dx in range(spans[0]) for dy in range(spans[1])]
    _, numbers = np.unique(np.concatenate(cells), axis=0, return_inverse=True)
    return _best(index, numbers.reshape(len(cells), len(index)).T, plan)


def _smaller(plan: SplitPlan, bounds: FloatArray) -> Iterator[float]:
    """Block sizes below that of the plan, as long as a window with its guard fits into one."""
    window_m = float((bounds[:, 2:] - bounds[:, :2]).max()) + plan.guard_m
    size = plan.block_m * SHRINK
    while size > window_m:
        yield float(f"{size:.3g}")
        size *= SHRINK


def _best(index: gpd.GeoDataFrame, touched: IntArray, plan: SplitPlan) -> NDArray[np.object_] | None:
    """The best of some ways of giving blocks to splits; None if all leave one empty.

    Args:
        index: Windows.
        touched: (n, k) numbers of the blocks that each window reaches, from 0; a number may come again.
        plan: What is wanted.
    """
    features = _features(index)
    of_block = np.zeros((touched.max() + 1, features.shape[1]))
    np.add.at(of_block, touched[:, 0], features)
    wanted = [number for number, share in enumerate(plan.shares) if share > 0]
    found, least = None, np.inf
    for attempt in range(ASSIGNMENTS):
        given = _assign(of_block, np.array(plan.shares), np.random.default_rng([plan.seed, attempt]))
        of_window = given[touched]
        split = np.where((of_window == of_window[:, :1]).all(axis=1), of_window[:, 0], len(SPLITS))
        kept = np.zeros((len(SPLITS) + 1, features.shape[1]))
        np.add.at(kept, split, features)
        if min(kept[number, 0] for number in wanted) <= 0:
            continue
        shares = kept[:-1] / np.maximum(kept[:-1].sum(axis=0), 1e-12)
        badness = float(((shares - np.array(plan.shares)[:, None]) ** 2).mean() + 0.1 * kept[-1, 0])
        if badness < least:
            found, least = split, badness
    return None if found is None else np.array([*SPLITS, ""], dtype=object)[found]


def _features(index: gpd.GeoDataFrame) -> FloatArray:
    """(n, f) what is to be shared out, each column adding up to 1: labelled windows first, then classes and lines."""
    labelled = (index["labelled_share"] > 0).to_numpy(np.float64)[:, None]
    counts = index[[*ROOF_COLUMNS, *LINE_COLUMNS]].to_numpy(np.float64)
    features = np.concatenate([labelled, counts[:, counts.sum(axis=0) > 0]], axis=1)
    return np.asarray(features / np.maximum(features.sum(axis=0), 1e-12))


def _assign(of_block: FloatArray, shares: FloatArray, rng: np.random.Generator) -> IntArray:
    """Block by block, about the fullest first, to the split that comes closest to its share by it."""
    given = np.zeros(len(of_block), np.int64)
    missing = np.repeat(shares[:, None], of_block.shape[1], axis=1)
    # A column counts as much as another, but the windows themselves as much as all classes together.
    weight = np.where(np.arange(of_block.shape[1]) == 0, of_block.shape[1], 1.0)
    impossible = np.where(shares > 0, 0.0, np.inf)
    for block in np.argsort(-of_block[:, 0] * rng.uniform(0.3, 1, len(of_block))):
        amount = of_block[block]
        gain = (weight * amount * (amount - 2 * missing)).sum(axis=1) + impossible
        given[block] = int(np.argmin(gain))
        missing[given[block]] -= amount
    return given
