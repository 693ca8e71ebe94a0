"""The main job on the sample scene and on real imagery: the contract, the seams, the quality."""

from __future__ import annotations

import functools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.features
import shapely
from affine import Affine

from roofgeo.data.imagery import open_imagery
from roofgeo.data.targets import segment_class
from roofgeo.errors import AreaError, ImageryError, InputError
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.pipeline import PredictResult, evaluate, evaluate_dataset, predict, prediction, preparation
from roofgeo.plan import plan_run
from roofgeo.vector.export import read_layers
from tests.benchmarks.figures import measure, seams
from tests.benchmarks.sets import banepa, kampala, sample_scene
from tests.checker import check_outputs

SAMPLES = Path(__file__).parents[2] / "samples"
ORTHO = SAMPLES / "ortho.tif"


def test_sample_keeps_the_contract(sample_result: PredictResult) -> None:
    assert check_outputs(sample_result.paths["roofs.gpkg"].parent) == []


def test_result_tells_what_was_made(sample_result: PredictResult) -> None:
    assert all(path.is_file() for path in sample_result.paths.values())
    assert sample_result.counts["buildings"] > 15
    assert sample_result.counts == {name: len(rows) for name, rows in layers_of(sample_result).items()}
    assert sample_result.seconds["predict"] > 0 and sample_result.notes == ()
    assert sample_result.grid.crs.to_epsg() == 32632


def test_heights_nobody_has_measured_are_told_only_to_measure_them(
    sample_result: PredictResult, tmp_path: Path
) -> None:
    assert not open_model(DEFAULT_MODEL).card.heights_known
    assert "roof_height.tif" not in sample_result.paths
    with rasterio.open(ORTHO) as source:
        profile = source.profile | {"width": 320, "height": 320}
        pixels = source.read(window=((400, 720), (400, 720)))
        profile["transform"] = source.transform * Affine.translation(400, 400)
    with rasterio.open(tmp_path / "part.tif", "w", **profile) as sink:
        sink.write(pixels)
    result = predict(imagery=tmp_path / "part.tif", output=tmp_path / "roofs", unproven_heights=True)
    with rasterio.open(result.paths["roof_height.tif"]) as heights:
        assert np.nanmax(heights.read(1)) > 0


def test_nothing_unfinished_is_left(sample_result: PredictResult) -> None:
    folder = sample_result.paths["roofs.gpkg"].parent
    sidecars = {f"{name}.aux.xml" for name in ("roof_segments.tif", "roof_lines.tif")}
    sidecars |= {f"{Path(name).stem}.qml" for name in sample_result.paths if name.endswith(".tif")}
    assert {path.name for path in folder.iterdir()} == {*sample_result.paths, *sidecars}


def test_segments_of_a_building_do_not_overlap(sample_result: PredictResult) -> None:
    for _, segments in layers_of(sample_result)["roof_segments"].groupby("building_id"):
        shapes = segments.geometry.to_numpy()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.area(shapes).sum() == pytest.approx(shapely.area(shapely.union_all(shapes)), abs=1e-6)


def test_sample_is_right(sample_result: PredictResult) -> None:
    """The floors of the README's table."""
    figures = evaluate(sample_result.paths["roofs.gpkg"], SAMPLES / "labels.gpkg", SAMPLES / "area.geojson")
    assert figures.roof_iou is not None and figures.roof_iou >= 0.85
    assert figures.segment_f is not None and figures.segment_f >= 0.60
    assert figures.azimuth_mae_deg is not None and figures.azimuth_mae_deg <= 12


def test_area_in_another_crs_gives_the_same(sample_result: PredictResult, tmp_path: Path) -> None:
    area = gpd.read_file(SAMPLES / "area.geojson").to_crs("EPSG:3035")
    area.to_file(tmp_path / "area.gpkg")
    again = predict(tmp_path / "area.gpkg", ORTHO, output=tmp_path / "roofs")
    assert abs(again.counts["roof_segments"] - sample_result.counts["roof_segments"]) <= 2


def test_buildings_come_whole_or_cut(sample_result: PredictResult, tmp_path: Path) -> None:
    area = gpd.read_file(SAMPLES / "area.geojson").to_crs(sample_result.grid.crs.to_wkt()).geometry.union_all()
    whole = layers_of(sample_result)["buildings"].geometry
    assert whole.intersects(area).all()
    assert whole.difference(area).area.sum() > 1
    cut = layers_of(predict(SAMPLES / "area.geojson", ORTHO, output=tmp_path / "cut", clip=True))
    assert cut["roof_segments"].geometry.difference(area.buffer(1e-6)).area.sum() == pytest.approx(0, abs=1e-3)
    assert cut["roof_segments"]["clipped"].any()


def test_blocks_give_what_one_piece_gives(
    sample_result: PredictResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "plan_run", functools.partial(plan_run, core_px=768))
    blocks = predict(SAMPLES / "area.geojson", output=tmp_path / "roofs")
    whole, parts = layers_of(sample_result)["buildings"], layers_of(blocks)["buildings"]
    assert len(whole) == len(parts)
    differ = whole.union_all().symmetric_difference(parts.union_all()).area
    # The network sees other windows: its classes differ on a thousandth of the pixels, and outlines follow pixels.
    assert differ < 0.1 * sample_result.grid.pixel_size_m * whole.length.sum(), "a tenth of a pixel in the mean"


def test_min_confidence_leaves_out_the_unsure(sample_result: PredictResult, tmp_path: Path) -> None:
    sure = layers_of(predict(SAMPLES / "area.geojson", output=tmp_path / "roofs", min_confidence=0.9))["buildings"]
    every = layers_of(sample_result)["buildings"]
    assert len(sure) == (every["confidence"] >= 0.9).sum()


def test_partly_outside_is_predicted_and_said(tmp_path: Path) -> None:
    with open_imagery(ORTHO) as imagery:
        left, bottom, _, top = imagery.bounds
        box = shapely.box(left - 40, bottom, left + 40, top)
        gpd.GeoSeries([box], crs=imagery.crs).to_file(tmp_path / "area.gpkg")
    result = predict(tmp_path / "area.gpkg", ORTHO, output=tmp_path / "roofs")
    assert len(result.notes) == 1 and "50.0 %" in result.notes[0]
    assert result.counts["buildings"] > 3


def test_raster_and_layer_agree(tmp_path: Path) -> None:
    """Every pixel has the class of the segment it lies in, and is background where there is none."""
    result = predict(imagery=ORTHO, output=tmp_path / "roofs", min_confidence=0.9)
    segments = layers_of(result)["roof_segments"]
    with rasterio.open(result.paths["roof_segments.tif"]) as raster:
        classes, transform = raster.read(1), raster.transform
    codes = segment_class(segments["azimuth_grid_deg"].to_numpy(float))
    shapes = zip(segments.geometry, codes.tolist(), strict=True)
    expected = rasterio.features.rasterize(shapes, classes.shape, transform=transform, dtype="uint8")
    known = classes != 255
    assert known.any() and (expected > 1).any()
    np.testing.assert_array_equal(classes[known], expected[known])


def test_nodata_is_nowhere_roof(tmp_path: Path) -> None:
    """The left half of the picture is masked."""
    with rasterio.open(ORTHO) as source:
        profile = {"driver": "GTiff", "height": 600, "width": 600, "count": 4, "dtype": "uint8", "crs": source.crs}
        profile["transform"] = source.transform * Affine.translation(400, 400)
        pixels = source.read(window=((400, 1000), (400, 1000)))
    alpha = np.full((1, 600, 600), 255, np.uint8)
    alpha[:, :, :300] = 0
    with rasterio.open(tmp_path / "half.tif", "w", **profile) as sink:
        sink.write(np.concatenate([pixels, alpha]))
    result = predict(imagery=tmp_path / "half.tif", output=tmp_path / "roofs")
    with rasterio.open(result.paths["roof_segments.tif"]) as segments:
        classes, middle = segments.read(1), ~segments.transform * (profile["transform"] * (300, 0))
    assert (classes[:, : round(middle[0])] == 255).all()
    roofs = layers_of(result)["roof_segments"].geometry
    limit = (profile["transform"] * (300, 0))[0]
    assert roofs.bounds["minx"].min() >= limit - prediction.ROOF_EDGE_M, "no further than outlines are straightened"
    assert result.notes == ("50.0 % of the imagery is empty (no-data pixels); no roofs are found there",)


@pytest.mark.parametrize(
    ("columns", "hole", "said"),
    [
        ((320, 440), (180, 300, 340, 360), ["empty (no-data pixels) in 16.7 % of the area"]),
        ((-120, 120), (180, 300, 40, 60), ["50.0 % of the area lies outside", "in 8.3 % of the area"]),
        ((-120, 120), (0, 0, 0, 0), ["50.0 % of the area lies outside"]),
        ((320, 440), (0, 500, 460, 500), []),
    ],
    ids=["within", "partly outside", "outside only", "in the margin only"],
)
def test_holes_in_the_area_are_said(
    columns: tuple[int, int],
    hole: tuple[int, int, int, int],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blocks are small, so that the area and the hole lie in several."""
    monkeypatch.setattr(preparation, "plan_run", functools.partial(plan_run, core_px=256))
    path = holed_sample(tmp_path, hole)
    with open_imagery(path) as imagery:
        (left, bottom), (right, top) = imagery.transform * (columns[0], 300), imagery.transform * (columns[1], 180)
        gpd.GeoSeries([shapely.box(left, bottom, right, top)], crs=imagery.crs).to_file(tmp_path / "area.gpkg")
    notes = predict(tmp_path / "area.gpkg", path, output=tmp_path / "roofs", tile_px=512).notes
    assert len(notes) == len(said) and all(words in note for words, note in zip(said, notes, strict=True))


@pytest.mark.parametrize(("rows", "said"), [(45, 0), (55, 1)])
def test_whole_imagery_says_holes_from_one_percent(rows: int, said: int, tmp_path: Path) -> None:
    path = holed_sample(tmp_path, (100, 100 + rows, 100, 150))
    notes = predict(imagery=path, output=tmp_path / "roofs", tile_px=512).notes
    assert notes == ("1.1 % of the imagery is empty (no-data pixels); no roofs are found there",) * said


def test_all_nodata_says_so(tmp_path: Path) -> None:
    path = copy_of_sample(tmp_path, lambda pixels: pixels * 0, nodata=0)
    with pytest.raises(ImageryError, match="no data"):
        predict(imagery=path, output=tmp_path / "roofs")
    assert not (tmp_path / "roofs").exists()


def test_elsewhere_tells_both_extents(tmp_path: Path) -> None:
    area = gpd.GeoSeries([shapely.box(20, 50, 20.01, 50.01)], crs="EPSG:4326")
    area.to_file(tmp_path / "area.geojson")
    with pytest.raises(AreaError, match=r"20\.0.*10\."):
        predict(tmp_path / "area.geojson", ORTHO, output=tmp_path / "roofs")


def test_coarse_pixels_are_refused(tmp_path: Path) -> None:
    path = copy_of_sample(tmp_path, lambda pixels: pixels, scale=6)
    with pytest.raises(InputError, match=r"0\.6 m"):
        predict(imagery=path, output=tmp_path / "roofs")


def test_kampala_whole(shared_data: Path, tmp_path: Path) -> None:
    measured = kampala(shared_data)
    figures = measure(measured, prediction.DEFAULT_MODEL, tmp_path)
    assert check_outputs(tmp_path / "Kampala") == []
    assert figures.roof_iou is not None and figures.roof_iou >= 0.65


def test_banepa_as_one_folder(shared_data: Path, tmp_path: Path) -> None:
    measured = banepa(shared_data)
    figures = measure(measured, prediction.DEFAULT_MODEL, tmp_path)
    assert check_outputs(tmp_path / "Banepa_measure_only") == []
    assert figures.roof_iou is not None and figures.roof_iou >= 0.55


@pytest.mark.slow
def test_roofgraph_val_is_right(shared_data: Path) -> None:
    figures = evaluate_dataset(shared_data / "roofgraph", split="val", limit=40).figures
    assert figures.true_segments > 200
    assert figures.roof_iou is not None and figures.roof_iou >= 0.88
    assert figures.segment_f is not None and figures.segment_f >= 0.55
    assert figures.azimuth_mae_deg is not None and figures.azimuth_mae_deg <= 12


@pytest.mark.slow
def test_no_seam_is_seen_on_real_imagery(shared_data: Path) -> None:
    for name, seam in seams(prediction.DEFAULT_MODEL, shared_data / "kampala" / "ortho.tif").items():
        assert seam.excess_points < 0.1, name
        assert seam.elsewhere_share < 0.01, name


def test_sample_set_is_what_the_figures_measure() -> None:
    assert set(sample_scene().truth) == {"roof_segments", "roof_lines", "buildings"}


def layers_of(result: PredictResult) -> dict[str, gpd.GeoDataFrame]:
    return read_layers(result.paths["roofs.gpkg"])


def holed_sample(folder: Path, hole: tuple[int, int, int, int]) -> Path:
    """A corner of 500 x 500 px of the sample's picture, transparent from row to row and from column to column."""
    with rasterio.open(ORTHO) as source:
        pixels = source.read(window=((0, 500), (0, 500)))
        profile = {"driver": "GTiff", "height": 500, "width": 500, "count": 4, "dtype": "uint8", "crs": source.crs}
        transform = source.transform
    alpha = np.full((1, 500, 500), 255, np.uint8)
    alpha[:, hole[0] : hole[1], hole[2] : hole[3]] = 0
    with rasterio.open(folder / "holed.tif", "w", transform=transform, **profile) as sink:
        sink.write(np.concatenate([pixels, alpha]))
    return folder / "holed.tif"


def copy_of_sample(folder: Path, change: object, scale: float = 1, nodata: int | None = None) -> Path:
    """A corner of the sample's picture with other pixels or another pixel size."""
    with rasterio.open(ORTHO) as source:
        pixels = source.read(window=((0, 300), (0, 300)))
        profile = {"driver": "GTiff", "height": 300, "width": 300, "count": 3, "dtype": "uint8", "crs": source.crs}
        transform = source.transform * Affine.scale(scale)
    with rasterio.open(folder / "copy.tif", "w", transform=transform, nodata=nodata, **profile) as sink:
        sink.write(change(pixels))  # type: ignore[operator]
    return folder / "copy.tif"
