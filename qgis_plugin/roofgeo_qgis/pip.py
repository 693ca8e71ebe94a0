"""Has pip fill an environment: progress from what it prints, errors in words that tell the way out."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .environment import clean_environment
from .log import Log, without_credentials
from .process import CommandError, Ended, run_process
from .translation import tr

ProgressCallback = Callable[[float, str], None]

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color")
_QUIETLY = ("--progress-bar", "off", "--no-warn-script-location", "--prefer-binary")
_ELSEWHERE = ("TARGET", "PREFIX", "ROOT", "PYTHON", "USER", "DRY_RUN", "NO_DEPS", "QUIET", "REPORT", "DOWNLOAD")
"""Settings of pip that would put the packages elsewhere or keep it from telling; all others stay the user's."""

_FETCHED = re.compile(r"\s*(?:Collecting|Processing|Downloading|Using cached|Building wheel for) (?P<what>\S+)")
_INSTALLING = re.compile(r"Installing collected packages: (?P<names>.+)")
_UNREACHABLE = re.compile(
    r"Retrying \(Retry|Max retries exceeded|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|"
    r"Name or service not known|Temporary failure in name resolution|getaddrinfo failed"
)


_LOOK_S = 0.5
_PACKAGES = "site-packages/*.dist-info" if os.name == "nt" else "python3*/site-packages/*.dist-info"


class Steps:
    """Hands on a fraction that never goes back."""

    def __init__(self, on_progress: ProgressCallback) -> None:
        """Begin at 0."""
        self._on_progress = on_progress
        self._fraction = 0.0

    def __call__(self, fraction: float, text: str) -> None:
        """So far, and this is done now."""
        self._fraction = max(self._fraction, min(fraction, 1.0))
        self._on_progress(self._fraction, text)


def pip_install(
    environment: Path, requirement: str, index: str, steps: Steps, is_cancelled: Callable[[], bool], log: Log
) -> None:
    """Install a requirement and what it depends on.

    A requirement by name comes from the index and nowhere else, also where a public one has something of that name:
    it is fetched first, alone. What it depends on comes from there or the usual index.

    Raises:
        Cancelled: `is_cancelled` said so.
        CommandError: pip failed.
    """
    pip = _Pip(environment, requirement, index, steps, is_cancelled, log)
    if index and "://" not in requirement and not os.path.isabs(requirement):
        requirement = pip.fetch(requirement)
    pip.run(["install", *_QUIETLY, *(["--extra-index-url", index] if index else []), requirement])
    pip.clean_up()


class _Pip:
    """The pip of an environment."""

    def __init__(
        self, environment: Path, asked_for: str, index: str, steps: Steps, is_cancelled: Callable[[], bool], log: Log
    ) -> None:
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        self._python = programs / ("python.exe" if os.name == "nt" else "python")
        self._variables = pip_environment(environment)
        self._temporary = Path(self._variables["TMPDIR"])
        self._asked_for = asked_for
        self._index = index
        self._steps = steps
        self._is_cancelled = is_cancelled
        self._log = log
        self._packages = environment / ("Lib" if os.name == "nt" else "lib")
        self._fetched = 0
        self._expected = 0
        self._looked = 0.0

    def fetch(self, requirement: str) -> str:
        """Fetch a requirement alone, from the index alone; return path and extras."""
        wheels, nothing = self._temporary / "wheels", self._temporary / "nothing"
        nothing.mkdir(parents=True, exist_ok=True)
        only = {"PIP_EXTRA_INDEX_URL": self._index, "PIP_FIND_LINKS": str(nothing), "PIP_NO_INDEX": "0"}
        arguments = ["--no-deps", "--progress-bar", "off", "--index-url", self._index, "--wheel-dir", str(wheels)]
        self.run(["wheel", *arguments, requirement], only)
        extras = re.match(r"[^\[;@]*(\[[^\]]*\])", requirement)
        return f"{next(wheels.glob('*.whl'))}{extras.group(1) if extras else ''}"

    def run(self, arguments: list[str], variables: Mapping[str, str] | None = None) -> None:
        """Run pip to its end."""
        ended = run_process(
            [str(self._python), *_PIP, *arguments],
            on_line=self._hear,
            is_cancelled=self._poll,
            log=self._log,
            cwd=self._temporary,  # not the working folder: a module in it would be taken for one of pip's
            environment={**self._variables, **(variables or {})},
        )
        if ended.code != 0:
            raise _error(ended, self._asked_for, self._index)

    def clean_up(self) -> None:
        """Remove what pip needed on the way."""
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _hear(self, line: str) -> None:
        self._log.write(line)
        fetched, installing = _FETCHED.match(line), _INSTALLING.match(line)
        if fetched:
            # How many will come nobody knows before; a light install prints about sixty such lines.
            self._fetched += 1
            text = tr("Fetching {package}").format(package=package_name(fetched["what"]))
            self._steps(0.1 + 0.45 * (1 - 0.97**self._fetched), text)
        elif installing:
            self._expected = installing["names"].count(",") + 1
            self._tell_installed()

    def _poll(self) -> bool:
        # pip is silent while it unpacks, for most of the time: count what has arrived.
        if self._expected and time.monotonic() - self._looked > _LOOK_S:
            self._tell_installed()
        return self._is_cancelled()

    def _tell_installed(self) -> None:
        self._looked = time.monotonic()
        arrived = sum(1 for _ in self._packages.glob(_PACKAGES))
        fraction = min(arrived / self._expected, 1.0)
        self._steps(0.55 + 0.38 * fraction, tr("Installing {count} packages").format(count=self._expected))


def pip_environment(environment: Path) -> dict[str, str]:
    """Variables pip runs with: cleaned, its settings kept, its temporary files in a folder of the environment.

    So they go with the environment when it is cancelled.
    """
    temporary = environment / "tmp"
    temporary.mkdir(exist_ok=True)
    environ = clean_environment()
    for name in _ELSEWHERE:
        environ.pop(f"PIP_{name}", None)
    return {**environ, "PIP_USER": "0", **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}


def package_name(what: str) -> str:
    """The name in a requirement, or in the address or path of a file."""
    name = os.path.basename(what.rstrip("/"))
    is_file = re.search(r"\.(whl|zip|tar\.gz)\b", name)
    return name.split("-")[0] if is_file else re.split(r"[<>=!~\[;@(]", name)[0]


def _error(ended: Ended, asked_for: str, index: str) -> CommandError:
    """What pip said, in words that tell the way out."""
    said = "\n".join(ended.errors)
    lines = [line.strip()[len("ERROR: ") :] for line in ended.errors if line.strip().startswith("ERROR: ")]
    reason = without_credentials(lines[-1] if lines else ended.last_words)
    missing = re.search(r"No matching distribution found for ([^\s\[<>=!~;(]+)", said)
    if _UNREACHABLE.search(said):
        return CommandError(
            tr("the package index cannot be reached: {reason}").format(reason=reason),
            tr("Is this computer online, and the proxy set? The log has all that pip said."),
        )
    if missing and asked_for.lower().startswith(missing[1].lower()):
        return CommandError(
            tr("{index} does not have {package}").format(
                index=without_credentials(index) or tr("the package index"), package=asked_for
            ),
            tr("Give another index, a wheel file or an address in the settings."),
        )
    if missing:
        return CommandError(
            tr("there is no {package} for this Python on this system").format(package=missing[1]),
            tr("Install Python 3.12 and try again."),
        )
    if "Cannot find command 'git'" in said:
        return CommandError(tr("git is needed to install from this address"), tr("Install git and try again."))
    return CommandError(
        tr("pip could not install {package}: {reason}").format(
            package=without_credentials(asked_for), reason=reason or ended.code
        ),
        tr("The log has all that pip said."),
    )
