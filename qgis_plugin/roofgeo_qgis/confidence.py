"""Which layers make up one result, and how much of it is shown: everything of segments the network is sure enough of.

A line or a building is shown if one of its segments is: its own confidence means something else (that a line is of this
type, that this is roof at all) and would leave segments without edges.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsFeature, QgsFeatureRequest, QgsMapLayer, QgsProject, QgsProviderRegistry, QgsVectorLayer

from .translation import tr

_SEGMENT_FIELDS = {"segment_id", "building_id", "orientation", "azimuth_deg", "azimuth_grid_deg", "confidence"}
_LINE_FIELDS = {"line_id", "line_type", "left_segment_id", "right_segment_id"}
_BUILDING_FIELDS = {"building_id", "roof_type", "segment_count"}

_NUMBER = r"\d\.\d\d"


def is_segments(layer: QgsMapLayer | None) -> bool:
    """Whether a layer is a result's roof segments in a GeoPackage."""
    return _has(layer, _SEGMENT_FIELDS) and file_of(layer).suffix.lower() in (".gpkg", ".zip")


def file_of(layer: QgsMapLayer) -> Path:
    """The file a layer of GDAL's is in."""
    return Path(_parts(layer).get("path") or "")


def unfiltered(layer: QgsVectorLayer) -> QgsVectorLayer:
    """The same layer of the same file with nothing hidden, in no project."""
    parts = _parts(layer)
    parts.pop("subset", None)
    return QgsVectorLayer(QgsProviderRegistry.instance().encodeUri("ogr", parts), layer.name(), "ogr")


def segment_layers(project: QgsProject) -> list[QgsVectorLayer]:
    """The roof segments of each result in the project, by name."""
    found = [layer for layer in project.mapLayers().values() if is_segments(layer)]
    return sorted(found, key=lambda layer: (layer.name().lower(), layer.id()))


def sisters(segments: QgsVectorLayer, project: QgsProject) -> list[QgsVectorLayer]:
    """The project's layers of lines and buildings that come from the same file as the segments."""
    file = file_of(segments)
    layers = [layer for layer in project.mapLayers().values() if _is_lines(layer) or _is_buildings(layer)]
    return [layer for layer in layers if file_of(layer) == file]


def why_not(layers: list[QgsVectorLayer]) -> str:
    """Why these layers cannot be filtered now; empty if they can."""
    for layer in layers:
        if layer.isEditable():
            return tr(
                "Layer {name} is being edited: QGIS filters it again when its edits are saved or dropped."
            ).format(name=layer.name())
        if layer.subsetString().lstrip().upper().startswith("SELECT"):
            return tr("The filter of layer {name} is a whole query, to which nothing can be added.").format(
                name=layer.name()
            )
    return ""


def least_shown(segments: QgsVectorLayer) -> float:
    """The least confidence the segments are filtered by, 0 to 1."""
    return _split(segments.subsetString(), _clause_of(segments, segments))[1]


def show_from(least: float, segments: QgsVectorLayer, others: list[QgsVectorLayer]) -> bool:
    """Show what has at least this confidence; a filter the user has set before stays.

    Args:
        least: 0 to 1 in steps of 0.01; 0 shows all.
        segments: The result's segments.
        others: The result's lines and buildings.

    Returns:
        Whether all layers took it; a layer in edit mode does not.
    """
    return all([_filter(layer, _clause_of(layer, segments), least) for layer in (segments, *others)])


def shown_count(layer: QgsVectorLayer) -> int:
    """How many features of the layer are shown."""
    count = layer.featureCount()
    if count >= 0:
        return count
    # QGIS 3.22 cannot count in a GeoPackage it has opened a second layer of; it can still read it.
    return len(features_of(layer, only_attributes(layer, [])))


def full_count(segments: QgsVectorLayer) -> int:
    """How many segments there were with the user's own filter alone."""
    if not least_shown(segments):
        return shown_count(segments)
    every = unfiltered(segments)
    every.setSubsetString(_split(segments.subsetString(), _clause_of(segments, segments))[0])
    return shown_count(every)


def features_of(layer: QgsVectorLayer, request: QgsFeatureRequest) -> list[QgsFeature]:
    """Read features; none of them only if there are none.

    QGIS 3.22 keeps connections to a GeoPackage that can, once in a thousand times, not read what was just written
    through another one: then they are made anew.
    """
    features = list(layer.getFeatures(request))
    if not features and layer.featureCount() != 0:
        provider = layer.dataProvider()
        before = provider.blockSignals(True)  # nothing has changed
        provider.reloadData()
        provider.blockSignals(before)
        features = list(layer.getFeatures(request))
    return features


def only_attributes(layer: QgsVectorLayer, names: list[str]) -> QgsFeatureRequest:
    """A request for these attributes and no geometry, so that a large layer is read fast."""
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(names, layer.fields())
    return request


def _has(layer: QgsMapLayer | None, names: set[str]) -> bool:
    return (
        isinstance(layer, QgsVectorLayer)
        and layer.isValid()
        and layer.providerType() == "ogr"
        and names.issubset(layer.fields().names())
    )


def _is_lines(layer: QgsMapLayer) -> bool:
    return _has(layer, _LINE_FIELDS)


def _is_buildings(layer: QgsMapLayer) -> bool:
    return _has(layer, _BUILDING_FIELDS)


def _parts(layer: QgsMapLayer) -> dict[str, Any]:
    return dict(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()))


def _clause_of(layer: QgsVectorLayer, segments: QgsVectorLayer) -> Callable[[str], str]:
    """Makes the SQL condition for a layer from the least confidence, a number as text."""
    table = (_parts(segments).get("layerName") or "roof_segments").replace('"', '""')

    def shown(field: str, number: str) -> str:
        # Our own field names and a number; the table's name is quoted.
        return f'(SELECT "{field}" FROM "{table}" WHERE "confidence" >= {number})'  # nosec B608

    if _is_lines(layer):
        return lambda number: " OR ".join(
            f'"{side}_segment_id" IN {shown("segment_id", number)}' for side in ("left", "right")
        ).join("()")
    if _is_buildings(layer):
        return lambda number: f'"building_id" IN {shown("building_id", number)}'
    return lambda number: f'"confidence" >= {number}'


def _filter(layer: QgsVectorLayer, clause: Callable[[str], str], least: float) -> bool:
    before = layer.subsetString()
    own, _ = _split(before, clause)
    wanted = own
    if least > 0:
        ours = clause(f"{least:.2f}")
        wanted = f"({own}) AND {ours}" if own else ours
    return wanted == before or layer.setSubsetString(wanted)


def _split(subset: str, clause: Callable[[str], str]) -> tuple[str, float]:
    """The user's own filter, and the least confidence that was added to it (0 if none was)."""
    ours = re.escape(clause("NUMBER")).replace("NUMBER", f"({_NUMBER})", 1).replace("NUMBER", _NUMBER)
    match = re.fullmatch(rf"(?:\((?P<own>.*)\) AND )?{ours}", subset, re.DOTALL)
    if match is None or not _balanced(match["own"] or ""):
        return subset, 0.0
    return match["own"] or "", float(match[2])


def _balanced(condition: str) -> bool:
    """Whether parentheses pair up within the text: those around it then belong together."""
    depth = 0
    for letter in re.sub(r"'[^']*'|\"[^\"]*\"", "", condition):  # what is quoted does not count
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0
