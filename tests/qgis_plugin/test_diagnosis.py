"""The report for a bug report: complete with the real command, and never less than it can be without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import Qgis, QgsApplication
from roofgeo_qgis import diagnosis, settings
from roofgeo_qgis.diagnosis import LOG_LINES, plugin_version, report
from roofgeo_qgis.process import Cancelled

from tests.qgis_plugin.fakes import write_script

pytestmark = pytest.mark.qgis


@pytest.fixture(autouse=True)
def own_settings(qgis_app: QgsApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "private_folder", lambda: tmp_path / "private")
    yield
    settings.set_command_path("")
    settings.set_package_index("")


def sections(text: str) -> dict[str, str]:
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=\n\n## |\Z)", text, flags=re.MULTILINE | re.DOTALL))


def test_the_report_tells_versions_command_models_and_devices(roofgeo_command: tuple[str, ...]) -> None:
    settings.set_command_path(roofgeo_command[0])
    found = sections(report())
    assert f"Plugin {plugin_version()}" in found["Versions"]
    assert f"QGIS {Qgis.version()}, Qt " in found["Versions"]
    assert f"taken: {roofgeo_command[0]} (settings)" in found["Commands found"]
    for word in ('"version"', "research", "onnxruntime", '"cpu"'):
        assert word in found["What the command says"]
    assert "python" in found["Pythons to install with"]
    assert found["Disk"].count(" free of ") == 2
    assert not any(text.startswith("failed") for title, text in found.items() if not title.startswith("Last"))


def test_a_part_that_fails_says_so_and_the_rest_still_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.set_command_path(str(write_script(tmp_path / "roofgeo", "print('garbage')\n")))
    monkeypatch.setattr(diagnosis, "__file__", str(tmp_path / "no metadata here" / "diagnosis.py"))
    found = sections(report())
    assert found["Versions"].startswith("failed: FileNotFoundError")
    assert found["What the command says"].startswith("failed: CommandError")
    assert found["Last run"].splitlines()[1].startswith("failed: FileNotFoundError")
    assert "taken: " in found["Commands found"]
    assert len(found) == 10


def test_only_the_end_of_a_long_log_comes() -> None:
    settings.log_path().parent.mkdir(parents=True)
    settings.log_path().write_text("".join(f"line {number}\n" for number in range(1000)), encoding="utf-8")
    lines = sections(report())["Last run"].splitlines()
    assert lines[0] == str(settings.log_path())
    assert lines[1:] == [f"line {number}" for number in range(1000 - LOG_LINES, 1000)]


def test_variables_that_would_harm_the_command_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJ_LIB", "/broken")
    assert "PROJ_LIB=/broken" in sections(report())["Variables kept from the command"]


def test_passwords_do_not_get_into_the_report() -> None:
    settings.set_package_index("https://someone:secret@example.org/simple")
    text = report()
    assert "secret" not in text
    assert "example.org/simple" in text


def test_a_report_can_be_cancelled(roofgeo_command: tuple[str, ...]) -> None:
    settings.set_command_path(roofgeo_command[0])
    with pytest.raises(Cancelled):
        report(lambda: True)
