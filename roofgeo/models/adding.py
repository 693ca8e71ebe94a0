"""Add models to the user's folder, and remove them; what is there is always whole."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roofgeo.errors import InputError, ModelError, OutputError
from roofgeo.models.checkpoint import Model, file_sha256, open_model, write_card
from roofgeo.models.fetching import Told, download, is_url, shown
from roofgeo.models.library import VARIABLE, added_models, find_model, known_models, models_folder, shipped_models
from roofgeo.models.unpacking import copy_model, unpack_model

_UNFINISHED = ".unfinished-"
_FORGOTTEN_S = 24 * 3600.0
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


def add_model(source: str, name: str | None = None, sha256: str | None = None, told: Told | None = None) -> Model:
    """Take a model into the user's folder, so that it is known by name.

    Args:
        source: Folder of a model, a .zip or .tar of one, or the http(s) address of such an archive.
        name: Name to know it by; None for what its card says.
        sha256: What the archive must have, in hexadecimal; None to trust it.
        told: Told of the download's bytes.

    Raises:
        InputError: The name cannot be had, or the source is of a kind that is not known.
        DataError: The download failed.
        ModelError: It is no model, is damaged, is another one than `sha256` says, or cannot be used here.
        OutputError: The user's folder cannot be written.
    """
    _check_asked(source, name, sha256)
    with _work_folder() as work:
        files = work / "model"
        files.mkdir()
        try:
            _collect(source, work, files, sha256, told)
            model = _tried(files)
        except ModelError as error:  # say where it comes from, not where it was looked at
            message = re.sub(rf"{re.escape(str(work))}(/model|/download)?", lambda _: _shown(source), error.message)
            raise ModelError(message, error.hint) from error
        name = name or model.card.name
        _check_free(name)
        card = model.card if name == model.card.name else write_card(dataclasses.replace(model.card, name=name), files)
        files.rename(models_folder() / name)
    return Model(card, models_folder() / name)


def remove_model(name: str) -> Path:
    """Remove a model the user has added; returns where it was.

    Raises:
        InputError: It is one of the package, or only a path.
        ModelError: There is none of the name.
        OutputError: It cannot be removed.
    """
    if name in shipped_models():
        raise InputError(f"{name} comes with roofgeo, and goes with it", "Only models you have added can be removed.")
    if name not in added_models():
        find_model(name)
        raise InputError(f"{name} is a folder of yours, not a model that was added", "Remove it as any folder.")
    folder = added_models()[name]
    with _work_folder() as work:
        folder.rename(work / "model")  # at once it is no model any more, whatever comes between
    return folder


def _check_asked(source: str, name: str | None, sha256: str | None) -> None:
    """See what can be said before anything is fetched."""
    if name is not None:
        _check_free(name)
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise InputError(f"{sha256!r} is no SHA-256", "It has 64 hexadecimal digits.")
    if is_url(source):
        return
    if "://" in source:
        raise InputError(f"{_shown(source)} is no http or https address", "Fetch it yourself, and give its path.")
    if not Path(source).exists():
        raise InputError(f"there is no {source}", "Give a folder, a .zip, a .tar, or the address of one.")
    if sha256 is not None and Path(source).is_dir():
        raise InputError("--sha256 is of an archive, and the source is a folder", "Leave it out; the card has its own.")


def _check_free(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"a model cannot be named {name!r}", "Give a --name of letters, digits, dots, hyphens and underscores."
        )
    if name in known_models() or (models_folder() / name).exists():
        raise InputError(
            f"there is a model {name} already", f"Give another --name, or remove it: roofgeo models remove {name}"
        )


def _collect(source: str, work: Path, files: Path, sha256: str | None, told: Told | None) -> None:
    archive = Path(source)
    if is_url(source):
        archive = work / "download"
        download(source, archive, told)
    elif archive.is_dir():
        copy_model(archive, files)
        return
    found = None if sha256 is None else file_sha256(archive)
    if sha256 is not None and found != sha256.lower():
        raise ModelError(f"{archive} is another file: its SHA-256 is {found}", "Do not trust it, or check the number.")
    unpack_model(archive, files)


def _tried(folder: Path) -> Model:
    """A model whose files are what its card says, and which ONNX Runtime can use."""
    from roofgeo.models.backends import OnnxNetwork

    model = open_model(folder)
    OnnxNetwork(model, threads=1)
    return model


def _shown(source: str) -> str:
    return shown(source) if "://" in source else source


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder among the models, and none of them; gone at the end. What a crash left of an older one goes too."""
    place = models_folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob(f"{_UNFINISHED}*"):
            if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(old, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place))
    except OSError as error:
        raise _unwritable(place, error) from error
    try:
        yield work
    except OSError as error:
        raise _unwritable(place, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unwritable(place: Path, error: OSError) -> OutputError:
    return OutputError(f"{place} cannot be written: {error.strerror}", f"Set {VARIABLE} to another folder.")
