"""Encoders begin with the weights that were asked for, or tell how to get them."""

from __future__ import annotations

import pickle
import socket
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from roofgeo.errors import InputError, ModelError
from roofgeo.models import encoders
from roofgeo.models.encoders import first_stages, load_encoder, make_encoder, normalisation_of
from roofgeo.models.network import Architecture, RoofNet


def test_an_unknown_encoder_names_its_like() -> None:
    with pytest.raises(InputError, match="resnett50") as error:
        make_encoder("resnett50")
    assert "resnet50" in error.value.hint
    with pytest.raises(InputError, match="tu-convnext_attoo"):
        make_encoder("tu-convnext_attoo")


def test_the_wheel_s_weights_need_no_network() -> None:
    network = RoofNet(Architecture())
    before = network.encoder.model.conv_stem.weight.clone()
    load_encoder(network.encoder, network.architecture.encoder, "imagenet")
    assert not torch.equal(before, network.encoder.model.conv_stem.weight)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "tu-convnext_atto"])
def test_a_local_file_fits_with_its_classifier(tmp_path: Path, name: str, suffix: str) -> None:
    import timm
    import torchvision

    whole = timm.create_model(name[3:]) if name.startswith("tu-") else getattr(torchvision.models, name)()
    path = tmp_path / f"weights{suffix}"
    weights = whole.state_dict()
    save_file(weights, path) if suffix == ".safetensors" else torch.save(weights, path)
    encoder = make_encoder(name)
    load_encoder(encoder, name, str(path))
    key, value = next(iter(getattr(encoder, "model", encoder).state_dict().items()))
    given = {k: v for k, v in weights.items() if k in (key, key.replace("_", ".", 1))}
    assert torch.equal(value, next(iter(given.values())))


def test_weights_of_another_encoder_are_refused(tmp_path: Path) -> None:
    torch.save(make_encoder("resnet18").state_dict(), tmp_path / "w.pth")
    with pytest.raises(ModelError, match=r"lacks \d+ of \d+ weights of mobilenet_v2"):
        load_encoder(make_encoder("mobilenet_v2"), "mobilenet_v2", str(tmp_path / "w.pth"))


class Bomb:
    """Runs when unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('the weights ran code')",))


@pytest.mark.parametrize("name", ["absent.pth", "text.pth", "text.safetensors", "bomb.pth"])
def test_what_holds_no_weights_is_refused_and_runs_nothing(tmp_path: Path, name: str) -> None:
    for suffix in (".pth", ".safetensors"):
        (tmp_path / f"text{suffix}").write_text("no weights")
    (tmp_path / "bomb.pth").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match=name) as error:
        load_encoder(make_encoder("resnet18"), "resnet18", str(tmp_path / name))
    assert "--encoder-weights" in error.value.hint


def test_without_a_network_the_way_out_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _nowhere)
    monkeypatch.setenv("HF_HUB_CACHE", "/nonexistent")
    start = time.monotonic()
    with pytest.raises(ModelError, match="resnet50") as error:
        load_encoder(make_encoder("resnet50"), "resnet50", "imagenet")
    assert time.monotonic() - start < encoders.REACH_S + 1
    assert ".safetensors" in error.value.hint


def _nowhere(*_: object, **__: object) -> None:
    raise socket.gaierror("no network here")


def test_weights_by_name_are_the_hub_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = make_encoder("resnet18").state_dict()
    save_file(given, tmp_path / "model.safetensors")
    asked = []

    def from_cache(*_: object, **file: object) -> str:
        asked.append(file)
        return str(tmp_path / "model.safetensors")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", from_cache)
    encoder = make_encoder("resnet18")
    load_encoder(encoder, "resnet18", "imagenet")
    assert torch.equal(encoder.conv1.weight, given["conv1.weight"])
    assert asked[0]["local_files_only"] is True, "what is in the cache needs no network"


def test_normalisation_goes_with_the_weights() -> None:
    assert normalisation_of("tu-tf_efficientnet_lite0") == ((0.5,) * 3, (0.5,) * 3)
    assert normalisation_of("resnet50") == normalisation_of("mobilenet_v2")
    assert normalisation_of("resnet50")[0] == (0.485, 0.456, 0.406)


@pytest.mark.parametrize(("name", "count"), [("tu-tf_efficientnet_lite0", 4), ("resnet18", 3), ("mobilenet_v2", 4)])
def test_first_stages_go_down_to_stride_4(name: str, count: int) -> None:
    stages = first_stages(make_encoder(name))
    assert len(stages) == count
    features = torch.zeros(1, 3, 64, 64)
    if name != "resnet18":  # whose pooling is no stage
        for stage in stages:
            features = stage(features)
        assert features.shape[2:] == (16, 16)
