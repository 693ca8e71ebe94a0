"""What appears above the map when a run is over, also when the dialog was closed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qgis.core import Qgis, QgsMapLayer
from qgis.gui import QgisInterface, QgsMessageBarItem
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton

from . import settings
from .preflight import number_text
from .text_dialog import show_log
from .translation import tr

_UNTIL_CLOSED = 0


class Notices(QObject):
    """Messages with a button; they go with the plugin, for nothing would answer the button.

    Signals:
        review_wanted: The user has asked to review this layer of roof segments (None: it is not in the project).
    """

    review_wanted = pyqtSignal(object)

    def __init__(self, iface: QgisInterface, parent: QObject) -> None:
        super().__init__(parent)
        self._iface = iface
        self._shown: list[QgsMessageBarItem] = []

    def tell_counts(self, results: dict[str, Any], warnings: list[str], segments: QgsMapLayer | None) -> str:
        """Say what was found, with the way to the review of its segments; returns the text."""
        text = tr("{segments} roof segments, {lines} roof lines, {buildings} buildings.").format(
            segments=number_text(results["SEGMENT_COUNT"]),
            lines=number_text(results["LINE_COUNT"]),
            buildings=number_text(results["BUILDING_COUNT"]),
        )
        if not results["SEGMENT_COUNT"]:
            text = tr("No roofs were found. Is the picture an orthophoto of 0.05 to 0.3 m per pixel?")
        text = " ".join([text, *warnings])
        level = Qgis.MessageLevel.Warning if warnings or not results["SEGMENT_COUNT"] else Qgis.MessageLevel.Success
        self._push(text, level, "roofgeo_review", tr("Review…"), partial(self._review, segments))
        return text

    def tell_failure(self, text: str) -> None:
        """Say what went wrong; the full log is one click away."""
        self._push(text.replace("\n", " "), Qgis.MessageLevel.Critical, "roofgeo_bar_log", tr("Log"), self._show_log)

    def close_down(self) -> None:
        """Take away what is still there."""
        while self._shown:
            item = self._shown.pop()
            if not sip.isdeleted(item):
                self._iface.messageBar().popWidget(item)

    def _push(self, text: str, level: Qgis.MessageLevel, name: str, action: str, slot: Callable[..., None]) -> None:
        bar = self._iface.messageBar()
        item = bar.createMessage(tr("Find roofs"), text)
        button = QPushButton(action, item)
        button.setObjectName(name)
        button.clicked.connect(slot)
        item.layout().addWidget(button)
        self._shown = [one for one in self._shown if not sip.isdeleted(one)]
        self._shown.append(item)
        bar.pushWidget(item, level, _UNTIL_CLOSED)

    def _review(self, segments: QgsMapLayer | None, *_: object) -> None:
        self.review_wanted.emit(segments)

    def _show_log(self) -> None:
        show_log(settings.log_path(), self._iface.mainWindow())
