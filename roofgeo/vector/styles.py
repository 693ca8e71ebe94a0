"""How QGIS draws the layers: one QML document per layer, written from the tables of `roofgeo.schema`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from roofgeo.schema import (
    BUILDINGS_LAYER,
    FIRST_PITCHED,
    FLAT,
    LINE_CLASSES,
    LINES_LAYER,
    SEGMENT_CLASSES,
    SEGMENTS_LAYER,
    Layer,
)

Color = tuple[int, int, int]

_DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_OUTLINE: Final = (60, 60, 60)
_SEGMENT_ALPHA: Final = 150


def qml(layer: Layer) -> str:
    """The QML document of one of `roofgeo.schema.LAYERS`."""
    root = Element("qgis", version="3.28", styleCategories="Symbology|Fields|Forms")
    _RENDERERS[layer.name](root)
    aliases = SubElement(root, "aliases")
    for index, field in enumerate(layer.fields):
        unit = f" [{field.unit}]" if field.unit else ""
        SubElement(aliases, "alias", index=str(index), field=field.name, name=f"{field.name}{unit}: {field.meaning}")
    SubElement(root, "layerGeometryType").text = "1" if layer.geometry == "LineString" else "2"
    indent(root)
    return _DOCTYPE + tostring(root, encoding="unicode")


def _segments(root: Element) -> None:
    classes = [(c.name, c.color) for c in SEGMENT_CLASSES if c.code == FLAT or c.code >= FIRST_PITCHED]
    symbols = _categories(root, "orientation", classes)
    for index, (_, color) in enumerate(classes):
        _fill(symbols, str(index), color)


def _lines(root: Element) -> None:
    classes = [(c.name, c.color) for c in LINE_CLASSES[1:]]
    symbols = _categories(root, "line_type", classes)
    for index, (_, color) in enumerate(classes):
        symbol = SubElement(symbols, "symbol", type="line", name=str(index), alpha="1")
        layer = SubElement(symbol, "layer", {"class": "SimpleLine", "enabled": "1", "pass": "0"})
        _options(layer, line_color=_rgba(color), line_width="0.6", line_width_unit="MM", line_style="solid")


def _buildings(root: Element) -> None:
    renderer = SubElement(root, "renderer-v2", type="singleSymbol")
    symbol = SubElement(SubElement(renderer, "symbols"), "symbol", type="fill", name="0", alpha="1")
    layer = SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0"})
    _options(
        layer,
        style="no",
        outline_style="solid",
        outline_color=_rgba(_OUTLINE),
        outline_width="0.8",
        outline_width_unit="MM",
    )


_RENDERERS: Final = {SEGMENTS_LAYER.name: _segments, LINES_LAYER.name: _lines, BUILDINGS_LAYER.name: _buildings}


def _categories(root: Element, field: str, classes: Sequence[tuple[str, Color]]) -> Element:
    """Add a renderer with one category per value of `field`; returns where its symbols go."""
    renderer = SubElement(root, "renderer-v2", type="categorizedSymbol", attr=field)
    categories = SubElement(renderer, "categories")
    for index, (name, _) in enumerate(classes):
        SubElement(categories, "category", symbol=str(index), value=name, label=name, type="string", render="true")
    return SubElement(renderer, "symbols")


def _fill(symbols: Element, name: str, color: Color) -> None:
    symbol = SubElement(symbols, "symbol", type="fill", name=name, alpha="1")
    layer = SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0"})
    _options(
        layer,
        color=_rgba(color, _SEGMENT_ALPHA),
        style="solid",
        outline_color=_rgba(_OUTLINE),
        outline_style="solid",
        outline_width="0.15",
        outline_width_unit="MM",
    )


def _options(layer: Element, **values: str) -> None:
    options = SubElement(layer, "Option", type="Map")
    for name, value in values.items():
        SubElement(options, "Option", name=name, value=value, type="QString")


def _rgba(color: Color, alpha: int = 255) -> str:
    return ",".join(map(str, (*color, alpha)))
