"""The rasters a run writes: what they hold, and what GIS software finds in them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import shapely
from pyproj import CRS

from roofgeo.errors import DataError, OutputError
from roofgeo.grid import Grid, Window
from roofgeo.raster.geotiff import RasterWriter, read_raster
from roofgeo.schema import LINE_CLASSES, NODATA, RASTERS, SEGMENT_CLASSES

GRID = Grid(CRS.from_epsg(25832), 691000.0, 5336000.0, 0.1, 1300, 1100)
TAGS = {"model": "test", "model_sha256": "abc", "version": "0", "imagery": "ortho.tif"}
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every raster, its left part written and the rest left out."""
    folder = tmp_path_factory.mktemp("written")
    with RasterWriter(folder, GRID, tuple(RASTERS), TAGS) as writer:
        for name, raster in RASTERS.items():
            pixels = np.arange(1300 * 700).reshape(1300, 700) % max(len(raster.classes), 7)
            writer.write(name, Window(0, 0, 1300, 700), pixels.astype(raster.dtype))
    return folder


@pytest.mark.parametrize("name", RASTERS)
def test_contract(written: Path, name: str) -> None:
    raster = RASTERS[name]
    with rasterio.open(written / raster.filename) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.block_shapes == [(512, 512)] and dataset.overviews(1) == [2, 4]
        assert dataset.dtypes == (raster.dtype,)
        assert dataset.nodata == raster.nodata or (np.isnan(dataset.nodata) and np.isnan(raster.nodata))
        assert CRS.from_wkt(dataset.crs.to_wkt()) == GRID.crs
        assert dataset.transform.almost_equals(GRID.transform)
        assert dataset.descriptions == (raster.band,)
        assert dataset.units == (raster.unit or None,)
        assert TAGS.items() <= dataset.tags().items()
        pixels = dataset.read(1, masked=True)
    assert pixels.shape == GRID.shape
    assert pixels.mask[:, 700:].all() and not pixels.mask[:, :700].any()


@pytest.mark.parametrize(("name", "classes"), [("segments", SEGMENT_CLASSES), ("lines", LINE_CLASSES)])
def test_palette_and_class_names(written: Path, tmp_path: Path, name: str, classes: tuple[object, ...]) -> None:
    path = written / RASTERS[name].filename
    with rasterio.open(path) as dataset:
        palette = dataset.colormap(1)
    assert [palette[c.code] for c in RASTERS[name].classes] == [(*c.color, 255) for c in RASTERS[name].classes]
    assert palette[NODATA][3] == 0
    # What GDAL knows of a file stands in its virtual raster.
    rasterio.shutil.copy(path, tmp_path / "seen.vrt", driver="VRT")
    names = re.findall("<Category>(.*?)</Category>", (tmp_path / "seen.vrt").read_text())
    assert names == [c.name for c in RASTERS[name].classes]
    assert len(names) == len(classes)


def test_only_the_rasters_their_class_names_and_styles_stay(written: Path) -> None:
    expected = {raster.filename for raster in RASTERS.values()}
    expected |= {f"{Path(raster.filename).stem}.qml" for raster in RASTERS.values()}
    expected |= {f"{raster.filename}.aux.xml" for raster in RASTERS.values() if raster.classes}
    assert {path.name for path in written.iterdir()} == expected


def test_windows_in_any_order_off_the_lattice(tmp_path: Path) -> None:
    whole = RNG.integers(0, 7, GRID.shape, dtype=np.uint8)
    windows = [Window(row, col, 300, 270) for row in range(-30, 1300, 300) for col in range(-20, 1100, 270)]
    RNG.shuffle(windows)
    padded = np.pad(whole, 400)
    writer = RasterWriter(tmp_path, GRID, ("lines",), {})
    for window in windows:
        writer.write("lines", window, padded[window.slices_in(Window(-400, -400, 2100, 1900))])
    (path,) = writer.close()
    assert (read_raster(path) == whole).all()
    part = Window(100, 200, 300, 400)
    assert (read_raster(path, part) == whole[part.slices_in(GRID.window)]).all()


def test_overviews_average_heights(written: Path) -> None:
    with rasterio.open(written / RASTERS["height"].filename, overview_level=0) as dataset:
        assert dataset.read(1)[0, 0] == pytest.approx((0 + 1 + 0 + 1) / 4)  # 700 is a multiple of 7


def test_overviews_invent_no_classes(tmp_path: Path) -> None:
    with RasterWriter(tmp_path, GRID, ("segments",), {}) as writer:
        writer.write("segments", GRID.window, RNG.choice([2, 17], GRID.shape))
    with rasterio.open(tmp_path / RASTERS["segments"].filename, overview_level=0) as dataset:
        assert set(np.unique(dataset.read(1))) == {2, 17}


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with RasterWriter(tmp_path, GRID, tuple(RASTERS), TAGS) as writer:
            writer.write("lines", Window(0, 0, 10, 10), np.zeros((10, 10), dtype=np.uint8))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_nothing_written_is_all_nodata(tmp_path: Path) -> None:
    paths = RasterWriter(tmp_path, GRID, ("height", "lines"), {}).close()
    assert np.isnan(read_raster(paths[0])).all() and (read_raster(paths[1]) == NODATA).all()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        RasterWriter(tmp_path / "file", GRID, ("lines",), {})
    assert caught.value.exit_code == 2 and caught.value.hint


def test_full_disk(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="only POSIX can limit the size of a file")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write() -> None:
        with RasterWriter(tmp_path, GRID, ("height",), {}) as writer:
            writer.write("height", GRID.window, RNG.random(GRID.shape))

    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        with pytest.raises(OutputError, match="cannot be written"):
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_reading_what_is_no_raster(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("no raster")
    for path in (tmp_path / "a.tif", tmp_path / "nowhere.tif"):
        with pytest.raises(DataError, match="cannot be read"):
            read_raster(path)


def test_keep_makes_nodata_of_the_rest(tmp_path: Path) -> None:
    grid = Grid(CRS.from_epsg(32632), 500_000.0, 5_300_000.0, 0.1, 700, 900)
    with RasterWriter(tmp_path, grid, ["segments", "height"], {}) as writer:
        writer.write("segments", grid.window, np.full(grid.shape, 3, np.uint8))
        writer.write("height", grid.window, np.full(grid.shape, 5, np.float32))
        wanted = shapely.box(500_010.0, 5_299_960.0, 500_050.0, 5_299_990.0)
        writer.keep(wanted, [Window(0, 0, 512, 900), Window(512, 0, 188, 900)])
    segments, heights = read_raster(tmp_path / "roof_segments.tif"), read_raster(tmp_path / "roof_height.tif")
    kept = np.zeros(grid.shape, bool)
    kept[100:400, 100:500] = True
    np.testing.assert_array_equal(segments, np.where(kept, 3, 255))
    np.testing.assert_array_equal(np.isnan(heights), ~kept)


def test_burnt_polygons_take_the_place_of_what_was_written(tmp_path: Path) -> None:
    first, second = (shapely.box(*GRID.window_bounds(Window(*at))) for at in ((0, 0, 40, 60), (600, 500, 30, 20)))
    windows = [Window(0, 0, 650, 1100), Window(650, 0, 650, 1100)]
    with RasterWriter(tmp_path, GRID, ("segments",), TAGS) as writer:
        writer.write("segments", Window(0, 0, 1300, 700), np.full((1300, 700), 9, np.uint8))
        writer.burn("segments", np.array([first, second], object), np.array([1, 17], np.uint8), windows)
    expected = np.zeros(GRID.shape, np.uint8)
    expected[:40, :60], expected[600:630, 500:520] = 1, 17
    expected[:, 700:] = NODATA
    np.testing.assert_array_equal(read_raster(tmp_path / RASTERS["segments"].filename), expected)
