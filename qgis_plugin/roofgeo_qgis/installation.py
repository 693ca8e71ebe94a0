"""A private virtual environment with roofgeo; QGIS's own Python is not touched.

The folder holds numbered environments and a file that names the one in use, because an environment cannot be moved:
an install that fails or is cancelled leaves the one before as it is. Older ones go after success.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .finding import CURRENT, ask, environments_folder, executable_in
from .log import Log
from .pip import ProgressCallback, Steps, pip_environment, pip_install
from .process import CommandError, never, run_process
from .pythons import choose_python
from .translation import tr

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*([<>=!~@;].*)?")
_REMOVAL_S = 0.3
_FIRST_START_S = 180.0  # all is read for the first time, and a virus scanner reads along
_ARCHIVE = re.compile(r"\.(whl|zip|tar\.gz|tgz)$", re.IGNORECASE)


def _ignore(fraction: float, text: str) -> None:
    """Nobody listens."""


def install(
    folder: Path,
    source: str = "",
    index: str = "",
    python: Path | None = None,
    *,
    on_progress: ProgressCallback = _ignore,
    is_cancelled: Callable[[], bool] = never,
    log_path: Path | None = None,
) -> Path:
    """Install roofgeo, or another version of it, and return the path of its command.

    Args:
        folder: Where the environments lie.
        source: A requirement, the path of a wheel or of a folder with the source, an address; empty for `roofgeo`.
        index: Address of the package index roofgeo comes from; empty for the usual one.
        python: The interpreter to take; None for the best of the system.
        on_progress: Called with a fraction that never goes back and ends at 1, and what is done.
        is_cancelled: Asked all the time.
        log_path: What pip says is written there.

    Raises:
        Cancelled: `is_cancelled` said so. Nothing is left of what was begun, or will be in a moment.
        CommandError: it could not be installed; likewise.
    """
    with Log(log_path) as log, _pointing_to(log):
        requirement = requirement_of(source)
        steps = Steps(on_progress)
        steps(0.0, tr("Looking for Python"))
        chosen = choose_python(python, is_cancelled)
        with _new_environment(folder) as environment:
            steps(0.03, tr("Making an environment"))
            _make(chosen, environment, is_cancelled, log)
            pip_install(environment, requirement, index_of(index), steps, is_cancelled, log)
            command = _command_of(environment)
            steps(0.95, tr("Starting roofgeo"))
            version = ask((str(command),), is_cancelled, limit_s=_FIRST_START_S)["version"]
            _make_current(environment)
        steps(1.0, tr("roofgeo {version} is installed").format(version=version))
        return command


def requirement_of(source: str) -> str:
    """What pip is told to install.

    Raises:
        CommandError: the source is no requirement, no address, and no file or folder that exists.
    """
    text = source.strip().strip("\"'").strip() or "roofgeo"
    # A bare name is a requirement, even where a folder of that name lies in the working folder.
    is_archive = _ARCHIVE.search(text) and "@" not in text
    if re.match(r"(git\+)?(https?|ssh|file)://", text) or (_REQUIREMENT.fullmatch(text) and not is_archive):
        return text
    path = os.path.abspath(os.path.expanduser(text))
    if os.path.exists(path) and not text.startswith("-"):
        return path
    raise CommandError(
        tr("cannot install from {source}: no such file, and neither an address nor a requirement").format(source=text),
        tr("Give the path of a wheel, an address, a requirement such as roofgeo==0.2, or nothing."),
    )


def index_of(index: str) -> str:
    """Address of a package index; one that lies in a folder is given as an address too.

    Raises:
        CommandError: it is neither.
    """
    text = index.strip().strip("\"'").strip()
    if not text or re.match(r"(https?|file)://", text):
        return text
    path = Path(text).expanduser()
    if path.is_dir():
        return path.resolve().as_uri()
    raise CommandError(
        tr("{index} is no package index").format(index=text),
        tr("Give an address such as https://example.org/simple, or nothing for the usual index."),
    )


@contextlib.contextmanager
def _pointing_to(log: Log) -> Iterator[None]:
    """Errors tell where the log is."""
    try:
        yield
    except CommandError as error:
        log.write(str(error))
        error.log_path = log.path
        raise


@contextlib.contextmanager
def _new_environment(folder: Path) -> Iterator[Path]:
    """An empty folder for an environment; removed again unless it becomes the one in use."""
    environments = environments_folder(folder)
    environment = _make_folder(environments)
    try:
        yield environment
    finally:
        if _current(environments) == environment.name:
            _remove_soon([older for older in _numbered(environments) if older != environment])
        else:
            _remove_soon([environment])


def _make_folder(environments: Path) -> Path:
    number = 1 + max((int(path.name) for path in _numbered(environments)), default=0)
    folder = environments / str(number)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise CommandError(
            tr("{folder} cannot be made: {reason}").format(folder=folder, reason=error.strerror or error),
            tr("Is the disk full, or is roofgeo being installed by another QGIS?"),
        ) from error
    return folder


def _numbered(environments: Path) -> list[Path]:
    try:
        return [path for path in environments.iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _current(environments: Path) -> str:
    try:
        return (environments / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _make_current(environment: Path) -> None:
    path = environment.parent / CURRENT
    new = path.with_name("current.new")
    try:
        new.write_text(environment.name, encoding="utf-8")
        os.replace(new, path)  # at once: never a file that is half written
    except OSError as error:
        raise CommandError(
            tr("{file} cannot be written: {reason}").format(file=path, reason=error.strerror or error),
            tr("Is the disk full?"),
        ) from error


def _make(python: Path, environment: Path, is_cancelled: Callable[[], bool], log: Log) -> None:
    said: list[str] = []
    command = [str(python), "-I", "-X", "utf8", "-m", "venv", str(environment)]
    variables = pip_environment(environment)  # venv starts pip too
    ended = run_process(
        command, on_line=said.append, is_cancelled=is_cancelled, log=log, cwd=environment, environment=variables
    )
    for line in said:
        log.write(line)
    if ended.code != 0:
        reason = ended.last_words or next((line for line in said if line.strip()), str(ended.code))
        raise CommandError(
            tr("{python} could not make an environment: {reason}").format(python=python, reason=reason),
            tr("The log has all it said. On Debian and Ubuntu: sudo apt install python3-venv"),
        )


def _command_of(environment: Path) -> Path:
    command = executable_in(environment)
    if command is None:
        raise CommandError(
            tr("what was installed has no roofgeo command"),
            tr("Is this the right package? Look at what to install from in the settings."),
        )
    return Path(command)


def _remove_soon(environments: list[Path]) -> None:
    """Remove environments, and the folders around them if they are empty then.

    Thousands of files take their time, and who has cancelled waits no longer than a second: the rest goes by itself.
    """

    def remove() -> None:
        for environment in environments:
            _remove(environment)
            for empty in (environment.parent, environment.parent.parent):
                with contextlib.suppress(OSError):
                    empty.rmdir()

    thread = threading.Thread(target=remove, name="roofgeo removal")
    thread.start()
    thread.join(timeout=_REMOVAL_S)


def _remove(folder: Path) -> None:
    """Remove a folder; Windows may hold files of a program for a moment after it has ended."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
