"""What is asked of a run: the parameters of the algorithm, taken from QGIS and told to the command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
)

from .area import Area
from .imagery import Export, Imagery, imagery_of
from .translation import tr

FORMATS = ("geojson", "flatgeobuf")
"""Values of the command's --format, in the order of the parameter FORMATS."""


@dataclass(frozen=True)
class Request:
    """All a run needs, independent of layers: it may go to another thread.

    Attributes:
        name: What the imagery is called.
        imagery: A file, or what has to be exported.
        area: The area of interest; None for all of the imagery.
        options: Further arguments of the command.
        context: How to transform between reference systems.
    """

    name: str
    imagery: Imagery | Export
    area: Area | None
    options: list[str]
    context: QgsCoordinateTransformContext

    def write(self, folder: Path, feedback: QgsProcessingFeedback) -> list[str]:
        """Write the files the command reads; returns its arguments that name them.

        Raises:
            QgsProcessingException: A file cannot be written, a web layer not be fetched.
        """
        imagery = self.imagery
        if isinstance(imagery, Export):
            feedback.setProgressText(tr("Saving the layer's picture of the area"))
            imagery = imagery.write(folder / "imagery.tif", self.context, feedback)
        return self._arguments(imagery, folder)

    def write_stand_in(self, folder: Path) -> list[str]:
        """The same without fetching a web layer: enough to plan a run."""
        imagery = self.imagery
        if isinstance(imagery, Export):
            imagery = imagery.stand_in(folder / "imagery.tif")
        return self._arguments(imagery, folder)

    def _arguments(self, imagery: Imagery, folder: Path) -> list[str]:
        arguments = ["--imagery", str(imagery.path)]
        if imagery.crs:
            arguments += ["--imagery-crs", imagery.crs]
        if self.area is not None:
            self.area.write(folder / "area.gpkg", self.context)
            arguments += ["--aoi", str(folder / "area.gpkg")]
        return arguments


def request_of(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Request:
    """Take what is asked from the parameters; in the thread the layers live in.

    Raises:
        QgsProcessingException: A layer cannot be read, or area and imagery do not meet.
    """
    transforms = context.transformContext()
    folder = algorithm.parameterAsString(parameters, "FOLDER", context)
    if folder:
        path = Path(folder).absolute()
        area = _area(algorithm, parameters, context)
        return Request(path.name, Imagery(path), area, _options(algorithm, parameters, context), transforms)
    layer = algorithm.parameterAsRasterLayer(parameters, "INPUT", context)
    if layer is None or not layer.isValid():
        raise QgsProcessingException(tr("The orthophoto cannot be read. Does the file still exist?"))
    area = _area(algorithm, parameters, context, layer.crs())
    imagery = imagery_of(layer, area, transforms)
    return Request(layer.name(), imagery, area, _options(algorithm, parameters, context), transforms)


def chosen_file(parameters: dict[str, Any]) -> str:
    """The GeoPackage the user has chosen; empty for a temporary one. Asking the algorithm itself would order it."""
    output = parameters.get("OUTPUT")
    if isinstance(output, QgsProcessingOutputLayerDefinition):
        output = output.sink.staticValue()
    if not isinstance(output, str) or output in ("", QgsProcessing.TEMPORARY_OUTPUT):
        return ""
    return str(Path(output).absolute())


def _area(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext, usual: Any = None
) -> Area | None:
    """The polygons, else the rectangle, else None; `usual` is the CRS of a rectangle that tells none."""
    if _is_given(parameters, "AREA"):
        source = algorithm.parameterAsSource(parameters, "AREA", context)
        if source is None:
            raise QgsProcessingException(tr("The area cannot be read. Does the file still exist?"))
        return Area.of_features(source)
    if not _is_given(parameters, "EXTENT"):
        return None
    crs = algorithm.parameterAsExtentCrs(parameters, "EXTENT", context)
    extent = algorithm.parameterAsExtent(parameters, "EXTENT", context)
    return Area.of_rectangle(extent, crs if crs.isValid() or usual is None else usual)


def _options(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> list[str]:
    options = ["--min-confidence", str(algorithm.parameterAsDouble(parameters, "MIN_CONFIDENCE", context))]
    if algorithm.parameterAsBool(parameters, "CLIP", context):
        options.append("--clip")
    model = algorithm.parameterAsString(parameters, "MODEL", context)
    if model:
        options += ["--model", model]
    for name, option in (("TILE_PX", "--tile-px"), ("OVERLAP_PX", "--overlap-px")):
        if _is_given(parameters, name):
            options += [option, str(algorithm.parameterAsInt(parameters, name, context))]
    if _is_given(parameters, "FORMATS"):  # of one left out QGIS makes the first
        for index in algorithm.parameterAsEnums(parameters, "FORMATS", context):
            options += ["--format", FORMATS[index]]
    return options


def _is_given(parameters: dict[str, Any], name: str) -> bool:
    return parameters.get(name) not in (None, "")
