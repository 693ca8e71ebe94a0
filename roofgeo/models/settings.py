"""Settings of a training: one table that flags, keys of a recipe, defaults, help and documentation are made of."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from roofgeo.errors import InputError
from roofgeo.schema import HEAD, METADATA

PRESET_NAMES = ("roofnet-lite0", "hybrid-resnet50", "unet-mobilenet-v2")


@dataclass(frozen=True)
class About:
    """What one must know of a setting.

    Attributes:
        section: What it belongs to.
        help: What it does.
        least: Smallest value.
        most: Largest value.
        choices: All values.
        unset: What leaving it out means, where its default is None.
    """

    section: str
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    unset: str = ""

    @property
    def range(self) -> str:
        """The values it may have, in words; empty if any."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least is None:
            return ""
        return f"{self.least:g} to {self.most:g}" if self.most is not None else f"at least {self.least:g}"


def _setting(default: Any, section: str, help: str, **about: Any) -> Any:
    return field(default=default, metadata={"about": About(section, help, **about)})


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of a training but its data; `ABOUT` tells what each does."""

    preset: str = _setting("roofnet-lite0", "network", "Network to train.", choices=PRESET_NAMES)
    encoder: str | None = _setting(
        None, "network", "Another encoder, by its name in segmentation-models-pytorch.", unset="the preset's"
    )
    encoder_weights: str = _setting(
        "imagenet", "network", "First weights of the encoder: imagenet, none, or a .safetensors or .pth file."
    )
    start_from: str | None = _setting(
        None, "network", "Model, by name or folder, whose weights the network begins with.", unset="none"
    )
    heads: tuple[str, ...] = _setting(tuple(HEAD), "network", "What it predicts.", choices=tuple(HEAD))
    metadata: tuple[str, ...] | None = _setting(
        None, "network", "Facts of a picture it is told.", choices=tuple(METADATA), unset="the preset's"
    )
    pixel_size_m: float = _setting(0.1, "network", "Pixel size it works at, in metres.", least=0.01, most=2)

    window_px: int = _setting(384, "windows", "Side of a training window, a multiple of 32.", least=32, most=4096)
    augment: bool = _setting(True, "windows", "Turn, mirror, scale and recolour the windows.")
    metadata_dropout: float = _setting(
        0.3, "windows", "Share of the windows from which each fact is withheld.", least=0, most=1
    )
    max_samples: int | None = _setting(
        None, "windows", "Use only so many windows of the data, drawn by the seed.", least=1, unset="all"
    )
    workers: int = _setting(1, "windows", "Processes that make windows, a device; 0: the training's own.", least=0)

    steps: int = _setting(1600, "optimisation", "Optimiser steps.", least=1)
    batch_size: int = _setting(8, "optimisation", "Windows a step and device.", least=1)
    accumulate: int = _setting(1, "optimisation", "Batches whose gradients are added up for a step.", least=1)
    learning_rate: float = _setting(2e-3, "optimisation", "Peak of the schedule.", least=1e-7, most=1)
    warmup_share: float = _setting(
        0.08, "optimisation", "Share of the steps in which the learning rate rises; then it falls as a cosine.",
        least=0, most=0.9,
    )  # fmt: skip
    weight_decay: float = _setting(0.02, "optimisation", "Of AdamW, on kernels only.", least=0, most=1)
    gradient_clip: float = _setting(5.0, "optimisation", "Longest gradient, as its norm; 0: any.", least=0)
    ema_decay: float = _setting(
        0.995, "optimisation", "Of the running average of the weights, which is what is measured and kept; 0: none.",
        least=0, most=0.99999,
    )  # fmt: skip
    freeze_stem: bool = _setting(True, "optimisation", "Keep the encoder's given weights down to stride 4.")

    device: str = _setting("auto", "machine", "Where to train.", choices=("auto", "cpu", "cuda"))
    devices: int = _setting(1, "machine", "GPUs, or processes on the CPU, to share each step.", least=1)
    precision: str = _setting(
        "bf16", "machine", "Numbers of the forward pass; fp16 needs a GPU.", choices=("bf16", "fp16", "fp32")
    )
    channels_last: bool = _setting(True, "machine", "Keep the channels of a pixel together in memory.")
    compile: bool = _setting(False, "machine", "Compile the network with torch.compile.")
    threads: int | None = _setting(None, "machine", "CPU threads of the network.", least=1, unset="PyTorch's choice")

    seed: int = _setting(0, "run", "Start of all chance.", least=0)
    validate_every: int = _setting(200, "run", "Steps between two measurements.", least=1)
    validation_windows: int = _setting(64, "run", "Windows to measure on; 0: no measurement.", least=0)
    patience: int = _setting(
        0, "run", "Measurements without progress after which to stop and keep the best weights; 0: never.", least=0
    )
    checkpoint_every: int = _setting(50, "run", "Steps between two checkpoints.", least=1)
    licence: str = _setting("", "run", "Licence of the weights, as an SPDX expression, for the model's card.")
    pictures: int = _setting(6, "run", "Windows drawn at each measurement: picture, truth, prediction.", least=0)


ABOUT: dict[str, About] = {f.name: f.metadata["about"] for f in dataclasses.fields(TrainingSettings)}

TYPES: dict[str, Any] = get_type_hints(TrainingSettings)
"""Type of each setting."""


def make_settings(values: Mapping[str, Any]) -> TrainingSettings:
    """Settings of values by name, the rest at their defaults.

    Raises:
        InputError: A name is unknown, or a value is of another type or out of range.
    """
    for name, value in values.items():
        if name not in ABOUT:
            raise InputError(f"there is no setting {name!r}", nearest(name, tuple(ABOUT)))
        _check(name, value)
    tuples: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in values.items()}
    settings = TrainingSettings(**tuples)
    if settings.window_px % 32:
        raise InputError(f"window_px is {settings.window_px}, no multiple of 32", "Networks halve a window five times.")
    return settings


def nearest(name: str, known: tuple[str, ...]) -> str:
    """A hint naming the known name most like one that is not."""
    near = difflib.get_close_matches(name, known, 1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."


def _check(name: str, value: Any) -> None:
    about, wanted = ABOUT[name], TYPES[name]
    if value is None and about.unset:
        return
    if not _is_of(value, wanted):
        raise InputError(f"{name} is {value!r}", f"{about.help} {about.range}".strip())
    entries = value if isinstance(value, list | tuple) else (value,)
    if about.choices and (unknown := [entry for entry in entries if entry not in about.choices]):
        raise InputError(f"{name} has no {unknown[0]!r}", nearest(unknown[0], about.choices))
    low, high = about.least, about.most
    if (low is not None and value < low) or (high is not None and value > high):
        raise InputError(f"{name} is {value}", f"It is {about.range}.")


def _is_of(value: Any, wanted: Any) -> bool:
    if wanted is bool:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if wanted in (int, int | None):
        return isinstance(value, int)
    if wanted is float:
        return isinstance(value, int | float)
    if wanted in (str, str | None):
        return isinstance(value, str)
    return isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(entry, str) for entry in value)
