"""prepare_dataset, split_dataset, check_dataset: data sets before they are trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from roofgeo.data import check, layouts, listing, preparing, splits
from roofgeo.data.check import Check
from roofgeo.data.prepared import ABOUT, WINDOWS, read_about, write_json
from roofgeo.data.splits import SplitPlan
from roofgeo.data.windows import read_index, write_index
from roofgeo.pipeline.progress import Progress

__all__ = ["Check", "SplitPlan", "SplitResult", "check_dataset", "check_text", "prepare_dataset", "split_dataset"]


@dataclass(frozen=True)
class SplitResult:
    """A split that was written.

    Attributes:
        distribution: For each split its windows and the shares of the classes, as `roofgeo.data.splits.distribution`.
        leaks: Ground the splits have in common, as `roofgeo.data.splits.shared_ground`; empty without a georeference.
        development: Windows marked for development.
        fingerprint: Of the window index.
    """

    distribution: pd.DataFrame
    leaks: pd.DataFrame
    development: int
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "splits": self.distribution.to_dict("index"),
            "leaks": self.leaks.to_dict("records"),
            "development": self.development,
            "fingerprint": self.fingerprint,
        }


def prepare_dataset(
    source: str | Path,
    output: str | Path,
    tile_px: int = 512,
    stride_px: int = 384,
    layout: str | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Scan a data set once into tiled GeoTIFF and a window index; an interrupted run is gone on with.

    Args:
        source: The data set.
        output: Folder to write.
        tile_px: Side of a window.
        stride_px: From one window to the next.
        layout: Name of its layout; None to tell it from what lies there.
        overwrite: Replace a prepared data set in the folder.
        progress: Called with the stage, what is done and all there is.
        **options: Of the layout, such as ``labels`` or ``pixel_size_m``.

    Returns:
        What ``dataset.json`` says.
    """
    dataset = layouts.open_dataset(source, layout, **options)
    told = {name: str(value) for name, value in options.items()}
    about = {"layout": layout or type(dataset).__name__, "source": str(Path(source).resolve()), "options": told}
    return preparing.prepare(dataset, Path(output), tile_px, stride_px, about, overwrite=overwrite, progress=progress)


def split_dataset(
    folder: str | Path, plan: SplitPlan, published: Mapping[str, Path] | None = None, development: int = 0
) -> SplitResult:
    """Split a prepared data set, and write the split into its window index.

    Args:
        folder: The prepared data set.
        plan: Blocks, shares, guard and seed; not used with published lists.
        published: Lists of picture names, by split.
        development: Windows of train, and of test, to mark for quick trials.

    Raises:
        DataError: It is no prepared data set, or a list cannot be read.
        InputError: A split would be empty, or a list is of other data.
    """
    place = Path(folder)
    about, index = read_about(place), read_index(place / WINDOWS)
    if published:
        lists = {split: listing.read_names(path) for split, path in published.items()}
        index["split"] = splits.split_as_listed(index, lists)
    elif about["georeferenced"]:
        index["split"] = splits.split_in_space(index, plan)
    else:
        index["split"] = splits.split_by_group(index, plan)
    index["dev"] = splits.choose_development(index, development, plan.seed)
    counts = preparing.summary(index)
    how = {"lists": {k: str(v) for k, v in published.items()}} if published else dataclasses.asdict(plan)
    write_index(place / WINDOWS, index)
    write_json(place / ABOUT, {**about, **counts, "split": how})
    leaks = splits.shared_ground(index if about["georeferenced"] else index.iloc[:0])
    return SplitResult(splits.distribution(index), leaks, int(index["dev"].sum()), counts["fingerprint"])


def check_dataset(
    source: str | Path,
    layout: str | None = None,
    *,
    report: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Check:
    """Look a data set through: what it holds, and what one would put right.

    Args:
        source: The data set, in any layout or prepared.
        layout: Name of its layout; None to tell it from what lies there.
        report: Folder to write check.json, check.md and classes.png to.
        progress: Called with the stage, what is done and all there is.
        **options: Of the layout.
    """
    found = check.check_dataset(
        lambda split: layouts.open_dataset(source, layout, split=split, **options), Path(source), progress
    )
    if report is not None:
        check.write_report(found, Path(report))
    return found


def check_text(found: Check) -> str:
    """A check as text to read."""
    return check.as_text(found)
