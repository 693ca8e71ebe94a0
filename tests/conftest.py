"""What all tests share."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """The tests, and what they start, know nothing of what the user has set or added, and leave it alone."""
    config.stash[_HOME] = home = tempfile.mkdtemp(prefix="roofgeo-tests-")
    os.environ["XDG_CONFIG_HOME"] = home
    os.environ["ROOFGEO_MODELS"] = str(Path(home) / "models")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_HOME], ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets: ROOFGEO_TEST_DATA, or ``../shared/data`` beside the project."""
    folder = Path(os.environ.get("ROOFGEO_TEST_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} does not exist; set ROOFGEO_TEST_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl+C works in the tests and in what they start, also where they run in the background of a shell."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
