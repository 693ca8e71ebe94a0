"""One run of `roofgeo:predict` from the dialog: what it would take, then the run itself, then its layers.

Everything a run does is done by the algorithm; this starts it as QGIS's own dialog of an algorithm does.
"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCsException,
    QgsProcessingAlgRunnerTask,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsTask,
)
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from .algorithm import plan_of
from .background import Background, forget, start
from .preflight import Preflight, free_memory_bytes, read_plan
from .replacing import replace_question
from .request import chosen_file, request_of
from .translation import tr

ALGORITHM = "roofgeo:predict"

_WRONG_LAYERS = (QgsProcessingException, QgsCsException, RuntimeError, OSError, ValueError)
"""What comes of layers that cannot be read or transformed, or were removed while they were looked at."""


class Feedback(QgsProcessingFeedback):
    """What the algorithm says, from its thread, as signals; errors and warnings are kept besides."""

    text_changed = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def setProgressText(self, text: str) -> None:
        """Called in any thread."""
        super().setProgressText(text)
        self.text_changed.emit(text)

    def pushWarning(self, warning: str) -> None:
        """Called in any thread."""
        super().pushWarning(warning)
        self.warnings.append(warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        """Called in any thread."""
        super().reportError(error, fatalError)
        self.errors.append(error)


class Run(QObject):
    """One press of the button; all signals come in the main thread.

    Signals:
        planned: A `Preflight`, after `plan`.
        progress_changed: Percent.
        text_changed: Stage and remaining time.
        succeeded: Results of the algorithm and the warnings it gave, when the layers are loaded.
        failed: What went wrong, and the way out.
        cancelled: Nothing runs any more.
    """

    planned = pyqtSignal(object)
    progress_changed = pyqtSignal(float)
    text_changed = pyqtSignal(str)
    succeeded = pyqtSignal(dict, list)
    failed = pyqtSignal(str)
    cancelled = pyqtSignal()

    def __init__(self, parameters: dict[str, Any], parent: QObject | None = None) -> None:
        """Take the algorithm's parameters."""
        super().__init__(parent)
        from processing.tools.dataobjects import createContext  # only there once QGIS has loaded its plugins

        self._parameters = parameters
        self._feedback = Feedback()
        self._feedback.text_changed.connect(self.text_changed)
        self._feedback.progressChanged.connect(self.progress_changed)
        self._context = createContext(self._feedback)
        self._algorithm = QgsApplication.processingRegistry().createAlgorithmById(ALGORITHM)
        self._outcome: tuple[bool, dict[str, Any]] = (False, {})
        self._task: QgsTask | None = None

    @property
    def replace_question(self) -> str:
        """What to ask because files exist already; empty if none does."""
        return replace_question(self._parameters)

    def plan(self) -> None:
        """Ask what the run would take; ends with `planned`, `failed` or `cancelled`."""
        try:
            request = self._request()
        except _WRONG_LAYERS as error:
            self.failed.emit(str(error) or type(error).__name__)
            return
        output, feedback = chosen_file(self._parameters), self._feedback

        def plan(_: Background) -> Preflight:
            return read_plan(plan_of(request, output, feedback), free_memory_bytes())

        self._task = task = Background(tr("Planning to find roofs"), plan, feedback.cancel)
        task.succeeded.connect(self._planned)
        task.failed.connect(self._not_planned)
        task.ended.connect(self._planning_ended)
        start(task, uses=self)

    def start(self) -> None:
        """Run it; ends with `succeeded`, `failed` or `cancelled`."""
        task = QgsProcessingAlgRunnerTask(self._algorithm, self._parameters, self._context, self._feedback)
        self._task = task
        if task.isCanceled():  # its preparation has failed
            self._executed(False, {})
            return
        task.executed.connect(self._executed)
        start(task, uses=self)

    def cancel(self) -> None:
        """Have it end within a second."""
        self._feedback.cancel()
        if self._task is None:  # nothing runs that would tell its end
            self.cancelled.emit()

    def _request(self) -> Any:
        if self._algorithm is None:
            raise QgsProcessingException(tr("The algorithm is missing from the Processing toolbox: restart QGIS."))
        good, message = self._algorithm.checkParameterValues(self._parameters, self._context)
        if not good:
            raise QgsProcessingException(message)
        return request_of(self._algorithm, self._parameters, self._context)

    def _planned(self, preflight: Preflight) -> None:
        self._task = None
        if not self._feedback.isCanceled():
            self.planned.emit(preflight)

    def _not_planned(self, message: str, hint: str) -> None:
        self._task = None
        if not self._feedback.isCanceled():
            self.failed.emit("\n".join(filter(None, (message, hint))))

    def _planning_ended(self) -> None:
        if self._feedback.isCanceled():
            self.cancelled.emit()

    def _executed(self, succeeded: bool, results: dict[str, Any]) -> None:
        if self._task is not None:
            forget(self._task)
        self._outcome = succeeded, results
        # QGIS tells the end of a long task too, right after this: what we tell is to be on top.
        QTimer.singleShot(0, self._tell)

    def _tell(self) -> None:
        succeeded, results = self._outcome
        if self._feedback.isCanceled():
            self.cancelled.emit()
        elif succeeded and self._load(results):
            self.succeeded.emit(results, self._feedback.warnings)
        else:
            self.failed.emit("\n".join(self._feedback.errors) or tr("Finding roofs failed without a word."))

    def _load(self, results: dict[str, Any]) -> bool:
        from processing.gui.Postprocessing import handleAlgorithmResults  # see above

        return bool(handleAlgorithmResults(self._algorithm, self._context, self._feedback, parameters=results))
