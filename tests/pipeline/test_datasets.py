"""From a published layout to windows that are split and ready, and back to a check that finds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roofgeo.data.layouts import open_dataset
from roofgeo.data.prepared import Prepared
from roofgeo.data.windows import fingerprint
from roofgeo.errors import InputError
from roofgeo.pipeline import datasets
from roofgeo.synthesis.published import write_airs, write_rid, write_roofgraph, write_roofline


@pytest.mark.parametrize(
    ("write", "name"),
    [(write_rid, "raw"), (write_airs, "raw"), (write_roofgraph, "raw"), (write_roofline, "raw/imdb.mat")],
)
def test_every_layout_is_prepared_split_and_opened(write, name: str, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    write(tmp_path / name)
    said = datasets.prepare_dataset(tmp_path / "raw", tmp_path / "out", 64, 64)
    plan = datasets.SplitPlan(12, (0.6, 0.0, 0.4))  # the fake RoofGraph shows two map tiles
    result = datasets.split_dataset(tmp_path / "out", plan, development=2)
    raw = open_dataset(tmp_path / "raw")
    assert said["pictures"] == len(raw) and tuple(said["heads"]) == raw.heads
    train, test, small = (Prepared(tmp_path / "out", split) for split in ("train", "test", "dev-train"))
    assert len(small.windows) == 2 and isinstance(open_dataset(tmp_path / "out", split="test"), Prepared)
    shared = train.windows.geometry.union_all().intersection(test.windows.geometry.union_all())
    assert shared.area == 0 or shared.area < 1e-9 * test.windows.geometry.union_all().area
    about = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert about["fingerprint"] == result.fingerprint == fingerprint(Prepared(tmp_path / "out").windows)
    assert about["split"]["block_m"] == 12 and about["splits"].keys() == {"train", "test"}
    assert datasets.check_dataset(tmp_path / "out").problems == ()


def test_published_lists_are_kept_and_their_overlap_is_told(tmp_path: Path) -> None:
    write_rid(tmp_path / "raw", count=12, size_px=128)
    datasets.prepare_dataset(tmp_path / "raw", tmp_path / "out", 128, 128)
    lists = tmp_path / "raw" / "filenames_train_val_test_split"
    published = {split: lists / f"{split}_filenames_1_rev.txt" for split in ("train", "val", "test")}
    result = datasets.split_dataset(tmp_path / "out", datasets.SplitPlan(), published)
    assert result.leaks["share"].max() > 0.01
    names = {p.name for p in open_dataset(tmp_path / "out", split="train").pictures}
    assert names == {p.name for p in open_dataset(tmp_path / "raw", split="train").pictures}


def test_a_failed_split_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    write_rid(tmp_path / "raw", size_px=128)
    datasets.prepare_dataset(tmp_path / "raw", tmp_path / "out", 128, 128)
    before = (tmp_path / "out" / "windows.parquet").read_bytes()
    with pytest.raises(InputError, match="too small"):
        datasets.split_dataset(tmp_path / "out", datasets.SplitPlan(block_m=5000))
    assert (tmp_path / "out" / "windows.parquet").read_bytes() == before
