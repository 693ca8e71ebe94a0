"""A model's STAC Item: what the Machine Learning Model extension asks for, and what the files hold.

Written out by hand after https://stac-extensions.github.io/mlm/v1.4.0/schema.json and STAC 1.1.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from onnxruntime import InferenceSession

from roofgeo.errors import ModelError
from roofgeo.models.checkpoint import (
    ITEM,
    ONNX,
    WEIGHTS,
    Model,
    ModelCard,
    count_parameters,
    load_network,
    read_card,
    shipped_models,
    write_card,
)
from roofgeo.models.stac import stac_item
from roofgeo.schema import HEAD

REQUIRED = {"mlm:name", "mlm:architecture", "mlm:tasks", "mlm:input", "mlm:output"}
TASKS = {"regression", "semantic-segmentation"}
RESIZE_TYPES = {"interpolation-linear", None}
DIMENSION = re.compile(r"[a-z-_]+")
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.\-\s]+[a-zA-Z0-9]")


@pytest.fixture(params=["trained", *shipped_models()])
def folder(request: pytest.FixtureRequest, small_model: Model) -> Path:
    """A model just exported, and each of the package."""
    return small_model.folder if request.param == "trained" else shipped_models()[request.param]


@pytest.fixture
def item(folder: Path) -> dict[str, Any]:
    return json.loads((folder / ITEM).read_text(encoding="utf-8"))


def test_the_item_is_what_the_card_tells_today(folder: Path, item: dict[str, Any]) -> None:
    sizes = {name: (folder / name).stat().st_size for name in (ONNX, WEIGHTS)}
    expected = stac_item(read_card(folder), sizes, count_parameters(folder / WEIGHTS))
    assert item == json.loads(json.dumps(expected)), "write the card again: roofgeo.models.checkpoint.write_card"


def test_it_is_a_stac_item_of_no_place(item: dict[str, Any]) -> None:
    assert (item["type"], item["stac_version"]) == ("Feature", "1.1.0")
    assert item["geometry"] is None and "bbox" not in item
    assert item["properties"]["datetime"] is None
    assert item["properties"]["start_datetime"] < item["properties"]["end_datetime"]
    assert item["links"] == [] and item["id"]
    assert "https://stac-extensions.github.io/mlm/v1.4.0/schema.json" in item["stac_extensions"]


def test_it_has_the_fields_the_extension_asks_for(item: dict[str, Any]) -> None:
    properties = item["properties"]
    assert properties.keys() >= REQUIRED
    assert NAME.fullmatch(properties["mlm:name"])
    assert set(properties["mlm:tasks"]) <= TASKS
    assert properties["mlm:framework"] == "ONNX" and properties["mlm:accelerator"] == "amd64"
    assert properties["mlm:total_parameters"] > 0 and properties["mlm:memory_size"] > 0
    assert all(re.fullmatch(r"[0-9a-zA-Z_.-]+", key) for key in properties["mlm:hyperparameters"])


def test_shapes_are_those_of_the_graph(folder: Path, item: dict[str, Any]) -> None:
    session = InferenceSession(folder / ONNX, providers=["CPUExecutionProvider"])
    inputs = {entry.name: entry.shape for entry in session.get_inputs()}
    told = {entry["name"]: entry["input"] for entry in item["properties"]["mlm:input"]}
    assert told.keys() == inputs.keys()
    for name, structure in told.items():
        assert [side if side > 0 else None for side in structure["shape"]] == [
            side if isinstance(side, int) else None for side in inputs[name]
        ]
        assert len(structure["dim_order"]) == len(structure["shape"])
        assert structure["data_type"] == "float32"
    channels = sum(output["result"]["shape"][1] for output in item["properties"]["mlm:output"])
    assert channels == session.get_outputs()[0].shape[1]


def test_inputs_name_bands_that_are_described_and_functions_that_exist(item: dict[str, Any]) -> None:
    described = [band["name"] for band in item["assets"]["model"]["eo:bands"]]
    for entry in item["properties"]["mlm:input"]:
        assert set(entry["bands"]) <= set(described)
        assert entry["resize_type"] in RESIZE_TYPES and entry["value_scaling"] is None
        assert entry["pre_processing_function"]["format"] == "python"
        module, _, path = entry["pre_processing_function"]["expression"].partition(":")
        function = import_module(module)
        for name in path.split("."):
            function = getattr(function, name)
        assert callable(function)


def test_outputs_are_the_heads_with_their_classes(folder: Path, item: dict[str, Any]) -> None:
    outputs = {output["name"]: output for output in item["properties"]["mlm:output"]}
    assert set(outputs) == set(read_card(folder).heads)
    for name, output in outputs.items():
        assert set(output["tasks"]) <= set(item["properties"]["mlm:tasks"])
        assert len(output["result"]["dim_order"]) == len(output["result"]["shape"])
        assert all(DIMENSION.fullmatch(dimension) for dimension in output["result"]["dim_order"])
        classes = output.get("classification:classes", [])
        assert [c["name"] for c in classes] == (list(HEAD[name].bands) if name in ("segments", "lines") else [])
        assert [c["value"] for c in classes] == list(range(len(classes)))
        assert all(c["description"] and re.fullmatch("[0-9A-F]{6}", c["color_hint"]) for c in classes)


def test_assets_are_the_files(folder: Path, item: dict[str, Any]) -> None:
    for asset in item["assets"].values():
        path = folder / asset["href"]
        assert path.is_file()
        if "file:checksum" in asset:
            assert asset["file:checksum"] == "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
            assert asset["file:size"] == path.stat().st_size
        assert ("mlm:model" in asset["roles"]) == ("mlm:artifact_type" in asset)
    assert "mlm:model" in item["assets"]["model"]["roles"]


def test_parameters_are_those_of_the_network(small_model: Model) -> None:
    network = load_network(small_model.folder)
    assert count_parameters(small_model.folder / WEIGHTS) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("content", [b"", b"\x02" + bytes(7) + b"[]", b"PK" * 99])
def test_what_is_no_safetensors_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="no safetensors file"):
        count_parameters(tmp_path / WEIGHTS)


def card(**values: Any) -> ModelCard:
    return ModelCard(
        **{"name": "mine", "version": "2", "architecture": {}, "heads": ("roof",), "pixel_size_m": 0.2, **values}
    )


@pytest.mark.parametrize("name", ["m", "2024 run", "Dächer", "..", "-x-", "ok-name"])
def test_any_name_becomes_one_the_extension_takes(name: str) -> None:
    told = stac_item(card(name=name), {}, None)["properties"]["mlm:name"]
    assert NAME.fullmatch(told)
    assert (told == name) == (name == "ok-name")


@pytest.mark.parametrize(
    ("settings", "begun_with", "told"),
    [
        ({}, {}, {}),
        ({"encoder_weights": "none", "start_from": None}, {}, {"mlm:pretrained": False, "mlm:pretrained_source": None}),
        ({"encoder_weights": "imagenet"}, {}, {"mlm:pretrained": True, "mlm:pretrained_source": "imagenet"}),
        (
            {"encoder_weights": "imagenet", "start_from": "open"},
            {"begun_with": {"name": "open", "version": "1"}},
            {"mlm:pretrained": True, "mlm:pretrained_source": "open 1"},
        ),
    ],
)
def test_it_tells_what_the_training_began_with(
    settings: dict[str, Any], begun_with: dict[str, Any], told: dict[str, Any]
) -> None:
    properties = stac_item(card(training={"settings": settings, **begun_with}), {}, None)["properties"]
    assert {name: value for name, value in properties.items() if "pretrained" in name} == told
    trained = {name: value for name, value in settings.items() if value is not None}
    assert properties["mlm:hyperparameters"].get("training", {}) == trained


def test_a_card_without_weights_to_train_further_tells_of_none(small_model: Model, tmp_path: Path) -> None:
    shutil.copyfile(small_model.onnx_path, tmp_path / ONNX)
    write_card(dataclasses.replace(small_model.card, licence=""), tmp_path)
    item = json.loads((tmp_path / ITEM).read_text(encoding="utf-8"))
    assert set(item["assets"]) == {"model", "card"}
    assert item["properties"]["license"] == "other"
    assert "mlm:total_parameters" not in item["properties"]
