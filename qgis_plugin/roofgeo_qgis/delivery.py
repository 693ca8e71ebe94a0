"""Finished files go where the user wants them, under the names the user chose."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from .command import CommandError
from .translation import tr

RASTER_FILES = {
    "OUTPUT_SEGMENTS": "roof_segments",
    "OUTPUT_LINES": "roof_lines",
    "OUTPUT_CONFIDENCE": "roof_confidence",
}
"""Stem of the command's file for each raster output."""

_EXPORTS = (".geojson", ".fgb")
_BESIDE_SQLITE = ("-wal", "-shm", "-journal")


def deliver(made: Path, geopackage: Path, rasters: dict[str, Path]) -> Path:
    """Move what the command made; each file replaces the one of an earlier run in one step.

    Args:
        made: The command's output folder.
        geopackage: Where the GeoPackage goes; further formats go beside it, under its name.
        rasters: Where the rasters go, by output name; their styles and class names go with them.

    Returns:
        Where the GeoPackage is now: under another name if something holds the file of that name open (Windows).

    Raises:
        CommandError: The place cannot be written.
    """
    try:
        geopackage = _move_geopackage(made / "roofs.gpkg", geopackage)
        for path in sorted(made.iterdir()):
            if path.suffix in _EXPORTS:
                _move(path, geopackage.with_name(f"{geopackage.stem}_{path.name}"))
        for output, target in rasters.items():
            stem = RASTER_FILES[output]
            for suffix, name in ((".tif.aux.xml", f"{target.name}.aux.xml"), (".qml", f"{target.stem}.qml")):
                if (made / f"{stem}{suffix}").is_file():
                    _move(made / f"{stem}{suffix}", target.with_name(name))
            _move(made / f"{stem}.tif", target)
    except OSError as error:
        raise CommandError(
            tr("{path} cannot be written: {reason}").format(path=error.filename2 or geopackage, reason=error.strerror),
            tr("Close what has the file open, or choose another output."),
        ) from error
    return geopackage


def _move_geopackage(source: Path, target: Path) -> Path:
    try:
        _move(source, target)
    except PermissionError:  # a run may have taken hours: better under another name than lost
        target = _unused(target)
        _move(source, target)
    for suffix in _BESIDE_SQLITE:  # what is left of an older file would be taken for a part of the new one
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    return target


def _unused(path: Path) -> Path:
    number = 2
    while path.with_name(f"{path.stem} ({number}){path.suffix}").exists():
        number += 1
    return path.with_name(f"{path.stem} ({number}){path.suffix}")


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(f".{target.name}.part")  # another disk: whole first, then in its place
        shutil.copyfile(source, part)
        os.replace(part, target)
