"""Which files a data set is made of: pictures by their ids, split lists, labels beside them, and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from roofgeo.data.dataset import Picture
from roofgeo.data.rasters import RasterInfo, describe_raster, read_window
from roofgeo.errors import DataError
from roofgeo.grid import Window

MOST_MISSING = 0.01
"""Share of the files of a list that may be missing or unreadable: they are named, and the rest is used."""

SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")


def picture_id(name: str) -> str:
    """The id in a file's name or a line of a list, whatever folder, suffix and zeros in front it carries."""
    plain = PureWindowsPath(name.strip()).name  # takes both kinds of slashes
    for suffix in SUFFIXES:
        plain = plain[: -len(suffix)] if plain.lower().endswith(suffix) else plain
    return str(int(plain)) if plain.isdecimal() else plain


def read_names(path: Path) -> list[str]:
    """The ids a split list names, in its order.

    Raises:
        DataError: The list is missing, or names one twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.txt"))) or "none"
        raise DataError(f"{path} cannot be read: {error}", f"The lists there are: {there}.") from error
    ids = [picture_id(line) for line in lines if line.strip()]
    if len(set(ids)) < len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise DataError(f"{path} names {len(twice)} pictures twice: {first_few(twice)}", "Keep each line once.")
    return ids


def files_by_id(folder: Path, suffixes: Sequence[str] = SUFFIXES, ignored: Sequence[str] = ()) -> dict[str, Path]:
    """The pictures of a folder, by id in natural order.

    Args:
        folder: Where to look; not in its folders.
        suffixes: Of the files, lower case.
        ignored: Endings of ids that are no pictures of the data set, such as previews.

    Raises:
        DataError: The folder is missing, or two files have one id.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder", "Is the data set complete, and this its folder?")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        key = picture_id(path.name)
        if key.endswith(tuple(ignored)) and ignored:
            continue
        if key in found:
            raise DataError(
                f"{folder} holds two pictures for the id {key}: {found[key].name} and {path.name}", "Remove one."
            )
        found[key] = path
    return {key: found[key] for key in sorted(found, key=_natural)}


def _natural(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() else (10**9, key)


def choose(files: Mapping[str, Path], wanted: Sequence[str], where: str) -> tuple[dict[str, Path], list[str]]:
    """The files a list names, in the list's order, and what was skipped.

    Args:
        files: What is there, by id.
        wanted: Ids.
        where: The list, for the message.

    Raises:
        DataError: It names none, or more than `MOST_MISSING` of them are not there.
    """
    if not wanted:
        raise DataError(f"{where} names nothing", "Each line is the name of a picture.")
    missing = [key for key in wanted if key not in files]
    refuse_many(missing, len(wanted), f"{where} names pictures that are not there")
    return {key: files[key] for key in wanted if key in files}, [
        f"{key}: named in {where}, not there" for key in missing
    ]


def unlisted(files: Iterable[str], listed: Collection[str], where: str) -> list[str]:
    """What is skipped because no list names it."""
    return [f"{key}: in no split list of {where}" for key in files if key not in listed]


def refuse_many(lost: Sequence[str], total: int, what: str) -> None:
    """Stop where more is lost than `MOST_MISSING` of the total.

    Raises:
        DataError: So it is; names the first few.
    """
    if len(lost) > MOST_MISSING * total:
        raise DataError(
            f"{what}: {len(lost)} of {total}, such as {first_few(lost)}",
            "Is the data set complete? Up to 1 % may miss; they are skipped and named.",
        )


def first_few(names: Sequence[str]) -> str:
    """The first few of some names, and how many more there are."""
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + rest


def describe_all(files: Mapping[str, Path]) -> tuple[list[tuple[str, RasterInfo]], list[str]]:
    """What the files say of themselves, and which of them were skipped as unreadable.

    Raises:
        DataError: More than `MOST_MISSING` of them are unreadable.
    """
    readable: list[tuple[str, RasterInfo]] = []
    skipped = []
    for key, path in files.items():
        try:
            readable.append((key, describe_raster(path)))
        except DataError as error:
            skipped.append(error.message)
    refuse_many(skipped, len(files), "pictures cannot be read")
    return readable, skipped


def read_mask(path: Path, picture: Picture, window: Window) -> NDArray[np.integer]:
    """Band 1 of a mask (height, width) within a window of its picture.

    Raises:
        DataError: The mask cannot be read, or is not of the picture's size.
    """
    mask = describe_raster(path)
    if (mask.height, mask.width) != (picture.height, picture.width):
        raise DataError(
            f"{path} has {mask.width} x {mask.height} pixels, its picture {picture.path.name} "
            f"{picture.width} x {picture.height}",
            "A mask lies on the pixels of its picture: make it again.",
        )
    codes: NDArray[np.integer] = read_window(path, window, bands=(1,))[0]
    return codes
