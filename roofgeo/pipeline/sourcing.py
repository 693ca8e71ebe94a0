"""From the data of a recipe to training windows: data sets opened, indexed, sampled, mixed and fingerprinted."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roofgeo.errors import InputError
from roofgeo.pipeline.recipe import DataSource, Recipe, source_options
from roofgeo.pipeline.scenery import Composed, Rendered
from roofgeo.schema import LICENCES

if TYPE_CHECKING:
    import geopandas as gpd

    from roofgeo.data.dataset import RoofDataset
    from roofgeo.data.mixing import SceneSource, TrainingWindows


@dataclass(frozen=True)
class Sourced:
    """What a training sees, and what is known of it.

    Attributes:
        training: Its windows.
        validation: Windows to measure on; None if no source has any.
        files: Files the data are made of.
        fingerprints: Of each source: name, split, windows, hash of its index.
        origins: Of each source that is trained on a line, for the model's card.
        licence: The strictest of `roofgeo.schema.LICENCES` among those trained on; empty if there is none.
    """

    training: TrainingWindows
    validation: TrainingWindows | None
    files: int
    fingerprints: list[dict[str, Any]]
    origins: tuple[str, ...]
    licence: str


@dataclass(frozen=True)
class _Drawn:
    """One source, opened."""

    training: SceneSource | None
    validation: SceneSource | None
    files: int
    fingerprint: dict[str, Any]
    origin: str
    licence: str = ""


def open_sources(recipe: Recipe, folder: Path, tell: Callable[[str, int, int], None] | None = None) -> Sourced:
    """Open all data of a recipe.

    Args:
        recipe: What to open.
        folder: Where window indices are kept for the next start.
        tell: Told of the scan of data sets that have no index.

    Raises:
        DataError: Data are missing or unreadable.
        InputError: A source has no such split or option, or its licence forbids that of the weights.
    """
    from roofgeo.data.mixing import TrainingWindows, WindowCut

    settings = recipe.settings
    opened = [_open(source, recipe, folder, tell) for source in recipe.data]
    cut = WindowCut(settings.window_px, settings.pixel_size_m, settings.metadata_dropout, settings.augment)
    trained = [
        (source, drawn, drawn.training)
        for source, drawn in zip(recipe.data, opened, strict=True)
        if drawn.training is not None and source.share > 0
    ]
    licence = strictest(drawn.licence for _, drawn, _ in trained if drawn.licence in LICENCES)
    must_allow(licence, settings.licence, f"data under {licence}")
    measured = [(1.0, drawn.validation) for drawn in opened if drawn.validation is not None]
    validation = None
    if measured and settings.validation_windows:
        still = dataclasses.replace(cut, augmented=False)
        validation = TrainingWindows(measured, still, settings.seed, settings.validation_windows)
    length = settings.steps * settings.accumulate * settings.batch_size * settings.devices
    return Sourced(
        TrainingWindows([(source.share, scenes) for source, _, scenes in trained], cut, settings.seed, length),
        validation,
        sum(drawn.files for drawn in opened),
        [drawn.fingerprint for drawn in opened],
        tuple(drawn.origin for _, drawn, _ in trained),
        licence,
    )


def must_allow(theirs: str, licence: str, what: str) -> None:
    """Check that weights may be under a licence. What others than `LICENCES` allow is for the user to judge.

    Raises:
        InputError: What the weights come from is under a stricter one.
    """
    if theirs in LICENCES and licence in LICENCES and strictest((licence, theirs)) != licence:
        raise InputError(
            f"the weights are to be under {licence}, which {what} do not allow",
            f'Leave those out, or write licence = "{theirs}".',
        )


def strictest(licences: Iterable[str]) -> str:
    """The strictest of licences: the last of `roofgeo.schema.LICENCES`, but first of all one that is not there."""
    told = [licence for licence in licences if licence]
    return max(told, key=lambda it: LICENCES.index(it) if it in LICENCES else len(LICENCES), default="")


def _open(source: DataSource, recipe: Recipe, folder: Path, tell: Callable[[str, int, int], None] | None) -> _Drawn:
    if source.kind == "rendered":
        return _open_rendered(source, recipe)
    if source.kind == "composed":
        return _open_composed(source, recipe)
    if source.kind == "rebuilt":
        raise InputError(
            "rebuilt scenes are not made while training",
            "`roofgeo data compose` makes a data set of them; train on it.",
        )
    return _open_files(source, recipe, folder, tell)


def _open_rendered(source: DataSource, recipe: Recipe) -> _Drawn:
    settings = recipe.settings
    options = source_options(Rendered, source)
    if settings.max_samples is not None:
        options = dataclasses.replace(options, scenes=min(options.scenes, _allotted(source, recipe)))
    told = {"kind": "rendered", **dataclasses.asdict(options), "seed": settings.seed}
    return _Drawn(
        options.pool(settings.pixel_size_m, settings.seed),
        None if source.validation == "" else options.pool(settings.pixel_size_m, settings.seed, validation=True),
        0,
        {**told, "sha256": _hash(told)},
        f"{options.scenes} scenes rendered by roofgeo.synthesis",
    )


def _open_composed(source: DataSource, recipe: Recipe) -> _Drawn:
    from roofgeo.data.roofgraph import RoofGraph

    settings = recipe.settings
    options = source_options(Composed, source)
    split = source.split or "train"
    assert source.path is not None  # noqa: S101 - recipes are checked
    told = {"kind": "composed", "path": source.path.name, "split": split, **dataclasses.asdict(options)}
    draw = options.source(source.path, settings.pixel_size_m, settings.seed, split)
    origin = f"RoofGraphDataset (Ren et al. 2021), {RoofGraph.licence}: roofs cut out and composed into scenes"
    return _Drawn(draw, None, 0, {**told, "sha256": _hash(told)}, origin, RoofGraph.licence)


def _open_files(
    source: DataSource, recipe: Recipe, folder: Path, tell: Callable[[str, int, int], None] | None
) -> _Drawn:
    from roofgeo.data.windows import fingerprint

    dataset, splits = _train_split(source)
    index = _index(dataset, source, source.split or ("train" if splits else ""), recipe, folder, tell)
    index = _limited(index, source, recipe)
    held = source.validation if source.validation is not None else splits
    validation = None
    if held:
        others = _opened(source, held)
        validation = _places(others, _index(others, source, held, recipe, folder, tell), recipe)
    split = source.split or ("train" if splits else "all")
    told = {"kind": "files", "name": source.name, "split": split, "validation": held, "windows": len(index)}
    licence = f" ({dataset.licence})" if dataset.licence else ""
    made_of = "".join(f"; {origin}" for origin in getattr(dataset, "origins", ()))
    return _Drawn(
        _places(dataset, index, recipe) if source.share > 0 else None,
        validation,
        len(dataset.pictures),
        {**told, "sha256": fingerprint(index)},
        f"{source.name}{licence}: {split}, {len(index)} windows{made_of}",
        dataset.licence,
    )


def _train_split(source: DataSource) -> tuple[RoofDataset, str]:
    """The data set to train on, and the split to measure on that goes with it; empty if there is none."""
    if source.split is not None:
        return _opened(source, source.split), source.split.replace("train", "val") if "train" in source.split else ""
    try:
        return _opened(source, "train"), "val"
    except InputError:
        return _opened(source, None), ""  # it comes without splits, or an error is told now


def _opened(source: DataSource, split: str | None) -> RoofDataset:
    from roofgeo.data.layouts import open_dataset

    assert source.path is not None  # noqa: S101 - recipes are checked
    return open_dataset(source.path, source.layout, split=split, **source.options)


def _native_px(dataset: RoofDataset, recipe: Recipe) -> int:
    """Side of a training window in pixels of a data set."""
    pixel_size_m = float(np.median([picture.pixel_size_m for picture in dataset.pictures]))
    return max(1, math.ceil(recipe.settings.window_px * recipe.settings.pixel_size_m / pixel_size_m))


def _index(
    dataset: RoofDataset,
    source: DataSource,
    split: str,
    recipe: Recipe,
    folder: Path,
    tell: Callable[[str, int, int], None] | None,
) -> gpd.GeoDataFrame:
    """The windows of a data set: its own, those found at an earlier start, or by a scan."""
    from roofgeo.data.windows import index_windows, read_index, write_index

    own = getattr(dataset, "windows", None)
    if own is not None:
        return own
    tile_px = _native_px(dataset, recipe)
    told = [str(source.path), source.layout, split, source.options, tile_px, len(dataset.pictures)]
    kept = folder / f"index-{_hash(told)[:12]}.parquet"
    if kept.is_file():
        return read_index(kept)
    index = index_windows(dataset, tile_px, tile_px, tell)
    folder.mkdir(parents=True, exist_ok=True)
    write_index(kept, index)
    return index


def _limited(index: gpd.GeoDataFrame, source: DataSource, recipe: Recipe) -> gpd.GeoDataFrame:
    """At most the windows that `max_samples` leaves a source, drawn by the seed of those with labels."""
    if recipe.settings.max_samples is None:
        return index
    labelled = np.flatnonzero(index["labelled_share"].to_numpy() > 0)
    count = min(len(labelled), _allotted(source, recipe))
    chosen = np.random.default_rng(recipe.settings.seed).permutation(labelled)[:count]
    return index.iloc[np.sort(chosen)]


def _allotted(source: DataSource, recipe: Recipe) -> int:
    """Part of `max_samples` that falls to a source by its share."""
    total = sum(other.share for other in recipe.data)
    return max(1, round((recipe.settings.max_samples or 0) * source.share / total))


def _places(dataset: RoofDataset, index: gpd.GeoDataFrame, recipe: Recipe) -> SceneSource:
    from roofgeo.data.mixing import CONTEXT, PlacesOf
    from roofgeo.data.samplers import BalancedWindows

    turned = CONTEXT if recipe.settings.augment else 1.0
    size_px = math.ceil(turned * _native_px(dataset, recipe))
    return PlacesOf(dataset, BalancedWindows(dataset, index, size_px, 1, recipe.settings.seed))


def _hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
