"""The small dialog behind the toolbar button: builds the parameters of `roofgeo:predict` and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProcessing, QgsProcessingOutputLayerDefinition, QgsProject
from qgis.gui import QgisInterface, QgsFileWidget
from qgis.PyQt.QtCore import QEvent, Qt, pyqtSignal
from qgis.PyQt.QtGui import QHideEvent, QIcon, QShowEvent
from qgis.PyQt.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QMessageBox,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from . import settings
from .area_choice import AreaChoice
from .background import Background, start
from .delivery import RASTER_FILES
from .finding import ask
from .imagery_choice import ImageryChoice
from .missing import MissingNotice
from .more_options import MoreOptions
from .notices import Notices
from .preflight import Preflight
from .run_status import RunStatus
from .running import Run
from .translation import tr

_WIDTH = 520


class RoofsDialog(QDialog):
    """Stays beside the map; may be closed while roofs are being found.

    Signals:
        review_wanted: The user has asked to review this layer of roof segments (None: it is not in the project).
        options_wanted: The user has asked for the page in Settings > Options.
    """

    review_wanted = pyqtSignal(object)
    options_wanted = pyqtSignal()

    def __init__(self, iface: QgisInterface) -> None:
        """Take the QGIS the dialog belongs to."""
        super().__init__(iface.mainWindow())
        self._iface = iface
        self._run: Run | None = None
        self._asked: tuple[str, ...] = ()
        self._question: Background | None = None
        self._notices = Notices(iface, self)
        self._notices.review_wanted.connect(self.review_wanted)
        self.setObjectName("roofgeo_dialog")
        self.setWindowTitle(tr("Find roofs"))
        self.setWindowIcon(QIcon(str(Path(__file__).with_name("icon.svg"))))
        self._missing = MissingNotice()
        self._missing.options_wanted.connect(self.options_wanted)
        self._form = self._make_form()
        self._status = RunStatus()
        self._status.find.clicked.connect(self.find)
        self._status.cancel.clicked.connect(self.cancel)
        layout = QVBoxLayout(self)
        layout.addWidget(self._missing)
        layout.addWidget(self._form)
        layout.addWidget(self._status)
        layout.addStretch(1)
        self.resize(_WIDTH, 0)
        self.look_for_command()

    def open_for(self, layer: QgsMapLayer | None) -> None:
        """Show the dialog, for a layer if it is a raster layer."""
        if layer is not None:
            self._imagery.set_layer(layer)
        self.show()
        self.raise_()
        self.activateWindow()

    def look_for_command(self) -> None:
        """Say whether there is a roofgeo to run, and ask it for its models."""
        found = settings.find_command()
        self._missing.tell()
        self._missing.setVisible(found is None)
        self._form.setEnabled(found is not None and self._run is None)
        self._status.find.setEnabled(found is not None)
        if found is None or found.command == self._asked:
            return
        command = self._asked = found.command
        task = Background(tr("Asking roofgeo for its models"), lambda task: ask(command, task.isCanceled))
        task.succeeded.connect(self._answered)
        task.failed.connect(self._not_answered)
        self._question = task
        start(task)

    def parameters(self) -> dict[str, Any]:
        """The parameters of `roofgeo:predict`.

        Raises:
            ValueError: Something is missing; the text says what.
        """
        imagery = self._imagery.parameters()
        if not imagery:
            raise ValueError(tr("Choose an orthophoto: add one to the project, or press … beside the list."))
        return {
            **imagery,
            **self._area.parameters(),
            **self._more.parameters(),
            "MIN_CONFIDENCE": self._confidence.value() / 100,
            **_outputs(self._output.filePath().strip(), self._more.rasters.isChecked()),
        }

    def find(self) -> None:
        """Ask what the run would take, then run it."""
        self.look_for_command()
        if self._run is not None or not self._status.find.isEnabled():
            return
        try:
            parameters = self.parameters()
        except ValueError as error:
            self._status.say(str(error), bad=True)
            return
        self._run = run = Run(parameters)
        run.planned.connect(self._planned)
        run.progress_changed.connect(self._status.set_percent)
        run.text_changed.connect(self._status.set_stage)
        run.succeeded.connect(self._succeeded)
        run.failed.connect(self._failed)
        run.cancelled.connect(self._cancelled)
        self._form.setEnabled(False)
        self._status.begin(tr("Looking at the picture and the area"))
        run.plan()

    def cancel(self) -> None:
        """Stop what runs."""
        if self._run is not None:
            self._status.set_stage(tr("Cancelling"))
            self._run.cancel()

    def close_down(self) -> None:
        """The plugin ends: leave nothing on the map, and nothing above it."""
        self._area.close_down()
        self._notices.close_down()
        self.close()

    def event(self, event: QEvent) -> bool:
        """Called by Qt; after each change of its contents the dialog is as high as they need, no higher."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))
        return bool(handled)

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        self.look_for_command()
        self._area.show_on_map(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Called by Qt."""
        super().hideEvent(event)
        self._area.show_on_map(False)

    def _make_form(self) -> QWidget:
        self._imagery = ImageryChoice()
        self._area = AreaChoice(self._iface.mapCanvas())
        self._area.rectangle.drawing.connect(lambda drawing: self.setVisible(not drawing))
        self._more = MoreOptions()
        self._output = QgsFileWidget()
        self._output.setObjectName("roofgeo_output")
        self._output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self._output.setConfirmOverwrite(False)  # asked when the run begins
        self._output.setFilter("GeoPackage (*.gpkg)")
        self._output.setDialogTitle(tr("Save the roofs as"))
        self._output.lineEdit().setPlaceholderText(tr("a temporary file"))
        for choice in (self._imagery, self._area):
            choice.changed.connect(self._changed)
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Orthophoto"), self._imagery)
        form.addRow(tr("Area"), self._area)
        form.addRow(tr("Minimum confidence"), self._confidence_row())
        form.addRow(tr("Save as"), self._output)
        form.addRow(self._more)
        return widget

    def _confidence_row(self) -> QWidget:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName("roofgeo_confidence_slider")
        slider.setRange(0, 100)
        self._confidence = QSpinBox()
        self._confidence.setObjectName("roofgeo_confidence")
        self._confidence.setRange(0, 100)
        self._confidence.setSuffix(" %")
        slider.valueChanged.connect(self._confidence.setValue)
        self._confidence.valueChanged.connect(slider.setValue)
        row = QWidget()
        row.setToolTip(tr("Buildings less certain than this are left out. They can also be hidden later."))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(slider, 1)
        layout.addWidget(self._confidence)
        return row

    def _changed(self) -> None:
        if self._run is None:
            self._status.say("")

    def _answered(self, information: dict[str, Any]) -> None:
        self._more.set_models(information.get("models") or [])

    def _not_answered(self, message: str, hint: str) -> None:
        if self.sender() is not self._question:  # another command was chosen meanwhile
            return
        self._asked = ()  # it may be mended when the dialog is looked at again
        self._missing.tell("\n".join(filter(None, (message, hint))))
        self._missing.show()

    def _planned(self, preflight: Preflight) -> None:
        self._status.show_plan(preflight)
        replace = "" if self._run is None else self._run.replace_question
        question = "\n\n".join(filter(None, (replace, preflight.question)))
        if question:
            self._ask(question)
        else:
            self._start()

    def _ask(self, question: str) -> None:
        box = QMessageBox(QMessageBox.Icon.Question, tr("Find roofs"), question, parent=self)
        box.setObjectName("roofgeo_question")
        go_on = box.addButton(tr("Find roofs"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(lambda _: self._start() if box.clickedButton() is go_on else self._cancelled())
        box.open()

    def _start(self) -> None:
        if self._run is not None:
            self._status.begin(tr("Starting"))
            self._run.start()

    def _succeeded(self, results: dict[str, Any], warnings: list[str]) -> None:
        self._end(self._notices.tell_counts(results, warnings, _layer_of(results["SEGMENTS"])))

    def _failed(self, text: str) -> None:
        self._notices.tell_failure(text)
        self._end(text, bad=True)

    def _cancelled(self) -> None:
        self._end(tr("Cancelled."))

    def _end(self, text: str, bad: bool = False) -> None:
        self._run = None
        self._status.end()
        self._status.say(text, bad=bad, with_log=bad)
        self.look_for_command()


def _layer_of(source: str) -> QgsMapLayer | None:
    layers = QgsProject.instance().mapLayers().values()
    return next((layer for layer in layers if layer.source() == source), None)


def _outputs(chosen: str, with_rasters: bool) -> dict[str, QgsProcessingOutputLayerDefinition]:
    """OUTPUT, and the rasters beside it; temporary files if nothing is chosen."""
    geopackage = _geopackage(chosen) if chosen else None
    found = {"OUTPUT": _loaded(geopackage)}
    if with_rasters:
        for name, stem in RASTER_FILES.items():
            part = stem.replace("roof_", "")
            found[name] = _loaded(geopackage and geopackage.with_name(f"{geopackage.stem}_{part}.tif"))
    return found


def _geopackage(chosen: str) -> Path:
    """What has been typed as a file: beside the project, if no folder was named."""
    name = chosen if chosen.lower().endswith(".gpkg") else f"{chosen}.gpkg"
    return Path(QgsProject.instance().homePath() or Path.home(), name)


def _loaded(path: Path | None) -> QgsProcessingOutputLayerDefinition:
    """A file that is loaded into the project."""
    sink = QgsProcessing.TEMPORARY_OUTPUT if path is None else str(path)
    return QgsProcessingOutputLayerDefinition(sink, QgsProject.instance())
