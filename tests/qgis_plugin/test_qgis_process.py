"""The plugin from its ZIP in a real qgis_process, among variables that would break any other Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")

pytestmark = [pytest.mark.qgis, pytest.mark.slow]

# Debian's wrapper `qgis_process` of 3.22 calls a program that does not exist.
QGIS_PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")

# Right for QGIS, whose Python and PROJ are the system's; wrong for the command, which has its own.
OF_QGIS = {
    "PYTHONHOME": "/usr",
    "PROJ_LIB": "/usr/share/proj",
    "PROJ_DATA": "/usr/share/proj",
    "GDAL_DATA": "/usr/share/gdal",
    "GDAL_DRIVER_PATH": "/usr/lib/gdalplugins",
    "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu",
}


def qgis_process(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **OF_QGIS, "QGIS_CUSTOM_CONFIG_PATH": str(profile), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("VIRTUAL_ENV", None)
    return subprocess.run(
        [str(QGIS_PROCESS), *arguments], env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_algorithm_runs_without_a_window(profile: Path, sample: Path, tmp_path: Path) -> None:
    qgis_process(profile, "plugins", "enable", "roofgeo_qgis")  # returns 1 where it is on already
    assert "roofgeo:predict" in qgis_process(profile, "list").stdout
    output = tmp_path / "Ergebnis" / "Dächer.gpkg"
    done = qgis_process(
        profile, "--json", "run", "roofgeo:predict", "--",
        f"INPUT={sample / 'ortho.tif'}", f"AREA={sample / 'area.geojson'}", "MIN_CONFIDENCE=0.1", f"OUTPUT={output}",
        f"OUTPUT_SEGMENTS={tmp_path / 'segments.tif'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)["results"]
    assert results["OUTPUT"] == str(output) and output.is_file()
    assert results["BUILDING_COUNT"] > 5 and results["SEGMENT_COUNT"] > results["BUILDING_COUNT"]
    assert [p.name for p in output.parent.iterdir()] == ["Dächer.gpkg"]


def test_a_mistake_is_told_in_one_line_with_the_way_out(profile: Path, sample: Path, tmp_path: Path) -> None:
    qgis_process(profile, "plugins", "enable", "roofgeo_qgis")
    done = qgis_process(
        profile, "run", "roofgeo:predict", "--",
        f"INPUT={sample / 'ortho.tif'}", "EXTENT=0,100,0,100 [EPSG:32632]", f"OUTPUT={tmp_path / 'roofs.gpkg'}",
    )  # fmt: skip
    assert done.returncode != 0
    assert "lies outside the imagery" in done.stdout + done.stderr
    assert not (tmp_path / "roofs.gpkg").exists()
