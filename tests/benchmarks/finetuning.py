"""What fine-tuning on 20 tiles of one's own brings: the example of docs/finetuning.md.

`python -m tests.benchmarks.finetuning runs/finetuning --start-from runs/variants/lite0-no-masks` copies 20 of Banepa's
train tiles, trains by `recipes/finetuning.toml`, and measures before and after: on Banepa's other tiles, and on
rendered scenes that no other command renders, where the planes are known. Begin with a model that has not seen Banepa.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from roofgeo.cli import main as roofgeo
from roofgeo.evaluation.report import Figures, add_up, figures_table
from tests.benchmarks import sets
from tests.benchmarks.figures import DATA, ROOT, measure

TILES: Final = 20
FIRST_SCENE: Final = 6100
"""Rendered scenes to measure on; no other command renders these seeds."""

SCENES: Final = 8


def gather(folder: Path) -> Path:
    """A folder of the first train tiles and their masks, arranged as one's own would be."""
    for name in (DATA / "banepa" / "train.txt").read_text(encoding="utf-8").split()[:TILES]:
        for part, suffix in (("images", "tif"), ("masks", "png")):
            (folder / part).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DATA / "banepa" / part / f"{name}.{suffix}", folder / part / f"{name}.{suffix}")
    return folder


def rows(name: str, model: Path, folder: Path) -> Iterator[tuple[str, Figures]]:
    """The rows of one model: Banepa's other tiles, and rendered scenes."""
    yield f"{name}: Banepa", measure(sets.banepa(DATA), str(model), folder)
    scenes = itertools.islice(sets.rendered_scenes(folder, FIRST_SCENE), SCENES)
    yield f"{name}: rendered scenes", add_up([measure(scene, str(model), folder) for scene in scenes])


def main() -> None:
    """Train, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Other options go to roofgeo train.")
    parser.add_argument("folder", type=Path, help="where the tiles, the model and the predictions are kept")
    parser.add_argument("--start-from", type=Path, required=True, help="folder of the model to go on from")
    arguments, options = parser.parse_known_args()
    data, tuned = arguments.folder / "data", arguments.folder / "model"
    gather(data / "mine")
    config = ["--config", str(ROOT / "recipes" / "finetuning.toml"), "--data-root", str(data)]
    start = ["--start-from", str(arguments.start_from), "--output", str(tuned)]
    roofgeo(["train", *config, *start, *options], standalone_mode=False)
    figures: dict[str, Figures] = {}
    for name, model in (("before", arguments.start_from), ("after", tuned)):
        output = arguments.folder / name
        output.mkdir(exist_ok=True)
        figures |= rows(name, model, output)
    print(figures_table(figures))


if __name__ == "__main__":
    main()
