"""Which Pythons of this computer roofgeo can be installed with.

Never the one QGIS brings along: an environment made with it breaks when QGIS is upgraded. Where QGIS uses the
system's own Python, that one is fine.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from .process import CommandError, answer_of, never
from .translation import tr

OLDEST = (3, 11)
_TESTED = ((3, 11), (3, 12))  # others come after them: not every library has wheels for the newest
_LIMIT_S = 10.0
_WINDOWS, _MACOS = sys.platform == "win32", sys.platform == "darwin"
_NAMES = ("python3", *(f"python3.{minor}" for minor in range(OLDEST[1], OLDEST[1] + 6)), "python")
_SYSTEM_FOLDERS = ("/usr/bin", "/usr/local/bin")
_PROBE = """
import importlib.util, json, sys
print(json.dumps({
    "version": sys.version_info[:2],
    "path": getattr(sys, "_base_executable", "") or sys.executable,
    "wide": sys.maxsize > 2**32,
    "complete": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that answered; an environment's Python answers with the one it was made from."""

    path: Path
    version: tuple[int, int]
    is_wide: bool
    is_complete: bool

    @property
    def is_new_enough(self) -> bool:
        """Whether the libraries have wheels for it."""
        return self.version >= OLDEST and self.is_wide

    @property
    def rank(self) -> int:
        """Less is better."""
        return 0 if self.version in _TESTED else 1 + self.version[1]


def system_pythons(is_cancelled: Callable[[], bool] = never) -> list[Path]:
    """Interpreters that are new enough and can make environments, best first; starts each (a second or two)."""
    return [python.path for python in _interpreters(is_cancelled) if python.is_new_enough and python.is_complete]


def choose_python(python: Path | None, is_cancelled: Callable[[], bool]) -> Path:
    """The given interpreter if it will do, else the best of the system.

    Raises:
        Cancelled: `is_cancelled` said so.
        CommandError: none will do; the hint says what to install.
    """
    known = _interpreters(is_cancelled) if python is None else _given(python, is_cancelled)
    usable = [one for one in known if one.is_new_enough]
    for one in usable:
        if one.is_complete:
            return one.path
    if usable:
        package = f"python{usable[0].version[0]}.{usable[0].version[1]}-venv"
        raise CommandError(
            tr("{python} cannot make environments: ensurepip is missing").format(python=usable[0].path),
            tr("Install {package} (on Debian and Ubuntu: sudo apt install {package}) and try again.").format(
                package=package
            ),
        )
    oldest = ".".join(map(str, OLDEST))
    raise CommandError(tr("no Python of {oldest} or newer was found").format(oldest=oldest), _what_to_install())


def _what_to_install() -> str:
    if _WINDOWS:
        return tr("Install Python 3.12 (64-bit) from python.org, not from the Microsoft Store, and try again.")
    if _MACOS:
        return tr("Install Python 3.12 from python.org, or with: brew install python@3.12")
    return tr("Install one and its venv module (on Debian and Ubuntu: sudo apt install python3 python3-venv).")


def _given(python: Path, is_cancelled: Callable[[], bool]) -> list[Interpreter]:
    answered = _probe(str(python), is_cancelled)
    if answered is None:
        raise CommandError(tr("{python} is no Python that can be started").format(python=python), _what_to_install())
    if is_bundled(answered.path):
        raise CommandError(tr("{python} belongs to QGIS").format(python=answered.path), _what_to_install())
    return [answered]


def _interpreters(is_cancelled: Callable[[], bool]) -> list[Interpreter]:
    """All that answer, best first, none twice."""
    answered: dict[str, Interpreter] = {}
    tried: set[str] = set()
    for path in _places(is_cancelled):
        real = os.path.realpath(path)
        if real in tried or not os.path.isfile(path) or not os.access(path, os.X_OK) or is_bundled(Path(path)):
            continue
        tried.add(real)
        python = _probe(path, is_cancelled)
        if python is not None and not is_bundled(python.path):
            answered.setdefault(os.path.realpath(python.path), python)
    return sorted(answered.values(), key=lambda python: python.rank)


def _probe(path: str, is_cancelled: Callable[[], bool]) -> Interpreter | None:
    lines = answer_of([path, "-I", "-X", "utf8", "-c", _PROBE], _LIMIT_S, is_cancelled)
    try:
        told = json.loads(lines[-1] if lines else "")
        major, minor = told["version"]
        return Interpreter(Path(told["path"]), (int(major), int(minor)), bool(told["wide"]), bool(told["complete"]))
    except (ValueError, KeyError, TypeError):
        return None


def is_bundled(path: Path) -> bool:
    """Whether an interpreter came with QGIS."""
    if str(path.parent) in _SYSTEM_FOLDERS:
        return False
    if any(re.match(r"osgeo4w|qgis.*\.app$|qgis \d", part, re.IGNORECASE) for part in path.parts):
        return True
    # In an environment of conda QGIS lies beside Python; an AppImage is a folder that is gone when it ends.
    if any((path.parent / name).is_file() for name in ("qgis", "qgis.exe", "Library/bin/qgis.exe")):
        return True
    inside = [folder for folder in (os.environ.get("APPDIR"), _embedding_prefix()) if folder]
    return any(Path(folder) in path.parents for folder in inside)


def _embedding_prefix() -> str | None:
    """Folder of the Python that runs this, if a program brought it along and it is none that one starts."""
    is_program = os.path.basename(sys.executable or "").lower().startswith("python")
    return None if is_program or sys.base_prefix in ("/usr", "/usr/local") else sys.base_prefix


def _places(is_cancelled: Callable[[], bool]) -> Iterator[str]:
    """Paths at which an interpreter may be."""
    if _WINDOWS:
        yield from _windows_places(is_cancelled)
        return
    home = os.path.expanduser("~")
    folders = [
        *_SYSTEM_FOLDERS,
        *sorted(glob("/Library/Frameworks/Python.framework/Versions/3.1[1-9]*/bin")),
        "/opt/homebrew/bin",
        *os.environ.get("PATH", "").split(os.pathsep),
        *sorted(glob(os.path.join(os.environ.get("PYENV_ROOT") or f"{home}/.pyenv", "versions/3.1[1-9]*/bin"))),
        *sorted(glob(f"{home}/.local/share/uv/python/cpython-3.1[1-9]*/bin")),
        *(f"{home}/{name}/bin" for name in ("miniforge3", "mambaforge", "miniconda3", "anaconda3")),
    ]
    for folder in folders:
        # On macOS that one is old, or a stub that asks to install the developer tools.
        if os.path.isabs(folder) and not (_MACOS and folder == "/usr/bin"):
            yield from (os.path.join(folder, name) for name in _NAMES)


def _windows_places(is_cancelled: Callable[[], bool]) -> Iterator[str]:
    variables = ("LOCALAPPDATA", "ProgramFiles", "SYSTEMROOT", "USERPROFILE")
    local, programs, system, home = (os.environ.get(name, "") for name in variables)
    for launcher in (f"{system}\\py.exe", f"{local}\\Programs\\Python\\Launcher\\py.exe"):
        if os.path.isfile(launcher):
            yield from launcher_paths("\n".join(answer_of([launcher, "-0p"], _LIMIT_S, is_cancelled) or []))
    patterns = (
        f"{local}\\Programs\\Python\\Python3*\\python.exe",
        f"{local}\\Python\\pythoncore-3*\\python.exe",
        f"{programs}\\Python3*\\python.exe",
        f"{home}\\mini*3\\python.exe",
        f"{home}\\anaconda3\\python.exe",
    )
    found = [path for pattern in patterns for path in sorted(glob(pattern))]
    on_path = [os.path.join(folder, "python.exe") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    yield from (path for path in (*found, *on_path) if "windowsapps" not in path.lower())


def launcher_paths(text: str) -> list[str]:
    """The interpreters in what `py -0p` prints.

    Without those of the Microsoft Store: what they write into the folders of programs Windows puts elsewhere.
    """
    paths = re.findall(r"[A-Za-z]:\\[^\n]*?python[\d.]*\.exe", text, re.IGNORECASE)
    return [path for path in paths if "windowsapps" not in path.lower()]
