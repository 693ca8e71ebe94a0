"""The page in Settings > Options, with the real command and a real installation of a small package."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWidget
from roofgeo_qgis import settings
from roofgeo_qgis.background import stop_all
from roofgeo_qgis.finding import installed_command
from roofgeo_qgis.options import PAGE, OptionsFactory, OptionsPage
from roofgeo_qgis.text_dialog import TextDialog

from tests.qgis_plugin.events import spin_until, widget
from tests.qgis_plugin.fakes import write_script

pytestmark = pytest.mark.qgis

SOURCE = """
def main():
    print('{"event": "result", "version": "9.9", "models": [{"name": "small", "licence": "MIT"}], "devices": []}')
"""


@pytest.fixture(autouse=True)
def own_settings(qgis_app: QgsApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A private folder of our own, and a computer on which roofgeo is nowhere."""
    monkeypatch.setattr(settings, "private_folder", lambda: tmp_path / "private")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    forget_settings()
    yield
    assert stop_all()
    forget_settings()


def forget_settings() -> None:
    for forget in (settings.set_command_path, settings.set_install_source, settings.set_package_index):
        forget("")


@pytest.fixture
def page() -> Iterator[OptionsPage]:
    page = OptionsPage()
    page.resize(640, 560)
    page.show()
    yield page
    page.close()


def text_of(page: QWidget, name: str) -> str:
    return str(widget(page, name).text())


def make_wheel(folder: Path) -> Path:
    """A package named roofgeo whose command answers; it needs no other."""
    files = {
        "roofgeo.py": SOURCE,
        "roofgeo-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: roofgeo\nVersion: 9.9\n",
        "roofgeo-9.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "roofgeo-9.9.dist-info/entry_points.txt": "[console_scripts]\nroofgeo = roofgeo:main\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text.encode())}\n"
    path = folder / "roofgeo-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, "roofgeo-9.9.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    return path


def test_without_roofgeo_the_page_says_what_to_press(page: OptionsPage) -> None:
    assert "press Install" in text_of(page, "roofgeo_found")
    assert text_of(page, "roofgeo_install_now") == "Install"
    assert widget(page, "roofgeo_install_now").isDefault()
    assert not widget(page, "roofgeo_test").isEnabled()


def test_the_page_tells_which_command_is_taken_and_from_where(
    page: OptionsPage, roofgeo_command: tuple[str, ...]
) -> None:
    widget(page, "roofgeo_command").setFilePath(roofgeo_command[0])
    assert text_of(page, "roofgeo_found") == f"roofgeo was found at the path below: {roofgeo_command[0]}"
    widget(page, "roofgeo_command").setFilePath("/nowhere/roofgeo")
    assert "no program at this path" in text_of(page, "roofgeo_found")


def test_only_apply_keeps_what_is_in_the_fields(page: OptionsPage) -> None:
    widget(page, "roofgeo_command").setFilePath("/a/roofgeo")
    widget(page, "roofgeo_source").setFilePath("/a/roofgeo.whl")
    widget(page, "roofgeo_index").setText("https://example.org/simple")
    assert (settings.command_path(), settings.install_source(), settings.package_index()) == ("", "", "")
    page.apply()
    assert settings.command_path() == "/a/roofgeo"
    assert settings.install_source() == "/a/roofgeo.whl"
    assert settings.package_index() == "https://example.org/simple"
    assert widget(OptionsPage(), "roofgeo_command").filePath() == "/a/roofgeo"


def test_test_shows_version_models_and_devices_of_the_real_command(
    page: OptionsPage, roofgeo_command: tuple[str, ...]
) -> None:
    widget(page, "roofgeo_command").setFilePath(roofgeo_command[0])
    widget(page, "roofgeo_test").click()
    assert not widget(page, "roofgeo_test").isEnabled()
    assert spin_until(lambda: "works" in text_of(page, "roofgeo_answer"))
    version, models, devices = text_of(page, "roofgeo_answer").splitlines()
    assert version.startswith("roofgeo 0.")
    assert models.startswith("Models: ") and "research (CC-BY-NC-4.0)" in models
    assert devices.startswith("Runs on: cpu (")
    assert spin_until(widget(page, "roofgeo_test").isEnabled, 5)


def test_test_of_something_else_says_what_is_wrong(page: OptionsPage, tmp_path: Path) -> None:
    other = write_script(tmp_path / "other program", "print('hello')\n")
    widget(page, "roofgeo_command").setFilePath(str(other))
    widget(page, "roofgeo_test").click()
    assert spin_until(lambda: "roofgeo command?" in text_of(page, "roofgeo_answer"))
    assert spin_until(widget(page, "roofgeo_test").isEnabled, 5)


def test_install_makes_an_environment_and_uses_it(page: OptionsPage, tmp_path: Path) -> None:
    settings.set_command_path("/gone/roofgeo")
    widget(page, "roofgeo_command").setFilePath("/gone/roofgeo")
    widget(page, "roofgeo_source").setFilePath(str(make_wheel(tmp_path)))
    widget(page, "roofgeo_install_now").click()
    bar = widget(page, "roofgeo_install_progress")
    assert bar.isVisible()
    assert spin_until(lambda: bar.value() > 0)
    assert spin_until(lambda: "roofgeo 9.9 works" in text_of(page, "roofgeo_answer"), 120)
    assert not bar.isVisible()
    assert settings.command_path() == ""
    found = settings.find_command()
    assert found is not None
    assert found.command == (str(installed_command(tmp_path / "private")),)
    assert "where this page installs it" in text_of(page, "roofgeo_found")
    assert text_of(page, "roofgeo_install_now") == "Upgrade"
    assert settings.install_source() == str(tmp_path / "roofgeo-9.9-py3-none-any.whl")


def test_an_installation_that_fails_says_why_and_shows_its_log(page: OptionsPage, tmp_path: Path) -> None:
    widget(page, "roofgeo_source").setFilePath(str(tmp_path / "missing.whl"))
    widget(page, "roofgeo_install_now").click()
    assert spin_until(lambda: "missing.whl" in text_of(page, "roofgeo_install_message"))
    assert spin_until(widget(page, "roofgeo_install_now").isVisible, 5)
    widget(page, "roofgeo_install_log").click()
    dialog = page.window().findChild(TextDialog)
    assert "missing.whl" in widget(dialog, "roofgeo_text").toPlainText()
    dialog.close()


def test_an_installation_can_be_cancelled_and_leaves_nothing(page: OptionsPage, tmp_path: Path) -> None:
    widget(page, "roofgeo_source").setFilePath(str(make_wheel(tmp_path)))
    widget(page, "roofgeo_install_now").click()
    assert spin_until(lambda: widget(page, "roofgeo_install_progress").value() >= 3)
    widget(page, "roofgeo_install_cancel").click()
    assert spin_until(lambda: "Cancelled" in text_of(page, "roofgeo_install_message"), 5)
    assert installed_command(tmp_path / "private") is None
    assert text_of(page, "roofgeo_install_now") == "Install"
    assert widget(page, "roofgeo_install_now").isVisible()


def test_an_installation_goes_on_without_the_page_and_is_shown_again(tmp_path: Path) -> None:
    page = OptionsPage()
    widget(page, "roofgeo_source").setFilePath(str(make_wheel(tmp_path)))
    widget(page, "roofgeo_install_now").click()
    page.deleteLater()
    again = OptionsPage()
    again.show()
    assert widget(again, "roofgeo_install_progress").isVisible()
    assert not widget(again, "roofgeo_install_now").isVisible()
    assert spin_until(lambda: "roofgeo 9.9 works" in text_of(again, "roofgeo_answer"), 120)
    again.close()


def test_diagnose_copies_the_report_and_shows_it(page: OptionsPage, roofgeo_command: tuple[str, ...]) -> None:
    QgsApplication.clipboard().clear()
    widget(page, "roofgeo_command").setFilePath(roofgeo_command[0])
    page.apply()
    widget(page, "roofgeo_diagnose").click()
    assert spin_until(lambda: page.window().findChild(TextDialog))
    dialog = page.window().findChild(TextDialog)
    shown = widget(dialog, "roofgeo_text").toPlainText()
    assert "## What the command says" in shown
    assert "research" in shown
    assert QgsApplication.clipboard().text() == shown
    assert spin_until(widget(page, "roofgeo_diagnose").isEnabled, 5)
    dialog.close()


@pytest.mark.parametrize("button", ["roofgeo_test", "roofgeo_diagnose"])
def test_an_answer_that_comes_when_the_page_is_gone_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[1]))
    done = tmp_path / "done"
    body = f"time.sleep(0.5); open({str(done)!r}, 'w'); say(event='result', version='1.0')\n"
    settings.set_command_path(str(write_script(tmp_path / "slow", body)))
    page = OptionsPage()
    widget(page, button).click()
    sip.delete(page)
    assert spin_until(done.is_file, 10)
    assert spin_until(lambda: not QgsApplication.taskManager().tasks(), 10)
    QTest.qWait(100)
    assert told == []


def test_qgis_gets_a_page_of_the_name_it_is_opened_by() -> None:
    factory = OptionsFactory()
    page = factory.createWidget(None)
    assert (factory.title(), page.objectName()) == ("roofgeo", PAGE)
    assert not factory.icon().isNull()
