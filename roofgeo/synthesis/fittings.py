"""What is on a roof besides its planes: caps, gutters, parapets, snow guards, chimneys, windows, panels, dormers.

All of it is drawn, none of it is labelled: the labels keep to the roof's planes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
from shapely.geometry import LineString, Polygon, box
from shapely.prepared import prep

from roofgeo.synthesis import materials
from roofgeo.synthesis.edges import RoofEdge
from roofgeo.synthesis.materials import Material, plain, vary
from roofgeo.synthesis.shapes import FloatArray, Height, Roof, height_at
from roofgeo.synthesis.surfaces import Surface, box_m, disc_m, level, strip_m

Rng = np.random.Generator
_PITCHED = 0.03
_EAVE_LEVEL_M = 0.05
_SHORTEST_GUARD_M = 1.5


def edge_caps(rng: Rng, edges: tuple[RoofEdge, ...], covering: Material) -> list[Surface]:
    """Ridge and hip caps, valleys and gutters along a roof's edges, in colours of their own or none."""
    base = (covering.red, covering.green, covering.blue)
    cap = plain(vary(rng, base if rng.random() < 0.6 else (190, 186, 178), 0.18), 0.04, 0.02)
    valley = plain(
        vary(rng, (0.75 * base[0], 0.75 * base[1], 0.75 * base[2]) if rng.random() < 0.7 else (150, 152, 155), 0.15),
        0.05,
    )
    gutter = plain(vary(rng, (215, 215, 212) if rng.random() < 0.5 else (90, 88, 86), 0.2), 0.05)
    wide, shown = rng.uniform(0.16, 0.36), rng.random(4) < (0.75, 0.6, 0.55, 0.75)
    step_dark = rng.random() < 0.5
    found = []
    for edge in edges:
        if edge.line_type in ("ridge", "hip") and shown[0]:
            found.append(_strip(edge, wide, cap, 0.0))
        elif edge.line_type == "valley" and shown[1]:
            found.append(_strip(edge, 1.2 * wide, valley, 0.0))
        elif edge.line_type in ("eave", "rake") and shown[2]:
            found.append(_strip(edge, rng.uniform(0.1, 0.16), gutter, 1.0))
        elif edge.line_type == "step" and shown[3]:
            found.append(_strip(edge, wide, valley if step_dark else gutter, 0.0))
    return found


def _strip(edge: RoofEdge, width_m: float, material: Material, side: float) -> Surface:
    start, end = edge.xy_m
    length = max(float(np.hypot(*(end - start))), 1e-6)
    rise = (edge.z_m[1] - edge.z_m[0]) / length
    a, b = (end - start) / length * rise
    plane = (float(a), float(b), float(edge.z_m[0] - a * start[0] - b * start[1] + 0.03))
    return Surface(strip_m(start, end, width_m, side), plane, replace(material, rib_m=0.0))


def parapets(rng: Rng, roof: Roof, covering: Material) -> list[Surface]:
    """Low walls around flat faces, often brighter than the roof."""
    rgb = (covering.red, covering.green, covering.blue)
    material = plain(vary(rng, rgb if rng.random() < 0.5 else (196, 190, 180), 0.15), 0.05)
    high, wide = rng.uniform(0.05, 1.0), rng.uniform(0.12, 0.35)
    found = []
    for number, (a, b, c) in enumerate(roof.heights_m):
        if math.hypot(a, b) > _PITCHED:
            continue
        ring = roof.ring_m(number)
        for i in range(len(ring)):
            strip = strip_m(ring[i], ring[(i + 1) % len(ring)], wide, 1.0)
            found.append(Surface(strip, level(c + high), material))
    return found


def snow_guards(rng: Rng, roof: Roof) -> list[Surface]:
    """Low bars along the eaves of the pitched faces of a roof, which hold snow back."""
    up_m, wide_m, over_m = rng.uniform(0.4, 0.9), rng.uniform(0.08, 0.14), rng.uniform(0.12, 0.25)
    material = plain(vary(rng, ((170, 172, 174), (70, 66, 62), (150, 84, 66))[int(rng.integers(3))], 0.15), 0.05)
    found = []
    for number, height in enumerate(roof.heights_m):
        gradient = np.array(height[:2])
        steepness = float(np.hypot(*gradient))
        if steepness <= _PITCHED:
            continue
        ring = roof.ring_m(number)
        room = Polygon(ring).buffer(-0.25)
        z = height_at(height, ring)
        low = z < z.min() + _EAVE_LEVEL_M
        for i in np.flatnonzero(low & np.roll(low, -1)):
            bar = LineString(ring[[i, (i + 1) % len(ring)]] + gradient / steepness * up_m).intersection(room)
            if bar.geom_type == "LineString" and bar.length > _SHORTEST_GUARD_M:
                start, end = np.asarray(bar.coords)
                found.append(Surface(strip_m(start, end, wide_m), _over(height, over_m), material))
    return found


def roof_things(rng: Rng, roof: Roof, covering: Material, wealth: float) -> list[Surface]:
    """Things that stand or lie on the faces of a roof.

    Args:
        rng: Draws.
        roof: The roof.
        covering: Its main covering.
        wealth: 0..1, how much technology there is.
    """
    found: list[Surface] = []
    for number, height in enumerate(roof.heights_m):
        ring = roof.ring_m(number)
        area = Polygon(ring).area
        if area < 8:
            continue
        if math.hypot(height[0], height[1]) > _PITCHED:
            found += _on_pitched(rng, ring, height, area, covering, wealth)
        else:
            found += _on_flat(rng, ring, height[2], area, wealth)
    return found


def _on_pitched(
    rng: Rng, ring: FloatArray, height: Height, area_m2: float, covering: Material, wealth: float
) -> list[Surface]:
    room = prep(Polygon(ring).buffer(-0.35))
    found: list[Surface] = []
    if rng.random() < 0.16 * wealth:
        found += _solar(rng, ring, height, room)
    for _ in range(rng.poisson(wealth * min(area_m2, 150) / 90)):
        found += _window(rng, ring, height, room)
    if rng.random() < 0.12 * wealth and area_m2 > 25:
        found += _dormers(rng, ring, height, room, covering)
    for _ in range(rng.poisson(0.45)):
        found += _chimney(rng, ring, height, room)
    for _ in range(rng.poisson(0.35)):
        found += _vent(rng, ring, height, room)
    return found


def _place(
    rng: Rng, ring: FloatArray, height: Height, room: object, size_m: tuple[float, float], tries: int = 6
) -> FloatArray | None:
    """(4, 2) a rectangle of `size_m` (along the contour, along the slope) somewhere on a face; None if none fits."""
    angle = _contour(height, ring)
    low, high = ring.min(axis=0), ring.max(axis=0)
    for _ in range(tries):
        corners = box_m(rng.uniform(low, high), size_m[0], size_m[1], angle)
        if room.covers(Polygon(corners)):  # type: ignore[attr-defined]
            return corners
    return None


def _contour(height: Height, ring: FloatArray) -> float:
    """Direction of a face's contour lines; of its first edge where it is flat."""
    if math.hypot(height[0], height[1]) > _PITCHED:
        return math.atan2(height[0], -height[1])
    return math.atan2(*(ring[1] - ring[0])[::-1])


def _over(height: Height, by_m: float) -> Height:
    return height[0], height[1], height[2] + by_m


def _solar(rng: Rng, ring: FloatArray, height: Height, room: object) -> list[Surface]:
    thermal = rng.random() < 0.2
    wide, long = (1.1, 2.0) if thermal else (1.0, 1.65)
    columns, rows = int(rng.integers(1, 10)), int(rng.integers(1, 5))
    rgb = vary(rng, ((38, 44, 62), (30, 32, 40), (48, 60, 92))[int(rng.integers(3))], 0.15)
    panel = Material(
        *rgb, grain=0.02, blotch=0.02, cell_u_m=wide, cell_v_m=long, joint=-rng.uniform(0.1, 0.6), cell=0.03,
        gloss=rng.uniform(0, 0.4),
    )  # fmt: skip
    for shrink in (1.0, 0.6, 0.35):
        size = (max(1, int(columns * shrink)) * wide, max(1, int(rows * shrink)) * long * 0.85)
        corners = _place(rng, ring, height, room, size, 4)
        if corners is not None:
            return [Surface(corners, _over(height, 0.12), panel)]
    return []


def _window(rng: Rng, ring: FloatArray, height: Height, room: object) -> list[Surface]:
    corners = _place(rng, ring, height, room, (rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.3)))
    if corners is None:
        return []
    rgb = ((48, 54, 62), (170, 182, 194), (92, 100, 108))[int(rng.integers(3))]
    frame = corners + (corners - corners.mean(axis=0)) * 0.25
    return [
        Surface(frame, _over(height, 0.06), plain(vary(rng, (128, 124, 120), 0.25))),
        Surface(corners, _over(height, 0.08), plain(vary(rng, rgb, 0.2))),
    ]


def _chimney(rng: Rng, ring: FloatArray, height: Height, room: object) -> list[Surface]:
    side = rng.uniform(0.45, 0.95)
    corners = _place(rng, ring, height, room, (side * rng.uniform(1, 1.8), side))
    if corners is None:
        return []
    z = float(np.max(height_at(height, corners))) + rng.uniform(0.4, 1.3)
    rgb = ((150, 92, 74), (176, 170, 162), (104, 98, 94), (210, 206, 198))[int(rng.integers(4))]
    inner = corners.mean(axis=0) + 0.45 * (corners - corners.mean(axis=0))
    return [Surface(corners, level(z), plain(vary(rng, rgb))), Surface(inner, level(z), plain((40, 36, 34)))]


def _vent(rng: Rng, ring: FloatArray, height: Height, room: object) -> list[Surface]:
    size = rng.uniform(0.15, 0.4)
    corners = _place(rng, ring, height, room, (size, size))
    if corners is None:
        return []
    z = float(np.max(height_at(height, corners))) + rng.uniform(0.2, 0.5)
    return [Surface(corners, level(z), plain(vary(rng, (180, 178, 174) if rng.random() < 0.6 else (60, 58, 58), 0.2)))]


def _dormers(rng: Rng, ring: FloatArray, height: Height, room: object, covering: Material) -> list[Surface]:
    """One to three dormers, each two little planes either side of a ridge that runs up the slope, or one shed."""
    wide, deep = rng.uniform(1.4, 2.6), rng.uniform(1.6, 3.0)
    shed = rng.random() < 0.4
    if shed:
        wide *= rng.uniform(1, 2.2)
    gradient = math.hypot(height[0], height[1])
    material = covering if rng.random() < 0.7 else plain(vary(rng, (120, 116, 112), 0.3))
    found: list[Surface] = []
    for _ in range(int(rng.integers(1, 4))):
        corners = _place(rng, ring, height, room, (wide, deep))
        if corners is None:
            continue
        found += _shed_dormer(corners, height, material) if shed else _gable_dormer(corners, height, gradient, material)
    return found


def _shed_dormer(corners: FloatArray, height: Height, material: Material) -> list[Surface]:
    z = height_at(height, corners)
    keep = 0.35
    c = float(np.max(z)) - keep * float(height_at((height[0], height[1], 0.0), corners[int(np.argmax(z))]))
    return [Surface(corners, (keep * height[0], keep * height[1], c), material)]


def _gable_dormer(corners: FloatArray, height: Height, gradient: float, material: Material) -> list[Surface]:
    # Corners go along the contour first: 0-1 and 3-2 run along it, 0-3 and 1-2 along the slope.
    along = (corners[1] - corners[0]) / np.hypot(*(corners[1] - corners[0]))
    middle = (corners[0] + corners[1]) / 2, (corners[3] + corners[2]) / 2
    top = float(np.max(height_at(height, corners)))
    steep = max(gradient, 0.4)
    found = []
    for sign, (p, q) in ((1.0, (corners[1], corners[2])), (-1.0, (corners[0], corners[3]))):
        a, b = -sign * steep * along
        ring = np.array([middle[0], p, q, middle[1]])
        found.append(Surface(ring, (float(a), float(b), float(top - a * middle[0][0] - b * middle[0][1])), material))
    return found


def _on_flat(rng: Rng, ring: FloatArray, z_m: float, area_m2: float, wealth: float) -> list[Surface]:
    plane = level(z_m)
    room = prep(Polygon(ring).buffer(-0.4))
    found: list[Surface] = []
    for _ in range(rng.poisson(min(area_m2, 400) / 45)):
        kind = rng.random()
        if kind < 0.3:
            found += _tank(rng, ring, z_m, room)
        elif kind < 0.5 and wealth > 0.3:
            found += _plant(rng, ring, plane, room)
        else:
            found += _patch(rng, ring, plane, room)
    if area_m2 > 60 and rng.random() < 0.12 * wealth:
        found += _panel_rows(rng, ring, z_m)
    return found


def _tank(rng: Rng, ring: FloatArray, z_m: float, room: object) -> list[Surface]:
    radius = rng.uniform(0.4, 0.8)
    place = _place(rng, ring, level(z_m), room, (2 * radius, 2 * radius))
    if place is None:
        return []
    colors = ((34, 34, 36), (60, 90, 150), (60, 150, 110), (206, 206, 202), (160, 120, 90))
    material = replace(plain(vary(rng, colors[int(rng.integers(5))])), gloss=0.4)
    center = place.mean(axis=0)
    z = z_m + rng.uniform(0.9, 1.9)
    cap = replace(material.tinted(1.25))
    return [Surface(disc_m(center, radius), level(z), material), Surface(disc_m(center, 0.45 * radius), level(z), cap)]


def _plant(rng: Rng, ring: FloatArray, plane: Height, room: object) -> list[Surface]:
    """Air conditioning, skylight domes, shafts."""
    corners = _place(rng, ring, plane, room, (rng.uniform(0.6, 3), rng.uniform(0.6, 2)))
    if corners is None:
        return []
    material = plain(vary(rng, ((190, 190, 188), (120, 122, 124), (224, 230, 234))[int(rng.integers(3))], 0.15))
    return [Surface(corners, level(plane[2] + rng.uniform(0.3, 1.8)), material)]


def _patch(rng: Rng, ring: FloatArray, plane: Height, room: object) -> list[Surface]:
    """Things that lie on a roof terrace: laundry, tarpaulin, planters, repairs, rubble."""
    corners = _place(rng, ring, plane, room, (rng.uniform(0.4, 3.5), rng.uniform(0.3, 2.2)))
    if corners is None:
        return []
    rgb = vary(rng, (132, 128, 120), 0.35) if rng.random() < 0.75 else tuple(rng.uniform(40, 220, 3))
    return [Surface(corners, _over(plane, rng.uniform(0.02, 0.6)), plain((rgb[0], rgb[1], rgb[2]), 0.1, 0.1))]


def _panel_rows(rng: Rng, ring: FloatArray, z_m: float) -> list[Surface]:
    """Rows of tilted solar panels across a flat roof."""
    angle = _contour(level(0.0), ring)
    center = ring.mean(axis=0)
    turned = (ring - center) @ np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    room = Polygon(turned).buffer(-0.8)
    pitch, tilt = rng.uniform(1.6, 2.6), rng.uniform(0.1, 0.3)
    material = Material(*vary(rng, (40, 44, 58)), grain=0.02, cell_u_m=1.0, cell_v_m=1.0, joint=-0.3, gloss=0.3)
    found = []
    for y in np.arange(turned[:, 1].min(), turned[:, 1].max(), pitch):
        row = room.intersection(box(turned[:, 0].min(), y, turned[:, 0].max(), y + 0.95))
        if row.geom_type != "Polygon" or row.area < 1.5 or not math.isclose(row.bounds[3] - row.bounds[1], 0.95):
            continue
        left, low, right, high = row.bounds
        place = box_m(
            center + np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            @ np.array([(left + right) / 2, (low + high) / 2]), right - left, high - low, angle,
        )  # fmt: skip
        a, b = -math.sin(angle) * tilt, math.cos(angle) * tilt
        c = z_m + 0.4 - a * float(place[:, 0].mean()) - b * float(place[:, 1].mean())
        found.append(Surface(place, (a, b, c), material))
    return found


def walls(rng: Rng, outline: Polygon, lean_m: tuple[float, float], brightness: float) -> list[Surface]:
    """What an oblique view shows of a building's walls: the roof's outline swept down to its foot.

    Args:
        rng: Draws.
        outline: Roof outline in metres.
        lean_m: Where the foot of the building appears against its roof, x and y.
        brightness: Of the walls.
    """
    if math.hypot(*lean_m) < 0.1:
        return []
    ring = np.asarray(outline.exterior.coords)
    material = plain(vary(rng, (190, 180, 164) if rng.random() < 0.7 else (150, 100, 80), 0.15), 0.1, 0.08)
    shift = np.asarray(lean_m)
    found = []
    for start, end in pairwise(ring):
        facing = abs((end - start)[0] * shift[1] - (end - start)[1] * shift[0]) / np.hypot(*(end - start))
        tint = brightness * (0.75 + 0.25 * facing / math.hypot(*lean_m))
        # A wall is drawn at the ground's height so that it casts no shadow of its own.
        found.append(Surface(np.array([start, end, end + shift, start + shift]), level(0.0), material.tinted(tint)))
    return found


def covering(rng: Rng, name: str) -> Material:
    """A pitched roof's covering by name (see `roofgeo.synthesis.styles.Style.coverings`)."""
    if name == "clay":
        return materials.clay_tiles(rng)
    if name == "dark_tile":
        return materials.clay_tiles(rng, materials.DARK_TILE)
    if name == "concrete_tile":
        return materials.clay_tiles(rng, materials.CONCRETE_TILE)
    if name == "metal":
        return materials.painted_metal(rng)
    if name == "iron":
        return materials.corrugated_iron(rng)
    return materials.thatch(rng) if name == "thatch" else materials.slate(rng)
