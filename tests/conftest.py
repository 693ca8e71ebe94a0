"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets: ROOFGEO_TEST_DATA, or ``../shared/data`` beside the project."""
    folder = Path(os.environ.get("ROOFGEO_TEST_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} does not exist; set ROOFGEO_TEST_DATA to the folder that holds it")
    return folder
