"""Each name of QGIS the plugin uses exists in this QGIS, and its enums are scoped, as QGIS 4 wants them."""

from __future__ import annotations

import importlib
from enum import Enum
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from tests.qgis_plugin.names import SOURCES, chains

pytestmark = pytest.mark.qgis


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_name_exists_and_every_enum_is_scoped(source: Path) -> None:
    missing, unscoped = [], []
    for module, names in chains(source, "qgis."):
        found = importlib.import_module(module)
        for depth, name in enumerate(names):
            if not hasattr(found, name):
                missing.append(f"{module}: {'.'.join(names)}")
                break
            parent, found = found, getattr(found, name)
            is_value = isinstance(found, (int, Enum)) and not isinstance(found, (bool, type))
            if depth and is_value and not (isinstance(parent, type) and issubclass(parent, (int, Enum))):
                unscoped.append(".".join(names))
    assert missing == []
    assert unscoped == []
