"""How much memory a training step takes, measured on small windows of the network itself; and which would fit."""

from __future__ import annotations

import copy
import gc
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from roofgeo.errors import InputError
from roofgeo.models.devices import memory, memory_limit_bytes, peak_memory_bytes
from roofgeo.models.heads import HEADS
from roofgeo.models.network import RoofNet
from roofgeo.models.settings import TrainingSettings
from roofgeo.models.training import RoofTraining, keep_depthwise_in_float32
from roofgeo.schema import HEAD, metadata_entries

MEASURED_PX = (64, 128)
"""Sides of the windows that are measured; what a step keeps is linear in their area."""

BACKWARD = 1.1
"""What the network's layers need at the peak of a step, in parts of what their forward pass keeps."""

LOSS_COPIES = 3
"""Gradients of the losses, as float32 copies of all bands, which come on top of that where the backward pass begins."""

STATE_BYTES = 16
"""A parameter's gradient and the two averages of AdamW, and its running average; the parameter itself is there."""

ROOM = 0.9
"""Part of the free memory that is planned with."""

WORKER_BYTES = 400_000_000
"""Of a process that makes windows, beyond what it shares with its parent."""

GB = 1e9

DTYPE = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Needs:
    """Memory of a training step.

    Attributes:
        fixed_bytes: Whatever the windows.
        pixel_bytes: For each pixel of each window of the batch.
    """

    fixed_bytes: float
    pixel_bytes: float

    def bytes(self, batch_size: int, window_px: int) -> float:
        """Of a batch of square windows."""
        return self.fixed_bytes + self.pixel_bytes * batch_size * window_px**2

    def largest_batch(self, window_px: int, free_bytes: float) -> int:
        """Largest batch that fits; 0 if none does."""
        return max(0, int((ROOM * free_bytes - self.fixed_bytes) // (self.pixel_bytes * window_px**2)))

    def largest_window_px(self, batch_size: int, free_bytes: float) -> int:
        """Largest side, a multiple of 32, that fits; 0 if none does."""
        area = (ROOM * free_bytes - self.fixed_bytes) / (self.pixel_bytes * batch_size)
        return int(max(0.0, area) ** 0.5) // 32 * 32


@dataclass(frozen=True)
class Found:
    """The largest batch that fits.

    Attributes:
        batch_size: Windows a step and device.
        needed_bytes: As estimated.
        peak_bytes: As measured: of the device, or of the whole process on a CPU; None where the system does not tell.
        free_bytes: What was there.
    """

    batch_size: int
    needed_bytes: float
    peak_bytes: int | None
    free_bytes: float


def random_batch(network: RoofNet, batch_size: int, window_px: int, device: torch.device) -> dict[str, Any]:
    """A batch of noise with labels for every head, as `RoofTraining.training_step` takes it."""
    shape = (batch_size, window_px, window_px)
    image = 255 * torch.rand(batch_size, 3, window_px, window_px, device=device)
    codes = {head: torch.randint(0, 2, shape, dtype=torch.uint8, device=device) for head in HEAD}
    values = {head: 10 * torch.rand(shape, device=device) for head in ("azimuth", "height")}
    entries = len(metadata_entries(network.architecture.metadata))
    told = {"metadata": torch.rand(batch_size, entries, device=device), "labelled": dict.fromkeys(HEAD, True)}
    return {"image": image, **codes, **values, **told}


def measure_needs(training: RoofTraining, precision: str | None = None) -> Needs:
    """What a step of a training needs, from what its forward pass keeps of two small windows.

    Args:
        training: It stays as it is.
        precision: Another precision than its own.
    """
    trial = _trial(training)
    small, large = (_kept_bytes(trial, side, precision or training.settings.precision) for side in MEASURED_PX)
    areas = [2 * side**2 for side in MEASURED_PX]
    per_pixel = (large - small) / (areas[1] - areas[0])
    parameters = sum(p.numel() for p in training.network.parameters())
    bands = sum(HEADS[head].band_count for head in training.network.heads)
    fixed = max(0.0, small - per_pixel * areas[0]) + STATE_BYTES * parameters
    return Needs(fixed, BACKWARD * per_pixel + 4 * LOSS_COPIES * bands)


def _trial(training: RoofTraining) -> RoofTraining:
    """A copy that can be run without leaving a trace in the original."""
    network = RoofNet(training.network.architecture)
    network.load_state_dict(training.network.state_dict())
    network.to(training.device)
    if training.device.type == "cpu":
        keep_depthwise_in_float32(network)
    if training.settings.channels_last:
        network.to(memory_format=torch.channels_last)
    trial = RoofTraining(network, training.settings, training.class_weights).to(training.device)
    trial.freeze_stem()
    return trial.train()


def _loss(trial: RoofTraining, batch_size: int, window_px: int, precision: str) -> Tensor:
    batch = random_batch(trial.network, batch_size, window_px, trial.device)
    dtype = DTYPE.get(precision)
    with torch.autocast(trial.device.type, dtype=dtype, enabled=dtype is not None):
        return trial.training_step(batch, 0)


def _kept_bytes(trial: RoofTraining, window_px: int, precision: str) -> int:
    """What the forward pass of two windows keeps for the backward pass, without the parameters."""
    own = {p.untyped_storage().data_ptr() for p in trial.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = _loss(trial, 2, window_px, precision)
    del loss
    return sum(kept.values())


def free_bytes(device: torch.device) -> int | None:
    """Memory a training on a device can still have; None where the system does not tell."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    there, limit = memory(), memory_limit_bytes()
    known = [amount for amount in (None if there is None else there.available_bytes, limit) if amount is not None]
    return min(known) if known else None


def must_fit_memory(training: RoofTraining, free: int | None) -> None:
    """Stop before the system stops the process, which it does without a word where a CPU's memory ends.

    Raises:
        InputError: A step needs more than there is.
    """
    settings = training.settings
    if free is None or training.device.type != "cpu":
        return
    own = (free - WORKER_BYTES * settings.workers * settings.devices) / settings.devices
    if measure_needs(training).bytes(settings.batch_size, settings.window_px) > own:
        raise out_of_memory(training, own)


def is_out_of_memory(error: BaseException) -> bool:
    """True of what PyTorch, oneDNN and Python raise where memory ends."""
    told = str(error)
    # oneDNN does not say why it cannot create what it computes with; with shapes that once worked it is this.
    signs = ("can't allocate memory", "not enough memory", "bad_alloc", "could not create a")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in told for sign in signs)


def out_of_memory(training: RoofTraining, free: float | None) -> InputError:
    """What to tell: what was asked for, and which batch, window and precision would fit.

    Args:
        training: What did not fit.
        free: Memory that was there for it when it began; None if unknown.
    """
    settings = training.settings
    gc.collect()
    needs = measure_needs(training)
    asked = f"batch {settings.batch_size} of {settings.window_px} px windows in {settings.precision}"
    need = needs.bytes(settings.batch_size, settings.window_px)
    if free is None:
        return InputError(f"out of memory: {asked} needs about {need / GB:.1f} GB", "Halve --batch-size.")
    fitting = _fitting(settings, {p: measure_needs(training, p) for p in _precisions(settings)}, free)
    return InputError(
        f"out of memory: {asked} needs about {need / GB:.1f} GB, {max(0.0, free) / GB:.1f} GB are there",
        f"Would fit: {'; or '.join(fitting)}." if fitting else "Nothing would fit: choose a smaller --preset.",
    )


def _precisions(settings: TrainingSettings) -> tuple[str, ...]:
    return (settings.precision, "bf16") if settings.precision == "fp32" else (settings.precision,)


def _fitting(settings: TrainingSettings, needs: dict[str, Needs], free: float) -> list[str]:
    found = []
    for precision, need in needs.items():
        also = "" if precision == settings.precision else f" --precision {precision}"
        # An estimate that says it would have fitted was wrong: then less than was asked for is what to try.
        batch = min(need.largest_batch(settings.window_px, free), settings.batch_size - (0 if also else 1))
        window_px = min(need.largest_window_px(settings.batch_size, free), settings.window_px - (0 if also else 32))
        if batch > 0:
            more = f" --accumulate {-(-settings.batch_size // batch)}" if batch < settings.batch_size else ""
            found.append(f"--batch-size {batch}{more}{also}")
        if window_px > 0 and window_px < settings.window_px:
            found.append(f"--window-px {window_px}{also}")
    return found


def find_batch(training: RoofTraining) -> Found:
    """The largest batch that fits: estimated, then tried with one real step, and made smaller until it does.

    Raises:
        InputError: Not one window fits, or the system does not tell its memory.
    """
    settings, device = training.settings, training.device
    free = free_bytes(device)
    if free is None:
        raise InputError("the system does not tell how much memory is free", "Try --batch-size 1, 2, 4 ...")
    needs = measure_needs(training)
    batch_size = needs.largest_batch(settings.window_px, free - WORKER_BYTES * settings.workers)
    while batch_size > 0:
        try:
            peak = _real_step(training, batch_size)
            return Found(batch_size, needs.bytes(batch_size, settings.window_px), peak, free)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            batch_size = int(0.8 * batch_size)
        gc.collect()
    raise out_of_memory(training, free)


def _real_step(training: RoofTraining, batch_size: int) -> int | None:
    """Peak memory of one whole step."""
    settings, device = training.settings, training.device
    trial = _trial(training)
    average = copy.deepcopy(trial.network) if settings.ema_decay else None
    optimizer = torch.optim.AdamW(trial.parameters())
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    torch.autograd.backward(_loss(trial, batch_size, settings.window_px, settings.precision))
    optimizer.step()
    del average
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_memory_bytes()
