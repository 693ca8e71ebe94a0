"""RoofNet gives every head's bands at the picture's size, and hears the metadata."""

from __future__ import annotations

import pytest
import torch

from roofgeo.models.checkpoint import Model, load_imagenet_encoder, load_network
from roofgeo.models.network import Architecture, RoofNet
from roofgeo.schema import HEAD, band_slices


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


def test_metadata_changes_what_is_seen(small_model: Model) -> None:
    network = load_network(small_model.folder)
    image = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        unknown = network(image, torch.zeros(1, 5))
        southern = network(image, torch.tensor([[0.0, 1.0, 0.0, -1.0, 1.0]]))
    assert not torch.allclose(unknown, southern)


def test_encoder_starts_from_the_wheel_s_weights() -> None:
    network = RoofNet(Architecture())
    before = network.encoder.model.conv_stem.weight.clone()
    load_imagenet_encoder(network)
    assert not torch.equal(before, network.encoder.model.conv_stem.weight)
    assert len(network.first_stages()) == 4
