"""train: from data in the published layouts to a model folder that predicts."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roofgeo.errors import DataError, InputError, ModelError
from roofgeo.models import capacity
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import open_model
from roofgeo.pipeline import find_batch, train
from roofgeo.pipeline.recipe import DataSource, TrainingSettings, make_recipe
from roofgeo.pipeline.scenery import Pool
from roofgeo.pipeline.sourcing import open_sources, strictest
from roofgeo.pipeline.training import make_architecture, starting_model
from roofgeo.synthesis.published import write_airs, write_rid, write_roofgraph, write_roofline

QUICK: dict[str, Any] = {
    "encoder": "tu-mobilenetv3_small_050", "encoder_weights": "none", "steps": 3, "batch_size": 2, "window_px": 64,
    "workers": 0, "threads": 1, "precision": "fp32", "validation_windows": 2, "pictures": 1,
}  # fmt: skip
RENDERED = DataSource("rendered", options={"scenes": 2, "size_px": 80, "style": "oceania", "validation_scenes": 1})


@pytest.fixture(scope="module")
def airs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("airs")
    write_airs(folder, size_px=160)
    return folder


@pytest.fixture(scope="module")
def rid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rid")
    write_rid(folder, 4, size_px=160)
    return folder


@pytest.fixture(scope="module")
def roofline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roofline")
    write_roofline(folder / "imdb.mat", 4)
    return folder


def opened(folder: Path, *sources: DataSource, **settings: Any) -> Any:
    return open_sources(make_recipe(data=sources, values={**QUICK, **settings}), folder)


@pytest.mark.slow
def test_a_model_is_trained_and_predicts(airs: Path, rid: Path, roofline: Path, tmp_path: Path) -> None:
    told: list[tuple[int, dict[str, float]]] = []
    model = train(
        [airs, rid, roofline, RENDERED],
        tmp_path / "mine",
        figures=lambda step, found: told.append((step, found)),
        metadata=("latitude", "pixel_size"),
        **QUICK,
    )
    assert model is not None and open_model(tmp_path / "mine").sha256 == model.sha256
    card = model.card
    assert card.metadata == ("pixel_size", "latitude") and card.name == "mine"
    assert [step for step, _ in told] == [3] and "roof_iou" in told[0][1]
    known = json.loads((tmp_path / "mine" / "card.json").read_text())["training"]
    assert known["steps_done"] == 3 and known["skipped"] == {} and len(known["code"]["sha256"]) == 64
    assert [entry["kind"] for entry in known["data"]] == ["files"] * 3 + ["rendered"]
    assert all(len(entry["sha256"]) == 64 for entry in known["data"])
    assert len(known["class_weights"]["segments"]) == 18
    image = np.zeros((3, 64, 64), np.uint8)
    here, there = (OnnxNetwork(model).predict(image, 0.1, np.nan, latitude) for latitude in (48.0, np.nan))
    assert here.shape[0] == 18 + 2 + 7 + 1 + 1 and np.isfinite(there).all()

    again = train([airs, rid, roofline, RENDERED], tmp_path / "mine", metadata=("latitude", "pixel_size"), **QUICK)
    assert again is not None and again.card.sha256 == card.sha256, "a run that is done is not done again"
    with pytest.raises(ModelError, match="heads are segments, azimuth, lines, roof, height; asked for is roof"):
        train(airs, tmp_path / "mine", heads=("roof",), metadata=("latitude", "pixel_size"), **QUICK)


def test_splits_are_taken_where_there_are_any(airs: Path, roofline: Path, tmp_path: Path) -> None:
    both = opened(tmp_path, DataSource(path=airs), DataSource(path=roofline))
    assert [(entry["split"], entry["validation"]) for entry in both.fingerprints] == [("train", "val"), ("all", "")]
    assert both.files == 3 + 4 and len(both.validation) == 2
    chosen = opened(tmp_path, DataSource(path=airs, split="val", validation=""))
    assert chosen.files == 1 and chosen.validation is None


def test_a_source_may_be_measured_on_only(airs: Path, tmp_path: Path) -> None:
    sourced = opened(tmp_path, RENDERED, DataSource(path=airs, share=0))
    assert len(sourced.training.sources) == 1 and len(sourced.validation.sources) == 2


def test_max_samples_leaves_so_many_windows(airs: Path, tmp_path: Path) -> None:
    everything = opened(tmp_path, DataSource(path=airs)).fingerprints[0]
    few = opened(tmp_path, DataSource(path=airs), max_samples=2).fingerprints[0]
    assert few["windows"] == 2 < everything["windows"] and few["sha256"] != everything["sha256"]
    again = opened(tmp_path, DataSource(path=airs), max_samples=2).fingerprints[0]
    assert again == few
    assert opened(tmp_path, RENDERED, max_samples=1).fingerprints[0]["scenes"] == 1


def test_a_scan_is_kept_for_the_next_start(airs: Path, tmp_path: Path) -> None:
    scans: list[str] = []
    recipe = make_recipe(data=[airs], values=QUICK)
    for _ in range(2):
        open_sources(recipe, tmp_path, lambda stage, done, total: scans.append(stage))
    assert set(scans) == {"scan"} and len(scans) == 4, "three tiles to train on, one to measure on, once"


@pytest.mark.slow
def test_files_that_break_while_training_end_it_with_the_list(airs: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(airs, tmp_path / "airs"))
    data = DataSource(path=folder, validation="")
    train(data, tmp_path / "mine", **{**QUICK, "steps": 1})
    broken = sorted((folder / "train" / "image").glob("*.tif"))[0]
    broken.write_bytes(broken.read_bytes()[:2000])
    with pytest.raises(DataError, match="1 of 3 files could not be read, more than 1%") as error:
        train(data, tmp_path / "mine", **{**QUICK, "steps": 20, "workers": 1})
    assert str(broken) in error.value.message


def test_an_unknown_option_of_rendered_scenes_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no option 'size'") as error:
        opened(tmp_path, DataSource("rendered", options={"size": 5}))
    assert "size_px" in error.value.hint


def test_scenes_of_a_pool_do_not_depend_on_the_order() -> None:
    def render(rng: np.random.Generator) -> Any:
        return float(rng.random())

    first, second = (Pool(render, (3,), 5, most_kept=2) for _ in range(2))
    numbers = [7, 1, 9, 4, 1, 3]
    ordered = {n: first(np.random.default_rng(n)) for n in numbers}
    assert ordered == {n: second(np.random.default_rng(n)) for n in reversed(numbers)}
    assert len(set(ordered.values())) > 1 and len(first._kept) == 2


def test_an_encoder_brings_its_normalisation() -> None:
    assert make_architecture(TrainingSettings(encoder="resnet18")).mean == (0.485, 0.456, 0.406)
    assert make_architecture(TrainingSettings()).mean == (0.5, 0.5, 0.5)
    heads = make_architecture(TrainingSettings(heads=("roof", "segments"))).heads
    assert heads == ("segments", "roof"), "in the order of the schema"


def test_a_model_of_other_heads_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="research is a network whose heads") as error:
        train(RENDERED, tmp_path, start_from="research", heads=("roof",), **{**QUICK, "encoder": None})
    assert "segments" in error.value.hint


@pytest.mark.slow
def test_the_shipped_model_can_be_trained_further(tmp_path: Path) -> None:
    settings = {**QUICK, "encoder": None, "steps": 1, "learning_rate": 1e-7, "augment": False}
    model = train(RENDERED, tmp_path / "mine", start_from="research", **settings)
    assert model is not None
    image = np.random.default_rng(0).integers(0, 255, (3, 64, 64), dtype=np.uint8)
    ours, shipped = (OnnxNetwork(m).predict(image, 0.1, 180.0) for m in (model, open_model("research")))
    assert np.abs(ours[:18] - shipped[:18]).mean() < 0.02, "only the running averages have moved"
    begun_with = open_model("research").card
    assert model.card.licence == begun_with.licence
    assert f"research {begun_with.version} ({begun_with.licence})" in model.card.trained_on[-1]
    assert model.card.training["begun_with"]["sha256"] == open_model("research").sha256


def test_weights_are_under_the_strictest_licence_of_what_they_were_trained_on(tmp_path: Path) -> None:
    write_roofgraph(tmp_path / "roofgraph")
    real = DataSource(path=tmp_path / "roofgraph", layout="roofgraph", validation="")
    settings = {"licence": "CC-BY-4.0", "window_px": 64, "steps": 1}
    with pytest.raises(InputError, match=r"under CC-BY-4.0, which data under CC-BY-NC-4.0 do not allow"):
        open_sources(make_recipe(data=[real, RENDERED], values=settings), tmp_path / "run")
    measured = dataclasses.replace(real, share=0)
    only_measured = open_sources(make_recipe(data=[measured, RENDERED], values=settings), tmp_path / "run")
    assert only_measured.licence == "" and not any("roofgraph" in origin for origin in only_measured.origins)
    write_airs(tmp_path / "airs", size_px=160)
    masks = DataSource(path=tmp_path / "airs", validation="")
    assert open_sources(make_recipe(data=[masks, RENDERED], values=settings), tmp_path / "run").licence == ""
    free = make_recipe(data=[real, masks, RENDERED], values={**settings, "licence": ""})
    assert open_sources(free, tmp_path / "run").licence == "CC-BY-NC-4.0"
    assert strictest(("CC-BY-4.0", "CC0-1.0", "")) == "CC-BY-4.0"
    assert strictest(("CC-BY-NC-4.0", "LicenseRef-ours")) == "LicenseRef-ours", "what is unknown may forbid anything"


def test_weights_begun_with_others_are_no_freer_than_those(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"CC-BY-4.0, which the weights of research under CC-BY-NC-4.0 do not allow"):
        train(RENDERED, tmp_path / "mine", start_from="research", licence="CC-BY-4.0", **{**QUICK, "encoder": None})
    assert not (tmp_path / "mine" / "card.json").exists()


def test_what_a_training_begins_with_is_told_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('start_from = "research"\n[[data]]\nkind = "rendered"\n')
    assert starting_model(tmp_path / "recipe.toml", {}) == "research"
    assert starting_model(tmp_path / "recipe.toml", {"start_from": "mine"}) == "mine"
    assert starting_model(None, {}) is None


def test_a_model_that_was_not_trained_here_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(InputError, match="run"):
        train(RENDERED, tmp_path, **QUICK)


def test_the_largest_batch_is_found_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free_bytes", lambda device: 3e8)
    found = find_batch(**{**QUICK, "heads": ("roof",)})
    assert found.batch_size >= 1 and found.needed_bytes < found.free_bytes == 3e8
