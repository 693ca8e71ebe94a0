"""Random training windows of labelled scenes, drawn from weighted sources and augmented."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from affine import Affine
from torch.utils.data import IterableDataset, get_worker_info

from roofgeo.data.augment import random_window, transform_scene, vary_colour
from roofgeo.data.dataset import as_tensors
from roofgeo.data.targets import LabelledScene, rasterize_targets
from roofgeo.schema import NODATA

SceneSource = Callable[[np.random.Generator], LabelledScene]

MIN_LABELLED_SHARE = 0.05
MIN_ROOF_SHARE = 0.03
BARE_SHARE = 0.2
"""Of the windows with less roof than that so many are kept: ground is learned from every window."""

SUN_JITTER_DEG = 25.0
"""How far the sun that a latitude lets one expect is off the real one, in the training as in life."""


@dataclass(frozen=True)
class WindowSampler:
    """How training windows are cut.

    Attributes:
        size_px: Side of a window, a multiple of 32.
        pixel_size_m: Pixel size of the network, which all scenes must have.
        unknown_share: Share of the windows whose pixel size, and whose sun, are withheld from the network.
    """

    size_px: int
    pixel_size_m: float
    unknown_share: float = 0.3

    def window(self, scene: LabelledScene, rng: np.random.Generator) -> dict[str, Any]:
        """One augmented window: ``image`` (3, size, size) float32 0..255, a target per head, and the metadata."""
        seen = random_window(scene, self.size_px, rng)
        image, source_pixel_size_m = vary_colour(seen.image, rng, self.pixel_size_m)
        sun_azimuth_deg = math.nan if seen.sun_azimuth_deg is None else seen.sun_azimuth_deg
        known = rng.random(2) >= self.unknown_share
        return {
            "image": torch.from_numpy(image).float(),
            "source_pixel_size_m": source_pixel_size_m if known[0] else math.nan,
            "sun_azimuth_deg": sun_azimuth_deg + rng.normal(0, SUN_JITTER_DEG) if known[1] else math.nan,
            **as_tensors(rasterize_targets(seen)),
        }

    def centred(self, scene: LabelledScene) -> dict[str, Any]:
        """The middle of a scene as it is, in a window as `window` gives it: to measure on."""
        height, width = scene.image.shape[1:]
        shift = Affine.translation(round((self.size_px - width) / 2), round((self.size_px - height) / 2))
        seen = transform_scene(scene, shift, (self.size_px, self.size_px))
        return {
            "image": torch.from_numpy(seen.image).float(),
            "source_pixel_size_m": self.pixel_size_m,
            "sun_azimuth_deg": math.nan if seen.sun_azimuth_deg is None else seen.sun_azimuth_deg,
            **as_tensors(rasterize_targets(seen)),
        }


class RandomWindows(IterableDataset[dict[str, Any]]):
    """An endless stream of training windows.

    Args:
        sources: For each source its share of the windows and a function that draws a scene.
        sampler: How windows are cut.
        seed: Start of the sequence; each worker has its own.
    """

    def __init__(self, sources: tuple[tuple[float, SceneSource], ...], sampler: WindowSampler, seed: int) -> None:
        self.sources = sources
        self.sampler = sampler
        self.seed = seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, 0 if worker is None else worker.id])
        shares = np.array([share for share, _ in self.sources])
        while True:
            _, draw = self.sources[rng.choice(len(shares), p=shares / shares.sum())]
            window = self.sampler.window(draw(rng), rng)
            labelled, roof = (window["roof"] != NODATA).float().mean(), (window["roof"] == 1).float().mean()
            if labelled >= MIN_LABELLED_SHARE and (roof >= MIN_ROOF_SHARE or rng.random() < BARE_SHARE):
                yield window
