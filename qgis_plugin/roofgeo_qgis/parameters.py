"""The parameters of `roofgeo:predict`."""

from __future__ import annotations

from collections.abc import Iterator

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .translation import tr


def inputs() -> Iterator[QgsProcessingParameterDefinition]:
    """Where to look."""
    yield QgsProcessingParameterRasterLayer("INPUT", tr("Orthophoto"), optional=True)
    folder = QgsProcessingParameterFile.Behavior.Folder
    yield _advanced(QgsProcessingParameterFile("FOLDER", tr("… or folder of tiles"), folder, optional=True))
    polygon = [QgsProcessing.SourceType.TypeVectorPolygon]
    yield QgsProcessingParameterFeatureSource("AREA", tr("Area: polygons"), polygon, optional=True)
    yield QgsProcessingParameterExtent("EXTENT", tr("… or rectangle"), optional=True)


def options() -> Iterator[QgsProcessingParameterDefinition]:
    """How to look; each is an option of the command."""
    number = QgsProcessingParameterNumber.Type
    yield QgsProcessingParameterNumber(
        "MIN_CONFIDENCE", tr("Minimum confidence of a building (0 to 1)"), number.Double, 0.0, False, 0.0, 1.0
    )
    yield QgsProcessingParameterBoolean("CLIP", tr("Cut buildings at the edge of the area"), False)
    model = tr("Model (name or folder; empty: the usual one)")
    yield _advanced(QgsProcessingParameterString("MODEL", model, optional=True))
    size = tr("Side of a window in pixels (a multiple of 32; empty: as the model says)")
    yield _advanced(QgsProcessingParameterNumber("TILE_PX", size, number.Integer, None, True, 0))
    overlap = tr("Overlap of windows in pixels (a multiple of 32; empty: as the model says)")
    yield _advanced(QgsProcessingParameterNumber("OVERLAP_PX", overlap, number.Integer, None, True, 0))
    formats = tr("Write the layers also as")
    names = ["GeoJSON", "FlatGeobuf"]
    yield _advanced(QgsProcessingParameterEnum("FORMATS", formats, names, allowMultiple=True, optional=True))


def destinations() -> Iterator[QgsProcessingParameterDefinition]:
    """What to write, and where."""
    yield QgsProcessingParameterVectorDestination("OUTPUT", tr("Roofs (GeoPackage)"))
    for name, title in (
        ("OUTPUT_SEGMENTS", tr("Raster of roof segments")),
        ("OUTPUT_LINES", tr("Raster of roof lines")),
        ("OUTPUT_CONFIDENCE", tr("Raster of confidence")),
    ):
        yield QgsProcessingParameterRasterDestination(name, title, None, True, False)


def _advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter
