"""A report for whoever is to find out why something does not work."""

from __future__ import annotations

import configparser
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from osgeo import gdal
from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QLocale, QSysInfo

from . import settings
from .environment import removed_variables
from .finding import ask, candidates
from .install_box import install_log
from .log import without_credentials
from .preflight import size_text
from .process import CommandError, answer_of, never
from .pythons import system_pythons

LOG_LINES = 100

_LIMIT_S = 10.0

_AMISS = (CommandError, configparser.Error, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What goes wrong where a computer is not as one thinks: that is when a report is wanted most."""


def report(is_cancelled: Callable[[], bool] = never) -> str:
    """All that is known, in English: it is read by the developers. Takes seconds, as it starts programs.

    A part that fails says so, and the rest still comes. Passwords in addresses are left out.

    Raises:
        Cancelled: `is_cancelled` said so.
    """
    parts: list[tuple[str, Callable[[], Iterator[str]]]] = [
        ("Versions", _versions),
        ("Settings", _settings),
        ("Commands found", _commands),
        ("What the command says", lambda: _information(is_cancelled)),
        ("Graphics cards", lambda: _graphics_cards(is_cancelled)),
        ("Pythons to install with", lambda: _pythons(is_cancelled)),
        ("Variables kept from the command", _variables),
        ("Disk", _disk),
        ("Last run", lambda: _tail(settings.log_path())),
        ("Last installation", lambda: _tail(install_log())),
    ]
    return without_credentials("\n\n".join(_part(title, lines) for title, lines in parts)) + "\n"


def _part(title: str, lines: Callable[[], Iterator[str]]) -> str:
    said = [f"## {title}"]
    try:
        for line in lines():
            said.append(line)
    except _AMISS as error:
        said.append(f"failed: {type(error).__name__}: {error}")
    return "\n".join(said if len(said) > 1 else [*said, "nothing"])


def plugin_version() -> str:
    """From the plugin's metadata."""
    metadata = configparser.ConfigParser(interpolation=None)
    with Path(__file__).with_name("metadata.txt").open(encoding="utf-8") as file:
        metadata.read_file(file)
    return metadata["general"]["version"]


def _versions() -> Iterator[str]:
    yield f"Plugin {plugin_version()} in {Path(__file__).parent}"
    yield f"QGIS {Qgis.version()}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}"
    yield f"GDAL {gdal.VersionInfo('RELEASE_NAME')}"
    yield f"Python {sys.version.split()[0]} in {sys.prefix}"
    yield f"{QSysInfo.prettyProductName()}, {platform.platform()}, {os.cpu_count()} processors"
    language, names = QgsApplication.instance().locale(), sys.getfilesystemencoding()
    yield f"Language {language}, locale {QLocale().name()}, file names in {names}"


def _settings() -> Iterator[str]:
    yield f"command: {settings.command_path() or '(found by itself)'}"
    yield f"install from: {settings.install_source() or '(package index)'}"
    yield f"package index: {settings.package_index() or '(the usual one)'}"


def _commands() -> Iterator[str]:
    found = settings.find_command()
    yield f"taken: {' '.join(found.command)} ({found.where})" if found else "taken: none"
    for other in candidates(settings.command_path(), settings.private_folder()):
        yield f"there is: {' '.join(other.command)} ({other.where})"


def _information(is_cancelled: Callable[[], bool]) -> Iterator[str]:
    found = settings.find_command()
    if found is not None:
        yield json.dumps(ask(found.command, is_cancelled), indent=1, ensure_ascii=False)


def _graphics_cards(is_cancelled: Callable[[], bool]) -> Iterator[str]:
    program = shutil.which("nvidia-smi")
    answer = answer_of([program, "-L"], _LIMIT_S, is_cancelled) if program else ["no nvidia-smi"]
    yield from ["nvidia-smi failed"] if answer is None else answer


def _pythons(is_cancelled: Callable[[], bool]) -> Iterator[str]:
    yield from map(str, system_pythons(is_cancelled))


def _variables() -> Iterator[str]:
    for name in removed_variables(os.environ):
        yield f"{name}={os.environ[name]}"


def _disk() -> Iterator[str]:
    for folder in (Path(tempfile.gettempdir()), settings.private_folder()):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        usage = shutil.disk_usage(existing)
        yield f"{folder}: {size_text(usage.free)} free of {size_text(usage.total)}"


def _tail(path: Path) -> Iterator[str]:
    yield f"{path}"
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from (line.rstrip("\n") for line in deque(file, maxlen=LOG_LINES))
