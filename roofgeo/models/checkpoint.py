"""Weights and their ModelCard: open, verify, save, export to ONNX.

A model is a folder with ``card.json``, ``model.onnx`` (to predict), ``model.safetensors`` (to fine-tune from) and
``stac-item.json`` (what the card tells, for catalogues).
None of them can hold code; anything that is unpickled could, and is refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roofgeo.errors import ModelError
from roofgeo.models.card import CARD, CONTRACT, ITEM, ONNX, WEIGHTS, ModelCard, read_card
from roofgeo.models.library import DEFAULT_MODEL, find_model, shipped_models
from roofgeo.models.stac import stac_item
from roofgeo.schema import metadata_entries

if TYPE_CHECKING:
    from roofgeo.models.network import RoofNet

__all__ = [
    "CARD",
    "CONTRACT",
    "DEFAULT_MODEL",
    "ITEM",
    "ONNX",
    "WEIGHTS",
    "Model",
    "ModelCard",
    "file_sha256",
    "load_network",
    "open_model",
    "read_card",
    "save_network",
    "shipped_models",
    "write_card",
]

_HEADER_BYTES = 100_000_000
"""The longest header safetensors itself reads."""

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""What PyTorch's batch normalisation keeps besides its parameters."""


@dataclass(frozen=True)
class Model:
    """A verified model on disk.

    Attributes:
        card: What is known of it.
        folder: Where its files lie.
    """

    card: ModelCard
    folder: Path

    @property
    def onnx_path(self) -> Path:
        """The network for ONNX Runtime."""
        return self.folder / ONNX

    @property
    def sha256(self) -> str:
        """Hash that names the weights in every output."""
        return self.card.sha256[ONNX]


def open_model(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Find a model and verify that its files are what its card says.

    Args:
        name_or_path: Name of a known model, or path of a model's folder or of a file in it.

    Raises:
        ModelError: It is unknown, damaged, may hold code, or keeps another contract.
    """
    folder = find_model(name_or_path)
    card = read_card(folder)
    for filename in (ONNX, WEIGHTS):
        path = folder / filename
        if filename == ONNX and not path.is_file():
            raise ModelError(f"{folder} has no {filename}", "Export the model again with `roofgeo train`.")
        if path.is_file() and file_sha256(path) != card.sha256.get(filename):
            raise ModelError(f"{path} is damaged: its SHA-256 is not the card's", "Fetch or install the model again.")
    return Model(card, folder)


def write_card(card: ModelCard, folder: Path) -> ModelCard:
    """Write a card beside its model's files, with their hashes, and what it tells as a STAC Item; returns it so."""
    there = [name for name in (ONNX, WEIGHTS) if (folder / name).is_file()]
    card = dataclasses.replace(card, sha256={name: file_sha256(folder / name) for name in there})
    _write_json(folder / CARD, dataclasses.asdict(card))
    sizes = {name: (folder / name).stat().st_size for name in there}
    parameters = count_parameters(folder / WEIGHTS) if WEIGHTS in there else None
    _write_json(folder / ITEM, stac_item(card, sizes, parameters))
    return card


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def count_parameters(path: Path) -> int:
    """How many parameters a safetensors file holds; statistics of batch normalisation are none.

    The file begins with the length of its header, eight bytes little-endian, and the header, which is JSON:
    https://github.com/huggingface/safetensors#format.

    Raises:
        ModelError: It is no safetensors file.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, _HEADER_BYTES)))
        shapes = {name: tensor["shape"] for name, tensor in header.items() if name != "__metadata__"}
        return sum(math.prod(shape) for name, shape in shapes.items() if not name.endswith(_STATISTICS))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} is no safetensors file: {error}", "Fetch or install the model again.") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_network(network: RoofNet, card: ModelCard, folder: Path) -> Model:
    """Write a model's folder: float16 weights as safetensors and as ONNX, and the card.

    The ONNX graph computes in float32; its weights are stored as float16 and cast when it is loaded.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    halved = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(halved, folder / WEIGHTS)
    network.load_state_dict({name: value.to(torch.float32) for name, value in halved.items()})
    _export_onnx(network, folder / ONNX)
    shutil.copymode(folder / ONNX, folder / WEIGHTS)  # safetensors leaves its files to their owner alone
    return Model(write_card(card, folder), folder)


def load_network(folder: Path) -> RoofNet:
    """Build a model's network and load its weights from safetensors."""
    from safetensors.torch import load_file

    from roofgeo.models.network import RoofNet, architecture_from

    network = RoofNet(architecture_from(read_card(folder).architecture))
    weights = load_file(folder / WEIGHTS)
    network.load_state_dict({name: value.to(network.state_dict()[name].dtype) for name, value in weights.items()})
    return network.eval()


def _export_onnx(network: RoofNet, path: Path) -> None:
    import torch

    entries = metadata_entries(network.architecture.metadata)
    example = torch.zeros(1, 3, 256, 256), torch.zeros(1, len(entries))
    torch.onnx.export(
        network.eval(),
        example,
        path,
        input_names=["image", "metadata"],
        output_names=["bands"],
        dynamic_axes={"image": {0: "n", 2: "h", 3: "w"}, "metadata": {0: "n"}, "bands": {0: "n", 2: "h", 3: "w"}},
        dynamo=False,
        opset_version=17,
    )
    _store_as_float16(path)


def _store_as_float16(path: Path) -> None:
    """Halve the file: large float32 initializers become float16 plus a Cast, which ONNX Runtime folds at loading."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 64:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
