"""What is handed to QGIS: the ZIP, its metadata, its translations; and that bandit finds nothing in it."""

from __future__ import annotations

import configparser
import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.qgis_plugin.names import PLUGIN, SOURCES

ROOT = PLUGIN.parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PLUGIN.parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


package, translate = script("package"), script("translate")


def test_the_zip_holds_the_plugin_and_nothing_compiled(tmp_path: Path) -> None:
    (PLUGIN / "__pycache__").mkdir(exist_ok=True)
    path = package.make_zip(tmp_path)
    names = zipfile.ZipFile(path).namelist()
    assert path.name == f"roofgeo_qgis-{package.version()}.zip"
    assert {name.split("/")[0] for name in names} == {"roofgeo_qgis"}
    needed = {"__init__.py", "metadata.txt", "icon.svg", "LICENSE", "help.html", "algorithm.py"}
    assert {f"roofgeo_qgis/{name}" for name in needed | {"i18n/roofgeo_de.qm", "i18n/roofgeo_fr.qm"}} <= set(names)
    assert [name for name in names if name.endswith((".pyc", ".ts")) or "__pycache__" in name] == []
    assert path.stat().st_size < 500_000


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    first, second = (package.make_zip(tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_the_metadata_are_complete() -> None:
    from roofgeo import __version__

    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(PLUGIN / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    required = {"name", "description", "about", "version", "author", "email", "homepage", "tracker", "repository"}
    needed = required | {"tags", "icon", "changelog"}
    assert [key for key in needed if not general.get(key)] == []
    assert general["qgisMinimumVersion"] == "3.22" and general["qgisMaximumVersion"] == "4.99"
    assert general["hasProcessingProvider"] == "yes" and general["license"] == "GPL-2.0-or-later"
    assert general["version"] == __version__
    assert (PLUGIN / general["icon"]).is_file()


@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_every_text_is_translated_and_keeps_its_placeholders(language: str) -> None:
    path = translate.FOLDER / f"roofgeo_{language}.ts"
    assert path.read_text(encoding="utf-8") == translate.document(language), "run python qgis_plugin/translate.py"
    known = translate.translations(language)
    assert [text for text in translate.texts() if text not in known] == []
    for text, translated in known.items():
        assert sorted(re.findall(r"{\w*}", text)) == sorted(re.findall(r"{\w*}", translated)), text


@pytest.mark.skipif(translate.lrelease() is None, reason="needs lrelease (Debian: qttools5-dev-tools)")
@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_the_compiled_translations_are_up_to_date(language: str) -> None:
    source = translate.FOLDER / f"roofgeo_{language}.ts"
    assert source.with_suffix(".qm").read_bytes() == translate.compiled(source)


def test_ts_files_are_what_linguist_reads() -> None:
    for source in translate.FOLDER.glob("*.ts"):
        assert ElementTree.parse(source).getroot().findtext("context/name") == "roofgeo"


def test_bandit_finds_nothing() -> None:
    pytest.importorskip("bandit", reason="bandit comes with the dev install")
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", str(PLUGIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_files_stay_small() -> None:
    long = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}
