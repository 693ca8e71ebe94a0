"""Where to look: the current view, a rectangle drawn on the map, polygons of a layer, or the whole picture."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsMapLayerProxyModel,
    QgsProcessingFeatureSourceDefinition,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from .preflight import number_text
from .rectangle import RectangleChoice
from .translation import tr

VIEW, RECTANGLE, POLYGONS, WHOLE = range(4)
"""Order of the choices."""


class AreaChoice(QWidget):
    """The four choices, and below them what the chosen one needs."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        """Take the map to look at and to draw on."""
        super().__init__(parent)
        self._canvas = canvas
        self._watched: QgsVectorLayer | None = None
        self.combo = QComboBox()
        self.combo.setObjectName("roofgeo_area")
        for name in (tr("Current view of the map"), tr("Rectangle on the map"), tr("Polygons of a layer")):
            self.combo.addItem(name)
        self.combo.addItem(tr("Whole picture"))
        self.rectangle = RectangleChoice(canvas)
        self.rectangle.changed.connect(self.changed)
        self._polygons = self._polygons_row()
        self.combo.currentIndexChanged.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.combo, self.rectangle, self._polygons):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._choose(VIEW)

    def parameters(self) -> dict[str, Any]:
        """AREA, EXTENT, or neither for the whole picture.

        Raises:
            ValueError: Something is missing; the text says what.
        """
        choice = self.combo.currentIndex()
        if choice == VIEW:
            crs = self._canvas.mapSettings().destinationCrs()
            return {"EXTENT": QgsReferencedRectangle(self._canvas.extent(), crs)}
        if choice == RECTANGLE:
            if self.rectangle.rectangle is None:
                raise ValueError(tr("Draw a rectangle on the map first."))
            return {"EXTENT": self.rectangle.rectangle}
        return self._polygons_parameters() if choice == POLYGONS else {}

    def _polygons_parameters(self) -> dict[str, Any]:
        layer = self.layers.currentLayer()
        if layer is None:
            raise ValueError(tr("There is no polygon layer in the project. Choose another area."))
        only_selected = self.selected_only.isChecked()
        if only_selected and not layer.selectedFeatureCount():
            raise ValueError(tr("No feature of {layer} is selected.").format(layer=layer.name()))
        return {"AREA": QgsProcessingFeatureSourceDefinition(layer.id(), only_selected)}

    def show_on_map(self, shown: bool) -> None:
        """Show the rectangle on the map, if that is the choice, or hide it."""
        self.rectangle.show_on_map(shown and self.combo.currentIndex() == RECTANGLE)

    def close_down(self) -> None:
        """Leave nothing on the map."""
        self.rectangle.close_down()

    def _polygons_row(self) -> QWidget:
        self.layers = QgsMapLayerComboBox()
        self.layers.setObjectName("roofgeo_area_layer")
        self.layers.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.layers.setMinimumContentsLength(12)
        self.layers.layerChanged.connect(self._watch)
        self.selected_only = QCheckBox()
        self.selected_only.setObjectName("roofgeo_selected_only")
        self.selected_only.toggled.connect(lambda _: self.changed.emit())
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.layers, 1)
        layout.addWidget(self.selected_only)
        self._watch(self.layers.currentLayer())
        return row

    def _choose(self, choice: int) -> None:
        self.rectangle.setVisible(choice == RECTANGLE)
        self._polygons.setVisible(choice == POLYGONS)
        self.show_on_map(True)
        self.changed.emit()

    def _watch(self, layer: QgsMapLayer | None) -> None:
        """Follow what is selected in the polygon layer."""
        if self._watched is not None:
            self._watched.selectionChanged.disconnect(self._selection_changed)
            self._watched.willBeDeleted.disconnect(self._unwatch)
        self._watched = layer if isinstance(layer, QgsVectorLayer) else None
        if self._watched is not None:
            self._watched.selectionChanged.connect(self._selection_changed)
            self._watched.willBeDeleted.connect(self._unwatch)
        self._selection_changed()
        self.changed.emit()

    def _unwatch(self) -> None:
        self._watched = None

    def _selection_changed(self, *_: object) -> None:
        number = self._watched.selectedFeatureCount() if self._watched is not None else 0
        self.selected_only.setText(tr("only the selected ({number})").format(number=number_text(number)))
        self.selected_only.setEnabled(number > 0)
        self.selected_only.setChecked(number > 0)
