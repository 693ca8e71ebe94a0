"""Measuring a model on a data set, and reports.

A stand-in for `predict` knows the labels and writes them as outputs: whatever is not perfect then is a mistake in
laying pictures out, in reading labels or outputs, or in comparing them.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Proj, Transformer

from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset
from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets
from roofgeo.errors import DataError, InputError, OutputError
from roofgeo.evaluation.report import Figures
from roofgeo.grid import Grid, Window
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.pipeline import PredictResult, evaluate, evaluate_dataset, evaluation, labels, measuring
from roofgeo.raster.geotiff import RasterWriter
from roofgeo.schema import FIRST_PITCHED, OTHER_LINE, RASTERS
from roofgeo.synthesis.published import write_rid

SAMPLES = Path(__file__).parents[2] / "samples"
PIXEL_M = 0.1
SHAPE = (200, 260)


def drawn_scene() -> LabelledScene:
    """A gable of 10 m x 8 m that faces 100 and 280 degrees, and a flat garage."""
    west, east = ([(40, 40), (90, 40), (90, 120), (40, 120)], [(90, 40), (140, 40), (140, 120), (90, 120)])
    planes = (
        RoofPlane(np.array(west, float), 280.0, 35.0, (0.07, 0.0, 2.0), 1),
        RoofPlane(np.array(east, float), 100.0, 35.0, (-0.07, 0.0, 14.6), 1),
        RoofPlane(np.array([(180, 60), (230, 60), (230, 110), (180, 110)], float), None, 0.0, (0.0, 0.0, 2.5), 2),
    )
    ends = {"ridge": [((90, 40), (90, 120))], "eave": [((40, 40), (40, 120)), ((140, 40), (140, 120))]}
    lines = tuple(RoofLine(kind, np.array(xy, float), 1) for kind, drawn in ends.items() for xy in drawn)
    return LabelledScene(np.full((3, *SHAPE), 90, np.uint8), PIXEL_M, planes, lines)


class Drawn(RoofDataset):
    """A data set of drawn pictures."""

    def __init__(self, scenes: list[LabelledScene], crs: CRS, transform: Affine, heads: tuple[str, ...]) -> None:
        self.scenes = scenes
        pictures = [
            Picture(str(i), Path(f"{i}.tif"), *scene.image.shape[1:], transform, PIXEL_M, -43.5)
            for i, scene in enumerate(scenes)
        ]
        super().__init__(pictures, crs, heads)
        self.georeferenced = crs is not LOCAL_CRS

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        scene = self.scenes[int(picture.name)]
        rows, cols = window.slices_in(picture.window)
        corner = np.array([window.col, window.row])
        rasters = scene.rasters
        if rasters is not None:
            rasters = Targets(
                *(rasters.of(head)[rows, cols] for head in ("segments", "azimuth", "lines", "roof", "height"))
            )
        a = [p.height_m for p in scene.planes]
        planes = tuple(
            dataclasses.replace(
                p, ring=p.ring - corner, height_m=(h[0], h[1], h[2] + h[0] * window.col + h[1] * window.row)
            )
            for p, h in zip(scene.planes, a, strict=True)
        )
        return dataclasses.replace(
            scene, image=scene.image[:, rows, cols], planes=planes, rasters=rasters,
            lines=tuple(dataclasses.replace(line, xy=line.xy - corner) for line in scene.lines),
            labelled=None if scene.labelled is None else scene.labelled[rows, cols],
        )  # fmt: skip


class Oracle:
    """Stands in for `predict`: writes the labels of a drawn scene as a model would that is always right.

    Args:
        scene: What it sees.
        finer: Its pixels are so many times smaller.
    """

    def __init__(self, scene: LabelledScene, finer: int = 1) -> None:
        self.scene, self.finer = scene, finer

    def __call__(self, _: None, imagery: Path, model: str, output: Path, **__: Any) -> PredictResult:
        with rasterio.open(imagery) as picture:
            crs, transform, shape = CRS.from_wkt(picture.crs.to_wkt()), picture.transform, picture.shape
            assert (picture.read() == self.scene.image).all()
        assert crs.is_projected
        self.place = crs, transform
        grid = Grid(crs, transform.c, transform.f, transform.a / self.finer, *(self.finer * side for side in shape))
        output.mkdir()
        targets = rasterize_targets(dataclasses.replace(self.scene, rasters=None, labelled=None))
        with RasterWriter(output, grid, ["segments", "lines", "height"], {}) as writer:
            for name, array in (("segments", targets.segments), ("lines", targets.lines), ("height", targets.height_m)):
                writer.write(name, grid.window, np.kron(array, np.ones((self.finer,) * 2, array.dtype)))
        for name, layer in self._layers(crs, transform).items():
            layer.to_file(output / "roofs.gpkg", layer=name)
        names = ["roofs.gpkg", *(RASTERS[name].filename for name in ("segments", "lines", "height"))]
        return PredictResult({name: output / name for name in names}, {}, grid, {})

    def _layers(self, crs: CRS, transform: Affine) -> dict[str, gpd.GeoDataFrame]:
        lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(*(transform * (130, 100)))
        turn = Proj(crs).get_factors(lon, lat).meridian_convergence  # azimuths are given from true north
        rows = [
            {
                "azimuth_deg": None if p.azimuth_deg is None else (p.azimuth_deg + turn) % 360,
                "slope_deg": p.slope_deg, "building_id": p.building, "confidence": 0.9,
                "geometry": shapely.Polygon([transform * tuple(xy) for xy in p.ring]),
            }
            for p in self.scene.planes
        ]  # fmt: skip
        segments = gpd.GeoDataFrame(rows, crs=crs)
        lines = [
            {
                "line_type": line.line_type, "building_id": line.building,
                "geometry": shapely.LineString([transform * tuple(xy) for xy in line.xy]),
            }
            for line in self.scene.lines
        ]  # fmt: skip
        buildings = segments[["building_id", "geometry"]].dissolve("building_id").reset_index()
        return {"roof_segments": segments, "roof_lines": gpd.GeoDataFrame(lines, crs=crs), "buildings": buildings}


EAST_OF_MUNICH = Affine(PIXEL_M, 0, 720_000, 0, -PIXEL_M, 5_365_000)
IN_DEGREES = Affine(1.35e-6, 0, 11.99, 0, -0.9e-6, 48.4)
LOCAL = Affine(PIXEL_M, 0, 0, 0, -PIXEL_M, 0)
PLACES = [(LOCAL_CRS, LOCAL), (CRS.from_epsg(25832), EAST_OF_MUNICH), (CRS.from_epsg(4326), IN_DEGREES)]
ALL = ("segments", "azimuth", "lines", "roof", "height")


def measured(
    dataset: RoofDataset, oracle: Oracle, folder: Path, monkeypatch: pytest.MonkeyPatch, **options: bool
) -> measuring.Measured:
    folder.mkdir(exist_ok=True)
    monkeypatch.setattr(measuring, "predict", oracle)
    return measuring.measure_picture(dataset, 0, "oracle", folder, **options)


@pytest.mark.parametrize(("crs", "transform"), PLACES, ids=["local", "UTM", "degrees"])
@pytest.mark.parametrize("finer", [1, 2])
def test_a_perfect_prediction_is_perfect(
    crs: CRS, transform: Affine, finer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = drawn_scene()
    oracle = Oracle(scene, finer)
    figures = measured(Drawn([scene], crs, transform, ALL), oracle, tmp_path, monkeypatch).figures.as_dict()
    ones = (
        "roof_iou", "raster_roof_iou", "raster_boundary_iou", "miou_18", "miou_10", "miou_6", "segment_pq", "segment_f",
        "segment_ap50", "lines_f", "building_f", "building_area_within_5pct", "segment_vertex_ratio",
    )  # fmt: skip
    assert {key: figures[key] for key in ones} == pytest.approx(dict.fromkeys(ones, 1.0), abs=1e-6)
    assert figures["azimuth_mae_deg"] == pytest.approx(0, abs=0.01)
    for key in ("slope_mae_deg", "height_rmse_m", "segment_polis_m", "building_area_error", "faulty_segments"):
        assert figures[key] == pytest.approx(0, abs=1e-6), key
    assert (figures["true_segments"], figures["azimuth_pairs"], figures["labelled_px"]) == (3, 2, 200 * 260)
    assert figures["raster_lines_f"] is None


def test_a_picture_without_a_place_lies_where_grid_north_is_true_north(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = Oracle(drawn_scene())
    measured(Drawn([drawn_scene()], LOCAL_CRS, LOCAL, ALL), oracle, tmp_path, monkeypatch)
    crs, transform = oracle.place
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(*(transform * (130, 100)))
    assert lat == pytest.approx(-43.5, abs=0.01)  # the sun is in the north there
    assert abs(Proj(crs).get_factors(lon, lat).meridian_convergence) < 0.01


@pytest.mark.parametrize(
    ("latitude_deg", "sun_deg", "expected"), [(50, None, 50), (None, 170, 48), (None, 20, -48), (None, None, 0)]
)
def test_the_sun_tells_the_hemisphere(latitude_deg: float | None, sun_deg: float | None, expected: float) -> None:
    dataset = Drawn([drawn_scene()], LOCAL_CRS, LOCAL, ALL)
    picture = dataclasses.replace(dataset.pictures[0], latitude_deg=latitude_deg, sun_azimuth_deg=sun_deg)
    place = labels.place_of(picture, dataset)
    _, lat = Transformer.from_crs(place.crs, 4326, always_xy=True).transform(*(place.transform * (0, 0)))
    assert lat == pytest.approx(expected, abs=1e-4)


def test_pieces_of_a_picture_add_up_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, worse = drawn_scene(), drawn_scene()
    shifted = [dataclasses.replace(p, ring=p.ring + np.array([3, 2])) for p in worse.planes]
    dataset = Drawn([scene], LOCAL_CRS, LOCAL, ALL)
    oracle = Oracle(dataclasses.replace(worse, planes=tuple(shifted)))
    whole = measured(dataset, oracle, tmp_path / "whole", monkeypatch)
    monkeypatch.setattr(labels, "WINDOW_PX", 64)
    parts = measured(dataset, oracle, tmp_path / "parts", monkeypatch)
    assert parts.figures.as_dict() == pytest.approx(whole.figures.as_dict())
    assert whole.figures.as_dict()["raster_boundary_iou"] < 1
    assert [window.name for window in whole.worst] == ["0, row 0, column 0"]
    assert [window.name for window in parts.worst] == [
        "0, row 64, column 64"
    ]  # the others hold less than 25 m2 of roof


def raster_scene(azimuth_bin_deg: float | None = 22.5) -> LabelledScene:
    """The drawn scene as rasters."""
    scene = drawn_scene()
    return dataclasses.replace(
        scene, planes=(), lines=(), rasters=rasterize_targets(scene), azimuth_bin_deg=azimuth_bin_deg
    )


def test_label_rasters_are_compared_as_components(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Drawn([raster_scene()], LOCAL_CRS, LOCAL, ALL)
    figures = measured(dataset, Oracle(drawn_scene()), tmp_path, monkeypatch).figures.as_dict()
    for key in ("roof_iou", "miou_18", "segment_pq", "building_f", "raster_lines_f", "raster_lines_ridge_f"):
        assert figures[key] == pytest.approx(1), key
    assert (figures["true_segments"], figures["true_buildings"]) == (3, 2)
    assert figures["azimuth_mae_deg"] <= 22.5 / 2, "against the middles of the bins"
    # Pixels' outlines have more vertices than roofs.
    assert (figures["segment_vertex_ratio"], figures["lines_f"]) == (None, None)


def test_eight_azimuths_measure_ten_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = raster_scene(45.0)
    assert scene.rasters is not None
    pitched = scene.rasters.segments >= FIRST_PITCHED
    scene.rasters.segments[pitched] = (scene.rasters.segments[pitched] - FIRST_PITCHED) // 2 * 2 + FIRST_PITCHED
    figures = measured(Drawn([scene], LOCAL_CRS, LOCAL, ALL), Oracle(drawn_scene()), tmp_path, monkeypatch).figures
    # 100 and 280 degrees are E and W of sixteen and of eight.
    assert (figures.classes.mean_iou(16), figures.classes.mean_iou(8), figures.classes.mean_iou(4)) == (None, 1, 1)


@pytest.mark.parametrize(
    ("heads", "told", "untold"),
    [
        (("roof",), ("roof_iou", "raster_boundary_iou", "building_f"), ("miou_18", "segment_f", "height_rmse_m")),
        (("lines", "height"), ("raster_lines_f", "height_nmad_m"), ("roof_iou", "raster_roof_iou", "miou_18")),
        (("segments", "lines", "roof"), ("roof_iou", "building_f"), ("miou_18", "segment_f", "raster_lines_f")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_raster", [True, False])
def test_only_labelled_heads_are_measured(
    heads: tuple[str, ...], told: tuple[str, ...], untold: tuple[str, ...], as_raster: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    scene = raster_scene() if as_raster else drawn_scene()
    dataset = Drawn([scene], LOCAL_CRS, LOCAL, heads)
    figures = measured(dataset, Oracle(drawn_scene()), tmp_path, monkeypatch).figures.as_dict()
    told = tuple(key for key in told if as_raster or not key.startswith("raster_lines"))
    assert {key: figures[key] for key in untold} == dict.fromkeys(untold)
    assert None not in {figures[key] for key in told}


def test_unlabelled_ground_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = np.zeros(SHAPE, bool)
    labelled[:, :160] = True  # of the garage nobody knows
    scene = drawn_scene()
    truth = dataclasses.replace(scene, planes=scene.planes[:2], labelled=labelled)
    figures = measured(Drawn([truth], LOCAL_CRS, LOCAL, ALL), Oracle(scene), tmp_path, monkeypatch).figures.as_dict()
    for key in ("roof_iou", "raster_roof_iou", "miou_18", "segment_precision", "building_f"):
        assert figures[key] == pytest.approx(1), key
    assert figures["labelled_px"] == 200 * 160


@pytest.mark.parametrize("side_px", [64, 1024])
@pytest.mark.parametrize("as_raster", [True, False])
def test_buildings_without_labels_can_be_left_out(
    as_raster: bool, side_px: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "WINDOW_PX", side_px)
    scene = drawn_scene()
    truth = dataclasses.replace(scene, planes=scene.planes[:2])  # without the garage
    if as_raster:
        truth = dataclasses.replace(truth, planes=(), lines=(), rasters=rasterize_targets(truth), azimuth_bin_deg=22.5)
    dataset, oracle = Drawn([truth], LOCAL_CRS, LOCAL, ALL), Oracle(scene)
    keys = ("roof_iou", "raster_roof_iou", "segment_precision", "building_f")
    counted = measured(dataset, oracle, tmp_path / "counted", monkeypatch).figures.as_dict()
    assert max(counted[key] for key in keys) < 0.99
    found = measured(dataset, oracle, tmp_path / "left_out", monkeypatch, ignore_unlabelled=True)
    figures = found.figures.as_dict()
    assert {key: figures[key] for key in keys} == pytest.approx(dict.fromkeys(keys, 1.0), abs=1e-6)
    garage_px = round(shapely.Polygon(scene.planes[2].ring).area)
    assert figures["labelled_px"] == pytest.approx(200 * 260 - garage_px, abs=8)
    assert all(window.wrong_share == 0 for window in found.worst)


@pytest.mark.parametrize("heads", [("lines", "height"), ALL])
def test_where_no_roof_is_labelled_none_is_left_out_wrongly(
    heads: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = dataclasses.replace(drawn_scene(), planes=(), lines=())
    dataset = Drawn([bare], LOCAL_CRS, LOCAL, heads)
    figures = measured(dataset, Oracle(drawn_scene()), tmp_path, monkeypatch, ignore_unlabelled=True).figures.as_dict()
    assert figures["predicted_segments"] == 0
    assert figures["roof_iou"] is None


def opened(dataset: RoofDataset, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluate_dataset find this data set, and predict with the oracle."""
    monkeypatch.setattr("roofgeo.data.layouts.open_dataset", lambda *_, **__: dataset)
    monkeypatch.setattr(measuring, "predict", oracle)


def test_a_report_tells_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = drawn_scene()
    turned = dataclasses.replace(
        scene, planes=(dataclasses.replace(scene.planes[0], azimuth_deg=10.0), *scene.planes[1:])
    )
    opened(Drawn([turned, scene], LOCAL_CRS, LOCAL, ALL), Oracle(scene), monkeypatch)
    (tmp_path / "report" / "worst").mkdir(parents=True)
    (tmp_path / "report" / "worst" / "worst_09.png").touch()
    (tmp_path / "report" / "notes.txt").touch()
    steps = []
    found = evaluate_dataset("drawn", report=tmp_path / "report", progress=lambda *step: steps.append(step))
    written = {str(p.relative_to(tmp_path / "report")) for p in (tmp_path / "report").rglob("*.*")}
    assert written == {
        "figures.json", "figures.md", "confusion.png", "reliability.png", "notes.txt", "worst/worst_01.png",
        "worst/worst_02.png",
    }  # fmt: skip
    told = json.loads((tmp_path / "report" / "figures.json").read_text())
    assert told["figures"] == found.figures.as_dict()
    model = f"{DEFAULT_MODEL} {open_model(DEFAULT_MODEL).card.version}"
    assert (told["pictures"], told["model"], told["left_out"]) == (2, model, {})
    assert np.array(told["confusion"]).sum() == 2 * 200 * 260
    assert sum(bin_["count"] for bin_ in told["reliability"]) == 6
    assert "| segments PQ | 1.000 |" in (tmp_path / "report" / "figures.md").read_text()
    assert steps[-1] == ("measure", 2, 2)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened(Drawn([drawn_scene()], LOCAL_CRS, LOCAL, ALL), Oracle(drawn_scene()), monkeypatch)
    assert evaluate_dataset("drawn").pictures == 1
    assert list(tmp_path.iterdir()) == []


class Damaged(Drawn):
    """Its second picture cannot be read."""

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        if picture.name == "1":
            raise DataError("1.tif cannot be read: it is short", "Copy it again.")
        return super().read(picture, window)


def test_a_damaged_picture_stops_a_small_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    opened(Damaged([drawn_scene()] * 3, LOCAL_CRS, LOCAL, ALL), Oracle(drawn_scene()), monkeypatch)
    with pytest.raises(DataError, match=r"1 of 3 pictures cannot be read: 1: 1\.tif cannot be read: it is short"):
        evaluate_dataset("drawn")


def test_one_of_many_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_UNREADABLE", 0.5)
    opened(Damaged([drawn_scene()] * 3, LOCAL_CRS, LOCAL, ALL), Oracle(drawn_scene()), monkeypatch)
    found = evaluate_dataset("drawn")
    assert (found.pictures, found.left_out) == (2, {"1": "1.tif cannot be read: it is short"})
    assert found.figures.true_segments == 6


@pytest.mark.parametrize(
    ("count", "limit", "expected"), [(10, 3, [0, 3, 6]), (3, 9, [0, 1, 2]), (4, None, [0, 1, 2, 3])]
)
def test_a_limit_spreads_over_the_data_set(count: int, limit: int | None, expected: list[int]) -> None:
    assert list(evaluation.chosen_pictures(count, limit)) == expected


def test_untold_types_of_lines_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = raster_scene()
    assert scene.rasters is not None
    scene.rasters.lines[scene.rasters.lines == 0] = OTHER_LINE
    wrong = drawn_scene()
    valley = RoofLine("valley", np.array([(180.0, 150.0), (230.0, 150.0)]), 2)
    opened(
        Drawn([scene], LOCAL_CRS, LOCAL, ("lines",)),
        Oracle(dataclasses.replace(wrong, lines=(*wrong.lines, valley))), monkeypatch,
    )  # fmt: skip
    figures = evaluate_dataset("drawn").figures.as_dict()
    assert (figures["raster_lines_ridge_f"], figures["raster_lines_valley_f"]) == (pytest.approx(1), None)


def test_bad_requests_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(Drawn([drawn_scene()], LOCAL_CRS, LOCAL, ALL), Oracle(drawn_scene()), monkeypatch)
    with pytest.raises(InputError, match="0 pictures cannot be measured"):
        evaluate_dataset("drawn", limit=0)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="report cannot be written"):
        evaluate_dataset("drawn", report=tmp_path / "file")
    with pytest.raises(OutputError, match="report cannot be written"):
        evaluate(SAMPLES / "labels.gpkg", SAMPLES / "labels.gpkg", report=tmp_path / "file" / "below")


def test_layers_are_reported_with_their_worst_buildings(tmp_path: Path) -> None:
    truth = SAMPLES / "labels.gpkg"
    figures = evaluate(truth, truth, report=tmp_path, imagery=SAMPLES / "ortho.tif")
    assert isinstance(figures, Figures)
    assert figures.panoptic_quality == pytest.approx(1)
    assert figures.buildings.median_area_error == 0
    told = json.loads((tmp_path / "figures.json").read_text())
    assert (told["measured_on"], told["truth"]) == ("labels.gpkg", str(truth))
    assert len(list((tmp_path / "worst").iterdir())) == 12
    assert not (tmp_path / "confusion.png").exists()


@pytest.mark.slow
def test_a_published_layout_is_measured_through_predict(tmp_path: Path) -> None:
    written = write_rid(tmp_path / "rid", count=2, seed=3)
    found = evaluate_dataset(tmp_path / "rid", limit=1, report=tmp_path / "report")
    figures = found.figures.as_dict()
    assert found.pictures == 1
    assert figures["labelled_px"] == next(iter(written.values())).image[0].size
    assert 0 < figures["raster_roof_iou"] <= 1
