"""A small untrained model on disk."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from roofgeo.models.checkpoint import Model, ModelCard, save_network
from roofgeo.models.network import Architecture, RoofNet


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """RoofNet with random weights, saved as a model folder."""
    torch.manual_seed(0)
    architecture = Architecture()
    network = RoofNet(architecture)
    with torch.no_grad():
        network.film.weight.normal_()
    card = ModelCard("small", "0", dataclasses.asdict(architecture), architecture.heads, 0.1, licence="MIT")
    return save_network(network, card, tmp_path_factory.mktemp("models") / "small")
