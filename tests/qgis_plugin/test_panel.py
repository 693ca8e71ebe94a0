"""The panel "Roofs" in a QGIS without a screen: what is clicked and pressed is seen in the layers and in the file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgisInterface, QgsMapToolPan, QgsRubberBand
from qgis.PyQt.QtCore import QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QFileDialog
from roofgeo_qgis.panel import RoofsPanel

pytestmark = [pytest.mark.qgis, pytest.mark.usefixtures("still_map")]

LAYERS = ("roof_segments", "roof_lines", "buildings")


@pytest.fixture
def file(predicted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(predicted / "roofs.gpkg", tmp_path))


@pytest.fixture
def layers(file: Path) -> dict[str, QgsVectorLayer]:
    return load(file)


@pytest.fixture
def panel(qgis_iface: QgisInterface, layers: dict[str, QgsVectorLayer]) -> Iterator[RoofsPanel]:
    yield from shown(qgis_iface)


def shown(iface: QgisInterface) -> Iterator[RoofsPanel]:
    canvas = iface.mapCanvas()
    canvas.resize(600, 600)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    made = RoofsPanel(iface)
    made.setFloating(True)
    made.show()
    iface.messageBar().clear_messages()
    yield made
    made.close_down()
    made.deleteLater()
    wait(1)


def load(file: Path) -> dict[str, QgsVectorLayer]:
    layers = {name: QgsVectorLayer(f"{file}|layername={name}", name, "ogr") for name in LAYERS}
    QgsProject.instance().addMapLayers(list(layers.values()))
    return layers


def count(layers: dict[str, QgsVectorLayer]) -> int:
    """Segments to review."""
    return len(list(layers["roof_segments"].getFeatures()))


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition: Callable[[], bool]) -> bool:
    for _ in range(100):
        if condition():
            return True
        wait(20)
    return False


def decided(file: Path) -> list[tuple]:
    with sqlite3.connect(file) as connection:
        sql = "SELECT segment_id, review, azimuth_deg FROM roof_segments WHERE review IS NOT NULL ORDER BY confidence"
        return connection.execute(sql).fetchall()


def bands(panel: RoofsPanel) -> list[QgsRubberBand]:
    """What the panel has on the map, and is not empty."""
    items = panel._iface.mapCanvas().scene().items()
    return [item for item in items if isinstance(item, QgsRubberBand) and item.numberOfVertices()]


def warnings(panel: RoofsPanel) -> list[str]:
    return panel._iface.messageBar().get_messages(Qgis.MessageLevel.Warning)


# --- slider


def test_the_slider_filters_while_it_moves(panel: RoofsPanel, layers: dict[str, QgsVectorLayer]) -> None:
    segments = layers["roof_segments"]
    total = segments.featureCount()
    seen = set()
    for percent in range(0, 95, 2):  # never at rest as long as its timer
        panel.slider.setValue(percent)
        wait(10)
        seen.add(segments.subsetString())
    assert len(seen) > 5
    assert until(lambda: segments.subsetString() == '"confidence" >= 0.94')
    expected = sum(feature["confidence"] >= 0.94 for feature in segments.getFeatures())
    assert panel.count_label.text() == f"{expected} of {total} segments"
    assert panel.percent_label.text() == "94 %"
    panel.slider.setValue(0)
    assert until(lambda: all(layer.subsetString() == "" for layer in layers.values()))
    assert panel.count_label.text() == f"{total} of {total} segments"


def test_the_slider_rests_while_a_layer_is_edited(panel: RoofsPanel, layers: dict[str, QgsVectorLayer]) -> None:
    assert panel.slider.isEnabled()
    layers["roof_lines"].startEditing()
    assert not panel.slider.isEnabled() and "roof_lines" in panel.slider.toolTip()
    layers["roof_lines"].rollBack()
    assert panel.slider.isEnabled() and "roof_lines" not in panel.slider.toolTip()


def test_a_filter_set_elsewhere_is_shown(panel: RoofsPanel, layers: dict[str, QgsVectorLayer]) -> None:
    segments = layers["roof_segments"]
    segments.setSubsetString('(building_id = 1) AND "confidence" >= 0.40')
    assert panel.slider.value() == 40
    of_building = panel.count_label.text().split(" of ")[1]
    segments.setSubsetString("building_id = 1")
    assert panel.slider.value() == 0
    # Not featureCount(): with several layers of one file open, QGIS 3.22 may answer -1.
    assert panel.count_label.text() == f"{sum(1 for _ in segments.getFeatures())} of {of_building}"


def test_two_results_are_filtered_each_by_itself(
    panel: RoofsPanel, layers: dict[str, QgsVectorLayer], file: Path
) -> None:
    panel.slider.setValue(50)
    assert until(lambda: layers["buildings"].subsetString() != "")
    second = load(Path(shutil.copy(file, file.with_name("second.gpkg"))))
    assert panel.result_box.count() == 2
    assert "second.gpkg" in panel.result_box.currentText()  # what has just come
    assert panel.slider.value() == 0
    panel.slider.setValue(80)
    assert until(lambda: second["roof_lines"].subsetString() != "")
    assert layers["roof_segments"].subsetString() == '"confidence" >= 0.50'
    panel.show_result(layers["roof_segments"])
    assert panel.slider.value() == 50
    assert second["roof_segments"].subsetString() == '"confidence" >= 0.80'


def test_lines_that_come_later_are_filtered_too(panel: RoofsPanel, file: Path) -> None:
    panel.slider.setValue(60)
    wait(100)
    again = QgsVectorLayer(f"{file}|layername=roof_lines", "again", "ogr")
    QgsProject.instance().addMapLayer(again)
    assert until(lambda: "0.60" in again.subsetString())


# --- review


def test_keys_decide_and_the_map_follows(panel: RoofsPanel, layers: dict[str, QgsVectorLayer], file: Path) -> None:
    canvas = panel._iface.mapCanvas()
    panel.review_button.click()
    first = panel.form.review.current()
    to_map = QgsCoordinateTransform(
        layers["roof_segments"].crs(), canvas.mapSettings().destinationCrs(), QgsProject.instance()
    )
    place = to_map.transformBoundingBox(first.geometry.boundingBox())
    assert canvas.extent().contains(place)
    assert canvas.extent().width() < 200  # metres of Web Mercator
    assert panel.form.progress_label.text() == f"1 of {count(layers)}, 0 accepted, 0 rejected"
    assert len(bands(panel)) >= 1
    QTest.keyClick(panel.form, Qt.Key.Key_A)
    QTest.keyClick(panel.form, Qt.Key.Key_Space)
    QTest.keyClick(panel.form, Qt.Key.Key_R)
    assert panel.form.progress_label.text() == f"4 of {count(layers)}, 1 accepted, 1 rejected"
    assert [decision for _, decision, _ in decided(file)] == ["accepted", "rejected"]
    QTest.keyClick(panel.form, Qt.Key.Key_Backspace)
    assert panel.form.decision_label.text() == "rejected"
    QTest.keyClick(panel.form, Qt.Key.Key_U)
    assert panel.form.decision_label.text() == "not decided"
    assert [decision for _, decision, _ in decided(file)] == ["accepted"]


def test_keys_typed_into_the_azimuth_are_no_decisions(panel: RoofsPanel, file: Path) -> None:
    panel.review_button.click()
    form = panel.form
    form.flat_box.setChecked(False)
    form.azimuth_box.setFocus()
    form.azimuth_box.selectAll()
    QTest.keyClicks(form.azimuth_box, "12n4")
    QTest.keyClick(form.azimuth_box, Qt.Key.Key_Backspace)
    QTest.keyClick(form.azimuth_box, Qt.Key.Key_3)
    assert form.azimuth_box.value() == 123
    assert form.orientation_label.text() == "ESE"
    assert form.review.number == 1
    QTest.keyClick(form.azimuth_box, Qt.Key.Key_Return)
    QTest.keyClick(form, Qt.Key.Key_A)
    assert [row[1:] for row in decided(file)] == [("accepted", 123.0)]


def test_the_azimuth_goes_round_and_is_not_rounded_unasked(panel: RoofsPanel, file: Path) -> None:
    panel.review_button.click()
    form = panel.form
    while form.flat_box.isChecked():
        form.skip_button.click()
    exact = form.review.current()
    assert exact.azimuth_deg != round(exact.azimuth_deg, 1)
    form.accept_button.click()
    assert decided(file) == [(exact.segment_id, "accepted", exact.azimuth_deg)]
    form.azimuth_box.setValue(359.9)
    form.azimuth_box.stepUp()
    assert form.azimuth_box.value() < 1


def test_flat_is_written_as_flat(panel: RoofsPanel, file: Path) -> None:
    panel.review_button.click()
    while panel.form.flat_box.isChecked():
        panel.form.skip_button.click()
    panel.form.flat_box.setChecked(True)
    assert not panel.form.azimuth_box.isEnabled() and panel.form.orientation_label.text() == "flat"
    panel.form.accept_button.click()
    assert [row[1:] for row in decided(file)] == [("accepted", None)]


@pytest.mark.parametrize("drag", [True, False], ids=["drag", "two clicks"])
def test_an_azimuth_is_pointed_out_on_the_map(panel: RoofsPanel, file: Path, drag: bool) -> None:
    canvas = panel._iface.mapCanvas()
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    panel.review_button.click()
    panel.form.map_button.click()
    assert canvas.mapTool() is not pan
    ridge, eave = QPoint(300, 300), QPoint(400, 300)  # to the right: east in this projection
    where, left = canvas.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(where, left, Qt.KeyboardModifier.NoModifier, ridge)
    if not drag:
        QTest.mouseRelease(where, left, Qt.KeyboardModifier.NoModifier, ridge)
        QTest.mouseMove(where, eave)
        QTest.mousePress(where, left, Qt.KeyboardModifier.NoModifier, eave)
    QTest.mouseRelease(where, left, Qt.KeyboardModifier.NoModifier, eave)
    assert panel.form.azimuth_box.value() == pytest.approx(90, abs=0.1)
    assert canvas.mapTool() is pan and not panel.form.map_button.isChecked()
    assert not file.with_name("labels.gpkg").exists() and panel.form.review.number == 1  # nothing written yet
    panel.form.accept_button.click()
    assert decided(file)[0][2] == pytest.approx(90, abs=0.1)


def test_pointing_can_be_given_up(panel: RoofsPanel) -> None:
    canvas = panel._iface.mapCanvas()
    panel.review_button.click()
    before = panel.form.azimuth_box.value()
    for give_up in (
        lambda: QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton),
        lambda: QTest.keyClick(canvas, Qt.Key.Key_Escape),
        lambda: canvas.setMapTool(QgsMapToolPan(canvas)),
        panel.form.map_button.click,
        panel.review_button.click,
    ):
        panel.form.map_button.click()
        assert panel.form.map_button.isChecked()
        give_up()
        assert not panel.form.map_button.isChecked()
        if panel.form.review is not None:
            assert panel.form.azimuth_box.value() == before


def test_the_review_follows_what_the_user_does_to_the_layer(
    panel: RoofsPanel, layers: dict[str, QgsVectorLayer]
) -> None:
    segments = layers["roof_segments"]
    panel.review_button.click()
    fid, total = panel.form.review.current().fid, count(layers)
    segments.startEditing()
    panel.form.accept_button.click()
    panel.form.back_button.click()
    assert panel.form.decision_label.text() == "accepted"
    segments.undoStack().undo()
    assert until(lambda: panel.form.decision_label.text() == "not decided")
    segments.deleteFeature(fid)
    assert until(lambda: panel.form.progress_label.text().startswith(f"1 of {total - 1}"))
    assert panel.form.review.current().fid != fid
    segments.rollBack()
    assert until(lambda: f"of {total}" in panel.form.progress_label.text())
    panel.slider.setValue(60)
    assert until(lambda: panel.form.review.current().confidence >= 0.6)


def test_what_cannot_be_written_is_said(panel: RoofsPanel, layers: dict[str, QgsVectorLayer]) -> None:
    layers["roof_segments"].setReadOnly(True)
    panel.review_button.click()
    panel.form.accept_button.click()
    assert "cannot be written" in warnings(panel)[0]
    assert panel.form.progress_label.text() == f"1 of {count(layers)}, 0 accepted, 0 rejected"


def test_a_new_run_into_the_same_file_starts_the_review_over(
    panel: RoofsPanel, layers: dict[str, QgsVectorLayer], file: Path, predicted: Path
) -> None:
    panel.review_button.click()
    panel.form.accept_button.click()
    shutil.copy(predicted / "roofs.gpkg", file.with_name("new.gpkg"))
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    file.with_name("new.gpkg").replace(file)
    layers["roof_segments"].dataProvider().reloadData()
    assert until(lambda: panel.form.progress_label.text() == f"1 of {count(layers)}, 0 accepted, 0 rejected")
    assert not panel.form.undo_button.isEnabled()


# --- export, and coming and going


def test_labels_are_exported_and_it_says_so(panel: RoofsPanel, layers: dict[str, QgsVectorLayer], file: Path) -> None:
    segments = layers["roof_segments"]
    panel.labels.export(segments, file.with_name("labels"))
    assert "nothing to export" in warnings(panel)[0]
    panel.review_button.click()
    panel.form.accept_button.click()
    panel.labels.export(segments, file.with_name("labels"))
    assert until(lambda: bool(panel._iface.messageBar().get_messages(Qgis.MessageLevel.Success)))
    with sqlite3.connect(file.with_name("labels.gpkg")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM roof_segments").fetchall() == [(1,)]
    assert "labels.gpkg" in panel._iface.messageBar().get_messages(Qgis.MessageLevel.Success)[0]


@pytest.mark.parametrize("is_temporary", [True, False])
def test_what_lies_in_a_temporary_file_is_said_once_and_its_labels_go_elsewhere(
    panel: RoofsPanel, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_temporary: bool
) -> None:
    suggested: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda _, __, path, ___: (suggested.append(path), ("", ""))[1])
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if not is_temporary:  # of which all files of a test are some
        monkeypatch.setattr(QgsVectorLayer, "isTemporary", lambda _: False)
    for _ in range(4):  # begins, ends, begins again
        panel.review_button.click()
    told = panel._iface.messageBar().get_messages(Qgis.MessageLevel.Info)
    assert ["temporary file" in text for text in told] == ([True] if is_temporary else [])
    panel.export_button.click()
    QgsProject.instance().setFileName(str(tmp_path / "project" / "roofs.qgz"))
    panel.export_button.click()
    wanted = [tmp_path / "home", tmp_path / "project"] if is_temporary else [file.parent, file.parent]
    assert suggested == [str(folder / "labels.gpkg") for folder in wanted]


def test_a_segment_without_a_shape_leaves_no_mark_of_the_one_before(
    panel: RoofsPanel, layers: dict[str, QgsVectorLayer], file: Path
) -> None:
    segments = layers["roof_segments"]
    panel.review_button.click()
    first = panel.form.review.current()
    panel.review_button.click()
    assert segments.dataProvider().changeGeometryValues({first.fid: QgsGeometry()})
    panel.review_button.click()
    assert panel.form.review.current().fid == first.fid
    assert bands(panel) == []
    panel.form._marks.show(first, 90.0, segments)
    assert bands(panel)
    panel.form._marks.show(panel.form.review.current(), 90.0, segments)
    assert bands(panel) == []
    panel.form.accept_button.click()
    assert len(decided(file)) == 1


@pytest.mark.parametrize("removed", [LAYERS, ("roof_segments",), ("roof_lines",)], ids=["all", "segments", "lines"])
def test_layers_can_go_while_the_panel_shows_them(
    panel: RoofsPanel, layers: dict[str, QgsVectorLayer], removed: tuple[str, ...]
) -> None:
    panel.review_button.click()
    panel.slider.setValue(40)  # its timer still runs
    panel.form.read_again()
    QgsProject.instance().removeMapLayers([layers[name].id() for name in removed])
    wait(150)
    if "roof_segments" in removed:
        assert panel.count_label.text() == "No roof segments in the project"
        assert panel.form.review is None and bands(panel) == []
        assert not panel.slider.isEnabled() and not panel.review_button.isEnabled()
    else:
        assert panel.slider.value() == 40 and panel.form.review is not None


def test_a_project_that_is_closed_leaves_an_empty_panel(panel: RoofsPanel, file: Path) -> None:
    panel.review_button.click()
    QgsProject.instance().clear()
    wait(100)
    assert panel.result_box.count() == 0 and not panel.export_button.isEnabled()
    load(file)
    assert panel.result_box.count() == 1 and panel.export_button.isEnabled()


def test_an_empty_result_is_shown_as_such(panel: RoofsPanel, layers: dict[str, QgsVectorLayer]) -> None:
    assert layers["roof_segments"].dataProvider().truncate()
    layers["roof_segments"].dataProvider().reloadData()
    assert panel.count_label.text() == "0 of 0 segments"
    panel.review_button.click()
    assert panel.form.progress_label.text() == "no segment is shown, 0 accepted, 0 rejected"
    assert not panel.form.accept_button.isEnabled()
    for key in (Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_N, Qt.Key.Key_Backspace, Qt.Key.Key_U):
        QTest.keyClick(panel.form, key)


def test_a_hidden_panel_has_nothing_on_the_map(panel: RoofsPanel) -> None:
    panel.review_button.click()
    assert bands(panel)
    panel.hide()
    assert bands(panel) == []
    panel.show()
    assert bands(panel)


def test_closing_down_leaves_nothing_behind(qgis_iface: QgisInterface, layers: dict[str, QgsVectorLayer]) -> None:
    scene = qgis_iface.mapCanvas().scene()
    before = len(scene.items())
    made = RoofsPanel(qgis_iface)
    made.review_button.click()
    made.form.map_button.click()
    made.slider.setValue(50)
    made.close_down()
    made.deleteLater()
    wait(100)
    assert len(scene.items()) == before
    assert qgis_iface.mapCanvas().mapTool() is None
    segments = layers["roof_segments"]
    assert segments.subsetString() == ""
    segments.setSubsetString("building_id = 1")
    segments.startEditing()
    segments.rollBack()
    QgsProject.instance().removeAllMapLayers()
