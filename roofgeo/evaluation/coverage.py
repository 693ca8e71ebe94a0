"""Do the predicted segments share their edges? Overlaps and gaps, of which there should be none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from roofgeo.evaluation.polygons import Geometries

NARROW_GAP_M = 0.1
"""Neighbouring segments that part by less than this have a gap between them; wider, a yard or an alley."""


@dataclass(frozen=True)
class CoverageSums:
    """Faults of predicted segments as a coverage of the roofs. Those of several scenes add up with ``+``.

    Attributes:
        segments: Number of predicted segments that were looked at.
        overlap_m2: Area by which the segments together are larger than what they cover.
        gap_m2: Area of the predicted buildings that no segment covers.
        faulty_segments: Number of segments with an edge that is not shared as it should be: they overlap another one,
            part from it by less than `NARROW_GAP_M`, or lack a vertex of it.
    """

    segments: int = 0
    overlap_m2: float = 0.0
    gap_m2: float = 0.0
    faulty_segments: int = 0

    def __add__(self, other: CoverageSums) -> CoverageSums:
        """Both together."""
        return CoverageSums(
            self.segments + other.segments,
            self.overlap_m2 + other.overlap_m2,
            self.gap_m2 + other.gap_m2,
            self.faulty_segments + other.faulty_segments,
        )


def coverage_sums(segments: Geometries, buildings: Geometries | None) -> CoverageSums:
    """Measure how segments cover their buildings. No truth is needed.

    Args:
        segments: (n,) valid polygons, in metres.
        buildings: (m,) valid polygons of the buildings they make up; None measures no gaps but narrow ones.
    """
    covered = shapely.union_all(segments)
    area_m2 = float(shapely.area(covered))
    gap_m2 = 0.0 if buildings is None else _uncovered_m2(buildings, segments)
    faults = shapely.coverage_invalid_edges(segments, gap_width=NARROW_GAP_M)
    return CoverageSums(
        len(segments),
        max(0.0, float(shapely.area(segments).sum()) - area_m2),
        gap_m2,
        int(np.count_nonzero(~(shapely.is_missing(faults) | shapely.is_empty(faults)))),
    )


def _uncovered_m2(buildings: Geometries, segments: Geometries) -> float:
    """Area of the buildings that no segment covers; building by building, which is quicker than all at once."""
    of_building, of_segment = shapely.STRtree(segments).query(buildings, predicate="intersects")
    uncovered_m2 = shapely.area(buildings)
    touched, starts = np.unique(of_building, return_index=True)
    for building, touching in zip(touched, np.split(of_segment, starts[1:]), strict=False):
        rest = shapely.difference(buildings[building], shapely.union_all(segments[touching]))
        uncovered_m2[building] = shapely.area(rest)
    return float(uncovered_m2.sum())
