"""One piece of roof -> clusters of buildings: planes found, straightened, and what the layers need of the bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import shapely

from roofgeo.grid import Grid
from roofgeo.schema import FIRST_PITCHED, FLAT
from roofgeo.vector.crops import BoolArray, Float32Array, FloatArray, IntArray, RoofCrop
from roofgeo.vector.evidence import face_downslopes, face_means, line_probabilities
from roofgeo.vector.graph import GeometryArray, PlanarGraph, trace
from roofgeo.vector.lines import line_types
from roofgeo.vector.neighbours import buildings_of, is_joint
from roofgeo.vector.planes import LabelArray, find_planes, split_buildings
from roofgeo.vector.regularize import regularize
from roofgeo.vector.surface import Planes, fit_planes, is_whole

CORNER_DEG: Final = 20.0
"""Edges that turn by more are two lines."""

_HEIGHT_STEP_M: Final = 0.3
"""The heights of a network are smooth: one this often is enough for a plane."""


@dataclass(frozen=True)
class Faces:
    """Faces of buildings in the grid's CRS and what the network says of them.

    Attributes:
        polygons: (faces,) Polygons.
        downslopes: (faces, 2) unit vectors (east, north) of the grid; 0 where the face is flat.
        classes: (faces, 18) mean class probabilities.
        roof: (faces,) mean probability of roof.
        heights_m: (faces,) mean height above ground; NaN if unknown.
        gradients: (faces, 2) rise of the plane to the east and north in metres a metre of the grid; NaN if unknown.
        residuals_m: (faces,) root mean square distance of the surface from its plane in height; NaN if unknown.
        levels_m: (faces,) height of the plane at the centre in a surface model, of its own datum; NaN if unknown.
        clipped: (faces,) True where the face touches the edge of what was read.
        building: (faces,) which building of its cluster the face is of.
    """

    polygons: GeometryArray
    downslopes: FloatArray
    classes: FloatArray
    roof: FloatArray
    heights_m: FloatArray
    gradients: FloatArray
    residuals_m: FloatArray
    levels_m: FloatArray
    clipped: BoolArray
    building: IntArray

    def take(self, chosen: IntArray | BoolArray) -> Faces:
        """The faces of these numbers, or where this is True."""
        return Faces(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Faces]) -> Faces:
        """All faces of all parts, one after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @property
    def centres(self) -> FloatArray:
        """(faces, 2) centres of gravity."""
        return np.asarray(shapely.get_coordinates(shapely.centroid(self.polygons)))

    def without_heights(self) -> Faces:
        """The faces as if nothing were known of heights."""
        nan = np.full(len(self.polygons), np.nan)
        return replace(self, heights_m=nan, gradients=np.stack([nan, nan], 1), residuals_m=nan, levels_m=nan)

    def on_surface(self, planes: Planes, ground_m: FloatArray) -> Faces:
        """The faces as a surface model has them.

        Args:
            planes: (faces,) planes in the surface model.
            ground_m: (faces,) height of the ground, of the same datum; NaN if unknown.
        """
        centre_m = planes.heights_m(self.centres)
        return replace(
            self,
            downslopes=planes.downslopes(self.downslopes),
            heights_m=centre_m - ground_m,
            gradients=planes.gradients,
            residuals_m=planes.residuals_m,
            levels_m=np.where(np.isnan(planes.gradients[:, 0]), np.nan, centre_m),
        )


@dataclass(frozen=True)
class Lines:
    """Straight stretches of the edges of faces.

    Attributes:
        linestrings: (lines,) LineStrings in the grid's CRS.
        sides: (lines, 2) number of the face on the left and on the right, -1 outside.
        probabilities: (lines, 7) mean line probabilities.
    """

    linestrings: GeometryArray
    sides: IntArray
    probabilities: FloatArray

    def take(self, chosen: IntArray | BoolArray) -> Lines:
        """The lines of these numbers, or where this is True."""
        return Lines(self.linestrings[chosen], self.sides[chosen], self.probabilities[chosen])

    def renumbered(self, number: IntArray) -> Lines:
        """The lines with the faces beside them called by (faces,) other numbers, -1 for those that are outside now."""
        return replace(self, sides=np.append(number, -1)[self.sides])

    @property
    def inside(self) -> BoolArray:
        """(lines,) True where a face lies beside the line."""
        return np.asarray((self.sides >= 0).any(1))


@dataclass(frozen=True)
class Cluster:
    """Buildings that hang together: faces that share their edges exactly, and the lines these edges are."""

    faces: Faces
    lines: Lines


def build(crop: RoofCrop, grid: Grid) -> tuple[Cluster, ...]:
    """The clusters in one piece of roof: usually one, none if it is too small, more if they touch by a thread."""
    parts = split_buildings(crop.mask, grid.pixel_size_m)
    return tuple(_build_one(crop.part(mask), grid) for mask in parts)


def _build_one(crop: RoofCrop, grid: Grid) -> Cluster:
    labels = find_planes(crop, grid.pixel_size_m)
    graph, polygons = regularize(trace(labels), grid.pixel_size_m)
    lines, sides = straight_runs(graph)
    count = len(polygons)
    classes = face_means(labels, count, crop.segments)
    pitched = _towards_one_side(classes) >= classes[:, FLAT]
    height = crop.height_m
    planes = Planes.unknown(count) if height is None else _planes_of_band(labels, count, height, grid.pixel_size_m)
    faces = Faces(
        polygons=_to_crs(polygons, crop, grid),
        downslopes=face_downslopes(labels, count, crop.downslope) * pitched[:, None],
        classes=classes,
        roof=face_means(labels, count, crop.roof[None])[:, 0],
        heights_m=np.full(count, np.nan) if height is None else face_means(labels, count, height[None])[:, 0],
        gradients=planes.gradients,
        residuals_m=planes.residuals_m,
        levels_m=np.full(count, np.nan),
        clipped=np.isin(np.arange(1, count + 1), labels[crop.edge]),
        building=np.zeros(count, np.int64),
    )
    probabilities = line_probabilities(lines, crop.lines, grid.pixel_size_m)
    return _with_buildings(faces, Lines(_to_crs(lines, crop, grid), sides - 1, probabilities))


def _with_buildings(faces: Faces, lines: Lines) -> Cluster:
    """The cluster, its buildings told apart by what the network says alone: a surface model may cover only some."""
    beside = beside_lines(faces, lines)
    unknown = np.zeros(len(beside), bool)
    code = line_types(lines.linestrings, beside[:, 0], beside[:, 1], unknown, lines.probabilities)
    joint = is_joint(lines.linestrings, beside, code)
    building = buildings_of(shapely.area(faces.polygons), lines.sides, shapely.length(lines.linestrings), joint)
    return Cluster(replace(faces, building=building), lines)


def beside_lines(faces: Faces, lines: Lines) -> FloatArray:
    """(lines, 2, 2) downslopes of the faces on the left and right; 0 where flat, NaN outside."""
    return np.asarray(np.concatenate([faces.downslopes, np.full((1, 2), np.nan)])[lines.sides])


def _planes_of_band(labels: LabelArray, count: int, height_m: Float32Array, pixel_size_m: float) -> Planes:
    """Planes of faces 1..count of (height, width) labels through the network's heights, away from the faces' edges."""
    step = max(1, round(_HEIGHT_STEP_M / pixel_size_m))
    row, col = np.nonzero(((labels > 0) & is_whole(labels, step))[::step, ::step])
    row, col = row * step, col * step
    order = np.argsort(labels[row, col], kind="stable")
    row, col = row[order], col[order]
    xyz = np.stack([(col + 0.5) * pixel_size_m, (row + 0.5) * -pixel_size_m, height_m[row, col]], 1)
    return fit_planes(labels[row, col].astype(np.int64) - 1, xyz.astype(np.float64), count)


def _towards_one_side(classes: FloatArray) -> FloatArray:
    """(faces,) probability of the likeliest azimuth bin and its two neighbours, of (faces, 18) class probabilities.

    Not of all pitched classes together: a face that could face anywhere faces nowhere.
    """
    bins = classes[:, FIRST_PITCHED:]
    return np.asarray((np.roll(bins, 1, axis=1) + bins + np.roll(bins, -1, axis=1)).max(1))


def straight_runs(graph: PlanarGraph) -> tuple[GeometryArray, IntArray]:
    """The arcs cut at their corners: (lines,) LineStrings in pixels and (lines, 2) faces on the left and right."""
    start, end, arc = graph.edges
    run = straight_stretches(graph.xy[end] - graph.xy[start], arc)
    begins = np.diff(run, prepend=-1) > 0
    vertices = np.concatenate([start[begins], end])
    runs = np.concatenate([run[begins], run])
    order = np.argsort(runs, kind="stable")
    lines = np.asarray(shapely.linestrings(graph.xy[vertices[order]], indices=runs[order]))
    has_length = shapely.length(lines) > 0  # two corners may have been straightened onto one point
    return lines[has_length], graph.sides[arc[begins]][has_length]


def straight_stretches(chords: FloatArray, part: IntArray) -> IntArray:
    """(edges,) number of the stretch each edge belongs to: none has a corner, and no two edges of one differ by more.

    What bends little by little, as the eave of a round roof, is shared out into equal turns.

    Args:
        chords: (edges, 2) from the start of each edge to its end, one after the other.
        part: (edges,) ascending: edges of different parts do not follow each other.
    """
    if not len(part):
        return np.zeros(0, np.int64)
    angle = np.arctan2(chords[:, 1], chords[:, 0])
    turn = (np.diff(angle, prepend=angle[0]) + np.pi) % (2 * np.pi) - np.pi
    corner = np.radians(CORNER_DEG)
    begins = (np.diff(part, prepend=-1) != 0) | (np.abs(turn) > corner)
    run, first = np.cumsum(begins) - 1, np.flatnonzero(begins)
    bent = np.cumsum(np.where(begins, 0, turn))
    least = np.minimum.reduceat(bent, first)
    most = np.maximum.reduceat(bent, first) - least
    share = most / np.maximum(np.ceil(most / corner), 1)
    sector = np.floor((bent - least[run]) / np.where(share > 0, share, 1)[run] * (1 - 1e-9))
    return np.asarray(np.cumsum(begins | (np.diff(sector, prepend=-1) != 0)) - 1, np.int64)


def _to_crs(geometries: GeometryArray, crop: RoofCrop, grid: Grid) -> GeometryArray:
    left, _, _, top = grid.window_bounds(crop.window)
    corner, size = np.array([left, top]), np.array([grid.pixel_size_m, -grid.pixel_size_m])
    return np.asarray(shapely.transform(geometries, lambda xy: corner + xy * size))
