"""Any layout is opened by what lies in the folder; what is none, or is asked for what it has not, is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.data.airs import AIRS
from roofgeo.data.dataset import RoofDataset
from roofgeo.data.layouts import LAYOUTS, open_dataset
from roofgeo.data.rid import RID
from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.roofline import Roofline
from roofgeo.data.vector_labels import VectorLabels
from roofgeo.errors import DataError, InputError
from roofgeo.synthesis.published import write_airs, write_rid, write_roofgraph, write_roofline

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    write_rid(folder / "rid", 3, 1, 64)
    write_airs(folder / "airs", {"train": 1, "val": 1}, 1, 64)
    write_roofline(folder / "roofline" / "imdb.mat", 2, 1)
    write_roofgraph(folder / "roofgraph", 3, 1)
    return folder


@pytest.mark.parametrize(
    ("path", "layout", "kind", "count"),
    [
        ("rid", "rid", RID, 3),
        ("airs", "airs", AIRS, 2),
        ("roofline", "roofline", Roofline, 2),
        ("roofline/imdb.mat", "roofline", Roofline, 2),
        ("roofgraph", "roofgraph", RoofGraph, 3),
    ],
)
def test_a_layout_is_told_from_what_lies_there(
    published: Path, path: str, layout: str, kind: type[RoofDataset], count: int
) -> None:
    for name in (None, layout):
        data = open_dataset(published / path, name)
        assert type(data) is kind and len(data.pictures) == count


def test_an_orthophoto_and_labels_are_a_data_set(published: Path) -> None:
    assert isinstance(open_dataset(SAMPLES), VectorLabels), "labels.gpkg beside it"
    assert isinstance(open_dataset(SAMPLES / "ortho.tif"), VectorLabels)
    data = open_dataset(SAMPLES / "ortho.tif", labels=SAMPLES / "labels.gpkg", margin_m=1.0)
    assert isinstance(data, VectorLabels) and not data.labels_all_buildings
    rid = published / "rid"
    vectors = open_dataset(rid / "images_roof_centered_geotiff", labels=str(rid / "segments_reviewed.csv"))
    assert isinstance(vectors, VectorLabels)


def test_options_go_to_the_class(published: Path) -> None:
    assert len(open_dataset(published / "airs", split="val").pictures) == 1
    assert open_dataset(published / "rid", labels="superstructures").heads == ()
    assert open_dataset(published / "rid", azimuths=8, split="test").azimuth_bin_deg == 45
    assert open_dataset(published / "airs", pixel_size_m=0.1).pictures[0].pixel_size_m == 0.1


def test_an_option_the_layout_has_not_is_an_error(published: Path) -> None:
    with pytest.raises(InputError, match="airs data have no option 'azimuths'") as error:
        open_dataset(published / "airs", azimuths=8)
    assert "pixel_size_m" in error.value.hint


@pytest.mark.parametrize("path", ["roofline", str(SAMPLES)])
def test_a_split_of_data_without_splits_is_an_error(published: Path, path: str) -> None:
    with pytest.raises(InputError, match="come without splits") as error:
        open_dataset(published / path, split="train")
    assert "roofgeo data split" in error.value.hint


def test_what_has_no_layout_is_told_with_what_each_looks_like(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="no data set of a known layout; it holds photos") as error:
        open_dataset(tmp_path)
    for layout in LAYOUTS:
        assert layout.name in error.value.hint and layout.looks_like in error.value.hint
    for place in ("10.14459/2022mp1655470", "airs-dataset.com", "rs11192219"):
        assert place in error.value.hint


def test_what_is_not_there_is_told_with_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone does not exist") as error:
        open_dataset(tmp_path / "gone")
    assert "airs-dataset.com" in error.value.hint


def test_an_orthophoto_without_labels_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ortho.tif").write_bytes((SAMPLES / "ortho.tif").read_bytes())
    with pytest.raises(InputError, match="needs labels"):
        open_dataset(tmp_path / "ortho.tif")


def test_a_layout_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no layout 'coco'") as error:
        open_dataset(tmp_path, "coco")
    assert "roofgraph" in error.value.hint


def test_real_folders_are_told_apart(shared_data: Path) -> None:
    kinds = {"rid": RID, "banepa": AIRS, "roofgraph": RoofGraph}
    for name, kind in kinds.items():
        assert type(open_dataset(shared_data / name)) is kind
