"""Sums over the pixel sides each edge of a simplified graph stands for: enough to fit lines and to pool them."""

from __future__ import annotations

from typing import Final

import numpy as np

from roofgeo.vector.crops import BoolArray, FloatArray
from roofgeo.vector.graph import PlanarGraph

_TRIM_PX: Final = 3
"""Pixel sides this near to either end of an edge do not count if it has enough others: blur rounds corners."""


def edge_moments(graph: PlanarGraph, kept: BoolArray) -> FloatArray:
    """(edges, 6) count and sums of x, y, xx, xy, yy over the middles of the pixel sides, in pixels.

    Args:
        graph: As traced.
        kept: (positions,) True at the corners: an edge leads from each to the next.
    """
    sides = np.flatnonzero(~graph.last)
    edge = (np.cumsum(kept & ~graph.last) - 1)[sides]
    x, y = ((graph.xy[graph.nodes[sides]] + graph.xy[graph.nodes[sides + 1]]) / 2).T
    count = np.bincount(edge)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    from_end = np.minimum(nth, count[edge] - 1 - nth)
    weight = np.where((count[edge] > 4 * _TRIM_PX) & (from_end < _TRIM_PX), 0.0, 1.0)
    columns = (weight, weight * x, weight * y, weight * x * x, weight * x * y, weight * y * y)
    return np.stack([np.bincount(edge, column) for column in columns], 1)


def covariance(moments: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(edges,) variance of x, covariance, variance of y in square pixels."""
    count, x, y, xx, xy, yy = moments.T
    x, y = x / count, y / count
    return xx / count - x * x, xy / count - x * y, yy / count - y * y


def residual_px(moments: FloatArray) -> FloatArray:
    """(edges,) root mean square distance from the best line: the root of the lesser eigenvalue of the covariance."""
    xx, xy, yy = covariance(moments)
    least = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    return np.sqrt(np.maximum(least, 0))


def fitted_angle_rad(moments: FloatArray) -> FloatArray:
    """(edges,) direction of the best line in radians."""
    xx, xy, yy = covariance(moments)
    return np.asarray(np.arctan2(2 * xy, xx - yy) / 2)
