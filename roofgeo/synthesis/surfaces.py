"""Surfaces: everything a scene is painted from, the ground as well as the roofs and what stands on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roofgeo.synthesis.materials import Material
from roofgeo.synthesis.shapes import FloatArray, Height


@dataclass(frozen=True)
class Surface:
    """A plane polygon of one material. Later surfaces cover earlier ones.

    Attributes:
        ring_m: (n, 2) x, y in metres, open.
        height_m: (a, b, c): height above ground at x, y is a x + b y + c.
        material: What it is made of.
        rows_rad: Direction of the material's `u` where the surface is flat; where it slopes, the slope tells.
    """

    ring_m: FloatArray
    height_m: Height
    material: Material
    rows_rad: float = 0.0

    @property
    def along_rad(self) -> float:
        """Direction of `u`, the contour line, from x towards y."""
        a, b, _ = self.height_m
        return math.atan2(a, -b) if math.hypot(a, b) > 1e-6 else self.rows_rad


def box_m(center: Sequence[float], length_m: float, width_m: float, angle_rad: float) -> FloatArray:
    """(4, 2) a turned rectangle about a point, its length along `angle_rad`."""
    along = np.array([math.cos(angle_rad), math.sin(angle_rad)])
    across = np.array([-along[1], along[0]])
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([np.asarray(center) + i * length_m / 2 * along + j * width_m / 2 * across for i, j in corners])


def strip_m(start: FloatArray, end: FloatArray, width_m: float, side: float = 0.0) -> FloatArray:
    """(4, 2) a strip along a line; `side` shifts it by so many half widths to the left of y-down travel."""
    direction = end - start
    length = max(float(np.hypot(*direction)), 1e-9)
    across = np.array([-direction[1], direction[0]]) / length * width_m / 2
    return np.array(
        [start + (side - 1) * across, end + (side - 1) * across, end + (side + 1) * across, start + (side + 1) * across]
    )


def disc_m(center: Sequence[float], radius_m: float, corners: int = 12) -> FloatArray:
    """(corners, 2) a regular polygon about a point."""
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    return np.asarray(center) + radius_m * np.column_stack([np.cos(turn), np.sin(turn)])


def level(height_m: float) -> Height:
    """A flat plane at one height."""
    return 0.0, 0.0, height_m
