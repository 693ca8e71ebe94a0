"""A training of a small network on noise, in a process of its own, to be killed: tiny_run.py FOLDER SETTINGS.

Prints each step it has done.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from roofgeo.models.fitting import Windows, fit
from roofgeo.models.network import Architecture, RoofNet
from roofgeo.models.settings import make_settings
from roofgeo.models.training import RECORD, RoofTraining, prepare_torch
from roofgeo.schema import HEAD

SETTINGS = {
    "encoder_weights": "none", "steps": 12, "batch_size": 2, "window_px": 32, "workers": 0, "threads": 1,
    "validate_every": 5, "checkpoint_every": 3, "precision": "bf16", "ema_decay": 0.9, "pictures": 2, "patience": 50,
}  # fmt: skip


class Noise(Dataset[dict[str, Any]]):
    """Window i is noise of seed i; every third one labels no heights and no lines."""

    def __init__(self, length: int, start: int = 0, size_px: int = 32) -> None:
        self.length, self.start, self.size_px = length, start, size_px

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> dict[str, Any]:
        rng = np.random.default_rng([self.start, number])
        shape = (self.size_px, self.size_px)
        codes = {head: torch.from_numpy(rng.integers(0, 2, shape, dtype=np.uint8)) for head in HEAD}
        azimuth = torch.from_numpy(rng.uniform(0, 360, shape).astype(np.float32))
        height = torch.full(shape, math.nan if number % 3 == 0 else 4.0)
        if number % 3 == 0:
            codes["lines"][:] = 255
        image = torch.from_numpy(rng.uniform(0, 255, (3, *shape)).astype(np.float32))
        return {"image": image, **codes, "azimuth": azimuth, "height": height, "sun_azimuth_deg": 180.0}


def make(values: dict[str, Any]) -> RoofTraining:
    """A network with dropped paths, so that chance takes part."""
    settings = make_settings({**SETTINGS, **values})
    prepare_torch(settings.seed, settings.threads)
    architecture = Architecture("tu-mobilenetv3_small_050", (16, 16, 8, 8))
    record = {"architecture": dataclasses.asdict(architecture), "settings": dataclasses.asdict(settings)}
    network = RoofNet(architecture)
    network.decoder.register_forward_hook(lambda _, __, output: torch.nn.functional.dropout(output, 0.1))
    return RoofTraining(network, settings, files=1, record=record)


def main() -> None:
    folder, values = Path(sys.argv[1]), json.loads(sys.argv[2])
    training = make(values)
    count = training.settings.steps * training.settings.batch_size * training.settings.accumulate * 2
    windows = Windows(Noise(count), Noise(4, 1), default_collate)
    fit(training, windows, folder, lambda step, _: print(step, flush=True))
    assert RECORD == "roofgeo"


if __name__ == "__main__":
    main()
