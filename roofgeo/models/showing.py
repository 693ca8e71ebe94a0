"""What a training tells while it runs: steps, figures, pictures of predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from roofgeo.models.pictures import strips, write_picture
from roofgeo.schema import HEAD


class Telling(Callback):
    """Tells the caller of each step, and of the figures of each measurement.

    Args:
        tell: Called with the steps done and the figures, which are empty between measurements.
    """

    def __init__(self, tell: Callable[[int, dict[str, float]], None] | None) -> None:
        self.tell = tell

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Tell of a step."""
        if self.tell is not None and trainer.is_global_zero:
            self.tell(trainer.global_step, {})

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Tell of a measurement."""
        if self.tell is not None and trainer.is_global_zero:
            self.tell(trainer.global_step, pl_module.figures)


class Pictures(Callback):
    """Draws the first validation windows at each measurement: a PNG file, and an image for TensorBoard.

    Args:
        folder: Where ``step_<n>.png`` is written.
        count: Windows to draw.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self._seen: list[dict[str, Tensor]] = []

    def on_validation_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the windows to draw."""
        left = self.count - sum(len(seen["image"]) for seen in self._seen)
        if trainer.is_global_zero and left > 0:
            self._seen.append({name: batch[name][:left] for name in ("image", "metadata", *HEAD)})

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Predict and draw them, with the weights that are measured."""
        if not self._seen:
            return
        seen = {name: torch.cat([part[name] for part in self._seen]) for name in self._seen[0]}
        self._seen = []
        bands = pl_module.network(seen["image"], seen["metadata"]).float().cpu()
        targets = {head: seen[head].cpu() for head in HEAD}
        drawn = strips(seen["image"].cpu(), targets, bands, pl_module.network.architecture.heads)
        write_picture(drawn, self.folder / f"step_{trainer.global_step:06d}.png")
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("windows", drawn, trainer.global_step, dataformats="HWC")
