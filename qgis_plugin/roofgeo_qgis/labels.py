"""What was reviewed becomes training labels: a GeoPackage in the form of roofgeo's own label files.

Layer `roof_segments` has the accepted segments. Layer `labelled_area` tells where all is known: the buildings that are
accepted as a whole, each segment of them, and not cut off by the edge of the area. Nothing else is known: around them
may be roofs that were never found, and what was rejected or not decided is no background either. An accepted segment
outside of `labelled_area` tells only of its own inside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .command import Cancelled
from .confidence import features_of, file_of, unfiltered
from .decisions import ACCEPTED, DECISION, ReviewError
from .process import never
from .translation import tr

SEGMENTS = "roof_segments"
AREA = "labelled_area"


class Exported(NamedTuple):
    """How much was exported: accepted segments, and buildings that are known as a whole."""

    segments: int
    buildings: int


@dataclass(frozen=True)
class Labels:
    """A result's segments as they are in the file, independent of their layer: they may go to another thread."""

    segments: list[QgsFeature]
    fields: QgsFields
    geometry: QgsWkbTypes.Type
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext


def labels_of(layer: QgsVectorLayer, target: Path) -> Labels:
    """Read what is to be written; in the thread the layer lives in.

    Args:
        layer: The reviewed segments; those its filter hides count too.
        target: The GeoPackage to write.

    Raises:
        ReviewError: Nothing is accepted, edits are not saved, or the target is the result itself.
    """
    segments = _checked(layer, target)
    features = features_of(segments, QgsFeatureRequest())
    if not any(feature[DECISION] == ACCEPTED for feature in features):
        raise ReviewError(tr("No segment is accepted yet: there is nothing to export."))
    geometry = QgsWkbTypes.singleType(segments.wkbType())
    context = QgsProject.instance().transformContext()
    return Labels(features, segments.fields(), geometry, segments.crs(), context)


def write_labels(labels: Labels, target: Path, is_cancelled: Callable[[], bool] = never) -> Exported:
    """Write the accepted segments as labels; a file of that name is replaced, but only by a whole one.

    Raises:
        Cancelled: `is_cancelled` said so; nothing has changed.
        ReviewError: The file cannot be written.
    """
    accepted = [feature for feature in labels.segments if feature[DECISION] == ACCEPTED]
    whole = _known_buildings(labels.segments)
    part = target.with_name(f"{target.stem}.part.gpkg")
    try:
        _remove(part)
        _write_segments(part, labels, accepted, is_cancelled)
        _write_area(part, labels, whole, is_cancelled)
        os.replace(part, target)
    except OSError as error:
        raise ReviewError(_not_written(target, error.strerror)) from error
    finally:
        _remove(part)
    return Exported(len(accepted), len(whole))


def _checked(layer: QgsVectorLayer, target: Path) -> QgsVectorLayer:
    """The layer as it is in the file."""
    if layer.isEditable() and layer.isModified():
        raise ReviewError(tr("Layer {name} has edits that are not saved: save them first.").format(name=layer.name()))
    if os.path.normcase(target.absolute()) == os.path.normcase(file_of(layer).absolute()):
        raise ReviewError(tr("The labels cannot replace the result they come from: choose another name."))
    segments = unfiltered(layer)
    if segments.fields().lookupField(DECISION) < 0:
        raise ReviewError(tr("No segment is accepted yet: there is nothing to export."))
    return segments


def _known_buildings(features: Iterable[QgsFeature]) -> dict[int, QgsGeometry]:
    """Outlines of the buildings of which everything is known, by number."""
    parts: dict[int, list[QgsGeometry]] = {}
    doubtful = set()
    for feature in features:
        building = feature["building_id"]
        parts.setdefault(building, []).append(feature.geometry())
        if feature[DECISION] != ACCEPTED or _is_clipped(feature):
            doubtful.add(building)
    return {number: QgsGeometry.unaryUnion(parts[number]) for number in parts if number not in doubtful}


def _is_clipped(feature: QgsFeature) -> bool:
    index = feature.fields().lookupField("clipped")
    return index >= 0 and feature.attribute(index) in (True, 1)


def _write_segments(
    path: Path, labels: Labels, accepted: Iterable[QgsFeature], is_cancelled: Callable[[], bool]
) -> None:
    names = [field.name() for field in labels.fields if field.name() not in ("fid", DECISION)]
    rows = [([feature[name] for name in names], feature.geometry()) for feature in accepted]
    _write(path, SEGMENTS, labels, names, rows, is_cancelled)


def _write_area(path: Path, labels: Labels, whole: dict[int, QgsGeometry], is_cancelled: Callable[[], bool]) -> None:
    rows = [([number], part) for number, outline in whole.items() for part in outline.asGeometryCollection()]
    _write(path, AREA, labels, ["building_id"], rows, is_cancelled)


def _write(
    path: Path,
    name: str,
    like: Labels,
    names: list[str],
    rows: list[tuple[list[Any], QgsGeometry]],
    is_cancelled: Callable[[], bool],
) -> None:
    """Add a layer of polygons to the file, with some of the fields of the segments and in their CRS."""
    fields = QgsFields()
    for field in names:
        fields.append(like.fields.field(field))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = name
    options.datasourceOptions = ["VERSION=1.3"]  # what QGIS 3.22 reads without a warning
    action = QgsVectorFileWriter.ActionOnExistingFile
    options.actionOnExistingFile = action.CreateOrOverwriteLayer if path.exists() else action.CreateOrOverwriteFile
    writer = QgsVectorFileWriter.create(str(path), fields, like.geometry, like.crs, like.context, options)
    good = writer.hasError() == QgsVectorFileWriter.WriterError.NoError
    for values, polygon in rows:
        if is_cancelled():
            del writer
            raise Cancelled
        good = good and writer.addFeature(_feature(fields, values, polygon))
    reason = writer.errorMessage()
    del writer  # closes the file
    if not good:
        raise ReviewError(_not_written(path, reason))


def _feature(fields: QgsFields, values: list[Any], polygon: QgsGeometry) -> QgsFeature:
    feature = QgsFeature(fields)
    feature.setAttributes(values)
    feature.setGeometry(polygon)
    return feature


def _not_written(path: Path, reason: str | None) -> str:
    return tr("{path} cannot be written: {reason}").format(path=path, reason=reason or tr("unknown reason"))


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
