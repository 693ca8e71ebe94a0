"""What appears above the map when a run is over, also when the dialog was closed meanwhile."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis
from qgis.gui import QgisInterface, QgsMessageBar
from qgis.PyQt.QtWidgets import QPushButton

from . import settings
from .preflight import number_text
from .text_dialog import show_log
from .translation import tr

_UNTIL_CLOSED = 0


def tell_counts(bar: QgsMessageBar, results: dict[str, Any], warnings: list[str]) -> tuple[str, QPushButton]:
    """Say what was found; returns the text and the button that leads to the review."""
    text = tr("{segments} roof segments, {lines} roof lines, {buildings} buildings.").format(
        segments=number_text(results["SEGMENT_COUNT"]),
        lines=number_text(results["LINE_COUNT"]),
        buildings=number_text(results["BUILDING_COUNT"]),
    )
    if not results["SEGMENT_COUNT"]:
        text = tr("No roofs were found. Is the picture an orthophoto of 0.05 to 0.3 m per pixel?")
    text = " ".join([text, *warnings])
    level = Qgis.MessageLevel.Warning if warnings or not results["SEGMENT_COUNT"] else Qgis.MessageLevel.Success
    return text, _push(bar, text, tr("Review…"), "roofgeo_review", level)


def tell_failure(iface: QgisInterface, text: str) -> None:
    """Say what went wrong; the full log is one click away."""
    critical = Qgis.MessageLevel.Critical
    button = _push(iface.messageBar(), text.replace("\n", " "), tr("Log"), "roofgeo_bar_log", critical)
    button.clicked.connect(lambda: show_log(settings.log_path(), iface.mainWindow()))


def _push(bar: QgsMessageBar, text: str, action: str, name: str, level: Qgis.MessageLevel) -> QPushButton:
    item = bar.createMessage(tr("Find roofs"), text)
    button = QPushButton(action, item)
    button.setObjectName(name)
    item.layout().addWidget(button)
    bar.pushWidget(item, level, _UNTIL_CLOSED)
    return button
