"""Imagery as it comes from the field: one file or many, any CRS, with holes, and damaged."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from roofgeo.data.imagery import CHUNK_PX, Imagery, covered_share, ground_scale, metric_grid, open_imagery
from roofgeo.errors import AreaError, ImageryError, InputError
from roofgeo.grid import Grid, Window

UTM32 = CRS.from_epsg(25832)
LEFT, TOP = 691000.0, 5336000.0
RNG = np.random.default_rng(0)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return RNG.integers(1, 256, (3, height, width), dtype=np.uint8)


def write(
    path: Path,
    bands: NDArray[Any],
    transform: Affine | None = None,
    crs: Any = "EPSG:25832",
    mask: NDArray[Any] | None = None,
    **options: Any,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"driver": "GTiff", "dtype": bands.dtype, "count": len(bands), "crs": crs, **options}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path,
            "w",
            height=bands.shape[1],
            width=bands.shape[2],
            transform=transform or from_origin(LEFT, TOP, 0.1, 0.1),
            **options,
        ) as dataset,
    ):
        dataset.write(bands)
        if mask is not None:
            dataset.write_mask(mask)
    return path


def own_grid(imagery: Imagery, shape: tuple[int, int]) -> Grid:
    return Grid(imagery.crs, imagery.transform.c, imagery.transform.f, imagery.transform.a, *shape)


# -- reading ----------------------------------------------------------------------------------------------------------


def test_pixels_that_coincide_are_copied(tmp_path: Path) -> None:
    image = noise(70, 90)
    with open_imagery(write(tmp_path / "a.tif", image)) as imagery:
        grid = Grid(UTM32, LEFT + 1.0, TOP - 2.0, 0.1, 30, 40)
        pixels, valid = imagery.read(grid, grid.window)
        assert pixels.dtype == np.uint8 and valid.dtype == bool
        assert (pixels == image[:, 20:50, 10:50]).all() and valid.all()


def test_windows_overhang_grid_and_imagery(tmp_path: Path) -> None:
    image = noise(70, 90)
    with open_imagery(write(tmp_path / "a.tif", image)) as imagery:
        grid = Grid(UTM32, LEFT + 1.0, TOP - 2.0, 0.1, 30, 40)
        pixels, valid = imagery.read(grid, Window(-40, -40, 200, 200))
        inside = (slice(20, 90), slice(30, 120))
        assert (pixels[:, *inside] == image).all() and valid[inside].all()
        assert valid.sum() == 70 * 90 and (pixels[:, ~valid] == 0).all()
        far, nothing = imagery.read(grid, Window(50000, 50000, 10, 10))
        assert not nothing.any() and not far.any()


@pytest.fixture(scope="module")
def warped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Imagery, Grid, NDArray[np.uint8]]]:
    """Web Mercator noise seen on a UTM grid, and all of its pixels read at once (with the valid ones as band 4)."""
    path = write(
        tmp_path_factory.mktemp("warped") / "a.tif", noise(900, 1100), from_origin(1280000, 6130000, 0.15, 0.15), 3857
    )
    with open_imagery(path) as imagery:
        grid = metric_grid(imagery, None, None, 0.1, 0)
        image, valid = imagery.read(grid, grid.window.grow(100))
        yield imagery, grid, np.concatenate([image, valid[None]])


@settings(max_examples=40, deadline=None)
@given(st.integers(-90, 1000), st.integers(-90, 1000), st.integers(1, 700), st.integers(1, 700))
def test_values_do_not_depend_on_the_window(
    warped: tuple[Imagery, Grid, NDArray[np.uint8]], row: int, col: int, height: int, width: int
) -> None:
    imagery, grid, whole = warped
    frame = grid.window.grow(100)
    window = Window(row, col, height, width).intersection(frame)
    image, valid = imagery.read(grid, window)
    assert (np.concatenate([image, valid[None]]) == whole[:, *window.slices_in(frame)]).all()


def test_chunks_leave_no_seam(tmp_path: Path) -> None:
    """Twice as fine imagery: left to itself GDAL would choose another kernel for each chunk."""
    rows, cols = np.mgrid[0:1800, 0:1800]
    wave = (127 + 100 * np.sin(rows / 3.7) * np.sin(cols / 4.3)).astype(np.uint8)
    path = write(tmp_path / "a.tif", np.stack([wave] * 3), from_origin(1280000, 6130000, 0.075, 0.075), 3857)
    with open_imagery(path) as imagery:
        grid = metric_grid(imagery, None, None, 0.1, 0)
        other = Grid(grid.crs, grid.left + 12.8, grid.top - 12.8, 0.1, grid.height - 256, grid.width - 256)
        image, valid = imagery.read(grid, grid.window)
        shifted, also = imagery.read(other, other.window)
        both = valid[128:-128, 128:-128] & also
        difference = np.abs(image[:, 128:-128, 128:-128].astype(int) - shifted)[:, both]
        assert min(other.shape) > CHUNK_PX
        assert difference.max() <= 1


def test_resampled_pixels_lie_where_they_should(tmp_path: Path) -> None:
    """A picture whose red grows eastward and green southward tells where each pixel comes from."""
    rows, cols = np.mgrid[0:400, 0:400]
    image = np.stack([cols // 2 + 20, rows // 2 + 20, np.full_like(rows, 77)]).astype(np.uint8)
    path = write(tmp_path / "a.tif", image, from_origin(1280000, 6130000, 0.3, 0.3), 3857)
    with open_imagery(path) as imagery:
        grid = metric_grid(imagery, None, None, 0.1, 0)
        pixels, valid = imagery.read(grid, grid.window)
    row, col = np.nonzero(valid)
    x, y = grid.left + (col + 0.5) * 0.1, grid.top - (row + 0.5) * 0.1
    mx, my = Transformer.from_crs(grid.crs, 3857, always_xy=True).transform(x, y)
    red = ((mx - 1280000) / 0.3 - 0.5) / 2 + 19.75
    green = ((6130000 - my) / 0.3 - 0.5) / 2 + 19.75
    assert np.abs(pixels[0][valid] - red).max() < 1.1
    assert np.abs(pixels[1][valid] - green).max() < 1.1
    assert (pixels[2][valid] == 77).all()
    assert valid.mean() > 0.9


def test_several_threads_read_alike(warped: tuple[Imagery, Grid, NDArray[np.uint8]]) -> None:
    imagery, grid, whole = warped
    windows = [Window(row, col, 300, 300) for row in range(0, 600, 150) for col in range(0, 600, 150)]
    wrong: list[Window] = []

    def read(some: list[Window]) -> None:
        frame = grid.window.grow(100)
        wrong.extend(w for w in some if (imagery.read(grid, w)[0] != whole[:3, *w.slices_in(frame)]).any())

    threads = [threading.Thread(target=read, args=(windows[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- what is valid ----------------------------------------------------------------------------------------------------


def test_alpha_mask_and_nodata_are_honoured(tmp_path: Path) -> None:
    image = noise(60, 80)
    hole = np.zeros((60, 80), dtype=bool)
    hole[10:20, 30:50] = True
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    dark = image * ~hole
    dark[0, 40:50, 5:15] = 0  # red alone is 0: still valid
    sources = [
        write(tmp_path / "rgba.tif", np.concatenate([image, alpha[None]]), photometric="rgb", alpha="yes"),
        write(tmp_path / "mask.tif", image, mask=alpha),
        write(tmp_path / "nodata.tif", dark, nodata=0),
    ]
    for source in sources:
        with open_imagery(source) as imagery:
            grid = own_grid(imagery, (60, 80))
            pixels, valid = imagery.read(grid, grid.window)
        assert (valid == ~hole).all(), source
        expected = dark if source.name == "nodata.tif" else image
        assert (pixels == expected * ~hole).all(), source


def test_bands_are_found_by_their_colour(tmp_path: Path) -> None:
    image = noise(20, 30)
    path = write(tmp_path / "bgrn.tif", np.concatenate([image[::-1], noise(20, 30)[:1]]), photometric="minisblack")
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)
    with open_imagery(path) as imagery:
        grid = own_grid(imagery, (20, 30))
        assert (imagery.read(grid, grid.window)[0] == image).all()


# -- folders ----------------------------------------------------------------------------------------------------------


def cut(folder: Path, image: NDArray[np.uint8], missing: tuple[int, int], **options: Any) -> Path:
    """Tiles of 50 pixels, one of them left out."""
    for row in range(0, image.shape[1], 50):
        for col in range(0, image.shape[2], 50):
            if (row, col) != missing:
                transform = from_origin(LEFT + col / 10, TOP - row / 10, 0.1, 0.1)
                write(folder / f"t_{row}_{col}.tif", image[:, row : row + 50, col : col + 50], transform, **options)
    return folder


def test_a_folder_of_tiles_is_one_image_with_holes(tmp_path: Path) -> None:
    image = noise(150, 200)
    folder = cut(tmp_path / "tiles & <more>", image, missing=(50, 100))
    (folder / "readme.txt").write_text("no tile")
    (folder / "._t_0_0.tif").write_bytes(b"left by macOS")
    with open_imagery(folder) as imagery:
        grid = own_grid(imagery, (150, 200))
        pixels, valid = imagery.read(grid, grid.window)
        footprint = imagery.footprint(imagery.crs)
    hole = np.zeros((150, 200), dtype=bool)
    hole[50:100, 100:150] = True
    assert (valid == ~hole).all()
    assert (pixels == image * ~hole).all()
    assert footprint.area == pytest.approx((150 * 200 - 2500) * 0.01)
    assert len(footprint.interiors) == 1


def test_nodata_of_one_tile_does_not_hide_another(tmp_path: Path) -> None:
    image = noise(50, 100)
    write(tmp_path / "f" / "a.tif", image)
    collar = image.copy()
    collar[:, :, :60] = 0
    write(tmp_path / "f" / "b.tif", collar, nodata=0)
    alpha = np.zeros((1, 50, 100), dtype=np.uint8)
    write(tmp_path / "f" / "c.tif", np.concatenate([collar, alpha]), photometric="rgb", alpha="yes")
    with open_imagery(tmp_path / "f") as imagery:
        grid = own_grid(imagery, (50, 100))
        pixels, valid = imagery.read(grid, grid.window)
    assert valid.all() and (pixels == image).all()


def test_a_virtual_raster_is_read(tmp_path: Path) -> None:
    image = noise(40, 60)
    rasterio.shutil.copy(write(tmp_path / "a.tif", image), tmp_path / "a.vrt", driver="VRT")
    with open_imagery(tmp_path / "a.vrt") as imagery:
        grid = own_grid(imagery, (40, 60))
        pixels, valid = imagery.read(grid, grid.window)
    assert (pixels == image).all() and valid.all()


# -- what is known of it ----------------------------------------------------------------------------------------------


def test_identity_follows_the_content(tmp_path: Path) -> None:
    image = noise(40, 60)
    one = write(tmp_path / "a.tif", image)
    (tmp_path / "moved").mkdir()
    two = Path(shutil.copy(one, tmp_path / "moved" / "b.tif"))
    three = write(tmp_path / "c.tif", np.roll(image, 1, axis=2))
    identities = []
    for path in (one, two, three):
        with open_imagery(path) as imagery:
            identities.append(imagery.identity)
    assert identities[0] == identities[1] != identities[2]


def test_a_virtual_raster_is_as_its_files_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(40, 60))
    rasterio.shutil.copy(path, tmp_path / "a.vrt", driver="VRT")
    with open_imagery(tmp_path / "a.vrt") as imagery:
        before = imagery.identity
    write(path, noise(40, 60))
    with open_imagery(tmp_path / "a.vrt") as imagery:
        assert imagery.identity != before


@pytest.mark.parametrize(
    ("epsg", "left", "top", "size"),
    [(25832, LEFT, TOP, 0.1), (3857, 1280000, 6130000, 0.15), (4326, 11.5, 48.1, 1e-6), (2056, 2600000, 1200000, 0.1)],
)
def test_pixel_size_is_true_on_the_ground(tmp_path: Path, epsg: int, left: float, top: float, size: float) -> None:
    path = write(tmp_path / "a.tif", noise(100, 100), from_origin(left, top, size, size), epsg)
    with open_imagery(path) as imagery:
        footprint = imagery.footprint(CRS.from_epsg(4326))
        area_m2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(footprint)[0])
        assert imagery.pixel_size_m == pytest.approx(np.sqrt(area_m2) / 100, rel=1e-3)
        assert imagery.bounds == pytest.approx((left, top - 100 * size, left + 100 * size, top))


def test_ground_scale_of_known_projections() -> None:
    assert ground_scale(CRS.from_epsg(32632), 500000, 5336000, 1.0) == pytest.approx((0.9996**-1,) * 2, rel=1e-6)
    east, north = ground_scale(CRS.from_epsg(3857), 0, 0, 1.0)
    assert (east, north) == pytest.approx((1.0, 0.99331), abs=1e-4)


# -- the grid of a run ------------------------------------------------------------------------------------------------


def test_metric_grid_keeps_pixels_of_the_wanted_size(tmp_path: Path) -> None:
    image = noise(1000, 1000)
    with open_imagery(write(tmp_path / "a.tif", image, from_origin(LEFT + 0.033, TOP + 0.044, 0.1, 0.1))) as imagery:
        area = shapely.box(LEFT + 20, TOP - 40, LEFT + 30, TOP - 20)
        grid = metric_grid(imagery, area, UTM32, 0.1005, 5.0)
        assert grid.crs == UTM32 and grid.pixel_size_m == 0.1
        left, bottom, right, top = grid.bounds
        assert left <= LEFT + 15 < left + 3.3 and top >= TOP - 15 > top - 3.3
        assert right == pytest.approx(LEFT + 35, abs=0.11) and bottom == pytest.approx(TOP - 45, abs=0.11)
        pixels, valid = imagery.read(grid, grid.window)
        row, col = round((TOP + 0.044 - top) * 10), round((left - LEFT - 0.033) * 10)
        assert valid.all()
        assert (pixels == image[:, row : row + grid.height, col : col + grid.width]).all()
        assert metric_grid(imagery, area, UTM32, 0.12, 5.0).pixel_size_m == 0.12


@pytest.mark.parametrize(
    ("epsg", "left", "top", "size", "expected"),
    [
        (3857, 1280000, 6130000, 0.15, 32632),
        (4326, 11.5, 48.1, 1e-6, 32632),
        (3857, 3628312, 39135, 0.1, 32636),  # near the equator, where Web Mercator is nearly true
        (4326, 174.8, -36.8, 1e-6, 32760),
        (2263, 984000, 199000, 0.3, 32618),  # US survey feet
        (2056, 2600000, 1200000, 0.1, 2056),
        (2154, 650000, 6860000, 0.1, 2154),
        (5555, 691000, 5336000, 0.1, 25832),  # with heights
    ],
)
def test_metric_grid_is_true_to_scale(
    tmp_path: Path, epsg: int, left: float, top: float, size: float, expected: int
) -> None:
    path = write(tmp_path / "a.tif", noise(300, 300), from_origin(left, top, size, size), epsg)
    with open_imagery(path) as imagery:
        grid = metric_grid(imagery, None, None, 0.1, 0)
        assert grid.crs.to_epsg() == expected
        assert imagery.read(grid, grid.window)[1].mean() > 0.6


def test_metric_grid_of_a_continent_covers_the_imagery_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(300, 400), from_origin(1280000, 6130000, 0.15, 0.15), 3857)
    with open_imagery(path) as imagery:
        world = metric_grid(imagery, shapely.box(-180, -85, 180, 85), CRS.from_epsg(4326), 0.1, 50)
        assert world == metric_grid(imagery, None, None, 0.1, 50)


def test_area_elsewhere_is_told_with_both_extents(tmp_path: Path) -> None:
    with open_imagery(write(tmp_path / "a.tif", noise(300, 400))) as imagery:
        for area in (shapely.box(13.0, 52.0, 13.1, 52.1), shapely.box(174.0, -37.0, 175.0, -36.0)):
            with pytest.raises(AreaError, match="outside the imagery") as caught:
                metric_grid(imagery, area, CRS.from_epsg(4326), 0.1, 10)
            assert f"{area.bounds[0]:.5f}" in caught.value.message and "11.5" in caught.value.message
        neighbour = shapely.box(LEFT + 40, TOP - 30, LEFT + 80, TOP)
        with pytest.raises(AreaError):
            metric_grid(imagery, neighbour, UTM32, 0.1, 10)


def test_covered_share(tmp_path: Path) -> None:
    with open_imagery(write(tmp_path / "a.tif", noise(300, 400))) as imagery:
        assert covered_share(imagery, shapely.box(LEFT + 30, TOP - 20, LEFT + 50, TOP), UTM32) == pytest.approx(0.5)


# -- bad input --------------------------------------------------------------------------------------------------------


def refuse(source: Path, message: str, error: type[Exception] = ImageryError, **options: Any) -> ImageryError:
    with pytest.raises(error, match=message) as caught:
        open_imagery(source, **options)
    told: ImageryError = caught.value  # type: ignore[assignment]
    assert type(told) is error and "\n" not in told.message and told.hint
    return told


def test_bad_files(tmp_path: Path) -> None:
    image = noise(40, 60)
    assert refuse(tmp_path / "nowhere.tif", "does not exist").exit_code == 3
    (tmp_path / "text.tif").write_text("no raster")
    refuse(tmp_path / "text.tif", "is not a raster")
    refuse(write(tmp_path / "one.tif", image[:1]), "has one band")
    refuse(write(tmp_path / "deep.tif", image.astype(np.uint16)), "has uint16 pixels")
    palette = write(tmp_path / "palette.tif", image[:1], photometric="palette")
    with rasterio.open(palette, "r+") as dataset:
        dataset.write_colormap(1, {0: (0, 0, 0), 1: (255, 0, 0)})
    refuse(palette, "has a colour table")
    rotated = Affine.translation(LEFT, TOP) @ Affine.rotation(30) @ Affine.scale(0.1, -0.1)
    refuse(write(tmp_path / "rotated.tif", image, rotated), "rotated or upside down")
    (tmp_path / "empty").mkdir()
    refuse(tmp_path / "empty", "holds no .tif")


def test_no_crs_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(40, 60), crs=None)
    assert "--imagery-crs EPSG" in refuse(path, "has no coordinate reference system").hint
    refuse(path, "is no coordinate reference system", InputError, crs="EPSG:nonsense")
    with open_imagery(path, crs="EPSG:25832") as imagery:
        assert imagery.crs == UTM32
        assert metric_grid(imagery, None, None, 0.1, 0).crs == UTM32


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_no_georeference(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", dtype="uint8", count=3, height=40, width=60) as dataset:
        dataset.write(noise(40, 60))
    refuse(path, "has no georeference", crs="EPSG:25832")


@pytest.mark.parametrize(("size", "told"), [(0.6, "0.6 m"), (5.0, "5 m")])
def test_coarse_pixels(tmp_path: Path, size: float, told: str) -> None:
    path = write(tmp_path / "a.tif", noise(40, 60), from_origin(LEFT, TOP, size, size))
    assert refuse(path, f"has pixels of {told}", InputError).exit_code == 2


def test_tiles_that_do_not_go_together(tmp_path: Path) -> None:
    image = noise(40, 60)
    write(tmp_path / "crs" / "a.tif", image)
    write(tmp_path / "crs" / "b.tif", image, crs="EPSG:25833")
    refuse(tmp_path / "crs", "different reference systems")
    write(tmp_path / "size" / "a.tif", image)
    write(tmp_path / "size" / "b.tif", image, from_origin(LEFT, TOP, 0.2, 0.2))
    refuse(tmp_path / "size", "different pixel sizes")


@pytest.mark.parametrize("options", [{}, {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}])
def test_truncated_file_is_refused_when_opened(tmp_path: Path, options: dict[str, Any]) -> None:
    path = write(tmp_path / "a.tif", noise(400, 600), **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refuse(path, "is incomplete|is not a raster, or is damaged")


def test_damage_is_told_when_it_is_read(tmp_path: Path) -> None:
    folder = cut(tmp_path / "tiles", noise(100, 100), missing=(50, 50), compress="deflate")
    content = bytearray((folder / "t_0_50.tif").read_bytes())
    content[1000:5000] = b"\xff" * 4000
    (folder / "t_0_50.tif").write_bytes(content)
    with open_imagery(folder) as imagery:
        copied, resampled = (Grid(UTM32, LEFT, TOP, size, 100, 100) for size in (0.1, 0.09))
        for grid in (copied, resampled):
            with pytest.raises(ImageryError, match=r"rows 0 to 50, columns 40 to 90.*t_0_50\.tif") as caught:
                imagery.read(grid, Window(0, 40, 50, 50))
            assert caught.value.exit_code == 3
        assert imagery.read(copied, Window(0, 0, 50, 50))[1].all()  # the rest can still be read


# -- real imagery -----------------------------------------------------------------------------------------------------


def test_kampala(shared_data: Path) -> None:
    with open_imagery(shared_data / "kampala" / "ortho.tif") as imagery:
        assert imagery.pixel_size_m == pytest.approx(0.0744, abs=1e-4)
        grid = metric_grid(imagery, None, None, 0.1, 0)
        assert grid.crs.to_epsg() == 32636
        _, valid = imagery.read(grid, Window(200, 200, 512, 512))
        assert valid.all()


def test_banepa_is_a_mosaic_with_holes(shared_data: Path) -> None:
    with open_imagery(shared_data / "banepa" / "images") as imagery:
        assert imagery.pixel_size_m == pytest.approx(0.132, abs=1e-3)
        grid = metric_grid(imagery, None, None, 0.13, 0)
        assert grid.crs.to_epsg() == 32645
        _, valid = imagery.read(grid, grid.window)
        assert valid.mean() == pytest.approx(64 * 512**2 / (4096 * 5632), abs=0.02)
