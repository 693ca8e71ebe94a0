"""Scenes made while training: rendered ones, and real roofs composed onto rendered ground."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from roofgeo.data.targets import LabelledScene

Rng = np.random.Generator

UNBUILT_SEED = 7
"""Tells chance of the grounds from that of rendered scenes."""


@dataclass
class Pool:
    """Numbered scenes that are drawn again and again, since rendering one takes longer than training on it.

    Scene n is the same whenever and wherever it is rendered; each process renders those it draws.

    Attributes:
        render: Makes a scene of a source of chance.
        seed: With a scene's number, start of its chance.
        size: How many scenes there are.
        most_kept: How many of them a process keeps.
    """

    render: Callable[[Rng], LabelledScene]
    seed: tuple[int, ...]
    size: int
    most_kept: int = 400
    _kept: OrderedDict[int, LabelledScene] = field(default_factory=OrderedDict, repr=False)

    def __call__(self, rng: Rng) -> LabelledScene:
        """One of the scenes, each as likely."""
        number = int(rng.integers(self.size))
        if number not in self._kept:
            self._kept[number] = self.render(np.random.default_rng([*self.seed, number]))
            if len(self._kept) > self.most_kept:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


@dataclass(frozen=True)
class Rendered:
    """Options of rendered scenes.

    Attributes:
        scenes: How many different ones.
        size_px: Side of a scene.
        style: Name of a style of `roofgeo.synthesis.STYLES`; None for all.
        sun_azimuth_deg: Where the sun stands; None for what each scene draws.
        validation_scenes: How many others to measure on.
    """

    scenes: int = 300
    size_px: int = 768
    style: str | None = None
    sun_azimuth_deg: float | None = None
    validation_scenes: int = 12

    def pool(self, pixel_size_m: float, seed: int, validation: bool = False) -> Pool:
        """The scenes, or those to measure on."""
        from roofgeo.synthesis.scenes import render_scene

        def render(rng: Rng) -> LabelledScene:
            return render_scene(
                rng, self.size_px, pixel_size_m, style=self.style, sun_azimuth_deg=self.sun_azimuth_deg
            ).scene

        return Pool(render, (seed, int(validation)), self.validation_scenes if validation else self.scenes)


@dataclass(frozen=True)
class Composed:
    """Options of composed scenes.

    Attributes:
        grounds: How many different unbuilt grounds are rendered.
        ground_px: Side of a ground, and so of a scene.
        roofs_a_scene: Roofs offered to a scene; about half find room.
    """

    grounds: int = 80
    ground_px: int = 576
    roofs_a_scene: int = 18

    def source(self, roofgraph: Path, pixel_size_m: float, seed: int, split: str) -> Callable[[Rng], LabelledScene]:
        """Draws scenes of roofs of a RoofGraph data set."""
        from roofgeo.data.augment import coarser
        from roofgeo.data.roofgraph import PIXEL_SIZE_M, RoofGraph
        from roofgeo.synthesis.composition import compose_scene
        from roofgeo.synthesis.scenes import render_scene
        from roofgeo.synthesis.styles import draw_style

        crops = RoofGraph(roofgraph, split)
        factor = max(1, round(pixel_size_m / PIXEL_SIZE_M))
        roofs = [coarser(crops.scene(i), factor) for i in range(len(crops.pictures))]

        def unbuilt(rng: Rng) -> LabelledScene:
            style = dataclasses.replace(draw_style(rng, self.ground_px * pixel_size_m), vacant=1.0, sheds=0.0)
            return render_scene(rng, self.ground_px, pixel_size_m, style=style).scene

        grounds = Pool(unbuilt, (seed, UNBUILT_SEED), self.grounds)

        def composed(rng: Rng) -> LabelledScene:
            # Neighbours in the list come from one map tile: one flight, one sun.
            offered = min(self.roofs_a_scene, len(roofs))
            first = int(rng.integers(len(roofs) - offered + 1))
            return compose_scene(grounds(rng), roofs[first : first + offered], rng)

        return composed
