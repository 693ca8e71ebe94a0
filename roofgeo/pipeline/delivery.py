"""Outputs appear together, by rename, when all of them are complete; else nothing is left."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from roofgeo.errors import OutputError, RoofgeoError
from roofgeo.schema import GEOPACKAGE, LAYERS, RASTERS, VECTOR_SUFFIXES
from roofgeo.vector.dictionary import DICTIONARY

_UNFINISHED: dict[Path, Path | None] = {}
"""Folders being written into, and the output folder if it was made for one."""

_OTHER_OUTPUT = "Choose another --output."
_OTHER_PLACE = "Choose another place."

_BESIDE_SQLITE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file; left over from an older file it would be taken for a part of the new one."""


@contextmanager
def finished_together(output: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, whose files move to `output` when all of them are complete; else nothing is left.

    They take the place of all files of an earlier run.
    """
    ours = {GEOPACKAGE, DICTIONARY, *(raster.filename for raster in RASTERS.values())}
    ours |= {Path(raster.filename).with_suffix(".qml").name for raster in RASTERS.values()}
    ours |= {f"{layer.name}{suffix}" for layer in LAYERS for suffix in VECTOR_SUFFIXES.values()}
    _check_free(output, overwrite)
    with _unfinished(output, _OTHER_OUTPUT) as folder:
        yield folder
        for old in ours:
            (output / old).unlink(missing_ok=True)
            (output / f"{old}.aux.xml").unlink(missing_ok=True)
        _move(folder, output, _OTHER_OUTPUT)


@contextmanager
def added_together(output: Path, names: Collection[str], overwrite: bool) -> Iterator[Path]:
    """As `finished_together`, but what else is in `output` stays as it is.

    Args:
        output: Where the files go.
        names: Those of them that nothing may lie in the place of, unless `overwrite`.
        overwrite: Replace what is there.
    """
    there = sorted(name for name in names if (output / name).exists())
    if there and not overwrite:
        raise OutputError(f"{output / there[0]} exists", "Choose another place, or give --overwrite to replace it.")
    with _unfinished(output, _OTHER_PLACE) as folder:
        yield folder
        _move(folder, output, _OTHER_PLACE)


@contextmanager
def _unfinished(output: Path, hint: str) -> Iterator[Path]:
    """A folder to write into within `output`; it is gone afterwards, and so is `output` if nothing came of it.

    Errors name the files where they were to lie, and have this hint if they have none.
    """
    is_new = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=output))
    except OSError as error:
        raise _unwritable(output, error, hint) from error
    _UNFINISHED[folder] = output if is_new else None
    try:
        yield folder
    except RoofgeoError as error:
        error.hint = error.hint or hint
        error.message = error.message.replace(str(folder), str(output))
        error.args = (error.message,)
        raise
    finally:
        _remove(folder)


def _move(folder: Path, output: Path, hint: str) -> None:
    for path in sorted(folder.iterdir()):
        try:
            os.replace(path, output / path.name)
        except OSError as error:  # Windows: something has it open
            raise _unwritable(output / path.name, error, hint) from error
        for suffix in _BESIDE_SQLITE:
            (output / f"{path.name}{suffix}").unlink(missing_ok=True)


def remove_unfinished() -> None:
    """Remove what runs of this process are writing; only for a process that is about to end."""
    for folder in tuple(_UNFINISHED):
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder that was written into, and the output folder if it was made for it and is empty."""
    shutil.rmtree(folder, ignore_errors=True)
    made = _UNFINISHED.pop(folder, None)
    if made is not None and made.is_dir() and not any(made.iterdir()):
        made.rmdir()


def check_output(output: Path, overwrite: bool) -> Path:
    """See whether a run could write its output, and leave everything as it is.

    Returns:
        The folder that exists: `output`, or the nearest one it would be made in.

    Raises:
        OutputError: What `finished_together` would raise.
    """
    _check_free(output, overwrite)
    nearest = next(folder for folder in (output, *output.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):  # permissions alone do not tell it; Linux gives this file no name
            return nearest
    except OSError as error:
        raise _unwritable(output, error, _OTHER_OUTPUT) from error


def _check_free(output: Path, overwrite: bool) -> None:
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file, not a folder", _OTHER_OUTPUT)
    if output.is_dir() and any(output.iterdir()) and not overwrite:
        raise OutputError(
            f"{output} is not empty", "Choose another --output, or give --overwrite to replace its files."
        )


def _unwritable(output: Path, error: OSError, hint: str) -> OutputError:
    return OutputError(f"{output} cannot be written: {error.strerror}", hint)
