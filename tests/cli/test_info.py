"""roofgeo info tells programs what they can ask for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

import onnxruntime
import rasterio

from roofgeo import __version__
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model, shipped_models
from tests.cli.command import events, roofgeo

LIMIT_S = 3.0
"""Loading GDAL twice, geopandas and ONNX Runtime takes 0.8 s of a fast core and 2.0 s of a slow one."""


def test_json_names_versions_models_and_devices() -> None:
    (said,) = events(roofgeo("info", "--json").stdout)
    assert said["event"] == "result"
    assert (said["version"], said["python"]) == (__version__, platform.python_version())
    assert said["libraries"]["GDAL"] == rasterio.__gdal_version__
    assert said["libraries"]["onnxruntime"] == onnxruntime.__version__
    assert [model["name"] for model in said["models"]] == list(shipped_models())
    (default,) = (model for model in said["models"] if model["default"])
    card = open_model(DEFAULT_MODEL).card
    assert default == {
        "name": card.name,
        "version": card.version,
        "default": True,
        "shipped": True,
        "pixel_size_m": card.pixel_size_m,
        "source_pixel_size_m": [0.05, 0.3],
        "tile_px": card.tile_px,
        "overlap_px": card.overlap_px,
        "licence": card.licence,
        "commercial": card.commercial,
        "heads": list(card.heads),
    }
    (device,) = said["devices"]
    assert device["name"] == "cpu" and device["description"]
    assert 1 <= device["threads"] <= (os.cpu_count() or 1)


def test_a_person_gets_a_table() -> None:
    lines = roofgeo("info").stdout.splitlines()
    assert lines[0].split() == ["roofgeo", __version__]
    starts = {line.split("  ")[0] for line in lines}
    assert {"Python", "GDAL", "PROJ", f"model {DEFAULT_MODEL}", "device cpu"} <= starts


def test_info_is_quick() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert roofgeo("info", "--json").returncode == 0
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < LIMIT_S


def test_info_imports_no_torch() -> None:
    code = (
        "import sys; from roofgeo.cli import main\n"
        "main(['info'], standalone_mode=False)\n"
        "sys.exit(int(any(name in sys.modules for name in ('torch', 'torchgeo', 'skimage'))))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60).returncode == 0
