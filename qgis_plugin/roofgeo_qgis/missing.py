"""What the dialog says while there is no roofgeo to run, or one that does not answer as it should."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from . import settings
from .message_label import MessageLabel
from .translation import tr


class MissingNotice(QFrame):
    """A line on top of the dialog, and the one button that helps."""

    options_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("roofgeo_missing")
        self.setStyleSheet(
            "#roofgeo_missing { background: #fff4d6; border: 1px solid #e0b84c; border-radius: 3px; }"
            "#roofgeo_missing QLabel { color: #3d3210; }"
        )
        self._text = MessageLabel("roofgeo_missing_text")
        self._button = QPushButton()
        self._button.setObjectName("roofgeo_install")
        self._button.setAutoDefault(False)
        self._button.clicked.connect(self.options_wanted)
        layout = QHBoxLayout(self)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        self.tell()

    def tell(self, problem: str = "") -> None:
        """Say what is wrong with the command; without a problem: that it is missing, or where the user has named it."""
        path = settings.command_path()
        if problem:
            self._text.setText(problem)
            self._button.setText(tr("Settings…"))
        elif path:
            self._text.setText(tr("There is no roofgeo at {path}.").format(path=path))
            self._button.setText(tr("Settings…"))
        else:
            self._text.setText(tr("roofgeo is not installed yet. It takes one button and a few minutes."))
            self._button.setText(tr("Install…"))
