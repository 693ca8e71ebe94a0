"""The page "roofgeo" in Settings > Options: which command, install it, test it, diagnose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from . import settings
from .background import Background, start
from .diagnosis import report
from .finding import Found, ask, find
from .install_box import InstallBox
from .message_label import MessageLabel
from .text_dialog import show_text
from .translation import tr

PAGE = "roofgeo_options"
"""Object name of the page: QGIS opens the options there."""


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page whenever QGIS opens its options."""

    def __init__(self) -> None:
        super().__init__()
        self.setTitle("roofgeo")

    def icon(self) -> QIcon:
        """In the list of pages."""
        return QIcon(str(Path(__file__).with_name("icon.svg")))

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:
        """Called by QGIS."""
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """What an analyst does here once: press Install."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        self._install = InstallBox()
        self._install.installed.connect(self._use_installed)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.addWidget(self._command_box())
        layout.addWidget(self._install)
        layout.addLayout(self._diagnose_row())
        layout.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(content)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(area)
        self._show_found()

    def apply(self) -> None:
        """Called by QGIS when the user presses OK."""
        settings.set_command_path(self._path.filePath().strip())
        self._install.apply()

    def _command_box(self) -> QGroupBox:
        self._found_text = MessageLabel("roofgeo_found")
        self._path = QgsFileWidget()
        self._path.setObjectName("roofgeo_command")
        self._path.setDialogTitle(tr("Choose the roofgeo command"))
        self._path.lineEdit().setPlaceholderText(tr("found by itself"))
        self._path.setFilePath(settings.command_path())
        self._path.fileChanged.connect(lambda _: self._show_found())
        self._test = QPushButton(tr("Test"))
        self._test.setObjectName("roofgeo_test")
        self._test.clicked.connect(self._ask)
        self._answer = MessageLabel("roofgeo_answer")
        box = QGroupBox(tr("Status"))
        form = QFormLayout(box)
        form.addRow(self._found_text)
        row = QHBoxLayout()
        row.addWidget(self._path, 1)
        row.addWidget(self._test)
        form.addRow(tr("Path of the command"), row)
        form.addRow(self._answer)
        self._answer.hide()
        return box

    def _diagnose_row(self) -> QHBoxLayout:
        self._diagnose = QPushButton(tr("Diagnose"))
        self._diagnose.setObjectName("roofgeo_diagnose")
        self._diagnose.clicked.connect(self._report)
        text = tr("Something does not work? This makes a report and copies it, for you to send.")
        row = QHBoxLayout()
        row.addWidget(MessageLabel("roofgeo_diagnose_text", text), 1)
        row.addWidget(self._diagnose)
        return row

    def _found(self) -> Found | None:
        return find(self._path.filePath().strip(), settings.private_folder())

    def _show_found(self) -> None:
        found, path = self._found(), self._path.filePath().strip()
        if found is not None:
            text = tr("roofgeo was found {where}: {command}")
            text = text.format(where=_place(found.where), command=" ".join(found.command))
        elif path:
            text = tr("There is no program at this path. Empty the field to have roofgeo looked for.")
        else:
            text = tr("roofgeo is not installed yet: press Install below.")
        self._found_text.setText(text)
        self._test.setEnabled(found is not None)
        self._answer.hide()
        self._install.set_found(found is not None)

    def _ask(self) -> None:
        found = self._found()
        if found is None:
            return
        command = found.command
        self._test.setEnabled(False)
        self._answer.say(tr("Asking …"))
        task = Background(tr("Testing roofgeo"), lambda task: ask(command, task.isCanceled))
        # Bound methods throughout: the page may be gone before the answer comes, and Qt knows that of these alone.
        task.succeeded.connect(self._answered)
        task.failed.connect(self._failed)
        task.ended.connect(self._asked)
        start(task)

    def _answered(self, information: dict[str, Any]) -> None:
        self._answer.say(information_text(information))

    def _failed(self, message: str, hint: str) -> None:
        self._answer.say("\n".join(filter(None, (message, hint))), bad=True)

    def _asked(self) -> None:
        self._test.setEnabled(self._found() is not None)

    def _use_installed(self) -> None:
        """Whoever presses Install wants to use what it installs."""
        self._path.setFilePath("")
        settings.set_command_path("")
        self._show_found()
        self._ask()

    def _report(self) -> None:
        self._diagnose.setEnabled(False)
        task = Background(tr("Making a report of roofgeo"), lambda task: report(task.isCanceled))
        task.succeeded.connect(self._show_report)
        task.ended.connect(self._reported)
        start(task)

    def _show_report(self, text: str) -> None:
        QgsApplication.clipboard().setText(text)
        show_text(tr("Report (it is in the clipboard: paste it where you report the problem)"), text, self.window())

    def _reported(self) -> None:
        self._diagnose.setEnabled(True)


def information_text(information: dict[str, Any]) -> str:
    """What a command says of itself, for a person."""
    lines = [tr("roofgeo {version} works.").format(version=information.get("version", "?"))]
    for title, name in ((tr("Models"), "models"), (tr("Runs on"), "devices")):
        entries = [_entry(entry) for entry in information.get(name) or []]
        if entries:
            lines.append(f"{title}: {', '.join(entries)}")
    return "\n".join(lines)


def _entry(entry: dict[str, Any]) -> str:
    details = entry.get("description") or entry.get("licence")
    return f"{entry.get('name', '?')} ({details})" if details else str(entry.get("name", "?"))


def _place(where: str) -> str:
    """`Found.where` in the user's language."""
    places = {
        "settings": tr("at the path below"),
        "private environment": tr("where this page installs it"),
        "PATH": tr("among the programs of this computer"),
        "virtual environment": tr("in the virtual environment QGIS was started from"),
    }
    return places.get(where) or tr("in {place}").format(place=where)
