"""What the user has set, and where the plugin keeps its files."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsSettings

from .finding import Found, find

_COMMAND = "roofgeo/command"
_SOURCE = "roofgeo/install_source"
_INDEX = "roofgeo/package_index"


def command_path() -> str:
    """Path of the command the user has named; empty to look for it."""
    return str(QgsSettings().value(_COMMAND, "") or "")


def set_command_path(path: str) -> None:
    """Name the command; empty to look for it."""
    QgsSettings().setValue(_COMMAND, path)


def install_source() -> str:
    """What to install roofgeo from: a wheel, a folder, an address, a requirement; empty for the package's name."""
    return str(QgsSettings().value(_SOURCE, "") or "")


def set_install_source(source: str) -> None:
    """Say what to install roofgeo from."""
    QgsSettings().setValue(_SOURCE, source)


def package_index() -> str:
    """Address of the package index that has roofgeo; empty for the usual one."""
    return str(QgsSettings().value(_INDEX, "") or "")


def set_package_index(address: str) -> None:
    """Say which package index has roofgeo."""
    QgsSettings().setValue(_INDEX, address)


def private_folder() -> Path:
    """Where the plugin installs roofgeo; not in the profile's plugin folder, which an upgrade replaces."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "roofgeo"


def log_path() -> Path:
    """The full log of the last run."""
    return private_folder() / "last_run.log"


def find_command() -> Found | None:
    """The roofgeo command, or None; runs nothing."""
    return find(command_path(), private_folder())
