"""RoofGraph: the real data set, and its traps."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from roofgeo.data.augment import coarser
from roofgeo.data.roofgraph import EAVE_MARGIN_M, RoofGraph
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import NODATA
from roofgeo.synthesis.published import Written, write_roofgraph


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


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("roofgraph")
    return folder, write_roofgraph(folder, 3, 2)


@pytest.fixture
def copy(published: tuple[Path, Written], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0], tmp_path / "roofgraph"))


def test_written_roofs_are_read_back(published: tuple[Path, Written]) -> None:
    folder, written = published
    data = RoofGraph(folder)
    assert [p.name for p in data.pictures] == list(written)
    for i, name in enumerate(written):
        scene, crop = data.scene(i), written[name]
        found, expected = rasterize_targets(scene), rasterize_targets(crop)
        known = found.roof != NODATA
        assert known[expected.roof == 1].mean() > 0.8 and not known.all()
        for head in ("segments", "lines", "roof"):
            assert (found.of(head)[known] == expected.of(head)[known]).mean() > 0.999, head
        assert np.abs(scene.image.astype(int) - crop.image).mean() < 8, "a JPEG"


def test_a_split_that_does_not_exist_is_an_error(published: tuple[Path, Written]) -> None:
    with pytest.raises(InputError, match="'test'") as error:
        RoofGraph(published[0], "test")
    assert error.value.hint == "RoofGraph has train, val."


def test_crops_that_are_not_there_stop(copy: Path) -> None:
    name = RoofGraph(copy).pictures[0].name
    (copy / "images" / f"{name}.jpg").unlink()
    with pytest.raises(DataError, match=f"names pictures that are not there: 1 of 3, such as {name}"):
        RoofGraph(copy)


def test_a_crop_of_another_size_is_an_error(copy: Path) -> None:
    first, second, _ = (p.path for p in RoofGraph(copy).pictures)
    shutil.copy(second, first)
    with pytest.raises(DataError, match=rf"{first.name} has \d+ x \d+ pixels, in roofs.jsonl it has"):
        RoofGraph(copy).scene(0)


def test_a_line_that_is_no_record_is_told(copy: Path) -> None:
    text = (copy / "roofs.jsonl").read_text()
    (copy / "roofs.jsonl").write_text(text + '{"name": "a", "split"')
    with pytest.raises(DataError, match="line 4, is no JSON"):
        RoofGraph(copy)
    (copy / "roofs.jsonl").write_text(text + '{"name": "a", "split": "train"}')
    with pytest.raises(DataError, match="line 4, has no black_fraction, height, lines, planes, width"):
        RoofGraph(copy)
