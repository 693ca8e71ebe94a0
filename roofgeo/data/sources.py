"""Where the imagery is when the user does not say: roofgeo.toml, or the ROOFGEO_IMAGERY variable."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from roofgeo.errors import InputError

SETTINGS = "roofgeo.toml"
VARIABLE = "ROOFGEO_IMAGERY"


def find_imagery(aoi: str | Path | None) -> Path:
    """The imagery named by roofgeo.toml beside the area, in the working folder, by the variable, or by the user's file.

    A toml file says ``imagery = "ortho.tif"``; a relative path counts from the file.

    Raises:
        InputError: None of them names any, or a file cannot be read.
    """
    beside = [Path(aoi).parent / SETTINGS] if aoi is not None else []
    for settings in (*beside, Path(SETTINGS)):
        if settings.is_file():
            return _imagery_of(settings)
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    if user_settings().is_file():
        return _imagery_of(user_settings())
    raise InputError(
        "no imagery was given",
        f'Give --imagery FILE; or write imagery = "FILE" into {SETTINGS} beside the area or in this folder; or set '
        f"{VARIABLE}; or write {user_settings()}.",
    )


def user_settings() -> Path:
    """The settings file in the user's configuration folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home())) / "roofgeo" / SETTINGS
    return Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "roofgeo" / SETTINGS


def _imagery_of(settings: Path) -> Path:
    try:
        values = tomllib.loads(settings.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{settings} cannot be read: {error}", 'It should say: imagery = "ortho.tif"') from error
    imagery = values.get("imagery")
    if not isinstance(imagery, str):
        raise InputError(f"{settings} names no imagery", 'It should say: imagery = "ortho.tif"')
    return settings.parent / imagery
