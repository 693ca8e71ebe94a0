"""Where streets, blocks and lots lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from shapely import STRtree
from shapely.geometry import Polygon

from roofgeo.synthesis.shapes import FloatArray
from roofgeo.synthesis.styles import Range, Style
from roofgeo.synthesis.surfaces import box_m

Rng = np.random.Generator
_INFILL_TRIES = 120


@dataclass(frozen=True)
class Plot:
    """A turned rectangle of ground.

    Attributes:
        center_m: x, y of its middle.
        length_m: Side along the street.
        depth_m: Side away from the street.
        angle_rad: Direction of the street, from x towards y.
    """

    center_m: tuple[float, float]
    length_m: float
    depth_m: float
    angle_rad: float

    def ring_m(self, shrink_m: float = 0.0) -> FloatArray:
        """(4, 2) its corners, drawn in by `shrink_m` on each side."""
        size = max(self.length_m - 2 * shrink_m, 0.1), max(self.depth_m - 2 * shrink_m, 0.1)
        return box_m(self.center_m, size[0], size[1], self.angle_rad)

    def at(self, along_m: float, across_m: float) -> tuple[float, float]:
        """The place so far from the middle along the street and away from it."""
        cos, sin = math.cos(self.angle_rad), math.sin(self.angle_rad)
        return (
            self.center_m[0] + cos * along_m - sin * across_m,
            self.center_m[1] + sin * along_m + cos * across_m,
        )

    def part(self, left: float, top: float, right: float, bottom: float) -> Plot:
        """The rectangle between these offsets from the middle."""
        center = self.at((left + right) / 2, (top + bottom) / 2)
        return Plot(center, right - left, bottom - top, self.angle_rad)


@dataclass(frozen=True)
class Layout:
    """The ground plan of a scene: roads and the lots between them."""

    roads: tuple[Plot, ...]
    lots: tuple[Plot, ...]


def draw_layout(rng: Rng, extent_m: tuple[float, float], style: Style) -> Layout:
    """Streets and lots that cover a scene; at times two quarters whose streets run in different directions.

    Args:
        rng: Draws.
        extent_m: Width and height of the scene.
        style: Sizes of blocks, roads and lots.
    """
    angle = rng.uniform(0, math.pi)
    first = _quarter(rng, extent_m, style, angle)
    if rng.random() < 0.6:
        return first
    other = _quarter(rng, extent_m, style, angle + rng.uniform(0.25, 1.3))
    return _divided(rng, extent_m, first, other, style)


def _quarter(rng: Rng, extent_m: tuple[float, float], style: Style, angle: float) -> Layout:
    reach = math.hypot(*extent_m) + style.block_m[1]
    shift = rng.uniform(-0.25, 0.25, 2) * style.block_m[1]
    center = (extent_m[0] / 2 + float(shift[0]), extent_m[1] / 2 + float(shift[1]))
    blocks, roads = _split_blocks(rng, Plot(center, reach, reach, angle), style)
    lots = [lot for block in blocks if _near(block, extent_m) for lot in _split_lots(rng, block, style)]
    return Layout(tuple(r for r in roads if _near(r, extent_m)), tuple(lot for lot in lots if _near(lot, extent_m)))


def _near(plot: Plot, extent_m: tuple[float, float]) -> bool:
    """Whether a plot's bounding box meets the scene."""
    ring = plot.ring_m()
    low, high = ring.min(axis=0), ring.max(axis=0)
    return bool(low[0] < extent_m[0] and low[1] < extent_m[1] and high[0] > 0 and high[1] > 0)


def _split_blocks(rng: Rng, plot: Plot, style: Style) -> tuple[list[Plot], list[Plot]]:
    """Blocks and the roads between them, by halving until blocks are small enough."""
    blocks, roads, waiting = [], [], [plot]
    while waiting:
        part = waiting.pop()
        limit = rng.uniform(*style.block_m)
        x, y = part.length_m / 2, part.depth_m / 2
        # Blocks are two lots deep and as long as the style allows.
        deep = 2.2 * style.depth_m[1]
        if y > max(deep / 2, 0.3 * limit) and (y > x * deep / limit or x <= limit / 2):
            at, road = _cut(rng, y, style.road_m)
            waiting += [part.part(-x, -y, x, at - road / 2), part.part(-x, at + road / 2, x, y)]
            roads.append(part.part(-x, at - road / 2, x, at + road / 2))
        elif x > limit / 2:
            at, road = _cut(rng, x, style.road_m)
            waiting += [part.part(-x, -y, at - road / 2, y), part.part(at + road / 2, -y, x, y)]
            roads.append(part.part(at - road / 2, -y, at + road / 2, y))
        else:
            blocks.append(part)
    return blocks, roads


def _cut(rng: Rng, half: float, road_m: Range) -> tuple[float, float]:
    return float(rng.uniform(-0.25, 0.25) * half), float(rng.uniform(*road_m))


def _split_lots(rng: Rng, block: Plot, style: Style) -> list[Plot]:
    """A block's lots: one or two rows along the street."""
    deep = rng.uniform(*style.depth_m)
    rows = max(1, round(block.depth_m / deep))
    edges = np.linspace(-block.depth_m / 2, block.depth_m / 2, rows + 1)
    lots = []
    for top, bottom in pairwise(edges):
        count = max(1, round(block.length_m / rng.uniform(*style.lot_m)))
        sides = np.linspace(-block.length_m / 2, block.length_m / 2, count + 1)
        sides[1:-1] += rng.uniform(-0.12, 0.12, count - 1) * block.length_m / count
        lots += [block.part(a, top, b, bottom) for a, b in pairwise(sides)]
    return lots


def _divided(rng: Rng, extent_m: tuple[float, float], first: Layout, other: Layout, style: Style) -> Layout:
    """Two quarters on both sides of a road that crosses the scene."""
    angle = rng.uniform(0, 2 * math.pi)
    normal = np.array([-math.sin(angle), math.cos(angle)])
    through = np.asarray(extent_m) * rng.uniform(0.3, 0.7, 2)
    wide = rng.uniform(*style.road_m)

    def beyond(plot: Plot, sign: float) -> bool:
        return bool(np.min(sign * (plot.ring_m() - through) @ normal) > wide / 2 + 0.5)

    lots = [p for p in first.lots if beyond(p, 1.0)] + [p for p in other.lots if beyond(p, -1.0)]
    roads = [p for p in first.roads if beyond(p, 1.0)] + [p for p in other.roads if beyond(p, -1.0)]
    main = Plot((float(through[0]), float(through[1])), 3 * max(extent_m), wide, angle)
    return Layout((*roads, main), (*lots, *_infill(rng, extent_m, [*lots, *roads, main], style)))


def _infill(rng: Rng, extent_m: tuple[float, float], taken: list[Plot], style: Style) -> list[Plot]:
    """Lots in the gaps between plots, in the directions the plots have."""
    rings = STRtree([Polygon(plot.ring_m()) for plot in taken])
    found: list[Plot] = []
    outlines: list[Polygon] = []
    for _ in range(_INFILL_TRIES):
        center = rng.uniform((0.0, 0.0), extent_m)
        angle = taken[int(rng.integers(len(taken)))].angle_rad
        size = rng.uniform(*style.lot_m), rng.uniform(*style.depth_m)
        plot = Plot((float(center[0]), float(center[1])), float(size[0]), float(size[1]), angle)
        outline = Polygon(plot.ring_m())
        clear = len(rings.query(outline, predicate="intersects")) == 0
        if clear and not any(outline.intersects(other) for other in outlines):
            found.append(plot)
            outlines.append(outline)
    return found
