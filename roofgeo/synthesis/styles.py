"""Settlement styles: which roofs, coverings, grounds and gardens go together somewhere on earth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from roofgeo.synthesis import materials
from roofgeo.synthesis.materials import Rgb

Range = tuple[float, float]
Weights = dict[str, float]


@dataclass(frozen=True)
class Style:
    """How a settlement is built.

    Attributes:
        shapes: Weights of the roof shapes (see `roofgeo.synthesis.buildings`).
        coverings: Weights of the coverings of pitched roofs.
        pitch_deg: Slope of pitched roofs.
        eave_m: Height of the eaves.
        lot_m: Width of a lot along the street.
        depth_m: Depth of a lot.
        fill: Share of the lot's width and depth the building takes.
        block_m: Longest side of a street block.
        road_m: Width of a road.
        jitter_deg: Deviation of a building's direction from its street's.
        vacant: Share of lots without a building.
        sheds: Mean number of outbuildings on a lot.
        trees: Mean number of trees on a lot.
        walls: Share of lots with a wall, fence or hedge around.
        grounds: Main colours of open ground.
        patches: Colours of the patches in it.
        roads: Colours of the roads.
        clutter: Mean number of small things lying in a yard.
        palms: Share of palms among the trees.
        width_m: The widest a roof gets across its longer side.
    """

    shapes: Weights
    coverings: Weights
    pitch_deg: Range
    eave_m: Range
    lot_m: Range
    depth_m: Range
    fill: Range
    block_m: Range = (60, 120)
    road_m: Range = (4, 8)
    jitter_deg: float = 2.0
    vacant: float = 0.08
    sheds: float = 0.5
    trees: float = 1.5
    walls: float = 0.5
    grounds: tuple[Rgb, ...] = materials.GRASS
    patches: tuple[Rgb, ...] = field(default=(*materials.STRAW, *materials.EARTH))
    roads: tuple[Rgb, ...] = materials.ASPHALT
    clutter: float = 1.0
    palms: float = 0.08
    width_m: Range = (6.5, 15)


_HIP = {"hip": 3.0, "wings_hip": 4.0, "bumps_hip": 3.0, "pyramid": 0.5, "gable": 1.0, "wings_gable": 1.0, "annex": 0.7}
_GABLE = {
    "gable": 5.0, "halfhip": 0.8, "saltbox": 0.5, "wings_gable": 1.6, "cross": 0.8, "annex": 1.2, "hip": 0.8,
    "pyramid": 0.2, "flat": 0.4, "shed": 0.3, "wings_hip": 0.4, "stepped": 0.5,
}  # fmt: skip
_FLAT = {"flat": 3.0, "tower": 2.5, "wings_flat": 1.5, "shed": 1.5, "gable": 1.2, "stepped_flat": 1.5}
_GREEN = materials.GRASS
_RED = (*materials.LATERITE, *materials.EARTH)

STYLES: dict[str, Style] = {
    "oceania": Style(
        _HIP, {"metal": 4, "concrete_tile": 2.5, "iron": 0.7, "clay": 1, "slate": 0.3}, (12, 32), (2.3, 4.5),
        (15, 24), (22, 34), (0.55, 0.85), trees=1.6, roads=materials.ASPHALT, jitter_deg=4,
    ),
    "middle_europe": Style(
        _GABLE, {"clay": 4, "dark_tile": 3, "concrete_tile": 1, "metal": 0.5, "slate": 0.8}, (18, 50), (2.8, 7.5),
        (14, 26), (20, 34), (0.4, 0.75), trees=2.5, jitter_deg=5, sheds=0.8, palms=0.0, width_m=(7, 13.5),
    ),
    "equator": Style(
        {**_HIP, "gable": 4, "shed": 1.5, "wings_gable": 1.5, "annex": 1.5, "flat": 0.5},
        {"iron": 4, "clay": 2.5, "metal": 2, "thatch": 0.2}, (8, 30), (2.3, 4.5), (12, 28), (14, 30), (0.4, 0.8),
        jitter_deg=8, vacant=0.12, sheds=1.0, trees=2.4, walls=0.6, grounds=(*_RED, *_GREEN), patches=(*_RED, *_GREEN),
        roads=(*materials.LATERITE, *materials.EARTH, *materials.ASPHALT), clutter=3,
    ),
    "informal": Style(
        {"gable": 4, "shed": 4, "flat": 0.6, "hip": 0.8, "annex": 1}, {"iron": 6, "metal": 1.2, "thatch": 0.2}, (4, 22),
        (2.0, 3.4), (5, 11), (5, 11), (0.72, 0.98), (25, 55), (1.5, 5), jitter_deg=7, vacant=0.1, sheds=0.1, trees=0.3,
        walls=0.1, grounds=_RED, patches=(*_RED, *_GREEN, *materials.GRAVEL), roads=_RED, clutter=2.5,
    ),
    "dense_flat": Style(
        _FLAT, {"iron": 4, "metal": 2.5, "clay": 0.8}, (5, 22), (3, 12), (7, 15), (8, 16), (0.8, 1.0), (30, 70),
        (2.5, 7), jitter_deg=3, vacant=0.12, sheds=0.2, trees=0.5, walls=0.4, grounds=(*materials.EARTH, *_GREEN),
        patches=(*materials.EARTH, *_GREEN, *materials.GRAVEL), roads=(*materials.ASPHALT, *materials.EARTH), clutter=4,
    ),
    "dry": Style(
        {"flat": 3, "tower": 1.5, "hip": 2, "gable": 2, "wings_flat": 1.5, "wings_hip": 1.5, "wings_gable": 1,
         "shed": 1},
        {"clay": 5, "concrete_tile": 1, "metal": 0.7}, (12, 28), (2.6, 6.5), (14, 26), (16, 28), (0.5, 0.85),
        trees=1.4, grounds=(*materials.STRAW, *materials.EARTH), patches=(*materials.GRAVEL, *_GREEN), sheds=0.6,
    ),
    "america": Style(
        {"gable": 3, "hip": 2, "wings_hip": 2, "wings_gable": 2.5, "cross": 2, "bumps_hip": 1.5, "annex": 1},
        {"slate": 6, "metal": 0.6, "clay": 0.5, "concrete_tile": 0.7}, (16, 42), (2.6, 6.5), (16, 26), (26, 38),
        (0.5, 0.8), trees=2.8, jitter_deg=1.5, sheds=0.4,
    ),
    "rows": Style(
        {"row": 6, "row_flat": 1.2, "gable": 1, "hip": 0.7}, {"clay": 4, "dark_tile": 2, "slate": 3, "metal": 0.5},
        (18, 45), (4, 9), (24, 48), (18, 28), (0.35, 0.6), trees=2, jitter_deg=2, sheds=1.5, palms=0.0, width_m=(8, 13),
    ),
    "halls": Style(
        {"flat": 3, "gable": 3, "sawtooth": 1, "stepped_flat": 1.5, "shed": 1, "wings_flat": 1.2, "hip": 0.4},
        {"metal": 5, "iron": 2, "slate": 0.5, "concrete_tile": 0.4}, (3, 16), (4, 11), (30, 70), (30, 70), (0.45, 0.8),
        (90, 180), (6, 11), trees=1.0, walls=0.4, grounds=(*materials.ASPHALT, *materials.CONCRETE, *_GREEN),
        patches=(*materials.GRAVEL, *_GREEN), clutter=6, sheds=0.7, vacant=0.15,
        width_m=(14, 45),
    ),
    "farms": Style(
        {**_GABLE, "gable": 8}, {"clay": 3, "iron": 2, "metal": 2, "dark_tile": 2, "thatch": 0.4}, (10, 45), (2.5, 6),
        (28, 55), (28, 60), (0.25, 0.6), (70, 150), (3, 6), jitter_deg=12, vacant=0.45, sheds=1.8, trees=3, walls=0.3,
        grounds=(*_GREEN, *materials.EARTH), roads=(*materials.ASPHALT, *materials.EARTH, *materials.GRAVEL),
    ),
}  # fmt: skip

_DENSE = ("informal", "dense_flat")


def draw_style(rng: np.random.Generator, extent_m: float, weights: Weights | None = None) -> Style:
    """A style, at times with the ground or the coverings of another.

    Args:
        rng: Draws.
        extent_m: Side of the scene; in a wide one the dense styles would take too many buildings.
        weights: How often each style comes, whatever the side; None for all alike.
    """
    names = [name for name in STYLES if extent_m < 180 or name not in _DENSE]
    style = STYLES[draw(rng, weights) if weights else names[int(rng.integers(len(names)))]]
    if rng.random() < 0.3:
        other = STYLES[names[int(rng.integers(len(names)))]]
        style = replace(style, grounds=other.grounds, patches=other.patches, roads=other.roads)
    if rng.random() < 0.2:
        other = STYLES[names[int(rng.integers(len(names)))]]
        style = replace(style, coverings=other.coverings)
    return style


def draw(rng: np.random.Generator, weights: Weights) -> str:
    """One of the names, as often as their weights say."""
    names = list(weights)
    share = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=share / share.sum()))]
