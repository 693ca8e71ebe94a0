"""A user's orthophoto and labels: the layers as roofgeo writes them give the scene's own targets; bad input is told."""

from __future__ import annotations

import dataclasses
import pickle
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from roofgeo.data.targets import rasterize_targets
from roofgeo.data.vector_labels import VectorLabels
from roofgeo.errors import DataError, ImageryError
from roofgeo.grid import Grid, Window
from roofgeo.schema import FIRST_PITCHED, FLAT, NODATA
from roofgeo.synthesis import RenderedScene, render_scene
from roofgeo.synthesis.writer import write_labels, write_orthophoto

SIZE_PX, PIXEL_M = 384, 0.12
GRID = Grid(CRS.from_epsg(25832), 604_200.0, 5_330_150.0, PIXEL_M, SIZE_PX, SIZE_PX)
SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def rendered() -> RenderedScene:
    return render_scene(7, SIZE_PX, PIXEL_M, style="oceania", whole_buildings=True)


@pytest.fixture(scope="module")
def folder(rendered: RenderedScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    write_orthophoto(folder / "ortho.tif", rendered.scene.image, GRID)
    write_labels(folder / "labels.gpkg", rendered, GRID)
    return folder


@pytest.fixture
def segments(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "labels.gpkg", layer="roof_segments")


def ortho(path: Path, **changes: Any) -> Path:
    """A black orthophoto on the grid, or one that differs from it."""
    profile = {
        "driver": "GTiff", "width": SIZE_PX, "height": SIZE_PX, "count": 3, "dtype": "uint8", "crs": "EPSG:25832",
        "transform": GRID.transform,
    } | changes  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.zeros((profile["count"], SIZE_PX, SIZE_PX), profile["dtype"]))
    return path


def off_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.abs((first - second + 180) % 360 - 180)


def test_the_layers_give_the_targets_of_the_scene(rendered: RenderedScene, folder: Path) -> None:
    data = VectorLabels(folder / "ortho.tif", folder / "labels.gpkg")
    assert data.heads == ("segments", "azimuth", "lines", "roof", "height") and data.labels_all_buildings
    found, expected = rasterize_targets(data.scene(0)), rasterize_targets(rendered.scene)
    for head in ("segments", "lines", "roof"):
        assert (found.of(head) == expected.of(head)).mean() > 0.9999, head
    same = found.segments == expected.segments
    azimuth = off_deg(found.azimuth_deg, expected.azimuth_deg)[same & (expected.segments >= FIRST_PITCHED)]
    assert len(azimuth) > 1000 and azimuth.max() < 0.01, "true north is turned back to the picture's up"
    np.testing.assert_allclose(found.height_m[same], expected.height_m[same], atol=0.02)


def test_windows_are_parts_of_the_whole(folder: Path) -> None:
    data = VectorLabels(folder / "ortho.tif", folder / "labels.gpkg")
    window = Window(60, 100, 250, 230)
    whole, part = rasterize_targets(data.scene(0)), rasterize_targets(data.scene(0, window))
    cut = window.slices_in(data.pictures[0].window)
    np.testing.assert_array_equal(part.segments, whole.segments[cut])
    np.testing.assert_array_equal(part.lines, whole.lines[cut])
    roof = part.roof == 1
    assert roof.any()
    np.testing.assert_allclose(part.height_m[roof], whole.height_m[cut][roof], atol=1e-3)
    np.testing.assert_array_equal(data.scene(0, window).image, data.scene(0).image[:, *cut])


def test_a_worker_gets_a_copy(folder: Path) -> None:
    data = VectorLabels(folder / "ortho.tif", folder / "labels.gpkg")
    data.scene(0)
    copy = pickle.loads(pickle.dumps(data))
    np.testing.assert_array_equal(copy.scene(0).image, data.scene(0).image)


def test_azimuths_count_from_where_their_field_says(folder: Path, segments: gpd.GeoDataFrame) -> None:
    """From true north, from the grid's north, and as orientations: the same roofs, within what each tells."""
    true, grid, name = (
        VectorLabels(folder / "ortho.tif", segments[["segment_id", field, "geometry"]])
        for field in ("azimuth_deg", "azimuth_grid_deg", "orientation")
    )
    assert grid.heads == ("segments", "azimuth", "roof")
    first, second, third = (rasterize_targets(data.scene(0)) for data in (true, grid, name))
    pitched = first.segments >= FIRST_PITCHED
    assert off_deg(first.azimuth_deg, second.azimuth_deg)[pitched].max() < 0.001
    assert 0 < off_deg(first.azimuth_deg, third.azimuth_deg)[pitched].max() <= 11.26
    assert name.azimuth_bin_deg == 22.5 and true.azimuth_bin_deg is None
    np.testing.assert_array_equal(first.segments == FLAT, third.segments == FLAT)


def test_labels_in_another_crs_are_brought_to_the_imagery(folder: Path, segments: gpd.GeoDataFrame) -> None:
    here = rasterize_targets(VectorLabels(folder / "ortho.tif", segments).scene(0))
    there = rasterize_targets(VectorLabels(folder / "ortho.tif", segments.to_crs(4326)).scene(0))
    grid_of_33 = segments.drop(columns=["azimuth_deg", "orientation"]).to_crs(25833)
    convergence = Grid(CRS.from_epsg(25833), 0, 0, 1, 1, 1).north_offset_deg(*grid_of_33.geometry[0].centroid.coords[0])
    grid_of_33["azimuth_grid_deg"] = segments["azimuth_deg"] - convergence
    turned = rasterize_targets(VectorLabels(folder / "ortho.tif", grid_of_33).scene(0))
    pitched = here.segments >= FIRST_PITCHED
    for other in (there, turned):
        assert (other.segments == here.segments).mean() > 0.999
        both = pitched & (other.segments >= FIRST_PITCHED)
        assert np.nanmax(off_deg(other.azimuth_deg, here.azimuth_deg)[both & (other.segments == here.segments)]) < 0.01


def test_outlines_without_directions_label_the_roof_only(folder: Path, segments: gpd.GeoDataFrame) -> None:
    data = VectorLabels(folder / "ortho.tif", segments[["geometry"]])
    assert data.heads == ("roof",)
    assert (rasterize_targets(data.scene(0)).segments == NODATA).all()


def test_heights_need_a_slope_unless_flat(folder: Path, segments: gpd.GeoDataFrame) -> None:
    segments["slope_deg"] = np.where(segments["azimuth_deg"].isna(), np.nan, segments["slope_deg"])
    segments.loc[segments["azimuth_deg"].notna().idxmax(), "slope_deg"] = np.nan
    data = VectorLabels(folder / "ortho.tif", segments)
    found = rasterize_targets(data.scene(0))
    assert data.heads[-1] == "height"
    unknown = np.isnan(found.height_m) & (found.roof == 1)
    assert 0 < unknown.sum() < (found.roof == 1).sum() and not np.isnan(found.height_m[found.roof == 0]).any()


def test_a_hole_in_a_segment_is_ground(tmp_path: Path) -> None:
    left, top = GRID.left, GRID.top
    ring = shapely.box(left + 6, top - 30, left + 30, top - 6).difference(
        shapely.box(left + 12, top - 24, left + 24, top - 12)
    )
    frame = gpd.GeoDataFrame({"azimuth_deg": [90.0]}, geometry=[ring], crs=25832)
    found = rasterize_targets(VectorLabels(ortho(tmp_path / "o.tif"), frame).scene(0))
    expected = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    expected[50:250, 50:250] = 1
    expected[100:200, 100:200] = 0
    np.testing.assert_array_equal(found.roof, expected)


def test_outside_of_the_labelled_area_only_the_inside_of_segments_is_known(
    folder: Path, segments: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """As the plugin exports what was reviewed."""
    path = tmp_path / "labels.gpkg"
    building = segments["building_id"].iloc[0]
    outline = segments[segments["building_id"] == building].union_all()
    segments.to_file(path, layer="roof_segments")
    area = gpd.GeoDataFrame({"building_id": [building]}, geometry=[outline.buffer(1.0)], crs=segments.crs)
    area.to_file(path, layer="labelled_area")
    data = VectorLabels(folder / "ortho.tif", path)
    found = rasterize_targets(data.scene(0))
    whole = rasterize_targets(VectorLabels(folder / "ortho.tif", segments).scene(0))
    assert not data.labels_all_buildings
    np.testing.assert_array_equal(found.roof == 1, whole.roof == 1)
    ground = (found.roof == 0).mean()
    assert 0 < ground < 0.1 and (found.roof == NODATA).any()


def test_a_margin_says_how_far_around_segments_is_known(folder: Path, segments: gpd.GeoDataFrame) -> None:
    shares = [
        (rasterize_targets(VectorLabels(folder / "ortho.tif", segments, margin_m=m).scene(0)).roof != NODATA).mean()
        for m in (0.0, 1.0, None)
    ]
    assert 0 < shares[0] < shares[1] < shares[2] == 1


def test_pixels_without_data_are_not_labelled(tmp_path: Path, segments: gpd.GeoDataFrame) -> None:
    path = tmp_path / "alpha.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=SIZE_PX, height=SIZE_PX, count=4, dtype="uint8", crs="EPSG:25832",
        transform=GRID.transform, photometric="RGB", alpha="YES",
    ) as target:  # fmt: skip
        pixels = np.full((4, SIZE_PX, SIZE_PX), 255, np.uint8)
        pixels[3, :100] = 0
        target.write(pixels)
    data = VectorLabels(path, segments)
    scene = data.scene(0)
    assert (rasterize_targets(scene).roof[:100] == NODATA).all() and (scene.image[:, :100] == 0).all()
    assert (rasterize_targets(scene).roof[100:] != NODATA).all()


def test_a_folder_of_tiles_is_one_picture(folder: Path, rendered: RenderedScene, tmp_path: Path) -> None:
    for i in range(2):
        half = dataclasses.replace(GRID, left=GRID.left + i * 192 * PIXEL_M, width=192)
        write_orthophoto(tmp_path / f"{i}.tif", rendered.scene.image[:, :, 192 * i : 192 * (i + 1)], half)
    data = VectorLabels(tmp_path, folder / "labels.gpkg")
    assert [p.window.shape for p in data.pictures] == [(SIZE_PX, SIZE_PX)]
    whole = rasterize_targets(VectorLabels(folder / "ortho.tif", folder / "labels.gpkg").scene(0))
    np.testing.assert_array_equal(rasterize_targets(data.scene(0)).segments, whole.segments)


def test_labels_outside_the_image_are_counted_and_named(folder: Path, segments: gpd.GeoDataFrame) -> None:
    segments.loc[0, "geometry"] = shapely.affinity.translate(segments.geometry[0], 1000, 0)
    data = VectorLabels(folder / "ortho.tif", segments)
    assert data.skipped == (f"1 of {len(segments)} roof segments lie outside {folder / 'ortho.tif'}: 1",)


def test_labels_that_all_lie_elsewhere_are_an_error_with_both_extents(folder: Path, segments: gpd.GeoDataFrame) -> None:
    moved = segments.set_geometry(segments.translate(1000, 0))
    with pytest.raises(DataError, match=r"none of the \d+ roof segments lies on .*60\d{4}.*imagery within 604200 to"):
        VectorLabels(folder / "ortho.tif", moved)
    with pytest.raises(DataError, match="there are none"):
        VectorLabels(folder / "ortho.tif", segments[:0])


def test_segments_of_unknown_direction_are_named_and_not_ground(folder: Path, segments: gpd.GeoDataFrame) -> None:
    absurd = segments.drop(columns=["orientation", "azimuth_grid_deg"])
    absurd.loc[0, "azimuth_deg"] = 6e16
    forgotten = segments.drop(columns=["azimuth_grid_deg"])
    forgotten.loc[0, ["azimuth_deg", "orientation"]] = None
    for frame, told in ((absurd, "azimuth 6e+16"), (forgotten, "azimuth unknown")):
        data = VectorLabels(folder / "ortho.tif", frame)
        assert data.skipped == (f"roof_segments 1: {told}",)
        inside = segments.geometry[0].intersection(shapely.box(*GRID.bounds)).representative_point()
        col, row = ~GRID.transform * (inside.x, inside.y)
        found = rasterize_targets(data.scene(0))
        assert found.roof[int(row), int(col)] == NODATA and (found.roof == 0).any()


def test_numbers_without_sense_are_named_and_left_out(folder: Path, segments: gpd.GeoDataFrame) -> None:
    segments.loc[0, "slope_deg"] = 95.0
    segments.loc[1, "height_m"] = -4.0
    skipped = VectorLabels(folder / "ortho.tif", segments).skipped
    assert skipped == ("roof_segments 1: slope_deg 95 left out", "roof_segments 2: height_m -4 left out")


def test_words_that_are_not_known_are_errors(folder: Path, segments: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="orientation of the labels holds north"):
        VectorLabels(folder / "ortho.tif", segments.assign(orientation="north"))
    with pytest.raises(DataError, match="azimuth_deg of the labels holds what is no number"):
        VectorLabels(folder / "ortho.tif", segments.assign(azimuth_deg="steep"))
    lines = gpd.read_file(folder / "labels.gpkg", layer="roof_lines")
    segments.to_file(tmp_path / "a.gpkg", layer="roof_segments")
    lines.assign(line_type="gutter").to_file(tmp_path / "a.gpkg", layer="roof_lines")
    with pytest.raises(DataError, match="line_type of the labels holds gutter") as error:
        VectorLabels(folder / "ortho.tif", tmp_path / "a.gpkg")
    assert "valley" in error.value.hint


def test_the_layer_must_be_clear(folder: Path, segments: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no layer 'roofs'") as error:
        VectorLabels(folder / "ortho.tif", folder / "labels.gpkg", layer="roofs")
    assert "roof_segments" in error.value.hint
    for layer in ("east", "west"):
        segments.to_file(tmp_path / "two.gpkg", layer=layer)
    with pytest.raises(DataError, match="2 layers that may be roof segments"):
        VectorLabels(folder / "ortho.tif", tmp_path / "two.gpkg")
    assert VectorLabels(folder / "ortho.tif", tmp_path / "two.gpkg", layer="west").heads


def test_files_that_are_no_labels_are_errors(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        VectorLabels(folder / "ortho.tif", tmp_path / "gone.gpkg")
    (tmp_path / "text.gpkg").write_text("none")
    with pytest.raises(DataError, match="no vector file"):
        VectorLabels(folder / "ortho.tif", tmp_path / "text.gpkg")


def test_labels_without_a_crs_are_an_error(folder: Path, segments: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the writer says so too
        segments.set_crs(None, allow_override=True).to_file(tmp_path / "a.gpkg", layer="roof_segments")
    with pytest.raises(DataError, match="no coordinate reference system"):
        VectorLabels(folder / "ortho.tif", tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dtype": "uint16"}, "uint16 pixels"),
        ({"count": 1}, "one band"),
        ({"crs": None}, "no coordinate reference system"),
    ],
)
def test_imagery_that_is_no_orthophoto_is_an_error(
    segments: gpd.GeoDataFrame, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ImageryError, match=told):
        VectorLabels(ortho(tmp_path / "o.tif", **changes), segments)


def test_pixels_that_are_no_squares_on_the_ground_are_an_error(segments: gpd.GeoDataFrame, tmp_path: Path) -> None:
    lon, lat = segments.to_crs(4326).geometry[0].centroid.coords[0]
    place = rasterio.transform.from_origin(lon - 2e-4, lat + 2e-4, 1e-6, 1e-6)
    path = ortho(tmp_path / "degrees.tif", crs="EPSG:4326", transform=place)
    with pytest.raises(DataError, match=r"pixels of 0\.07\d+ by 0\.11\d+ m on the ground"):
        VectorLabels(path, segments)


def test_the_sample_is_read() -> None:
    data = VectorLabels(SAMPLES / "ortho.tif", SAMPLES / "labels.gpkg")
    found = rasterize_targets(data.scene(0, Window(400, 400, 400, 400)))
    assert data.skipped == () and 0.05 < (found.roof == 1).mean() < 0.9 and (found.lines == 2).any()


def test_real_outlines_of_kampala_label_the_roof(shared_data: Path) -> None:
    data = VectorLabels(shared_data / "kampala" / "ortho.tif", shared_data / "kampala" / "buildings.geojson")
    assert data.heads == ("roof",) and data.pictures[0].sun_azimuth_deg is None, "the sun changes sides there"
    assert 0.05 < (rasterize_targets(data.scene(0)).roof == 1).mean() < 0.6
