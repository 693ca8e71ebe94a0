"""How QGIS names and shows the fields of a layer: aliases, widgets, map tips and what a feature is called."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement

from roofgeo.schema import BUILDINGS_LAYER, LINES_LAYER, SEGMENTS_LAYER, Field, Layer

_SIGNS: Final = {"deg": "°", "m2": "m²"}

_DISPLAY: Final = {
    SEGMENTS_LAYER.name: """'Segment ' || "segment_id" || ': ' || "orientation" """.strip(),
    LINES_LAYER.name: """'Line ' || "line_id" || ': ' || "line_type" """.strip(),
    BUILDINGS_LAYER.name: """'Building ' || "building_id" || ': ' || "roof_type" """.strip(),
}
"""What a feature is called in lists and in forms."""


def add_forms(root: Element, layer: Layer) -> None:
    """Add to a QML document how the fields of a layer are shown; none can be changed by accident."""
    widgets, aliases, editable = (SubElement(root, tag) for tag in ("fieldConfiguration", "aliases", "editable"))
    for index, field in enumerate(layer.fields):
        _add_widget(SubElement(widgets, "field", name=field.name), field)
        SubElement(aliases, "alias", index=str(index), field=field.name, name=alias(field))
        SubElement(editable, "field", name=field.name, editable="0")
    SubElement(root, "previewExpression").text = _DISPLAY[layer.name]
    SubElement(root, "mapTip", enabled="1").text = map_tip(layer)


def alias(field: Field) -> str:
    """What a field is called in forms and tables, with its unit."""
    unit = _SIGNS.get(field.unit, field.unit)
    return _title(field) + (f" [{unit}]" if unit else "")


def map_tip(layer: Layer) -> str:
    """HTML that QGIS shows over a feature: what is known of it, with units."""
    rows = " || ".join(_row(field) for field in layer.fields[1:])  # the first is in the heading
    return f"""<b>[% {_DISPLAY[layer.name]} %]</b><table cellspacing="0">[% {rows} %]</table>"""


def _row(field: Field) -> str:
    """Expression of a field's row of the table: empty where it is NULL, as NULL with anything is NULL."""
    return f"coalesce('<tr><td>{_title(field)}&nbsp;</td><td>' || {_text(field)} || '</td></tr>', '')"


def _text(field: Field) -> str:
    """Expression of a field's value as one reads it."""
    column = f'"{field.name}"'
    if field.dtype == "bool":
        return f"if({column}, 'yes', NULL)"
    if field.unit == "0..1":
        return f"round(100 * {column}) || ' %'"
    if field.dtype == "float64":
        return f"format_number({column}, 1) || ' {_SIGNS.get(field.unit, field.unit)}'"
    return column


def _title(field: Field) -> str:
    name = field.name.removesuffix(f"_{field.unit}").replace("_", " ")
    return name[:1].upper() + name[1:].replace(" id", " ID")


def _add_widget(parent: Element, field: Field) -> None:
    kind, settings = "TextEdit", {}
    if field.dtype == "bool":
        kind = "CheckBox"
    elif field.dtype == "float64":  # a table of the layer shows as many decimals
        kind, settings = "Range", {"Precision": ("int", "2" if field.unit == "0..1" else "1")}
    elif field.choices:
        kind = "ValueMap"
    config = SubElement(SubElement(parent, "editWidget", type=kind), "config")
    options = SubElement(config, "Option", type="Map")
    for name, (dtype, value) in settings.items():
        SubElement(options, "Option", name=name, type=dtype, value=value)
    if field.choices:
        choices = SubElement(options, "Option", name="map", type="List")
        for choice in field.choices:
            entry = SubElement(choices, "Option", type="Map")
            SubElement(entry, "Option", name=choice, type="QString", value=choice)
