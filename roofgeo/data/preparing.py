"""Scan a data set once into a folder that `roofgeo.data.prepared.Prepared` reads."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from roofgeo.data.dataset import RoofDataset
from roofgeo.data.prepared import (
    ABOUT,
    PICTURES,
    VERSION,
    WINDOWS,
    read_labels,
    relative,
    write_json,
    write_pictures,
)
from roofgeo.data.sharing import spread
from roofgeo.data.sheets import (
    FOLDERS,
    SHEET_PX,
    Place,
    Sheet,
    is_usable_in_place,
    plan_sheets,
    sheet_path,
    write_sheet,
)
from roofgeo.data.targets import Targets
from roofgeo.data.windows import (
    LINE_COLUMNS,
    SEGMENT_COLUMNS,
    Progress,
    fingerprint,
    index_windows,
    stop_if_unreadable,
    tile_windows,
    write_index,
)
from roofgeo.errors import DataError, InputError, OutputError
from roofgeo.grid import Window

UNFINISHED = "unfinished.json"
"""What an interrupted run has done so far."""

Lost = dict[str, str]
"""Why pictures could not be read, by their names."""


def prepare(
    dataset: RoofDataset,
    folder: Path,
    tile_px: int,
    stride_px: int,
    about: Mapping[str, Any],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    jobs: int = 1,
    sheet_px: int = SHEET_PX,
) -> dict[str, Any]:
    """Scan a data set once; goes on with what was interrupted. Memory does not grow with the rasters.

    What is written does not depend on the number of jobs.

    Args:
        dataset: Pictures with labels.
        folder: Where to write.
        tile_px: Side of a window of the index.
        stride_px: From one window to the next.
        about: What else to keep in ``dataset.json``; an unfinished folder is gone on with if it is the same.
        overwrite: Replace a prepared data set that is there.
        progress: Called with ``write`` or ``scan``, the pictures done and all there are.
        jobs: Processes that read and write; with more than one the data set can be pickled.
        sheet_px: Longest side of a sheet of small pictures: an interrupted run goes on at the sheet it was at.

    Returns:
        What ``dataset.json`` says.

    Raises:
        DataError: Too many pictures cannot be read.
        InputError: The data set labels no head, or the stride leaves gaps.
        OutputError: The folder holds something else, or cannot be written.
    """
    if not dataset.heads:
        raise InputError("the data set labels nothing a network is trained on", "Choose other labels of it.")
    tile_windows((1, 1), tile_px, stride_px)
    request = {**about, "tile_px": tile_px, "stride_px": stride_px, "pictures": len(dataset.pictures)}
    state = _begin(folder, request, overwrite)
    sheets = plan_sheets(dataset.pictures, sheet_px)
    binned, values = _azimuths(dataset)
    missing = [sheet for sheet in sheets if sheet.name not in state]
    done = len(dataset.pictures) - sum(len(sheet.slots) for sheet in missing)
    if progress is not None:
        progress("write", done, len(dataset.pictures))
    for sheet, written in spread(functools.partial(_write, dataset, folder, values), missing, jobs):
        state[sheet.name] = written
        stop_if_unreadable(_lost(state), len(dataset.pictures))
        write_json(folder / UNFINISHED, {"request": request, "sheets": state})
        done += len(sheet.slots)
        if progress is not None:
            progress("write", done, len(dataset.pictures))
    state = {sheet.name: state[sheet.name] for sheet in sheets}
    said = {"version": VERSION, **request, **_properties(dataset), "values": values, "azimuth_bin_deg": binned}
    return _finish(dataset, folder, sheets, state, said, progress)


def _write(dataset: RoofDataset, folder: Path, values: tuple[str, ...], sheet: Sheet) -> dict[str, Any]:
    """Write a sheet, and tell whether its image stays where it is, and what was lost."""
    in_place = len(sheet.slots) == 1 and is_usable_in_place(dataset, sheet.slots[0][0])
    return {"in_place": in_place, "lost": write_sheet(dataset, sheet, folder, values, with_image=not in_place)}


def _lost(state: Mapping[str, Any]) -> Lost:
    return {name: reason for sheet in state.values() for name, reason in sheet["lost"].items()}


def _azimuths(dataset: RoofDataset) -> tuple[float | None, tuple[str, ...]]:
    """Width of the bins azimuths are known in, None if they are known better, and which labels are kept as numbers."""
    binned = None
    for number, picture in enumerate(dataset.pictures):
        try:
            binned = dataset.scene(number, Window(picture.height // 2, picture.width // 2, 1, 1)).azimuth_bin_deg
        except DataError:
            continue  # it will be named where it is read
        break
    degrees = ("azimuth_deg",) if "azimuth" in dataset.heads and binned is None else ()
    return binned, (*degrees, *(("height_m",) if "height" in dataset.heads else ()))


def _properties(dataset: RoofDataset) -> dict[str, Any]:
    return {
        "licence": dataset.licence,
        "heads": dataset.heads,
        "georeferenced": dataset.georeferenced,
        "labels_all_buildings": dataset.labels_all_buildings,
        "pixel_size_m": dataset.pictures[0].pixel_size_m,
    }


def _finish(
    dataset: RoofDataset,
    folder: Path,
    sheets: Sequence[Sheet],
    state: Mapping[str, Any],
    said: dict[str, Any],
    progress: Progress | None,
) -> dict[str, Any]:
    """Count what is in the windows of what was written, and say that it is whole."""
    lost, places = _lost(state), _places(dataset, folder, sheets, state, bool(said["values"]))

    def read(number: int, window: Window) -> Targets:
        picture = dataset.pictures[number]
        if picture.name in lost:
            raise DataError(lost[picture.name])
        return read_labels(places[picture.name], picture, window, said)

    index = index_windows(dataset, said["tile_px"], said["stride_px"], progress, read)
    index["source"] = [relative(places[name].image, folder) for name in index["picture"]]
    pictures = [picture for picture in dataset.pictures if picture.name not in lost]
    write_pictures(folder / PICTURES, dataset, pictures, places)
    write_index(folder / WINDOWS, index)
    said = {**said, "skipped": [*dataset.skipped, *lost.values()], **summary(index)}
    write_json(folder / ABOUT, said)
    (folder / UNFINISHED).unlink()
    return said


def _places(
    dataset: RoofDataset, folder: Path, sheets: Sequence[Sheet], state: Mapping[str, Any], with_values: bool
) -> dict[str, Place]:
    """Where each picture lies, by its name."""
    places = {}
    for sheet in sheets:
        image, label, value = (sheet_path(folder, sheet.name, kind) for kind in FOLDERS)
        for number, row, col in sheet.slots:
            picture = dataset.pictures[number]
            stays = state[sheet.name]["in_place"]
            places[picture.name] = Place(
                picture.path if stays else image,
                (0, 0) if stays else (row, col),
                label,
                value if with_values else None,
                (row, col),
            )
    return places


def summary(index: gpd.GeoDataFrame) -> dict[str, Any]:
    """Counts of an index and its fingerprint, for ``dataset.json``."""
    counts = index[[*SEGMENT_COLUMNS, *LINE_COLUMNS]].sum()
    splits = index["split"].value_counts()
    return {
        "windows": len(index),
        "labelled_windows": int((index["labelled_share"] > 0).sum()),
        "roof_windows": int((index["roof_share"] > 0).sum()),
        "pixels": {str(name): int(count) for name, count in counts.items()},
        "splits": {str(name): int(count) for name, count in splits.items() if name},
        "fingerprint": fingerprint(index),
    }


def _begin(folder: Path, request: Mapping[str, Any], overwrite: bool) -> dict[str, Any]:
    """Sheets that an interrupted run of the same request has written; a folder that may be written to.

    Raises:
        OutputError: The folder holds something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = {path.name for path in folder.iterdir()}
        state = _resumed(folder, request) if UNFINISHED in held and not overwrite else None
        if state is not None:
            return state
        if held and not overwrite:
            _refuse(folder, held)
        _clear(folder)
        write_json(folder / UNFINISHED, {"request": request, "sheets": {}})
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error}", "Choose another folder.") from error
    return {}


def _resumed(folder: Path, request: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        left = json.loads((folder / UNFINISHED).read_text(encoding="utf-8"))
    except ValueError:
        return None
    # What could not be read may have been put right since.
    sheets = {name: sheet for name, sheet in left["sheets"].items() if not sheet["lost"]}
    return sheets if left["request"] == json.loads(json.dumps(request)) else None


def _refuse(folder: Path, held: set[str]) -> None:
    if ABOUT in held:
        raise OutputError(f"{folder} already holds a prepared data set", "Replace it with --overwrite.")
    if UNFINISHED in held:
        raise OutputError(
            f"{folder} holds an unfinished data set prepared in another way", "Replace it with --overwrite."
        )
    raise OutputError(f"{folder} is not empty", "Choose a folder that is empty or does not exist.")


def _clear(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    for name in (ABOUT, WINDOWS, PICTURES, UNFINISHED):
        (folder / name).unlink(missing_ok=True)
    for name in FOLDERS.values():
        for path in [*(folder / name).glob("*.tif"), *(folder / name).glob("*.part")]:
            path.unlink()
