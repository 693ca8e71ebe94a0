"""The LightningModule: a network, the weighed losses of its heads, its optimiser, its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import lightning
import torch
from torch import Tensor, nn

from roofgeo.errors import DataError
from roofgeo.models.encoders import first_stages
from roofgeo.models.heads import losses
from roofgeo.models.metadata import QUANTITY, metadata_vectors
from roofgeo.models.network import RoofNet
from roofgeo.models.settings import TrainingSettings
from roofgeo.models.validation import HeadFigures
from roofgeo.schema import NODATA

RECORD = "roofgeo"
"""Entry of a checkpoint that tells how to build what it holds: architecture, settings, class weights, fingerprints."""

LOG_EVERY = 10
"""Steps whose losses are told together."""

UNCERTAINTY_RATE = 10.0
"""Learning rate of the heads' weights, against the network's: they follow losses that fall by orders of magnitude."""

MOST_SKIPPED = 0.01
"""Share of the files that may turn out to be unreadable during a training."""


class RoofTraining(lightning.LightningModule):
    """Trains a RoofNet on all heads at once.

    The heads' losses are weighed by learned homoscedastic uncertainty (Kendall, Gal & Cipolla 2018): the sum of
    exp(-s) loss + s over the heads, s learned. A head without labels in a step takes no part: its s stays.

    Args:
        network: What to train.
        settings: How.
        class_weights: By head, a weight of each class.
        files: How many files the data are made of.
        record: What checkpoints carry along: how to build this again, and what it was made of.
    """

    def __init__(
        self,
        network: RoofNet,
        settings: TrainingSettings,
        class_weights: Mapping[str, Sequence[float]] | None = None,
        files: int = 0,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.class_weights = {head: tuple(weights) for head, weights in (class_weights or {}).items()}
        self.files = files
        self.record = dict(record or {})
        self.skipped: dict[str, int] = {}
        self.log_variance = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in network.heads})
        self.figures: dict[str, float] = {}
        self._losses = losses(self.class_weights)
        self._labelled: set[str] = set()
        self._running: dict[str, list[Tensor]] = {}
        self._logged = 0
        self._measured = HeadFigures(network.architecture.heads)
        self._raw = torch.compile(network.raw) if settings.compile else network.raw

    def on_train_start(self) -> None:
        """Leave the stem as it came, if it is to be."""
        self.freeze_stem()

    def freeze_stem(self) -> None:
        """Leave the encoder's first stages as they came: their low-level filters suit roofs, and are slow to train."""
        given = self.settings.encoder_weights != "none" or self.settings.start_from is not None
        if self.settings.freeze_stem and given:
            for module in first_stages(self.network.encoder):
                module.eval().requires_grad_(False)

    def on_train_batch_start(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Begin each batch's chance anew, so that a run that resumes has that of one that was never stopped."""
        torch.manual_seed((self.settings.seed * 1_000_003 + batch_idx) * 1_009 + self.global_rank)

    def on_before_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Add what is known before the batch is on the device, which then need not be waited for."""
        told = {name: batch[name].numpy() for name in QUANTITY.values() if name in batch}
        vectors = metadata_vectors(self.settings.pixel_size_m, told, self.network.architecture.metadata)
        labelled = {name: _is_labelled(batch[name]) for name in self.log_variance}
        return {**batch, "metadata": torch.from_numpy(vectors), "labelled": labelled}

    def training_step(self, batch: dict[str, Any], _: int) -> Tensor:
        """The weighed sum of the heads' losses."""
        self._note_skipped(batch.get("skipped", ()))
        image = batch["image"]
        if self.settings.channels_last:
            image = image.contiguous(memory_format=torch.channels_last)
        total = torch.zeros((), device=image.device)
        for name, output in self._raw(image, batch["metadata"]).items():
            uncertainty = self.log_variance[name]
            if not batch["labelled"][name]:
                total = total + 0 * (output.sum() + uncertainty)  # every process has a gradient of every parameter
                continue
            loss = self._losses[name](output, batch[name])
            total = total + torch.exp(-uncertainty) * loss + uncertainty
            self._running.setdefault(name, []).append(loss.detach())
            self._labelled.add(name)
        return total

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Take the uncertainties of heads without labels out of the step: its momentum would move them on."""
        for name, parameter in self.log_variance.items():
            # Of several processes another may have had labels; then the gradient they share is not zero.
            shared = self.trainer.world_size > 1 and parameter.grad is not None and bool(parameter.grad != 0)
            if name not in self._labelled and not shared:
                parameter.grad = None
        self._labelled = set()

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Log the mean loss of each head since the last time, and its weight."""
        step = self.trainer.global_step
        if step == self._logged or (step != 1 and step % LOG_EVERY):
            return
        values = {f"loss_{name}": float(torch.stack(found).mean()) for name, found in self._running.items()}
        values |= {f"weight_{name}": float(torch.exp(-s.detach())) for name, s in self.log_variance.items()}
        values["learning_rate"] = self.trainer.optimizers[0].param_groups[0]["lr"]
        for logger in self.loggers:
            logger.log_metrics(values, step)
        self._logged, self._running = step, {}

    def on_validation_epoch_start(self) -> None:
        """Forget the figures of the last measurement."""
        self._measured = HeadFigures(self.network.architecture.heads)

    def validation_step(self, batch: dict[str, Any], _: int) -> None:
        """Count what is right."""
        self._measured.add(self.network(batch["image"], batch["metadata"]), batch)

    def on_validation_epoch_end(self) -> None:
        """Tell the figures; each process measures on all windows, so they are the same in all."""
        self.figures = self._measured.figures()
        named = {f"val_{name}": value for name, value in self.figures.items()}
        self.log_dict(named, logger=False)  # for callbacks that wait for progress
        for logger in self.loggers:
            logger.log_metrics(named, self.trainer.global_step)

    def configure_optimizers(self) -> Any:
        """AdamW; the learning rate rises linearly and falls as half a cosine, to a ten-thousandth."""
        settings = self.settings
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        rate = settings.learning_rate
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": plain, "weight_decay": 0.0},
            {"params": list(self.log_variance.values()), "weight_decay": 0.0, "lr": UNCERTAINTY_RATE * rate},
        ]
        optimizer = torch.optim.AdamW(groups, lr=rate)
        rising = settings.warmup_share * settings.steps

        def share(step: int) -> float:
            if step < rising:
                return (step + 1) / (rising + 1)
            fallen = min(1.0, (step - rising) / max(1.0, settings.steps - rising))
            return max(1e-4, 0.5 * (1 + math.cos(math.pi * fallen)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what was skipped, and the record."""
        checkpoint[RECORD] = self.record
        checkpoint["skipped"] = dict(self.skipped)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on counting what is skipped."""
        self.skipped = dict(checkpoint.get("skipped", {}))

    def _note_skipped(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.skipped[line] = self.skipped.get(line, 0) + 1
        if lines and len(self.skipped) > MOST_SKIPPED * self.files:
            listed = "".join(f"\n  {line} ({count} times)" for line, count in self.skipped.items())
            raise DataError(
                f"{len(self.skipped)} of {self.files} files could not be read, more than {MOST_SKIPPED:.0%}:{listed}",
                "Put the files right or take them out of the data; `roofgeo data check` lists all of them.",
            )


def _is_labelled(target: Tensor) -> bool:
    return bool((~target.isnan() if target.is_floating_point() else target != NODATA).any())


def keep_depthwise_in_float32(network: nn.Module) -> None:
    """Run depthwise convolutions outside bfloat16 autocast: on a CPU their backward pass is 5 to 8 times faster so."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            module.forward = _in_float32(module.forward)  # type: ignore[method-assign]


def _in_float32(forward: Any) -> Any:
    def run(features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            result: Tensor = forward(features.float())
            return result

    return run


def prepare_torch(seed: int, threads: int | None) -> None:
    """Fix the start of chance and, if wanted, the number of CPU threads: on busy cores fewer are faster."""
    torch.manual_seed(seed)
    if threads is not None:
        torch.set_num_threads(threads)
