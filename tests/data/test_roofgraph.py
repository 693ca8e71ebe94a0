"""RoofGraph: the real data set, and its traps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from roofgeo.data.augment import coarser
from roofgeo.data.roofgraph import EAVE_MARGIN_M, RoofGraph
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window


@pytest.fixture(scope="module")
def val(shared_data: Path) -> RoofGraph:
    return RoofGraph(shared_data / "roofgraph", "val")


def test_splits_share_no_map_tile(shared_data: Path, val: RoofGraph) -> None:
    train = RoofGraph(shared_data / "roofgraph", "train")
    assert (len(train), len(val)) == (2100, 314)
    tiles = [{name.rsplit("_", 1)[0] for name in roofs.split_of} for roofs in (train, val)]
    assert not tiles[0] & tiles[1], "a name begins with its map tile"


def test_a_query_gives_the_crop_pixel_by_pixel(val: RoofGraph) -> None:
    left, bottom, right, top = val.index.geometry.iloc[3].bounds
    sample = val[left:right, bottom:top]
    scene = val.scene(3)
    assert sample["image"].dtype == torch.float32
    np.testing.assert_array_equal(sample["image"].numpy(), scene.image)
    np.testing.assert_array_equal(sample["segments"].numpy(), rasterize_targets(scene).segments)
    assert sample["heads"].tolist() == [True, True, True, True, False], "heights are known up to a factor only"
    assert sample["height"].isnan().all()


def test_the_crops_say_that_they_have_no_georeference(val: RoofGraph) -> None:
    assert not val.georeferenced and val.crs.is_projected is False and "artificial" in val.crs.name
    with pytest.raises(InputError, match="no georeference"):
        _ = val & val


def test_a_window_over_the_edge_is_black_and_not_labelled_there(val: RoofGraph) -> None:
    scene = val.scene(0, Window(-10, -20, 100, 120))
    assert scene.labelled is not None and not scene.labelled[:10].any() and not scene.labelled[:, :20].any()
    np.testing.assert_array_equal(scene.image[:, 10:, 20:], val.scene(0).image[:, :90, :100])


def test_only_the_roof_and_its_eaves_are_labelled(val: RoofGraph) -> None:
    targets = rasterize_targets(val.scene(0))
    roof = targets.roof == 1
    assert (targets.segments[roof] > 0).all()
    share_ground = (targets.roof == 0).mean()
    assert 0 < share_ground < 0.35, f"a rim of {EAVE_MARGIN_M} m, no more"


def test_averaging_halves_size_and_geometry(val: RoofGraph) -> None:
    full, half = val.scene(5), coarser(val.scene(5), 2)
    assert half.pixel_size_m == pytest.approx(2 * full.pixel_size_m)
    assert half.image.shape[1] == full.image.shape[1] // 2
    np.testing.assert_allclose(half.planes[0].ring * 2, full.planes[0].ring)
    assert abs(float(half.image.mean()) - float(full.image.mean())) < 1.5


def test_blacked_out_ground_is_not_labelled(val: RoofGraph) -> None:
    black = [(val.scene(i).image.max(axis=0) < 12).mean() for i in range(100)]
    scene = val.scene(int(np.argmax(black)))
    assert scene.labelled is not None
    assert scene.image[:, scene.labelled].max(axis=0).mean() > 30


def test_missing_folder_says_what_it_must_look_like(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"roofs\.jsonl") as error:
        RoofGraph(tmp_path)
    assert "images/" in error.value.hint
