"""The window index: no pixel is left out, no picture passed over, and it says what is there."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.data.dataset import LOCAL_CRS
from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.targets import rasterize_targets
from roofgeo.data.windows import (
    COLUMNS,
    LINE_COLUMNS,
    SEGMENT_COLUMNS,
    covered,
    fingerprint,
    index_windows,
    read_index,
    rectangles,
    tile_windows,
    write_index,
)
from roofgeo.errors import DataError, InputError
from roofgeo.grid import Window
from roofgeo.schema import FLAT
from tests.data.pictures import Drawn

SIDES = st.integers(1, 300)


@settings(deadline=None)
@given(SIDES, SIDES, st.integers(8, 200), st.floats(0.2, 1))
def test_windows_cover_every_pixel_and_stay_inside(height: int, width: int, tile_px: int, share: float) -> None:
    windows = tile_windows((height, width), tile_px, max(1, int(share * tile_px)))
    counts = np.zeros((height, width), int)
    for window in windows:
        counts[window.row : window.row_end, window.col : window.col_end] += 1
        assert window.row >= 0 and window.col >= 0 and window.shape == (tile_px, tile_px)
        assert window.row_end <= max(height, tile_px) and window.col_end <= max(width, tile_px)
    assert (counts > 0).all()
    assert len(set(windows)) == len(windows)


@pytest.mark.parametrize(
    ("shape", "count"), [((100, 90), 1), ((512, 512), 1), ((513, 512), 2), ((1280, 1280), 9), ((100, 1281), 4)]
)
def test_no_picture_is_passed_over(shape: tuple[int, int], count: int) -> None:
    assert len(tile_windows(shape, 512, 384)) == count


@pytest.mark.parametrize("stride_px", [0, 513])
def test_a_stride_that_leaves_gaps_is_an_error(stride_px: int) -> None:
    with pytest.raises(InputError, match="do not cover"):
        tile_windows((1000, 1000), 512, stride_px)


def test_a_row_says_what_is_in_the_window() -> None:
    data = Drawn([(500_000, 5_300_000, 200, 150)], split_of={"p0": "val"})
    index = index_windows(data, 64, 48)
    assert set(index.columns) == {*COLUMNS, "geometry"} and index.crs == data.crs
    row = index.iloc[5]
    labels = rasterize_targets(data.scene(0, Window(row["row"], row["col"], 64, 64)))
    counts = np.bincount(labels.segments.ravel(), minlength=18)
    assert row[list(SEGMENT_COLUMNS)].tolist() == counts[:18].tolist()
    assert row["roof_share"] == pytest.approx(counts[FLAT:].sum() / 64**2) and row["labelled_share"] == 1
    assert row["split"] == "val" and row["heads"] == "segments,azimuth,roof" and row[list(LINE_COLUMNS)].sum() == 0
    assert row.geometry.bounds == pytest.approx(
        (500_000 + row["col"] / 10, 5_300_000 - row["row"] / 10 - 6.4, 500_006.4 + row["col"] / 10,
         5_300_000 - row["row"] / 10)
    )  # fmt: skip


def test_a_small_picture_is_one_window_of_which_the_rest_is_not_labelled() -> None:
    index = index_windows(Drawn([(0, 0, 32, 64)]), 64, 48)
    assert len(index) == 1 and index["labelled_share"].item() == 0.5
    assert index.geometry.item().area == pytest.approx(3.2 * 6.4), "its geometry is the ground it shows"


def test_roofs_are_missing_where_the_data_set_does_not_tell() -> None:
    index = index_windows(Drawn([(0, 0, 64, 64)], heads=("lines",)), 64, 48)
    assert index["roof_share"].isna().all()


def test_a_broken_picture_is_left_out_and_named() -> None:
    data = Drawn([(i * 100, 0, 64, 64) for i in range(100)], broken=["p3"])
    seen: list[tuple[str, int, int]] = []
    index = index_windows(data, 64, 48, lambda *step: seen.append(step))
    assert len(index) == 99 and index.attrs["unreadable"] == {"p3": "p3.tif is broken"}
    assert seen[-1] == ("scan", 100, 100)


def test_too_many_broken_pictures_stop_the_scan_with_their_list() -> None:
    data = Drawn([(i * 100, 0, 64, 64) for i in range(100)], broken=["p3", "p7"])
    with pytest.raises(DataError, match=r"2 of 100 pictures .*\n  p3: .*\n  p7: "):
        index_windows(data, 64, 48)


def test_the_file_answers_questions(tmp_path: Path) -> None:
    index = index_windows(Drawn([(0, 0, 100, 100), (50, 0, 64, 64)], split_of={"p0": "train", "p1": "val"}), 64, 48)
    path = tmp_path / "windows.parquet"
    write_index(path, index)
    roofs = gpd.read_parquet(path, columns=["picture", "geometry"], filters=[("roof_share", ">", 0.3)])
    assert len(roofs) == (index["roof_share"] > 0.3).sum() > 0
    assert read_index(path, "val")["picture"].tolist() == ["p1"]
    inside = gpd.read_parquet(path).cx[40:, :]
    assert inside["picture"].tolist() == ["p1"]
    assert [p.name for p in tmp_path.iterdir()] == ["windows.parquet"]


def test_the_artificial_grid_survives_the_file(tmp_path: Path) -> None:
    index = index_windows(Drawn([(0, 0, 64, 64)]), 64, 48).set_crs(LOCAL_CRS, allow_override=True)
    write_index(tmp_path / "w.parquet", index)
    assert read_index(tmp_path / "w.parquet").crs == LOCAL_CRS


def test_what_is_no_index_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"nothing")
    gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([0], [0])).to_parquet(tmp_path / "b.parquet")
    for name, message in (("a", "no window index"), ("b", "lacks the columns"), ("c", "no window index")):
        with pytest.raises(DataError, match=message):
            read_index(tmp_path / f"{name}.parquet")


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    index = index_windows(Drawn([(0, 0, 100, 100)]), 64, 48)
    write_index(tmp_path / "w.parquet", index)
    same = [index.sample(frac=1, random_state=1), index[index.columns[::-1]], read_index(tmp_path / "w.parquet")]
    assert {fingerprint(frame) for frame in same} == {fingerprint(index)}
    assert fingerprint(index.assign(source="elsewhere")) == fingerprint(index)
    others = [index.assign(split="val"), index.assign(line_eave=1), index.set_geometry(index.translate(1))]
    assert len({fingerprint(frame) for frame in [index, index.iloc[1:], *others]}) == 5


def test_covered_ground() -> None:
    windows = rectangles(index_windows(Drawn([(0, 0, 64, 112)]), 64, 48))["p0"]
    assert windows.tolist() == [[0, 0, 64, 64], [0, 48, 64, 112]]
    assert covered(Window(0, 30, 64, 64), windows).all()
    mask = covered(Window(-2, 46, 64, 64), windows[:1])
    assert mask[2:, :18].all() and mask.sum() == 62 * 18


@pytest.mark.slow
def test_real_roofs_are_indexed(shared_data: Path) -> None:
    data = RoofGraph(shared_data / "roofgraph", "val")
    index = index_windows(data, 512, 384)
    assert set(index["picture"]) == {picture.name for picture in data.pictures} and (index["split"] == "val").all()
    assert (index[list(LINE_COLUMNS)].sum() > 0).all() and 0.05 < index["roof_share"].mean() < 0.6
