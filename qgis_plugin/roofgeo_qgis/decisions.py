"""Decisions on segments, written to their layer: into the user's edits if there are any, else into the file."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsFeature, QgsField, QgsVectorDataProvider, QgsVectorLayer

from .translation import tr

DECISION = "review"
"""Field of the decision: accepted, rejected, or NULL."""

ACCEPTED = "accepted"
REJECTED = "rejected"


class ReviewError(Exception):
    """Something could not be written; nothing of it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def write(layer: QgsVectorLayer, fid: int, values: dict[str, Any], title: str) -> None:
    """Write attributes of one segment; the field of the decision is added when it is first needed.

    In a layer the user edits, this is one step of the user's edits, theirs to save or to undo. Else it is in the file
    at once, and the layer does not enter edit mode, in which it could not be filtered.

    Args:
        layer: The segments.
        fid: Which one.
        values: By field name; None is NULL.
        title: What the step is called in the list of edits.

    Raises:
        ReviewError: The layer cannot be written now. Nothing has changed.
    """
    if layer.isEditable():
        _write_into_edits(layer, fid, values, title)
    else:
        _write_into_file(layer, fid, values)
    layer.triggerRepaint()


def _write_into_edits(layer: QgsVectorLayer, fid: int, values: dict[str, Any], title: str) -> None:
    layer.beginEditCommand(title)
    done = _index(layer, DECISION) >= 0 or layer.addAttribute(_decision_field(layer))
    done = done and all([layer.changeAttributeValue(fid, _index(layer, name), values[name]) for name in values])
    if done:
        layer.endEditCommand()
    else:
        layer.destroyEditCommand()
        raise ReviewError(tr("Layer {name} does not take the change.").format(name=layer.name()))


def _write_into_file(layer: QgsVectorLayer, fid: int, values: dict[str, Any]) -> None:
    provider = layer.dataProvider()
    able = QgsVectorDataProvider.Capability
    needed = [able.ChangeAttributeValues]
    if _index(layer, DECISION) < 0:
        needed.append(able.AddAttributes)
    if layer.readOnly() or not all(provider.capabilities() & capability for capability in needed):
        raise ReviewError(
            tr("Layer {name} cannot be written: save a copy of it where you may write, and review that.").format(
                name=layer.name()
            )
        )
    provider.clearErrors()
    provider.enterUpdateMode()
    try:
        done = _index(layer, DECISION) >= 0 or provider.addAttributes([_decision_field(layer)])
        layer.updateFields()
        done = done and provider.changeAttributeValues({fid: {_index(layer, name): values[name] for name in values}})
    finally:
        provider.leaveUpdateMode()  # only then all of it is in the file itself
    reasons = provider.errors()
    provider.clearErrors()
    if not done:
        raise ReviewError(
            tr("The decision could not be written, nothing has changed: {reason}").format(
                reason=reasons[-1] if reasons else tr("unknown reason")
            )
        )
    layer.dataChanged.emit()  # an open attribute table reads it again


def _decision_field(layer: QgsVectorLayer) -> QgsField:
    field = QgsField(layer.fields().field("orientation"))  # a text, by whatever name this QGIS calls the type
    field.setName(DECISION)
    field.setComment("")
    field.setAlias("")
    return field


def _index(layer: QgsVectorLayer, name: str) -> int:
    return layer.fields().lookupField(name)


def value_of(feature: QgsFeature, name: str) -> Any:
    """An attribute; None if it is NULL or there is no such field, or none any more."""
    index = feature.fields().lookupField(name)
    value = feature.attributes()[index] if 0 <= index < len(feature.attributes()) else None
    return None if value == NULL else value
