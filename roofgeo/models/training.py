"""Training: the LightningModule that weighs the heads' losses, and the loaders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from roofgeo.models.heads import HEADS
from roofgeo.models.metadata import metadata_vectors
from roofgeo.models.network import RoofNet
from roofgeo.schema import NODATA, band_slices


class RoofTraining(lightning.LightningModule):
    """Trains a RoofNet on all heads at once.

    The heads' losses are weighed by learned homoscedastic uncertainty (Kendall, Gal & Cipolla 2018): the sum of
    exp(-s) loss + s over the heads, s learned.

    Args:
        network: What to train.
        pixel_size_m: Pixel size of the network.
        learning_rate: Peak of the one-cycle schedule.
        steps: Length of the schedule.
    """

    def __init__(self, network: RoofNet, pixel_size_m: float, learning_rate: float, steps: int) -> None:
        super().__init__()
        self.network = network
        self.pixel_size_m = pixel_size_m
        self.learning_rate = learning_rate
        self.steps = steps
        self.log_variance = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in network.heads})

    def on_train_start(self) -> None:
        """Leave the encoder's first stages as they came: their low-level filters suit roofs, and are slow to train."""
        for module in self.network.first_stages():
            module.eval().requires_grad_(False)

    def metadata(self, batch: dict[str, Any]) -> Tensor:
        """(batch, 5) metadata vectors of a batch."""
        vectors = metadata_vectors(
            self.pixel_size_m, batch["source_pixel_size_m"].cpu().numpy(), batch["sun_azimuth_deg"].cpu().numpy()
        )
        return torch.from_numpy(vectors).to(self.device)

    def training_step(self, batch: dict[str, Any], _: int) -> Tensor:
        """The weighed sum of the heads' losses."""
        raw = self.network.raw(batch["image"], self.metadata(batch))
        total = torch.zeros((), device=self.device)
        for name, output in raw.items():
            loss = HEADS[name].loss(output, batch[name])
            uncertainty = self.log_variance[name]
            total = total + torch.exp(-uncertainty) * loss + uncertainty
            self.log(f"loss_{name}", loss, prog_bar=name in ("segments", "roof"))
        return total

    def validation_step(self, batch: dict[str, Any], _: int) -> None:
        """Log roof IoU, share of right classes on roofs, and the azimuths' mean error, per pixel."""
        bands = self.network(batch["image"], self.metadata(batch))
        at = band_slices(self.network.architecture.heads)
        labelled = batch["roof"] != NODATA
        roof, truth = (bands[:, at["roof"]][:, 0] > 0.5) & labelled, (batch["roof"] == 1) & labelled
        right = bands[:, at["segments"]].argmax(dim=1) == batch["segments"]
        known = ~batch["azimuth"].isnan()
        sine, cosine = bands[:, at["azimuth"]].unbind(dim=1)
        off = torch.rad2deg(torch.atan2(sine, cosine)) - batch["azimuth"]
        off = ((off + 180) % 360 - 180).abs()[known]
        figures = {
            "val_roof_iou": (roof & truth).sum() / (roof | truth).sum().clamp(min=1),
            "val_class_right": right[truth].float().mean(),
            "val_azimuth_mae_deg": off.mean(),
            "val_azimuth_median_deg": off.median(),
        }
        self.log_dict({k: v.float() for k, v in figures.items()}, batch_size=len(batch["image"]), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """AdamW and a one-cycle schedule."""
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1] + list(self.log_variance.parameters())
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], lr=self.learning_rate
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.learning_rate, self.steps, pct_start=0.08)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


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


def fit(
    training: RoofTraining,
    windows: Dataset[dict[str, Any]],
    validation: Sequence[dict[str, Any]],
    run_folder: Path,
    batch_size: int,
    workers: int,
    validate_every: int = 200,
) -> RoofTraining:
    """Train, with checkpoints; goes on from the last checkpoint in `run_folder` if there is one.

    Args:
        training: Network and schedule.
        windows: Endless training windows.
        validation: Labelled windows to measure on.
        run_folder: Where ``last.ckpt`` and, for each start, ``log/version_<n>/metrics.csv`` are written.
        batch_size: Windows a step.
        workers: Processes that make windows.
        validate_every: Steps between two measurements.

    Returns:
        The module, with the averaged weights.
    """
    cuda = torch.cuda.is_available()
    if not cuda:
        keep_depthwise_in_float32(training.network)
    training.network.to(memory_format=torch.channels_last)
    checkpoints = ModelCheckpoint(run_folder, every_n_train_steps=50, save_last=True, save_top_k=0)
    trainer = lightning.Trainer(
        accelerator="gpu" if cuda else "cpu",
        devices=1,
        precision="bf16-mixed",
        max_steps=training.steps,
        val_check_interval=min(validate_every, training.steps),
        check_val_every_n_epoch=None,
        callbacks=[checkpoints, EMAWeightAveraging(decay=0.98, update_every_n_steps=4)],
        logger=CSVLogger(run_folder, name="log", flush_logs_every_n_steps=20),
        log_every_n_steps=20,
        gradient_clip_val=5.0,
        enable_model_summary=False,
    )
    last = run_folder / "last.ckpt"
    trainer.fit(
        training,
        DataLoader(windows, batch_size=batch_size, num_workers=workers, persistent_workers=workers > 0),
        DataLoader(cast(Dataset[dict[str, Any]], validation), batch_size=batch_size),
        ckpt_path=str(last) if last.is_file() else None,
        weights_only=True,
    )
    return training
