"""Real roofs in scenes: windows of a real neighbourhood, and single roofs for invented lots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import shapely
from numpy.typing import NDArray

from roofgeo.synthesis.layout import Plot
from roofgeo.synthesis.real_shapes import Pieces, real_roofs
from roofgeo.synthesis.shapes import FloatArray, Roof, height_at
from roofgeo.synthesis.styles import Style

Rng = np.random.Generator
_SCALE = (0.85, 1.2)
_HOUSE_M2 = 25.0
_TOUCH_M = 0.08
_CLEAR_M = 1.0
_SHORTEST_ROAD_M = 18.0


@dataclass(frozen=True)
class Neighbourhood:
    """Real roofs where they stand to each other, in metres: x to the right, y down.

    Attributes:
        roofs: One roof for each building.
        terraces: The same, where buildings whose planes go on across their party wall have one roof.
    """

    roofs: tuple[Roof, ...]
    terraces: tuple[Roof, ...]

    @cached_property
    def circles(self) -> tuple[FloatArray, FloatArray]:
        """(n, 3) each: middle and radius of a circle around each of the roofs, and of the terraces."""
        return _circles(self.roofs), _circles(self.terraces)


def _circles(roofs: Sequence[Roof]) -> FloatArray:
    low = np.array([roof.points_m.min(axis=0) for roof in roofs])
    high = np.array([roof.points_m.max(axis=0) for roof in roofs])
    return np.column_stack([(low + high) / 2, np.hypot(*(high - low).T) / 2])


def neighbourhood(pieces: Pieces) -> Neighbourhood:
    """The neighbourhood of measured planes; what cannot be made a sound roof is left out."""
    return Neighbourhood(real_roofs(pieces).roofs, real_roofs(pieces, join_terraces=True).roofs)


def seen_roofs(rng: Rng, place: Neighbourhood, extent_m: tuple[float, float]) -> list[Roof]:
    """The roofs of a random window of a neighbourhood, freely turned, at times mirrored, a little scaled.

    Args:
        rng: Draws.
        place: The neighbourhood.
        extent_m: Width and height of the scene; roofs that reach into it come whole.
    """
    joined = int(rng.random() < 0.5)
    roofs, circles = (place.roofs, place.terraces)[joined], place.circles[joined]
    size = np.asarray(extent_m)
    about = roofs[int(rng.integers(len(roofs)))].points_m.mean(axis=0)
    scale, turn = rng.uniform(*_SCALE), rng.uniform(0, 2 * math.pi)
    to = size * rng.uniform(0.25, 0.75, 2)
    frame = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    if rng.random() < 0.5:
        frame = frame * (1, -1)
    middles, radii = (circles[:, :2] - about) @ frame.T * scale + to, circles[:, 2:] * scale
    found = []
    for i in np.flatnonzero(np.all((middles > -radii) & (middles < size + radii), axis=1)):
        roof = roofs[int(i)]
        points = (roof.points_m - about) @ frame.T * scale + to
        if np.all(points.max(axis=0) > 0) and np.all(points.min(axis=0) < size):
            found.append(changed(roof, frame, scale, about, to))
    return found


def changed(roof: Roof, frame: FloatArray, scale: float, about: FloatArray, to: FloatArray) -> Roof:
    """The roof turned or mirrored and scaled, with its heights, so that the point `about` comes to lie at `to`.

    Args:
        roof: Any roof.
        frame: (2, 2) orthogonal matrix.
        scale: Factor of all lengths; slopes stay.
        about: x, y.
        to: x, y.
    """
    points = (roof.points_m - about) @ frame.T * scale + to
    heights = []
    for height in roof.heights_m:
        a, b = frame @ np.asarray(height[:2])
        level = scale * float(height_at(height, about)) - a * to[0] - b * to[1]
        heights.append((float(a), float(b), float(level)))
    mirrored = np.linalg.det(frame) < 0
    faces = tuple(face[::-1] for face in roof.faces) if mirrored else roof.faces
    return replace(roof, points_m=points, faces=faces, heights_m=tuple(heights))


def fitted_roof(rng: Rng, library: Sequence[Roof], size_m: tuple[float, float], eave_m: float) -> Roof:
    """A real roof about the origin, its long side along x, as large as a box allows.

    Args:
        rng: Draws.
        library: Real roofs; those too small, too long or of another size are passed over where there are others.
        size_m: Length and width of the box, length first and not shorter.
        eave_m: Height of its lowest point.
    """
    for _ in range(8):
        roof = library[int(rng.integers(len(library)))]
        plot = box_around(roof)
        scale = min(size_m[0] / plot.length_m, size_m[1] / plot.depth_m)
        if plot.length_m * plot.depth_m > _HOUSE_M2 and plot.depth_m > plot.length_m / 3 and 0.5 < scale < 2:
            break
    cos, sin = math.cos(plot.angle_rad), math.sin(plot.angle_rad)
    frame = np.array([[cos, sin], [-sin, cos]])
    if rng.random() < 0.5:
        frame = frame * [[1], [-1]]
    roof = changed(roof, frame, scale, np.asarray(plot.center_m), np.zeros(2))
    low = min(float(height_at(h, roof.ring_m(i)).min()) for i, h in enumerate(roof.heights_m))
    return roof.raised(eave_m - low)


def box_around(roof: Roof, margin_m: float = 0.0) -> Plot:
    """The smallest rectangle around a roof, longer than deep, and so much wider on each side."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(shapely.MultiPoint(roof.points_m)))[:4]
    sides = ring[1] - ring[0], ring[2] - ring[1]
    long, short = sorted(sides, key=lambda side: -float(np.hypot(*side)))
    middle = ring.mean(axis=0)
    return Plot(
        (float(middle[0]), float(middle[1])),
        float(np.hypot(*long)) + 2 * margin_m,
        float(np.hypot(*short)) + 2 * margin_m,
        math.atan2(long[1], long[0]),
    )


def rows_of_houses(roofs: Sequence[Roof]) -> NDArray[np.int64]:
    """(roofs,) the number of the row of touching houses each belongs to."""
    outlines = np.array([roof.outline() for roof in roofs], object)
    pairs = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=_TOUCH_M)
    graph = scipy.sparse.coo_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), (len(roofs), len(roofs)))
    return np.asarray(scipy.sparse.csgraph.connected_components(graph, directed=False)[1], np.int64)


def gardens_around(rng: Rng, roofs: Sequence[Roof]) -> list[Plot]:
    """A plot of ground around each house, wider than it by a random margin."""
    houses = [box_around(roof, rng.uniform(1, 9)) for roof in roofs]
    return [plot for plot in houses if plot.length_m * plot.depth_m > 2 * _HOUSE_M2]


def roads_between(rng: Rng, roofs: Sequence[Roof], extent_m: tuple[float, float], style: Style) -> tuple[Plot, ...]:
    """Straight roads along the nearest house, from one building in the way to the next."""
    outlines = shapely.buffer([roof.outline() for roof in roofs], _CLEAR_M)
    tree, reach = shapely.STRtree(outlines), 2 * math.hypot(*extent_m)
    found: list[Plot] = []
    for _ in range(6 + int(extent_m[0] * extent_m[1] / 400)):
        center = rng.uniform((0.0, 0.0), extent_m)
        nearest = box_around(roofs[int(tree.nearest(shapely.Point(center)))])
        angle = nearest.angle_rad + (math.pi / 2 if rng.random() < 0.25 else 0.0)
        road = Plot((float(center[0]), float(center[1])), 2 * reach, rng.uniform(*style.road_m), angle)
        left, right = _free_span(road, outlines[tree.query(shapely.Polygon(road.ring_m()))])
        if right - left > _SHORTEST_ROAD_M:
            found.append(road.part(left, -road.depth_m / 2, right, road.depth_m / 2))
    return tuple(found)


def _free_span(road: Plot, obstacles: NDArray[np.object_]) -> tuple[float, float]:
    """How far a road goes back and on from its middle before it meets an obstacle; 0, 0 if one is in its middle."""
    parts = shapely.intersection(obstacles, shapely.Polygon(road.ring_m()))
    parts = parts[~shapely.is_empty(parts)]
    turned = np.array([math.cos(road.angle_rad), math.sin(road.angle_rad)])
    bounds = []
    for part in parts:
        along = (shapely.get_coordinates(part) - road.center_m) @ turned
        bounds.append((float(along.min()), float(along.max())))
    if any(low <= 0 <= high for low, high in bounds):
        return 0.0, 0.0
    half = road.length_m / 2
    return max([-half, *(h for _, h in bounds if h < 0)]), min([half, *(low for low, _ in bounds if low > 0)])
