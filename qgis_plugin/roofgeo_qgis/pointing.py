"""What the review does on the map: outline the segment, show its downslope, take one pointed out by the user."""

from __future__ import annotations

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsPointXY, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent

from .azimuth import arrow, true_azimuth_deg
from .review import Segment

_COLOR = QColor(255, 0, 200)
"""In no style of ours, and rare on a roof."""

_LEAST_MARGIN_M = 12.0
"""Around a small segment its building is seen too; around a large one as much as it is wide."""

_DRAG_PX = 8
"""Moved farther with the button down, it was a drag, else the first of two clicks."""


class Marks:
    """The segment's outline and its downslope on the map."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._outline: QgsRubberBand | None = _band(canvas, 3)
        self._arrow: QgsRubberBand | None = _band(canvas, 2)

    def show(self, segment: Segment, azimuth_deg: float | None, layer: QgsVectorLayer) -> None:
        """Outline the segment, with an arrow for this downslope from true north unless it is flat."""
        self.clear()
        if self._outline is None or self._arrow is None or segment.geometry.isEmpty():
            return
        self._outline.setToGeometry(segment.geometry, layer)
        self._outline.setFillColor(QColor(0, 0, 0, 0))
        if azimuth_deg is not None:
            self._arrow.setToGeometry(arrow(segment.geometry, azimuth_deg - segment.north_deg), layer)

    def clear(self) -> None:
        """Show nothing."""
        for band in (self._outline, self._arrow):
            if band is not None:
                band.reset()

    def remove(self) -> None:
        """Take them off the map for good."""
        for band in (self._outline, self._arrow):
            if band is not None:
                self._canvas.scene().removeItem(band)
        self._outline = self._arrow = None


def zoom_to(canvas: QgsMapCanvas, geometry: QgsGeometry, layer: QgsVectorLayer) -> None:
    """Show a geometry of the layer in the middle of the map, and some of what is around it."""
    if geometry.isEmpty():
        return
    box = geometry.boundingBox()
    around = box.buffered(max(box.width(), box.height(), _LEAST_MARGIN_M))
    transform = QgsCoordinateTransform(
        layer.crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance().transformContext()
    )
    try:
        extent = transform.transformBoundingBox(around)
    except QgsCsException:  # the map's projection is not good here: it stays where it is
        return
    canvas.setExtent(extent)
    canvas.refresh()


class DownslopeTool(QgsMapTool):
    """Points out a downslope: from ridge to eave, by a drag or two clicks. Right click or Escape gives up.

    Signals:
        pointed: The azimuth from true north.
        given_up: No azimuth comes.
    """

    pointed = pyqtSignal(float)
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._from: QgsPointXY | None = None
        self._pressed_at = (0, 0)
        self._line = _band(canvas, 2)
        self._line.setLineStyle(Qt.PenStyle.DashLine)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """The upper end, unless it is there."""
        if event.button() == Qt.MouseButton.LeftButton and self._from is None:
            self._from = event.mapPoint()
            self._pressed_at = (event.pos().x(), event.pos().y())

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """The line follows the mouse."""
        if self._from is not None:
            self._line.setToGeometry(QgsGeometry.fromPolylineXY([self._from, event.mapPoint()]))

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """The lower end, if this is not where the first click was."""
        if event.button() == Qt.MouseButton.RightButton:
            self.given_up.emit()
            return
        moved = max(abs(event.pos().x() - self._pressed_at[0]), abs(event.pos().y() - self._pressed_at[1]))
        if self._from is None or moved < _DRAG_PX:
            return
        crs = self.canvas().mapSettings().destinationCrs()
        azimuth = true_azimuth_deg(self._from, event.mapPoint(), crs)
        self._start_over()
        if azimuth is None:
            self.given_up.emit()
        else:
            self.pointed.emit(azimuth)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.given_up.emit()

    def deactivate(self) -> None:
        """Another tool was chosen."""
        self._start_over()
        super().deactivate()

    def remove(self) -> None:
        """Take its line off the map for good."""
        self.canvas().scene().removeItem(self._line)

    def _start_over(self) -> None:
        self._from = None
        self._line.reset()


def _band(canvas: QgsMapCanvas, width: int) -> QgsRubberBand:
    band = QgsRubberBand(canvas)
    band.setColor(_COLOR)
    band.setSecondaryStrokeColor(QColor(255, 255, 255, 180))
    band.setWidth(width)
    return band
