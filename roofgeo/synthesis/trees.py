"""Trees: canopies with height, drawn over roofs and ground."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roofgeo.synthesis.materials import Rgb, vary
from roofgeo.synthesis.noise import Image, noise

Rng = np.random.Generator

_GREENS: tuple[Rgb, ...] = (
    (62, 84, 42), (50, 72, 38), (76, 98, 50), (88, 104, 56), (44, 60, 40), (98, 112, 60), (70, 82, 62), (110, 112, 60),
)  # fmt: skip
_BARE: tuple[Rgb, ...] = ((112, 98, 80), (92, 82, 68), (130, 120, 96))


@dataclass(frozen=True)
class Tree:
    """One tree or bush.

    Attributes:
        center_m: x, y of its middle in metres.
        radius_m: Of the canopy.
        height_m: Of its top above ground.
        rgb: Colour of the leaves.
        ragged: How uneven its rim is, 0..1.
        spiky: Number of fronds of a palm; 0 for other trees.
    """

    center_m: tuple[float, float]
    radius_m: float
    height_m: float
    rgb: Rgb
    ragged: float = 0.3
    spiky: int = 0


@dataclass(frozen=True)
class Canopy:
    """All trees of a scene as (height, width) images.

    Attributes:
        height_m: Height of the canopy above ground, 0 where there is none.
        color: (height, width, 3) colour of the leaves.
        cover: Opacity, 0..1.
    """

    height_m: Image
    color: Image
    cover: Image


def random_tree(rng: Rng, center_m: tuple[float, float], bare: bool, scale: float = 1.0, palms: float = 0.08) -> Tree:
    """A tree, a palm (in so many of all cases) or a bush."""
    bush = rng.random() < 0.4
    radius = (rng.uniform(0.4, 1.5) if bush else rng.uniform(1.3, 4.5)) * scale
    height = radius * rng.uniform(0.9, 1.4) if bush else radius * rng.uniform(1.3, 2.6) + 1
    palette = _BARE if bare and rng.random() < 0.6 else _GREENS
    rgb = vary(rng, palette[int(rng.integers(len(palette)))], 0.2, 0.07)
    if rng.random() < 0.04:
        rgb = vary(rng, ((150, 70, 60), (170, 140, 60), (190, 150, 170))[int(rng.integers(3))], 0.15)
    spiky = int(rng.integers(7, 12)) if rng.random() < palms else 0
    return Tree(center_m, radius, height, rgb, rng.uniform(0.15, 0.6), spiky)


def draw_canopy(rng: Rng, trees: list[Tree], shape: tuple[int, int], pixel_size_m: float) -> Canopy:
    """Draw trees into (height, width) images; the higher one covers the lower."""
    canopy = Canopy(np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32))
    leaves = noise(rng, shape, 0.35 / pixel_size_m) * 0.6 + noise(rng, shape, 0.12 / pixel_size_m) * 0.4
    lumps = noise(rng, shape, 0.8 / pixel_size_m)
    for tree in trees:
        for crown in _crowns(rng, tree):
            _draw_tree(crown, canopy, leaves, lumps, pixel_size_m)
    return canopy


def _crowns(rng: Rng, tree: Tree) -> list[Tree]:
    """A large tree's crown is several lumps; a small one's is one."""
    if tree.spiky or tree.radius_m < 1.4:
        return [tree]
    parts = []
    for _ in range(int(rng.integers(3, 8))):
        offset = rng.normal(0, 0.42 * tree.radius_m, 2)
        center = (tree.center_m[0] + float(offset[0]), tree.center_m[1] + float(offset[1]))
        size = rng.uniform(0.4, 0.75)
        high = tree.height_m * rng.uniform(0.75, 1.05)
        parts.append(
            replace(
                tree, center_m=center, radius_m=tree.radius_m * size, height_m=high, rgb=vary(rng, tree.rgb, 0.07, 0.02)
            )
        )
    return parts


def _draw_tree(tree: Tree, canopy: Canopy, leaves: Image, lumps: Image, pixel_size_m: float) -> None:
    reach = 1.35 * tree.radius_m / pixel_size_m
    x, y = tree.center_m[0] / pixel_size_m, tree.center_m[1] / pixel_size_m
    rows = slice(max(0, int(y - reach)), max(0, int(y + reach) + 1))
    cols = slice(max(0, int(x - reach)), max(0, int(x + reach) + 1))
    here = canopy.height_m[rows, cols]
    if here.size == 0:
        return
    dy = (np.arange(rows.start, rows.start + here.shape[0], dtype=np.float32)[:, None] + 0.5 - y) * pixel_size_m
    dx = (np.arange(cols.start, cols.start + here.shape[1], dtype=np.float32)[None] + 0.5 - x) * pixel_size_m
    rim = np.sqrt(dx * dx + dy * dy) / tree.radius_m
    rim = rim + tree.ragged * (0.25 * lumps[rows, cols] + 0.15 * leaves[rows, cols])
    if tree.spiky:
        angle = np.arctan2(dy, dx)
        rim = rim * (1.25 - 0.55 * np.cos(tree.spiky * angle)) * 0.95
    dome = np.clip(1 - rim * rim, 0, None)
    rough = 1 + 0.12 * lumps[rows, cols] + 0.1 * leaves[rows, cols]
    z = tree.height_m * (0.45 + 0.55 * np.sqrt(dome)) * rough
    wins: NDArray[np.bool_] = (rim < 1) & (z > here)
    here[wins] = z[wins]
    shade = 1 + 0.16 * leaves[rows, cols] + 0.1 * lumps[rows, cols] + 0.25 * (np.sqrt(dome) - 0.6)
    color = np.asarray(tree.rgb, np.float32) * np.clip(shade, 0.35, 1.8)[..., None]
    canopy.color[rows, cols][wins] = color[wins]
    canopy.cover[rows, cols][wins] = np.clip(0.75 + 0.25 * leaves[rows, cols] + dome, 0.5, 1)[wins]


def row_of(rng: Rng, start: tuple[float, float], end: tuple[float, float], radius_m: float, rgb: Rgb) -> list[Tree]:
    """A hedge: bushes along a line."""
    count = max(1, int(math.dist(start, end) / (1.1 * radius_m)))
    points = np.linspace(start, end, count)
    return [
        Tree((float(x), float(y)), radius_m * rng.uniform(0.85, 1.2), radius_m * 2, vary(rng, rgb, 0.05), 0.4)
        for x, y in points
    ]
