"""Weights and their ModelCard: open, verify, save, export to ONNX; the models that ship with the package.

A model is a folder with ``card.json``, ``model.onnx`` (to predict) and ``model.safetensors`` (to fine-tune from).
Neither file can hold code; anything that is unpickled could, and is refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roofgeo.errors import ModelError
from roofgeo.schema import HEAD, USUAL_METADATA, metadata_entries

if TYPE_CHECKING:
    from roofgeo.models.network import RoofNet

CARD = "card.json"
ONNX = "model.onnx"
WEIGHTS = "model.safetensors"
DEFAULT_MODEL = "roofnet-lite0"
CONTRACT = 1
"""Version of what a network takes and gives; raised when `roofgeo.schema`'s heads or metadata change."""

_TUPLES = ("heads", "trained_on", "source_pixel_size_m")

_MAY_HOLD_CODE = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".joblib"}


@dataclass(frozen=True)
class ModelCard:
    """What one must know of a model to use it.

    Attributes:
        name: Name it is asked for by.
        version: Version of the weights.
        architecture: Arguments the network is built from.
        heads: Names of its heads.
        pixel_size_m: Pixel size it works at.
        source_pixel_size_m: Finest and coarsest pixel size of the pictures it was trained on, before they were
            resampled to `pixel_size_m`. A card that says nothing is of a model made by `roofgeo train`.
        tile_px: Side of the windows it is run on, a multiple of 32.
        overlap_px: Overlap of neighbouring windows.
        heights_known: True if the height head has been measured to be right on real pictures.
        licence: SPDX expression of the weights' licence.
        trained_on: One line per data set.
        figures: Measured figures, by set.
        calibration: How the confidence of segments becomes the chance that they are right: `slope` and `offset` of
            `roofgeo.evaluation.calibration.Calibration`, and what they were fitted to. Empty: not at all.
        training: How it was trained: settings, class weights, fingerprints of data and code.
        sha256: Hash of each file.
        contract: `CONTRACT` the model keeps.
    """

    name: str
    version: str
    architecture: dict[str, Any]
    heads: tuple[str, ...]
    pixel_size_m: float
    source_pixel_size_m: tuple[float, float] = (0.05, 0.3)
    tile_px: int = 1024
    overlap_px: int = 256
    heights_known: bool = False
    licence: str = ""
    trained_on: tuple[str, ...] = ()
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    contract: int = CONTRACT

    @property
    def metadata(self) -> tuple[str, ...]:
        """Facts of `roofgeo.schema.METADATA` its network is told."""
        return tuple(self.architecture.get("metadata", USUAL_METADATA))

    @property
    def platt(self) -> tuple[float, float]:
        """Slope and offset of its calibration; those that change nothing where it has none."""
        return float(self.calibration.get("slope", 1.0)), float(self.calibration.get("offset", 0.0))


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


def shipped_models() -> dict[str, Path]:
    """Folders of the models in the package, by name."""
    root = Path(str(resources.files("roofgeo.models") / "weights"))
    return {folder.parent.name: folder.parent for folder in sorted(root.glob(f"*/{CARD}"))}


def open_model(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Find a model and verify that its files are what its card says.

    Args:
        name_or_path: Name of a shipped model, or path of a model's folder or of a file in it.

    Raises:
        ModelError: It is unknown, damaged, may hold code, or keeps another contract.
    """
    folder = _find(name_or_path)
    card = read_card(folder)
    for filename in (ONNX, WEIGHTS):
        path = folder / filename
        if filename == ONNX and not path.is_file():
            raise ModelError(f"{folder} has no {filename}", "Export the model again with `roofgeo train`.")
        if path.is_file() and _sha256(path) != card.sha256.get(filename):
            raise ModelError(f"{path} is damaged: its SHA-256 is not the card's", "Fetch or install the model again.")
    return Model(card, folder)


def _find(name_or_path: str | Path) -> Path:
    shipped = shipped_models()
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    path = Path(name_or_path)
    if path.suffix.lower() in _MAY_HOLD_CODE:
        raise ModelError(
            f"{path} may hold code that runs when it is opened, so it is not opened",
            "Give a model folder with card.json, model.onnx and model.safetensors.",
        )
    folder = path.parent if path.is_file() else path
    if not (folder / CARD).is_file():
        known = ", ".join(shipped) or "none"
        raise ModelError(
            f"no model {str(name_or_path)!r}: it is no shipped model and no folder with a {CARD}",
            f"Shipped models: {known}. Or give the path of a model's folder.",
        )
    return folder


def read_card(folder: Path) -> ModelCard:
    """The card of a model's folder, which is not verified.

    Raises:
        ModelError: It is no card, or is of another contract.
    """
    try:
        values = json.loads((folder / CARD).read_text(encoding="utf-8"))
        lists = {name: tuple(values[name]) for name in _TUPLES if name in values}
        card = ModelCard(**{**values, **lists})
        _check_calibration(card)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{folder / CARD} is no model card: {error}", "Fetch or install the model again.") from error
    unknown = set(card.heads) - set(HEAD)
    if card.contract != CONTRACT or unknown:
        raise ModelError(
            f"{card.name} keeps contract {card.contract}, this roofgeo needs {CONTRACT}", "Use a model made for it."
        )
    return card


def _check_calibration(card: ModelCard) -> None:
    slope, offset = card.platt
    if not (math.isfinite(slope) and slope > 0 and math.isfinite(offset)):
        raise ValueError(f"a calibration of slope {slope} and offset {offset} turns confidence round")


def write_card(card: ModelCard, folder: Path) -> ModelCard:
    """Write a card beside its model's files, with their hashes; returns it so."""
    hashes = {name: _sha256(folder / name) for name in (ONNX, WEIGHTS) if (folder / name).is_file()}
    card = dataclasses.replace(card, sha256=hashes)
    (folder / CARD).write_text(json.dumps(dataclasses.asdict(card), indent=2) + "\n", encoding="utf-8")
    return card


def _sha256(path: Path) -> str:
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
