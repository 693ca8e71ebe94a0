"""Look a labelled data set through: what it holds, and what one would put right before training on it."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from roofgeo.data.dataset import RoofDataset
from roofgeo.data.listing import picture_id
from roofgeo.data.prepared import Prepared
from roofgeo.data.rid import LISTS
from roofgeo.data.splits import SPLITS, shared_ground
from roofgeo.data.targets import rasterize_targets
from roofgeo.data.windows import LINE_COLUMNS, SEGMENT_COLUMNS, Progress, fingerprint, measure
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import FLAT, LINE_CLASSES, SEGMENT_CLASSES

PART_PX = 2048
"""Pictures are read in parts of this side."""

LEAK = 1e-4
"""Share of common ground below which two splits are taken to touch only."""

BOUNDARIES = "image_boundaries.geojson"
"""Of RID: where each picture lies, also of those that are not there."""

RID_SPLITS = range(1, 6)

Open = Callable[[str | None], RoofDataset]
"""Opens the data set, or one of its splits."""


@dataclass(frozen=True)
class Problem:
    """Something one would put right.

    Attributes:
        what: What was found.
        remedy: What to do about it.
    """

    what: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """What a data set holds.

    Attributes:
        pictures: Number of pictures that could be opened.
        licence: Of the data.
        georeferenced: False where pictures lie on an artificial grid.
        heads: Heads that are labelled.
        sizes_px: How many pictures there are of each (height, width), the most frequent first.
        pixel_size_m: Smallest and largest.
        pixels: Pixels of each segment class and line type, by the window index's column names.
        labelled_share: Part of all pixels of which anything is known.
        roof_share: Part that is roof; None if the data set does not tell.
        without_roofs: Pictures that show no roof and no line.
        leaks: Ground that splits have in common: ``lists``, ``first``, ``second``, ``shared_m2``, ``share``.
        problems: What one would put right.
    """

    pictures: int = 0
    licence: str = ""
    georeferenced: bool = False
    heads: tuple[str, ...] = ()
    sizes_px: tuple[tuple[tuple[int, int], int], ...] = ()
    pixel_size_m: tuple[float, float] = (float("nan"), float("nan"))
    pixels: Mapping[str, int] = field(default_factory=dict)
    labelled_share: float = float("nan")
    roof_share: float | None = None
    without_roofs: int = 0
    leaks: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is not known is null."""
        return dataclasses.asdict(self)


def check_dataset(open_split: Open, folder: Path, progress: Progress | None = None) -> Check:
    """Look a data set through, all of its pixels.

    Args:
        open_split: Opens the data set, or one of its splits.
        folder: Where it lies.
        progress: Called with ``check``, the pictures done and all of them.
    """
    try:
        dataset = open_split(None)
    except DataError as error:
        return Check(problems=(Problem(error.message, error.hint),))
    told, broken = _look(dataset, progress)
    problems = [Problem(f"left out: {reason}", "Complete it, or take it out.") for reason in dataset.skipped]
    problems += broken
    if told.without_roofs == told.pictures:
        problems.append(Problem("nothing in it is a roof", "Are the codes of the labels the right ones?"))
    if isinstance(dataset, Prepared):
        leaks = _ground_of_splits(dataset.windows, "")
        problems += _of_prepared(dataset)
    else:
        leaks, more = _published(open_split)
        problems += more
    leaks += _of_rid_lists(folder)
    problems += _leaking(leaks)
    return dataclasses.replace(told, leaks=tuple(leaks), problems=tuple(problems))


def _look(dataset: RoofDataset, progress: Progress | None) -> tuple[Check, list[Problem]]:
    """What the pixels tell, and what could not be read."""
    counts: Counter[str] = Counter()
    shares = np.zeros(3)
    without, broken = 0, []
    for number, picture in enumerate(dataset.pictures):
        found, errors = _read_picture(dataset, number)
        broken += errors
        counts.update({name: int(found[name]) for name in (*SEGMENT_COLUMNS, *LINE_COLUMNS)})
        area = picture.height * picture.width
        shares += (area, found["labelled_share"] * area, found["roof_share"] * area)
        roofs = found["roof_share"] > 0 or any(found[name] for name in LINE_COLUMNS)
        without += not roofs and not errors
        if progress is not None:
            progress("check", number + 1, len(dataset.pictures))
    sizes = Counter(picture.window.shape for picture in dataset.pictures)
    told = Check(
        pictures=len(dataset.pictures),
        licence=dataset.licence,
        georeferenced=dataset.georeferenced,
        heads=dataset.heads,
        sizes_px=tuple(sizes.most_common()),
        pixel_size_m=(min(p.pixel_size_m for p in dataset.pictures), max(p.pixel_size_m for p in dataset.pictures)),
        pixels=dict(counts),
        labelled_share=float(shares[1] / shares[0]),
        roof_share=float(shares[2] / shares[0]) if {"roof", "segments"} & set(dataset.heads) else None,
        without_roofs=without,
    )
    return told, broken


def _read_picture(dataset: RoofDataset, number: int) -> tuple[Counter[str], list[Problem]]:
    """Counts and shares of a picture, and why parts of it cannot be read: the first reason, and how many parts."""
    picture = dataset.pictures[number]
    found: Counter[str] = Counter()
    errors: list[DataError] = []
    for row in range(0, picture.height, PART_PX):
        for col in range(0, picture.width, PART_PX):
            part = Window(row, col, PART_PX, PART_PX).intersection(picture.window)
            share = part.height * part.width / (picture.height * picture.width)
            try:
                values = measure(rasterize_targets(dataset.scene(number, part)), dataset.heads)
            except DataError as error:
                errors.append(error)
                continue
            for name, value in values.items():
                if value == value:
                    found[name] += value * share if name.endswith("_share") else value  # type: ignore[assignment]
    if not errors:
        return found, []
    others = f" (and {len(errors) - 1} more parts of it)" if len(errors) > 1 else ""
    return found, [Problem(f"{picture.name}: {errors[0].message}{others}", errors[0].hint)]


def _of_prepared(dataset: Prepared) -> list[Problem]:
    problems = []
    if fingerprint(dataset.windows) != dataset.about["fingerprint"]:
        problems.append(Problem("windows.parquet is not what dataset.json says", "Run `roofgeo data split` again."))
    splits = set(dataset.windows["split"])
    if not splits & set(SPLITS):
        problems.append(Problem("the windows are in no split", "Run `roofgeo data split`."))
    return problems


def _published(open_split: Open) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Common ground of the splits the data set comes with, and what is wrong with their lists."""
    grounds, problems = [], []
    for split in SPLITS:
        try:
            dataset = open_split(split)
        except InputError:
            continue  # it comes without splits
        except DataError as error:
            if not isinstance(error.__cause__, OSError):  # otherwise there is no such list
                problems.append(Problem(f"{split}: {error.message}", error.hint))
            continue
        listed = [reason for reason in dataset.skipped if "named in" in reason]
        problems += [Problem(reason, "Take the line out of the list, or add the file.") for reason in listed]
        if dataset.georeferenced:
            footprints = dataset.index.geometry.reset_index(drop=True)
            grounds.append(gpd.GeoDataFrame({"split": split}, index=footprints.index, geometry=footprints))
    return (_ground_of_splits(pd.concat(grounds), "") if len(grounds) > 1 else []), problems


def _of_rid_lists(folder: Path) -> list[dict[str, Any]]:
    """Common ground of RID's published lists, by the boundaries of its pictures; nothing for other data sets."""
    path = folder / BOUNDARIES
    if not path.is_file() or not (folder / LISTS).is_dir():
        return []
    boundaries = gpd.read_file(path)
    ids = boundaries["id"].map(picture_id)
    found = []
    for number in RID_SPLITS:
        split_of: dict[str, str] = {}
        for split in SPLITS:
            names = folder / LISTS / f"{split}_filenames_{number}_rev.txt"
            if names.is_file():
                split_of |= {picture_id(line): split for line in names.read_text(encoding="utf-8-sig").split()}
        found += _ground_of_splits(boundaries.assign(split=ids.map(split_of).fillna("")), f"published lists {number}")
    return found


def _ground_of_splits(index: gpd.GeoDataFrame, lists: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shared_ground(index).to_dict("records")  # type: ignore[assignment]
    return [{"lists": lists, **row} for row in rows]


def _leaking(leaks: list[dict[str, Any]]) -> list[Problem]:
    """A line for each set of lists whose splits have ground in common, naming the two that share most."""
    worst: dict[str, dict[str, Any]] = {}
    for row in leaks:
        if row["share"] > worst.get(row["lists"], {"share": LEAK})["share"]:
            worst[row["lists"]] = row
    return [
        Problem(
            f"{lists or 'the splits'}: {row['share']:.1%} of the ground of {row['first']} or of {row['second']}, "
            "whichever has less, is in both",
            "Figures measured so are too good: split in space, by `roofgeo data prepare` and `roofgeo data split`.",
        )
        for lists, row in worst.items()
    ]


def as_text(check: Check, most: int = 20) -> str:
    """A report to read, ending with what one would put right; of that at most so many lines."""
    lines = [*_head(check), "", *_class_table(check), *_leak_table(check)]
    if not check.problems:
        return "\n".join([*lines, "nothing to put right"])
    for number, problem in enumerate(check.problems[:most], 1):
        lines.append(f"{number}. put right: {problem.what}. {problem.remedy}".rstrip())
    if len(check.problems) > most:
        lines.append(f"and {len(check.problems) - most} more; --json and --report tell all")
    return "\n".join(lines)


def _head(check: Check) -> list[str]:
    sizes = ", ".join(f"{count} of {width} x {height}" for (height, width), count in check.sizes_px[:4])
    rest = f" and {len(check.sizes_px) - 4} other sizes" if len(check.sizes_px) > 4 else ""
    low, high = check.pixel_size_m
    roofs = "roofs are not told" if check.roof_share is None else f"roof: {check.roof_share:.1%}"
    return [
        f"pictures    {check.pictures}, {check.without_roofs} of them without roofs",
        f"sizes (px)  {sizes}{rest}",
        f"pixel size  {low:.4g} m" if low == high else f"pixel size  {low:.4g} to {high:.4g} m",
        f"ground      {'georeferenced' if check.georeferenced else 'without a georeference'}",
        f"labels      {', '.join(check.heads) or 'none'}",
        f"labelled    {check.labelled_share:.1%} of the pixels; {roofs}",
        f"licence     {check.licence or 'unknown'}",
    ]


def _class_table(check: Check) -> list[str]:
    lines = []
    for title, columns in (("class", SEGMENT_COLUMNS), ("line", LINE_COLUMNS)):
        total = sum(check.pixels.get(name, 0) for name in columns)
        if total:
            lines += [f"| {title} | pixels | share |", "|---|---|---|"]
            lines += [
                f"| {name.split('_')[1]} | {check.pixels[name]} | {check.pixels[name] / total:.2%} |"
                for name in columns
            ]
            lines.append("")
    return lines


def _leak_table(check: Check) -> list[str]:
    if not check.leaks:
        return []
    rows = [
        f"| {row['lists'] or '-'} | {row['first']} | {row['second']} | {row['shared_m2']:.0f} | {row['share']:.1%} |"
        for row in check.leaks
    ]
    return ["| lists | split | split | common ground (m2) | of the smaller |", "|---|---|---|---|---|", *rows, ""]


def write_report(check: Check, folder: Path) -> None:
    """Write ``check.json``, ``check.md`` and, of the classes, ``classes.png`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "check.json").write_text(json.dumps(check.as_dict(), indent=1) + "\n", encoding="utf-8")
    (folder / "check.md").write_text(as_text(check, len(check.problems)) + "\n", encoding="utf-8")
    draw_classes(check).save(folder / "classes.png")


BAR_PX, ROW_PX, NAME_PX = 420, 22, 110


def draw_classes(check: Check) -> Image.Image:
    """Bars as long as each class's share of the roofs, and each type's of the lines, in their colours."""
    groups = [(SEGMENT_COLUMNS[FLAT:], SEGMENT_CLASSES[FLAT:]), (LINE_COLUMNS, LINE_CLASSES[1:])]
    rows: list[tuple[str, float, tuple[int, int, int]] | None] = []
    for columns, classes in groups:
        total = max(1, sum(check.pixels.get(name, 0) for name in columns))
        rows += [(c.name, check.pixels.get(n, 0) / total, c.color) for n, c in zip(columns, classes, strict=True)]
        rows.append(None)
    longest = max((row[1] for row in rows if row), default=0.0) or 1.0
    image = Image.new("RGB", (NAME_PX + BAR_PX + 80, ROW_PX * len(rows) + 10), "white")
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        if row is not None:
            name, share, color = row
            top, end = number * ROW_PX + 6, NAME_PX + BAR_PX * share / longest
            draw.text((8, top + 3), name, "black")
            draw.rectangle((NAME_PX, top, end, top + ROW_PX - 6), fill=color)
            draw.text((end + 6, top + 3), f"{share:.1%}", "black")
    return image
