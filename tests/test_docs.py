"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.make_formats import TARGET, render
from roofgeo.schema import GEOPACKAGE, LAYERS, RASTERS

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_formats_are_those_of_the_schema() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(), "run python docs/make_formats.py"


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_the_readme_names_all_fields_of_a_layer(layer) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{layer.name}`"))
    _, fields = row.strip("| ").split("|")
    assert re.findall(r"`(\w+)`", fields) == [field.name for field in layer.fields]


def test_the_readme_names_all_files() -> None:
    named = re.findall(r"^\| `(\w+\.\w+)`", README, flags=re.MULTILINE)
    assert named == [GEOPACKAGE, *(raster.filename for raster in RASTERS.values())]


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("make ")]
    assert commands[:2] == ["make demo", "make test"]


PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("roofgeo/**/*.md")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []
