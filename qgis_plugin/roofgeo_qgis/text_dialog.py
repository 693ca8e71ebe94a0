"""A window that shows a long text: a log, a report."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFontDatabase, QTextCursor
from qgis.PyQt.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from .translation import tr


class TextDialog(QDialog):
    """A text to read, select and copy."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None, *, at_end: bool = False) -> None:
        """Take the text; `at_end` shows its last lines first."""
        super().__init__(parent)
        self.setObjectName("roofgeo_text_dialog")
        self.setWindowTitle(title)
        self.resize(820, 520)
        self._text = QPlainTextEdit(text)
        self._text.setObjectName("roofgeo_text")
        self._text.setReadOnly(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        if at_end:
            self._text.moveCursor(QTextCursor.MoveOperation.End)
            self._text.moveCursor(QTextCursor.MoveOperation.StartOfLine)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        copy = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setObjectName("roofgeo_copy")
        copy.clicked.connect(self._copy)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._text.toPlainText())


def show_log(path: Path, parent: QWidget | None) -> TextDialog:
    """Open a log; what cannot be read says so."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        text = tr("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
    return show_text(tr("Log of roofgeo"), text, parent, at_end=True)


def show_text(title: str, text: str, parent: QWidget | None, *, at_end: bool = False) -> TextDialog:
    """Open a window of its own that is gone when it is closed."""
    dialog = TextDialog(title, text, parent, at_end=at_end)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog
