"""The fields and buttons of the review, and where they stand."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .translation import tr


class ReviewFields(QGroupBox):
    """What is told about a segment, and what can be done with it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Review"), parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title_label, self.decision_label, self.progress_label = QLabel(self), QLabel(self), QLabel(self)
        self.confidence_label, self.area_label, self.orientation_label = QLabel(self), QLabel(self), QLabel(self)
        self.azimuth_box = QDoubleSpinBox(self)
        self.azimuth_box.setRange(0.0, 359.9)
        self.azimuth_box.setDecimals(1)
        self.azimuth_box.setWrapping(True)
        self.azimuth_box.setSuffix("°")
        self.azimuth_box.setToolTip(tr("Direction the segment slopes down to, clockwise from true north"))
        self.flat_box = QCheckBox(tr("flat"), self)
        self.map_button = _button(tr("Set on map"), tr("Drag or click twice on the map: from ridge to eave"), self)
        self.map_button.setCheckable(True)
        self.accept_button = _button(tr("Accept (A)"), tr("The segment is right, with the azimuth as it is here"), self)
        self.reject_button = _button(tr("Reject (R)"), tr("The segment is wrong"), self)
        self.back_button = _button(tr("Back (⌫)"), tr("To the segment before"), self)
        self.skip_button = _button(tr("Skip (N)"), tr("Decide later, go on to the next (also the space bar)"), self)
        self.undo_button = _button(tr("Undo (U)"), tr("Take back the last decision"), self)
        self._lay_out()

    def _lay_out(self) -> None:
        head = _row(self.title_label, None, self.decision_label)
        fields = QFormLayout()
        fields.addRow(tr("Confidence"), self.confidence_label)
        fields.addRow(tr("Footprint"), self.area_label)
        fields.addRow(tr("Orientation"), self.orientation_label)
        fields.addRow(tr("Azimuth"), _row(self.azimuth_box, self.flat_box, self.map_button, None))
        buttons = QGridLayout()
        buttons.addWidget(self.accept_button, 0, 0, 1, 3)
        buttons.addWidget(self.reject_button, 0, 3, 1, 3)
        for column, button in enumerate((self.back_button, self.skip_button, self.undo_button)):
            buttons.addWidget(button, 1, 2 * column, 1, 2)
        layout = QVBoxLayout(self)
        for part in (head, fields, buttons):
            layout.addLayout(part)
        layout.addWidget(self.progress_label)


def _button(text: str, tip: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is a space that grows."""
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch()
        else:
            row.addWidget(widget)
    return row
