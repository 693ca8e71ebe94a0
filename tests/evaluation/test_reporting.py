"""What reports are made of: components, worst windows, pictures, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS

from roofgeo.errors import OutputError
from roofgeo.evaluation.classes import ClassSums
from roofgeo.evaluation.components import class_components, mask_components
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.drawing import CELL_PX, MARGIN_PX, PANEL_PX, draw_classes, draw_confusion, draw_outlines
from roofgeo.evaluation.report import Figures
from roofgeo.evaluation.reporting import CLASS_NAMES, write_report
from roofgeo.evaluation.worst import WorstWindow, keep_worst, wrong_share
from roofgeo.evaluation.writing import ReportFolder, write_orthophoto
from roofgeo.grid import Window

UTM = CRS.from_epsg(32632)
METRES = Affine(0.5, 0, 100, 0, -0.5, 200)


def test_components_touch_at_their_sides() -> None:
    classes = np.array([[2, 2, 0], [3, 0, 2], [1, 255, 2]], np.uint8)
    layer = class_components(classes, METRES, UTM)
    # N twice (1 x 2 pixels each, which touch at a corner only), NNE and flat once; 255 is nothing.
    told = sorted(zip(layer["azimuth_deg"].fillna(-1), layer.area, strict=True))
    assert told == [(-1, 0.25), (0, 0.5), (0, 0.5), (22.5, 0.25)]
    assert layer.total_bounds.tolist() == [100, 198.5, 101.5, 200]
    assert layer.crs == UTM


def test_no_components_are_an_empty_layer() -> None:
    assert class_components(np.zeros((3, 3), np.uint8), METRES, UTM)["azimuth_deg"].tolist() == []
    assert len(mask_components(np.zeros((3, 3), bool), METRES, UTM)) == 0


def test_a_hole_in_a_mask_stays_one() -> None:
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    (ring,) = mask_components(mask, METRES, UTM).geometry
    assert (ring.area, len(ring.interiors)) == (2, 1)


def test_the_share_of_wrong_roof_pixels() -> None:
    truth, predicted = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    truth[:10, :10], predicted[:10, 5:15] = 2, 2
    truth[15:], predicted[15:, :5] = 255, 3
    # 150 pixels are roof in either, of which the middle 50 agree; unlabelled ones do not count.
    assert wrong_share(predicted, truth, 1.0) == pytest.approx(100 / 150)
    assert wrong_share(np.full_like(truth, 255), truth, 1.0) == 1
    assert wrong_share(predicted, truth, 0.1) is None  # 1.5 m2 tell nothing


def test_the_worst_are_kept() -> None:
    pixels = np.zeros((3, 4, 4), np.uint8)
    windows = [WorstWindow(str(share), share, pixels, pixels[0], pixels[0]) for share in (0.1, 0.9, 0.4)]
    assert [window.name for window in keep_worst(windows, most=2)] == ["0.9", "0.4"]


def test_the_confusion_matrix_shows_where_pixels_went() -> None:
    confusion = np.zeros((18, 18), np.int64)
    confusion[2, 3], confusion[5, 5] = 7, 1
    picture = np.asarray(draw_confusion(confusion, CLASS_NAMES))

    def paint(row: int, col: int) -> list[int]:
        return picture[MARGIN_PX + CELL_PX * row + 4, MARGIN_PX + CELL_PX * col + 4].tolist()

    assert paint(2, 3) == paint(5, 5) == [31, 119, 180]
    assert paint(3, 2) == paint(2, 2) == [255, 255, 255]


def test_classes_are_drawn_over_the_picture() -> None:
    image, truth = np.full((3, 8, 16), 100, np.uint8), np.zeros((8, 16), np.uint8)
    truth[:, 8:] = 255
    picture = np.asarray(draw_classes(image, truth, np.full_like(truth, 2), "caption"))
    panel = 2 * PANEL_PX
    row = 24 + PANEL_PX // 2
    assert picture[row, 6 + 100].tolist() == [100, 100, 100]
    assert picture[row, 12 + panel + 100].tolist() == [100, 100, 100]  # background
    assert picture[row, 12 + panel + 700].tolist() == [30, 30, 30]  # not labelled
    assert picture[row, 18 + 2 * panel + 100].tolist() == [170, 59, 78]  # N: 0.45 of 100 and 0.55 of its colour


def test_outlines_are_drawn_where_they_lie() -> None:
    box = shapely.box(2, 2, 8, 8)
    picture = np.asarray(draw_outlines(None, (0, 0, 10, 10), [box], [], "caption"))
    row, col = 24 + round(PANEL_PX * 0.5), 6 + round(PANEL_PX * 0.2)
    assert picture[row, col].tolist() == [31, 119, 180]
    assert picture[row, 6 + PANEL_PX + 6 + round(PANEL_PX * 0.2)].tolist() == [255, 255, 255]


def test_a_report_of_nothing_is_complete(tmp_path: Path) -> None:
    write_report(ReportFolder(tmp_path / "deep" / "report"), "nothing", Figures(), {"model": "none"})
    told = json.loads((tmp_path / "deep" / "report" / "figures.json").read_text())
    assert (told["confusion"], told["reliability"], told["model"]) == (None, None, "none")
    assert [p.name for p in sorted((tmp_path / "deep" / "report").iterdir())] == ["figures.json", "figures.md"]


def test_classes_that_do_not_occur_are_null(tmp_path: Path) -> None:
    confusion = np.zeros((18, 18), np.int64)
    confusion[0, 0] = 5
    found = Figures(classes=ClassSums(confusion, 8), detections=Detections(np.ones(1), np.ones(1, bool), 1))
    write_report(ReportFolder(tmp_path), "one", found, {"left_out": {"a.tif": "short"}})
    told = json.loads((tmp_path / "figures.json").read_text())
    assert told["class_iou"] == {"miou_10": [1.0, *[None] * 9], "miou_6": [1.0, *[None] * 5]}
    assert "- left out: a.tif: short" in (tmp_path / "figures.md").read_text()
    assert (tmp_path / "reliability.png").stat().st_size > 0


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="the report cannot be written into") as caught:
        ReportFolder(tmp_path / "file")
    assert "--report" in caught.value.hint


def test_a_picture_is_written_part_by_part(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (3, 50, 70)).astype(np.uint8)
    parts = [(Window(0, col, 50, 35), image[:, :, col : col + 35]) for col in (0, 35)]
    write_orthophoto(tmp_path / "picture.tif", (50, 70), UTM, METRES, parts)
    with rasterio.open(tmp_path / "picture.tif") as picture:
        assert (picture.read() == image).all()
        assert (picture.crs.to_epsg(), picture.transform) == (32632, METRES)
    with pytest.raises(OutputError, match="cannot be written"):
        write_orthophoto(tmp_path / "nowhere" / "picture.tif", (50, 70), UTM, METRES, parts)
