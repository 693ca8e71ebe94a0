"""Filter, review and labels on a copy of a real result, without a window; what is claimed is read from the file."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from osgeo import ogr
from qgis.core import NULL, QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProject, QgsVectorLayer
from roofgeo_qgis.azimuth import COMPASS, arrow, north_offset_deg, orientation_name, true_azimuth_deg, wrapped
from roofgeo_qgis.command import Cancelled
from roofgeo_qgis.confidence import full_count, is_segments, least_shown, show_from, shown_count, sisters, why_not
from roofgeo_qgis.decisions import ReviewError
from roofgeo_qgis.labels import Exported, labels_of, write_labels
from roofgeo_qgis.review import Review

pytestmark = [pytest.mark.qgis, pytest.mark.usefixtures("still_map")]

LAYERS = ("roof_segments", "roof_lines", "buildings")


@pytest.fixture
def file(predicted: Path, tmp_path: Path) -> Path:
    """A copy of the result, in a folder with a space and a letter beyond ASCII."""
    folder = tmp_path / "Dächer hier"
    folder.mkdir()
    return Path(shutil.copy(predicted / "roofs.gpkg", folder))


@pytest.fixture
def layers(file: Path) -> dict[str, QgsVectorLayer]:
    """The three layers, in the project."""
    return load(file)


@pytest.fixture
def segments(layers: dict[str, QgsVectorLayer]) -> QgsVectorLayer:
    return layers["roof_segments"]


def load(file: Path) -> dict[str, QgsVectorLayer]:
    layers = {name: QgsVectorLayer(f"{file}|layername={name}", name, "ogr") for name in LAYERS}
    assert all(layer.isValid() for layer in layers.values())
    QgsProject.instance().addMapLayers(list(layers.values()))
    return layers


def rows(file: Path, sql: str) -> list[tuple]:
    """What another program reads from the file."""
    with sqlite3.connect(file) as connection:
        return connection.execute(sql).fetchall()


def in_file(file: Path, fid: int, *names: str) -> tuple:
    return rows(file, f"SELECT {', '.join(names)} FROM roof_segments WHERE fid = {fid}")[0]


def numbers(layer: QgsVectorLayer, field: str) -> set[int]:
    return {feature[field] for feature in layer.getFeatures()}


# --- filter


def test_the_filter_shows_confident_segments_and_what_belongs_to_them(
    layers: dict[str, QgsVectorLayer], file: Path
) -> None:
    segments = layers["roof_segments"]
    assert show_from(0.5, segments, sisters(segments, QgsProject.instance()))
    kept = {number for (number,) in rows(file, "SELECT segment_id FROM roof_segments WHERE confidence >= 0.5")}
    assert 0 < len(kept) < full_count(segments) == len(rows(file, "SELECT 1 FROM roof_segments"))
    assert numbers(segments, "segment_id") == kept
    assert shown_count(segments) == len(kept)
    sides = rows(file, "SELECT line_id, left_segment_id, right_segment_id FROM roof_lines")
    assert numbers(layers["roof_lines"], "line_id") == {line for line, left, right in sides if {left, right} & kept}
    assert numbers(layers["buildings"], "building_id") == numbers(segments, "building_id")
    assert least_shown(segments) == 0.5


@pytest.mark.parametrize("own", ["building_id < 9", '("building_id" < 3) OR (building_id > 9)', "orientation = ')('"])
def test_a_filter_the_user_has_set_stays(layers: dict[str, QgsVectorLayer], own: str) -> None:
    for layer in layers.values():
        assert layer.setSubsetString(own if layer is layers["roof_segments"] else "building_id < 9")
    segments = layers["roof_segments"]
    others = sisters(segments, QgsProject.instance())
    before = full_count(segments)
    assert show_from(0.35, segments, others)
    assert show_from(0.6, segments, others)
    assert all(f["confidence"] >= 0.6 for f in segments.getFeatures())
    assert full_count(segments) == before
    assert show_from(0, segments, others)
    assert segments.subsetString() == own
    assert layers["roof_lines"].subsetString() == layers["buildings"].subsetString() == "building_id < 9"


def test_a_filter_of_the_user_that_only_ends_like_ours_is_not_taken_apart(segments: QgsVectorLayer) -> None:
    own = '("building_id" < 3) OR (building_id > 9) AND "confidence" >= 0.35'
    assert segments.setSubsetString(own)
    assert least_shown(segments) == 0
    assert show_from(0.5, segments, []) and show_from(0, segments, [])
    assert segments.subsetString() == own


def test_sisters_are_of_the_same_file_only(layers: dict[str, QgsVectorLayer], file: Path) -> None:
    other = load(Path(shutil.copy(file, file.with_name("second.gpkg"))))
    project = QgsProject.instance()
    assert set(sisters(other["roof_segments"], project)) == {other["roof_lines"], other["buildings"]}
    assert set(sisters(layers["roof_segments"], project)) == {layers["roof_lines"], layers["buildings"]}
    assert [is_segments(layers[name]) for name in LAYERS] == [True, False, False]


def test_a_layer_in_edit_mode_says_why_it_is_not_filtered(layers: dict[str, QgsVectorLayer]) -> None:
    everything = list(layers.values())
    assert why_not(everything) == ""
    layers["buildings"].startEditing()
    assert "buildings" in why_not(everything)
    layers["buildings"].rollBack()
    assert why_not(everything) == ""


# --- decisions


def test_the_least_certain_comes_first(segments: QgsVectorLayer, file: Path) -> None:
    review = Review(segments)
    walked = []
    for number in range(1, review.total + 1):
        assert review.number == number
        walked.append(review.current().confidence)
        review.skip()
    assert walked == sorted(confidence for (confidence,) in rows(file, "SELECT confidence FROM roof_segments"))
    assert review.number == 1  # nothing is decided: around again


def test_decisions_are_in_the_file_at_once(segments: QgsVectorLayer, file: Path) -> None:
    review = Review(segments)
    assert segments.fields().lookupField("review") < 0
    first = review.current()
    review.accept()
    assert in_file(file, first.fid, "review", "azimuth_deg") == ("accepted", first.azimuth_deg)
    second = review.current()
    review.reject()
    assert in_file(file, second.fid, "review") == ("rejected",)
    assert (review.accepted, review.rejected, review.number) == (1, 1, 3)
    assert len(rows(file, "SELECT 1 FROM roof_segments WHERE review IS NULL")) == review.total - 2
    assert not segments.isEditable()
    assert segments.getFeature(second.fid)["review"] == "rejected"


def test_a_decision_does_not_stand_in_the_way_of_the_filter(layers: dict[str, QgsVectorLayer]) -> None:
    segments = layers["roof_segments"]
    others = sisters(segments, QgsProject.instance())
    assert show_from(0.3, segments, others)
    review = Review(segments)
    assert review.total == shown_count(segments)
    review.accept()
    assert show_from(0.6, segments, others)
    assert shown_count(segments) == sum(f["confidence"] >= 0.6 for f in segments.getFeatures()) > 0


def test_a_review_goes_on_where_it_ended(segments: QgsVectorLayer, file: Path) -> None:
    review = Review(segments)
    review.accept()
    review.skip()
    review.reject()
    skipped = Review(segments).current()
    QgsProject.instance().clear()
    again = Review(load(file)["roof_segments"])
    assert (again.accepted, again.rejected) == (1, 1)
    assert again.number == 2 and again.current().segment_id == skipped.segment_id
    again.back()
    assert again.current().decision == "accepted"


def test_undo_takes_back_the_last_decision_and_only_that(segments: QgsVectorLayer, file: Path) -> None:
    names = ("review", "azimuth_deg", "azimuth_grid_deg", "orientation", "slope_deg", "area_m2")
    review = Review(segments)
    review.accept()
    changed = review.current()
    before = (None, *in_file(file, changed.fid, *names[1:]))
    review.accept_with(None)
    assert in_file(file, changed.fid, *names) == ("accepted", None, None, "flat", None, None)
    review.undo()
    assert in_file(file, changed.fid, *names) == before
    assert review.current().fid == changed.fid
    assert (review.accepted, review.can_undo) == (1, True)
    review.undo()
    assert (review.accepted, review.can_undo, review.number) == (0, False, 1)


def test_when_all_are_decided_there_is_none_left(segments: QgsVectorLayer) -> None:
    assert segments.setSubsetString("building_id = 1")
    review = Review(segments)
    for _ in range(review.total):
        review.accept()
    assert review.current() is None and review.number == 0
    review.accept()
    review.skip()
    assert review.accepted == review.total
    review.back()
    assert review.number == review.total


def test_a_connection_that_reads_nothing_is_made_anew(file: Path) -> None:
    class Stale(QgsVectorLayer):
        reads = 0

        def getFeatures(self, *request: object) -> object:  # noqa: N802
            self.reads += 1
            return super().getFeatures(*request) if self.reads % 2 == 0 else iter(())

    review = Review(Stale(f"{file}|layername=roof_segments", "stale", "ogr"))
    ((total,),) = rows(file, "SELECT COUNT(*) FROM roof_segments")
    assert review.total == total > 0
    assert review.current() is not None
    review.accept()
    review.undo()
    assert rows(file, "SELECT COUNT(*) FROM roof_segments WHERE review IS NULL AND orientation IS NOT NULL") == [
        (total,)
    ]


# --- azimuth


@pytest.mark.parametrize(
    ("azimuth", "stored", "orientation"),
    [(203.4, 203.4, "SSW"), (359.9, 359.9, "N"), (360.0, 0.0, "N"), (-10.0, 350.0, "N"), (0.3, 0.3, "N")],
)
def test_a_new_azimuth_is_written_with_its_grid_azimuth_and_orientation(
    segments: QgsVectorLayer, file: Path, azimuth: float, stored: float, orientation: str
) -> None:
    assert segments.setSubsetString("azimuth_deg IS NOT NULL")
    review = Review(segments)
    segment = review.current()
    (old_grid,) = in_file(file, segment.fid, "azimuth_grid_deg")
    review.accept_with(azimuth)
    decision, true, grid, name = in_file(file, segment.fid, "review", "azimuth_deg", "azimuth_grid_deg", "orientation")
    assert (decision, name) == ("accepted", orientation)
    assert true == pytest.approx(stored)
    assert 0 <= grid < 360
    difference = (grid - true) - (old_grid - segment.azimuth_deg)
    assert (difference + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


def test_a_flat_segment_gets_the_convergence_of_its_place(segments: QgsVectorLayer, file: Path) -> None:
    ((least, most),) = rows(
        file,
        "SELECT MIN(d), MAX(d) FROM (SELECT azimuth_grid_deg - azimuth_deg AS d FROM roof_segments) WHERE ABS(d) < 9",
    )
    assert segments.setSubsetString("orientation = 'flat'")
    review = Review(segments)
    segment = review.current()
    assert segment.azimuth_deg is None
    review.accept_with(90)
    true, grid, name = in_file(file, segment.fid, "azimuth_deg", "azimuth_grid_deg", "orientation")
    assert (true, name) == (90, "E")
    assert least - 0.001 < grid - true < most + 0.001


def test_the_convergence_of_the_map_is_that_of_the_result(segments: QgsVectorLayer) -> None:
    for feature in segments.getFeatures("azimuth_deg IS NOT NULL"):
        expected = feature["azimuth_deg"] - feature["azimuth_grid_deg"]
        found = north_offset_deg(feature.geometry().centroid().asPoint(), segments.crs())
        assert (found - expected + 180) % 360 - 180 == pytest.approx(0, abs=0.001)


def test_a_direction_pointed_out_is_from_true_north_in_any_projection() -> None:
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    east = true_azimuth_deg(QgsPointXY(10, 48), QgsPointXY(10.0001, 48), geographic)
    assert east == pytest.approx(90, abs=0.001)
    south_west = true_azimuth_deg(QgsPointXY(1e6, 6e6), QgsPointXY(1e6 - 5, 6e6 - 5), mercator)
    assert south_west == pytest.approx(225, abs=0.3)  # conformal but for the ellipsoid
    assert true_azimuth_deg(QgsPointXY(1, 1), QgsPointXY(1, 1), mercator) is None


def test_angles_wrap_and_have_names() -> None:
    assert [wrapped(angle) for angle in (0, 360, 725, -1, -1e-18)] == [0, 0, 5, 359, 0]
    assert [orientation_name(22.5 * i) for i in range(17)] == [*COMPASS, "N"]
    assert (orientation_name(348.7), orientation_name(348.8), orientation_name(None)) == ("NNW", "N", "flat")


def test_the_arrow_points_down_the_slope(segments: QgsVectorLayer) -> None:
    polygon = next(segments.getFeatures()).geometry()
    shaft = arrow(polygon, 90).asMultiPolyline()[0]
    assert shaft[1].x() > shaft[0].x() and shaft[1].y() == pytest.approx(shaft[0].y())
    assert polygon.boundingBox().contains(QgsPointXY((shaft[0].x() + shaft[1].x()) / 2, shaft[0].y()))


# --- layers that are edited, or cannot be written


def test_in_edit_mode_a_decision_is_one_step_of_the_users_edits(segments: QgsVectorLayer, file: Path) -> None:
    segments.startEditing()
    review = Review(segments)
    segment = review.current()
    review.accept_with(123)
    assert segments.undoStack().count() == 1
    assert segments.getFeature(segment.fid)["azimuth_deg"] == 123
    assert "review" not in [name for _, name, *_ in rows(file, "PRAGMA table_info(roof_segments)")]
    segments.undoStack().undo()
    assert segments.getFeature(segment.fid)["orientation"] == segment.orientation
    segments.undoStack().redo()
    review.reject()
    assert segments.isEditable() and segments.commitChanges()
    assert in_file(file, segment.fid, "review", "azimuth_deg") == ("accepted", 123)
    assert len(rows(file, "SELECT 1 FROM roof_segments WHERE review = 'rejected'")) == 1


def test_edits_the_user_drops_take_the_decisions_with_them(segments: QgsVectorLayer) -> None:
    segments.startEditing()
    review = Review(segments)
    review.accept()
    review.accept()
    segments.rollBack()
    review.reload()
    assert (review.accepted, review.current().decision) == (0, "")
    review.accept()
    assert (review.accepted, review.rejected) == (1, 0)


def test_a_locked_file_loses_nothing(segments: QgsVectorLayer, file: Path) -> None:
    review = Review(segments)
    review.accept()
    segment = review.current()
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReviewError, match="locked"):
        review.accept_with(10)
    assert review.current() == segment and (review.accepted, review.number) == (1, 2)
    other.rollback()
    other.close()
    assert in_file(file, segment.fid, "review", "azimuth_deg") == (None, segment.azimuth_deg)
    review.accept_with(10)
    assert in_file(file, segment.fid, "review", "azimuth_deg") == ("accepted", 10)


def test_a_file_locked_from_the_start_does_not_get_half_a_decision(segments: QgsVectorLayer, file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    review = Review(segments)
    with pytest.raises(ReviewError, match="locked"):
        review.accept()
    other.rollback()
    other.close()
    review.accept()
    assert rows(file, "SELECT COUNT(*) FROM roof_segments WHERE review = 'accepted'") == [(1,)]


def test_edits_of_a_sister_layer_are_no_obstacle(layers: dict[str, QgsVectorLayer], file: Path) -> None:
    lines = layers["roof_lines"]
    lines.startEditing()
    assert lines.changeAttributeValue(1, lines.fields().lookupField("line_type"), "valley")
    Review(layers["roof_segments"]).accept()
    assert lines.commitChanges()
    assert rows(file, "SELECT line_type FROM roof_lines WHERE fid = 1") == [("valley",)]
    assert rows(file, "SELECT COUNT(*) FROM roof_segments WHERE review = 'accepted'") == [(1,)]


def test_a_layer_that_cannot_be_written_says_so(file: Path) -> None:
    archive = file.with_name("roofs.zip")
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(file, "roofs.gpkg")
    layer = QgsVectorLayer(f"/vsizip/{archive}/roofs.gpkg|layername=roof_segments", "zipped", "ogr")
    assert is_segments(layer)
    with pytest.raises(ReviewError, match="zipped"):
        Review(layer).accept()


def test_an_empty_layer_has_nothing_to_review(segments: QgsVectorLayer, file: Path) -> None:
    assert segments.dataProvider().truncate()
    review = Review(segments)
    assert (review.total, review.number, review.current()) == (0, 0, None)
    for step in (review.accept, review.reject, review.skip, review.back, review.undo):
        step()
    assert shown_count(segments) == 0
    with pytest.raises(ReviewError, match="nothing to export"):
        export_labels(segments, file.with_name("labels.gpkg"))


# --- labels


def export_labels(layer: QgsVectorLayer, target: Path) -> Exported:
    return write_labels(labels_of(layer, target), target)


def test_labels_are_the_accepted_segments_and_the_buildings_known_as_a_whole(
    layers: dict[str, QgsVectorLayer], file: Path, sample: Path
) -> None:
    segments = layers["roof_segments"]
    sizes = dict(rows(file, "SELECT building_id, COUNT(*) FROM roof_segments GROUP BY 1 HAVING COUNT(*) > 1"))
    whole, rejected, undecided = list(sizes)[:3]
    for building, decisions in (
        (whole, "a" * sizes[whole]),
        (rejected, "r" + "a" * (sizes[rejected] - 1)),
        (undecided, "a"),
    ):
        assert segments.setSubsetString(f"building_id = {building}")
        review = Review(segments)
        for decision in decisions:
            review.accept() if decision == "a" else review.reject()
    assert segments.setSubsetString("confidence >= 0.99")  # hides undecided ones: they stay undecided
    target = file.with_name("labels.gpkg")
    done = export_labels(segments, target)
    accepted = sizes[whole] + sizes[rejected] - 1 + 1
    assert done == (accepted, 1)

    made = ogr.Open(str(target))
    truth = ogr.Open(str(sample / "labels.gpkg"))
    assert made.GetLayerCount() == 2
    labels, area = made.GetLayerByName("roof_segments"), made.GetLayerByName("labelled_area")
    assert fields(labels) == fields(truth.GetLayerByName("roof_segments"))
    assert labels.GetGeomType() == area.GetGeomType() == ogr.wkbPolygon
    assert labels.GetSpatialRef().GetAuthorityCode(None) == area.GetSpatialRef().GetAuthorityCode(None) == "32632"
    assert rows(target, "PRAGMA user_version") == [(10300,)]
    of_building = {whole: 0, rejected: 0, undecided: 0}
    (outer,) = list(area)
    known = outer.geometry()
    assert outer["building_id"] == whole
    for label in labels:
        of_building[label["building_id"]] += 1
        assert label.geometry().IsValid()
        assert label["orientation"] == orientation_name(label["azimuth_deg"])
        inside = label.geometry().Intersection(known).Area() / label.geometry().Area()
        assert inside == pytest.approx(1 if label["building_id"] == whole else 0, abs=1e-6)
    assert of_building == {whole: sizes[whole], rejected: sizes[rejected] - 1, undecided: 1}
    ((outline,),) = rows(file, f"SELECT footprint_area_m2 FROM buildings WHERE building_id = {whole}")
    assert known.Area() == pytest.approx(outline, rel=0.005)


def fields(layer: ogr.Layer) -> list[tuple[str, int, int]]:
    definition = layer.GetLayerDefn()
    each = [definition.GetFieldDefn(i) for i in range(definition.GetFieldCount())]
    return [(field.GetName(), field.GetType(), field.GetSubType()) for field in each]


def test_of_a_clipped_building_the_outline_is_not_known(segments: QgsVectorLayer, file: Path) -> None:
    assert segments.setSubsetString("building_id = 1")
    review = Review(segments)
    for _ in range(review.total):
        review.accept()
    assert export_labels(segments, file.with_name("labels.gpkg")) == (review.total, 1)
    first = next(segments.getFeatures())
    index = segments.fields().lookupField("clipped")
    assert segments.dataProvider().changeAttributeValues({first.id(): {index: True}})
    assert export_labels(segments, file.with_name("labels.gpkg")) == (review.total, 0)


def test_an_azimuth_that_was_changed_is_in_the_labels(segments: QgsVectorLayer, file: Path) -> None:
    review = Review(segments)
    review.accept_with(None)
    review.accept_with(271)
    target = file.with_name("labels.gpkg")
    export_labels(segments, target)
    found = rows(target, "SELECT orientation, azimuth_deg FROM roof_segments ORDER BY fid")
    assert sorted(found, key=str) == [("W", 271.0), ("flat", None)]


def test_labels_do_not_replace_what_they_come_from_nor_leave_halves(segments: QgsVectorLayer, file: Path) -> None:
    with pytest.raises(ReviewError, match="nothing to export"):
        export_labels(segments, file.with_name("labels.gpkg"))
    Review(segments).accept()
    with pytest.raises(ReviewError, match="choose another name"):
        export_labels(segments, file)
    with pytest.raises(ReviewError, match="cannot be written"):
        export_labels(segments, file.parent / "nowhere" / "labels.gpkg")
    segments.startEditing()
    Review(segments).accept()
    with pytest.raises(ReviewError, match="save them first"):
        export_labels(segments, file.with_name("labels.gpkg"))
    segments.rollBack()
    assert [path.name for path in file.parent.glob("*label*")] == []


def test_labels_can_be_written_again_over_old_ones(segments: QgsVectorLayer, file: Path) -> None:
    target = file.with_name("labels.gpkg")
    review = Review(segments)
    for count in (1, 2):
        review.accept()
        assert export_labels(segments, target).segments == count
        assert rows(target, "SELECT COUNT(*) FROM roof_segments") == [(count,)]
    assert [path.name for path in file.parent.glob("*label*")] == ["labels.gpkg"]
    assert next(segments.getFeatures("review IS NULL"))["review"] == NULL


def test_an_export_that_is_cancelled_leaves_the_labels_of_before(segments: QgsVectorLayer, file: Path) -> None:
    target = file.with_name("labels.gpkg")
    review = Review(segments)
    review.accept()
    export_labels(segments, target)
    review.accept()
    with pytest.raises(Cancelled):
        write_labels(labels_of(segments, target), target, lambda: True)
    assert rows(target, "SELECT COUNT(*) FROM roof_segments") == [(1,)]
    assert [path.name for path in file.parent.glob("*label*")] == ["labels.gpkg"]


def test_a_segment_without_a_shape_has_no_arrow() -> None:
    for nothing in (QgsGeometry(), QgsGeometry.fromWkt("POLYGON EMPTY")):
        assert arrow(nothing, 90.0).isNull()
    assert not arrow(QgsGeometry.fromWkt("POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))"), 90.0).isNull()
