"""The Processing algorithm `roofgeo:predict`: the one way from a layer and an area to styled roof layers."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
)
from qgis.PyQt.QtCore import QThread
from qgis.PyQt.QtGui import QIcon

from . import settings
from .command import Cancelled, CommandError, Event, ProgressClock, remaining_text, run_command
from .delivery import RASTER_FILES, deliver
from .parameters import destinations, inputs, options
from .request import Request, chosen_file, request_of
from .results import layers_of, load_on_completion, raster_results, vector_results
from .translation import tr

_PREFIX = ".roofgeo-"
_FORGOTTEN_S = 86400.0  # no run of a day goes on without touching its folder


class PredictAlgorithm(QgsProcessingAlgorithm):
    """Finds roofs by the roofgeo command, in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._request: Request | None = None
        self._loaded: dict[str, str] = {}

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
        for parameter in (*inputs(), *options(), *destinations()):
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
        self._look_at_loaded(parameters, context)
        self._request = request_of(self, parameters, context)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the command and deliver what it made; called outside the main thread."""
        request = self._request
        if request is None:
            raise QgsProcessingException(tr("The run was not prepared."))
        chosen = self._destination("OUTPUT", parameters, context)
        rasters = {name: self._destination(name, parameters, context) for name in RASTER_FILES}
        rasters = {name: path for name, path in rasters.items() if path}
        geopackage = Path(chosen).absolute()
        with _work_folder(geopackage.parent) as folder:
            arguments = [*request.write(folder, feedback), *request.options]
            event = _run(arguments, folder / "roofs", folder, feedback)
            if event is None:
                return {}
            delivered = _deliver(folder / "roofs", geopackage, rasters, feedback)
        _tell(event, feedback)
        results = [*vector_results(delivered), *raster_results(rasters)]
        if context.willLoadLayerOnCompletion(chosen):
            shown = [r for r in results if r.output not in rasters or context.willLoadLayerOnCompletion(r.source)]
            loaded = {f"{geopackage}|layername={name}": layer for name, layer in self._loaded.items()}
            title = tr("Roofs of {name}").format(name=request.name)
            load_on_completion(shown, {chosen, *rasters.values()}, loaded, context, title)
        counts = event["counts"]
        return {
            "OUTPUT": str(delivered),
            **{result.output: result.source for result in results},
            "SEGMENT_COUNT": counts["roof_segments"],
            "LINE_COUNT": counts["roof_lines"],
            "BUILDING_COUNT": counts["buildings"],
        }

    def _look_at_loaded(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Remember which layers show an earlier result in the same file.

        Raises:
            QgsProcessingException: One of them holds edits that are not saved: they would land on other roofs.
        """
        project = context.project()
        if project is None or QThread.currentThread() != project.thread():
            return
        chosen = chosen_file(parameters)
        layers = layers_of(Path(chosen), project) if chosen else {}
        for layer in layers.values():
            if layer.isModified():
                raise QgsProcessingException(
                    tr("{layer} holds edits that are not saved. Save or drop them, or choose another output.").format(
                        layer=layer.name()
                    )
                )
        self._loaded = {name: layer.id() for name, layer in layers.items()}

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
    place = Path(output).absolute().parent if output else Path(tempfile.gettempdir())
    with _work_folder(Path(tempfile.gettempdir())) as folder:
        arguments = [*request.write_stand_in(folder), *request.options, "--dry-run"]
        return _run(arguments, place / f"{folder.name}-roofs", folder, feedback) or {}


def _missing() -> str:
    return tr("roofgeo is not installed yet. Open Settings > Options > roofgeo and press Install.")


@contextmanager
def _work_folder(place: Path) -> Iterator[Path]:
    """A folder beside the output, so that the finished file moves there at once; gone at the end."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    except OSError as error:
        raise QgsProcessingException(
            tr("{folder} cannot be written: {reason}. Choose another place for the output.").format(
                folder=place, reason=error.strerror
            )
        ) from error
    try:
        for old in place.glob(f"{_PREFIX}*"):  # of a QGIS that crashed
            if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(old, ignore_errors=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(arguments: list[str], output: Path, folder: Path, feedback: QgsProcessingFeedback) -> Event | None:
    """The command's last event; None after a cancel."""
    found = settings.find_command()
    if found is None:
        raise QgsProcessingException(_missing())
    clock = ProgressClock()

    def on_event(event: Event) -> None:
        progress = clock.update(event)
        if progress is not None:
            feedback.setProgress(progress.percent)
            stage = tr("Writing the layers") if progress.stage == "write" else tr("Finding roofs")
            left = "" if progress.remaining_s is None else f" ({remaining_text(progress.remaining_s)})"
            feedback.setProgressText(stage + left)
        elif event["event"] == "warning":
            feedback.pushWarning(str(event.get("message", "")))

    if feedback.isCanceled():
        return None
    try:
        return run_command(
            found.command,
            ["predict", *arguments, "--output", str(output), "--progress", "json", "--stop-with-stdin"],
            on_event=on_event,
            is_cancelled=feedback.isCanceled,
            log_path=settings.log_path(),
            cwd=folder,
        )
    except Cancelled:
        return None
    except CommandError as error:
        raise _failure(error) from error


def _deliver(made: Path, geopackage: Path, rasters: dict[str, str], feedback: QgsProcessingFeedback) -> Path:
    """Move the files to their places; returns where the GeoPackage is."""
    try:
        delivered = deliver(made, geopackage, {name: Path(path).absolute() for name, path in rasters.items()})
    except CommandError as error:
        raise _failure(error) from error
    if delivered != geopackage:
        feedback.pushWarning(
            tr("{old} is in use: the roofs are in {new}.").format(old=geopackage.name, new=delivered.name)
        )
    return delivered


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
