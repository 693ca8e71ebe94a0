"""Fake data: the published layouts to the letter, the same every time, and worth reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io

from roofgeo.data.targets import rasterize_targets
from roofgeo.synthesis.published import Written, write_airs, write_rid, write_roofgraph, write_roofline

WRITERS: dict[str, Callable[[Path, int], Written]] = {
    "rid": lambda folder, seed: write_rid(folder, 3, seed, 96),
    "airs": lambda folder, seed: write_airs(folder, None, seed, 64),
    "roofline": lambda folder, seed: write_roofline(folder / "imdb.mat", 2, seed, "5"),
    "roofgraph": lambda folder, seed: write_roofgraph(folder, 3, seed),
}


def files(folder: Path) -> dict[str, str]:
    """Hash of each file; a MATLAB file tells the time of its writing in its first line."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()[128 if p.suffix == ".mat" else 0 :]).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.mark.parametrize("layout", WRITERS)
def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path, layout: str) -> None:
    for name, seed in (("first", 4), ("again", 4), ("other", 5)):
        WRITERS[layout](tmp_path / name, seed)
    first, again, other = (files(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again and first != other


@pytest.mark.parametrize("layout", WRITERS)
def test_there_are_roofs_in_it(tmp_path: Path, layout: str) -> None:
    written = WRITERS[layout](tmp_path, 2)
    shares = [(rasterize_targets(scene).roof == 1).mean() for scene in written.values()]
    assert np.mean(shares) > 0.05


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rid_has_the_published_names_and_codes(tmp_path: Path) -> None:
    written = write_rid(tmp_path, 4, 9, 128)
    assert {p.name for p in (tmp_path / "images_roof_centered_geotiff").iterdir()} == {f"{n}.tif" for n in written}
    assert all(name == str(int(name)) for name in written), "unpadded"
    seen = {16: set(), 8: set(), 4: set()}
    for suffix, azimuths in (("", 16), ("_8", 8), ("_4", 4)):
        for name in written:
            with rasterio.open(tmp_path / f"masks_segments_reviewed{suffix}" / f"{name}.png") as source:
                assert source.dtypes == ("uint8",) and source.colorinterp[0].name == "gray"
                seen[azimuths] |= set(np.unique(source.read(1)).tolist())
    for azimuths, codes in seen.items():
        assert azimuths + 1 in codes and max(codes) == azimuths + 1 and len(codes) > 2
    with rasterio.open(tmp_path / "images_roof_centered_geotiff" / "2.tif") as source:
        assert source.crs.to_epsg() == 4326 and source.dtypes == ("uint8",) * 3
    lists = sorted(p.name for p in (tmp_path / "filenames_train_val_test_split").iterdir())
    assert len(lists) == 15 and lists[0] == "test_filenames_1_rev.txt"
    text = (tmp_path / "filenames_train_val_test_split" / "train_filenames_1_rev.txt").read_text()
    assert all(line.endswith(".png") for line in text.splitlines())
    header = (tmp_path / "segments_reviewed.csv").read_text().splitlines()[0].split(",")
    assert {"id", "pv_area_id", "segment", "azimuth", "slope"} <= set(header)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_airs_has_the_published_quirks(tmp_path: Path) -> None:
    write_airs(tmp_path, {"train": 2, "val": 1, "test": 1}, 1, 64)
    assert (tmp_path / "train.txt").read_text().splitlines() == ["christchurch_0.tif", "christchurch_1.tif"]
    assert (tmp_path / "val.txt").read_text().splitlines() == ["christchurch_2"]
    assert not (tmp_path / "test.txt").exists()
    kinds = []
    for split, number in (("train", 0), ("val", 2), ("test", 3)):
        assert (tmp_path / split / "label" / f"christchurch_{number}_vis.tif").is_file()
        with rasterio.open(tmp_path / split / "label" / f"christchurch_{number}.tif") as source:
            kinds.append((source.count, int(source.read(1).max())))
            assert source.crs is None
    assert kinds == [(1, 1), (3, 1), (1, 255)]


def test_roofline_of_matlab_7_3_has_reversed_axes_and_its_header(tmp_path: Path) -> None:
    written = write_roofline(tmp_path / "new.mat", 2, 1)
    write_roofline(tmp_path / "old.mat", 2, 1, "5")
    assert (tmp_path / "new.mat").read_bytes().startswith(b"MATLAB 7.3 MAT-file")
    with pytest.raises(NotImplementedError):
        scipy.io.loadmat(tmp_path / "new.mat")
    old = scipy.io.loadmat(tmp_path / "old.mat")["imdb"][0, 0]
    with h5py.File(tmp_path / "new.mat") as new:
        for field in ("images", "depths", "elements"):
            np.testing.assert_array_equal(new["imdb"][field][:].T, old[field])
    assert old["images"].shape == (224, 224, 3, 2)
    np.testing.assert_array_equal(old["images"][..., 1], written["1"].image.transpose(1, 2, 0))


def test_roofgraph_has_its_fields_and_two_map_tiles(tmp_path: Path) -> None:
    written = write_roofgraph(tmp_path, 6, 2)
    records = [json.loads(line) for line in (tmp_path / "roofs.jsonl").read_text().splitlines()]
    assert [r["name"] for r in records] == list(written)
    assert {r["split"] for r in records} == {"train", "val"}
    assert len({(r["split"], r["linz_tile"]) for r in records}) == 2
    assert [r["black_fraction"] > 0.05 for r in records] == [False, False, True] * 2
    for record in records:
        assert {line["type"] for line in record["lines"]} <= {"eave", "ridge", "hip", "valley", "rake", "other"}
        heights = np.array([line["relative_height"] for line in record["lines"]])
        assert heights.min() >= 0 and heights.max() <= 1
        ridges = [line["relative_height"] for line in record["lines"] if line["type"] == "ridge"]
        eaves = [line["relative_height"] for line in record["lines"] if line["type"] == "eave"]
        assert not ridges or np.mean(ridges) > np.mean(eaves)
