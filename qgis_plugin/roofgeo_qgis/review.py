"""The walk through a result's segments, least certain first; each decision is in the layer before the next is asked.

What is walked through is what the layer shows: with its filter off, all segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgis.core import QgsFeature, QgsFeatureRequest, QgsGeometry, QgsVectorLayer

from .azimuth import FLAT, north_offset_deg, orientation_name, wrapped
from .confidence import features_of, only_attributes
from .decisions import ACCEPTED, DECISION, REJECTED, value_of, write
from .translation import tr


@dataclass(frozen=True)
class Segment:
    """One segment as it is in the layer now.

    Attributes:
        fid: Feature id.
        segment_id: Its number in the result.
        building_id: Its building's number.
        orientation: `flat` or a name of the compass.
        azimuth_deg: Downslope from true north; None if flat.
        north_deg: Azimuth from true north minus azimuth from the grid's north.
        area_m2: Seen from above; None if unknown.
        confidence: 0 to 1; None if unknown.
        decision: `ACCEPTED`, `REJECTED` or empty.
        geometry: Its polygon in the layer's CRS.
    """

    fid: int
    segment_id: int
    building_id: int
    orientation: str
    azimuth_deg: float | None
    north_deg: float
    area_m2: float | None
    confidence: float | None
    decision: str
    geometry: QgsGeometry = field(compare=False)  # QGIS compares geometries by identity


class Review:
    """Walks through the segments a layer shows and writes what is decided on them."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.layer = layer
        self.writing = False
        self._order: list[int] = []
        self._decisions: dict[int, str] = {}
        self._done: list[tuple[int, dict[str, Any]]] = []
        self._at = 0
        self.reload()

    def reload(self) -> None:
        """Read again which segments there are and what is decided; the current one stays if it can."""
        current = self._fid()
        names = [name for name in ("confidence", DECISION) if self.layer.fields().lookupField(name) >= 0]
        ranked, self._decisions = [], {}
        for feature in features_of(self.layer, only_attributes(self.layer, names)):
            confidence = value_of(feature, "confidence")
            ranked.append((-1.0 if confidence is None else float(confidence), feature.id()))
            decision = value_of(feature, DECISION)
            if decision in (ACCEPTED, REJECTED):
                self._decisions[feature.id()] = decision
        self._order = [fid for _, fid in sorted(ranked)]
        if current in self._order:
            self._at = self._order.index(current)
        else:
            self._go_to_undecided(0)

    def forget(self) -> None:
        """Start over: the file holds another result now, in which the decisions made here mean nothing."""
        self._done.clear()
        self._order = []
        self.reload()

    @property
    def total(self) -> int:
        """How many segments there are to walk through."""
        return len(self._order)

    @property
    def number(self) -> int:
        """The current segment's place in the walk, from 1; 0 if there is none."""
        return self._at + 1 if self._at < len(self._order) else 0

    @property
    def accepted(self) -> int:
        """How many of them are accepted."""
        return sum(decision == ACCEPTED for decision in self._decisions.values())

    @property
    def rejected(self) -> int:
        """How many of them are rejected."""
        return sum(decision == REJECTED for decision in self._decisions.values())

    @property
    def can_undo(self) -> bool:
        """Whether a decision was made that can be taken back."""
        return bool(self._done)

    def current(self) -> Segment | None:
        """The segment to decide on; None if all are decided."""
        feature = self._feature()
        return None if feature is None else _segment(feature, self.layer)

    def accept(self) -> None:
        """The segment is right as it is."""
        self._decide({DECISION: ACCEPTED}, tr("Accept roof segment"))

    def accept_with(self, azimuth_deg: float | None) -> None:
        """The segment is right with this downslope from true north; None: it is flat."""
        segment = self.current()
        if segment is not None:
            values = {**_downslope(azimuth_deg, segment.north_deg), DECISION: ACCEPTED}
            self._decide(values, tr("Change azimuth of roof segment"))

    def reject(self) -> None:
        """The segment is wrong."""
        self._decide({DECISION: REJECTED}, tr("Reject roof segment"))

    def skip(self) -> None:
        """Go on to the next one that is not decided; after the last comes the first."""
        self._go_to_undecided(self._at + 1)

    def back(self) -> None:
        """Go to the one before, decided or not."""
        self._at = max(self._at - 1, 0)

    def undo(self) -> None:
        """Take back the last decision and go to its segment."""
        if self._done:
            fid, before = self._done[-1]
            self._write(fid, before, tr("Undo review of roof segment"))
            self._done.pop()
            if fid in self._order:
                self._at = self._order.index(fid)

    def _fid(self) -> int | None:
        return self._order[self._at] if self._at < len(self._order) else None

    def _feature(self) -> QgsFeature | None:
        fid = self._fid()
        found = [] if fid is None else features_of(self.layer, QgsFeatureRequest(fid))
        return found[0] if found else None

    def _go_to_undecided(self, start: int) -> None:
        around = [*range(start, len(self._order)), *range(min(start, len(self._order)))]
        self._at = next((i for i in around if self._order[i] not in self._decisions), len(self._order))

    def _decide(self, values: dict[str, Any], title: str) -> None:
        feature = self._feature()
        if feature is None:
            return
        before = {name: value_of(feature, name) for name in values}
        self._write(feature.id(), values, title)
        self._done.append((feature.id(), before))
        self._go_to_undecided(self._at + 1)

    def _write(self, fid: int, values: dict[str, Any], title: str) -> None:
        self.writing = True
        try:
            write(self.layer, fid, values, title)
        finally:
            self.writing = False
        self._decisions.pop(fid, None)
        if values[DECISION]:
            self._decisions[fid] = values[DECISION]


def _segment(feature: QgsFeature, layer: QgsVectorLayer) -> Segment:
    azimuth, grid_azimuth = value_of(feature, "azimuth_deg"), value_of(feature, "azimuth_grid_deg")
    if azimuth is None or grid_azimuth is None:
        north = north_offset_deg(feature.geometry().boundingBox().center(), layer.crs())
    else:
        north = azimuth - grid_azimuth
    return Segment(
        fid=feature.id(),
        segment_id=value_of(feature, "segment_id"),
        building_id=value_of(feature, "building_id"),
        orientation=value_of(feature, "orientation") or FLAT,
        azimuth_deg=azimuth,
        north_deg=north,
        area_m2=value_of(feature, "footprint_area_m2"),
        confidence=value_of(feature, "confidence"),
        decision=value_of(feature, DECISION) or "",
        geometry=feature.geometry(),
    )


def _downslope(azimuth_deg: float | None, north_deg: float) -> dict[str, Any]:
    """The fields that say where a segment slopes to; how steep a flat one would be is not known."""
    if azimuth_deg is None:
        return {"azimuth_deg": None, "azimuth_grid_deg": None, "orientation": FLAT, "slope_deg": None, "area_m2": None}
    azimuth = wrapped(azimuth_deg)
    return {
        "azimuth_deg": azimuth,
        "azimuth_grid_deg": wrapped(azimuth - north_deg),
        "orientation": orientation_name(azimuth),
    }
