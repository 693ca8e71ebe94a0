"""The part of the panel that shows one segment after the other and takes the decisions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from qgis.gui import QgisInterface, QgsMapTool
from qgis.PyQt.QtCore import QEvent, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QPushButton, QWidget

from . import segment_text
from .decisions import ReviewError
from .pointing import DownslopeTool, Marks, zoom_to
from .review import Review, Segment
from .review_fields import ReviewFields


class ReviewForm(ReviewFields):
    """Shows the segment to decide on; its keys work while the panel has the focus.

    Signals:
        failed: A decision could not be written; the reason.
    """

    failed = pyqtSignal(str)

    def __init__(self, iface: QgisInterface, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = iface.mapCanvas()
        self._marks = Marks(self._canvas)
        self._tool = DownslopeTool(self._canvas)
        self._tool_before: QgsMapTool | None = None
        self.review: Review | None = None
        self._segment: Segment | None = None
        self._as_shown: tuple[float, bool] = (0.0, False)
        self._keys: dict[int, QPushButton] = {
            Qt.Key.Key_A: self.accept_button,
            Qt.Key.Key_R: self.reject_button,
            Qt.Key.Key_N: self.skip_button,
            Qt.Key.Key_Space: self.skip_button,
            Qt.Key.Key_Backspace: self.back_button,
            Qt.Key.Key_U: self.undo_button,
        }
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(50)
        self._connect()
        self._fill(None)

    # --- what the panel calls

    def start(self, review: Review) -> None:
        """Begin a walk."""
        self.review = review
        self._show_current()
        self.setFocus()

    def stop(self) -> None:
        """End the walk; what is decided stays."""
        self._reading.stop()
        self._leave_tool()
        self.review = None
        self._fill(None)

    def read_again(self) -> None:
        """The layer has changed; soon show what is in it now."""
        if self.review is not None and not self.review.writing:
            self._reading.start()

    def show_marks(self, shown: bool) -> None:
        """Hide what is on the map while the panel is hidden."""
        if shown and self._segment is not None:
            self._mark()
        else:
            self._marks.clear()
            self._leave_tool()

    def close_down(self) -> None:
        """Leave nothing on the map and nothing that still runs."""
        self.stop()
        self._marks.remove()
        self._tool.remove()
        self._tool.deleteLater()

    # --- keys

    def event(self, event: QEvent) -> bool:
        """Our keys, unless a field within has used them; QGIS may not take them for a shortcut of its own.

        Not in keyPressEvent: a group box takes the space bar before.
        """
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return super().event(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.setFocus()  # what was typed into a field is done: the keys are ours again
            return True
        button = self._button_of(event)
        if button is None:
            return super().event(event)
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            button.click()
        return True

    def _button_of(self, event: QKeyEvent) -> QPushButton | None:
        if self.review is None or event.modifiers() not in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            return None
        return self._keys.get(event.key())

    # --- what the user does

    def _accept(self) -> None:
        review = self.review
        if review is None:
            return
        if (self.azimuth_box.value(), self.flat_box.isChecked()) == self._as_shown:
            self._decide(review.accept)
        else:
            azimuth = self._azimuth()
            self._decide(lambda: review.accept_with(azimuth))

    def _decide(self, decide: Callable[[], None]) -> None:
        try:
            decide()
        except ReviewError as error:
            self.failed.emit(error.message)
            return
        self._show_current()

    def _reject(self) -> None:
        if self.review is not None:
            self._decide(self.review.reject)

    def _undo(self) -> None:
        if self.review is not None:
            self._decide(self.review.undo)

    def _skip(self) -> None:
        if self.review is not None:
            self.review.skip()
            self._show_current()

    def _back(self) -> None:
        if self.review is not None:
            self.review.back()
            self._show_current()

    def _point_out(self, pointing: bool) -> None:
        if pointing:
            self._tool_before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)
        else:
            self._leave_tool()

    def _pointed(self, azimuth_deg: float) -> None:
        self.flat_box.setChecked(False)
        self.azimuth_box.setValue(round(azimuth_deg, 1) % 360)
        self._leave_tool()
        self.setFocus()

    def _leave_tool(self) -> None:
        if self._canvas.mapTool() is self._tool:
            self._canvas.unsetMapTool(self._tool)
            if self._tool_before is not None:
                with suppress(RuntimeError):  # the plugin it is of has deleted it meanwhile
                    self._canvas.setMapTool(self._tool_before)
        self._tool_before = None
        self.map_button.setChecked(False)

    # --- what is shown

    def _read(self) -> None:
        """Show the current segment as it is in the layer now, without moving the map."""
        if self.review is not None:
            self.review.reload()
            segment, before = self.review.current(), self._segment
            if segment is not None and before is not None and segment.fid == before.fid:
                if (segment.azimuth_deg, segment.decision) == (before.azimuth_deg, before.decision):
                    self.progress_label.setText(segment_text.progress(self.review))
                    return  # an azimuth that is being set stays
                self._fill(segment)
            else:
                self._show_current()

    def _show_current(self) -> None:
        segment = self.review.current() if self.review is not None else None
        self._fill(segment)
        if segment is not None and self.review is not None:
            zoom_to(self._canvas, segment.geometry, self.review.layer)

    def _fill(self, segment: Segment | None) -> None:
        self._segment = None  # while the fields change, they change nothing
        azimuth = None if segment is None else segment.azimuth_deg
        self.azimuth_box.setValue(0.0 if azimuth is None else round(azimuth, 1) % 360)
        self.flat_box.setChecked(segment is not None and azimuth is None)
        self._as_shown = (self.azimuth_box.value(), self.flat_box.isChecked())
        self._segment = segment
        self.title_label.setText(segment_text.title(segment))
        self.confidence_label.setText(segment_text.percent(segment))
        self.area_label.setText(segment_text.area(segment))
        self.decision_label.setText(segment_text.decision(segment))
        self.progress_label.setText(segment_text.progress(self.review))
        self._enable()
        self._mark()

    def _enable(self) -> None:
        there = self._segment is not None
        for button in (self.accept_button, self.reject_button, self.skip_button, self.map_button, self.flat_box):
            button.setEnabled(there)
        self.azimuth_box.setEnabled(there and not self.flat_box.isChecked())
        self.back_button.setEnabled(self.review is not None and self.review.number != 1 and self.review.total > 0)
        self.undo_button.setEnabled(self.review is not None and self.review.can_undo)

    def _azimuth(self) -> float | None:
        return None if self.flat_box.isChecked() else self.azimuth_box.value()

    def _mark(self) -> None:
        """Show on the map what is in the form, also before it is accepted."""
        self.orientation_label.setText("" if self._segment is None else segment_text.orientation(self._azimuth()))
        if self._segment is None or self.review is None:
            self._marks.clear()
        else:
            self._marks.show(self._segment, self._azimuth(), self.review.layer)
            self.azimuth_box.setEnabled(not self.flat_box.isChecked())

    def _connect(self) -> None:
        self._reading.timeout.connect(self._read)
        self._tool.pointed.connect(self._pointed)
        self._tool.given_up.connect(self._leave_tool)
        self._tool.deactivated.connect(lambda: self.map_button.setChecked(False))
        self.azimuth_box.valueChanged.connect(self._mark)
        self.flat_box.toggled.connect(self._mark)
        self.map_button.clicked.connect(self._point_out)
        self.accept_button.clicked.connect(self._accept)
        self.reject_button.clicked.connect(self._reject)
        self.undo_button.clicked.connect(self._undo)
        self.skip_button.clicked.connect(self._skip)
        self.back_button.clicked.connect(self._back)
