"""Finished files go where the user wants them, under the names the user chose."""

from __future__ import annotations

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


def deliver(made: Path, geopackage: Path, rasters: dict[str, Path]) -> None:
    """Move what the command made; each file replaces the one of an earlier run in one step.

    Args:
        made: The command's output folder.
        geopackage: Where the GeoPackage goes; further formats go beside it, under its name.
        rasters: Where the rasters go, by output name; their styles and class names go with them.

    Raises:
        CommandError: A file is in use or the place cannot be written.
    """
    for suffix in _BESIDE_SQLITE:  # what is left of an older file would be taken for a part of the new one
        Path(f"{geopackage}{suffix}").unlink(missing_ok=True)
    _move(made / "roofs.gpkg", geopackage)
    for path in sorted(made.iterdir()):
        if path.suffix in _EXPORTS:
            _move(path, geopackage.with_name(f"{geopackage.stem}_{path.name}"))
    for output, target in rasters.items():
        stem = RASTER_FILES[output]
        for suffix, name in ((".tif.aux.xml", f"{target.name}.aux.xml"), (".qml", f"{target.stem}.qml")):
            if (made / f"{stem}{suffix}").is_file():
                _move(made / f"{stem}{suffix}", target.with_name(name))
        _move(made / f"{stem}.tif", target)


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(source, target)
        except OSError:  # another disk
            shutil.copyfile(source, target)
    except OSError as error:
        raise CommandError(
            tr("{path} cannot be written: {reason}").format(path=target, reason=error.strerror),
            tr("Close what has the file open, or choose another output."),
        ) from error
