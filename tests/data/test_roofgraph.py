"""RoofGraph: the real data set, and its traps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from roofgeo.data.roofgraph import EAVE_MARGIN_M, RoofGraph
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError


@pytest.fixture(scope="module")
def val(shared_data: Path) -> RoofGraph:
    return RoofGraph(shared_data / "roofgraph", "val")


def test_splits_share_no_map_tile(shared_data: Path, val: RoofGraph) -> None:
    train = RoofGraph(shared_data / "roofgraph", "train")
    assert (len(train), len(val)) == (2100, 314)
    assert not {r["linz_tile"] for r in train.records} & {r["linz_tile"] for r in val.records}


def test_sample_is_what_torchgeo_gives(val: RoofGraph) -> None:
    sample = val[0]
    height, width = sample["image"].shape[1:]
    assert sample["image"].dtype == torch.float32 and sample["image"].max() > 1
    assert all(sample[head].shape == (height, width) for head in ("segments", "azimuth", "lines", "roof", "height"))


def test_only_the_roof_and_its_eaves_are_labelled(val: RoofGraph) -> None:
    targets = rasterize_targets(val.scene(0))
    roof = targets.roof == 1
    assert (targets.segments[roof] > 0).all()
    share_ground = (targets.roof == 0).mean()
    assert 0 < share_ground < 0.35, f"a rim of {EAVE_MARGIN_M} m, no more"


def test_averaging_halves_size_and_geometry(val: RoofGraph) -> None:
    full, half = val.scene(5), val.scene(5, downsample=2)
    assert half.pixel_size_m == pytest.approx(2 * full.pixel_size_m)
    assert half.image.shape[1] == full.image.shape[1] // 2
    np.testing.assert_allclose(half.planes[0].ring * 2, full.planes[0].ring)
    assert abs(float(half.image.mean()) - float(full.image.mean())) < 1.5


def test_blacked_out_ground_is_not_labelled(val: RoofGraph) -> None:
    index = int(np.argmax([r["black_fraction"] for r in val.records]))
    scene = val.scene(index)
    assert scene.labelled is not None
    assert scene.image[:, scene.labelled].max(axis=0).mean() > 30


def test_missing_folder_says_what_it_must_look_like(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"roofs\.jsonl") as error:
        RoofGraph(tmp_path)
    assert "images/" in error.value.hint
