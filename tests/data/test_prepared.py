"""Preparing keeps every pixel and label, goes on after an interruption, and holds no raster in memory."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from geopandas.testing import assert_geodataframe_equal

from roofgeo.data import preparing
from roofgeo.data.augment import transform_scene
from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, lay_out
from roofgeo.data.prepared import Prepared
from roofgeo.data.preparing import prepare
from roofgeo.data.rasters import read_window
from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.samplers import BalancedWindows
from roofgeo.data.sheets import plan_sheets
from roofgeo.data.targets import LabelledScene, Targets, rasterize_targets
from roofgeo.data.windows import index_windows, read_index, write_index
from roofgeo.errors import DataError, OutputError
from roofgeo.grid import Window
from roofgeo.synthesis import render_scene
from tests.data.pictures import UTM, Drawn

PLACES = [(500_000.0, 5_300_000.0, 300, 700), (500_100.0, 5_300_000.0, 40, 90)]


class Rendered(RoofDataset):
    """Rendered scenes with all labels, without a georeference."""

    georeferenced = False
    licence = "CC0-1.0"

    def __init__(self, count: int = 2) -> None:
        self.scenes = [render_scene(i, (200, 260), 0.2).scene for i in range(count)]
        places = lay_out([(200, 260)] * count, 0.2)
        pictures = [
            Picture(f"s/{i}", Path(f"{i}.png"), 200, 260, place, 0.2, sun_azimuth_deg=self.scenes[i].sun_azimuth_deg)
            for i, place in enumerate(places)
        ]
        super().__init__(pictures, LOCAL_CRS)
        self.split_of = {"s/0": "train", "s/1": "val"}

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        scene = self.scenes[int(picture.name[2:])]
        if window == picture.window:
            return scene
        return transform_scene(scene, Affine.translation(-window.col, -window.row), window.shape)


def assert_same(first: RoofDataset, second: RoofDataset, number: int, window: Window | None = None) -> None:
    one, two = first.scene(number, window), second.scene(number, window)
    np.testing.assert_array_equal(one.image, two.image)
    labels, others = rasterize_targets(one), rasterize_targets(two)
    for head in ("segments", "azimuth", "lines", "roof", "height"):
        np.testing.assert_allclose(labels.of(head), others.of(head), rtol=1e-6, err_msg=head)
    assert one.sun_azimuth_deg == two.sun_azimuth_deg and one.azimuth_bin_deg == two.azimuth_bin_deg
    assert one.heads == two.heads and one.pixel_size_m == two.pixel_size_m


def test_pictures_and_labels_are_kept_whole(tmp_path: Path) -> None:
    data = Rendered()
    about = prepare(data, tmp_path, 128, 96, {"layout": "rendered"})
    ready = Prepared(tmp_path)
    for number in range(2):
        assert_same(data, ready, number)
        assert_same(data, ready, number, Window(-20, 150, 128, 128))
    assert about["values"] == ("azimuth_deg", "height_m") and about["azimuth_bin_deg"] is None
    assert not ready.georeferenced and ready.licence == "CC0-1.0" and ready.crs == LOCAL_CRS
    assert [p.name for p in ready.pictures] == ["s/0", "s/1"]


def test_the_index_is_that_of_the_data_set(tmp_path: Path) -> None:
    data = Drawn(PLACES, split_of={"p1": "val"})
    about = prepare(data, tmp_path, 128, 96, {})
    index, direct = read_index(tmp_path / "windows.parquet"), index_windows(data, 128, 96)
    assert_geodataframe_equal(index.drop(columns="source"), direct.drop(columns="source"))
    assert about["windows"] == len(index) and about["splits"] == {"val": 1} and len(about["fingerprint"]) == 64
    assert sum(about["pixels"].values()) == direct.filter(like="segment_").sum().sum()
    assert {(tmp_path / source).is_file() for source in index["source"]} == {True}


def test_classes_alone_are_kept_as_classes(tmp_path: Path) -> None:
    class Binned(Drawn):
        def read(self, picture: Picture, window: Window) -> LabelledScene:
            return dataclasses.replace(super().read(picture, window), azimuth_bin_deg=22.5)

    data = Binned(PLACES)
    assert prepare(data, tmp_path, 128, 96, {})["values"] == ()
    assert not (tmp_path / "values").exists()
    assert_same(data, Prepared(tmp_path), 0)


def test_files_are_tiled_georeferenced_and_named(tmp_path: Path) -> None:
    data = Drawn(PLACES)
    prepare(data, tmp_path, 128, 96, {})
    with rasterio.open(tmp_path / "labels" / "00000_p0.tif") as labels:
        assert labels.block_shapes == [(256, 256)] * 3 and labels.descriptions == ("segments", "lines", "roof")
        assert labels.transform == data.pictures[0].transform and labels.crs.to_epsg() == 32632
        assert labels.nodata == 255 and labels.compression.name == "zstd"
    assert not list(tmp_path.rglob("*.part"))


def test_many_small_pictures_share_sheets(tmp_path: Path) -> None:
    data = Drawn([(i * 40.0, 0.0, 20 + i, 90 - i) for i in range(70)])
    prepare(data, tmp_path, 64, 48, {})
    assert [p.name for p in (tmp_path / "images").iterdir()] == ["sheet_0000.tif"]
    ready = Prepared(tmp_path)
    for number in (0, 1, 33, 69):
        assert_same(data, ready, number, Window(-3, -5, 100, 100))


def test_sheets_hold_each_small_picture_once_and_apart() -> None:
    pictures = Drawn([(i * 200.0, 0.0, 30 + i % 900, 1024 - i % 800) for i in range(1500)] + [(0.0, 9e3, 20, 1025)])
    sheets = plan_sheets(pictures.pictures)
    assert [len(sheet.slots) for sheet in sheets] == [1024, 476, 1]
    assert sorted(number for sheet in sheets for number, _, _ in sheet.slots) == list(range(1501))
    for sheet in sheets[:2]:
        assert len({(row // 1024, col // 1024) for _, row, col in sheet.slots}) == len(sheet.slots)
        assert all(row % 1024 == col % 1024 == 0 for _, row, col in sheet.slots)
        assert all(row < sheet.height and col < sheet.width for _, row, col in sheet.slots)


class Files(RoofDataset):
    """Pictures read from GeoTIFFs, with every third row a roof."""

    def __init__(self, paths: list[Path]) -> None:
        pictures = []
        for path in paths:
            with rasterio.open(path) as file:
                pictures.append(Picture(path.stem, path, file.height, file.width, file.transform, 0.1))
        super().__init__(pictures, UTM, ("roof",))

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        rows = np.arange(window.row, window.row_end)[:, None] % 3 == 0
        roof = np.broadcast_to(rows, window.shape).astype(np.uint8)
        image = read_window(picture.path, window)
        return LabelledScene(image, 0.1, rasters=Targets.from_roof_mask(roof))


def write_picture(path: Path, side: int, **profile: object) -> Path:
    image = np.random.default_rng(side).integers(0, 255, (3, side, side), np.uint8)
    transform = Affine(0.1, 0, 500_000, 0, -0.1, 5_300_000)
    options = {"count": 3, "dtype": "uint8", "crs": "EPSG:32632", "transform": transform, **profile}
    with rasterio.open(path, "w", driver="GTiff", height=side, width=side, **options) as file:
        file.write(image)
    return path


def test_tiled_images_stay_where_they_are(tmp_path: Path) -> None:
    tiled = write_picture(tmp_path / "tiled.tif", 1300, tiled=True, blockxsize=512, blockysize=512)
    striped = write_picture(tmp_path / "striped.tif", 1100)
    data, out = Files([tiled, striped]), tmp_path / "out"
    prepare(data, out, 512, 384, {})
    assert [p.name for p in (out / "images").iterdir()] == ["00001_striped.tif"]
    sources = read_index(out / "windows.parquet").drop_duplicates("picture")["source"].tolist()
    assert sources == [str(tiled), "images/00001_striped.tif"]
    for number in range(2):
        assert_same(data, Prepared(out), number, Window(500, 600, 512, 512))


def test_a_prepared_folder_may_move(tmp_path: Path) -> None:
    data = Drawn(PLACES)
    prepare(data, tmp_path / "a", 128, 96, {})
    (tmp_path / "a").rename(tmp_path / "b")
    assert_same(data, Prepared(tmp_path / "b"), 0)


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Drawn(PLACES * 3)
    written: list[str] = []

    def write(dataset, sheet, folder, values, *, with_image):
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(sheet.name)
        return original(dataset, sheet, folder, values, with_image=with_image)

    original = preparing.write_sheet
    monkeypatch.setattr(preparing, "write_sheet", write)
    with pytest.raises(KeyboardInterrupt):
        prepare(data, tmp_path, 128, 96, {})
    with pytest.raises(DataError, match="unfinished"):
        Prepared(tmp_path)
    with pytest.raises(OutputError, match="in another way"):
        prepare(data, tmp_path, 64, 48, {})
    monkeypatch.setattr(preparing, "write_sheet", lambda *a, **k: written.append(a[1].name) or original(*a, **k))
    prepare(data, tmp_path, 128, 96, {})
    assert written == sorted(set(written)) and len(written) == 6
    for number in range(6):
        assert_same(data, Prepared(tmp_path), number)


def test_what_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    data = Drawn(PLACES)
    prepare(data, tmp_path / "a", 128, 96, {})
    with pytest.raises(OutputError, match="already holds"):
        prepare(data, tmp_path / "a", 128, 96, {})
    (tmp_path / "a" / "notes.txt").write_text("mine")
    assert_same(data, Prepared(tmp_path / "a"), 0)
    other = Drawn([(0.0, 0.0, 250, 700)])
    assert prepare(other, tmp_path / "a", 64, 48, {}, overwrite=True)["tile_px"] == 64
    assert_same(other, Prepared(tmp_path / "a"), 0)
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "photo.tif").write_text("")
    with pytest.raises(OutputError, match="not empty"):
        prepare(data, tmp_path / "b", 128, 96, {})


def test_a_broken_picture_is_skipped_and_named(tmp_path: Path) -> None:
    data = Drawn([(i * 40.0, 0.0, 64, 64) for i in range(110)], broken=["p7"])
    about = prepare(data, tmp_path, 64, 48, {})
    assert about["windows"] == 109 and about["skipped"] == ["p7.tif is broken"]
    ready = Prepared(tmp_path)
    assert len(ready) == 109 and ready.skipped == ("p7.tif is broken",)
    data.broken |= {"p8", "p9"}
    with pytest.raises(DataError, match="3 of 110"):
        prepare(data, tmp_path, 64, 48, {}, overwrite=True)


def test_a_split_labels_its_own_ground_only(tmp_path: Path) -> None:
    prepare(Drawn(PLACES), tmp_path, 128, 96, {})
    index = read_index(tmp_path / "windows.parquet")
    index["split"] = np.where(index["col"] + 128 <= 400, "train", "")
    index["dev"] = index.index == 0
    write_index(tmp_path / "windows.parquet", index)
    train = Prepared(tmp_path, "train")
    assert len(train.windows) == (index["split"] == "train").sum() and len(train) == 2
    reach = int((train.windows["col"] + 128)[train.windows["picture"] == "p0"].max())
    labels = rasterize_targets(train.scene(0, Window(0, 200, 300, 400)))
    assert (labels.roof[:, : reach - 200] != 255).all() and (labels.roof[:, reach - 200 :] == 255).all()
    assert len(Prepared(tmp_path, "dev-train").windows) == 1
    with pytest.raises(DataError, match=r"no windows in the split 'val'; it has: train \(\d+ windows\)"):
        Prepared(tmp_path, "val")


def test_random_windows_of_a_prepared_data_set(tmp_path: Path) -> None:
    data = Drawn(PLACES)
    prepare(data, tmp_path, 128, 96, {})
    ready = Prepared(tmp_path)
    for query in BalancedWindows(ready, ready.windows, 64, 5):
        assert (ready[query]["image"] == data[query]["image"]).all()


def test_real_roofs_keep_their_degrees(tmp_path: Path, shared_data: Path) -> None:
    data = RoofGraph(shared_data / "roofgraph", "val")
    few = data.pictures[:80]
    data.pictures = few
    prepare(data, tmp_path, 512, 384, {})
    ready = Prepared(tmp_path)
    assert len(ready) == 80 and set(ready.windows["split"]) == {"val"}
    for number in (0, 79):
        assert_same(data, ready, number)


@pytest.mark.parametrize("content", ["{", json.dumps({"version": 0})])
def test_a_damaged_description_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(DataError):
        Prepared(tmp_path)


MEASURE = """
import re, sys
from pathlib import Path
from tests.data.test_prepared import {name}
{name}(*map(Path, sys.argv[1:]))
print(int(re.search("VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def peak_mb(name: str, *paths: Path) -> float:
    """The most memory a fresh process ever held that ran a function of this module."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE.format(name=name), *map(str, paths)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return float(run.stdout.split()[-1])


def sparse(path: Path, side: int) -> Path:
    """A tiled GeoTIFF of zeros of which only the header is written."""
    options = {"count": 3, "dtype": "uint8", "crs": "EPSG:32632", "transform": Affine(0.1, 0, 5e5, 0, -0.1, 5.3e6)}
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, tiled=True, blockxsize=512, blockysize=512,
        SPARSE_OK=True, BIGTIFF="YES", **options,
    ):  # fmt: skip
        return path


def draw_from(path: Path) -> None:
    data = Files([path])
    roof = Targets.from_roof_mask(np.ones((8, 8), np.uint8))
    windows = index_windows(data, 2048, 2048, targets=lambda number, window: roof)
    sampler = BalancedWindows(data, windows, 512, 200)
    assert all(data[query]["image"].shape == (3, 512, 512) for query in sampler)


@pytest.mark.slow
def test_drawing_from_a_hundred_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    path = sparse(tmp_path / "large.tif", 182_784)
    assert 3 * 182_784**2 > 100e9 and path.stat().st_size < 50e6
    assert peak_mb("draw_from", path) < 1500, "most of it are the libraries"


def prepare_file(path: Path, out: Path) -> None:
    prepare(Files([path]), out, 512, 512, {})


@pytest.mark.slow
def test_preparing_takes_no_more_memory_for_more_pixels(tmp_path: Path) -> None:
    small, large = (
        peak_mb("prepare_file", sparse(tmp_path / f"{side}.tif", side), tmp_path / str(side)) for side in (4096, 16384)
    )
    assert large < small + 150, "16 times the pixels, 800 MB of them"
