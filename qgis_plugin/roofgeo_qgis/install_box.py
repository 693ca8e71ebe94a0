"""Install roofgeo into an environment of its own, or upgrade it: fields, progress, cancel."""

from __future__ import annotations

from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from . import settings
from .background import Background, start
from .finding import installed_command
from .installation import install
from .message_label import MessageLabel
from .text_dialog import show_log
from .translation import tr

_current: Background | None = None
"""The installation that runs. It goes on when the options are closed, and is shown when they are opened again."""


def install_log() -> Path:
    """What pip has said the last time."""
    return settings.private_folder() / "install.log"


class InstallBox(QGroupBox):
    """The part of the options page that installs."""

    installed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Install"), parent)
        self._explanation = QLabel(
            tr(
                "roofgeo goes into a folder of its own; QGIS stays as it is. "
                "It takes a few minutes, the internet, and a Python of 3.11 or newer on this computer."
            )
        )
        self._explanation.setWordWrap(True)
        self._source = QgsFileWidget()
        self._source.setObjectName("roofgeo_source")
        self._source.setDialogTitle(tr("Choose the package to install"))
        self._source.setFilter(f"{tr('Packages')} (*.whl);;{tr('All files')} (*)")
        self._source.lineEdit().setPlaceholderText(tr("the package index; or a file, or an address"))
        self._source.setFilePath(settings.install_source())
        self._index = QLineEdit(settings.package_index())
        self._index.setObjectName("roofgeo_index")
        self._index.setPlaceholderText(tr("the usual one; or an address"))
        self._message = MessageLabel("roofgeo_install_message")
        form = QFormLayout(self)
        form.addRow(self._explanation)
        form.addRow(tr("Install from"), self._source)
        form.addRow(tr("Package index"), self._index)
        form.addRow(self._message)
        form.addRow(self._buttons())
        self._message.hide()
        self._follow()

    def apply(self) -> None:
        """Keep what is in the fields."""
        settings.set_install_source(self._source.filePath().strip())
        settings.set_package_index(self._index.text().strip())

    def set_found(self, found: bool) -> None:
        """Whether there is a roofgeo already: only where there is none is the button what one presses."""
        upgrades = installed_command(settings.private_folder()) is not None
        self._button.setText(tr("Upgrade") if upgrades else tr("Install"))
        self._button.setDefault(not found)

    def _buttons(self) -> QHBoxLayout:
        self._button = QPushButton()
        self._button.setObjectName("roofgeo_install_now")
        self._button.clicked.connect(self._install)
        self._bar = QProgressBar()
        self._bar.setObjectName("roofgeo_install_progress")
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.setObjectName("roofgeo_install_cancel")
        self._cancel.clicked.connect(_cancel_current)
        self._log = QPushButton(tr("Log"))
        self._log.setObjectName("roofgeo_install_log")
        self._log.clicked.connect(lambda: show_log(install_log(), self.window()))
        self._log.hide()
        row = QHBoxLayout()
        for widget, stretch in ((self._button, 0), (self._bar, 1), (self._cancel, 0), (self._log, 0)):
            row.addWidget(widget, stretch)
        row.addStretch(0)
        return row

    def _install(self) -> None:
        global _current
        self.apply()
        folder, source, index = settings.private_folder(), settings.install_source(), settings.package_index()
        log = install_log()
        _current = Background(
            tr("Installing roofgeo"),
            lambda task: install(
                folder, source, index, on_progress=task.progress, is_cancelled=task.isCanceled, log_path=log
            ),
            is_a_question=False,
        )
        self._say("")
        self._bar.setValue(0)
        self._follow()
        start(_current)

    def _follow(self) -> None:
        """Show the installation that runs, if one does."""
        task = _running()
        if task is not None:
            task.progressed.connect(self._progressed)
            task.succeeded.connect(self._succeeded)
            task.failed.connect(self._failed)
            task.ended.connect(self._ended)
            self._say(tr("Installing …"))
        self._show_running(task is not None)

    def _progressed(self, fraction: float, text: str) -> None:
        self._bar.setValue(round(100 * fraction))
        self._say(text)

    def _succeeded(self, _: object) -> None:
        self._say("")
        self.installed.emit()

    def _failed(self, message: str, hint: str) -> None:
        self._say("\n".join(filter(None, (message, hint))), bad=True)

    def _ended(self) -> None:
        task = self.sender()
        if isinstance(task, Background) and task.isCanceled():
            self._say(tr("Cancelled. Everything is as it was before."))
        self._show_running(False)

    def _show_running(self, running: bool) -> None:
        for widget in (self._bar, self._cancel):
            widget.setVisible(running)
        self._button.setVisible(not running)
        self._source.setEnabled(not running)
        self._index.setEnabled(not running)

    def _say(self, text: str, bad: bool = False) -> None:
        self._message.say(text, bad)
        self._log.setVisible(bad and install_log().is_file())


def _running() -> Background | None:
    """The installation that has not ended yet."""
    if _current is None or sip.isdeleted(_current) or _current.has_ended():
        return None
    return _current


def _cancel_current() -> None:
    task = _running()
    if task is not None:
        task.cancel()
