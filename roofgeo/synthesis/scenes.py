"""Random scenes: a settlement with its roofs, rendered with every label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import STRtree
from shapely.geometry import Point, Polygon, box

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane
from roofgeo.synthesis import fittings, gardens, materials
from roofgeo.synthesis.buildings import random_roof
from roofgeo.synthesis.edges import lines_of, roof_edges
from roofgeo.synthesis.layout import Layout, Plot, draw_layout
from roofgeo.synthesis.materials import Material, vary
from roofgeo.synthesis.neighbourhoods import (
    Neighbourhood,
    fitted_roof,
    gardens_around,
    roads_between,
    rows_of_houses,
    seen_roofs,
)
from roofgeo.synthesis.render import Sun, View, form_image
from roofgeo.synthesis.sensor import Sensor, expose, random_sensor
from roofgeo.synthesis.shapes import Roof, azimuth_deg, slope_deg
from roofgeo.synthesis.styles import STYLES, Style, draw, draw_style
from roofgeo.synthesis.surfaces import Surface, level
from roofgeo.synthesis.trees import Canopy, Tree, draw_canopy, random_tree, row_of

Rng = np.random.Generator
_MAX_BUILDINGS = 320
_SNOW_GUARDS = 0.25
"""Share of the roofs with snow guards where there is most technology."""


@dataclass(frozen=True)
class RenderedScene:
    """A rendered picture with its labels.

    Attributes:
        scene: Picture, planes and lines; labelled everywhere.
        height_m: (height, width) float32 height of the labelled roof above ground, 0 off the roofs.
        roofs: The roofs in metres; a plane's and line's `building` is an index into them.
    """

    scene: LabelledScene
    height_m: NDArray[np.float32]
    roofs: tuple[Roof, ...]


@dataclass
class _Settlement:
    """A scene while it is being built."""

    extent_m: tuple[float, float]
    lean: tuple[float, float]
    wealth: float
    bare_trees: bool
    ground: list[Surface]
    walls: list[Surface]
    roofs: list[Roof]
    tops: list[Surface]
    trees: list[Tree]
    wander_m: float

    def view(self, canopy: Canopy, sun: Sun) -> View:
        """What is seen from above: what has a height stands on the ground, the rest is the ground."""
        ground = [s for s in self.ground if s.height_m[2] == 0]
        standing = [s for s in self.ground if s.height_m[2] > 0]
        return View(ground, [*standing, *self.walls, *self.tops], canopy, sun, self.wander_m)


def render_scene(
    seed: int | Rng,
    size_px: int | tuple[int, int] = 1024,
    pixel_size_m: float = 0.1,
    *,
    style: Style | str | None = None,
    sun_azimuth_deg: float | None = None,
    sun: Sun | None = None,
    sensor: Sensor | None = None,
    whole_buildings: bool = False,
    neighbourhood: Neighbourhood | None = None,
    library: Sequence[Roof] = (),
) -> RenderedScene:
    """Render a random settlement.

    Args:
        seed: Seed, or a generator to draw from.
        size_px: Height and width, or one for both.
        pixel_size_m: Side of a pixel.
        style: A style, its name in `STYLES`, or None for a random one.
        sun_azimuth_deg: Clockwise from the picture's upward direction; None for within 60 degrees of south or north.
        sun: The light; None for a random one.
        sensor: The camera; None for a random one.
        whole_buildings: Leave out buildings that the picture's edge would cut.
        neighbourhood: Real buildings: the scene's are a window of it, the style gives all the rest. None for invented.
        library: Real roofs for invented settlements: half of the houses have one of them.
    """
    rng = np.random.default_rng(seed)
    shape = (size_px, size_px) if isinstance(size_px, int) else size_px
    extent = (shape[1] * pixel_size_m, shape[0] * pixel_size_m)
    chosen = STYLES[style] if isinstance(style, str) else style or draw_style(rng, max(extent))
    if library and "real" not in chosen.shapes:
        chosen = replace(chosen, shapes={**chosen.shapes, "real": sum(chosen.shapes.values())})
    settlement = _settle(rng, extent, chosen, whole_buildings, neighbourhood, library)
    sun = sun or _draw_sun(rng, sun_azimuth_deg)
    canopy = draw_canopy(rng, settlement.trees, shape, pixel_size_m)
    light = form_image(rng, settlement.view(canopy, sun), pixel_size_m)
    image = expose(rng, light, sensor or random_sensor(rng))
    planes, lines = _labels(settlement.roofs, pixel_size_m)
    scene = LabelledScene(image, pixel_size_m, planes, lines, sun_azimuth_deg=sun.azimuth_deg)
    return RenderedScene(scene, roof_heights(planes, shape), tuple(settlement.roofs))


def _draw_sun(rng: Rng, azimuth: float | None) -> Sun:
    if azimuth is None:
        azimuth = float(rng.choice((0.0, 180.0)) + rng.uniform(-60, 60)) % 360
    blue = rng.uniform(0.0, 0.2)
    return Sun(azimuth, rng.uniform(25, 70), rng.beta(3.5, 2) * 0.85 + 0.05, (1 - blue, 1.0, 1 + blue))


def _settle(
    rng: Rng, extent: tuple[float, float], style: Style, whole: bool, place: Neighbourhood | None,
    library: Sequence[Roof],
) -> _Settlement:  # fmt: skip
    around = box(-5, -5, extent[0] + 5, extent[1] + 5)
    lean = rng.uniform(0, 0.22) if rng.random() < 0.45 else 0.0
    turn = rng.uniform(0, 2 * math.pi)
    base = Surface(
        np.asarray(around.exterior.coords)[:-1], level(0), materials.ground(rng, style.grounds, style.patches)
    )
    town = _Settlement(
        extent, (lean * math.cos(turn), lean * math.sin(turn)), rng.random(), rng.random() < 0.2,
        [base], [], [], [], [],
        float(rng.exponential(0.35 if style.roads is not materials.ASPHALT else 0.07)),
    )  # fmt: skip
    layout = draw_layout(rng, extent, style) if place is None else None
    palette = [fittings.covering(rng, draw(rng, style.coverings)) for _ in range(int(rng.integers(4, 12)))]
    frame = box(0.3, 0.3, extent[0] - 0.3, extent[1] - 0.3) if whole else None
    if layout is not None:
        _invent(rng, town, layout, style, palette, frame, library)
    elif place is not None:
        _rebuild(rng, town, place, style, palette, frame)
    _scatter_trees(rng, town, style)
    return town


def _invent(
    rng: Rng, town: _Settlement, layout: Layout, style: Style, palette: list[Material], frame: Polygon | None,
    library: Sequence[Roof],
) -> None:  # fmt: skip
    """Fill the scene with an invented settlement."""
    for i in rng.permutation(len(layout.lots)):
        _fill_lot(rng, town, layout.lots[i], style, palette, frame, library)
    town.ground += gardens.road_surfaces(rng, layout.roads, style)


def _rebuild(
    rng: Rng, town: _Settlement, place: Neighbourhood, style: Style, palette: list[Material], frame: Polygon | None
) -> None:
    """Fill the scene with a window of a real neighbourhood; houses of a row mostly share their covering."""
    roofs = seen_roofs(rng, place, town.extent_m)[:_MAX_BUILDINGS]
    plots = gardens_around(rng, roofs)
    for i in rng.permutation(len(plots)):
        town.ground += gardens.yard(rng, plots[i], style)
    town.ground += gardens.road_surfaces(rng, roads_between(rng, roofs, town.extent_m, style), style)
    rows = rows_of_houses(roofs)
    alike = [[palette[int(rng.integers(len(palette)))]] if rng.random() < 0.75 else palette for _ in roofs]
    outlines: list[Polygon] = []
    for roof, row in zip(roofs, rows, strict=True):
        _add_building(rng, town, roof, style, alike[row], frame, outlines)
    for plot in plots:
        for _ in range(rng.poisson(0.6 * style.trees)):
            _plant(rng, town, plot, style, outlines)


def _scatter_trees(rng: Rng, town: _Settlement, style: Style) -> None:
    """Groves anywhere in the scene, in gaps between lots and along roads, a few leaning over roofs."""
    standing = STRtree([roof.outline() for roof in town.roofs])
    area = town.extent_m[0] * town.extent_m[1]
    for _ in range(min(60, rng.poisson(area * style.trees * rng.uniform(0, 1) / 1500))):
        middle = rng.uniform((0, 0), town.extent_m)
        for offset in rng.normal(0, 3.5, (int(rng.integers(1, 7)), 2)):
            place = Point(middle + offset)
            if len(standing.query(place, predicate="intersects")) == 0:
                tree = random_tree(rng, (place.x, place.y), town.bare_trees, rng.uniform(0.8, 1.4), style.palms)
                town.trees.append(tree)


def _fill_lot(
    rng: Rng, town: _Settlement, lot: Plot, style: Style, palette: list[Material], frame: Polygon | None,
    library: Sequence[Roof],
) -> None:  # fmt: skip
    if rng.random() < style.vacant or len(town.roofs) >= _MAX_BUILDINGS:
        _leave_vacant(rng, town, lot, style)
        return
    town.ground += gardens.yard(rng, lot, style)
    outlines: list[Polygon] = []
    roof = _main_building(rng, lot, style, library)
    if roof is not None:
        _add_building(rng, town, roof, style, palette, frame, outlines)
    for _ in range(rng.poisson(style.sheds)):
        shed = _outbuilding(rng, lot, outlines)
        if shed is not None:
            _add_building(rng, town, shed, style, palette, frame, outlines)
    if rng.random() < style.walls:
        _enclose(rng, town, lot)
    for _ in range(rng.poisson(style.trees)):
        _plant(rng, town, lot, style, outlines)


def _leave_vacant(rng: Rng, town: _Settlement, lot: Plot, style: Style) -> None:
    town.ground += gardens.field(rng, lot, style)
    if rng.random() < 0.35:
        for _ in range(rng.poisson(min(lot.length_m * lot.depth_m / 40, 25))):
            _plant(rng, town, lot, style, [])


def _plant(rng: Rng, town: _Settlement, lot: Plot, style: Style, outlines: list[Polygon]) -> None:
    x, y = lot.length_m / 2, lot.depth_m / 2
    center = lot.at(rng.uniform(-x, x), rng.uniform(-y, y))
    if not any(outline.contains(Point(center)) for outline in outlines):
        town.trees.append(random_tree(rng, center, town.bare_trees, rng.uniform(0.7, 1.15), style.palms))


def _enclose(rng: Rng, town: _Settlement, lot: Plot) -> None:
    if rng.random() < 0.6:
        town.ground += gardens.boundary(rng, lot)
        return
    ring = lot.ring_m(0.6)
    rgb = vary(rng, (66, 86, 46), 0.2, 0.06)
    for i in range(4):
        if rng.random() < 0.7:
            start, end = ring[i], ring[(i + 1) % 4]
            town.trees += row_of(
                rng, (float(start[0]), float(start[1])), (float(end[0]), float(end[1])), rng.uniform(0.5, 0.9), rgb
            )


def _main_building(rng: Rng, lot: Plot, style: Style, library: Sequence[Roof]) -> Roof | None:
    """A roof that fits a lot, turned along its street or across it; None on a lot that is too small."""
    shape = draw(rng, style.shapes)
    wide, deep = lot.length_m * rng.uniform(*style.fill), lot.depth_m * rng.uniform(*style.fill)
    across = deep > wide if rng.random() < 0.85 else deep <= wide
    room = (deep, wide) if across else (wide, deep)
    length, width = room[0], min(room[1], rng.uniform(*style.width_m), room[0])
    if width < 2.2:
        return None
    jitter = math.radians(float(np.clip(rng.normal(0, style.jitter_deg), -25, 25)))
    cos, sin = abs(math.cos(jitter)), abs(math.sin(jitter))
    lot_room = (lot.depth_m, lot.length_m) if across else (lot.length_m, lot.depth_m)
    shrink = min(
        1.0, (lot_room[0] - 0.1) / (length * cos + width * sin), (lot_room[1] - 0.1) / (length * sin + width * cos)
    )
    length, width = length * shrink, width * shrink
    eave, pitch = rng.uniform(*style.eave_m), _pitch(rng, style, width)
    if shape == "real":
        roof = fitted_roof(rng, library, (length, width), eave)
    else:
        roof = random_roof(rng, shape, (length, width), eave, pitch)
    spare = (lot_room[0] - length * cos - width * sin) / 2, (lot_room[1] - length * sin - width * cos) / 2
    offset = rng.uniform(-1, 1, 2) * np.clip(spare, 0, None)
    at = lot.at(*(offset[::-1] if across else offset))
    turn = lot.angle_rad + jitter + (math.pi / 2 if across else 0.0) + math.pi * rng.integers(2)
    return roof.moved(turn, at)


def _pitch(rng: Rng, style: Style, width_m: float) -> float:
    """A slope of the style that lets no ridge rise more than some seven metres over its eaves."""
    steepest = math.degrees(math.atan(7.0 / (width_m / 2)))
    return min(rng.uniform(*style.pitch_deg), max(steepest, 5.0))


def _outbuilding(rng: Rng, lot: Plot, taken: list[Polygon]) -> Roof | None:
    """A shed, garage or hut somewhere on a lot clear of what stands there; None if there is no room."""
    size = np.sort(rng.uniform(2.0, 7.5, 2))[::-1]
    shape = ("shed", "gable", "flat", "hip")[int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))]
    roof = random_roof(rng, shape, (float(size[0]), float(size[1])), rng.uniform(1.9, 2.9), rng.uniform(6, 30))
    for _ in range(5):
        turn = lot.angle_rad + math.pi / 2 * rng.integers(4) + rng.normal(0, 0.05)
        reach = np.array([lot.length_m, lot.depth_m]) / 2 - size[0] * 0.6
        if np.any(reach < 0):
            return None
        placed = roof.moved(turn, lot.at(*(rng.uniform(-1, 1, 2) * reach)))
        outline = placed.outline()
        if not any(outline.distance(other) < 0.15 for other in taken):
            return placed
    return None


def _add_building(
    rng: Rng, town: _Settlement, roof: Roof, style: Style, palette: list[Material], frame: Polygon | None,
    outlines: list[Polygon],
) -> None:  # fmt: skip
    outline = roof.outline()
    outlines.append(outline)
    seen = box(0, 0, *town.extent_m)
    if not outline.intersects(seen) or (frame is not None and not frame.covers(outline)):
        outlines.pop()
        return
    town.roofs.append(roof)
    low = min(float(np.min(h[0] * roof.points_m[:, 0] + h[1] * roof.points_m[:, 1] + h[2])) for h in roof.heights_m)
    foot = (town.lean[0] * max(low, 2.0), town.lean[1] * max(low, 2.0))
    town.walls += fittings.walls(rng, outline, foot, rng.uniform(0.7, 1.0))
    town.tops += _roof_surfaces(rng, town, roof, style, palette)


def _roof_surfaces(rng: Rng, town: _Settlement, roof: Roof, style: Style, palette: list[Material]) -> list[Surface]:
    """The faces of a roof in their coverings, and what is on them."""
    if rng.random() < 0.7:
        pitched = palette[int(rng.integers(len(palette)))].tinted(float(np.exp(rng.normal(0, 0.08))))
    else:
        pitched = fittings.covering(rng, draw(rng, style.coverings))
    flat = materials.flat_covering(rng)
    small = roof.outline().area < 25
    if small and rng.random() < 0.5:
        pitched = materials.corrugated_iron(rng) if rng.random() < 0.6 else materials.thatch(rng)
    pieces = []
    for number, height in enumerate(roof.heights_m):
        material = flat if slope_deg(height) < 2 else pitched
        if roof.roof_type == "complex" and len(roof.faces) > 3 and rng.random() < 0.06:
            material = fittings.covering(rng, draw(rng, style.coverings))
        tint = float(np.exp(rng.normal(0, 0.025)))
        pieces.append(Surface(roof.ring_m(number), height, material.tinted(tint), _first_edge(roof, number)))
    is_flat = all(slope_deg(h) < 2 for h in roof.heights_m)
    if not (is_flat and rng.random() < 0.3):
        pieces += fittings.edge_caps(rng, roof_edges(roof), flat if is_flat else pitched)
    if rng.random() < 0.55:
        pieces += fittings.parapets(rng, roof, flat)
    (own,) = rng.spawn(1)  # with snow guards or without, all else that a seed draws stays
    if own.random() < _SNOW_GUARDS * town.wealth:
        pieces += fittings.snow_guards(own, roof)
    pieces += fittings.roof_things(rng, roof, pitched, town.wealth)
    return pieces


def _first_edge(roof: Roof, face: int) -> float:
    ring = roof.ring_m(face)
    return math.atan2(*(ring[1] - ring[0])[::-1])


def _labels(roofs: list[Roof], pixel_size_m: float) -> tuple[tuple[RoofPlane, ...], tuple[RoofLine, ...]]:
    planes = []
    for building, roof in enumerate(roofs):
        for number, (a, b, c) in enumerate(roof.heights_m):
            height = (a * pixel_size_m, b * pixel_size_m, c)
            ring = roof.ring_m(number) / pixel_size_m
            planes.append(RoofPlane(ring, azimuth_deg((a, b, c)), slope_deg((a, b, c)), height, building))
    lines = [RoofLine(e.line_type, e.xy_m / pixel_size_m, building) for building, e in lines_of(roofs)]
    return tuple(planes), tuple(lines)


def roof_heights(planes: tuple[RoofPlane, ...], shape: tuple[int, int]) -> NDArray[np.float32]:
    """(height, width) metres above ground of the planes at the pixels' centres, 0 where there is none."""
    if not planes:
        return np.zeros(shape, np.float32)
    shapes = [
        ({"type": "Polygon", "coordinates": [[*p.ring.tolist(), p.ring[0].tolist()]]}, i + 1)
        for i, p in enumerate(planes)
    ]
    number = rasterize(shapes, out_shape=shape, dtype="int32")
    table = np.array([(0.0, 0.0, 0.0), *((p.height_m or (0.0, 0.0, 0.0)) for p in planes)], np.float32)
    x = np.arange(shape[1], dtype=np.float32)[None] + np.float32(0.5)
    y = np.arange(shape[0], dtype=np.float32)[:, None] + np.float32(0.5)
    result: NDArray[np.float32] = np.take(table[:, 0], number) * x + np.take(table[:, 1], number) * y
    result += np.take(table[:, 2], number)
    return result
