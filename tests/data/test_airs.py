"""AIRS: what was written is read back, with and without a CRS; the traps of its lists; Banepa arranged like it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from roofgeo.data.airs import AIRS, LATITUDE_DEG
from roofgeo.data.dataset import LOCAL_CRS
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.schema import ANY_ROOF, NODATA
from roofgeo.synthesis.published import Written, write_airs

SIZE_PX = 128


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("airs")
    return folder, write_airs(folder, seed=1, size_px=SIZE_PX)


@pytest.fixture
def copy(published: tuple[Path, Written], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0], tmp_path / "airs"))


def test_masks_of_all_kinds_are_read_back(published: tuple[Path, Written]) -> None:
    """One band or three, 0/1 or 0/255; previews are no labels."""
    folder, written = published
    data = AIRS(folder)
    assert [p.name for p in data.pictures] == list(written) and data.skipped == ()
    roofs = 0
    for i, name in enumerate(written):
        scene, found = data.scene(i), rasterize_targets(data.scene(i))
        np.testing.assert_array_equal(scene.image, written[name].image)
        np.testing.assert_array_equal(found.roof, rasterize_targets(written[name]).roof)
        assert (found.segments == NODATA).all() and (found.lines == NODATA).all()
        roofs += int(found.roof.sum())
    assert data.heads == ("roof",) and roofs > 1000


@pytest.mark.parametrize(("split", "count"), [("train", 3), ("val", 1), ("test", 1)])
def test_splits_whose_lists_differ(published: tuple[Path, Written], split: str, count: int) -> None:
    """train.txt says .tif, val.txt does not, test.txt is not there."""
    data = AIRS(published[0], split)
    assert len(data.pictures) == count and all(p.path.parts[-3] == split for p in data.pictures)


def test_without_a_crs_it_lies_on_the_artificial_grid(published: tuple[Path, Written]) -> None:
    data = AIRS(published[0], pixel_size_m=0.08)
    assert not data.georeferenced and data.crs == LOCAL_CRS
    picture = data.pictures[0]
    assert picture.pixel_size_m == 0.08 and picture.latitude_deg == LATITUDE_DEG and picture.sun_azimuth_deg == 0
    left, bottom, right, top = data.index.geometry.iloc[2].bounds
    sample = data[left:right, bottom:top]
    np.testing.assert_array_equal(sample["roof"].numpy(), rasterize_targets(data.scene(2)).roof)
    with pytest.raises(InputError, match="no georeference"):
        _ = data & data


def test_with_a_crs_it_is_on_the_ground(tmp_path: Path) -> None:
    write_airs(tmp_path, {"train": 2}, seed=2, size_px=SIZE_PX, georeferenced=True)
    data = AIRS(tmp_path, "train")
    assert data.georeferenced and data.crs.to_epsg() == 2193
    assert data.pictures[0].pixel_size_m == pytest.approx(0.075, rel=1e-3)
    assert data.pictures[0].latitude_deg == pytest.approx(-43.53, abs=0.01)
    # Christchurch lies west of the middle of its grid, in the south: grid north is east of true north.
    off_deg = (data.pictures[0].sun_azimuth_deg or 0.0) + 180
    assert abs(off_deg % 360 - 180) < 0.5
    union = data | AIRS(tmp_path)
    assert len(union) == 4


def test_ground_may_be_labelled_for_other_heads(published: tuple[Path, Written]) -> None:
    data = AIRS(published[0], label_ground=True)
    found = rasterize_targets(data.scene(0))
    assert data.heads == ("segments", "lines", "roof")
    assert (found.segments[found.roof == 0] == 0).all() and (found.segments[found.roof == 1] == ANY_ROOF).all()
    assert (found.lines[found.roof == 0] == 0).all()


def test_tiles_in_no_list_are_skipped_and_named(copy: Path) -> None:
    for part in ("image", "label"):
        shutil.copy(copy / "train" / part / "christchurch_0.tif", copy / "train" / part / "christchurch_99.tif")
    assert AIRS(copy, "train").skipped == (f"christchurch_99: in no split list of {copy}",)


def test_listed_tiles_that_are_missing_stop(copy: Path) -> None:
    (copy / "train" / "label" / "christchurch_1.tif").unlink()
    with pytest.raises(
        DataError, match=r"train\.txt names pictures that are not there: 1 of 3, such as christchurch_1"
    ):
        AIRS(copy, "train")


def test_unlisted_tiles_without_a_mask_are_skipped_and_named(copy: Path) -> None:
    (copy / "train.txt").unlink()
    (copy / "train" / "label" / "christchurch_1.tif").unlink()
    data = AIRS(copy, "train")
    assert len(data.pictures) == 2 and len(data.skipped) == 1 and "christchurch_1.tif: has no mask" in data.skipped[0]


def test_unknown_codes_are_told(copy: Path) -> None:
    shutil.copy(copy / "train" / "image" / "christchurch_0.tif", copy / "train" / "label" / "christchurch_0.tif")
    with pytest.raises(DataError, match=r"label/christchurch_0\.tif holds unknown codes"):
        AIRS(copy, "train").scene(0)


def test_some_with_and_some_without_georeference_is_an_error(copy: Path, tmp_path: Path) -> None:
    write_airs(tmp_path / "placed", {"train": 1}, size_px=SIZE_PX, georeferenced=True)
    for part in ("image", "label"):
        shutil.copy(tmp_path / "placed" / "train" / part / "christchurch_0.tif", copy / "train" / part)
    with pytest.raises(DataError, match="has no georeference, others have one"):
        AIRS(copy, "train")


def test_what_is_neither_arrangement_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither train/image") as error:
        AIRS(tmp_path)
    assert "airs-dataset.com" in error.value.hint


def test_a_split_or_crs_that_does_not_exist_is_an_error(published: tuple[Path, Written]) -> None:
    with pytest.raises(InputError, match="'holdout'"):
        AIRS(published[0], "holdout")
    with pytest.raises(InputError, match="no coordinate reference system"):
        AIRS(published[0], crs="EPSG:none")


def test_masks_of_ones_own_need_no_lists(copy: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    for here, there in (("image", "images"), ("label", "masks")):
        shutil.copytree(copy / "train" / here, own / there)
    assert len(AIRS(own)) == len(list((own / "images").iterdir()))
    with pytest.raises(InputError, match="without splits, so there is no 'train'") as error:
        AIRS(own, "train")
    assert "train.txt" in error.value.hint
    (own / "val.txt").write_text("nonesuch\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"train.txt cannot be read"):
        AIRS(own, "train")


@pytest.fixture(scope="module")
def banepa(shared_data: Path) -> Path:
    return shared_data / "banepa"


def test_banepa_is_read_as_48_tiles_of_which_32_are_for_training(banepa: Path) -> None:
    everything, train, measured = AIRS(banepa), AIRS(banepa, "train"), AIRS(banepa, "measure_only")
    assert [len(d.pictures) for d in (everything, train, measured)] == [48, 32, 16]
    assert len(everything.skipped) == 16, "tiles without a mask"
    assert not {p.name for p in train.pictures} & {p.name for p in measured.pictures}
    assert not train.skipped, "what another list names is not lost"


def test_banepa_has_its_size_on_the_ground(banepa: Path) -> None:
    """Web Mercator's metres are longer than those on the ground."""
    picture = AIRS(banepa).pictures[0]
    assert picture.transform.a == pytest.approx(0.1493, abs=1e-4)
    assert picture.pixel_size_m == pytest.approx(0.132, abs=1e-3)
    assert picture.sun_azimuth_deg == pytest.approx(180, abs=0.01)


def test_a_tile_that_misses_leaves_a_hole_that_is_not_labelled(tmp_path: Path) -> None:
    write_airs(tmp_path, {"train": 3}, seed=2, size_px=SIZE_PX, georeferenced=True)
    (tmp_path / "train.txt").write_text("christchurch_0.tif\nchristchurch_2.tif\n")
    data = AIRS(tmp_path, "train")
    west, east = (data.index.geometry.iloc[i].bounds for i in (0, 1))
    with pytest.raises(IndexError, match="no picture"):
        _ = data[west[2] + 1 : east[0] - 1, west[1] : west[3]]
    sample = data[west[2] - 3 : west[2] + 3, west[1] : west[3]]
    assert (sample["roof"][:, :38] != NODATA).all() and (sample["roof"][:, 42:] == NODATA).all()


def test_samples_of_banepa_are_tensors(banepa: Path) -> None:
    data = AIRS(banepa)
    left, bottom, right, top = data.index.geometry.iloc[0].bounds
    sample = data[left:right, bottom:top]
    assert sample["image"].shape == (3, 512, 512) and sample["heads"].tolist() == [False, False, False, True, False]
    assert sample["roof"].dtype == torch.uint8
