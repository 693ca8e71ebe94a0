"""What one rarely changes: model, windows, formats."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QSpinBox, QWidget

from .preflight import number_text
from .request import FORMATS
from .translation import tr

STEP_PX = 32
"""The network halves its picture five times: sides of windows are multiples of this."""

LARGEST_PX = 4096


class MoreOptions(QgsCollapsibleGroupBox):
    """Folded at first; everything in it may be left as it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("More"), parent)
        self.setObjectName("roofgeo_more")
        self.model = QComboBox()
        self.model.setObjectName("roofgeo_model")
        self.model.setEditable(True)
        self.model.setMinimumContentsLength(20)
        self.model.lineEdit().setPlaceholderText(tr("the usual one"))
        self.model.setToolTip(tr("A name from the list, or the path of a folder with a model of your own"))
        self.tile = _spin_box("roofgeo_tile", tr("The network sees the picture in squares of this side"))
        self.overlap = _spin_box("roofgeo_overlap", tr("So much of a square is seen by its neighbour too"))
        self.rasters = _check_box("roofgeo_rasters", tr("Rasters of segments, lines and confidence"))
        self.formats = [_check_box(f"roofgeo_{name}", text) for name, text in zip(FORMATS, ("GeoJSON", "FlatGeobuf"))]
        self.clip = _check_box("roofgeo_clip", tr("Cut buildings at the edge of the area"))
        form = QFormLayout(self)
        form.addRow(tr("Model"), self.model)
        form.addRow(tr("Tile"), _in_a_row(self.tile, QLabel(tr("Overlap")), self.overlap))
        form.addRow(tr("Write also"), _in_a_row(*self.formats))
        form.addRow("", self.rasters)
        form.addRow("", self.clip)
        self.setCollapsed(True)

    def set_models(self, models: list[dict[str, Any]]) -> None:
        """Offer the models the command has; what the user has typed stays."""
        typed = self.model.currentText()
        self.model.clear()
        self.model.addItem("")
        for model in models:
            self.model.addItem(str(model.get("name", "")))
            self.model.setItemData(self.model.count() - 1, _model_text(model), Qt.ItemDataRole.ToolTipRole)
        self.model.setCurrentText(typed)

    def parameters(self) -> dict[str, Any]:
        """MODEL, TILE_PX, OVERLAP_PX, FORMATS, CLIP, as far as they are set."""
        found: dict[str, Any] = {"CLIP": self.clip.isChecked()}
        if self.model.currentText().strip():
            found["MODEL"] = self.model.currentText().strip()
        for name, box in (("TILE_PX", self.tile), ("OVERLAP_PX", self.overlap)):
            if box.value() >= 0:
                found[name] = box.value()
        found["FORMATS"] = [number for number, box in enumerate(self.formats) if box.isChecked()]
        return found


def _spin_box(name: str, tooltip: str) -> QSpinBox:
    """Pixels; one step below nothing stands for "as the model says"."""
    box = QSpinBox()
    box.setObjectName(name)
    box.setRange(-STEP_PX, LARGEST_PX)
    box.setSingleStep(STEP_PX)
    box.setValue(-STEP_PX)
    box.setSuffix(" px")
    box.setSpecialValueText(tr("as the model says"))
    box.setToolTip(tooltip)
    return box


def _check_box(name: str, text: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setObjectName(name)
    return box


def _in_a_row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return row


def _model_text(model: dict[str, Any]) -> str:
    """What a model is made for, and whether one may earn money with it."""
    text = tr("Version {version}, made for {size} m per pixel, licence {licence}")
    size = number_text(float(model.get("pixel_size_m") or 0), 3)
    return text.format(version=model.get("version", "?"), size=size, licence=model.get("licence", "?"))
