"""RID: what was written is read back, in all variants; each trap of the layout; and the real tiles."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin

from roofgeo.data.listing import read_names
from roofgeo.data.rasters import read_window
from roofgeo.data.rid import IMAGES, LISTS, RID, SEGMENT_MASKS, overlaps
from roofgeo.data.rid_vectors import read_segments, read_superstructures
from roofgeo.data.targets import Targets, rasterize_targets
from roofgeo.data.vector_labels import VectorLabels
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import BACKGROUND, FIRST_PITCHED, FLAT, NODATA
from roofgeo.synthesis.published import Written, write_rid

SIZE_PX = 160


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("rid")
    return folder, write_rid(folder, 6, 9, SIZE_PX)


@pytest.fixture
def copy(published: tuple[Path, Written], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0], tmp_path / "rid"))


def truth(written: Written, name: str) -> Targets:
    return rasterize_targets(written[name])


def write_picture(path: Path, pixels: np.ndarray, crs: str | None = "EPSG:4326", size_deg: float = 1e-6) -> None:
    place = {} if crs is None else {"crs": crs, "transform": from_origin(12, 48, size_deg * 1.5, size_deg)}
    bands, height, width = pixels.shape
    driver = "PNG" if path.suffix == ".png" else "GTiff"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver=driver, width=width, height=height, count=bands, dtype=pixels.dtype, **place
        ) as target:
            target.write(pixels)


def test_tiles_are_read_back_with_their_classes(published: tuple[Path, Written]) -> None:
    folder, written = published
    data = RID(folder)
    assert [p.name for p in data.pictures] == list(written) and data.skipped == ()
    for i, name in enumerate(written):
        scene, expected = data.scene(i), truth(written, name)
        found = rasterize_targets(scene)
        np.testing.assert_array_equal(scene.image, written[name].image)
        np.testing.assert_array_equal(found.segments, expected.segments)
        np.testing.assert_array_equal(found.roof, expected.roof)
        assert (found.lines == NODATA).all() and np.isnan(found.height_m).all()
        off_deg = np.abs((found.azimuth_deg - expected.azimuth_deg + 180) % 360 - 180)
        assert off_deg[expected.segments >= FIRST_PITCHED].max(initial=0) <= 11.25 + 1e-3
        assert np.isnan(found.azimuth_deg[expected.segments < FIRST_PITCHED]).all()
    seen = {int(code) for i in range(6) for code in np.unique(rasterize_targets(data.scene(i)).segments)}
    assert {BACKGROUND, FLAT} < seen and len(seen) > 4


@pytest.mark.parametrize("azimuths", [8, 4])
def test_coarser_variants_lie_at_the_middles_of_their_bins(published: tuple[Path, Written], azimuths: int) -> None:
    folder, written = published
    data = RID(folder, azimuths=azimuths)
    for i, name in enumerate(written):
        scene, expected = data.scene(i), truth(written, name)
        found = rasterize_targets(scene)
        assert scene.azimuth_bin_deg == 360 / azimuths
        np.testing.assert_array_equal(found.segments <= FLAT, expected.segments <= FLAT)
        pitched = found.segments >= FIRST_PITCHED
        assert ((found.segments[pitched] - FIRST_PITCHED) % (16 // azimuths) == 0).all()
        off_deg = np.abs((found.azimuth_deg - expected.azimuth_deg + 180) % 360 - 180)[pitched]
        assert off_deg.max(initial=0) <= 180 / azimuths + 1e-3


def test_masks_of_another_variant_are_told_apart(published: tuple[Path, Written]) -> None:
    with pytest.raises(DataError, match="masks of 8 azimuths, not of 16") as error:
        RID(published[0], masks="masks_segments_reviewed_8")
    assert "azimuths=8" in error.value.hint
    with pytest.raises(DataError, match="masks of 16 azimuths, not of 4"):
        RID(published[0], azimuths=4, masks=SEGMENT_MASKS)


def test_a_folder_of_masks_that_is_not_there_lists_those_that_are(published: tuple[Path, Written]) -> None:
    with pytest.raises(DataError, match="masks_gone is no folder") as error:
        RID(published[0], masks="masks_gone")
    assert SEGMENT_MASKS in error.value.hint


def test_superstructures_come_beside_unlabelled_heads(published: tuple[Path, Written]) -> None:
    folder, _ = published
    data = RID(folder, labels="superstructures")
    picture = data.pictures[1]
    left, bottom, right, top = picture.footprint().bounds
    sample = data[left:right, bottom:top]
    expected = read_window(folder / "masks_superstructures_reviewed" / f"{picture.name}.png", picture.window, (1,))[0]
    np.testing.assert_array_equal(sample["superstructures"].numpy(), expected)
    assert set(np.unique(expected)) - {8}, "there is something on the roofs"
    assert not sample["heads"].any() and (sample["segments"] == NODATA).all()
    beyond = data.scene(1, Window(-20, 0, 60, 60))
    assert (data.sample(beyond)["superstructures"][:20] == NODATA).all()


def test_pictures_have_true_north_up_and_the_sun_in_the_south(published: tuple[Path, Written]) -> None:
    picture = RID(published[0]).pictures[0]
    assert picture.pixel_size_m == pytest.approx(0.0991, rel=1e-3)
    assert picture.sun_azimuth_deg == pytest.approx(180) and picture.latitude_deg == pytest.approx(48.405, abs=1e-3)


@pytest.mark.parametrize("number", [1, 5])
def test_split_lists_that_say_png_find_the_tif(published: tuple[Path, Written], number: int) -> None:
    folder, written = published
    parts = [RID(folder, split=split, split_number=number) for split in ("train", "val", "test")]
    names = [{p.name for p in part.pictures} for part in parts]
    assert set().union(*names) == set(written) and sum(map(len, names)) == len(written)
    assert all(p.path.suffix == ".tif" for part in parts for p in part.pictures)


def test_overlapping_tiles_are_reported(published: tuple[Path, Written]) -> None:
    pairs = overlaps(RID(published[0]))
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("2", "5"), ("5", "8"), ("8", "11"), ("11", "14"), ("14", "17"),
    ]  # fmt: skip
    assert pairs["share"].to_numpy() == pytest.approx(0.25)


def test_georeferenced_tiles_combine(published: tuple[Path, Written]) -> None:
    segments, things = RID(published[0]), RID(published[0], labels="superstructures")
    both = segments | things
    left, bottom, right, top = segments.pictures[0].footprint().bounds
    sample = both[left:right, bottom:top]
    assert sample["image"].shape[0] == 3 and {"superstructures", "segments"} <= set(sample)


def test_unknown_codes_are_told_with_file_and_count(copy: Path) -> None:
    mask = np.full((1, SIZE_PX, SIZE_PX), 17, np.uint8)
    mask[0, 0, :3] = 77
    write_picture(copy / SEGMENT_MASKS / "8.png", mask, None)
    with pytest.raises(DataError, match=r"8\.png holds unknown codes: 77 \(3 pixels\)"):
        RID(copy).scene(2)


def test_a_mask_of_another_size_is_an_error(copy: Path) -> None:
    write_picture(copy / SEGMENT_MASKS / "8.png", np.full((1, 40, 50), 17, np.uint8), None)
    with pytest.raises(DataError, match=r"8\.png has 50 x 40 pixels, its picture 8\.tif 160 x 160"):
        RID(copy).scene(2)


def test_names_without_files_beyond_one_percent_stop(copy: Path) -> None:
    (copy / IMAGES / "8.tif").unlink()
    listed = [s for s in ("train", "val", "test") if "8" in read_names(copy / LISTS / f"{s}_filenames_1_rev.txt")]
    with pytest.raises(DataError, match=r"names pictures that are not there: 1 of \d, such as 8"):
        RID(copy, split=listed[0])


def test_few_missing_files_are_skipped_and_named(copy: Path) -> None:
    lines = "".join(f"{100 + i}.png\n" for i in range(150))
    (copy / LISTS / "train_filenames_1_rev.txt").write_text(lines)
    for i in range(149):
        for folder, suffix in ((IMAGES, ".tif"), (SEGMENT_MASKS, ".png")):
            (copy / folder / f"{100 + i}{suffix}").hardlink_to(copy / folder / f"2{suffix}")
    data = RID(copy, split="train")
    assert len(data.pictures) == 149
    assert "249: named in train_filenames_1_rev.txt, not there" in data.skipped


def test_a_file_in_no_list_is_skipped_and_named(copy: Path) -> None:
    shutil.copy(copy / IMAGES / "2.tif", copy / IMAGES / "999.tif")
    assert RID(copy, split="test").skipped == ("999: in no split list of split 1",)
    assert RID(copy).skipped == (f"999: has no mask in {SEGMENT_MASKS}",)


@pytest.mark.parametrize("name", ["8.png", "0008.tif"])
def test_two_images_for_one_id_are_an_error(copy: Path, name: str) -> None:
    shutil.copy(copy / IMAGES / "8.tif", copy / IMAGES / name)
    with pytest.raises(DataError, match="two pictures for the id 8") as error:
        RID(copy)
    assert name in error.value.message


def test_a_tile_in_two_lists_is_an_error(copy: Path) -> None:
    with (copy / LISTS / "test_filenames_1_rev.txt").open("a") as file:
        file.write("2.png\n")
    with pytest.raises(DataError, match="share 1 tiles: 2"):
        RID(copy, split="train")


def test_unreadable_tiles_beyond_one_percent_stop(copy: Path) -> None:
    (copy / IMAGES / "8.tif").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"pictures cannot be read: 1 of 6.*8\.tif"):
        RID(copy)


def test_mixed_reference_systems_are_an_error(copy: Path) -> None:
    write_picture(copy / IMAGES / "8.tif", np.zeros((3, SIZE_PX, SIZE_PX), np.uint8), "EPSG:25832", 0.1)
    with pytest.raises(
        DataError, match=r"different reference systems: .*2\.tif in WGS 84, .*8\.tif in ETRS89"
    ) as error:
        RID(copy)
    assert "gdalwarp" in error.value.hint


def test_mixed_pixel_sizes_are_an_error(copy: Path) -> None:
    write_picture(copy / IMAGES / "8.tif", np.zeros((3, SIZE_PX, SIZE_PX), np.uint8), size_deg=2e-6)
    with pytest.raises(DataError, match=r"different pixel sizes: .*8\.tif"):
        RID(copy)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / IMAGES).mkdir()
    (tmp_path / SEGMENT_MASKS).mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        RID(tmp_path)


def test_choices_that_do_not_exist_are_errors(published: tuple[Path, Written]) -> None:
    for wrong in ({"azimuths": 6}, {"labels": "roofs"}, {"split": "holdout"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            RID(published[0], **wrong)
    with pytest.raises(DataError, match="filenames_9_rev") as error:
        RID(published[0], split="train", split_number=9)
    assert "train_filenames_1_rev.txt" in error.value.hint


def test_vectors_agree_with_the_masks(published: tuple[Path, Written]) -> None:
    """Latitude and longitude, and the sense of azimuths, the right way round."""
    folder, written = published
    vectors = VectorLabels(folder / IMAGES, folder / "segments_reviewed.csv")
    assert vectors.heads == ("segments", "azimuth", "roof")
    compared = 0
    for i, name in enumerate(written):
        place = Window(0, i * SIZE_PX * 3 // 4, SIZE_PX, SIZE_PX)
        found, expected = rasterize_targets(vectors.scene(0, place)), truth(written, name)
        assert (found.roof == expected.roof).mean() > 0.995
        both = (found.segments >= FIRST_PITCHED) & (expected.segments >= FIRST_PITCHED)
        off_deg = np.abs((found.azimuth_deg - expected.azimuth_deg + 180) % 360 - 180)[both]
        assert not both.any() or np.quantile(off_deg, 0.99) < 0.1
        compared += int(both.sum())
    assert compared > 5000


def test_azimuths_beyond_sense_are_dropped_counted_and_not_labelled(published: tuple[Path, Written]) -> None:
    folder, _ = published
    initial, reviewed = (read_segments(folder / f"segments_{kind}.csv") for kind in ("initial", "reviewed"))
    assert initial.skipped == ("segment 20: azimuth 6.1e+16",) and reviewed.skipped == ()
    assert len(initial.frame) == len(reviewed.frame) - 1 and len(initial.left_out) == 1
    labels = VectorLabels(folder / IMAGES, folder / "segments_initial.csv")
    assert any("segment 20: azimuth 6.1e+16" in line for line in labels.skipped)
    outline = initial.left_out.iloc[0]
    for picture in RID(folder).pictures:
        if picture.footprint().contains(outline):
            middle = ~labels.pictures[0].transform * outline.representative_point().coords[0]
            window = Window(int(middle[1]), int(middle[0]), 1, 1)
            assert rasterize_targets(labels.scene(0, window)).roof[0, 0] == NODATA


def test_superstructure_vectors_have_the_codes_of_the_masks(published: tuple[Path, Written]) -> None:
    things = read_superstructures(published[0] / "obstacles_reviewed.csv").frame
    assert len(things) == 40 and set(things["code"]) <= set(range(8)) and things.crs.to_epsg() == 4326


def test_a_csv_with_other_columns_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,segment\n1,x\n")
    with pytest.raises(DataError, match="no column pv_area_id, azimuth, slope"):
        read_segments(tmp_path / "a.csv")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Path:
    return shared_data / "rid"


def test_real_tiles_are_read_and_their_codes_known(real: Path) -> None:
    data, things = RID(real), RID(real, labels="superstructures")
    assert len(data.pictures) == 7 and {p.window.shape for p in data.pictures} == {(512, 512)}
    for i in range(7):
        roof = rasterize_targets(data.scene(i)).roof
        assert 0.02 < (roof == 1).mean() < 0.9
        assert things.scene(i).rasters is not None


def test_real_tiles_lie_in_their_town(real: Path) -> None:
    town = gpd.read_file(real / "image_boundaries.geojson")
    hull = shapely.MultiPoint(shapely.get_coordinates(town.geometry.to_numpy())).convex_hull
    data = RID(real)
    assert all(hull.buffer(0.002).contains(p.footprint()) for p in data.pictures)
    assert all(0.099 < p.pixel_size_m < 0.103 for p in data.pictures)


def test_real_vectors(real: Path) -> None:
    segments = read_segments(real / "segments_reviewed.csv")
    frame = segments.frame
    assert len(frame) == 1968 and segments.skipped == ()
    pitched = frame["azimuth_deg"].dropna()
    assert len(pitched) == 1777 and pitched.between(0, 360, inclusive="left").all()
    left, bottom, right, top = frame.total_bounds
    assert 11 < left < right < 13 and 48 < bottom < top < 49, "longitude first"
    assert len(read_superstructures(real / "obstacles_reviewed.csv").frame) == 2376


def test_real_vectors_face_down_the_slope_their_gutters_lie_on(real: Path) -> None:
    """The gutter is the eave: it lies from the middle of its segment in the direction of the azimuth."""
    table = pd.read_csv(real / "segments_reviewed.csv")
    segments = read_segments(real / "segments_reviewed.csv").frame.to_crs(25832)
    lines = shapely.from_wkt(table["gutter"].fillna("MULTILINESTRING EMPTY").to_numpy(object))
    swapped = shapely.transform(lines, lambda c: c[:, ::-1])
    gutters = gpd.GeoSeries(swapped, crs=4326).to_crs(25832)
    has_one = segments["azimuth_deg"].notna() & ~gutters.is_empty
    middles = segments.geometry[has_one].centroid
    ends = gutters[has_one].centroid
    towards = np.degrees(np.arctan2(ends.x - middles.x, ends.y - middles.y))
    off_deg = np.abs((towards - segments["azimuth_deg"][has_one] + 180) % 360 - 180)
    assert has_one.sum() > 1000 and off_deg.median() < 10


def test_all_real_split_lists_are_parsed(real: Path) -> None:
    for number in range(1, 6):
        lists = {s: read_names(real / LISTS / f"{s}_filenames_{number}_rev.txt") for s in ("train", "val", "test")}
        assert sum(map(len, lists.values())) == len(set().union(*lists.values())) == 1880
        assert all(name.isdecimal() for names in lists.values() for name in names)


def test_real_lists_without_their_tiles_stop(real: Path) -> None:
    with pytest.raises(DataError, match="names pictures that are not there: 154 of 154, such as 9, 40, 44"):
        RID(real, split="test")
