"""Planes through points of roof surfaces: robust, all faces at once.

A random sample consensus (Fischler and Bolles 1981, scored as by Torr and Zisserman 2000, "MLESAC") finds the plane
most points agree on; iteratively reweighted least squares with Tukey's biweight (Holland and Welsch 1977) refines it,
so that dormers, chimneys, trees and what spills over an eave do not tilt it. Which is random is not: the same points
give the same plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roofgeo.vector.crops import BoolArray, FloatArray, IntArray

LEAST_POINTS: Final = 6
"""With fewer points there is no plane."""

MOST_ERROR_DEG: Final = 3.0
"""A slope with a larger standard error is unknown: the face is too small or too rough."""

MOST_RESIDUAL_M: Final = 0.3
"""A face that is rougher is no plane."""

OUTLIER_M: Final = 0.5
"""A point farther from the plane counts as this far in the residual: how high a tree is does not matter."""

FLAT_DEG: Final = 3.0
"""A face less steep is flat: water finds its way, but a direction means nothing."""

MOST_TURN_DEG: Final = 15.0
"""A downslope with a larger standard error is left to the network."""

_TRIALS: Final = 32
_SCORED: Final = 48
_AGREES_M: Final = 0.2
_BIWEIGHT: Final = 4.685
"""Tukey's constant: 95 % efficient for normal errors."""

_ROUNDS: Final = 4
_NOISE_M: Final = (0.04, 0.15)
"""Least and most noise of a surface model; what is beyond is not noise."""

_LEAST_NOISE_M: Final = 0.05


@dataclass(frozen=True)
class Planes:
    """Planes of faces; NaN where there are too few points.

    Attributes:
        gradients: (faces, 2) rise to the east and north in metres a metre; NaN also where there is no plane, or none
            sure enough.
        middles: (faces, 3) a point of the plane; where there is no plane, the middle of the points, with their median
            height.
        residuals_m: (faces,) root mean square distance of the points from the plane in height, see `OUTLIER_M`.
        errors_deg: (faces,) standard error of the slope.
    """

    gradients: FloatArray
    middles: FloatArray
    residuals_m: FloatArray
    errors_deg: FloatArray

    def take(self, chosen: IntArray) -> Planes:
        """The planes of these numbers."""
        return Planes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Planes]) -> Planes:
        """All planes of all parts, one after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @classmethod
    def unknown(cls, count: int) -> Planes:
        """Planes nothing is known of."""
        return cls(*(np.full((count, *more), np.nan) for more in ((2,), (3,), (), ())))

    def heights_m(self, xy: FloatArray) -> FloatArray:
        """(faces,) height of each plane at a point of (faces, 2)."""
        rise = (np.nan_to_num(self.gradients) * (xy - self.middles[:, :2])).sum(1)
        return np.asarray(self.middles[:, 2] + rise)

    def downslopes(self, otherwise: FloatArray) -> FloatArray:
        """(faces, 2) unit vectors (east, north), 0 where flat; `otherwise` (faces, 2) where no plane tells."""
        steepness = np.hypot(*self.gradients.T)[:, None]
        is_flat = steepness < np.tan(np.radians(FLAT_DEG))
        tells = np.tan(np.radians(self.errors_deg))[:, None] <= steepness * np.tan(np.radians(MOST_TURN_DEG))
        down = np.divide(-self.gradients, steepness, out=np.zeros_like(self.gradients), where=~is_flat)
        return np.asarray(np.where(is_flat, 0.0, np.where(tells, down, otherwise)))


def fit_planes(face: IntArray, xyz: FloatArray, count: int) -> Planes:
    """The planes of faces 0..count-1 through points.

    Args:
        face: (points,) face of each point, in ascending order.
        xyz: (points, 3) east, north and height in metres; no NaN.
        count: Number of faces.
    """
    counts = np.bincount(face, minlength=count)
    enough = counts >= LEAST_POINTS
    planes = Planes.unknown(count)
    if not enough.any():
        return planes
    kept = enough[face]
    fitted = _fit((np.cumsum(enough) - 1)[face[kept]], xyz[kept], counts[enough])
    for field in fields(Planes):
        getattr(planes, field.name)[enough] = getattr(fitted, field.name)
    return planes


def low_heights(group: IntArray, height_m: FloatArray, count: int, share: float, least: int) -> FloatArray:
    """(count,) height below which a share of a group's heights (n,) lies; NaN for a group of fewer than `least`."""
    counts = np.bincount(group, minlength=count)
    enough = counts >= max(least, 1)
    found = np.full(count, np.nan)
    if not enough.any():
        return found
    low_m, range_m = height_m.min(), np.ptp(height_m) + 1
    keys = np.sort(group + (height_m - low_m) / range_m)  # one sort of floats is many times faster than one of pairs
    at = (np.cumsum(counts) - counts + np.floor(share * np.maximum(counts - 1, 0)).astype(np.int64))[enough]
    found[enough] = low_m + (keys[at] - np.flatnonzero(enough)) * range_m
    return found


def _fit(face: IntArray, xyz: FloatArray, counts: IntArray) -> Planes:
    """`fit_planes` for faces that all have enough points, `counts` (faces,) of them."""
    origin = _means(face, xyz, counts)
    local = np.ascontiguousarray((xyz - origin[face]).T)
    start, noise_m = _consensus(local, counts)
    residual = _above(start, face, local)
    per_reach = (1 / (_BIWEIGHT * noise_m))[face]
    products = _products(local)
    for _ in range(_ROUNDS):
        weight = np.square(np.maximum(1 - np.square(residual * per_reach), 0)) + 1e-6
        plane, spread = _least_squares(products, weight, counts)
        residual = _above(plane, face, local)
    residuals_m = np.sqrt(np.bincount(face, np.minimum(residual**2, OUTLIER_M**2)) / counts)
    errors_deg = _errors_deg(face, residual, weight, spread, len(counts))
    sure = (errors_deg <= MOST_ERROR_DEG) & (residuals_m <= MOST_RESIDUAL_M)
    rest = ~sure[face]
    middle = np.where(sure, plane[:, 2], low_heights(face[rest], local[2, rest], len(counts), 0.5, 1))
    middles = origin + np.pad(middle[:, None], ((0, 0), (2, 0)))
    return Planes(np.where(sure[:, None], plane[:, :2], np.nan), middles, residuals_m, errors_deg)


def _means(face: IntArray, xyz: FloatArray, counts: IntArray) -> FloatArray:
    """(faces, 3) mean of the points of each face."""
    shifted = xyz - xyz[0]  # northings are millions of metres
    return np.asarray(xyz[0] + np.stack([np.bincount(face, axis) for axis in shifted.T], 1) / counts[:, None])


def _above(plane: FloatArray, face: IntArray, xyz: FloatArray) -> FloatArray:
    """(points,) how far each point of (3, points) lies above the plane (faces, 3) of its face."""
    east, north, height = plane.T
    return np.asarray(xyz[2] - east[face] * xyz[0] - north[face] * xyz[1] - height[face])


def _consensus(xyz: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """The best of the planes through three points each: (faces, 3) gradient and height at the origin.

    Also (faces,) the noise of the points about it: 1.4826 times their median distance, within what is plausible.
    """
    rng = np.random.default_rng(0)
    spread = (np.arange(_SCORED) + rng.random(_SCORED)) / _SCORED  # not at even steps: these may meet one column alone
    x, y, z = (axis[_at(spread, counts).T] for axis in xyz.astype(np.float32))
    best, best_cost = np.zeros((len(counts), 3)), np.full(len(counts), np.inf)
    for shares in rng.random((_TRIALS, 3)):
        plane = _through(xyz[:, _at(shares, counts)])
        east, north, height = plane.T.astype(np.float32)
        distance = z - east * x - north * y - height
        cost = np.minimum(np.square(distance), np.float32(_AGREES_M**2)).sum(0)
        better = cost < best_cost  # never where the three lie on a line, as NaN is not
        best[better], best_cost[better] = plane[better], cost[better]
    east, north, height = best.T
    distance = z - east * x - north * y - height
    noise_m = 1.4826 * np.median(np.abs(distance), axis=0)
    return best, np.clip(noise_m, *_NOISE_M)


def _at(shares: FloatArray, counts: IntArray) -> IntArray:
    """(faces, shares) the points that lie at these shares (0 to 1) of the way through those of each face."""
    first = np.cumsum(counts) - counts
    return np.asarray(first[:, None] + np.floor(shares * counts[:, None]).astype(np.int64))


def _through(points: FloatArray) -> FloatArray:
    """(faces, 3) gradient and height at the origin of the planes through (3, faces, 3 points); NaN if on a line."""
    (x0, y0, z0), (x1, y1, z1), (x2, y2, z2) = np.moveaxis(points, 2, 0)
    x1, y1, z1, x2, y2, z2 = x1 - x0, y1 - y0, z1 - z0, x2 - x0, y2 - y0, z2 - z0
    area = x1 * y2 - x2 * y1
    area[np.abs(area) < 1e-9] = np.nan
    east, north = (z1 * y2 - z2 * y1) / area, (x1 * z2 - x2 * z1) / area
    return np.stack([east, north, z0 - east * x0 - north * y0], 1)


def _products(xyz: FloatArray) -> FloatArray:
    """(9, points) what least squares sum up, of (3, points)."""
    x, y, z = xyz
    return np.stack([np.ones(len(x)), x, y, z, x * x, x * y, y * y, x * z, y * z])


def _least_squares(products: FloatArray, weight: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """(faces, 3) gradient and height at the origin of the best planes, of `_products` and their weights.

    Also (faces,) how far the points reach: the lesser eigenvalue of their weighted second moments, in square metres.
    """
    sums = np.add.reduceat(products * weight, np.cumsum(counts) - counts, axis=1)
    total, x, y, z, xx, xy, yy, xz, yz = sums
    xx, xy, yy, xz, yz = (
        xx - x * x / total,
        xy - x * y / total,
        yy - y * y / total,
        xz - x * z / total,
        yz - y * z / total,
    )
    determinant = np.maximum(xx * yy - xy * xy, 1e-12)
    east, north = (yy * xz - xy * yz) / determinant, (xx * yz - xy * xz) / determinant
    least = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    return np.stack([east, north, (z - east * x - north * y) / total], 1), np.maximum(least, 1e-12)


def _errors_deg(face: IntArray, residual: FloatArray, weight: FloatArray, spread: FloatArray, count: int) -> FloatArray:
    """(faces,) standard error of the slope, of the points that lie near the plane."""
    near = np.bincount(face, weight > 0.1, count)
    variance = np.bincount(face, weight * residual**2, count) / np.bincount(face, weight, count)
    noise_m = np.sqrt(variance * near / np.maximum(near - 3, 0.1))
    return np.asarray(np.degrees(np.arctan(np.maximum(noise_m, _LEAST_NOISE_M) / np.sqrt(spread))))


def is_whole(labels: NDArray[np.int32], reach_px: int) -> BoolArray:
    """(height, width) True where all within a reach along rows and columns is of one label."""
    padded = np.pad(labels, reach_px)
    height, width = labels.shape
    shifts = ((0, reach_px), (2 * reach_px, reach_px), (reach_px, 0), (reach_px, 2 * reach_px))
    whole = np.ones(labels.shape, bool)
    for down, right in shifts:
        whole &= padded[down : down + height, right : right + width] == labels
    return whole
