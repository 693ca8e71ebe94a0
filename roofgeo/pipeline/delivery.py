"""Outputs appear together, by rename, when all of them are complete; else nothing is left."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roofgeo.errors import OutputError
from roofgeo.schema import GEOPACKAGE, RASTERS


@contextmanager
def finished_together(output: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, whose files move to `output` when all of them are complete; else nothing is left."""
    ours = {GEOPACKAGE, *(raster.filename for raster in RASTERS.values())}
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file, not a folder", "Choose another --output.")
    if output.is_dir() and any(output.iterdir()) and not overwrite:
        raise OutputError(
            f"{output} is not empty", "Choose another --output, or give --overwrite to replace its files."
        )
    is_new = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=output))
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror}", "Choose another --output.") from error
    try:
        yield folder
        for old in ours:
            (output / old).unlink(missing_ok=True)
            (output / f"{old}.aux.xml").unlink(missing_ok=True)
        for path in sorted(folder.iterdir()):
            os.replace(path, output / path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if is_new and not any(output.iterdir()):
            output.rmdir()
