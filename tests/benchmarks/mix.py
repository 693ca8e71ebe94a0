"""What a mix costs to make and to keep, and how fast a training gets windows from disk and from scenes rendered anew.

Seconds are those of processors, so that other work on the machine does not count.

Run: ``.venv-dev/bin/python -m tests.benchmarks.mix recipes/mix.toml --data-root data --scenes 64``
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from roofgeo.data.mixing import TrainingWindows, collate_windows
from roofgeo.pipeline import composing
from roofgeo.pipeline.recipe import DataSource, make_recipe
from roofgeo.pipeline.sourcing import open_sources

BATCH = 8
WINDOW_PX = 384


def processor_s() -> float:
    """Seconds of processors that this process and those it has ended have used."""
    return sum(os.times()[:4])


def cost_of(mix: Path, data_root: Path | None, scenes: int, jobs: int, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes a scene; with the start of the processes and the scan of the windows."""
    began = processor_s()
    composing.compose(composing.open_mix(mix, scenes, data_root=data_root), folder, jobs)
    took_s = processor_s() - began
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return took_s / scenes, size_bytes / 1e6 / scenes


def windows_of(source: DataSource, samples: int, folder: Path) -> TrainingWindows:
    """Windows as a training of the default network sees them."""
    values: dict[str, Any] = {"window_px": WINDOW_PX, "batch_size": BATCH, "steps": samples // BATCH + 1}
    return open_sources(make_recipe(data=[source], values=values), folder).training


def windows_per_second(windows: TrainingWindows) -> float:
    """Speed of one process, from the first batch on."""
    batches = iter(DataLoader(windows, BATCH, collate_fn=collate_windows))
    next(batches)
    began, count = processor_s(), 0
    for batch in batches:
        count += len(batch["image"])
    return count / (processor_s() - began)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mix", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--scenes", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--samples", type=int, default=160)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene_s, scene_mb = cost_of(chosen.mix, chosen.data_root, chosen.scenes, chosen.jobs, folder / "mix")
        print(f"{chosen.scenes} scenes, {chosen.jobs} jobs: {scene_s:.2f} s and {scene_mb:.2f} MB a scene", flush=True)
        sources = {
            "from disk": DataSource(path=folder / "mix"),
            "rendered, none seen before": DataSource("rendered", options={"scenes": 10**9}),
        }
        for title, source in sources.items():
            speed = windows_per_second(windows_of(source, chosen.samples, folder))
            print(f"{title}: {speed:.1f} windows of {WINDOW_PX} px a second", flush=True)


if __name__ == "__main__":
    main()
