"""Which picture: a raster layer of the project, a file, or a folder of tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsMapLayerProxyModel, QgsRasterLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from .translation import tr


class ImageryChoice(QWidget):
    """A list of the project's raster layers, and a button for what is not in the project."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: dict[str, Path] = {}
        self.combo = QgsMapLayerComboBox()
        self.combo.setObjectName("roofgeo_imagery")
        self.combo.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.combo.setMinimumContentsLength(24)
        self.combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo, 1)
        layout.addWidget(self._browse_button())

    def layer(self) -> QgsRasterLayer | None:
        """The layer chosen; None for a file, a folder, or nothing."""
        return self.combo.currentLayer()

    def set_layer(self, layer: QgsMapLayer) -> None:
        """Choose a raster layer of the project."""
        if isinstance(layer, QgsRasterLayer):
            self.combo.setLayer(layer)

    def add_path(self, path: str) -> None:
        """Choose a file or a folder, as if the user had browsed to it."""
        if not path:
            return
        self._paths[path] = Path(path)
        self.combo.setAdditionalItems(list(self._paths))
        self.combo.setCurrentIndex(self.combo.findText(path))

    def parameters(self) -> dict[str, Any]:
        """INPUT or FOLDER; neither if nothing is chosen."""
        layer = self.layer()
        if layer is not None:
            return {"INPUT": layer.id()}
        path = self._paths.get(self.combo.currentText())
        if path is None:
            return {}
        return {"FOLDER" if path.is_dir() else "INPUT": str(path)}

    def _browse_button(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName("roofgeo_browse")
        button.setText("…")
        button.setToolTip(tr("A picture that is not in the project"))
        menu = QMenu(button)
        menu.addAction(tr("File…")).triggered.connect(self._browse_file)
        menu.addAction(tr("Folder of tiles…")).triggered.connect(self._browse_folder)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _browse_file(self) -> None:
        filters = f"{tr('Pictures')} (*.tif *.tiff *.vrt *.jp2 *.jpg *.png);;{tr('All files')} (*)"
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose an orthophoto"), "", filters)
        self.add_path(path)

    def _browse_folder(self) -> None:
        self.add_path(QFileDialog.getExistingDirectory(self, tr("Choose a folder of tiles")))
