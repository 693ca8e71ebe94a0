"""What an evaluation found: sums that add up over scenes, the ratios made of them, and a table to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roofgeo.schema import LINE_TYPES


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


@dataclass(frozen=True)
class LineSums:
    """Lengths of roof lines, of one type or of several.

    Attributes:
        true_m: Length of the true lines.
        found_m: Length of the true lines that a predicted line of the same type runs along.
        predicted_m: Length of the predicted lines.
        correct_m: Length of the predicted lines that a true line of the same type runs along.
    """

    true_m: float = 0.0
    found_m: float = 0.0
    predicted_m: float = 0.0
    correct_m: float = 0.0

    def __add__(self, other: LineSums) -> LineSums:
        """Both together."""
        return LineSums(
            self.true_m + other.true_m,
            self.found_m + other.found_m,
            self.predicted_m + other.predicted_m,
            self.correct_m + other.correct_m,
        )

    @property
    def completeness(self) -> float | None:
        """Share of the true length that was found; None if there is none."""
        return _ratio(self.found_m, self.true_m)

    @property
    def correctness(self) -> float | None:
        """Share of the predicted length that is right; None if there is none."""
        return _ratio(self.correct_m, self.predicted_m)

    @property
    def f(self) -> float | None:
        """Harmonic mean of completeness and correctness, 0 if one of them has no lines; None if neither has."""
        if self.true_m + self.predicted_m == 0:
            return None
        completeness, correctness = self.completeness or 0.0, self.correctness or 0.0
        return _ratio(2 * completeness * correctness, completeness + correctness) or 0.0


def no_lines() -> dict[str, LineSums]:
    """Sums of zero for each line type."""
    return {line_type: LineSums() for line_type in LINE_TYPES}


@dataclass(frozen=True)
class Figures:
    """How well predicted layers agree with true ones. Figures of several scenes add up with ``+``.

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

    def __add__(self, other: Figures) -> Figures:
        """Figures of both scenes taken as one."""
        return Figures(
            self.roof_intersection_m2 + other.roof_intersection_m2,
            self.roof_union_m2 + other.roof_union_m2,
            self.true_segments + other.true_segments,
            self.predicted_segments + other.predicted_segments,
            self.matched_segments + other.matched_segments,
            self.azimuth_pairs + other.azimuth_pairs,
            self.azimuth_error_sum_deg + other.azimuth_error_sum_deg,
            self.confused_pairs + other.confused_pairs,
            {line_type: self.lines[line_type] + other.lines[line_type] for line_type in LINE_TYPES},
        )

    @property
    def roof_iou(self) -> float | None:
        """Intersection over union of the roof areas; None if there is no roof in either."""
        return _ratio(self.roof_intersection_m2, self.roof_union_m2)

    @property
    def segment_precision(self) -> float | None:
        """Share of the predicted segments that match a true one."""
        return _ratio(self.matched_segments, self.predicted_segments)

    @property
    def segment_recall(self) -> float | None:
        """Share of the true segments that a predicted one matches."""
        return _ratio(self.matched_segments, self.true_segments)

    @property
    def segment_f(self) -> float | None:
        """Harmonic mean of segment precision and recall; None if there are no segments in either."""
        return _ratio(2 * self.matched_segments, self.true_segments + self.predicted_segments)

    @property
    def azimuth_mae_deg(self) -> float | None:
        """Mean absolute azimuth difference of the matched segments that are pitched in both, 0 to 180."""
        return _ratio(self.azimuth_error_sum_deg, self.azimuth_pairs)

    @property
    def flat_pitched_confusion(self) -> float | None:
        """Share of the matched pairs that are flat in one and pitched in the other."""
        return _ratio(self.confused_pairs, self.matched_segments)

    @property
    def all_lines(self) -> LineSums:
        """Lengths of all line types together, each line still held against its own type."""
        return sum(self.lines.values(), LineSums())

    def as_dict(self) -> dict[str, float | int | None]:
        """The figures by name, flat: ratios first, then the counts they rest on. Ready for JSON."""
        ratios = {
            "roof_iou": self.roof_iou,
            "segment_f": self.segment_f,
            "segment_precision": self.segment_precision,
            "segment_recall": self.segment_recall,
            "azimuth_mae_deg": self.azimuth_mae_deg,
            "flat_pitched_confusion": self.flat_pitched_confusion,
            "lines_f": self.all_lines.f,
            "lines_completeness": self.all_lines.completeness,
            "lines_correctness": self.all_lines.correctness,
        }
        by_type = {f"lines_{line_type}_f": sums.f for line_type, sums in self.lines.items()}
        counts = {
            "true_segments": self.true_segments,
            "predicted_segments": self.predicted_segments,
            "matched_segments": self.matched_segments,
            "azimuth_pairs": self.azimuth_pairs,
        }
        return {**ratios, **by_type, **counts}


_COLUMNS = {
    "roof_iou": ("roof IoU", "{:.3f}"),
    "segment_f": ("segments F", "{:.3f}"),
    "segment_precision": ("precision", "{:.3f}"),
    "segment_recall": ("recall", "{:.3f}"),
    "azimuth_mae_deg": ("azimuth MAE (deg)", "{:.1f}"),
    "lines_f": ("lines F", "{:.3f}"),
    "true_segments": ("true segments", "{:d}"),
}


def figures_table(figures: Mapping[str, Figures]) -> str:
    """A Markdown table, one row per named scene or data set; "-" where nothing was measured.

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


def _cell(value: float | int | None, form: str) -> str:
    return "-" if value is None else form.format(value)
