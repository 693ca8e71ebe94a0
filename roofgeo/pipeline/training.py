"""train: the recipe of the model that ships, from real and rendered roofs to a model folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from roofgeo.data.targets import LabelledScene
    from roofgeo.models.checkpoint import Model

TRAINED_ON = (
    "RoofGraphDataset (Ren et al. 2021), 2,100 roofs of New Zealand, CC BY-NC 4.0: cut out and composed into scenes",
    "scenes rendered by roofgeo.synthesis",
    "32 tiles of Banepa, OpenAerialMap (CC BY 4.0) with masks from OpenStreetMap outlines (ODbL): roof or not only",
)


def train(
    data: str | Path,
    output: str | Path,
    steps: int = 1600,
    batch_size: int = 8,
    window_px: int = 384,
    workers: int = 1,
    threads: int | None = None,
    seed: int = 0,
) -> Model:
    """Train RoofNet on real and rendered roofs and save it as a model folder; resumes an interrupted run.

    Args:
        data: Folder with ``roofgraph/`` and ``banepa/``.
        output: Where the model is written; checkpoints go to its folder ``run/``.
        steps: Optimiser steps.
        batch_size: Windows a step.
        window_px: Side of a training window, a multiple of 32.
        workers: Processes that compose windows.
        threads: CPU threads of the network; None for PyTorch's choice.
        seed: Start of all chance.

    Returns:
        The model.
    """
    from roofgeo.data.augment import coarser
    from roofgeo.data.roofgraph import RoofGraph
    from roofgeo.data.mixing import RandomWindows, WindowSampler
    from roofgeo.models import checkpoint
    from roofgeo.models.network import Architecture, RoofNet
    from roofgeo.models.training import RoofTraining, fit, prepare_torch

    prepare_torch(seed, threads)
    network = RoofNet(Architecture())
    checkpoint.load_imagenet_encoder(network)
    sampler = WindowSampler(window_px, PIXEL_SIZE_M)
    held_out = RoofGraph(Path(data) / "roofgraph", "val")
    measured = [sampler.centred(coarser(held_out.scene(i), DOWNSAMPLE)) for i in range(0, len(held_out), 8)]
    training = RoofTraining(network, PIXEL_SIZE_M, learning_rate=2e-3, steps=steps)
    windows = RandomWindows(_training_sources(Path(data)), sampler, seed)
    fit(training, windows, measured, Path(output) / "run", batch_size, workers)
    card = checkpoint.ModelCard(
        name=Path(output).name,
        version="1",
        architecture=dataclasses.asdict(network.architecture),
        heads=network.architecture.heads,
        pixel_size_m=PIXEL_SIZE_M,
        source_pixel_size_m=SOURCE_PIXEL_SIZE_M,
        licence="CC-BY-NC-4.0",
        trained_on=TRAINED_ON,
    )
    return checkpoint.save_network(training.network, card, Path(output))


PIXEL_SIZE_M = 0.1
"""What the network sees; imagery is resampled to it."""

SOURCE_PIXEL_SIZE_M = (0.05, 0.3)
"""RoofGraph's pictures are of 0.05 m; `roofgeo.data.augment.vary_colour` coarsens to 0.3 m at most."""

DOWNSAMPLE = 2
"""From RoofGraph's 0.05 m to `PIXEL_SIZE_M`."""


def _training_sources(data: Path) -> tuple[tuple[float, Callable[[np.random.Generator], LabelledScene]], ...]:
    """The training mix: shares, and functions that draw a scene."""
    from roofgeo.data.augment import coarser
    from roofgeo.data.roof_masks import read_roof_masks
    from roofgeo.data.roofgraph import RoofGraph
    from roofgeo.synthesis.composition import compose_scene
    from roofgeo.synthesis.scenes import render_scene
    from roofgeo.synthesis.styles import draw_style

    roofgraph = RoofGraph(data / "roofgraph", "train")
    roofs = [coarser(roofgraph.scene(i), DOWNSAMPLE) for i in range(len(roofgraph))]
    tiles = read_roof_masks(data / "banepa", "train.txt", PIXEL_SIZE_M)

    def unbuilt(rng: np.random.Generator) -> LabelledScene:
        style = dataclasses.replace(draw_style(rng, GROUND_PX * PIXEL_SIZE_M), vacant=1.0, sheds=0.0)
        return render_scene(rng, GROUND_PX, PIXEL_SIZE_M, style=style).scene

    grounds = _Pool(unbuilt, 80)
    rendered = _Pool(lambda rng: render_scene(rng, RENDERED_PX, PIXEL_SIZE_M).scene, 300)

    def composed(rng: np.random.Generator) -> LabelledScene:
        # Neighbours in the list come from one map tile: one flight, one sun.
        first = int(rng.integers(len(roofs) - ROOFS_A_SCENE))
        return compose_scene(grounds(rng), roofs[first : first + ROOFS_A_SCENE], rng)

    return (0.5, composed), (0.38, rendered), (0.12, lambda rng: tiles[rng.integers(len(tiles))])


GROUND_PX = 576
RENDERED_PX = 768
ROOFS_A_SCENE = 18
"""Roofs offered to a composed scene; about half find room."""


class _Pool:
    """Scenes that are drawn again and again, since rendering one takes longer than training on it."""

    def __init__(self, render: Callable[[np.random.Generator], LabelledScene], size: int) -> None:
        self._render = render
        self._size = size
        self._scenes: list[LabelledScene] = []

    def __call__(self, rng: np.random.Generator) -> LabelledScene:
        if len(self._scenes) < self._size:
            self._scenes.append(self._render(rng))
            return self._scenes[-1]
        if rng.random() < 0.1:
            self._scenes[int(rng.integers(self._size))] = self._render(rng)
        return self._scenes[int(rng.integers(self._size))]
