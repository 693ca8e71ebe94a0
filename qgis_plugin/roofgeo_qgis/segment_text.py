"""A segment and a review in words."""

from __future__ import annotations

from .azimuth import orientation_name
from .decisions import ACCEPTED, REJECTED
from .preflight import number_text
from .review import Review, Segment
from .translation import tr


def title(segment: Segment | None) -> str:
    """Which segment it is."""
    if segment is None:
        return ""
    return tr("Segment {segment} of building {building}").format(
        segment=segment.segment_id, building=segment.building_id
    )


def percent(segment: Segment | None) -> str:
    """Its confidence."""
    if segment is None or segment.confidence is None:
        return ""
    return tr("{percent} %").format(percent=round(100 * segment.confidence))


def area(segment: Segment | None) -> str:
    """Its area seen from above."""
    if segment is None or segment.area_m2 is None:
        return ""
    return tr("{area} m²").format(area=number_text(segment.area_m2, 1))


def decision(segment: Segment | None) -> str:
    """What is decided on it."""
    words = {ACCEPTED: tr("accepted"), REJECTED: tr("rejected")}
    return "" if segment is None else words.get(segment.decision, tr("not decided"))


def orientation(azimuth_deg: float | None) -> str:
    """The name of a direction."""
    return tr("flat") if azimuth_deg is None else orientation_name(azimuth_deg)


def progress(review: Review | None) -> str:
    """How far the walk has come."""
    if review is None:
        return ""
    counts = tr("{accepted} accepted, {rejected} rejected").format(accepted=review.accepted, rejected=review.rejected)
    if review.number:
        place = tr("{number} of {total}").format(number=review.number, total=review.total)
    elif review.total:
        place = tr("all {total} are decided").format(total=review.total)
    else:
        place = tr("no segment is shown")
    return f"{place}, {counts}"
