"""Roofline: lines and heights are read back from both kinds of MATLAB files, the right way up."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from roofgeo.data.dataset import LOCAL_CRS
from roofgeo.data.roofline import Roofline
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import LINE_CODE, NODATA, OTHER_LINE
from roofgeo.synthesis.published import Written, write_roofline

TOLD = tuple(LINE_CODE[name] for name in ("eave", "ridge", "hip"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    path = tmp_path_factory.mktemp("roofline") / "imdb.mat"
    return path, write_roofline(path, 4, 5)


def check(data: Roofline, written: Written) -> None:
    assert [p.name for p in data.pictures] == list(written)
    seen = set()
    for i, name in enumerate(written):
        scene, expected = data.scene(i), rasterize_targets(written[name])
        found = rasterize_targets(scene)
        assert np.abs(scene.image.astype(int) - written[name].image).max() <= 1
        lines = np.where(np.isin(expected.lines, TOLD), expected.lines, OTHER_LINE)
        np.testing.assert_array_equal(found.lines, lines)
        np.testing.assert_allclose(found.height_m, expected.height_m, atol=1e-4)
        assert (found.segments == NODATA).all() and (found.roof == NODATA).all()
        seen |= set(np.unique(found.lines))
    assert len(seen & set(TOLD)) >= 2 and OTHER_LINE in seen


@pytest.mark.parametrize(("version", "highest"), [("7.3", 255), ("7.3", 1), ("5", 255), ("5", 1)])
def test_crops_are_read_back(tmp_path: Path, version: str, highest: int) -> None:
    written = write_roofline(tmp_path / "imdb.mat", 4, 5, version, highest)
    check(Roofline(tmp_path), written)


def test_the_file_has_the_axes_matlab_gives_it(published: tuple[Path, Written]) -> None:
    with h5py.File(published[0]) as file:
        assert file["imdb/images"].shape == file["imdb/elements"].shape == (4, 3, 224, 224)
        assert file["imdb/depths"].shape == (4, 224, 224)
        first = next(iter(published[1].values()))
        np.testing.assert_array_equal(file["imdb/images"][0].transpose(0, 2, 1), first.image)


def test_a_window_reads_its_part_of_one_crop(published: tuple[Path, Written]) -> None:
    data = Roofline(published[0])
    whole, part = data.scene(1), data.scene(1, Window(30, 50, 60, 80))
    np.testing.assert_array_equal(part.image, whole.image[:, 30:90, 50:130])
    np.testing.assert_array_equal(rasterize_targets(part).lines, rasterize_targets(whole).lines[30:90, 50:130])


def test_crops_say_that_they_have_no_georeference(published: tuple[Path, Written]) -> None:
    data = Roofline(published[0], pixel_size_m=0.1)
    assert not data.georeferenced and data.crs == LOCAL_CRS and data.heads == ("lines", "height")
    assert data.pictures[0].pixel_size_m == 0.1 and data.pictures[0].sun_azimuth_deg is None
    left, bottom, right, top = data.index.geometry.iloc[2].bounds
    sample = data[left:right, bottom:top]
    np.testing.assert_array_equal(sample["lines"].numpy(), rasterize_targets(data.scene(2)).lines)
    with pytest.raises(InputError, match="no georeference"):
        _ = data | data


def test_heights_that_are_no_numbers_are_unknown(published: tuple[Path, Written], tmp_path: Path) -> None:
    path = tmp_path / "imdb.mat"
    path.write_bytes(published[0].read_bytes())
    with h5py.File(path, "r+") as file:
        depths = file["imdb/depths"][:]
        depths[0, :10] = np.inf
        file["imdb/depths"][:] = depths
    height_m = rasterize_targets(Roofline(path).scene(0)).height_m
    assert np.isnan(height_m[:, :10]).all() and not np.isnan(height_m[:, 10:]).any()


def test_images_with_a_mean_subtracted_are_an_error(published: tuple[Path, Written], tmp_path: Path) -> None:
    fields = {
        "images": np.full((8, 8, 3, 2), -20.0, np.float32),
        "depths": np.zeros((8, 8, 2), np.float32),
        "elements": np.zeros((8, 8, 3, 2), np.uint8),
    }
    scipy.io.savemat(tmp_path / "imdb.mat", {"imdb": fields})
    with pytest.raises(DataError, match=r"imdb/images holds values from -20 to -20") as error:
        Roofline(tmp_path)
    assert "mean" in error.value.hint


def test_fields_that_miss_or_do_not_fit_are_errors(tmp_path: Path) -> None:
    images = np.zeros((8, 8, 3, 2), np.uint8)
    scipy.io.savemat(tmp_path / "a.mat", {"imdb": {"images": images, "depths": np.zeros((8, 8, 2))}})
    with pytest.raises(DataError, match=r"no imdb/elements; it has images, depths"):
        Roofline(tmp_path / "a.mat")
    fields = {"images": images, "elements": images, "depths": np.zeros((8, 8, 5))}
    scipy.io.savemat(tmp_path / "b.mat", {"imdb": fields})
    with pytest.raises(DataError, match="not of one size"):
        Roofline(tmp_path / "b.mat")
    scipy.io.savemat(tmp_path / "c.mat", {"imdb": {**fields, "elements": images[:, :, :2]}})
    with pytest.raises(DataError, match=r"imdb/elements is an array of 2 x 2 x 8 x 8"):
        Roofline(tmp_path / "c.mat")
    scipy.io.savemat(tmp_path / "d.mat", {"roofs": images})
    with pytest.raises(DataError, match="it has nothing"):
        Roofline(tmp_path / "d.mat")


def test_a_file_that_is_missing_or_no_matlab_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist") as error:
        Roofline(tmp_path)
    assert "Roofline-Extraction" in error.value.hint
    (tmp_path / "imdb.mat").write_bytes(b"no matlab file at all" * 20)
    with pytest.raises(DataError, match="no MATLAB file"):
        Roofline(tmp_path)


def test_a_damaged_file_is_an_error(published: tuple[Path, Written], tmp_path: Path) -> None:
    whole = published[0].read_bytes()
    (tmp_path / "imdb.mat").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        Roofline(tmp_path)
