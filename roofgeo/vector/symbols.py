"""Parts of a QML document: symbols, their layers, properties that follow an expression, and labels.

What an element or attribute means is what QGIS makes of it; all here is read by QGIS 3.22 and later. Attributes left
out take the defaults of QGIS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement

Color = tuple[int, int, int]

INK: Final = (35, 35, 35)
PAPER: Final = (255, 255, 255)

_AS_EXPRESSION: Final = "3"


def add_symbol(
    parent: Element,
    kind: Literal["fill", "line", "marker"],
    name: str = "0",
    following: Mapping[str, str] | None = None,
) -> Element:
    """Add a symbol without layers.

    Args:
        parent: The renderer's symbols, or the symbol layer it is a part of.
        kind: What it draws.
        name: What a category calls it.
        following: Expression of each property of the symbol that follows one, such as ``alpha`` in percent.
    """
    symbol = SubElement(parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    add_expressions(symbol, "data_defined_properties", following or {})
    return symbol


def add_layer(
    symbol: Element, kind: str, properties: Mapping[str, str], following: Mapping[str, str] | None = None
) -> Element:
    """Add a layer to a symbol, above those it has.

    Args:
        symbol: What `add_symbol` gave.
        kind: Class of the layer, such as ``SimpleFill``.
        properties: Its properties.
        following: Expression of each property that follows one.
    """
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(layer, "Option", type="Map")
    for name, value in properties.items():
        SubElement(options, "Option", name=name, value=value, type="QString")
    add_expressions(layer, "data_defined_properties", following or {})
    return layer


def add_expressions(parent: Element, tag: str, following: Mapping[str, str]) -> None:
    """Add the expressions that properties follow; nothing where there are none."""
    if not following:
        return
    collection = SubElement(SubElement(parent, tag), "Option", type="Map")
    SubElement(collection, "Option", name="name", type="QString", value="")
    properties = SubElement(collection, "Option", name="properties", type="Map")
    for name, expression in following.items():
        entry = SubElement(properties, "Option", name=name, type="Map")
        SubElement(entry, "Option", name="active", type="bool", value="true")
        SubElement(entry, "Option", name="expression", type="QString", value=expression)
        SubElement(entry, "Option", name="type", type="int", value=_AS_EXPRESSION)
    SubElement(collection, "Option", name="type", type="QString", value="collection")


def add_labels(
    root: Element,
    text: str,
    scales: tuple[int, int],
    placement: Mapping[str, str],
    *,
    size_pt: float = 7.5,
    following: Mapping[str, str] | None = None,
) -> None:
    """Label a layer between two scales, in letters with a halo.

    Args:
        root: The document.
        text: Expression of the label.
        scales: Denominators of the closest and the farthest scale at which there are labels.
        placement: Where a label goes.
        size_pt: Height of the letters.
        following: Expression of each property that follows one.
    """
    root.set("labelsEnabled", "1")
    settings = SubElement(SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    letters = {
        "isExpression": "1",
        "fieldName": text,
        "fontSize": f"{size_pt:g}",
        "fontSizeUnit": "Point",
        "fontWeight": "50",
        "namedStyle": "Regular",
        "textColor": rgba(INK),
        "textOpacity": "1",
        "multilineHeight": "0.9",
    }
    style = SubElement(settings, "text-style", letters)
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.7",
        bufferSizeUnits="MM",
        bufferColor=rgba(PAPER),
        bufferOpacity="0.85",
        bufferNoFill="1",
        bufferJoinStyle="128",
    )
    SubElement(settings, "text-format", multilineAlign="1", wrapChar="")
    SubElement(settings, "placement", {"dist": "0", "distUnits": "MM", "priority": "5", **placement})
    closest, farthest = map(str, scales)
    drawing = {"drawLabels": "1", "scaleVisibility": "1", "scaleMin": closest, "scaleMax": farthest, "obstacle": "0"}
    SubElement(settings, "rendering", drawing)
    add_expressions(settings, "dd_properties", following or {})


def rgba(color: Color, alpha: int = 255) -> str:
    """A colour as QML spells it."""
    return ",".join(map(str, (*color, alpha)))
