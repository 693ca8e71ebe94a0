"""Take a model out of a folder, a .zip or a .tar: its own files, by their names, and nothing else."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from roofgeo.errors import ModelError
from roofgeo.models.card import CARD, ITEM, ONNX, WEIGHTS
from roofgeo.models.fetching import LIMIT_BYTES

FILES: Final = (CARD, ONNX, WEIGHTS, ITEM, "MODEL_CARD.md", "LICENSE", "LICENSE.md", "LICENSE.txt")
"""What is taken of a model. None of it can hold code."""

_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
"""What reading an archive may raise; RuntimeError: it is encrypted, or packed in a way that is not known."""

_HINT = "Give a folder with card.json, model.onnx and model.safetensors, or a .zip or .tar of one."


def copy_model(source: Path, folder: Path) -> None:
    """Copy a model's files from its folder into an empty one.

    Raises:
        ModelError: There is no card.
    """
    if not (source / CARD).is_file():
        raise ModelError(f"{source} is no model: it has no {CARD}", _HINT)
    for name in FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def unpack_model(archive: Path, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Copy a model's files from an archive, where they lie together at any depth, into an empty folder.

    Raises:
        ModelError: It is no archive, is damaged or too large, holds no model or several, or a path that leads out.
    """
    try:
        with _opened(archive) as opened:
            sizes = _sizes(opened, limit_bytes)
            for name, path in _files_of_the_model(sizes, archive).items():
                with _stream(opened, path) as stream, (folder / name).open("wb") as file:
                    shutil.copyfileobj(stream, file)
    except _DAMAGED as error:
        raise _broken(archive, error) from error
    except OSError as error:
        if error.errno is not None:  # the disk is full, say; gzip and bzip2 tell of damage without a number
            raise
        raise _broken(archive, error) from error


def _broken(archive: Path, error: Exception) -> ModelError:
    return ModelError(f"{archive} cannot be unpacked: {str(error) or type(error).__name__}", "Fetch it again.")


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield zipped
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tarred:
            yield tarred
    else:
        raise ModelError(f"{archive} is no .zip and no .tar", _HINT)


def _sizes(opened: zipfile.ZipFile | tarfile.TarFile, limit_bytes: int) -> dict[str, int]:
    """Bytes of each file, by its path; links and the like are left out."""
    sizes: dict[str, int] = {}
    total = 0
    for path, size in _entries(opened):
        parts = PurePosixPath(path.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in path:
            raise ModelError(f"the archive holds a path that leads out of it: {path!r}", "Do not trust it.")
        sizes[path] = size
        total += size
        if total > limit_bytes:  # before a tar is read on, for that unpacks what is between
            raise ModelError(f"the archive holds more than {limit_bytes / 1e9:g} GB", "Is it a model of roofgeo?")
    return sizes


def _entries(opened: zipfile.ZipFile | tarfile.TarFile) -> Iterable[tuple[str, int]]:
    if isinstance(opened, zipfile.ZipFile):
        return ((entry.filename, entry.file_size) for entry in opened.infolist() if not entry.is_dir())
    return ((entry.name, entry.size) for entry in opened if entry.isreg())


def _files_of_the_model(paths: Iterable[str], archive: Path) -> Mapping[str, str]:
    """Path in the archive of each of the model's files, by name."""
    found = {path: PurePosixPath(path) for path in paths}
    folders = {parts.parent for parts in found.values() if parts.name == CARD}
    if len(folders) != 1:
        what = "several models" if folders else f"no model: no {CARD}"
        raise ModelError(f"{archive} holds {what}", _HINT)
    (folder,) = folders
    return {parts.name: path for path, parts in found.items() if parts.parent == folder and parts.name in FILES}


def _stream(opened: zipfile.ZipFile | tarfile.TarFile, path: str) -> IO[bytes]:
    if isinstance(opened, zipfile.ZipFile):
        return opened.open(path)
    stream = opened.extractfile(path)
    if stream is None:
        raise tarfile.TarError(f"{path} is no file")
    return stream
