"""What is composed is what the mix says, byte for byte however it was made, and is trained on like any data set."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from roofgeo.data.prepared import Prepared
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import InputError, OutputError
from roofgeo.pipeline import composing
from roofgeo.pipeline.recipe import DataSource, make_recipe
from roofgeo.pipeline.sourcing import open_sources
from roofgeo.schema import HEAD
from roofgeo.synthesis.published import write_roofgraph
from tests.pipeline.test_mix import COMPOSED, RENDERED, written


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mix")
    write_roofgraph(folder / "roofgraph")
    return written(folder, COMPOSED + "share = 0.2\n" + RENDERED)


def hashes(folder: Path) -> dict[str, str]:
    """Of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_written_scenes_are_those_of_the_mix(mix: Path, tmp_path: Path) -> None:
    scenes = composing.open_mix(mix, 8, seed=1)
    said = composing.compose(scenes, tmp_path / "out")
    data = Prepared(tmp_path / "out")
    assert said["licence"] == data.licence == "CC-BY-NC-4.0" and data.origins == scenes.origins
    assert data.heads == tuple(HEAD) and not data.georeferenced and not data.labels_all_buildings
    for number, picture in enumerate(data.pictures):
        made, kept = scenes.make(picture.name), data.scene(number)
        np.testing.assert_array_equal(kept.image, made.image)
        assert kept.sun_azimuth_deg == pytest.approx(made.sun_azimuth_deg)
        labels, others = rasterize_targets(made), rasterize_targets(kept)
        for head in HEAD:
            np.testing.assert_array_equal(others.of(head), labels.of(head), err_msg=head)
    assert dict(zip(data.windows["picture"], data.windows["split"], strict=True)) == scenes.split_of


@pytest.mark.slow
def test_jobs_do_not_change_a_byte(mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "SHEET_PX", 1024)
    told: list[tuple[str, int, int]] = []
    composing.compose(composing.open_mix(mix, 70), tmp_path / "one")
    composing.compose(composing.open_mix(mix, 70), tmp_path / "three", jobs=3, progress=lambda *step: told.append(step))
    first = hashes(tmp_path / "one")
    assert len([name for name in first if name.startswith("images/")]) == 5, "sheets of 16 scenes"
    assert hashes(tmp_path / "three") == first
    done = [count for stage, count, total in told if stage == "write" and total == 70]
    assert done == sorted(done) and (done[0], done[-1]) == (0, 70) and len(done) == 6


def test_another_seed_is_another_mix(mix: Path, tmp_path: Path) -> None:
    said = [composing.compose(composing.open_mix(mix, 3, seed), tmp_path / str(seed)) for seed in (0, 1)]
    assert said[0]["fingerprint"] != said[1]["fingerprint"]
    with pytest.raises(OutputError, match="already holds"):
        composing.compose(composing.open_mix(mix, 3, 2), tmp_path / "0")


def test_a_training_reads_it_and_names_what_is_in_it(mix: Path, tmp_path: Path) -> None:
    composing.compose(composing.open_mix(mix, 20), tmp_path / "out")
    values = {"window_px": 64, "validation_windows": 2, "batch_size": 2, "steps": 3}
    recipe = make_recipe(data=[DataSource(path=tmp_path / "out")], values=values)
    sourced = open_sources(recipe, tmp_path / "run")
    sample = sourced.training[0]
    assert sample["image"].shape == (3, 64, 64) and bool(sample["heads"].all())
    assert sourced.validation is not None and len(sourced.validation) == 2
    (origin,) = sourced.origins
    assert "CC-BY-NC-4.0" in origin and "RoofGraphDataset (Ren et al. 2021)" in origin


def test_a_disk_that_is_too_small_is_told_before_anything_is_made(
    mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    scenes = composing.open_mix(mix, 10)
    need = composing.need_of(scenes, tmp_path / "new" / "out")
    assert need.scenes == 10 and 0 < need.disk_bytes < need.free_bytes
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(need.disk_bytes - 1))
    with pytest.raises(OutputError, match="GB are free"):
        composing.compose(scenes, tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (1, -1)])
def test_no_scenes_are_a_mistake(mix: Path, count: int, seed: int) -> None:
    with pytest.raises(InputError, match="scenes with the seed"):
        composing.open_mix(mix, count, seed)
