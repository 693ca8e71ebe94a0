"""A line of text that may be long, and may say what is wrong."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel

_BAD = "color: #b3261e;"


class MessageLabel(QLabel):
    """Wraps; the user can copy what it says. Nothing in the text is taken for HTML: it may come from a program."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def say(self, text: str, bad: bool = False) -> None:
        """Say this; nothing hides the line."""
        self.setText(text)
        self.setStyleSheet(_BAD if bad else "")
        self.setVisible(bool(text))
