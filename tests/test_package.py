"""What `import roofgeo` offers, and what the wheel brings."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import roofgeo
from roofgeo import pipeline
from roofgeo.models.card import CARD, ITEM, ONNX, WEIGHTS, read_card
from roofgeo.models.library import shipped_models

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOST_BYTES_OF_WEIGHTS = 70_000_000


def test_functions_are_the_pipeline_s() -> None:
    assert roofgeo.predict is pipeline.predict
    assert roofgeo.train is pipeline.train
    assert roofgeo.evaluate is pipeline.evaluate


def test_other_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="forecast"):
        _ = roofgeo.forecast


def test_the_licence_names_that_of_each_model() -> None:
    named = PROJECT["license"].split(" AND ")
    text = (ROOT / "roofgeo" / "models" / "weights" / "LICENSE.md").read_text(encoding="utf-8")
    for name, folder in shipped_models().items():
        licence = read_card(folder).licence
        assert licence in named
        assert re.search(rf"^\| `{name}` \|.*`{licence}`", text, flags=re.MULTILINE)


@pytest.mark.slow
def test_the_wheel_brings_the_models_and_their_licences(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True)
    (path,) = tmp_path.glob("roofgeo-*.whl")
    with zipfile.ZipFile(path) as wheel:
        sizes = {entry.filename: entry.file_size for entry in wheel.infolist()}
        (metadata,) = (name for name in sizes if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(wheel.read(metadata).decode())
    assert {name.split("/")[0] for name in sizes} == {"roofgeo", metadata.split("/")[0]}
    for name in shipped_models():
        for file in (CARD, ITEM, ONNX, WEIGHTS, "MODEL_CARD.md"):
            assert sizes[f"roofgeo/models/weights/{name}/{file}"] > 0
    assert sum(size for name, size in sizes.items() if name.endswith((ONNX, WEIGHTS))) <= MOST_BYTES_OF_WEIGHTS
    assert told["License-Expression"] == PROJECT["license"]
    licences = told.get_all("License-File", [])
    assert {Path(name).name for name in licences} == {"LICENSE", "LICENSE.md", "LICENSE-Apache-2.0.txt"}
    assert all(metadata.replace("METADATA", f"licenses/{name}") in sizes for name in licences)
