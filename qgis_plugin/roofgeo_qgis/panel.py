"""The panel "Roofs": how sure the network must be of what is shown, the review, and its export as labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import Qgis, QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDockWidget,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from .confidence import (
    file_of,
    full_count,
    is_segments,
    least_shown,
    segment_layers,
    show_from,
    shown_count,
    sisters,
    why_not,
)
from .label_export import LabelExport
from .review import Review
from .review_form import ReviewForm
from .translation import tr


class RoofsPanel(QDockWidget):
    """Works on one result at a time: a layer of roof segments, and the lines and buildings of the same file."""

    def __init__(self, iface: QgisInterface) -> None:
        super().__init__(tr("Roofs"), iface.mainWindow())
        self.setObjectName("roofgeo_panel")
        self._iface = iface
        self._project = QgsProject.instance()
        self._segments: QgsVectorLayer | None = None
        self._watched: list[tuple[Any, Callable[..., Any]]] = []
        self._watched_ids: set[str] = set()
        self._told_temporary: set[str] = set()
        self.labels = LabelExport(self)
        self._total = 0
        self._by_us = False
        self._filtering = QTimer(self)
        self._filtering.setSingleShot(True)
        self._filtering.setInterval(50)
        self._build(iface)
        self._connections: list[tuple[Any, Callable[..., Any]]] = [
            (self._project.layersAdded, self._layers_added),
            (self._project.layersWillBeRemoved["QStringList"], self._layers_go),
            (self._project.layersRemoved, self._list_results),
            (self.visibilityChanged, self.form.show_marks),
            (self.result_box.currentIndexChanged, self._result_chosen),
            (self.slider.valueChanged, self._slider_moved),
            (self._filtering.timeout, self._filter),
            (self.review_button.clicked, self._start_or_end_review),
            (self.export_button.clicked, self._export),
            (self.form.failed, self._warn),
            (self.labels.done, self._say_done),
            (self.labels.failed, self._warn),
        ]
        for signal, slot in self._connections:
            signal.connect(slot)
        self._list_results()

    def close_down(self) -> None:
        """Leave nothing behind: no connection, nothing on the map. What is filtered stays filtered."""
        self._filtering.stop()
        self._unwatch()
        for signal, slot in self._connections:
            signal.disconnect(slot)
        self._connections.clear()
        self.form.close_down()
        self._segments = None

    def show_result(self, layer: QgsVectorLayer) -> None:
        """Work on this layer of roof segments."""
        self.result_box.setCurrentIndex(self.result_box.findData(layer.id()))

    # --- which result

    def _layers_added(self, layers: list[QgsMapLayer]) -> None:
        self._list_results()
        new = [layer for layer in layers if is_segments(layer)]
        if new and self.form.review is None:  # a new result is what one wants to see, unless busy with another
            self.show_result(new[-1])

    def _layers_go(self, ids: list[str]) -> None:
        if self._watched_ids.intersection(ids):
            self._unwatch()
        if self._segments is not None and self._segments.id() in ids:
            self._end_review()
            self._filtering.stop()
            self._segments = None

    def _list_results(self, *_: object) -> None:
        layers = segment_layers(self._project)
        current = self._segments.id() if self._segments is not None else ""
        self.result_box.blockSignals(True)
        self.result_box.clear()
        for layer in layers:
            file = file_of(layer)
            self.result_box.addItem(f"{file.parent.name}/{file.name}", layer.id())
            last = self.result_box.count() - 1
            self.result_box.setItemData(last, f"{layer.name()}\n{file}", Qt.ItemDataRole.ToolTipRole)
        self.result_box.setCurrentIndex(max(self.result_box.findData(current), 0 if layers else -1))
        self.result_box.blockSignals(False)
        self._result_chosen()

    def _result_chosen(self, *_: object) -> None:
        layer = self._project.mapLayer(self.result_box.currentData() or "")
        if layer is not self._segments:
            self._end_review()
            self._filtering.stop()
        self._segments = layer
        self._unwatch()
        self._watch()
        self._total = 0 if layer is None else full_count(layer)
        self._show_filter()
        if layer is not None and self.slider.value() and self.slider.isEnabled():
            self._filter()  # for lines and buildings that came later

    def _layers(self) -> list[QgsVectorLayer]:
        return [] if self._segments is None else [self._segments, *sisters(self._segments, self._project)]

    def _watch(self) -> None:
        layers = self._layers()
        for layer in layers:
            self._watched += [(layer.editingStarted, self._show_filter), (layer.editingStopped, self._show_filter)]
        if self._segments is not None:
            self._watched += [
                (self._segments.subsetStringChanged, self._filter_changed),
                (self._segments.dataChanged, self._data_changed),
                (self._segments.attributeValueChanged, self.form.read_again),
                (self._segments.featureAdded, self.form.read_again),
                (self._segments.featuresDeleted, self.form.read_again),
                (self._segments.editingStopped, self.form.read_again),
            ]
        self._watched_ids = {layer.id() for layer in layers}
        for signal, slot in self._watched:
            signal.connect(slot)

    def _unwatch(self) -> None:
        for signal, slot in self._watched:
            signal.disconnect(slot)
        self._watched.clear()
        self._watched_ids.clear()

    # --- the slider

    def _slider_moved(self, percent: int) -> None:
        self.percent_label.setText(tr("{percent} %").format(percent=percent))
        if not self._filtering.isActive():  # while it moves, the map follows; it does not wait for it to stop
            self._filtering.start()

    def _filter(self) -> None:
        if self._segments is None:
            return
        others = sisters(self._segments, self._project)
        if not why_not([self._segments, *others]):
            self._by_us = True
            show_from(self.slider.value() / 100, self._segments, others)
            self._by_us = False
        self._show_filter()

    def _filter_changed(self) -> None:
        """By us or by the user: then the slider shows what the layer says."""
        if self._segments is not None and not self._by_us:
            self._total = full_count(self._segments)
            self._show_filter()
        self.form.read_again()

    def _data_changed(self) -> None:
        """By a decision, or by a new run into the same file."""
        review = self.form.review
        if self._segments is None or (review is not None and review.writing):
            return
        self._segments.updateFields()  # the new file does not have the field of the decisions
        if review is not None:
            review.forget()
        self.form.read_again()
        self._total = full_count(self._segments)
        self._show_count()

    def _show_filter(self) -> None:
        reason = why_not(self._layers())
        there = self._segments is not None
        if not self._filtering.isActive():  # else the slider is ahead of the layers
            self.slider.blockSignals(True)
            self.slider.setValue(round(100 * least_shown(self._segments)) if self._segments is not None else 0)
            self.slider.blockSignals(False)
        self.slider.setEnabled(there and not reason)
        self.slider.setToolTip(
            reason or tr("Shows segments with at least this confidence, and their lines and buildings")
        )
        self.percent_label.setText(tr("{percent} %").format(percent=self.slider.value()))
        for widget in (self.result_box, self.review_button, self.export_button):
            widget.setEnabled(there)
        self._show_count()

    def _show_count(self) -> None:
        if self._segments is None:
            self.count_label.setText(tr("No roof segments in the project"))
        else:
            counts = {"shown": shown_count(self._segments), "total": self._total}
            self.count_label.setText(tr("{shown} of {total} segments").format(**counts))

    # --- review and export

    def _start_or_end_review(self) -> None:
        if self.form.review is None and self._segments is not None:
            self.form.start(Review(self._segments))
            self._show_review()
            self._tell_temporary(self._segments)
        else:
            self._end_review()

    def _end_review(self) -> None:
        self.form.stop()
        self._show_review()

    def _show_review(self) -> None:
        running = self.form.review is not None
        self.form.setVisible(running)
        self.review_button.setText(tr("End the review") if running else tr("Review the least certain"))

    def _tell_temporary(self, layer: QgsVectorLayer) -> None:
        """Say once that hours of work may go with a temporary file."""
        if not layer.isTemporary() or layer.source() in self._told_temporary:
            return
        self._told_temporary.add(layer.source())
        text = tr(
            "This result lies in a temporary file: it goes when QGIS is closed, and what you decide goes with it. "
            "To keep it, right-click its layers and choose “Make Permanent…”, or find roofs again into a file."
        )
        self._iface.messageBar().pushMessage(tr("Roofs"), text, Qgis.MessageLevel.Info, 30)

    def _export(self) -> None:
        if self._segments is not None:
            self.labels.ask(self._segments, self)

    def _say_done(self, text: str) -> None:
        self._iface.messageBar().pushMessage(tr("Roofs"), text, Qgis.MessageLevel.Success, 10)

    def _warn(self, text: str) -> None:
        self._iface.messageBar().pushMessage(tr("Roofs"), text, Qgis.MessageLevel.Warning, 15)

    # --- how it is made

    def _build(self, iface: QgisInterface) -> None:
        inside = QWidget(self)
        self.result_box = QComboBox(inside)
        self.result_box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.slider = QSlider(Qt.Orientation.Horizontal, inside)
        self.slider.setObjectName("roofgeo_filter")
        self.slider.setRange(0, 100)
        self.slider.setPageStep(5)
        self.percent_label, self.count_label = QLabel(inside), QLabel(inside)
        self.percent_label.setMinimumWidth(self.percent_label.fontMetrics().horizontalAdvance(" 100 % "))
        self.percent_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.review_button = QPushButton(inside)
        self.review_button.setObjectName("roofgeo_begin_review")
        self.form = ReviewForm(iface, inside)
        self.export_button = QPushButton(tr("Export labels…"), inside)
        self.export_button.setToolTip(tr("Save the accepted segments as training labels"))
        self._lay_out(inside)
        self._show_review()
        self.setWidget(inside)

    def _lay_out(self, inside: QWidget) -> None:
        top = QGridLayout()
        top.addWidget(QLabel(tr("Result"), inside), 0, 0)
        top.addWidget(self.result_box, 0, 1, 1, 2)
        top.addWidget(QLabel(tr("Confidence from"), inside), 1, 0)
        top.addWidget(self.slider, 1, 1)
        top.addWidget(self.percent_label, 1, 2)
        top.addWidget(self.count_label, 2, 1, 1, 2)
        top.setColumnStretch(1, 1)
        layout = QVBoxLayout(inside)
        layout.addLayout(top)
        for widget in (self.review_button, self.form, self.export_button):
            layout.addWidget(widget)
        layout.addStretch()
