"""Where the roofgeo command may be, and what it is.

A path the user has set has the last word: while it leads nowhere, `find` finds nothing, because running another
roofgeo in its place would hide the mistake. `candidates` still lists the others, so that they can be offered.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .command import Cancelled, CommandError, run_command, too_old_hint
from .process import answer_of, never
from .translation import tr

TIME_LIMIT_S = 30.0
"""How long a command may take to tell what it is; the first start reads a lot from the disk."""

_WINDOWS = sys.platform == "win32"
_NAME = "roofgeo.exe" if _WINDOWS else "roofgeo"
_PROGRAMS = "Scripts" if _WINDOWS else "bin"
_CONDA_ROOTS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda", ".local/share/mamba")


@dataclass(frozen=True)
class Found:
    """A command that exists: what to run, and how it was found."""

    command: tuple[str, ...]
    where: str


def find(set_path: str, private: Path) -> Found | None:
    """The command to take; runs nothing.

    That is the one the user has set, and none if that does not exist; else the first of `candidates`.
    """
    if set_path.strip():
        path = _set_command(set_path)
        return None if path is None else Found((path,), "settings")
    return next(_found("", private), None)


def candidates(set_path: str, private: Path) -> list[Found]:
    """All commands that exist, best first, none twice; runs nothing."""
    return list(_found(set_path, private))


def installed_command(folder: Path) -> Path | None:
    """The command of the private environment in a folder."""
    environments = environments_folder(folder)
    try:
        current = (environments / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    path = executable_in(environments / current) if current.isdigit() else None
    return None if path is None else Path(path)


CURRENT = "current"
"""File that names the environment in use: an environment cannot be moved, so that each install makes a new one."""


def environments_folder(folder: Path) -> Path:
    """Where the numbered environments of the private folder lie; logs lie beside it."""
    return folder / "environments"


def executable_in(environment: str | Path) -> str | None:
    """The command of an environment (a folder with bin or Scripts), or in a folder of programs."""
    places = (Path(environment, _PROGRAMS, _NAME), Path(environment, _NAME))
    return next((str(path) for path in places if _is_executable(path)), None)


def ask(
    command: Sequence[str], is_cancelled: Callable[[], bool] = never, *, limit_s: float = TIME_LIMIT_S
) -> dict[str, Any]:
    """What a command says of itself: version, Python, libraries, models, devices.

    Raises:
        Cancelled: `is_cancelled` said so.
        CommandError: it cannot be started, is not roofgeo, is too old, or does not answer in time.
    """
    deadline = time.monotonic() + limit_s

    def is_over() -> bool:
        return is_cancelled() or time.monotonic() > deadline

    try:
        answer = run_command(command, ["info", "--json"], is_cancelled=is_over)
    except Cancelled:
        if is_cancelled():
            raise
        raise CommandError(
            tr("{command} did not answer within {seconds} s").format(command=command[0], seconds=round(limit_s)),
            tr("Start it once in a terminal, or choose another command in the settings."),
        ) from None
    except CommandError as error:
        version = _old_version(command, is_cancelled) if "No such command" in error.message else ""
        if not version:
            raise
        raise _too_old(command, version) from error
    if not isinstance(answer.get("version"), str):
        raise CommandError(
            tr("{command} answers, but is not roofgeo").format(command=command[0]),
            tr("Choose another command in the settings."),
        )
    return answer


def _too_old(command: Sequence[str], version: str) -> CommandError:
    return CommandError(
        tr("{command} answers, but is too old: {version}").format(command=command[0], version=version),
        too_old_hint(),
    )


def _old_version(command: Sequence[str], is_cancelled: Callable[[], bool]) -> str:
    """What `--version` says ("roofgeo, version 0.0.9"); empty if that is not roofgeo either."""
    lines = answer_of([*command, "--version"], TIME_LIMIT_S, is_cancelled)
    line = lines[0].strip() if lines else ""
    return line if line.startswith("roofgeo") else ""


def _found(set_path: str, private: Path) -> Iterator[Found]:
    seen: set[str] = set()
    for path, where in _places(set_path, private):
        if path is not None and os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            yield Found((path,), where)


def _places(set_path: str, private: Path) -> Iterator[tuple[str | None, str]]:
    """(Command or None, where) of every place, best first."""
    yield _set_command(set_path), "settings"
    installed = installed_command(private)
    yield (None if installed is None else str(installed)), "private environment"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield (executable_in(folder) if os.path.isabs(folder) else None), "PATH"
    for name, folders in (("pipx", _pipx_places()), ("uv tool", _uv_places())):
        for folder in folders:
            yield executable_in(folder), name
    # A terminal's PATH leads there; that of a program started from the desktop often does not.
    for folder in (_home(".local/bin"), "/opt/homebrew/bin", "/usr/local/bin"):
        yield executable_in(folder), "PATH"
    for folder in _conda_environments():
        yield executable_in(folder), "conda"
    for folder in _variables("VIRTUAL_ENV"):
        yield executable_in(folder), "virtual environment"


def _set_command(set_path: str) -> str | None:
    """The command of a path in the settings: a file, or the folder of an environment or of programs."""
    text = set_path.strip().strip("\"'").strip()
    if not text:
        return None
    path = os.path.expanduser(text)
    if not os.path.dirname(path):
        return shutil.which(path)  # a name; what lies in the working folder is not meant
    if os.path.isdir(path):
        return executable_in(os.path.abspath(path))
    return os.path.abspath(path) if _is_executable(Path(path)) else None


def _pipx_places() -> Iterator[str]:
    yield from _variables("PIPX_BIN_DIR")
    homes = [
        *_variables("PIPX_HOME"),
        *_variables("XDG_DATA_HOME", "pipx"),
        _home(".local/share/pipx"),
        _home(".local/pipx"),
        _home("pipx"),
        _home("Library/Application Support/pipx"),
        *_variables("LOCALAPPDATA", "pipx/pipx"),
        "/opt/pipx",
    ]
    for home in homes:
        yield os.path.join(home, "venvs", "roofgeo")


def _uv_places() -> Iterator[str]:
    yield from _variables("UV_TOOL_BIN_DIR")
    yield from _variables("XDG_BIN_HOME")
    tools = [
        *_variables("UV_TOOL_DIR"),
        *_variables("XDG_DATA_HOME", "uv/tools"),
        _home(".local/share/uv/tools"),
        *_variables("APPDATA", "uv/tools"),
        *_variables("APPDATA", "uv/data/tools"),
    ]
    for folder in tools:
        yield os.path.join(folder, "roofgeo")


def _conda_environments() -> Iterator[str]:
    yield from _variables("CONDA_PREFIX")
    for root in _conda_roots():
        yield root
        yield from _folders_in(os.path.join(root, "envs"))
    try:
        text = Path(_home(".conda/environments.txt")).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from (line.strip() for line in text.splitlines() if os.path.isabs(line.strip()))


def _conda_roots() -> Iterator[str]:
    yield from _variables("MAMBA_ROOT_PREFIX")
    for executable in _variables("CONDA_EXE"):
        yield os.path.dirname(os.path.dirname(executable))
    parents = [_home(""), *_variables("USERPROFILE"), *_variables("LOCALAPPDATA"), *_variables("PROGRAMDATA"), "/opt"]
    for parent in parents:
        yield from (os.path.join(parent, name) for name in _CONDA_ROOTS)
    yield from ("/opt/conda", "/opt/homebrew/Caskroom/miniforge/base", _home(".pixi"))


def _variables(name: str, inside: str = "") -> list[str]:
    """The folder a variable names, or a folder in it; nothing if it is unset or relative."""
    value = os.environ.get(name, "")
    return [os.path.join(value, *inside.split("/"))] if os.path.isabs(value) else []


def _home(inside: str) -> str:
    return os.path.join(os.path.expanduser("~"), *inside.split("/"))


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except OSError:
        return []


def _is_executable(path: Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
