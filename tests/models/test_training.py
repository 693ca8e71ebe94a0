"""Training lowers every head's loss and goes on where it stopped."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from roofgeo.data.mixing import RandomWindows, WindowSampler
from roofgeo.models.network import Architecture, RoofNet
from roofgeo.models.training import RoofTraining, fit, keep_depthwise_in_float32, prepare_torch
from roofgeo.synthesis import render_scene

SAMPLER = WindowSampler(64, 0.3)
WINDOWS = RandomWindows(((1.0, lambda rng: render_scene(rng, 100, 0.3, style="oceania").scene),), SAMPLER, 0)


def make(steps: int) -> RoofTraining:
    return RoofTraining(RoofNet(Architecture(decoder_channels=(32, 24, 16, 16))), 0.3, 2e-3, steps)


@pytest.mark.slow
def test_losses_fall_and_a_run_resumes(tmp_path: Path) -> None:
    prepare_torch(0, 1)
    batch = next(iter(DataLoader(WINDOWS, batch_size=4)))
    windows = [{key: value[i] for key, value in batch.items()} for i in range(4)]
    fit(make(60), Repeated(windows), windows, tmp_path, batch_size=4, workers=0, validate_every=30)
    with (tmp_path / "log" / "version_0" / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["loss_segments"]]
    for head in ("segments", "lines", "roof", "azimuth"):
        assert float(rows[-1][f"loss_{head}"]) < 0.8 * float(rows[0][f"loss_{head}"]), head

    rest = Repeated(windows)
    fit(make(60), rest, windows, tmp_path, batch_size=4, workers=0, validate_every=30)
    assert rest.given <= 4 * 15, "the ten steps after the checkpoint of step 50, and what the loader reads ahead"
    assert (tmp_path / "log" / "version_0" / "metrics.csv").is_file(), "the first start's figures are kept"


class Repeated(IterableDataset[dict[str, Any]]):
    """The same windows without end; `given` counts them."""

    def __init__(self, windows: list[dict[str, Any]]) -> None:
        self.windows = windows
        self.given = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for window in itertools.cycle(self.windows):
            self.given += 1
            yield window


def test_depthwise_in_float32_changes_no_result() -> None:
    torch.manual_seed(0)
    network = RoofNet(Architecture()).eval()
    image, metadata = torch.rand(1, 3, 64, 64) * 255, torch.zeros(1, 5)
    with torch.no_grad():
        before = network(image, metadata)
        keep_depthwise_in_float32(network)
        assert torch.allclose(network(image, metadata), before)
