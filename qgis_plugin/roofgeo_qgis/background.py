"""Work beside the window: QGIS shows it in its task bar, and it can be cancelled there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication, QgsProcessingException, QgsTask
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from .command import Cancelled, CommandError
from .decisions import ReviewError
from .translation import tr

WAIT_MS = 10_000
"""How long the end of the plugin waits for its work to end. A command ends within a second, but a thread may get no
turn on a busy machine; QGIS, ending while a thread of Python is at work, waits for it without letting it go on."""

_running: dict[QgsTask, object] = {}
"""Tasks, and what they use. Keeps both alive: whoever started them may be gone before they end."""


class Background(QgsTask):
    """A function in a thread of its own; all signals come in the main thread.

    Signals:
        progressed: A fraction and what is done, whenever the function says `progress`.
        succeeded: What the function has returned.
        failed: Message and hint.
        ended: After either of them, and after a cancel.
    """

    progressed = pyqtSignal(float, str)
    succeeded = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    ended = pyqtSignal()

    def __init__(
        self,
        title: str,
        work: Callable[[Background], Any],
        on_cancel: Callable[[], None] | None = None,
        *,
        is_a_question: bool = True,
    ) -> None:
        """Take the work.

        Args:
            title: What QGIS shows.
            work: Called in another thread.
            on_cancel: Called in the main thread when somebody cancels.
            is_a_question: It changes nothing: whoever closes QGIS is not asked whether it may be cancelled.
        """
        flags = QgsTask.Flag.CanCancel
        super().__init__(title, flags | QgsTask.Flag.CancelWithoutPrompt if is_a_question else flags)
        self._work = work
        self._on_cancel = on_cancel
        self._result: Any = None
        self._failure = (tr("Something unexpected went wrong."), tr("QGIS's Python messages tell more."))

    def progress(self, fraction: float, text: str) -> None:
        """For the work: tell how far it is; in any thread."""
        self.setProgress(100 * fraction)
        self.progressed.emit(fraction, text)

    def run(self) -> bool:
        """Called by QGIS in another thread.

        What nobody has thought of is for QGIS to show: to it, the task has then failed, and `finished` tells so.
        """
        try:
            self._result = self._work(self)
        except Cancelled:
            return False
        except CommandError as error:
            self._failure = (error.message, error.hint)
            return False
        except (QgsProcessingException, ReviewError, OSError) as error:
            message, _, hint = str(error).partition("\n")
            self._failure = (message, hint)
            return False
        return True

    def has_ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return _has_ended(self)

    def cancel(self) -> None:
        """Called by whoever cancels."""
        if self._on_cancel is not None:
            self._on_cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        """Called by QGIS in the main thread."""
        forget(self)
        if self.isCanceled():
            pass
        elif result:
            self.succeeded.emit(self._result)
        else:
            self.failed.emit(*self._failure)
        self.ended.emit()


def start(task: QgsTask, uses: object = None) -> None:
    """Have QGIS run a task.

    Args:
        task: Whoever starts one that is no `Background` calls `forget` at its end.
        uses: What has to live as long as the task.
    """
    _running[task] = uses
    QgsApplication.taskManager().addTask(task)


def forget(task: QgsTask) -> None:
    """A task has ended: it need not be stopped any more."""
    _running.pop(task, None)


def stop_all(wait_ms: int = WAIT_MS) -> bool:
    """Cancel all that runs, and wait for its end; returns whether all of it has ended in that time."""
    tasks = list(_running)
    for task in tasks:
        if not _has_ended(task):
            task.cancel()
    deadline = time.monotonic() + wait_ms / 1000
    while not all(_has_ended(task) for task in tasks) and time.monotonic() < deadline:
        time.sleep(0.02)
        for task in tasks:
            # A task notices in the main thread that its work has ended; waitForFinished() would not let it, and
            # called twice for the same task it waits for ever.
            if not sip.isdeleted(task):
                QCoreApplication.sendPostedEvents(task)
    return all(_has_ended(task) for task in tasks)


def _has_ended(task: QgsTask) -> bool:
    return sip.isdeleted(task) or task.status() in (QgsTask.TaskStatus.Complete, QgsTask.TaskStatus.Terminated)
