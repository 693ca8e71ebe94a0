"""RoofNet gives every head's bands at the picture's size, and hears the metadata."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from roofgeo.errors import ModelError
from roofgeo.models.checkpoint import Model, load_network, shipped_models
from roofgeo.models.network import PRESETS, Architecture, RoofNet, architecture_from
from roofgeo.schema import HEAD, band_slices, metadata_entries


@pytest.mark.parametrize("heads", [("segments", "azimuth", "lines", "roof", "height"), ("roof", "segments")])
def test_bands_are_in_the_order_of_the_schema(heads: tuple[str, ...]) -> None:
    network = RoofNet(Architecture(heads=heads)).eval()
    with torch.no_grad():
        bands = network(torch.full((2, 3, 64, 96), 127.0), torch.zeros(2, 5))
    at = band_slices(heads)
    assert bands.shape == (2, sum(len(HEAD[head].bands) for head in heads), 64, 96)
    assert torch.allclose(bands[:, at["segments"]].sum(dim=1), torch.ones(2, 64, 96), atol=1e-5)
    assert ((bands[:, at["roof"]] >= 0) & (bands[:, at["roof"]] <= 1)).all()
    if "azimuth" in heads:
        assert (bands[:, at["azimuth"]].norm(dim=1) < 1).all()
        assert (bands[:, at["height"]] >= 0).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_learn_at_the_picture_s_size(preset: str) -> None:
    architecture = PRESETS[preset]
    network = RoofNet(architecture)
    entries = metadata_entries(architecture.metadata)
    raw = network.raw(torch.rand(2, 3, 64, 96) * 255, torch.rand(2, len(entries)))
    assert {name: value.shape[2:] for name, value in raw.items()} == dict.fromkeys(architecture.heads, (64, 96))
    sum(value.mean() for value in raw.values()).backward()
    assert all(p.grad is not None for p in network.parameters())


def test_metadata_changes_what_is_seen(small_model: Model) -> None:
    network = load_network(small_model.folder)
    image = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        unknown = network(image, torch.zeros(1, 5))
        southern = network(image, torch.tensor([[0.0, 1.0, 0.0, -1.0, 1.0]]))
    assert not torch.allclose(unknown, southern)


def test_the_picture_is_normalised_as_the_encoder_s_weights_want_it() -> None:
    seen = []
    image = torch.randint(0, 256, (1, 3, 32, 32)).float()
    for architecture in (Architecture(), Architecture(mean=(0.4, 0.5, 0.6), std=(0.1, 0.2, 0.3))):
        network = RoofNet(architecture).eval()
        network.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        network(image, torch.zeros(1, 5))
    assert torch.equal(seen[0], image / 127.5 - 1)
    wanted = (image / 255 - torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1)) / torch.tensor([0.1, 0.2, 0.3]).view(
        1, 3, 1, 1
    )
    assert torch.allclose(seen[1], wanted, atol=1e-5)


def test_the_shipped_network_is_the_one_its_card_tells_of() -> None:
    network = load_network(shipped_models()["research"])
    assert network.architecture == PRESETS["roofnet-lite0"] == Architecture()


def test_an_architecture_survives_its_card() -> None:
    for architecture in PRESETS.values():
        assert architecture_from(dataclasses.asdict(architecture)) == architecture


@pytest.mark.parametrize("change", [{"wings": 2}, {"heads": ["chimneys"]}, {"metadata": ["mood"]}, {"decoder": "x"}])
def test_an_architecture_of_another_time_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="cannot be built"):
        architecture_from({**dataclasses.asdict(Architecture()), **change})
