"""What the network says of each face and along each line: all that is kept of the bands once the planes are found."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from roofgeo.schema import LINE_CLASSES
from roofgeo.vector.crops import FloatArray
from roofgeo.vector.graph import GeometryArray

ACROSS_M: Final = 0.3
_OUTLIER_COS: Final = 0.8


def face_means(labels: NDArray[np.int32], count: int, bands: NDArray[np.float32]) -> FloatArray:
    """(faces, bands) mean of (bands, height, width) over each face 1..count of (height, width) labels."""
    inside = np.flatnonzero(labels.ravel())
    face = labels.ravel()[inside] - 1
    member = csr_array((np.ones(len(face)), (face, np.arange(len(face)))), shape=(count, len(face)))
    sums = member @ bands.reshape(len(bands), -1)[:, inside].T.astype(np.float64)
    means: FloatArray = sums / np.maximum(np.bincount(face, minlength=count), 1)[:, None]
    return means


def face_downslopes(labels: NDArray[np.int32], count: int, downslope: NDArray[np.float32]) -> FloatArray:
    """(faces, 2) unit vectors (east, north): mean of (2, height, width), without the pixels that disagree with it.

    The second mean leaves out speckle and the blur along ridges and hips, which belongs to the neighbour.
    """
    rough = _unit(face_means(labels, count, downslope))
    towards = np.concatenate([np.zeros((1, 2)), rough])[labels]
    along = np.einsum("vhw,hwv->hw", downslope, towards)
    length = np.hypot(*downslope)
    fits = along > _OUTLIER_COS * length
    fine = face_means(labels, count, downslope * fits)
    return np.asarray(np.where(np.hypot(*fine.T)[:, None] > 0, _unit(fine), rough), np.float64)


def line_probabilities(lines: GeometryArray, bands: NDArray[np.float32], pixel_size_m: float) -> FloatArray:
    """(lines, 7) mean along each LineString (in pixels) of the highest probability across it.

    Args:
        lines: Lines in pixels of the bands.
        bands: (7, height, width) line probabilities.
        pixel_size_m: Side of a pixel. "Across" reaches 0.3 m, at least one pixel, to either hand.
    """
    points, normals, line = _samples(lines)
    reach_px = max(1, round(ACROSS_M / pixel_size_m))
    best = np.zeros((len(LINE_CLASSES), len(points)))
    for offset in range(-reach_px, reach_px + 1):
        col, row = np.floor(points + offset * normals).astype(np.int64).T
        inside = (row >= 0) & (row < bands.shape[1]) & (col >= 0) & (col < bands.shape[2])
        best[:, inside] = np.maximum(best[:, inside], bands[:, row[inside], col[inside]])
    count = np.bincount(line, minlength=len(lines))
    sums = np.stack([np.bincount(line, band, len(lines)) for band in best], 1)
    means: FloatArray = sums / np.maximum(count, 1)[:, None]
    return means


def _samples(lines: GeometryArray) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """Points about a pixel apart along the lines, (n, 2), the unit normals there, (n, 2), and whose they are, (n,)."""
    lengths = shapely.length(lines)
    counts = np.maximum(np.ceil(lengths), 1).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), counts)
    nth = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = (nth + 0.5) / counts[line] * lengths[line]
    points = shapely.get_coordinates(shapely.line_interpolate_point(lines[line], at))
    chord = shapely.get_coordinates(shapely.get_point(lines, -1)) - shapely.get_coordinates(shapely.get_point(lines, 0))
    normals = _unit(np.stack([-chord[:, 1], chord[:, 0]], 1))
    return points, normals[line], line


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.hypot(*vectors.T)[:, None]
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))
