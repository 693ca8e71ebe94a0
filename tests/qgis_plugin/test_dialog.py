"""The dialog behind the button: what it asks of `roofgeo:predict`, and real runs of it from a click to the layers."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgisInterface, QgsMapToolExtent
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt
from qgis.PyQt.QtTest import QSignalSpy, QTest
from qgis.PyQt.QtWidgets import QLabel, QMessageBox, QPushButton
from roofgeo_qgis import settings
from roofgeo_qgis.area_choice import POLYGONS, RECTANGLE, VIEW, WHOLE
from roofgeo_qgis.background import Background, start, stop_all
from roofgeo_qgis.dialog import RoofsDialog
from roofgeo_qgis.provider import RoofgeoProvider
from roofgeo_qgis.running import Run
from roofgeo_qgis.text_dialog import TextDialog

from tests.qgis_plugin.events import spin_until, widget
from tests.qgis_plugin.fakes import is_alive, write_script

pytestmark = pytest.mark.qgis

UTM = QgsCoordinateReferenceSystem("EPSG:32632")

SLOW = """
import pathlib
if "--dry-run" in sys.argv:
    say(event="plan", seconds={seconds}, windows=4, warnings=["beware"])
elif "predict" in sys.argv:
    pathlib.Path({pid!r}).write_text(str(os.getpid()))
    say(event="progress", stage="predict", done=1, total=4)
    time.sleep(100)
else:
    say(event="result", version="1.0", models=[])
"""


@pytest.fixture(autouse=True)
def provider(
    qgis_new_project: None, roofgeo_command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setattr(settings, "private_folder", lambda: tmp_path / "private")
    settings.set_command_path(roofgeo_command[0])
    ours = RoofgeoProvider()
    QgsApplication.processingRegistry().addProvider(ours)
    yield
    assert stop_all()
    settings.set_command_path("")
    QgsApplication.processingRegistry().removeProvider(ours)


@pytest.fixture
def ortho(sample: Path, tmp_path: Path) -> QgsRasterLayer:
    shutil.copy(sample / "ortho.tif", tmp_path)  # QGIS writes statistics beside it
    layer = QgsRasterLayer(str(tmp_path / "ortho.tif"), "ortho")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def area(sample: Path) -> QgsVectorLayer:
    layer = QgsVectorLayer(str(sample / "area.geojson"), "area")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def dialog(qgis_iface: QgisInterface, ortho: QgsRasterLayer) -> Iterator[RoofsDialog]:
    qgis_iface.mapCanvas().setDestinationCrs(UTM)
    qgis_iface.mapCanvas().setExtent(ortho.extent())
    qgis_iface.messageBar().clearWidgets()
    dialog = RoofsDialog(qgis_iface)
    dialog.open_for(ortho)
    yield dialog
    dialog.close_down()
    dialog.deleteLater()


def choose_area(dialog: RoofsDialog, choice: int) -> None:
    widget(dialog, "roofgeo_area").setCurrentIndex(choice)


def message(dialog: RoofsDialog) -> str:
    return str(widget(dialog, "roofgeo_message").text())


def bar_text(iface: QgisInterface) -> str:
    item = iface.messageBar().currentItem()
    return "" if item is None else str(item.text())


def is_idle(dialog: RoofsDialog) -> bool:
    return bool(widget(dialog, "roofgeo_find").isVisible())


def use_slow_command(tmp_path: Path, seconds: float = 10) -> Path:
    """A command that begins a run and does not go on; returns the file with its process id."""
    pid = tmp_path / "pid"
    settings.set_command_path(str(write_script(tmp_path / "slow", SLOW.format(seconds=seconds, pid=str(pid)))))
    return pid


# --- what the dialog asks for


def test_a_layer_and_the_current_view_are_what_one_gets_without_touching_anything(
    dialog: RoofsDialog, ortho: QgsRasterLayer
) -> None:
    parameters = dialog.parameters()
    extent = parameters.pop("EXTENT")
    assert extent.crs() == UTM
    assert extent.contains(ortho.extent())
    output = parameters.pop("OUTPUT")
    assert output.sink.staticValue() == QgsProcessing.TEMPORARY_OUTPUT
    assert output.destinationProject is QgsProject.instance()
    assert parameters == {"INPUT": ortho.id(), "CLIP": False, "FORMATS": [], "MIN_CONFIDENCE": 0.0}


def test_everything_that_can_be_set_arrives(dialog: RoofsDialog, tmp_path: Path) -> None:
    choose_area(dialog, WHOLE)
    widget(dialog, "roofgeo_confidence_slider").setValue(35)
    widget(dialog, "roofgeo_model").setCurrentText("/my models/one")
    widget(dialog, "roofgeo_tile").setValue(512)
    widget(dialog, "roofgeo_overlap").setValue(0)
    for name in ("roofgeo_flatgeobuf", "roofgeo_clip", "roofgeo_rasters"):
        widget(dialog, name).setChecked(True)
    widget(dialog, "roofgeo_output").setFilePath(str(tmp_path / "Dächer.v2"))
    found = dialog.parameters()
    assert (found["MIN_CONFIDENCE"], found["MODEL"], found["TILE_PX"], found["OVERLAP_PX"]) == (
        0.35, "/my models/one", 512, 0,
    )  # fmt: skip
    assert (found["FORMATS"], found["CLIP"]) == ([1], True)
    assert "EXTENT" not in found and "AREA" not in found
    assert {name: Path(found[name].sink.staticValue()).name for name in found if name.startswith("OUTPUT")} == {
        "OUTPUT": "Dächer.v2.gpkg",
        "OUTPUT_SEGMENTS": "Dächer.v2_segments.tif",
        "OUTPUT_LINES": "Dächer.v2_lines.tif",
        "OUTPUT_CONFIDENCE": "Dächer.v2_confidence.tif",
    }
    assert Path(found["OUTPUT"].sink.staticValue()).parent == tmp_path


def test_a_folder_of_tiles_and_a_file_outside_of_the_project_can_be_chosen(
    dialog: RoofsDialog, tmp_path: Path, sample: Path
) -> None:
    dialog._imagery.add_path(str(tmp_path))
    assert dialog.parameters()["FOLDER"] == str(tmp_path)
    assert "INPUT" not in dialog.parameters()
    dialog._imagery.add_path(str(sample / "ortho.tif"))
    assert dialog.parameters()["INPUT"] == str(sample / "ortho.tif")
    assert "FOLDER" not in dialog.parameters()


def test_selected_polygons_are_taken_alone_and_said_so(dialog: RoofsDialog, area: QgsVectorLayer) -> None:
    choose_area(dialog, POLYGONS)
    selected_only = widget(dialog, "roofgeo_selected_only")
    assert not selected_only.isEnabled()
    definition = dialog.parameters()["AREA"]
    assert (definition.source.staticValue(), definition.selectedFeaturesOnly) == (area.id(), False)
    area.selectAll()
    assert selected_only.isChecked()
    assert selected_only.text() == "only the selected (1)"
    assert dialog.parameters()["AREA"].selectedFeaturesOnly
    area.removeSelection()
    assert not dialog.parameters()["AREA"].selectedFeaturesOnly


def test_a_layer_that_goes_away_is_no_area_any_more(dialog: RoofsDialog, area: QgsVectorLayer) -> None:
    choose_area(dialog, POLYGONS)
    QgsProject.instance().removeMapLayer(area)
    with pytest.raises(ValueError, match="no polygon layer"):
        dialog.parameters()


def test_a_rectangle_is_drawn_with_the_mouse_while_the_dialog_steps_aside(
    dialog: RoofsDialog, qgis_iface: QgisInterface
) -> None:
    canvas = qgis_iface.mapCanvas()
    canvas.resize(400, 400)
    before = canvas.mapTool()
    choose_area(dialog, RECTANGLE)
    widget(dialog, "roofgeo_draw").click()
    assert isinstance(canvas.mapTool(), QgsMapToolExtent)
    assert not dialog.isVisible()
    viewport, left = canvas.viewport(), Qt.MouseButton.LeftButton
    start, end = viewport.rect().center() / 2, viewport.rect().center()
    QTest.mousePress(viewport, left, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, end)
    assert dialog.isVisible()
    assert canvas.mapTool() is before
    extent = dialog.parameters()["EXTENT"]
    assert extent.crs() == UTM
    expected = QgsRectangle(canvas.getCoordinateTransform().toMapCoordinates(start),
                            canvas.getCoordinateTransform().toMapCoordinates(end))  # fmt: skip
    assert abs(extent.width() - expected.width()) < 2 * canvas.mapUnitsPerPixel()
    assert " × " in widget(dialog, "roofgeo_rectangle_size").text()


def test_another_tool_ends_the_drawing(dialog: RoofsDialog, qgis_iface: QgisInterface) -> None:
    choose_area(dialog, RECTANGLE)
    widget(dialog, "roofgeo_draw").click()
    other = QgsMapToolExtent(qgis_iface.mapCanvas())
    qgis_iface.mapCanvas().setMapTool(other)
    assert dialog.isVisible()
    assert qgis_iface.mapCanvas().mapTool() is other
    with pytest.raises(ValueError, match="Draw a rectangle"):
        dialog.parameters()


def test_the_rectangle_is_on_the_map_only_while_it_is_chosen(dialog: RoofsDialog, qgis_iface: QgisInterface) -> None:
    scene = qgis_iface.mapCanvas().scene()
    before = len(scene.items())
    choose_area(dialog, RECTANGLE)
    dialog._area.rectangle.set_rectangle(QgsRectangle(500000, 5300000, 500100, 5300050), UTM)
    assert widget(dialog, "roofgeo_rectangle_size").text() == "100 × 50 m"
    assert len(scene.items()) == before + 1
    choose_area(dialog, VIEW)
    assert len(scene.items()) == before
    choose_area(dialog, RECTANGLE)
    dialog.hide()
    assert len(scene.items()) == before
    dialog.show()
    assert len(scene.items()) == before + 1


def test_models_of_the_real_command_are_offered_and_what_was_typed_stays(dialog: RoofsDialog) -> None:
    model = widget(dialog, "roofgeo_model")
    model.setCurrentText("mine")
    assert spin_until(lambda: model.findText("research") > 0)
    assert model.currentText() == "mine"
    assert "CC-BY-NC" in model.itemData(model.findText("research"), Qt.ItemDataRole.ToolTipRole)


# --- what it says


def test_without_roofgeo_there_is_one_button_and_it_leads_to_the_options(
    dialog: RoofsDialog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    settings.set_command_path("")
    dialog.look_for_command()
    enabled = [button for button in dialog.findChildren(QPushButton) if button.isVisible() and button.isEnabled()]
    assert [button.objectName() for button in enabled] == ["roofgeo_install"]
    assert "not installed" in widget(dialog, "roofgeo_missing_text").text()
    wanted = QSignalSpy(dialog.options_wanted)
    enabled[0].click()
    assert len(wanted) == 1
    assert not any("torch" in label.text().lower() for label in dialog.findChildren(QLabel))


def test_a_command_that_is_there_again_is_noticed(dialog: RoofsDialog, roofgeo_command: tuple[str, ...]) -> None:
    settings.set_command_path("/gone/roofgeo")
    dialog.look_for_command()
    assert "/gone/roofgeo" in widget(dialog, "roofgeo_missing_text").text()
    assert not widget(dialog, "roofgeo_find").isEnabled()
    settings.set_command_path(roofgeo_command[0])
    dialog.hide()
    dialog.show()
    assert not widget(dialog, "roofgeo_missing").isVisible()
    assert widget(dialog, "roofgeo_find").isEnabled()


def test_what_is_missing_is_said_and_nothing_runs(dialog: RoofsDialog) -> None:
    choose_area(dialog, RECTANGLE)
    widget(dialog, "roofgeo_find").click()
    assert message(dialog) == "Draw a rectangle on the map first."
    assert is_idle(dialog)
    choose_area(dialog, VIEW)
    assert message(dialog) == ""
    QgsProject.instance().clear()
    widget(dialog, "roofgeo_find").click()
    assert "Choose an orthophoto" in message(dialog)


# --- runs


def test_one_click_gives_layers_counts_and_the_way_to_the_review(
    dialog: RoofsDialog, area: QgsVectorLayer, qgis_iface: QgisInterface
) -> None:
    choose_area(dialog, POLYGONS)
    percent = QSignalSpy(widget(dialog, "roofgeo_progress").valueChanged)
    widget(dialog, "roofgeo_find").click()
    assert not is_idle(dialog)
    assert widget(dialog, "roofgeo_cancel").isVisible()
    summary = widget(dialog, "roofgeo_summary")
    assert spin_until(summary.isVisible)
    assert "1,500" in summary.text() or "1500" in summary.text()
    assert spin_until(lambda: is_idle(dialog), 120)
    names = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert {"Roof segments", "Roof lines", "Buildings"} <= names
    segments = QgsProject.instance().mapLayersByName("Roof segments")[0]
    assert segments.featureCount() > 50
    assert message(dialog).startswith(f"{segments.featureCount()} roof segments, ")
    assert bar_text(qgis_iface).startswith(f"{segments.featureCount()} roof segments, ")
    assert len(percent) > 2
    wanted = QSignalSpy(dialog.review_wanted)
    widget(qgis_iface.messageBar(), "roofgeo_review").click()
    assert wanted[0][0] is segments


def test_a_failure_is_said_with_its_hint_and_the_log_is_a_click_away(
    dialog: RoofsDialog, qgis_iface: QgisInterface
) -> None:
    choose_area(dialog, RECTANGLE)
    dialog._area.rectangle.set_rectangle(QgsRectangle(400000, 5000000, 400100, 5000100), UTM)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: is_idle(dialog))
    assert "\n" in message(dialog)  # what is wrong, and the way out
    assert bar_text(qgis_iface) == message(dialog).replace("\n", " ")
    widget(dialog, "roofgeo_log").click()
    log = dialog.findChild(TextDialog)
    assert "--dry-run" in widget(log, "roofgeo_text").toPlainText()
    log.close()
    widget(qgis_iface.messageBar(), "roofgeo_bar_log").click()
    assert qgis_iface.mainWindow().findChild(TextDialog, options=Qt.FindChildOption.FindDirectChildrenOnly)


def test_a_run_that_dies_after_its_plan_is_told(dialog: RoofsDialog, tmp_path: Path, qgis_iface: QgisInterface) -> None:
    body = "if '--dry-run' in sys.argv: say(event='plan')\nelse: sys.exit('the roof is on fire')\n"
    settings.set_command_path(str(write_script(tmp_path / "dies", body)))
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: is_idle(dialog))
    assert "the roof is on fire" in message(dialog)
    assert widget(dialog, "roofgeo_log").isVisible()


def test_cancel_ends_the_process_within_a_second(dialog: RoofsDialog, tmp_path: Path) -> None:
    pid = use_slow_command(tmp_path)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: widget(dialog, "roofgeo_progress").value() > 20)
    assert "Finding roofs" in widget(dialog, "roofgeo_stage").text()
    assert "⚠ beware" in widget(dialog, "roofgeo_summary").text()
    began = time.monotonic()
    widget(dialog, "roofgeo_cancel").click()
    assert spin_until(lambda: not is_alive(int(pid.read_text())), 5)
    assert time.monotonic() - began < 1
    assert spin_until(lambda: is_idle(dialog), 5)
    assert message(dialog) == "Cancelled."
    assert len(QgsProject.instance().mapLayers()) == 1


def test_cancelling_in_the_task_bar_of_qgis_is_the_same(dialog: RoofsDialog, tmp_path: Path) -> None:
    pid = use_slow_command(tmp_path)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(pid.is_file)
    QgsApplication.taskManager().cancelAll()
    assert spin_until(lambda: is_idle(dialog), 5)
    assert message(dialog) == "Cancelled."
    assert not is_alive(int(pid.read_text()))


def test_a_run_goes_on_when_the_dialog_is_closed_and_is_there_when_it_is_opened(
    dialog: RoofsDialog, tmp_path: Path, ortho: QgsRasterLayer
) -> None:
    pid = use_slow_command(tmp_path)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(pid.is_file)
    dialog.close()
    QTest.qWait(200)
    assert is_alive(int(pid.read_text()))
    dialog.open_for(ortho)
    assert widget(dialog, "roofgeo_cancel").isVisible()
    assert not widget(dialog, "roofgeo_imagery").isEnabled()


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_long_run_is_asked_about_first(dialog: RoofsDialog, tmp_path: Path, goes_on: bool) -> None:
    pid = use_slow_command(tmp_path, seconds=12_000)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: dialog.findChild(QMessageBox))
    box = dialog.findChild(QMessageBox)
    assert box.text() == "This takes about 3 h 20 min. Go on?"
    assert not pid.exists()
    role = QMessageBox.ButtonRole.AcceptRole if goes_on else QMessageBox.ButtonRole.RejectRole
    next(button for button in box.buttons() if box.buttonRole(button) == role).click()
    if goes_on:
        assert spin_until(pid.is_file)
    else:
        assert spin_until(lambda: is_idle(dialog), 5)
        assert not pid.exists()


def test_a_file_that_exists_is_not_replaced_without_asking(dialog: RoofsDialog, tmp_path: Path) -> None:
    use_slow_command(tmp_path)
    kept = tmp_path / "kept.gpkg"
    kept.write_text("edited for hours", encoding="utf-8")
    widget(dialog, "roofgeo_output").setFilePath(str(tmp_path / "kept"))
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: dialog.findChild(QMessageBox))
    box = dialog.findChild(QMessageBox)
    assert box.text() == "kept.gpkg exists already. Replace it?"
    box.close()
    assert spin_until(lambda: is_idle(dialog), 5)
    assert kept.read_text(encoding="utf-8") == "edited for hours"


def test_all_files_that_would_be_replaced_are_named_and_the_reviewed_segments_counted(
    dialog: RoofsDialog, tmp_path: Path, predicted: Path
) -> None:
    use_slow_command(tmp_path)
    kept = Path(shutil.copy(predicted / "roofs.gpkg", tmp_path / "Dächer #1 100%.gpkg"))
    with sqlite3.connect(kept) as connection:
        connection.execute("ALTER TABLE roof_segments ADD COLUMN review TEXT")
        fids = [fid for (fid,) in connection.execute("SELECT fid FROM roof_segments ORDER BY fid LIMIT 12")]
    connection.close()
    decide(kept, fids[:11], "accepted")
    decide(kept, fids[11:], "rejected")
    beside = ["Dächer #1 100%_segments.tif", "Dächer #1 100%_roof_lines.geojson", "Dächer #1 100%_buildings.fgb"]
    for name in beside:
        (tmp_path / name).touch()
    widget(dialog, "roofgeo_output").setFilePath(str(kept))
    assert question(dialog) == f"{kept.name} exists already. Replace it?\n12 reviewed segments in {kept.name} are lost."
    assert [path.name for path in tmp_path.glob("*.gpkg*")] == [kept.name]
    widget(dialog, "roofgeo_rasters").setChecked(True)
    widget(dialog, "roofgeo_geojson").setChecked(True)
    names = f"{kept.name}, {beside[1]}, {beside[0]}"
    assert question(dialog).splitlines()[0] == f"{names} exist already. Replace them?"
    decide(kept, fids[1:], None)
    kept.rename(tmp_path / "other.gpkg")
    assert question(dialog) == f"{beside[1]}, {beside[0]} exist already. Replace them?"
    widget(dialog, "roofgeo_output").setFilePath(str(tmp_path / "other.gpkg"))
    assert question(dialog).splitlines()[1] == "1 reviewed segment in other.gpkg is lost."


def decide(file: Path, fids: list[int], decision: str | None) -> None:
    layer = QgsVectorLayer(f"{file}|layername=roof_segments", "", "ogr")
    index = layer.fields().lookupField("review")
    assert layer.dataProvider().changeAttributeValues({fid: {index: decision} for fid in fids})


def question(dialog: RoofsDialog) -> str:
    """What is asked before a run; the answer is no."""
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: dialog.findChild(QMessageBox))
    box = dialog.findChild(QMessageBox)
    text = str(box.text())
    box.close()
    assert spin_until(lambda: is_idle(dialog) and dialog.findChild(QMessageBox) is None, 5)
    return text


# --- what goes wrong


def test_a_command_that_cannot_tell_its_models_is_told_and_asked_again(
    dialog: RoofsDialog, tmp_path: Path, roofgeo_command: tuple[str, ...]
) -> None:
    old = write_script(tmp_path / "old", "print(\"Error: No such command 'info'.\", file=sys.stderr); sys.exit(2)\n")
    settings.set_command_path(str(old))
    dialog.look_for_command()
    notice = widget(dialog, "roofgeo_missing_text")
    assert spin_until(lambda: "No such command" in notice.text())
    assert notice.isVisible() and "press Install" in notice.text()
    shutil.copy(write_script(tmp_path / "new", "say(event='result', version='1.0', models=[{'name': 'own'}])\n"), old)
    dialog.hide()
    dialog.show()
    assert spin_until(lambda: widget(dialog, "roofgeo_model").findText("own") > 0)
    assert not notice.isVisible()


def test_an_answer_about_another_command_than_the_chosen_one_is_not_told(dialog: RoofsDialog, tmp_path: Path) -> None:
    settings.set_command_path(str(write_script(tmp_path / "slow", "time.sleep(0.5); sys.exit('broken')\n")))
    dialog.look_for_command()
    good = write_script(tmp_path / "good", "say(event='result', version='1.0', models=[{'name': 'own'}])\n")
    settings.set_command_path(str(good))
    dialog.look_for_command()
    assert spin_until(lambda: widget(dialog, "roofgeo_model").findText("own") > 0)
    QTest.qWait(1000)
    assert not widget(dialog, "roofgeo_missing").isVisible()


def test_layers_that_are_removed_while_a_run_looks_at_them_end_it(
    dialog: RoofsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted(*_: object) -> None:
        raise RuntimeError("wrapped C/C++ object has been deleted")

    monkeypatch.setattr("roofgeo_qgis.running.request_of", deleted)
    widget(dialog, "roofgeo_find").click()
    assert is_idle(dialog)
    assert "has been deleted" in message(dialog)


def test_a_plan_that_makes_no_sense_ends_the_run(
    dialog: RoofsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[1]))  # QGIS shows it
    settings.set_command_path(str(write_script(tmp_path / "odd", "say(event='plan', seconds='soon', windows=[])\n")))
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: is_idle(dialog), 10)
    assert "Something unexpected" in message(dialog)
    assert len(told) == 1


def test_a_run_of_which_nothing_runs_yet_can_be_cancelled(dialog: RoofsDialog) -> None:
    run = Run(dialog.parameters())
    cancelled = QSignalSpy(run.cancelled)
    run.cancel()
    assert len(cancelled) == 1


def test_work_that_fails_in_a_way_nobody_has_thought_of_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[1]))
    task = Background("test", lambda _: [].missing)
    said: list[str] = []
    task.failed.connect(lambda message, hint: said.append(message))
    task.ended.connect(lambda: said.append("ended"))
    start(task)
    assert spin_until(lambda: "ended" in said, 5)
    assert said == ["Something unexpected went wrong.", "ended"]
    assert isinstance(told[0], AttributeError)


def test_what_is_above_the_map_goes_with_the_dialog(dialog: RoofsDialog, qgis_iface: QgisInterface) -> None:
    results = {"SEGMENT_COUNT": 1, "LINE_COUNT": 1, "BUILDING_COUNT": 1}
    dialog._notices.tell_counts(results, [], None)
    dialog._notices.tell_failure("It failed.")
    bar = qgis_iface.messageBar()
    assert len(bar.findChildren(QPushButton, "roofgeo_review")) == 1
    dialog.close_down()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert spin_until(lambda: not bar.findChildren(QPushButton, "roofgeo_review"), 5)
    assert bar.findChildren(QPushButton, "roofgeo_bar_log") == []
