"""Export of a result's labels from the panel: where to, in the background, and how it went."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from .background import Background, start
from .confidence import file_of
from .decisions import ReviewError
from .labels import Exported, labels_of, write_labels
from .preflight import number_text
from .translation import tr


class LabelExport(QObject):
    """Signals in the main thread.

    Signals:
        done: How much is where, in words.
        failed: Why nothing was written.
    """

    done = pyqtSignal(str)
    failed = pyqtSignal(str)

    def ask(self, layer: QgsVectorLayer, parent: QWidget) -> None:
        """Ask where to, then export."""
        suggested = str(suggested_file(layer, QgsProject.instance()))
        path, _ = QFileDialog.getSaveFileName(parent, tr("Export labels"), suggested, tr("GeoPackage (*.gpkg)"))
        if path:
            self.export(layer, Path(path))

    def export(self, layer: QgsVectorLayer, path: Path) -> None:
        """Export the accepted segments of a layer; ends with `done`, or with `failed` unless it is cancelled."""
        target = path if path.suffix.lower() == ".gpkg" else path.with_name(f"{path.name}.gpkg")
        try:
            labels = labels_of(layer, target)
        except ReviewError as error:
            self.failed.emit(error.message)
            return

        def write(task: Background) -> tuple[Path, Exported]:
            return target, write_labels(labels, target, task.isCanceled)

        task = Background(tr("Exporting labels"), write, is_a_question=False)
        task.succeeded.connect(self._written)
        task.failed.connect(self._failed)
        start(task)

    def _written(self, result: tuple[Path, Exported]) -> None:
        target, done = result
        text = tr("{segments} segments are in {path}; {buildings} buildings are known as a whole.")
        segments, buildings = number_text(done.segments), number_text(done.buildings)
        self.done.emit(text.format(segments=segments, path=target, buildings=buildings))

    def _failed(self, message: str, hint: str) -> None:
        self.failed.emit("\n".join(filter(None, (message, hint))))


def suggested_file(layer: QgsVectorLayer, project: QgsProject) -> Path:
    """Labels lie beside their result; those of a temporary one where they are not removed with it."""
    folder = Path(project.homePath() or Path.home()) if layer.isTemporary() else file_of(layer).parent
    return folder / "labels.gpkg"
