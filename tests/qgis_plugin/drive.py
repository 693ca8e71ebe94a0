"""Runs inside QGIS (`qgis --code drive.py`): clicks through the plugin as an analyst would, and notes what it saw.

The task is a JSON file named by ROOFGEO_DRIVE: `ortho`, `area` (empty for the whole picture), `pictures` and `output`
(folders), `report` (a file), and `scenario`: "find" (cancel, run again, look, review), "show" (run, look) or "leave"
(end QGIS while the network runs).
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAction,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QMessageBox,
    QProgressBar,
    QToolBar,
    QWidget,
)
from qgis.utils import iface

# A crash of QGIS tells where in Python it was; so does one that hangs, when it is asked by a signal.
STACKS = Path(os.environ["ROOFGEO_DRIVE"]).with_suffix(".crash").open("w")
faulthandler.enable(STACKS)
faulthandler.register(signal.SIGUSR1, STACKS)

TASK: dict[str, Any] = json.loads(Path(os.environ["ROOFGEO_DRIVE"]).read_text(encoding="utf-8"))
LONGEST_S = 150.0
POLYGONS, WHOLE = 2, 3  # places in the list of areas

Wait = Callable[[], object]


def find(kind: type[QWidget], name: str) -> Any:
    """A widget of the main window or of its dialogs."""
    for window in (iface.mainWindow(), *QgsApplication.topLevelWidgets()):
        if window.objectName() == name and isinstance(window, kind):
            return window
        found = window.findChild(kind, name)
        if found is not None:
            return found
    raise LookupError(name)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def click_tool_button(name: str) -> None:
    action = iface.mainWindow().findChild(QAction, name)
    for toolbar in iface.mainWindow().findChildren(QToolBar):
        button = toolbar.widgetForAction(action)
        if button is not None:
            click(button)
            return
    raise LookupError(name)


def picture(name: str, widget: QWidget | None = None) -> None:
    (widget or iface.mainWindow()).grab().save(str(Path(TASK["pictures"]) / f"{name}.png"))


def drawn() -> bool:
    return not iface.mapCanvas().isDrawing()


def after(seconds: float) -> Wait:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def groups() -> list[Any]:
    return [g for g in QgsProject.instance().layerTreeRoot().findGroups() if g.name().startswith("Roofs of")]


def open_project() -> Iterator[Wait]:
    ortho = iface.addRasterLayer(TASK["ortho"], "ortho")
    if TASK["area"]:
        area = iface.addVectorLayer(TASK["area"], "area", "ogr")
        area.renderer().symbol().symbolLayer(0).setBrushStyle(Qt.BrushStyle.NoBrush)
    yield after(0.5)  # with its first layer QGIS sets the CRS of the project, a little later
    QgsProject.instance().setCrs(ortho.crs())
    yield after(0.5)
    iface.mapCanvas().zoomToFullExtent()
    yield after(0.5)
    yield drawn


def begin_run() -> Iterator[Wait]:
    click_tool_button("roofgeo_predict")
    yield after(0.3)
    find(QComboBox, "roofgeo_area").setCurrentIndex(POLYGONS if TASK["area"] else WHOLE)
    find(QWidget, "roofgeo_output").setFilePath(str(Path(TASK["output"]) / "roofs.gpkg"))
    yield after(1.5)  # the dialog asks the command for its models
    click(find(QWidget, "roofgeo_find"))


def percent() -> int:
    return int(find(QProgressBar, "roofgeo_progress").value())


def run_then_cancel(report: dict[str, Any]) -> Iterator[Wait]:
    seen: set[int] = set()
    summary = find(QLabel, "roofgeo_summary")
    yield lambda: seen.add(percent()) or 5 < percent() < 90
    report["summary"] = summary.text()
    picture("dialog", find(QDialog, "roofgeo_dialog"))
    began = time.monotonic()
    click(find(QWidget, "roofgeo_cancel"))
    message = find(QLabel, "roofgeo_message")
    yield lambda: message.isVisible() and "Cancelled" in message.text()
    report["cancel_s"] = time.monotonic() - began
    report["percent_seen"] = sorted(seen)
    report["left_behind"] = [p.name for p in Path(TASK["output"]).iterdir()]
    report["layers_after_cancel"] = len(groups())


def look_at_results(report: dict[str, Any]) -> None:
    (group,) = groups()
    report["group"] = group.name()
    report["layers"] = {}
    for node in group.findLayers():
        layer = node.layer()
        count = layer.featureCount() if hasattr(layer, "featureCount") else None
        report["layers"][node.name()] = {"renderer": layer.renderer().type(), "count": count, "source": layer.source()}


def review(report: dict[str, Any]) -> Iterator[Wait]:
    click(find(QWidget, "roofgeo_review"))
    yield after(1.0)
    report["panel"] = find(QDockWidget, "roofgeo_panel").isVisible()
    find(QWidget, "roofgeo_filter").setValue(50)
    yield after(1.0)
    report["shown_at_half"] = sum(1 for _ in QgsProject.instance().mapLayersByName("Roof segments")[0].getFeatures())
    click(find(QWidget, "roofgeo_begin_review"))
    yield after(2.0)
    yield drawn
    picture("review")


def scenario_find(report: dict[str, Any]) -> Iterator[Wait]:
    yield from open_project()
    yield from begin_run()
    yield from run_then_cancel(report)
    click(find(QWidget, "roofgeo_find"))
    yield from wait_for_results(report)
    picture("window")
    iface.mapCanvas().zoomScale(400)
    yield after(1.0)
    yield drawn
    picture("close")
    yield from review(report)


def wait_for_results(report: dict[str, Any]) -> Iterator[Wait]:
    yield groups
    find(QDialog, "roofgeo_dialog").close()
    yield after(2.0)
    yield drawn
    look_at_results(report)


def scenario_show(report: dict[str, Any]) -> Iterator[Wait]:
    yield from open_project()
    yield from begin_run()
    yield from wait_for_results(report)
    iface.mapCanvas().zoomScale(900)
    yield after(1.0)
    yield drawn
    picture("kampala")


def scenario_leave(report: dict[str, Any]) -> Iterator[Wait]:
    yield from open_project()
    yield from begin_run()
    yield lambda: percent() > 5


def leave() -> None:
    """End QGIS; it asks whether to cancel what runs, and wants to be told to end once more then."""
    for window in QgsApplication.topLevelWidgets():
        if isinstance(window, QMessageBox) and window.isVisible():
            (window.button(QMessageBox.StandardButton.Yes) or window.buttons()[0]).click()
            return
    EXIT.start(0)


SCENARIOS = {"find": scenario_find, "show": scenario_show, "leave": scenario_leave}
REPORT: dict[str, Any] = {"pid": os.getpid()}
STATE: dict[str, Any] = {"wait": None, "since": time.monotonic()}
STEPS = SCENARIOS[TASK["scenario"]](REPORT)

# Single shot: a click lets QGIS work off events, and the next step must not begin within this one.
TIMER, LEAVING = QTimer(), QTimer()
TIMER.setSingleShot(True)

# QGIS asks its question within the action, in a loop of its own: were it called from Python, no other thread of Python
# would get a turn meanwhile, and no timer fires again within what it started. So the timer calls the action itself.
EXIT = QTimer()
EXIT.setSingleShot(True)
EXIT.timeout.connect(iface.actionExit().trigger)


def go_on() -> None:
    """Take the next step if what is waited for has come."""
    try:
        if STATE["wait"] is None or STATE["wait"]():
            STATE["wait"], STATE["since"] = next(STEPS), time.monotonic()
        elif time.monotonic() - STATE["since"] > LONGEST_S:
            raise TimeoutError("waited too long")
        TIMER.start(50)
        return
    except StopIteration:
        pass
    except Exception:  # noqa: BLE001 (whatever it is belongs into the report, and QGIS has to end)
        REPORT["error"] = traceback.format_exc()
        picture("error")
    REPORT["ended"] = time.time()
    Path(TASK["report"]).write_text(json.dumps(REPORT), encoding="utf-8")
    QgsProject.instance().clear()  # else QGIS asks whether to save it
    LEAVING.start(500)
    leave()


TIMER.timeout.connect(go_on)
LEAVING.timeout.connect(leave)
iface.mainWindow().showNormal()
iface.mainWindow().setGeometry(0, 0, 1400, 900)
TIMER.start(2000)
