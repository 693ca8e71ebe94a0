"""The plugin under Qt 6: each name of Qt exists there, and every module can be imported, without a QGIS."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.qgis_plugin.names import PLUGIN, SOURCES, chains, imports

pytest.importorskip("PyQt6", reason="PyQt6 comes with the dev install")

MOVED_TO_GUI = ("QAction", "QActionGroup", "QShortcut")
"""QGIS for Qt 6 gives these in qgis.PyQt.QtWidgets too, where Qt 5 had them."""

STUB = """
import importlib, sys, types

class AnyClass(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return AnyClass(name, (), {})
    def __or__(cls, other):
        return cls

class AnyModule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = AnyClass(name, (), {"__init__": lambda self, *args, **options: None})
        setattr(self, name, made)
        return made

for name in ("qgis", "qgis.core", "qgis.gui", "qgis.utils", "processing", "processing.gui", "processing.tools",
             "processing.gui.Postprocessing", "processing.core", "processing.core.Processing", "osgeo", "osgeo.gdal"):
    sys.modules[name] = AnyModule(name)
    sys.modules[name].__path__ = []
sys.modules["qgis.PyQt"] = types.ModuleType("qgis.PyQt")
from PyQt6 import QtCore, QtGui, QtNetwork, QtSvg, QtWidgets, QtXml, sip
sys.modules["qgis.PyQt"].sip = sys.modules["qgis.PyQt.sip"] = sip
for name in ("QAction", "QActionGroup", "QShortcut"):
    setattr(QtWidgets, name, getattr(QtGui, name))
for module in (QtCore, QtGui, QtNetwork, QtSvg, QtWidgets, QtXml):
    name = module.__name__.replace("PyQt6", "qgis.PyQt")
    sys.modules[name] = module
for name in sys.argv[1:]:
    importlib.import_module(name)
assert "PyQt5" not in sys.modules
"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_name_of_qt_exists_in_qt_6(source: Path) -> None:
    missing = []
    for module, names in chains(source, "qgis.PyQt"):
        found = importlib.import_module(module.replace("qgis.PyQt", "PyQt6"))
        if names[0] in MOVED_TO_GUI:
            found = importlib.import_module("PyQt6.QtGui")
        for name in names:
            if not hasattr(found, name):
                missing.append(f"{module}: {'.'.join(names)}")
                break
            found = getattr(found, name)
    assert missing == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_qt_is_taken_from_qgis_alone_and_nothing_heavy_is_imported(source: Path) -> None:
    allowed = {"qgis", "osgeo", "processing", *sys.stdlib_module_names}
    assert [name for name in imports(source) if name.split(".")[0] not in allowed] == []
    assert ".exec_(" not in source.read_text(encoding="utf-8")


def test_every_module_can_be_imported_under_qt_6() -> None:
    modules = ["roofgeo_qgis", *(f"roofgeo_qgis.{source.stem}" for source in SOURCES if source.stem != "__init__")]
    environment = {**os.environ, "PYTHONPATH": str(PLUGIN.parent), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", STUB, *modules], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
