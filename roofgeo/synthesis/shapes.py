"""Roof geometry from footprints: faces that share their edges, each with its exact height.

Coordinates are metres in the picture's frame: x to the right, y down. Heights are metres above ground. An azimuth
is the downslope direction, clockwise from the picture's upward direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from py_straight_skeleton import compute_skeleton
from shapely.geometry import Polygon

FloatArray = NDArray[np.float64]
Height = tuple[float, float, float]

FLAT_GRADIENT = 1e-6
"""A plane whose height changes less than this per metre is flat."""
_SNAP_M = 1e-5


@dataclass(frozen=True)
class Roof:
    """The roof of one building.

    Attributes:
        points_m: (n, 2) x, y of the vertices in metres.
        faces: Vertex numbers of each face, open rings, all turning the same way.
        heights_m: For each face (a, b, c): its height above ground at x, y is a x + b y + c.
        roof_type: One of `roofgeo.schema.ROOF_TYPES`.
        play_m: Faces less apart than this in height at a common edge meet there: measured planes never fit exactly.
    """

    points_m: FloatArray
    faces: tuple[tuple[int, ...], ...]
    heights_m: tuple[Height, ...]
    roof_type: str
    play_m: float = 0.02

    def ring_m(self, face: int) -> FloatArray:
        """(n, 2) x, y of a face's vertices in metres."""
        return self.points_m[list(self.faces[face])]

    def outline(self) -> Polygon:
        """The footprint in metres: the union of the faces."""
        return Polygon(self.points_m[_outline(self.faces, self.points_m)])

    def moved(self, angle_rad: float, to_m: tuple[float, float]) -> Roof:
        """The roof turned about the origin (from x towards y), then shifted."""
        cos, sin = math.cos(angle_rad), math.sin(angle_rad)
        turn = np.array([[cos, -sin], [sin, cos]])
        points = self.points_m @ turn.T + np.asarray(to_m)
        heights = []
        for a, b, c in self.heights_m:
            a2, b2 = cos * a - sin * b, sin * a + cos * b
            heights.append((a2, b2, c - a2 * to_m[0] - b2 * to_m[1]))
        return replace(self, points_m=points, heights_m=tuple(heights))

    def raised(self, by_m: float) -> Roof:
        """The roof lifted by `by_m` metres."""
        heights = tuple((a, b, c + by_m) for a, b, c in self.heights_m)
        return replace(self, heights_m=heights)


def height_at(height: Height, xy: FloatArray) -> FloatArray:
    """Height in metres of a plane at positions (..., 2) x, y."""
    result: FloatArray = height[0] * xy[..., 0] + height[1] * xy[..., 1] + height[2]
    return result


def azimuth_deg(height: Height) -> float | None:
    """Downslope direction of a plane, clockwise from the picture's upward direction; None if flat."""
    if math.hypot(height[0], height[1]) < FLAT_GRADIENT:
        return None
    return math.degrees(math.atan2(-height[0], height[1])) % 360


def slope_deg(height: Height) -> float:
    """Slope of a plane against the horizontal."""
    return math.degrees(math.atan(math.hypot(height[0], height[1])))


def rectangle(length_m: float, width_m: float) -> FloatArray:
    """(4, 2) a rectangle about the origin, its long side along x."""
    x, y = length_m / 2, width_m / 2
    return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])


def flat_roof(ring_m: FloatArray, height_m: float) -> Roof:
    """A flat roof over any simple outline (n, 2) in metres."""
    return Roof(_positive(ring_m), (tuple(range(len(ring_m))),), ((0.0, 0.0, height_m),), "flat")


def shed_roof(ring_m: FloatArray, eave_m: float, pitch_deg: float, downslope: tuple[float, float]) -> Roof:
    """One sloping plane over an outline (n, 2); its lowest point lies `eave_m` above ground.

    Args:
        ring_m: Outline in metres.
        eave_m: Height of the lowest point.
        pitch_deg: Slope.
        downslope: Unit vector x, y the plane faces.
    """
    ring = _positive(ring_m)
    gradient = math.tan(math.radians(pitch_deg))
    a, b = -gradient * downslope[0], -gradient * downslope[1]
    c = eave_m - float(np.min(a * ring[:, 0] + b * ring[:, 1]))
    return Roof(ring, (tuple(range(len(ring))),), ((a, b, c),), "shed")


def gable_roof(length_m: float, width_m: float, eave_m: float, pitch_deg: float, ridge_at: float = 0.5) -> Roof:
    """Two planes that meet in a ridge along x, over a rectangle about the origin.

    Args:
        length_m: Side along the ridge.
        width_m: Side across the ridge.
        eave_m: Height of both eaves.
        pitch_deg: Slope of the wider plane.
        ridge_at: Where the ridge lies across the width, 0..1; off the middle the two slopes differ.
    """
    x, y = length_m / 2, width_m / 2
    ridge = -y + ridge_at * width_m
    points = np.array([[-x, -y], [x, -y], [x, ridge], [x, y], [-x, y], [-x, ridge]])
    rise = math.tan(math.radians(pitch_deg)) * max(ridge + y, y - ridge)
    up, down = rise / (ridge + y), rise / (y - ridge)
    heights = ((0.0, up, eave_m + up * y), (0.0, -down, eave_m + down * y))
    return Roof(points, ((0, 1, 2, 5), (5, 2, 3, 4)), heights, "gable")


SLIVER = 0.01
"""A half-hip closer than this to a hip or to a gable is one: its face would be too thin to have a plane."""


def roof_from_footprint(
    ring_m: FloatArray, eave_m: float, pitch_deg: float, gable_ends: Sequence[float] = ()
) -> Roof | None:
    """A roof of one pitch over any simple outline, from its straight skeleton.

    Args:
        ring_m: (n, 2) outline in metres, open.
        eave_m: Height of the eaves.
        pitch_deg: Slope of every plane.
        gable_ends: For the roof's triangular ends, in order, what becomes of them: 0 a hip, 1 a gable, between them
            a half-hip that comes down so far short of the eave. Ends beyond the sequence stay hips; an end that
            cannot be a gable with its neighbours still planar stays a hip, too.

    Returns:
        The roof, or None if the outline has no usable skeleton.
    """
    ring = _positive(ring_m)
    mesh = _skeleton(ring)
    if mesh is None:
        return None
    points, time, faces = mesh
    gradient = math.tan(math.radians(pitch_deg))
    heights = [_eave_plane(ring, edge, eave_m, gradient) for edge in range(len(ring))]
    triangles = [i for i, face in enumerate(faces) if len(face) == 3]
    hips = len(triangles)
    for end, share in zip(triangles, gable_ends, strict=False):
        if share >= SLIVER:
            share = 1.0 if share > 1 - SLIVER else share
            points, done = _open_end(points, time, faces, heights, end, share)
            hips -= done and share == 1
    kept = [i for i, face in enumerate(faces) if face]
    kind = _kind(len(ring), len(points), hips)
    roof = Roof(points, tuple(faces[i] for i in kept), tuple(heights[i] for i in kept), kind)
    return roof if _is_sound(roof, Polygon(ring).area) else None


def _skeleton(ring: FloatArray) -> tuple[FloatArray, FloatArray, list[tuple[int, ...]]] | None:
    """Points, their distance from the outline, and one face per edge of a positively turning outline."""
    try:
        skeleton = compute_skeleton(exterior=[(float(x), float(y)) for x, y in ring], holes=[])
        faces = [tuple(face[:-1]) for face in skeleton.get_faces()]
    except (RuntimeError, ValueError, ArithmeticError, AssertionError, IndexError, KeyError, AttributeError):
        # The library raises all of these on outlines whose events fall together; such an outline gives no roof.
        return None
    nodes = skeleton.nodes
    points = np.array([[n.position.x, n.position.y] for n in nodes])
    return points, np.array([n.time for n in nodes]), faces


def _eave_plane(ring: FloatArray, edge: int, eave_m: float, gradient: float) -> Height:
    start, end = ring[edge], ring[(edge + 1) % len(ring)]
    direction = (end - start) / np.hypot(*(end - start))
    inward = np.array([-direction[1], direction[0]]) * gradient
    return float(inward[0]), float(inward[1]), float(eave_m - inward @ start)


def _open_end(
    points: FloatArray,
    time: FloatArray,
    faces: list[tuple[int, ...]],
    heights: list[Height],
    end: int,
    share: float,
) -> tuple[FloatArray, bool]:
    """Turn a triangular hip end into a gable or half-hip in place; the points, and whether it could be done."""
    first, second, apex = faces[end]
    middle = (points[first] + points[second]) / 2
    before = next((i for i, f in enumerate(faces) if i != end and _follows(f, apex, first)), None)
    after = next((i for i, f in enumerate(faces) if i != end and _follows(f, second, apex)), None)
    if before is None or after is None or time[apex] < _SNAP_M or _degree(faces, apex) != 3:
        return points, False
    top = height_at(heights[before], points[apex])
    planar = all(abs(height_at(heights[i], middle) - top) < 1e-6 for i in (before, after))
    if not planar:
        return points, False
    points = points.copy()
    points[apex] += share * (middle - points[apex])
    if share >= 1:
        faces[before] = _without(faces[before], first, apex, ())
        faces[after] = _without(faces[after], second, apex, ())
        faces[end] = ()
        return points, True
    # The half-hip's foot: two new points on the end's edge, `share` of the way up the gable.
    feet = np.array(
        [points[first] + share * (middle - points[first]), points[second] + share * (middle - points[second])]
    )
    n = len(points)
    points = np.vstack([points, feet])
    faces[before] = _without(faces[before], apex, first, (n,))
    faces[after] = _without(faces[after], second, apex, (n + 1,))
    faces[end] = (n, n + 1, apex)
    heights[end] = _plane_through(
        np.column_stack(
            [
                points[[n, n + 1, apex]],
                [height_at(heights[before], points[n]), height_at(heights[after], points[n + 1]), top],
            ]
        )
    )
    return points, True


def _without(face: tuple[int, ...], u: int, v: int, between: tuple[int, ...]) -> tuple[int, ...]:
    """The face with points put between its neighbours u and v, whichever comes first."""
    for i in range(len(face)):
        here, after = face[i], face[(i + 1) % len(face)]
        if {here, after} == {u, v}:
            return (*face[: i + 1], *between, *face[i + 1 :])
    return face


def _follows(face: tuple[int, ...], u: int, v: int) -> bool:
    """Whether the face holds the edge between u and v, in either sense."""
    return any({face[i], face[(i + 1) % len(face)]} == {u, v} for i in range(len(face)))


def _degree(faces: list[tuple[int, ...]], point: int) -> int:
    return sum(point in face for face in faces)


def _plane_through(xyz: FloatArray) -> Height:
    a, b, c = np.linalg.solve(np.column_stack([xyz[:, :2], np.ones(3)]), xyz[:, 2])
    return float(a), float(b), float(c)


def _kind(corners: int, points: int, hips: int) -> str:
    if corners != 4:
        return "complex"
    if hips == 0:
        return "gable"
    return "pyramid" if points == 5 else "hip"


def _is_sound(roof: Roof, area_m2: float) -> bool:
    """Whether the faces fill the outline and every vertex has one height."""
    areas = [Polygon(roof.ring_m(i)).area for i in range(len(roof.faces))]
    if min(areas) < 1e-4 or abs(sum(areas) - area_m2) > 1e-3 * area_m2:
        return False
    low, high = np.full(len(roof.points_m), np.inf), np.full(len(roof.points_m), -np.inf)
    for face, height in zip(roof.faces, roof.heights_m, strict=True):
        z = height_at(height, roof.points_m[list(face)])
        np.minimum.at(low, list(face), z)
        np.maximum.at(high, list(face), z)
    used = np.isfinite(low)
    return bool(np.all(high[used] - low[used] < 0.01))


def _positive(ring: FloatArray) -> FloatArray:
    """The ring turned so that its signed area, as x and y stand, is positive."""
    x, y = ring[:, 0], ring[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return np.array(ring if area > 0 else ring[::-1], dtype=np.float64)


def _outline(faces: tuple[tuple[int, ...], ...], points: FloatArray) -> list[int]:
    """Vertex numbers around the union of faces that share their vertices: the directed edges without an opposite.

    Around a courtyard there are such edges, too: of all the rings it is the one that reaches farthest to the left.
    """
    edges = {(f[i], f[(i + 1) % len(f)]) for f in faces for i in range(len(f))}
    following = {u: v for u, v in edges if (v, u) not in edges}
    ring = _followed(following, next(iter(following)))
    if len(ring) == len(following):
        return ring
    return _followed(following, min(following, key=lambda u: (points[u, 0], u)))


def _followed(following: dict[int, int], start: int) -> list[int]:
    ring = [start]
    while (after := following[ring[-1]]) != start:
        ring.append(after)
    return ring


def join_roofs(parts: Sequence[Roof]) -> Roof:
    """One building of roofs that touch: common vertices become one, and junctions are put into long edges.

    Args:
        parts: Roofs that share parts of their outlines and do not overlap.
    """
    stacked = np.vstack([part.points_m for part in parts])
    near = np.max(np.abs(stacked[:, None] - stacked[None]), axis=2) < _SNAP_M
    first, number = np.unique(np.argmax(near, axis=1), return_inverse=True)
    points = stacked[first]
    faces: list[tuple[int, ...]] = []
    start = 0
    for part in parts:
        faces += [tuple(int(number[start + v]) for v in face) for face in part.faces]
        start += len(part.points_m)
    heights = tuple(height for part in parts for height in part.heights_m)
    joined = tuple(_with_junctions(face, points) for face in faces)
    kinds = {part.roof_type for part in parts}
    return Roof(points, joined, heights, "flat" if kinds == {"flat"} else "complex")


def _with_junctions(face: tuple[int, ...], points: FloatArray) -> tuple[int, ...]:
    """The face with every point that lies on one of its edges put into it."""
    ring: list[int] = []
    for i, u in enumerate(face):
        v = face[(i + 1) % len(face)]
        ring.append(u)
        edge = points[v] - points[u]
        length = float(np.hypot(*edge))
        offset = points - points[u]
        along = offset @ edge / length
        across = np.abs(offset[:, 0] * edge[1] - offset[:, 1] * edge[0]) / length
        between = np.flatnonzero((along > _SNAP_M) & (along < length - _SNAP_M) & (across < 2 * _SNAP_M))
        ring += [int(p) for p in between[np.argsort(along[between])] if p not in face]
    return tuple(ring)
