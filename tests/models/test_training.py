"""Training lowers every head's loss; heads without labels take no part; what cannot be read is named and counted."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate

from roofgeo.errors import DataError, InputError, Interrupted, ModelError
from roofgeo.models import fitting
from roofgeo.models.fitting import NumberedBatches, RunningAverage, Windows, choose_accelerator, fit
from roofgeo.models.network import Architecture, RoofNet
from roofgeo.models.runs import BEST, LAST, finished_network, must_fit, read_checkpoint
from roofgeo.models.settings import make_settings
from roofgeo.models.training import RECORD, RoofTraining, keep_depthwise_in_float32
from roofgeo.schema import HEAD
from tests.models.tiny_run import Noise, make

GROUND = {"segments": 0, "lines": 0, "roof": 0}


def batch_of(count: int = 2, **values: Tensor) -> dict[str, Any]:
    return {**default_collate([Noise(count)[1] for _ in range(count)]), **values}


class Stripes(Dataset[dict[str, Any]]):
    """Windows whose colours tell everything: the left half is a roof, in a colour of its own."""

    def __len__(self) -> int:
        return 1000

    def __getitem__(self, number: int) -> dict[str, Any]:
        roof = torch.zeros(32, 32, dtype=torch.bool)
        roof[:, :16] = True
        roof = roof.roll(number % 4 * 8, dims=1)
        image = torch.where(roof, 200.0, 60.0).expand(3, -1, -1).contiguous()
        codes = {"segments": roof * 4, "lines": roof * 2, "roof": roof * 1}
        return {
            "image": image,
            **{head: code.to(torch.uint8) for head, code in codes.items()},
            "azimuth": torch.where(roof, 45.0, torch.nan),
            "height": roof * 5.0,
        }


@pytest.mark.slow
def test_losses_fall_and_figures_rise(tmp_path: Path) -> None:
    training = make({"steps": 60, "validate_every": 30, "batch_size": 4, "learning_rate": 5e-3})
    told: list[tuple[int, dict[str, float]]] = []
    windows = Windows(Stripes(), torch.utils.data.Subset(Stripes(), range(4)), default_collate)
    assert fit(training, windows, tmp_path, lambda step, found: told.append((step, found)))
    with (tmp_path / "log" / "version_0" / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row.get("loss_segments")]
    for head in HEAD:
        assert float(rows[-1][f"loss_{head}"]) < 0.7 * float(rows[0][f"loss_{head}"]), head
    measured = [found for _, found in told if found]
    assert [step for step, found in told if found] == [30, 60]
    assert measured[1]["score"] > measured[0]["score"] and measured[1]["roof_iou"] > 0.9
    assert (tmp_path / "pictures" / "step_000060.png").is_file()
    assert list((tmp_path / "log" / "version_0").glob("events.out.tfevents.*"))
    best = read_checkpoint(tmp_path / BEST)
    assert best["global_step"] == 60
    assert isinstance(finished_network(best), RoofNet)


def test_a_head_without_labels_takes_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    training = make({})
    monkeypatch.setattr(type(training), "trainer", type("T", (), {"world_size": 1})())
    optimizer = training.configure_optimizers()["optimizer"]
    for step in range(6):
        unknown = torch.full((2, 32, 32), torch.nan)
        batch = batch_of(height=torch.full((2, 32, 32), 4.0) if step < 2 else unknown)
        optimizer.zero_grad()
        torch.autograd.backward(training.training_step(training.on_before_batch_transfer(batch, 0), 0))
        training.on_before_optimizer_step(optimizer)
        before = {name: value.detach().clone() for name, value in training.log_variance.items()}
        optimizer.step()
        moved = {name for name, value in training.log_variance.items() if not torch.equal(value, before[name])}
        assert moved == (set(HEAD) if step < 2 else set(HEAD) - {"height"})
    assert all(p.grad is not None for p in training.network.heads["height"].parameters())


def test_what_cannot_be_read_is_counted_and_over_one_percent_ends_the_run() -> None:
    training = make({})
    training.files = 200
    for _ in range(3):
        training._note_skipped(("a.tif cannot be read",))
    assert training.skipped == {"a.tif cannot be read": 3}
    training._note_skipped(("b.tif cannot be read",))
    with pytest.raises(DataError, match="3 of 200 files") as error:
        training._note_skipped(("c.tif cannot be read",))
    assert all(name in error.value.message for name in ("a.tif", "b.tif", "c.tif"))


class Broken(Noise):
    """Cannot be read from the second window on."""

    def __getitem__(self, number: int) -> dict[str, Any]:
        if number > 0:
            raise DataError("tile_7.tif cannot be read", "Copy it again.")
        return super().__getitem__(number)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_of_a_worker_is_told_in_one_line(tmp_path: Path, workers: int) -> None:
    with pytest.raises(DataError) as error:
        fit(make({"workers": workers}), Windows(Broken(10), None, default_collate), tmp_path)
    assert error.value.message == "tile_7.tif cannot be read" and error.value.hint


class Impatient(Noise):
    def __getitem__(self, number: int) -> dict[str, Any]:
        if number > 6:
            raise KeyboardInterrupt
        return super().__getitem__(number)


def test_ctrl_c_says_that_it_goes_on(tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="stopped at step 3") as error:
        fit(make({"checkpoint_every": 2}), Windows(Impatient(99), None, default_collate), tmp_path)
    assert "Run the same command again" in error.value.hint
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 2


def test_batches_are_numbered_across_processes_and_restarts() -> None:
    settings = make_settings({"steps": 3, "batch_size": 2, "accumulate": 2})
    ranks = [list(NumberedBatches(settings, rank, 2, 0)) for rank in (0, 1)]
    together = sorted(number for rank in ranks for batch in rank for number in batch)
    assert together == list(range(3 * 2 * 2 * 2))
    assert list(NumberedBatches(settings, 1, 2, 2)) == ranks[1][4:]
    assert len(NumberedBatches(settings, 1, 2, 2)) == 6, "Lightning counts on"


def test_cuda_asked_for_and_absent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no CUDA device"):
        choose_accelerator(make_settings({"device": "cuda"}))
    with pytest.raises(InputError, match="fp16 needs a GPU"):
        choose_accelerator(make_settings({"precision": "fp16"}))
    assert choose_accelerator(make_settings({})) == "cpu"


def test_with_cuda_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_accelerator(make_settings({"precision": "fp16"})) == "gpu"
    assert choose_accelerator(make_settings({"device": "cpu", "devices": 8})) == "cpu"
    with pytest.raises(InputError, match="3 devices were asked for, 2 are there"):
        choose_accelerator(make_settings({"devices": 3}))


def test_a_checkpoint_of_another_head_set_is_refused(tmp_path: Path) -> None:
    training = make({"steps": 1})
    fit(training, Windows(Noise(4), None, default_collate), tmp_path)
    checkpoint = read_checkpoint(tmp_path / LAST)
    must_fit(checkpoint, training.network.architecture, tmp_path / LAST)
    other = Architecture("tu-mobilenetv3_small_050", (16, 16, 8, 8), heads=("segments", "roof"))
    with pytest.raises(ModelError, match="whose heads are segments, azimuth, lines, roof, height; asked for is segme"):
        must_fit(checkpoint, other, tmp_path / LAST)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LAST).write_bytes(content)
    with pytest.raises(ModelError, match=LAST):
        read_checkpoint(tmp_path / LAST)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {}}, tmp_path / LAST)
    with pytest.raises(ModelError, match="no checkpoint of `roofgeo train`"):
        read_checkpoint(tmp_path / LAST)


def test_the_schedule_rises_and_falls() -> None:
    training = make({"steps": 100, "warmup_share": 0.1, "learning_rate": 1e-2})
    parts = training.configure_optimizers()
    schedule = parts["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(100):
        rates.append(schedule.get_last_lr()[0])
        parts["optimizer"].step()
        schedule.step()
    assert max(rates) == pytest.approx(1e-2) and rates.index(max(rates)) == 10
    assert rates[0] < 1.1e-3 and rates[-1] < 1e-4 and rates == [*sorted(rates[:11]), *sorted(rates[11:], reverse=True)]


def test_the_stem_is_frozen_only_if_it_was_given() -> None:
    for weights, frozen in (("none", False), ("imagenet", True)):
        settings = make_settings({"encoder_weights": weights})
        training = RoofTraining(RoofNet(Architecture()), settings)
        training.on_train_start()
        assert training.network.encoder.model.conv_stem.weight.requires_grad is not frozen


def test_depthwise_in_float32_changes_no_result() -> None:
    torch.manual_seed(0)
    network = RoofNet(Architecture()).eval()
    image, metadata = torch.rand(1, 3, 64, 64) * 255, torch.zeros(1, 5)
    with torch.no_grad():
        before = network(image, metadata)
        keep_depthwise_in_float32(network)
        assert torch.allclose(network(image, metadata), before)


def test_a_record_travels_with_the_checkpoint(tmp_path: Path) -> None:
    training = make({"steps": 2})
    training.record["data"] = [{"sha256": "abc", "windows": 3}]
    fit(training, Windows(Noise(8), None, default_collate), tmp_path)
    assert read_checkpoint(tmp_path / LAST)[RECORD]["data"] == [{"sha256": "abc", "windows": 3}]
    assert not list(tmp_path.glob("*.part"))


def test_only_whole_checkpoints_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(fitting.os, "replace", fails)
    with pytest.raises(OSError, match="No space"):
        fit(make({"steps": 2, "checkpoint_every": 1}), Windows(Noise(8), None, default_collate), tmp_path)
    assert not (tmp_path / LAST).exists()


def test_pictures_show_the_weights_that_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Tensor] = []
    training = make({"steps": 5})
    weight = training.network.film.weight

    def note(*_: object) -> Any:
        drawn.append(weight.detach().clone())
        return torch.zeros(1, 1, 3, dtype=torch.uint8).numpy()

    monkeypatch.setattr("roofgeo.models.showing.strips", note)
    fit(training, Windows(Noise(20), Noise(4, 1), default_collate), tmp_path)
    checkpoint = read_checkpoint(tmp_path / LAST)
    assert torch.equal(drawn[-1], checkpoint["state_dict"]["network.film.weight"])
    assert not torch.equal(drawn[-1], checkpoint["current_model_state"]["network.film.weight"])


def test_the_average_of_a_short_run_is_of_its_weights_and_not_of_its_beginning(tmp_path: Path) -> None:
    training = make({"steps": 12, "ema_decay": 0.999})
    start = training.network.film.weight.detach().clone()
    fit(training, Windows(Noise(40), None, default_collate), tmp_path)
    checkpoint = read_checkpoint(tmp_path / LAST)
    averaged, current = (checkpoint[key]["network.film.weight"] for key in ("state_dict", "current_model_state"))
    assert (averaged - current).norm() < 0.7 * (start - current).norm()
    assert not torch.equal(averaged, current)
    assert RunningAverage(0.9).kept(1000) == 0.9
