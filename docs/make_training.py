"""Write the tables of parameters of docs/training.md, from the settings themselves."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

from roofgeo.models.settings import ABOUT, TrainingSettings

TARGET = Path(__file__).with_name("training.md")

MARKED = re.compile(r"(?<=<!-- parameters -->\n).*(?=\n<!-- /parameters -->)", re.DOTALL)

SECTIONS = {
    "network": "The network",
    "windows": "Windows",
    "optimisation": "Optimisation",
    "machine": "The machine",
    "run": "The run",
}

EFFECTS = {
    "encoder_weights": "with `none` the stem is trained too",
    "heads": "a head that no data set labels learns nothing",
    "metadata": "`python -m tests.benchmarks.training metadata` compares",
    "window_px": "memory and time grow with its square",
    "augment": "off only to learn windows by heart, see [Figures](#figures)",
    "metadata_dropout": "1 trains a network that is never told anything",
    "max_samples": "see [Figures](#figures): 8 windows are learned by heart",
    "workers": "0.4 GB is reckoned for each",
    "batch_size": "memory grows with it: `--find-batch` tells how far",
    "accumulate": "memory of one batch, gradients of several; the batch norm sees one",
    "freeze_stem": "of EfficientNet-Lite0 a third of the time of a step",
    "precision": "a step of `roofnet-lite0`, 4 windows of 384 px: 1.65 GB in fp32; 2 windows: 0.70 GB in bf16; on a "
    "CPU without bfloat16 of its own (AVX512-BF16, AMX) fp32 took half the time",
    "compile": "on a CPU 4 % (0.404 against 0.422 s a step of `roofnet-lite0`), after a minute of compiling",
    "threads": "on busy cores two were 3 to 10 times slower than one",
    "patience": "0 keeps the last weights, else the best measured",
    "seed": "two runs with one seed, one number of threads and one machine end alike, interrupted or not",
}
"""What was seen, or follows from how it works; nothing is said of what was not looked at."""


def table() -> str:
    """The parameters, a table a section."""
    parts = []
    fields = dataclasses.fields(TrainingSettings)
    for section, group in itertools.groupby(fields, lambda field: ABOUT[field.name].section):
        parts += [f"### {SECTIONS[section]}", "", "| parameter | what | range | default | effect seen |"]
        parts += ["|---|---|---|---|---|", *(_row(field.name, field.default) for field in group), ""]
    return "\n".join(parts)


def _row(name: str, default: object) -> str:
    about = ABOUT[name]
    told = about.unset if default is None else f"`{_written(default)}`"
    return f"| `{name}` | {about.help} | {about.range or 'any'} | {told} | {EFFECTS.get(name, '')} |"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{entry}"' for entry in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def render(document: str) -> str:
    """The document with the tables of today."""
    return MARKED.sub(lambda _: table().rstrip(), document)


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
