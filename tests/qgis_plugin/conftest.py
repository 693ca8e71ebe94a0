"""The plugin is tested with the real command, on the sample scene, in a real QGIS."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def roofgeo_command() -> tuple[str, ...]:
    """The real command, from one of the environments that make sets up."""
    for environment in (".venv", ".venv-dev"):
        command = ROOT / environment / "bin" / "roofgeo"
        if command.is_file():
            return (str(command),)
    return (sys.executable, "-m", "roofgeo.cli")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the sample scene; a copy, for QGIS writes beside what it opens."""
    return shutil.copytree(ROOT / "samples", tmp_path_factory.mktemp("sample") / "samples")


@pytest.fixture(scope="session")
def predicted(roofgeo_command: tuple[str, ...], sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of what the real command makes of the sample scene."""
    folder = tmp_path_factory.mktemp("predicted") / "roofs"
    arguments = ["predict", "--aoi", str(sample / "area.geojson"), "--output", str(folder), "--quiet"]
    subprocess.run([*roofgeo_command, *arguments], check=True)
    return folder


@pytest.fixture
def profile(tmp_path: Path, roofgeo_command: tuple[str, ...]) -> Path:
    """A folder of QGIS profiles whose default one has the plugin, from its ZIP, switched on, and knows the command."""
    spec = importlib.util.spec_from_file_location("package", ROOT / "qgis_plugin" / "package.py")
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    profile = tmp_path / "QGIS für Ämter" / "profiles" / "default"
    with zipfile.ZipFile(package.make_zip(tmp_path / "dist")) as archive:
        archive.extractall(profile / "python" / "plugins")
    (profile / "QGIS").mkdir()
    settings = f"[PythonPlugins]\nroofgeo_qgis=true\n\n[roofgeo]\ncommand={roofgeo_command[0]}\n"
    (profile / "QGIS" / "QGIS3.ini").write_text(settings, encoding="utf-8")
    return profile.parent.parent


@pytest.fixture
def still_map(qgis_iface: Any, qgis_new_project: Any) -> Iterator[None]:
    """No drawing in the background: QGIS 3.22 can crash where a layer goes just when its drawing begins."""
    canvas = qgis_iface.mapCanvas()
    canvas.setRenderFlag(False)
    yield
    qgis_new_project.clear()
    canvas.setRenderFlag(True)
