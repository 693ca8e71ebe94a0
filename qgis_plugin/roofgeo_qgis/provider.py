"""roofgeo's place in the Processing toolbox."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithm import PredictAlgorithm

ICON = Path(__file__).with_name("icon.svg")


class RoofgeoProvider(QgsProcessingProvider):
    """Provides `roofgeo:predict`; writes GeoPackages and GeoTIFFs."""

    def id(self) -> str:
        """Part of each algorithm's name."""
        return "roofgeo"

    def name(self) -> str:
        """What the toolbox shows."""
        return "roofgeo"

    def icon(self) -> QIcon:
        """What the toolbox shows beside it."""
        return QIcon(str(ICON))

    def loadAlgorithms(self) -> None:
        """Called by QGIS when it wants the algorithms."""
        self.addAlgorithm(PredictAlgorithm())

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        """The GeoPackage holds several layers and their styles; no other format does."""
        return ["gpkg"]

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:
        """Of temporary outputs."""
        return "gpkg"

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """The rasters are GeoTIFFs."""
        return ["tif"]

    def defaultRasterFileExtension(self) -> str:
        """Of temporary outputs."""
        return "tif"

    def supportsNonFileBasedOutput(self) -> bool:
        """A separate process cannot write into QGIS's memory."""
        return False
