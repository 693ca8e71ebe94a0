"""Measure the training: `python -m tests.benchmarks.training overfit|memory|metadata|presets|scaling|compile|step`.

Each prints a table; what is written goes to a temporary folder, or where --keep says.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from roofgeo.data.mixing import TrainingWindows, WindowCut, collate_windows
from roofgeo.models import fitting
from roofgeo.models.capacity import random_batch
from roofgeo.models.checkpoint import DEFAULT_MODEL, load_network, open_model
from roofgeo.models.network import RoofNet
from roofgeo.models.runs import LAST, finished_network, read_checkpoint
from roofgeo.models.settings import make_settings
from roofgeo.models.training import RoofTraining, keep_depthwise_in_float32, prepare_torch
from roofgeo.models.validation import HeadFigures
from roofgeo.pipeline.recipe import DataSource, make_recipe
from roofgeo.pipeline.scenery import Rendered
from roofgeo.pipeline.sourcing import open_sources
from roofgeo.pipeline.training import new_training
from roofgeo.schema import HEAD
from roofgeo.synthesis.published import write_airs, write_rid, write_roofline

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ROOFGEO_TEST_DATA", ROOT.parent / "shared" / "data"))
LOOK_S = 0.5


@dataclass(frozen=True)
class Run:
    """A `roofgeo train` in a process of its own.

    Attributes:
        seconds: From its start to its end.
        peak_bytes: Most memory of it and all its children at one time; shared pages count once (PSS).
        figures: Of its last measurement.
        losses: By head, the mean of the first and of the last fifth of what was logged.
    """

    seconds: float
    peak_bytes: int
    figures: dict[str, float]
    losses: dict[str, tuple[float, float]]


def run(folder: Path, *arguments: str) -> Run:
    """Train into a folder, and watch."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "roofgeo.cli", "train", "--output", str(folder), "--progress", "json", *arguments]
    with (folder.parent / f"{folder.name}.jsonl").open("w+", encoding="utf-8") as told:
        process = subprocess.Popen(command, stdout=told, cwd=ROOT)
        peak = 0
        while process.poll() is None:
            peak = max(peak, tree_bytes(process.pid))
            time.sleep(LOOK_S)
        told.seek(0)
        events = [json.loads(line) for line in told]
    if process.returncode:
        raise SystemExit(f"roofgeo train ended with {process.returncode}")
    measured = [event for event in events if event["event"] == "figures"]
    return Run(time.perf_counter() - began, peak, measured[-1] if measured else {}, losses_of(folder))


def tree_bytes(pid: int) -> int:
    """Memory of a process and its descendants, shared pages counted once; Linux only."""
    total, waiting = 0, [pid]
    while waiting:
        here = waiting.pop()
        try:
            rollup = Path(f"/proc/{here}/smaps_rollup").read_text(encoding="utf-8")
            total += 1024 * next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            for thread in Path(f"/proc/{here}/task").iterdir():
                waiting += map(int, (thread / "children").read_text(encoding="utf-8").split())
        except (OSError, StopIteration):
            continue  # it has just ended
    return total


def losses_of(folder: Path) -> dict[str, tuple[float, float]]:
    """By head, the mean loss of the first and of the last fifth of the lines that tell it."""
    with (folder / "run" / "log" / "version_0" / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for head in HEAD:
        values = [float(row[f"loss_{head}"]) for row in rows if row.get(f"loss_{head}")]
        fifth = max(1, len(values) // 5)
        if values:
            found[head] = sum(values[:fifth]) / fifth, sum(values[-fifth:]) / fifth
    return found


def shown(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items() if name not in ("event", "step"))


def overfit(folder: Path, arguments: argparse.Namespace) -> None:
    """Eight windows learned by heart: measured on the very windows, pixel by pixel."""
    settings = make_settings(
        {
            "steps": arguments.steps or 800, "batch_size": 8, "window_px": arguments.window_px or 128,
            "pixel_size_m": 0.15, "augment": False, "workers": 0, "threads": arguments.threads, "ema_decay": 0.98,
            "learning_rate": 3e-3, "weight_decay": 0.0, "freeze_stem": False, "pictures": 8, "seed": 1,
            "validate_every": 100,
        }
    )  # fmt: skip
    prepare_torch(settings.seed, settings.threads)
    scenes = Rendered(scenes=8, size_px=settings.window_px, style="oceania").pool(settings.pixel_size_m, settings.seed)
    cut = WindowCut(settings.window_px, settings.pixel_size_m, 0.0, augmented=False)
    windows, again = (TrainingWindows([(1.0, scenes)], cut, seed, count) for seed, count in ((1, 8000), (2, 48)))
    training = new_training(settings, {}, 0, {"architecture": {}})

    def tell(step: int, found: dict[str, float]) -> None:
        if found:
            print(f"step {step}: {shown(found)}", flush=True)

    began = time.perf_counter()
    fitting.fit(training, fitting.Windows(windows, again, collate_windows), folder / "run", tell)
    reached = training.figures
    print(f"\n8 windows of {settings.window_px} px, {settings.steps} steps, {time.perf_counter() - began:.0f} s")
    for name, value, floor in (
        ("mIoU", reached["segments_miou"], "> 0.95"),
        ("azimuth MAE, degrees", reached["azimuth_mae_deg"], "< 3"),
        ("line F", reached["lines_f"], "> 0.9"),
    ):
        print(f"| {name} | {floor} | {value:.3f} |")


def memory(folder: Path, arguments: argparse.Namespace) -> None:
    """All four published layouts at once: peak memory of the process and its workers, and each head's loss."""
    write_rid(folder / "rid", 6)
    write_airs(folder / "airs", {"train": 3, "val": 1}, size_px=1024)
    write_roofline(folder / "roofline" / "imdb.mat", 24)
    data = [str(folder / "rid"), str(folder / "airs"), str(folder / "roofline"), str(DATA / "roofgraph")]
    found = run(
        folder / "model", *data, "--preset", arguments.preset, "--encoder-weights", "none",
        "--steps", str(arguments.steps or 200), "--window-px", "512", "--batch-size", "2", "--workers", "1",
        "--threads", str(arguments.threads), "--validate-every", "100", "--validation-windows", "16",
    )  # fmt: skip
    print(f"{arguments.preset}: peak {found.peak_bytes / 1e9:.2f} GB, {found.seconds:.0f} s; {shown(found.figures)}")
    for head, (first, last) in found.losses.items():
        print(f"| {head} | {first:.3f} | {last:.3f} | {'falls' if last < first else 'RISES'} |")


def metadata(folder: Path, arguments: argparse.Namespace) -> None:
    """The same training with and without being told where the sun stands, measured under a sun of each hemisphere."""
    for name, dropout in (("told", 0.3), ("never told", 1.0)):
        settings = make_settings(
            {
                "steps": arguments.steps or 600, "batch_size": 8, "window_px": arguments.window_px or 192,
                "threads": arguments.threads, "workers": 1, "metadata_dropout": dropout, "validation_windows": 0,
                "seed": arguments.seed,
            }
        )  # fmt: skip
        prepare_torch(settings.seed, settings.threads)
        source = DataSource("rendered", validation="", options={"scenes": 200, "size_px": 512})
        recipe = make_recipe(data=[source], values=dataclasses.asdict(settings))
        sourced = open_sources(recipe, folder)
        architecture = dataclasses.asdict(new_training(settings, {}, 0, {}).network.architecture)
        training = new_training(settings, {}, 0, {"architecture": architecture})
        run_folder = folder / name.replace(" ", "_")
        began = time.perf_counter()
        fitting.fit(training, fitting.Windows(sourced.training, None, collate_windows), run_folder)
        trained = RoofTraining(finished_network(read_checkpoint(run_folder / LAST)), settings)
        print(f"{name}: {settings.steps} steps, {time.perf_counter() - began:.0f} s", flush=True)
        under_both_suns(name, trained, told=dropout < 1)
    settings = make_settings({"window_px": arguments.window_px or 192, "threads": arguments.threads})
    shipped = RoofTraining(load_network(open_model(DEFAULT_MODEL).folder), settings)
    under_both_suns("shipped model, told", shipped, told=True)
    under_both_suns("shipped model, not told", shipped, told=False)


def under_both_suns(name: str, training: RoofTraining, told: bool) -> None:
    """Print a row of the table for each hemisphere."""
    for place, sun_deg in (("sun in the south", 180.0), ("sun in the north", 0.0)):
        print(f"| {name} | {place} | {shown(under_sun(training, sun_deg, told))} |", flush=True)


def under_sun(training: RoofTraining, sun_azimuth_deg: float, told: bool) -> dict[str, float]:
    """Figures on 48 windows of scenes that no training saw, under one sun."""
    settings = training.settings
    scenes = Rendered(size_px=256, sun_azimuth_deg=sun_azimuth_deg, validation_scenes=24).pool(
        settings.pixel_size_m, 99, validation=True
    )
    cut = WindowCut(settings.window_px, settings.pixel_size_m, 0.0, augmented=False)
    found = HeadFigures(training.network.architecture.heads)
    loader = DataLoader(TrainingWindows([(1.0, scenes)], cut, 5, 48), 8, collate_fn=collate_windows)
    for batch in loader:
        if not told:
            batch = {**batch, "sun_azimuth_deg": torch.full((len(batch["image"]),), math.nan)}
        ready = training.on_before_batch_transfer(batch, 0)
        with torch.no_grad():
            found.add(training.network(ready["image"], ready["metadata"]), ready)
    return found.figures()


def presets(folder: Path, arguments: argparse.Namespace) -> None:
    """Both presets for a short while on rendered scenes and RoofGraph, as their recipes say."""
    for preset in ("unet-mobilenet-v2", "hybrid-resnet50"):
        found = run(
            folder / preset, "--config", f"recipes/{preset}.toml", "--data-root", str(DATA),
            "--encoder-weights", "none", "--steps", str(arguments.steps or 400), "--batch-size", "8",
            "--window-px", str(arguments.window_px or 192), "--workers", "1", "--threads", str(arguments.threads),
            "--validate-every", "100", "--learning-rate", "2e-3",
        )  # fmt: skip
        print(f"| {preset} | {found.seconds:.0f} s | {found.peak_bytes / 1e9:.2f} GB | {shown(found.figures)} |")


def scaling(folder: Path, arguments: argparse.Namespace) -> None:
    """More windows, larger batches, more workers, more data sets: time, memory and loss of each step of the way."""
    write_airs(folder / "airs", {"train": 3, "val": 1}, size_px=1024)
    roofs, airs = str(DATA / "roofgraph"), str(folder / "airs")
    steps = ("--steps", str(arguments.steps or 150), "--threads", str(arguments.threads), "--window-px", "192")
    usual = ("--max-samples", "100", "--batch-size", "4", "--workers", "1")
    ways: Sequence[tuple[str, tuple[str, ...]]] = (
        ("10 windows", (roofs, *usual, "--max-samples", "10")),
        ("100 windows", (roofs, *usual)),
        ("1,000 windows", (roofs, *usual, "--max-samples", "1000")),
        ("all windows", (roofs, "--batch-size", "4", "--workers", "1")),
        ("batch 2", (roofs, *usual, "--batch-size", "2")),
        ("batch 8", (roofs, *usual, "--batch-size", "8")),
        ("no worker", (roofs, *usual, "--workers", "0")),
        ("2 workers", (roofs, *usual, "--workers", "2")),
        ("two data sets", (roofs, airs, *usual)),
    )
    kept: list[Path] = []
    print("| step | s | peak GB | loss segments, first to last | val |\n|---|---:|---:|---|---|")
    for name, given in ways:
        target = folder / name.replace(" ", "_").replace(",", "")
        (target / "run").mkdir(parents=True)
        for index in kept:
            os.link(index, target / "run" / index.name)  # a scan is no part of the time
        found = run(target, *given, *steps, "--validation-windows", "32", "--pictures", "0")
        kept = list((target / "run").glob("index-*.parquet"))
        first, last = found.losses["segments"]
        figures = {k: found.figures[k] for k in ("segments_miou", "roof_iou", "lines_f") if k in found.figures}
        print(f"| {name} | {found.seconds:.0f} | {found.peak_bytes / 1e9:.2f} | {first:.2f} to {last:.2f} | "
              f"{shown(figures)} |", flush=True)  # fmt: skip


def compile(folder: Path, arguments: argparse.Namespace) -> None:
    """Seconds a step on noise that lies in memory, with and without torch.compile."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    window_px, batch_size = arguments.window_px or 256, 4
    for compiled in (False, True):
        settings = make_settings({"preset": arguments.preset, "encoder_weights": "none", "compile": compiled,
                                  "threads": arguments.threads, "window_px": window_px})  # fmt: skip
        prepare_torch(0, settings.threads)
        base = new_training(settings, {}, 0, {})
        if device.type == "cpu":
            keep_depthwise_in_float32(base.network)
        training = base.to(device).train()
        training.network.to(memory_format=torch.channels_last)
        print(
            f"compile {compiled}: {_seconds_a_step(training, batch_size, window_px, device):.3f} s a step", flush=True
        )


def step(folder: Path, arguments: argparse.Namespace) -> None:
    """Seconds a step from the data sets, against a step on noise that lies on the device already."""
    write_rid(folder / "rid", 6)
    write_airs(folder / "airs", {"train": 3, "val": 1}, size_px=1024)
    settings = make_settings(
        {
            "preset": arguments.preset, "encoder_weights": "none", "steps": arguments.steps or 100,
            "batch_size": arguments.batch_size, "window_px": arguments.window_px or 512, "threads": arguments.threads,
            "workers": arguments.workers, "validation_windows": 0, "checkpoint_every": 10**6,
        }
    )  # fmt: skip
    prepare_torch(settings.seed, settings.threads)
    sources = [DataSource(path=folder / name, validation="") for name in ("rid", "airs")]
    sourced = open_sources(make_recipe(data=sources, values=dataclasses.asdict(settings)), folder)
    at: dict[int, float] = {}
    training = new_training(settings, {}, 0, {"architecture": {}})
    windows = fitting.Windows(sourced.training, None, collate_windows)
    fitting.fit(training, windows, folder / "run", lambda done, _: at.setdefault(done, time.perf_counter()))
    first = min(20, settings.steps // 2)
    fed = (at[settings.steps] - at[first]) / (settings.steps - first)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    alone = _seconds_a_step(training.to(device).train(), settings.batch_size, settings.window_px, device)
    print(f"{arguments.preset}, {settings.batch_size} windows of {settings.window_px} px on {device}")
    print(f"{fed:.3f} s a step from the data, {alone:.3f} s on noise: {fed / alone - 1:+.0%}")


def _seconds_a_step(training: RoofTraining, batch_size: int, window_px: int, device: torch.device) -> float:
    network: RoofNet = training.network
    batch = random_batch(network, batch_size, window_px, device)
    optimizer = torch.optim.AdamW(training.parameters())
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16):
            loss = training.training_step(batch, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds[3:])[len(seconds[3:]) // 2]


MEASURES = {f.__name__: f for f in (overfit, memory, metadata, presets, scaling, compile, step)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--window-px", type=int)
    parser.add_argument("--preset", default="roofnet-lite0")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where to leave what is written")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        MEASURES[arguments.what](folder, arguments)


if __name__ == "__main__":
    main()
