"""What lies on the ground: roads, yards, paths, cars, pools, walls, rubbish."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from roofgeo.synthesis import materials
from roofgeo.synthesis.layout import Plot
from roofgeo.synthesis.materials import Material, Rgb, plain, vary
from roofgeo.synthesis.styles import Style
from roofgeo.synthesis.surfaces import Surface, box_m, disc_m, level, strip_m

Rng = np.random.Generator
_GROUND = level(0.0)


def road_surfaces(rng: Rng, roads: tuple[Plot, ...], style: Style) -> list[Surface]:
    """Roads with verges or pavements, markings and cars."""
    tar = (
        materials.paved(rng, style.roads)
        if style.roads is materials.ASPHALT
        else materials.ground(rng, style.roads, style.patches)
    )
    tar = replace(tar, cell_u_m=0.0, cell_v_m=0.0)
    side = (
        materials.paved(rng, materials.CONCRETE)
        if rng.random() < 0.5
        else materials.ground(rng, style.grounds, style.patches)
    )
    verge = rng.uniform(0.0, 2.0) if rng.random() < 0.7 else 0.0
    found = [Surface(_wider(road, verge).ring_m(), _GROUND, side, road.angle_rad) for road in roads]
    found += [Surface(road.ring_m(), _GROUND, tar, road.angle_rad) for road in roads]
    if rng.random() < 0.3:
        found += [mark for road in roads for mark in _markings(rng, road)]
    for road in roads:
        found += _parked(rng, road)
    return found


def _wider(road: Plot, by_m: float) -> Plot:
    if road.length_m > road.depth_m:
        return replace(road, depth_m=road.depth_m + 2 * by_m)
    return replace(road, length_m=road.length_m + 2 * by_m)


def _markings(rng: Rng, road: Plot) -> list[Surface]:
    if min(road.length_m, road.depth_m) < 5:
        return []
    paint = plain((205, 203, 195), 0.1, 0.15)
    long = max(road.length_m, road.depth_m)
    across = road.depth_m > road.length_m
    found = []
    for s in np.arange(-long / 2, long / 2, 6.0):
        place = road.part(-0.07, s, 0.07, s + 3) if across else road.part(s, -0.07, s + 3, 0.07)
        found.append(Surface(place.ring_m(), _GROUND, paint))
    return found


def _parked(rng: Rng, road: Plot) -> list[Surface]:
    long, wide = max(road.length_m, road.depth_m), min(road.length_m, road.depth_m)
    across = road.depth_m > road.length_m
    found: list[Surface] = []
    for _ in range(rng.poisson(long / rng.uniform(15, 80))):
        s = rng.uniform(-long / 2, long / 2)
        t = rng.choice((-1, 1)) * max(wide / 2 - rng.uniform(1.0, 1.8), 0.0)
        center = road.at(t, s) if across else road.at(s, t)
        found += car(rng, center, road.angle_rad + (math.pi / 2 if across else 0.0))
    return found


def car(rng: Rng, center: tuple[float, float], angle_rad: float) -> list[Surface]:
    """A car seen from above."""
    colors: tuple[Rgb, ...] = (
        (226, 226, 226), (196, 198, 200), (130, 132, 136), (58, 60, 64), (30, 30, 33), (150, 40, 38), (44, 66, 120),
        (170, 160, 140), (216, 216, 214), (90, 94, 98),
    )  # fmt: skip
    angle = angle_rad + rng.normal(0, 0.05)
    long, wide = (rng.uniform(3.7, 5.0), rng.uniform(1.65, 1.95)) if rng.random() < 0.9 else (rng.uniform(6, 11), 2.4)
    body = replace(plain(vary(rng, colors[int(rng.integers(len(colors)))], 0.08)), gloss=0.5)
    glass = plain((36, 42, 48))
    along = np.array([math.cos(angle), math.sin(angle)])
    sign = rng.choice((-1.0, 1.0))
    ring = box_m(center, long, wide, angle)
    rounded = np.vstack(
        [
            ring[i] + f * (ring[(i + s) % 4] - ring[i])
            for i in range(4)
            for s, f in ((3, 0.25 if i % 2 == 0 else 0.1), (1, 0.1 if i % 2 == 0 else 0.25))
        ]
    )
    hull = np.asarray(rounded)
    middle = np.asarray(center)
    return [
        Surface(hull, level(0.9), body),
        Surface(box_m(middle - sign * 0.04 * long * along, 0.56 * long, 0.86 * wide, angle), level(1.1), glass),
        Surface(box_m(middle - sign * 0.07 * long * along, 0.34 * long, 0.8 * wide, angle), level(1.45), body),
    ]


def yard(rng: Rng, lot: Plot, style: Style) -> list[Surface]:
    """The ground of a lot: its cover, a drive, paths, terraces, beds, a pool, rubbish."""
    found: list[Surface] = []
    kind = rng.random()
    if kind < 0.55:
        found.append(
            Surface(lot.ring_m(0.05), _GROUND, materials.ground(rng, style.grounds, style.patches), lot.angle_rad)
        )
    elif kind < 0.7:
        found.append(Surface(lot.ring_m(0.2), _GROUND, materials.paved(rng, materials.CONCRETE), lot.angle_rad))
    x, y = lot.length_m / 2, lot.depth_m / 2
    if rng.random() < 0.6:
        found.append(_drive(rng, lot))
    for _ in range(rng.poisson(1.2)):
        a, b = rng.uniform(-x, x), rng.uniform(-y, y)
        part = lot.part(a, b, min(x, a + rng.uniform(1, 8)), min(y, b + rng.uniform(1, 6)))
        found.append(Surface(part.ring_m(), _GROUND, _patch(rng, style), lot.angle_rad))
    if rng.random() < 0.06 and min(x, y) > 6:
        found += _pool(rng, lot)
    for _ in range(rng.poisson(style.clutter)):
        found.append(_clutter(rng, lot))
    if rng.random() < 0.3:
        found += car(
            rng,
            lot.at(rng.uniform(-x, x) * 0.9, rng.choice((-1, 1)) * rng.uniform(0.5, 0.85) * y),
            lot.angle_rad + math.pi / 2,
        )
    return found


def _patch(rng: Rng, style: Style) -> Material:
    choice = rng.random()
    if choice < 0.4:
        return materials.paved(rng, materials.CONCRETE + materials.GRAVEL)
    if choice < 0.6:
        return materials.paved(rng, ((176, 120, 100), (150, 130, 116), (190, 170, 150), (200, 198, 192)))
    return materials.ground(rng, style.patches, style.grounds)


def _drive(rng: Rng, lot: Plot) -> Surface:
    x, y = lot.length_m / 2, lot.depth_m / 2
    wide = min(rng.uniform(2.4, 5.5), 2 * x)
    left = rng.choice((-x, x - wide, rng.uniform(-x, x - wide)))
    front = rng.choice((-1.0, 1.0))
    far = y * rng.uniform(-0.3, 0.6)
    part = lot.part(left, min(front * y, -front * far), left + wide, max(front * y, -front * far))
    palette = (materials.CONCRETE, materials.ASPHALT, materials.GRAVEL)[int(rng.integers(3))]
    return Surface(part.ring_m(), _GROUND, materials.paved(rng, palette), lot.angle_rad)


def _pool(rng: Rng, lot: Plot) -> list[Surface]:
    x, y = lot.length_m / 2, lot.depth_m / 2
    center = lot.at(rng.uniform(-0.5, 0.5) * x, rng.uniform(0.5, 0.7) * y)
    size = rng.uniform(5, 9), rng.uniform(3, 4.5)
    rim = box_m(center, size[0] + 2, size[1] + 2, lot.angle_rad)
    water = replace(plain(vary(rng, (96, 178, 196), 0.1, 0.08), 0.03, 0.05), gloss=0.1)
    basin = disc_m(center, size[1] / 1.6, 16) if rng.random() < 0.3 else box_m(center, size[0], size[1], lot.angle_rad)
    return [Surface(rim, _GROUND, plain(vary(rng, (196, 186, 170)))), Surface(basin, _GROUND, water)]


def _clutter(rng: Rng, lot: Plot) -> Surface:
    """A small thing in a yard: a tarpaulin, planks, rubble, a table, a trampoline."""
    x, y = lot.length_m / 2, lot.depth_m / 2
    center = lot.at(rng.uniform(-x, x), rng.uniform(-y, y))
    rgb = (
        vary(rng, (140, 130, 118), 0.35, 0.08)
        if rng.random() < 0.75
        else tuple(float(c) for c in rng.uniform(30, 225, 3))
    )
    material = plain((rgb[0], rgb[1], rgb[2]), 0.12, 0.1)
    if rng.random() < 0.2:
        return Surface(disc_m(center, rng.uniform(0.3, 1.6)), level(rng.uniform(0.1, 1.0)), material)
    ring = box_m(center, rng.uniform(0.4, 3.2), rng.uniform(0.2, 1.5), rng.uniform(0, math.pi))
    return Surface(ring, level(rng.uniform(0.05, 1.0)), material)


def boundary(rng: Rng, lot: Plot) -> list[Surface]:
    """A wall or fence around a lot, with a gap for the gate."""
    ring = lot.ring_m(0.15)
    high = rng.uniform(0.8, 2.2)
    rgb = ((186, 180, 170), (150, 110, 90), (120, 104, 88), (90, 96, 70))[int(rng.integers(4))]
    material = plain(vary(rng, rgb, 0.15), 0.1, 0.1)
    wide = rng.uniform(0.12, 0.3)
    gate = int(rng.integers(4))
    found = []
    for i in range(4):
        start, end = ring[i], ring[(i + 1) % 4]
        if i == gate:
            end = start + rng.uniform(0.3, 0.8) * (end - start)
        found.append(Surface(strip_m(start, end, wide), level(high), material))
    return found


def field(rng: Rng, lot: Plot, style: Style) -> list[Surface]:
    """Unbuilt land: a field, waste ground, a bright paved yard, a car park."""
    kind = rng.random()
    if kind < 0.4:
        return [Surface(lot.ring_m(0.1), _GROUND, materials.crops(rng), lot.angle_rad + rng.uniform(0, math.pi))]
    if kind < 0.7:
        return [Surface(lot.ring_m(), _GROUND, materials.ground(rng, style.grounds, style.patches), lot.angle_rad)]
    palette = (materials.CONCRETE, materials.ASPHALT, materials.GRAVEL)[int(rng.integers(3))]
    found = [Surface(lot.ring_m(0.3), _GROUND, materials.paved(rng, palette), lot.angle_rad)]
    if rng.random() < 0.5:
        for s in np.arange(-lot.length_m / 2 + 2, lot.length_m / 2 - 2, rng.uniform(2.5, 3.2)):
            if rng.random() < 0.5:
                found += car(rng, lot.at(float(s), 0.25 * lot.depth_m), lot.angle_rad + math.pi / 2)
    found += [_clutter(rng, lot) for _ in range(rng.poisson(style.clutter))]
    return found
