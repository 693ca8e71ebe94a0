"""Random buildings: a roof of a named shape that fits a box."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from roofgeo.synthesis.shapes import (
    FloatArray,
    Roof,
    flat_roof,
    gable_roof,
    join_roofs,
    rectangle,
    roof_from_footprint,
    shed_roof,
)

Rng = np.random.Generator
_DOWN = ((0.0, 1.0), (0.0, -1.0))


def random_roof(rng: Rng, shape: str, size_m: tuple[float, float], eave_m: float, pitch_deg: float) -> Roof:
    """A roof about the origin, its long side along x.

    Args:
        rng: Draws.
        shape: One of `SHAPES`.
        size_m: Length and width of the box the roof fits in, length first and not shorter.
        eave_m: Height of the eaves.
        pitch_deg: Slope of pitched planes.
    """
    length, width = size_m
    roof = SHAPES[shape](rng, length, width, eave_m, pitch_deg)
    return roof if roof is not None else gable_roof(length, width, eave_m, pitch_deg)


def _gable(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    if rng.random() < 0.12 and length < 1.5 * width:
        return gable_roof(width, length, eave, pitch).moved(math.pi / 2, (0, 0))
    return gable_roof(length, width, eave, pitch)


def _saltbox(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    return gable_roof(length, width, eave, pitch * 0.8, rng.uniform(0.3, 0.7))


def _halfhip(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    ends = rng.uniform(0.3, 0.75, 2) if rng.random() < 0.7 else (1.0, 0.0)
    return roof_from_footprint(rectangle(max(length, 1.1 * width), width), eave, pitch, tuple(ends))


def _hip(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    ends = (1.0,) if rng.random() < 0.15 else ()
    return roof_from_footprint(rectangle(length, width), eave, pitch, ends)


def _pyramid(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    return roof_from_footprint(rectangle(width, width), eave, pitch)


def _shed(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    pitch = min(pitch, 22.0) if width > 5 else pitch
    return shed_roof(rectangle(length, width), eave, pitch, _DOWN[int(rng.integers(2))])


def _flat(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    ring = rectangle(length, width)
    if rng.random() < 0.3:
        ring = ring + rng.uniform(-0.06, 0.06, (4, 2)) * min(length, width)
    return flat_roof(ring, eave)


def wings_outline(rng: Rng, length: float, width: float) -> FloatArray:
    """(n, 2) an L, T, Z or U outline in a box: a body along x and one or two wings across."""
    body = width * rng.uniform(0.42, 0.62)
    side = 1 if rng.random() < 0.5 else -1
    base = box(-length / 2, -width / 2, length / 2, -width / 2 + body)
    parts = [base]
    for wing in range(2 if length > 2.6 * body and rng.random() < 0.35 else 1):
        across = min(body * rng.uniform(0.7, 1.15), 0.45 * length)
        at_end = rng.random() < 0.55
        left = -length / 2 if at_end else rng.uniform(-length / 2, length / 2 - across)
        if wing:
            left = length / 2 - across * rng.uniform(1, 1.15)
        top = width / 2 - (0.0 if wing == 0 else rng.uniform(0, 0.4) * (width - body))
        parts.append(box(left, -width / 2 + 0.1 * body, left + across, top))
    ring = _ring(unary_union(parts))
    return np.asarray(ring * (1, side))


def bumps_outline(rng: Rng, length: float, width: float) -> FloatArray:
    """(n, 2) a body with shallow steps in and out along its sides, as many bungalows have."""
    inset = width * rng.uniform(0.08, 0.2)
    body = box(-length / 2, -width / 2 + inset, length / 2, width / 2 - inset * rng.uniform(0, 1))
    parts = [body]
    for _ in range(int(rng.integers(1, 4))):
        wide = length * rng.uniform(0.25, 0.5)
        left = rng.uniform(-length / 2, length / 2 - wide)
        low, high = (-width / 2, 0.0) if rng.random() < 0.5 else (0.0, width / 2)
        parts.append(box(left, low, left + wide, high))
    return _ring(unary_union(parts))


def _ring(polygon: Polygon) -> FloatArray:
    """Vertices of a polygon's outline, without those that turn nothing."""
    return np.asarray(polygon.simplify(0.02).exterior.coords)[:-1]


def _wings_hip(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    return roof_from_footprint(wings_outline(rng, length, width), eave, pitch)


def _wings_gable(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    ends = (rng.random(6) < 0.8).astype(float)
    return roof_from_footprint(wings_outline(rng, length, width), eave, pitch, tuple(ends))


def _bumps_hip(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    ends = (rng.random(8) < 0.2).astype(float)
    return roof_from_footprint(bumps_outline(rng, length, width), eave, pitch, tuple(ends))


def _wings_flat(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    return flat_roof(wings_outline(rng, length, width), eave)


def _cross(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    body = width * rng.uniform(0.55, 0.75)
    across = min(body * rng.uniform(0.5, 0.95), 0.5 * length)
    left = rng.uniform(-0.4, 0.4) * (length - across) - across / 2
    reach = rng.uniform(-0.5, -0.3) * width
    both = rng.random() < 0.4
    wing = box(left, reach if both else 0.0, left + across, width / 2)
    outline = unary_union([box(-length / 2, -body / 2, length / 2, body / 2), wing])
    return roof_from_footprint(_ring(outline), eave, pitch, (1.0,) * 6)


def _annex(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof | None:
    """A house with a lower garage, veranda or extension along one side."""
    share = rng.uniform(0.6, 0.78)
    main = rectangle(length * share, width) - (length * (1 - share) / 2, 0.0)
    ends = (1.0, 1.0) if rng.random() < 0.6 else ()
    house = roof_from_footprint(main, eave, pitch, ends)
    if house is None:
        return None
    deep = width * rng.uniform(0.45, 1.0)
    offset = rng.choice((-0.5, -0.2, 0.0, 0.25, 0.5))
    center = (length * share / 2, offset * (width - deep))
    ring = rectangle(length * (1 - share), deep) + center
    low = max(2.0, eave - rng.uniform(0.3, 2.5))
    if rng.random() < 0.5:
        return join_roofs([house, flat_roof(ring, low)])
    away = (1.0, 0.0) if rng.random() < 0.6 else _DOWN[int(rng.integers(2))]
    annex = shed_roof(ring, max(1.9, low - 0.4), min(pitch, rng.uniform(4, 18)), away)
    return join_roofs([house, annex])


def _tower(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    """A flat roof with the box of its stairs in a corner."""
    long, wide = min(rng.uniform(2.2, 4.2), 0.6 * length), min(rng.uniform(2.2, 4.0), 0.6 * width)
    body = box(-length / 2, -width / 2, length / 2, width / 2)
    stairs = box(length / 2 - long, width / 2 - wide, length / 2, width / 2)
    parts = [
        flat_roof(_ring(body.difference(stairs)), eave),
        flat_roof(_ring(stairs), eave + rng.uniform(2.0, 3.0)),
    ]
    return join_roofs(parts).moved(0.0 if rng.random() < 0.5 else math.pi, (0, 0))


def _stepped_flat(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    at = length * rng.uniform(-0.25, 0.25)
    left = box(-length / 2, -width / 2, at, width / 2)
    inset = width * rng.uniform(0, 0.3)
    right = box(at, -width / 2 + inset, length / 2, width / 2)
    step = rng.uniform(0.8, 3.5)
    return join_roofs([flat_roof(_ring(left), eave), flat_roof(_ring(right), max(2.2, eave - step))])


def _stepped(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    """A gable with a lower, narrower gable in line with it."""
    share = rng.uniform(0.5, 0.72)
    narrow = width * rng.uniform(0.6, 0.9)
    main = gable_roof(length * share, width, eave, pitch).moved(0, (-length * (1 - share) / 2, 0))
    low = max(2.0, eave - rng.uniform(0.4, 2))
    offset = rng.uniform(-0.4, 0.4) * (width - narrow)
    return join_roofs(
        [main, gable_roof(length * (1 - share), narrow, low, pitch).moved(0, (length * share / 2, offset))]
    )


def _row(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    """Terraced houses: gables in a row, stepped or in one line."""
    count = max(2, round(length / rng.uniform(5.5, 9)))
    unit = length / count
    stepped = rng.random() < 0.6
    parts, rise, shift = [], 0.0, 0.0
    for i in range(count):
        if stepped and rng.random() < 0.6:
            rise, shift = rng.uniform(-0.8, 0.8), rng.uniform(-0.08, 0.08) * width
        part = gable_roof(unit, 0.84 * width, max(2.2, eave + rise), pitch)
        parts.append(part.moved(0, (-length / 2 + (i + 0.5) * unit, shift)))
    return join_roofs(parts)


def _row_flat(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    count = max(2, round(length / rng.uniform(5.5, 9)))
    unit = length / count
    heights = eave + rng.uniform(-1, 1, count).round(1)
    rings = [rectangle(unit, width) + np.array([-length / 2 + (i + 0.5) * unit, 0.0]) for i in range(count)]
    return join_roofs([flat_roof(ring, max(2.2, h)) for ring, h in zip(rings, heights, strict=True)])


def _sawtooth(rng: Rng, length: float, width: float, eave: float, pitch: float) -> Roof:
    """A hall of sheds in a row, each rising to a step."""
    count = max(2, round(length / rng.uniform(7, 12)))
    unit = length / count
    rings = [rectangle(unit, width) + np.array([-length / 2 + (i + 0.5) * unit, 0.0]) for i in range(count)]
    return join_roofs([shed_roof(ring, eave, max(pitch, 8.0), (1.0, 0.0)) for ring in rings])


SHAPES: dict[str, Callable[[Rng, float, float, float, float], Roof | None]] = {
    "gable": _gable,
    "saltbox": _saltbox,
    "halfhip": _halfhip,
    "hip": _hip,
    "pyramid": _pyramid,
    "shed": _shed,
    "flat": _flat,
    "wings_hip": _wings_hip,
    "wings_gable": _wings_gable,
    "wings_flat": _wings_flat,
    "bumps_hip": _bumps_hip,
    "cross": _cross,
    "annex": _annex,
    "tower": _tower,
    "stepped": _stepped,
    "stepped_flat": _stepped_flat,
    "row": _row,
    "row_flat": _row_flat,
    "sawtooth": _sawtooth,
}
