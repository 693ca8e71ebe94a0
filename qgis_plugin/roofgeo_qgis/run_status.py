"""The lower part of the dialog: what a run would take, how far it is, and the buttons."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from . import settings
from .message_label import MessageLabel
from .preflight import Preflight
from .text_dialog import show_log
from .translation import tr


class RunStatus(QWidget):
    """One button begins, and cancels what it has begun."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = MessageLabel("roofgeo_summary")
        self._message = MessageLabel("roofgeo_message")
        self._stage = MessageLabel("roofgeo_stage")
        self._bar = QProgressBar()
        self._bar.setObjectName("roofgeo_progress")
        self.find = _button("roofgeo_find", tr("Find roofs"))
        self.find.setDefault(True)
        self.cancel = _button("roofgeo_cancel", tr("Cancel"))
        self._log = _button("roofgeo_log", tr("Log"))
        self._log.clicked.connect(lambda: show_log(settings.log_path(), self.window()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._summary, self._message, self._bar, self._stage):
            layout.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self._log)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.find)
        layout.addLayout(buttons)
        self.end()
        self.say("")

    def begin(self, stage: str) -> None:
        """Something runs; how far it is, is not known yet."""
        self._show_running(True)
        self._bar.setRange(0, 0)
        self._message.hide()
        self.set_stage(stage)

    def end(self) -> None:
        """Nothing runs any more."""
        self._show_running(False)
        self._summary.hide()

    def say(self, text: str, bad: bool = False, with_log: bool = False) -> None:
        """What has come of it, or what is missing; nothing hides the line."""
        self._message.say(text, bad)
        self._log.setVisible(with_log and settings.log_path().is_file())

    def show_plan(self, preflight: Preflight) -> None:
        """What the run would take, and what to know of it."""
        self._summary.setText("\n".join([preflight.summary, *(f"⚠ {warning}" for warning in preflight.warnings)]))
        self._summary.show()

    def set_stage(self, text: str) -> None:
        """What is being done, and the remaining time."""
        self._stage.setText(text)

    def set_percent(self, percent: float) -> None:
        """How far it is."""
        self._bar.setRange(0, 100)
        self._bar.setValue(int(percent))

    def _show_running(self, running: bool) -> None:
        self._bar.setVisible(running)
        self._stage.setVisible(running)
        self.cancel.setVisible(running)
        self.find.setVisible(not running)


def _button(name: str, text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    return button
