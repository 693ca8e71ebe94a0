"""What is wrong with a data set is found, named and told how to put right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from roofgeo.data.check import Check, as_text, check_dataset, write_report
from roofgeo.data.dataset import RoofDataset
from roofgeo.data.layouts import open_dataset
from roofgeo.data.prepared import Prepared
from roofgeo.data.preparing import prepare, summary
from roofgeo.data.rid import IMAGES, LISTS, SEGMENT_MASKS
from roofgeo.data.splits import SplitPlan, split_in_space
from roofgeo.data.windows import read_index, write_index
from roofgeo.synthesis.published import write_airs, write_rid, write_roofline
from tests.data.pictures import Drawn


@pytest.fixture
def rid(tmp_path: Path) -> Path:
    write_rid(tmp_path / "rid", count=6, size_px=128)
    return tmp_path / "rid"


def checked(folder: Path, **options) -> Check:
    return check_dataset(lambda split: open_dataset(folder, split=split, **options), folder)


def rewrite(path: Path, change) -> None:
    with rasterio.open(path) as file:
        pixels, profile = file.read(), file.profile
    pixels = change(pixels)
    profile |= {"height": pixels.shape[1], "width": pixels.shape[2]}
    with rasterio.open(path, "w", **profile) as file:
        file.write(pixels)


def told(check: Check) -> str:
    return "\n".join(problem.what for problem in check.problems)


def first(folder: Path) -> Path:
    return sorted(folder.iterdir())[0]


def test_a_data_set_of_lines_tells_that_it_tells_no_roofs(tmp_path: Path) -> None:
    write_roofline(tmp_path / "imdb.mat", 2)
    found = check_dataset(lambda split: open_dataset(tmp_path), tmp_path)
    assert "roofs are not told" in as_text(found) and json.loads(json.dumps(found.as_dict()))["roof_share"] is None


def test_a_data_set_as_published_is_described(rid: Path) -> None:
    found = checked(rid)
    assert found.pictures == 6 and found.georeferenced and found.heads == ("segments", "azimuth", "roof")
    assert found.sizes_px == (((128, 128), 6),) and found.labelled_share == 1
    assert sum(found.pixels.values()) == 6 * 128**2 and 0 < found.roof_share < 1
    assert {row["lists"] for row in found.leaks} <= {"", *(f"published lists {n}" for n in range(1, 6))}
    assert not [p for p in found.problems if "ground" not in p.what]


def test_overlapping_published_splits_are_a_leak(rid: Path) -> None:
    leaks = checked(rid).leaks
    assert leaks and max(row["share"] for row in leaks if row["lists"] == "") > 0.05, "its tiles overlap"
    assert "is in both" in told(checked(rid))


def test_unknown_codes_are_told_with_file_and_pixels(rid: Path) -> None:
    mask = first(rid / SEGMENT_MASKS)

    def spoil(pixels):
        pixels[:, :2, :5] = 77
        return pixels

    rewrite(mask, spoil)
    assert f"{mask} holds unknown codes: 77 (10 pixels)" in told(checked(rid))


def test_a_mask_of_another_size_is_told(rid: Path) -> None:
    mask = first(rid / SEGMENT_MASKS)
    rewrite(mask, lambda pixels: pixels[:, :100])
    assert f"{mask} has 128 x 100 pixels" in told(checked(rid))


def test_every_file_that_is_damaged_or_missing_is_told(rid: Path) -> None:
    masks = sorted((rid / SEGMENT_MASKS).iterdir())
    masks[0].unlink()
    masks[1].write_bytes(b"no picture")
    found = checked(rid)
    assert f"{masks[0].stem}: has no mask" in told(found) and f"{masks[1]} cannot be read" in told(found)
    assert found.pictures == 5


def test_a_list_that_names_what_is_not_there_is_told(rid: Path) -> None:
    names = rid / LISTS / "train_filenames_1_rev.txt"
    names.write_text(names.read_text() + "4711.png\n")
    assert "4711" in told(checked(rid))


def test_two_pictures_for_one_id_are_told(rid: Path) -> None:
    image = first(rid / IMAGES)
    image.with_suffix(".png").write_bytes(image.read_bytes())
    assert f"two pictures for the id {image.stem}" in told(checked(rid))


def test_mixed_systems_and_pixel_sizes_are_told(rid: Path) -> None:
    image = first(rid / IMAGES)
    with rasterio.open(image, "r+") as file:
        transform = file.transform
        file.transform = transform * transform.scale(2)
    assert "different pixel sizes" in told(checked(rid))
    with rasterio.open(image, "r+") as file:
        file.transform, file.crs = transform, "EPSG:3857"
    assert "different reference systems" in told(checked(rid))


def test_an_empty_data_set_is_told(rid: Path) -> None:
    for path in (rid / IMAGES).iterdir():
        path.unlink()
    assert checked(rid).problems


def test_roofs_that_are_nowhere_are_told(tmp_path: Path) -> None:
    write_airs(tmp_path)
    for path in tmp_path.glob("*/label/*.tif"):
        rewrite(path, np.zeros_like)
    assert "nothing in it is a roof" in told(checked(tmp_path))


def test_a_prepared_data_set_split_in_space_has_nothing_to_put_right(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data: RoofDataset = Drawn([(5e5 + x, 5.3e6 + y, 128, 128) for x, y in rng.uniform(0, 150, (90, 2))])
    about = prepare(data, tmp_path, 128, 128, {})
    assert "in no split" in told(checked(tmp_path))
    index = read_index(tmp_path / "windows.parquet")
    index["split"] = split_in_space(index, SplitPlan(40, (0.6, 0.2, 0.2)))
    write_index(tmp_path / "windows.parquet", index)
    assert "not what dataset.json says" in told(checked(tmp_path))
    (tmp_path / "dataset.json").write_text(json.dumps({**about, **summary(index)}))
    found = check_dataset(lambda split: Prepared(tmp_path, split), tmp_path)
    assert found.problems == () and len(found.leaks) == 3 and all(row["share"] < 1e-9 for row in found.leaks)
    assert as_text(found).endswith("nothing to put right")


def test_the_report_is_a_table_and_a_plot(rid: Path, tmp_path: Path) -> None:
    found = checked(rid)
    write_report(found, tmp_path / "report")
    text = (tmp_path / "report" / "check.md").read_text()
    assert "| NNW |" in text and text.splitlines()[-1].split(". ")[1].startswith("put right: ")
    assert json.loads((tmp_path / "report" / "check.json").read_text())["pictures"] == 6
    plot = np.asarray(Image.open(tmp_path / "report" / "classes.png"))
    assert len(np.unique(plot.reshape(-1, 3), axis=0)) > 10


def test_rid_as_published_shares_ground(shared_data: Path) -> None:
    found = checked(shared_data / "rid")
    worst = {row["lists"]: row["share"] for row in found.leaks if (row["first"], row["second"]) == ("train", "test")}
    assert len(worst) == 5 and min(worst.values()) > 0.4
