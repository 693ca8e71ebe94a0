"""How sure a segment is, before calibration: its class, the lines along its outline, and its size.

Chosen by measurement (`python -m tests.benchmarks.confidence`): of what is known of a segment these tell best whether
it matches a true one. Class probability alone, also times the roof probability, ranks segments worse.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from roofgeo.schema import AZIMUTH_BIN_DEG, COMPASS, FIRST_PITCHED, FLAT
from roofgeo.vector.cluster import Faces, Lines
from roofgeo.vector.crops import FloatArray, IntArray

HALF_SURE_M2: Final = 2.0
"""A segment of this size is half as sure as a large one: most crumbs are mistakes."""


def raw_confidence(faces: Faces, lines: Lines, line_code: IntArray) -> FloatArray:
    """(faces,) geometric mean of class and outline probability, times area / (area + 2 m2); 0..1.

    Args:
        faces: The faces.
        lines: The lines along their edges.
        line_code: (lines,) type of each line, of `roofgeo.schema.LINE_CLASSES`.
    """
    by_class = class_probability(faces)
    by_outline = outline_probability(len(by_class), lines, line_code)
    mean = np.sqrt(by_class * np.where(np.isnan(by_outline), by_class, by_outline))
    area_m2 = shapely.area(faces.polygons)
    by_size = np.where(faces.clipped, 1.0, area_m2 / (area_m2 + HALF_SURE_M2))  # how large it really is nobody knows
    return np.asarray(np.clip(mean * by_size, 0, 1))


def class_probability(faces: Faces) -> FloatArray:
    """(faces,) mean probability of flat, or of the two classes on either hand of the downslope."""
    position = np.degrees(np.arctan2(*faces.downslopes.T)) % 360 / AZIMUTH_BIN_DEG
    lower = np.floor(position).astype(np.int64) % len(COMPASS)
    face = np.arange(len(lower))
    pitched = sum(faces.classes[face, FIRST_PITCHED + (lower + i) % len(COMPASS)] for i in (0, 1))
    return np.asarray(np.clip(np.where(faces.downslopes.any(1), pitched, faces.classes[:, FLAT]), 0, 1))


def outline_probability(face_count: int, lines: Lines, line_code: IntArray) -> FloatArray:
    """(faces,) mean probability, by length, that the lines around a face are of their type; NaN where none is known.

    None is known where the network has no head of lines, or where the outline is nothing but a cut.
    """
    known = lines.probabilities.max(1, initial=0) > 0
    probability = line_probability(lines, line_code)
    line, side = np.nonzero((lines.sides >= 0) & known[:, None])
    face, length_m = lines.sides[line, side], shapely.length(lines.linestrings)[line]
    total_m = np.bincount(face, length_m, face_count)
    mean = np.bincount(face, length_m * probability[line], face_count)
    return np.asarray(np.divide(mean, total_m, out=np.full(face_count, np.nan), where=total_m > 0))


def line_probability(lines: Lines, line_code: IntArray) -> FloatArray:
    """(lines,) mean probability that each line is of its type."""
    return np.asarray(np.clip(lines.probabilities[np.arange(len(line_code)), line_code], 0, 1))
