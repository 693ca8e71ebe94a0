"""The Processing algorithm `roofgeo:predict`: the one way from a layer and an area to styled roof layers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
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
from qgis.PyQt.QtGui import QIcon

from . import settings
from .command import Cancelled, CommandError, Event, ProgressClock, remaining_text, run_command
from .delivery import RASTER_FILES, deliver
from .request import Request, request_of
from .results import load_on_completion, raster_results, vector_results
from .translation import tr


class PredictAlgorithm(QgsProcessingAlgorithm):
    """Finds roofs by the roofgeo command, in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._request: Request | None = None

    def createInstance(self) -> PredictAlgorithm:
        """A fresh one for each run."""
        return PredictAlgorithm()

    def name(self) -> str:
        """The second half of `roofgeo:predict`."""
        return "predict"

    def displayName(self) -> str:
        """What the toolbox shows."""
        return tr("Find roofs")

    def shortDescription(self) -> str:
        """One line."""
        return tr("Roof segments, roof lines and buildings from an orthophoto")

    def shortHelpString(self) -> str:
        """What the algorithm's dialog shows beside the parameters."""
        return tr(
            "Finds the roofs on an orthophoto of 0.05 to 0.3 m per pixel: each roof segment with its azimuth and area, "
            "each ridge, hip, valley, eave and rake with its length, each building.\n\n"
            "Without an area the whole layer is taken. Of a web layer (XYZ, WMS) the area is saved as a picture first: "
            "its provider's terms apply.\n\n"
            "Buildings that touch the area come whole, unless they are to be cut. All is written into one GeoPackage, "
            "with its styles."
        )

    def tags(self) -> list[str]:
        """More words to find it by."""
        return [tr("roof"), tr("solar"), tr("building"), tr("azimuth"), tr("ridge"), tr("orthophoto")]

    def icon(self) -> QIcon:
        """What the toolbox shows beside it."""
        return QIcon(str(Path(__file__).with_name("icon.svg")))

    def helpUrl(self) -> str:
        """The plugin's own help."""
        return Path(__file__).with_name("help.html").as_uri()

    def canExecute(self) -> tuple[bool, str]:
        """Whether there is a command to run; asked by the toolbox, not by qgis_process."""
        return (True, "") if settings.find_command() is not None else (False, _missing())

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters and outputs."""
        for parameter in (*_inputs(), *_options(), *_destinations()):
            self.addParameter(parameter)
        for result in vector_results(Path()):
            self.addOutput(QgsProcessingOutputVectorLayer(result.output, result.title))
        for name, title in (
            ("SEGMENT_COUNT", tr("Number of roof segments")),
            ("LINE_COUNT", tr("Number of roof lines")),
            ("BUILDING_COUNT", tr("Number of buildings")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, title))

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Say what contradicts itself before the run begins."""
        given = {name for name in ("INPUT", "FOLDER", "AREA", "EXTENT") if parameters.get(name) not in (None, "")}
        if len(given & {"INPUT", "FOLDER"}) != 1:
            return False, tr("Give either a raster layer or a folder of tiles.")
        if given >= {"AREA", "EXTENT"}:
            return False, tr("Give either area polygons or a rectangle, not both.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take from the layers what is needed, while we are in the thread they live in."""
        self._request = request_of(self, parameters, context)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the command and deliver what it made; called outside the main thread."""
        request = self._request
        if request is None:
            raise QgsProcessingException(tr("The run was not prepared."))
        rasters = {name: self._destination(name, parameters, context) for name in RASTER_FILES}
        rasters = {name: path for name, path in rasters.items() if path}
        geopackage = Path(self._destination("OUTPUT", parameters, context)).absolute()
        with _work_folder(geopackage) as folder:
            event = _run(request.write(folder, feedback), request.options, folder, feedback)
            if event is None:
                return {}
            _deliver(folder / "roofs", geopackage, rasters)
        _tell(event, feedback)
        results = [*vector_results(geopackage), *raster_results(rasters)]
        if context.willLoadLayerOnCompletion(str(geopackage)):
            loaded = [r for r in results if r.output not in rasters or context.willLoadLayerOnCompletion(r.source)]
            load_on_completion(loaded, context, tr("Roofs of {name}").format(name=request.name))
        counts = event["counts"]
        return {
            "OUTPUT": str(geopackage),
            **{result.output: result.source for result in results},
            "SEGMENT_COUNT": counts["roof_segments"],
            "LINE_COUNT": counts["roof_lines"],
            "BUILDING_COUNT": counts["buildings"],
        }

    def _destination(self, name: str, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        return str(self.parameterAsOutputLayer(parameters, name, context) or "")


def plan_of(request: Request, output: str, feedback: QgsProcessingFeedback) -> Event:
    """What a run would take, without running it and without fetching a web layer.

    Args:
        request: What is asked, from `request_of`.
        output: The GeoPackage wanted; empty for a temporary one.
        feedback: Its cancel stops the question.

    Returns:
        The command's "plan" event; empty after a cancel.

    Raises:
        QgsProcessingException: The run is impossible; the text says why, and the way out.
    """
    geopackage = Path(output).absolute() if output else Path(tempfile.gettempdir()) / "roofs.gpkg"
    with _work_folder(geopackage) as folder:
        return _run(request.write_stand_in(folder), [*request.options, "--dry-run"], folder, feedback) or {}


def _missing() -> str:
    return tr("roofgeo is not installed yet. Open Settings > Options > roofgeo and press Install.")


def _inputs() -> Iterator[QgsProcessingParameterDefinition]:
    yield QgsProcessingParameterRasterLayer("INPUT", tr("Orthophoto"), optional=True)
    folder = QgsProcessingParameterFile.Behavior.Folder
    yield _advanced(QgsProcessingParameterFile("FOLDER", tr("… or folder of tiles"), folder, optional=True))
    polygon = [QgsProcessing.SourceType.TypeVectorPolygon]
    yield QgsProcessingParameterFeatureSource("AREA", tr("Area: polygons"), polygon, optional=True)
    yield QgsProcessingParameterExtent("EXTENT", tr("… or rectangle"), optional=True)


def _options() -> Iterator[QgsProcessingParameterDefinition]:
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


def _destinations() -> Iterator[QgsProcessingParameterDefinition]:
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


@contextmanager
def _work_folder(geopackage: Path) -> Iterator[Path]:
    """A folder beside the output, so that the finished file moves there at once; gone at the end."""
    try:
        geopackage.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".roofgeo-", dir=geopackage.parent))
    except OSError as error:
        raise QgsProcessingException(
            tr("{folder} cannot be written: {reason}. Choose another place for the output.").format(
                folder=geopackage.parent, reason=error.strerror
            )
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(arguments: list[str], options: list[str], folder: Path, feedback: QgsProcessingFeedback) -> Event | None:
    """The command's last event; None after a cancel."""
    found = settings.find_command()
    if found is None:
        raise QgsProcessingException(_missing())
    arguments = ["predict", *arguments, *options, "--output", str(folder / "roofs")]
    clock = ProgressClock()

    def on_event(event: Event) -> None:
        progress = clock.update(event)
        if progress is not None:
            feedback.setProgress(progress.percent)
            stage = tr("Writing the layers") if progress.stage == "write" else tr("Finding roofs")
            left = "" if progress.remaining_s is None else f": {remaining_text(progress.remaining_s)}"
            feedback.setProgressText(stage + left)

    if feedback.isCanceled():
        return None
    try:
        return run_command(
            found.command,
            [*arguments, "--progress", "json", "--stop-with-stdin"],
            on_event=on_event,
            is_cancelled=feedback.isCanceled,
            log_path=settings.log_path(),
            cwd=folder,
        )
    except Cancelled:
        return None
    except CommandError as error:
        raise _failure(error) from error


def _deliver(made: Path, geopackage: Path, rasters: dict[str, str]) -> None:
    try:
        deliver(made, geopackage, {name: Path(path).absolute() for name, path in rasters.items()})
    except CommandError as error:
        raise _failure(error) from error


def _failure(error: CommandError) -> QgsProcessingException:
    return QgsProcessingException("\n".join(filter(None, (error.message, error.hint))))


def _tell(event: Event, feedback: QgsProcessingFeedback) -> None:
    for note in event.get("notes", ()):
        feedback.pushWarning(note)
    counts = event["counts"]
    feedback.pushInfo(
        tr("{segments} roof segments, {lines} roof lines, {buildings} buildings").format(
            segments=counts["roof_segments"], lines=counts["roof_lines"], buildings=counts["buildings"]
        )
    )
