"""Which models there are, by name: those in the package, and those the user has added."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import Final

from roofgeo.errors import InputError, ModelError
from roofgeo.models.card import CARD

DEFAULT_MODEL: Final = "research"
"""What is used where no model is asked for: the name of one in the package."""

RENAMED: Final = {"roofnet-lite0": "research"}
"""Models that were shipped under another name. No alias: the weights behind the new name change."""

VARIABLE: Final = "ROOFGEO_MODELS"
"""Environment variable that names another folder for the user's models."""

SHIPPED_FOLDER = Path(str(resources.files("roofgeo.models") / "weights"))

_MAY_HOLD_CODE = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".joblib"}


def shipped_models() -> dict[str, Path]:
    """Folders of the models in the package, by name."""
    return _models_in(SHIPPED_FOLDER)


def added_models() -> dict[str, Path]:
    """Folders of the models the user has added, by name; none has the name of a shipped one."""
    try:
        found = _models_in(models_folder())
    except InputError:  # there is no home: nothing was ever added
        return {}
    return {name: folder for name, folder in found.items() if name not in shipped_models()}


def known_models() -> dict[str, Path]:
    """Folders of all models that can be asked for by name."""
    return {**shipped_models(), **added_models()}


def models_folder() -> Path:
    """Where the user's models are: what the ROOFGEO_MODELS variable names, else in the user's data folder.

    Raises:
        InputError: There is neither the variable nor a home.
    """
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).expanduser()
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    try:
        data = Path(named) if named else Path.home() / ".local" / "share"
    except RuntimeError as error:
        raise InputError("there is no home folder to keep models in", f"Set {VARIABLE} to a folder.") from error
    return data / "roofgeo" / "models"


def find_model(name_or_path: str | Path) -> Path:
    """Folder of a model, which is not verified.

    Args:
        name_or_path: Name of a known model, or path of a model's folder or of a file in it.

    Raises:
        ModelError: It is unknown, or may hold code.
    """
    known = known_models()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    if path.suffix.lower() in _MAY_HOLD_CODE:
        raise ModelError(
            f"{path} may hold code that runs when it is opened, so it is not opened",
            "Give a model folder with card.json, model.onnx and model.safetensors.",
        )
    folder = path.parent if path.is_file() else path
    if (folder / CARD).is_file():
        return folder
    if str(name_or_path) in RENAMED:
        new = RENAMED[str(name_or_path)]
        raise ModelError(f"the model {str(name_or_path)!r} is called {new!r} now", f"Ask for {new}.")
    raise ModelError(
        f"no model {str(name_or_path)!r}: it is no known model and no folder with a {CARD}",
        f"Known models: {', '.join(known) or 'none'}. Or give the path of a model's folder; `roofgeo models add` "
        "makes one known by its name.",
    )


def _models_in(folder: Path) -> dict[str, Path]:
    """Folders with a card, by name; what is hidden is being written or removed."""
    found = sorted(card.parent for card in folder.glob(f"*/{CARD}"))
    return {path.name: path for path in found if not path.name.startswith(".")}
