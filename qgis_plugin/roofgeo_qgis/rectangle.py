"""A rectangle drawn on the map."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolExtent, QgsRubberBand
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from .preflight import number_text
from .translation import tr

COLOUR = QColor(74, 111, 208)


class RectangleChoice(QWidget):
    """A button to draw it, and its size on the ground.

    Signals:
        changed: There is another rectangle.
        drawing: True when the user is about to draw, False when that is over.
    """

    changed = pyqtSignal()
    drawing = pyqtSignal(bool)

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        """Take the map to draw on."""
        super().__init__(parent)
        self.rectangle: QgsReferencedRectangle | None = None
        self._canvas = canvas
        self._band: QgsRubberBand | None = None
        self._tool: QgsMapToolExtent | None = None
        self._tool_before: QgsMapTool | None = None
        self._button = QPushButton(tr("Draw on the map"))
        self._button.setObjectName("roofgeo_draw")
        self._button.setAutoDefault(False)
        self._button.clicked.connect(self.draw)
        self._size = QLabel(tr("nothing drawn yet"))
        self._size.setObjectName("roofgeo_rectangle_size")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)
        layout.addWidget(self._size, 1)

    def draw(self) -> None:
        """Let the user draw: ends with a rectangle, or when another tool is taken."""
        self.show_on_map(False)
        self._tool_before = self._canvas.mapTool()
        self._tool = QgsMapToolExtent(self._canvas)
        self._tool.extentChanged.connect(self._drawn)
        self._canvas.setMapTool(self._tool)
        self._canvas.mapToolSet.connect(self._stop)
        self.drawing.emit(True)

    def set_rectangle(self, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Take a rectangle, and show it on the map."""
        self.rectangle = QgsReferencedRectangle(extent, crs)
        width, height = _ground_size(self.rectangle)
        text = tr("{width} × {height} m")
        self._size.setText(text.format(width=number_text(width), height=number_text(height)))
        self.show_on_map(True)
        self.changed.emit()

    def show_on_map(self, shown: bool) -> None:
        """Show the rectangle on the map, or hide it."""
        if self._band is not None:
            self._canvas.scene().removeItem(self._band)
            self._band = None
        if not shown or self.rectangle is None:
            return
        self._band = QgsRubberBand(self._canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setFillColor(QColor(COLOUR.red(), COLOUR.green(), COLOUR.blue(), 40))
        self._band.setStrokeColor(COLOUR)
        self._band.setWidth(2)
        self._band.setToGeometry(QgsGeometry.fromRect(self.rectangle), self.rectangle.crs())

    def close_down(self) -> None:
        """Leave nothing on the map."""
        self._stop()
        self.show_on_map(False)

    def _drawn(self, extent: QgsRectangle) -> None:
        if not extent.isEmpty():  # a click without a drag
            self.set_rectangle(extent, self._canvas.mapSettings().destinationCrs())
            self._stop()

    def _stop(self) -> None:
        tool, self._tool = self._tool, None
        if tool is None:
            return
        self._canvas.mapToolSet.disconnect(self._stop)
        tool.clearRubberBand()
        if self._canvas.mapTool() is tool:
            if self._tool_before is None:
                self._canvas.unsetMapTool(tool)
            else:
                self._canvas.setMapTool(self._tool_before)
        tool.deleteLater()
        self.show_on_map(True)
        self.drawing.emit(False)


def _ground_size(rectangle: QgsReferencedRectangle) -> tuple[float, float]:
    """Width and height in metres, along its lower and left edge."""
    ruler = QgsDistanceArea()
    ruler.setSourceCrs(rectangle.crs(), QgsProject.instance().transformContext())
    ruler.setEllipsoid(rectangle.crs().ellipsoidAcronym() or "WGS84")
    corner = QgsPointXY(rectangle.xMinimum(), rectangle.yMinimum())
    width = ruler.measureLine(corner, QgsPointXY(rectangle.xMaximum(), rectangle.yMinimum()))
    return width, ruler.measureLine(corner, QgsPointXY(rectangle.xMinimum(), rectangle.yMaximum()))
