"""Pictures with labels as a torchgeo data set: windows are copies, combinations keep "not labelled" apart."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from affine import Affine
from pyproj import CRS, Transformer
from torch.utils.data import DataLoader
from torchgeo.datasets import stack_samples
from torchgeo.samplers import RandomGeoSampler

from roofgeo.data.dataset import LOCAL_CRS, LOCAL_GAP_M, Picture, RoofDataset, lay_out, merge_labels
from roofgeo.data.targets import LabelledScene, Targets
from roofgeo.errors import DataError
from roofgeo.grid import Window
from roofgeo.schema import FIRST_PITCHED, NODATA

UTM = CRS.from_epsg(32632)
SIZE_PX = 200


class Drawn(RoofDataset):
    """A picture whose pixels tell their column and row, its east half a plane that faces north."""

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        rows, cols = np.mgrid[window.row : window.row_end, window.col : window.col_end]
        image = np.stack([rows, cols, np.full_like(rows, 7)]).astype(np.uint8)
        segments = np.where(cols >= SIZE_PX // 2, FIRST_PITCHED, 0).astype(np.uint8)
        return LabelledScene(image, picture.pixel_size_m, rasters=Targets.from_classes(segments))


def drawn(left: float = 500_000.0, crs: CRS = UTM, heads: tuple[str, ...] = ("segments", "azimuth", "roof")) -> Drawn:
    transform = Affine(0.1, 0, left, 0, -0.1, 5_300_000)
    return Drawn([Picture("a", Path("a.tif"), SIZE_PX, SIZE_PX, transform, 0.1, 48.0, 180.0)], crs, heads)


def test_a_query_copies_pixels() -> None:
    data = drawn()
    sample = data[500_005.0:500_009.0, 5_299_990.0:5_299_995.0]
    assert sample["image"].shape == (3, 50, 40)
    assert sample["image"][1, 0].tolist() == list(range(50, 90)) and sample["image"][0, 0, 0] == 50
    assert (sample["segments"][:, 50:] == FIRST_PITCHED).all() and (sample["lines"] == NODATA).all()
    assert sample["azimuth"].isnan().sum() == 50 * 40, "its west half is ground"


def test_torchgeo_samples_it_and_stacks_it() -> None:
    data = drawn()
    loader = DataLoader(data, 2, sampler=RandomGeoSampler(data, 64, length=4), collate_fn=stack_samples)
    for batch in loader:
        assert (
            batch["image"].shape == (2, 3, 64, 64) and batch["heads"].tolist() == [[True, True, False, True, False]] * 2
        )


def test_beyond_the_picture_nothing_is_labelled() -> None:
    sample = drawn()[499_995.0:500_005.0, 5_299_995.0:5_300_005.0]
    assert (sample["roof"][:50] == NODATA).all() and (sample["roof"][:, :50] == NODATA).all()
    assert (sample["roof"][50:, 50:] == 0).all() and (sample["image"][:, :50] == 0).all()


def test_no_picture_there_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="no picture"):
        _ = drawn()[0.0:10.0, 0.0:10.0]


def test_in_another_crs_ground_and_azimuths_are_turned_to_its_north() -> None:
    data, zone_33 = drawn(700_000.0), CRS.from_epsg(32633)
    x, y = Transformer.from_crs(UTM, zone_33, always_xy=True).transform(700_015.0, 5_299_990.0)
    data.crs = zone_33
    sample = data[x - 2 : x + 2, y - 2 : y + 2]
    assert abs(float(sample["image"][1, 20, 20]) - 150) <= 1 and abs(float(sample["image"][0, 20, 20]) - 100) <= 1
    azimuth_deg = float(sample["azimuth"][20, 20])
    # East of the middle of zone 32 its grid north lies east of true north, west of that of zone 33 west of it: together
    # six degrees of longitude times the sine of the latitude.
    assert math.remainder(azimuth_deg, 360) == pytest.approx(6 * math.sin(math.radians(47.8)), abs=0.1)


def test_or_completes_what_one_does_not_label() -> None:
    west, east = drawn(), drawn(500_010.0, heads=("roof",))
    both = west | east
    sample = both[500_000.0:500_025.0, 5_299_990.0:5_299_995.0]
    assert (sample["roof"][:, :250] != NODATA).all()
    assert (sample["segments"][:, :200] != NODATA).all() and (sample["segments"][:, 200:] == NODATA).all()
    assert sample["heads"].tolist() == [True, True, False, True, False]


def test_and_stacks_pictures() -> None:
    sample = (drawn() & drawn())[500_000.0:500_005.0, 5_299_990.0:5_299_995.0]
    assert sample["image"].shape == (6, 50, 50) and sample["segments"].shape == (50, 50)


def test_merging_prefers_what_is_known() -> None:
    unknown = {"height": torch.tensor([[math.nan, 2.0]]), "roof": torch.tensor([[255, 1]], dtype=torch.uint8)}
    known = {"height": torch.tensor([[3.0, 4.0]]), "roof": torch.tensor([[0, 0]], dtype=torch.uint8)}
    merged = merge_labels([unknown, known])
    assert merged["height"].tolist() == [[3.0, 2.0]] and merged["roof"].tolist() == [[0, 1]]


def test_pictures_without_place_lie_apart() -> None:
    sizes = [(100, 300), (250, 80), (40, 40), (10, 10), (300, 300)]
    pictures = [
        Picture(str(i), Path(), h, w, t, 0.1)
        for i, ((h, w), t) in enumerate(zip(sizes, lay_out(sizes, 0.1), strict=True))
    ]
    outlines = [p.footprint() for p in pictures]
    apart = [a.distance(b) for i, a in enumerate(outlines) for b in outlines[:i]]
    assert min(apart) >= LOCAL_GAP_M
    assert Drawn(pictures, LOCAL_CRS).crs == LOCAL_CRS


def test_an_empty_data_set_is_an_error() -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        Drawn([], UTM)
