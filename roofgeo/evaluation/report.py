"""What an evaluation found: sums that add up over scenes, the ratios made of them, and tables to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from roofgeo.evaluation.buildings import BuildingSums
from roofgeo.evaluation.classes import ClassSums
from roofgeo.evaluation.coverage import CoverageSums
from roofgeo.evaluation.detections import Detections
from roofgeo.evaluation.heights import HeightSums
from roofgeo.evaluation.lines import LineSums, both_lines, no_lines
from roofgeo.evaluation.masks import PixelOverlap
from roofgeo.evaluation.polygons import ShapeSums
from roofgeo.evaluation.ratios import ratio
from roofgeo.schema import LINE_TYPES

Value = float | int | None


@dataclass(frozen=True, eq=False)
class Figures:
    """How well a prediction agrees with the truth. Figures of several scenes add up with ``+``.

    What the truth does not label stays at zero, and its ratios are None: "not measured" is not "bad".

    Attributes:
        roof_intersection_m2: Area that is roof in both.
        roof_union_m2: Area that is roof in either.
        true_segments: Number of true segments.
        predicted_segments: Number of predicted segments.
        matched_segments: Number of pairs of one true and one predicted segment.
        azimuth_pairs: Number of pairs that are pitched in both.
        azimuth_error_sum_deg: Sum of the absolute azimuth differences of these pairs.
        confused_pairs: Number of pairs that are flat in one and pitched in the other.
        lines: Lengths by line type.
        slope_pairs: Number of pairs that are pitched in both and whose slopes are known.
        slope_error_sum_deg: Sum of the absolute slope differences of these pairs.
        segment_shapes: Outlines of the pairs.
        detections: Predicted segments by confidence.
        coverage: Gaps and overlaps of the predicted segments.
        buildings: Matched buildings.
        raster_lines: Lengths by line type, from rasters.
        classes: Pixels by segment class.
        roof_px: Roof pixels.
        boundary_px: Roof pixels along the edges.
        heights: Differences of heights.
    """

    roof_intersection_m2: float = 0.0
    roof_union_m2: float = 0.0
    true_segments: int = 0
    predicted_segments: int = 0
    matched_segments: int = 0
    azimuth_pairs: int = 0
    azimuth_error_sum_deg: float = 0.0
    confused_pairs: int = 0
    lines: Mapping[str, LineSums] = field(default_factory=no_lines)
    slope_pairs: int = 0
    slope_error_sum_deg: float = 0.0
    segment_shapes: ShapeSums = field(default_factory=ShapeSums)
    detections: Detections = field(default_factory=Detections)
    coverage: CoverageSums = field(default_factory=CoverageSums)
    buildings: BuildingSums = field(default_factory=BuildingSums)
    raster_lines: Mapping[str, LineSums] = field(default_factory=no_lines)
    classes: ClassSums = field(default_factory=ClassSums)
    roof_px: PixelOverlap = field(default_factory=PixelOverlap)
    boundary_px: PixelOverlap = field(default_factory=PixelOverlap)
    heights: HeightSums = field(default_factory=HeightSums)

    def __add__(self, other: Figures) -> Figures:
        """Figures of both scenes taken as one."""
        by_type = ("lines", "raster_lines")
        added = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name not in by_type}
        return Figures(
            **added,
            lines=both_lines(self.lines, other.lines),
            raster_lines=both_lines(self.raster_lines, other.raster_lines),
        )

    @property
    def roof_iou(self) -> float | None:
        """Intersection over union of the roof areas; None if there is no roof in either."""
        return ratio(self.roof_intersection_m2, self.roof_union_m2)

    @property
    def segment_precision(self) -> float | None:
        """Share of the predicted segments that match a true one."""
        return ratio(self.matched_segments, self.predicted_segments)

    @property
    def segment_recall(self) -> float | None:
        """Share of the true segments that a predicted one matches."""
        return ratio(self.matched_segments, self.true_segments)

    @property
    def segment_f(self) -> float | None:
        """Harmonic mean of segment precision and recall, the RQ of panoptic quality; None without segments."""
        return ratio(2 * self.matched_segments, self.true_segments + self.predicted_segments)

    @property
    def panoptic_quality(self) -> float | None:
        """PQ (Kirillov et al. 2019) of one class, roof segment: SQ times RQ; None without segments."""
        return ratio(2 * self.segment_shapes.iou_sum, self.true_segments + self.predicted_segments)

    @property
    def azimuth_mae_deg(self) -> float | None:
        """Mean absolute azimuth difference of the matched segments that are pitched in both, 0 to 180."""
        return ratio(self.azimuth_error_sum_deg, self.azimuth_pairs)

    @property
    def slope_mae_deg(self) -> float | None:
        """Mean absolute slope difference of the matched segments that are pitched in both."""
        return ratio(self.slope_error_sum_deg, self.slope_pairs)

    @property
    def flat_pitched_confusion(self) -> float | None:
        """Share of the matched pairs that are flat in one and pitched in the other."""
        return ratio(self.confused_pairs, self.matched_segments)

    @property
    def all_lines(self) -> LineSums:
        """Lengths of all line types together, each line still held against its own type."""
        return sum(self.lines.values(), LineSums())

    def as_dict(self) -> dict[str, Value]:
        """The figures by name, flat: ratios first, then the counts they rest on. Ready for JSON."""
        counts = {
            "true_segments": self.true_segments,
            "predicted_segments": self.predicted_segments,
            "matched_segments": self.matched_segments,
            "azimuth_pairs": self.azimuth_pairs,
            "slope_pairs": self.slope_pairs,
            "true_buildings": self.buildings.true_count,
            "predicted_buildings": self.buildings.predicted_count,
            "matched_buildings": self.buildings.shapes.pairs,
            "labelled_px": int(self.classes.confusion.sum()),
            "true_classes": self.classes.true_classes,
            "height_px": self.heights.count,
        }
        return {**self._segments(), **self._lines(), **self._rasters(), **self._buildings(), **counts}

    def _segments(self) -> dict[str, Value]:
        shapes, coverage = self.segment_shapes, self.coverage
        return {
            "roof_iou": self.roof_iou,
            "segment_f": self.segment_f,
            "segment_precision": self.segment_precision,
            "segment_recall": self.segment_recall,
            "segment_pq": self.panoptic_quality,
            "segment_sq": shapes.mean_iou,
            "segment_ap50": self.detections.average_precision,
            "segment_ece": self.detections.reliability().expected_calibration_error,
            "segment_polis_m": shapes.polis_m,
            "segment_vertex_ratio": shapes.vertex_ratio,
            "azimuth_mae_deg": self.azimuth_mae_deg,
            "slope_mae_deg": self.slope_mae_deg,
            "flat_pitched_confusion": self.flat_pitched_confusion,
            "overlap_m2": coverage.overlap_m2 if coverage.segments else None,
            "gap_m2": coverage.gap_m2 if coverage.segments else None,
            "faulty_segments": coverage.faulty_segments if coverage.segments else None,
        }

    def _lines(self) -> dict[str, Value]:
        return {
            "lines_f": self.all_lines.f,
            "lines_completeness": self.all_lines.completeness,
            "lines_correctness": self.all_lines.correctness,
            **{f"lines_{line_type}_f": sums.f for line_type, sums in self.lines.items()},
            "raster_lines_f": sum(self.raster_lines.values(), LineSums()).f,
            **{f"raster_lines_{line_type}_f": sums.f for line_type, sums in self.raster_lines.items()},
        }

    def _rasters(self) -> dict[str, Value]:
        return {
            "raster_roof_iou": self.roof_px.iou,
            "raster_boundary_iou": self.boundary_px.iou,
            "miou_18": self.classes.mean_iou(16),
            "miou_10": self.classes.mean_iou(8),
            "miou_6": self.classes.mean_iou(4),
            "height_rmse_m": self.heights.rmse_m,
            "height_nmad_m": self.heights.nmad_m,
        }

    def _buildings(self) -> dict[str, Value]:
        buildings = self.buildings
        return {
            "building_f": buildings.f,
            "building_area_error": buildings.median_area_error,
            "building_area_within_5pct": buildings.close_area_share,
            "building_polis_m": buildings.shapes.polis_m,
            "building_vertex_ratio": buildings.shapes.vertex_ratio,
        }


class Total:
    """Adds up figures of many scenes, in pairs: what is kept of a detection is copied a few times, not once a scene."""

    def __init__(self) -> None:
        self._sums: list[tuple[int, Figures]] = []

    def add(self, figures: Figures) -> None:
        """Take in one more scene."""
        count = 1
        while self._sums and self._sums[-1][0] == count:
            earlier, before = self._sums.pop()
            count, figures = count + earlier, before + figures
        self._sums.append((count, figures))

    @property
    def figures(self) -> Figures:
        """Those of all scenes so far."""
        total = Figures()
        for _, before in reversed(self._sums):
            total = before + total
        return total


def add_up(scenes: Iterable[Figures]) -> Figures:
    """Figures of all scenes together."""
    total = Total()
    for figures in scenes:
        total.add(figures)
    return total.figures


_COLUMNS = {
    "roof_iou": ("roof IoU", "{:.3f}"),
    "miou_18": ("mIoU 18", "{:.3f}"),
    "segment_f": ("segments F", "{:.3f}"),
    "segment_precision": ("precision", "{:.3f}"),
    "segment_recall": ("recall", "{:.3f}"),
    "azimuth_mae_deg": ("azimuth MAE (deg)", "{:.1f}"),
    "lines_f": ("lines F", "{:.3f}"),
    "true_segments": ("true segments", "{:d}"),
}

_ROWS = {
    "roof_iou": ("roof IoU", "{:.3f}"),
    "raster_roof_iou": ("roof IoU, pixels", "{:.3f}"),
    "raster_boundary_iou": ("boundary IoU, pixels", "{:.3f}"),
    "miou_18": ("mIoU, 16 azimuths + flat + background", "{:.3f}"),
    "miou_10": ("mIoU, 8 azimuths + flat + background", "{:.3f}"),
    "miou_6": ("mIoU, 4 azimuths + flat + background", "{:.3f}"),
    "segment_f": ("segments F (= RQ)", "{:.3f}"),
    "segment_precision": ("segments precision", "{:.3f}"),
    "segment_recall": ("segments recall", "{:.3f}"),
    "segment_pq": ("segments PQ", "{:.3f}"),
    "segment_sq": ("segments SQ", "{:.3f}"),
    "segment_ap50": ("segments AP at IoU 0.5", "{:.3f}"),
    "segment_ece": ("segments ECE", "{:.3f}"),
    "segment_polis_m": ("segments PoLiS (m)", "{:.2f}"),
    "segment_vertex_ratio": ("segments vertex ratio", "{:.2f}"),
    "overlap_m2": ("segments overlap (m2)", "{:.2f}"),
    "gap_m2": ("gaps in buildings (m2)", "{:.2f}"),
    "faulty_segments": ("segments with unshared edges", "{:d}"),
    "azimuth_mae_deg": ("azimuth MAE (deg)", "{:.1f}"),
    "flat_pitched_confusion": ("flat taken for pitched or the reverse", "{:.3f}"),
    "slope_mae_deg": ("slope MAE (deg)", "{:.1f}"),
    "lines_f": ("lines F at 0.25 m", "{:.3f}"),
    **{f"lines_{line_type}_f": (f"{line_type} F at 0.25 m", "{:.3f}") for line_type in LINE_TYPES},
    "raster_lines_f": ("lines F at 0.25 m, pixels", "{:.3f}"),
    **{f"raster_lines_{line_type}_f": (f"{line_type} F at 0.25 m, pixels", "{:.3f}") for line_type in LINE_TYPES},
    "height_rmse_m": ("height RMSE (m)", "{:.2f}"),
    "height_nmad_m": ("height NMAD (m)", "{:.2f}"),
    "building_f": ("buildings F", "{:.3f}"),
    "building_area_error": ("building area error, median share", "{:.3f}"),
    "building_area_within_5pct": ("buildings with an area within 5 %", "{:.3f}"),
    "building_polis_m": ("buildings PoLiS (m)", "{:.2f}"),
    "building_vertex_ratio": ("buildings vertex ratio", "{:.2f}"),
    "true_segments": ("true segments", "{:d}"),
    "true_buildings": ("true buildings", "{:d}"),
    "labelled_px": ("pixels with a true class", "{:d}"),
    "true_classes": ("classes the truth has, of 18", "{:d}"),
}


def figures_table(figures: Mapping[str, Figures]) -> str:
    """A Markdown table of the main figures, one row per named scene or data set; "-" where nothing was measured.

    Args:
        figures: What was measured, by the name of what it was measured on.
    """
    header = ["measured on", *(title for title, _ in _COLUMNS.values())]
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(_COLUMNS) + "|"]
    for name, measured in figures.items():
        values = measured.as_dict()
        cells = [_cell(values[key], form) for key, (_, form) in _COLUMNS.items()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def metrics_table(figures: Mapping[str, Figures]) -> str:
    """A Markdown table of all figures, one row a metric and one column per name; "-" where nothing was measured.

    Args:
        figures: What was measured, by the name of what it was measured on.
    """
    values = [measured.as_dict() for measured in figures.values()]
    lines = ["| metric | " + " | ".join(figures) + " |", "|---" + "|---:" * len(figures) + "|"]
    for key, (title, form) in _ROWS.items():
        lines.append("| " + " | ".join([title, *(_cell(each[key], form) for each in values)]) + " |")
    return "\n".join(lines)


def _cell(value: Value, form: str) -> str:
    return "-" if value is None else form.format(value)
