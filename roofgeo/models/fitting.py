"""Run a training with Lightning: checkpoints from which it goes on at the same step, loggers, devices, an end."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, EarlyStopping, WeightAveraging
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy
from torch.optim.swa_utils import get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, Sampler

from roofgeo.errors import DataError, InputError, Interrupted
from roofgeo.models.capacity import free_bytes, is_out_of_memory, must_fit_memory, out_of_memory
from roofgeo.models.runs import BEST, LAST, copy_file
from roofgeo.models.settings import TrainingSettings
from roofgeo.models.showing import Pictures, Telling
from roofgeo.models.training import RoofTraining, keep_depthwise_in_float32

Collate = Callable[[Any], dict[str, Any]]
Tell = Callable[[int, dict[str, float]], None]
"""Called with the steps done; and, after a measurement, with its figures."""

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)

PRECISION: dict[str, Any] = {"bf16": "bf16-mixed", "fp16": "16-mixed", "fp32": "32-true"}


@dataclass(frozen=True)
class Windows:
    """What a training sees.

    Attributes:
        training: Window i is the same whenever it is asked for.
        validation: Windows to measure on; None for no measurement.
        collate: Makes a batch of windows.
    """

    training: Dataset[Any]
    validation: Dataset[Any] | None
    collate: Collate


class NumberedBatches(Sampler[list[int]]):
    """Numbers of the windows of each batch of one process, from a step on.

    Args:
        settings: Steps, batch size and accumulation.
        rank: Number of the process.
        world_size: Number of processes.
        first_step: Steps that are done.
    """

    def __init__(self, settings: TrainingSettings, rank: int, world_size: int, first_step: int) -> None:
        self.settings, self.rank, self.world_size, self.first_step = settings, rank, world_size, first_step

    def __iter__(self) -> Iterator[list[int]]:
        """Lists of window numbers; all processes together see each number once."""
        size, batches = self.settings.batch_size, self.settings.accumulate
        for batch in range(self.first_step * batches, self.settings.steps * batches):
            start = (batch * self.world_size + self.rank) * size
            yield list(range(start, start + size))

    def __len__(self) -> int:
        """Batches of the whole training, those that are done too: Lightning counts on from them."""
        return self.settings.steps * self.settings.accumulate


class _NumberedLoader(DataLoader[Any]):
    """A loader whose batches are told by the step: it has no state of its own, and goes on from any checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, _: dict[str, Any]) -> None:
        pass


class _Loaders(lightning.LightningDataModule):
    """Makes the loaders when the trainer knows its process and its step."""

    def __init__(self, windows: Windows, settings: TrainingSettings) -> None:
        super().__init__()
        self.windows, self.settings = windows, settings

    def train_dataloader(self) -> DataLoader[Any]:
        trainer, workers = self.trainer, self.settings.workers
        assert trainer is not None  # noqa: S101 - Lightning sets it before it asks
        return _NumberedLoader(
            self.windows.training,
            batch_sampler=NumberedBatches(self.settings, trainer.global_rank, trainer.world_size, trainer.global_step),
            num_workers=workers,
            collate_fn=self.windows.collate,
            pin_memory=trainer.strategy.root_device.type == "cuda",
            prefetch_factor=4 if workers else None,
            generator=torch.Generator().manual_seed(self.settings.seed),  # else its start would draw on our chance
        )

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        if self.windows.validation is None:
            return []
        return DataLoader(
            self.windows.validation,
            batch_size=self.settings.batch_size,
            collate_fn=self.windows.collate,
            generator=torch.Generator().manual_seed(self.settings.seed),
        )


class RunningAverage(WeightAveraging):
    """Averages the weights exponentially; over fewer steps at first, or the random beginning would long be in it.

    Args:
        decay: What is kept of the average at a step, once so many are done that it matters.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(multi_avg_fn=self._update)
        self.decay = decay
        self._trainer: Any = None

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Make the average."""
        self._trainer = trainer
        super().setup(trainer, pl_module, stage)

    def kept(self, step: int) -> float:
        """Part of the average that stays at a step."""
        return min(self.decay, (1 + step) / (10 + step))

    def _update(self, averaged: Any, current: Any, count: Any) -> None:
        average: Any = get_ema_multi_avg_fn  # it carries no types
        average(self.kept(self._trainer.global_step))(averaged, current, count)


class _Checkpoints(Checkpoint):
    """Writes ``last.ckpt``, whole or not at all, and ``best.ckpt`` when a measurement was the best so far.

    At a step that is measured it waits for the measurement, so that a run that resumes has missed none.
    """

    def __init__(self, folder: Path, settings: TrainingSettings, measures: bool) -> None:
        self.folder, self.settings, self.measures = folder, settings, measures
        self.best_score = float("-inf")
        self._saved = 0

    def state_dict(self) -> dict[str, Any]:
        return {"best_score": self.best_score}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best_score = state_dict["best_score"]

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        step = trainer.global_step
        due = step % self.settings.checkpoint_every == 0 or step == self.settings.steps
        measured = self.measures and step % validate_every(self.settings) == 0
        if due and not measured and step != self._saved:
            self._save(trainer)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        score = pl_module.figures.get("score", float("-inf"))
        better, self.best_score = score > self.best_score, max(score, self.best_score)
        self._save(trainer)
        if better and trainer.is_global_zero:
            copy_file(self.folder / LAST, self.folder / BEST)

    def _save(self, trainer: Any) -> None:
        self._saved = trainer.global_step
        unfinished = self.folder / f"{LAST}.part"
        trainer.save_checkpoint(unfinished, weights_only=False)
        if trainer.is_global_zero:
            os.replace(unfinished, self.folder / LAST)
        trainer.strategy.barrier()


def validate_every(settings: TrainingSettings) -> int:
    """Steps between two measurements; the last step is measured at the latest."""
    return min(settings.validate_every, settings.steps)


def fit(training: RoofTraining, windows: Windows, folder: Path, tell: Tell | None = None) -> bool:
    """Train, with checkpoints; goes on from the last checkpoint in the folder if there is one.

    Args:
        training: Network and settings.
        windows: What it sees.
        folder: Where ``last.ckpt``, ``best.ckpt``, ``pictures/`` and, for each start, ``log/version_<n>/`` are written.
        tell: Told of steps and figures.

    Returns:
        True in the first process, which is to write the model.

    Raises:
        InputError: The device is not there, or the memory does not suffice.
        DataError: Too much could not be read.
        Interrupted: The user stopped it.
    """
    settings = training.settings
    folder.mkdir(parents=True, exist_ok=True)
    accelerator = choose_accelerator(settings)
    if accelerator == "cpu":
        keep_depthwise_in_float32(training.network)
    if settings.channels_last:
        training.network.to(memory_format=torch.channels_last)
    device = torch.device("cuda" if accelerator == "gpu" else "cpu")
    free = free_bytes(device)
    if accelerator == "cpu":
        must_fit_memory(training, free)
    # Where memory has ended there is none left to measure what would fit in.
    too_much = out_of_memory(training, free)
    measures = windows.validation is not None
    trainer = _make_trainer(settings, accelerator, folder, measures, tell)
    last = folder / LAST
    handler = signal.getsignal(signal.SIGINT)
    try:
        _run(trainer, training, _Loaders(windows, settings), last if last.is_file() else None, too_much)
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning leaves it deaf
    return bool(trainer.is_global_zero)


def _run(
    trainer: lightning.Trainer, training: RoofTraining, loaders: _Loaders, last: Path | None, too_much: InputError
) -> None:
    try:
        with warnings.catch_warnings():
            # Lightning's advice on workers and loggers is for its own ways.
            warnings.filterwarnings("ignore", module=r"lightning\.")
            trainer.fit(training, datamodule=loaders, ckpt_path=last, weights_only=True)
    except SystemExit as stop:  # how Lightning ends after Ctrl+C
        raise Interrupted(
            f"stopped at step {trainer.global_step}", "Run the same command again: it goes on from its last checkpoint."
        ) from stop
    except DataError as error:
        raise _of_worker(error) from error
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise too_much from error
        raise


def _of_worker(error: DataError) -> DataError:
    """An error of a worker process as it was there: PyTorch gives it wrapped in its traceback."""
    if "Original Traceback" not in error.message:
        return error
    _, _, told = error.message.rstrip().rpartition("roofgeo.errors.DataError: ")
    return DataError(told, "`roofgeo data check` lists what is wrong.")


def choose_accelerator(settings: TrainingSettings) -> str:
    """``gpu`` or ``cpu``.

    Raises:
        InputError: What was asked for is not there.
    """
    there = torch.cuda.is_available()
    if settings.device == "cuda" and not there:
        raise InputError(
            "there is no CUDA device here, but device is cuda",
            "Leave --device out or say cpu; `nvidia-smi` tells what the driver sees.",
        )
    gpu = there and settings.device != "cpu"
    if gpu and settings.devices > torch.cuda.device_count():
        raise InputError(f"{settings.devices} devices were asked for, {torch.cuda.device_count()} are there")
    if settings.precision == "fp16" and not gpu:
        raise InputError("precision fp16 needs a GPU", "Say --precision bf16 or fp32.")
    return "gpu" if gpu else "cpu"


def _make_trainer(
    settings: TrainingSettings, accelerator: str, folder: Path, measures: bool, tell: Tell | None
) -> lightning.Trainer:
    callbacks: list[Callback] = [Telling(tell)]
    if measures and settings.pictures:  # before the averaged weights are taken out again
        callbacks.append(Pictures(folder / "pictures", settings.pictures))
    if settings.ema_decay:
        callbacks.append(RunningAverage(settings.ema_decay))
    if measures and settings.patience:
        callbacks.append(EarlyStopping("val_score", patience=settings.patience, mode="max"))
    many = settings.devices > 1 or "TORCHELASTIC_RUN_ID" in os.environ
    every = validate_every(settings) * settings.accumulate
    return lightning.Trainer(
        accelerator=accelerator,
        devices=settings.devices,
        strategy=DDPStrategy(process_group_backend="nccl" if accelerator == "gpu" else "gloo") if many else "auto",
        precision=PRECISION[settings.precision],
        max_steps=settings.steps,
        max_epochs=-1,
        val_check_interval=every if measures else None,
        limit_val_batches=None if measures else 0,
        check_val_every_n_epoch=None if measures else 1,
        num_sanity_val_steps=0,
        accumulate_grad_batches=settings.accumulate,
        gradient_clip_val=settings.gradient_clip or None,
        callbacks=[*callbacks, _Checkpoints(folder, settings, measures)],
        logger=_loggers(folder),
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        benchmark=accelerator == "gpu",
    )


def _loggers(folder: Path) -> list[Logger]:
    """CSV always; TensorBoard where it is installed."""
    csv = CSVLogger(folder, name="log", flush_logs_every_n_steps=1)
    if importlib.util.find_spec("tensorboard") is None:
        return [csv]
    return [csv, TensorBoardLogger(folder, name="log", version=csv.version)]
