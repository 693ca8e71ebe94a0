"""How QGIS draws the layers: one QML document per layer, written from the tables of `roofgeo.schema`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from roofgeo.schema import (
    AZIMUTH_BIN_DEG,
    BUILDINGS_LAYER,
    FIRST_PITCHED,
    FLAT,
    LINE_CLASSES,
    LINES_LAYER,
    SEGMENT_CLASSES,
    SEGMENTS_LAYER,
    Layer,
    RasterClass,
)
from roofgeo.vector.forms import add_forms
from roofgeo.vector.symbols import INK, PAPER, add_labels, add_layer, add_symbol, rgba

_DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_CATEGORIES: Final = "Symbology|Labeling|Fields|Forms|MapTips"

_SEGMENT_ALPHA: Final = 140
_REJECTED: Final = "coalesce(attribute('review') = 'rejected', false)"
"""The field is there only where somebody reviews; `attribute` gives NULL where it is not."""

_IN_LEGEND: Final = "attribute('orientation') IS NULL"
"""A symbol in a legend is drawn without a feature."""

_MAP_MM: Final = "(coalesce(@map_scale, 500) / 1000)"
"""Metres on the ground to a millimetre of the map."""

_ARROW_SCALE: Final = 1500
_ARROW_LEAST_MM: Final = 2.2
_ARROW_MOST_MM: Final = 9
_TYPICAL_SLOPE_DEG: Final = 30

# Half of the arrow lies on either side of the point farthest from the edges, and within the circle around it that
# touches them: so it never leaves its segment. As a line on the ground it turns and is projected with the map.
ARROW: Final = f"""
CASE WHEN "azimuth_grid_deg" IS NULL OR @map_scale > {_ARROW_SCALE} OR {_REJECTED} THEN NULL ELSE
with_variable('centre', pole_of_inaccessibility($geometry, 0.1),
with_variable('half_m',
  scale_linear(coalesce("slope_deg", {_TYPICAL_SLOPE_DEG}), 0, 45, 0.45, 0.95)
  * min(distance(@centre, boundary($geometry)), {_ARROW_MOST_MM / 2} * {_MAP_MM}),
CASE WHEN 2 * @half_m >= {_ARROW_LEAST_MM} * {_MAP_MM} THEN make_line(
  project(@centre, @half_m, radians("azimuth_grid_deg" + 180)),
  project(@centre, @half_m, radians("azimuth_grid_deg"))) END)) END
""".strip()

# The label has its place where most room is beside the arrow, runs along the contour, and tells what there is room for.
_BESIDE_ARROW: Final = f"coalesce(difference($geometry, buffer({ARROW}, 0.9 * {_MAP_MM})), $geometry)"
_LABEL_PLACE: Final = f"pole_of_inaccessibility({_BESIDE_ARROW}, 0.1)"
_LABEL_TURN: Final = """if("azimuth_grid_deg" IS NULL, 0, ("azimuth_grid_deg" + 90) % 180 - 90)"""
_ROOM_MM: Final = f"distance({_LABEL_PLACE}, boundary({_BESIDE_ARROW})) / {_MAP_MM}"
SEGMENT_LABEL: Final = f"""
with_variable('room_mm', {_ROOM_MM},
CASE WHEN @room_mm >= 1.7 THEN
  coalesce((round("azimuth_deg") % 360) || '°', 'flat') || coalesce(' / ' || round("slope_deg") || '°', '')
END || if(@room_mm >= 2.8, '\n' || format_number(coalesce("area_m2", "footprint_area_m2"), 0) || ' m²', ''))
""".strip()

_THINNER: Final = "max(0.45, min(1.3, 600 / coalesce(@map_scale, 600)))"
"""What widths are multiplied with, so that lines do not cover the roofs on small scales."""

_LINE_WIDTHS_MM: Final = {"ridge": 0.6, "hip": 0.6, "valley": 0.6, "eave": 0.45, "rake": 0.45, "step": 0.35}


def qml(layer: Layer) -> str:
    """The QML document of one of `roofgeo.schema.LAYERS`."""
    root = Element("qgis", version="3.22.0", styleCategories=_CATEGORIES)
    _RENDERERS[layer.name](root)
    add_forms(root, layer)
    SubElement(root, "layerGeometryType").text = "1" if layer.geometry == "LineString" else "2"
    indent(root, " ")
    return _DOCTYPE + tostring(root, encoding="unicode")


def _segments(root: Element) -> None:
    classes = [*SEGMENT_CLASSES[FIRST_PITCHED:], SEGMENT_CLASSES[FLAT]]
    symbols = _categories(root, "orientation", classes)
    for index, orientation in enumerate(classes):
        symbol = add_symbol(symbols, "fill", str(index))
        add_layer(
            symbol,
            "SimpleFill",
            {
                "color": rgba(orientation.color, _SEGMENT_ALPHA),
                "style": "solid",
                "outline_color": rgba(INK, 200),
                "outline_style": "solid",
                "outline_width": "0.12",
                "outline_width_unit": "MM",
                "joinstyle": "miter",
            },
            {
                "fillStyle": f"if({_REJECTED}, 'b_diagonal', 'solid')",
                "fillColor": f"if({_REJECTED}, set_color_part(@symbol_color, 'alpha', 255), @symbol_color)",
            },
        )
        if orientation.code >= FIRST_PITCHED:
            _arrow(symbol)
            _legend_arrow(symbol, (orientation.code - FIRST_PITCHED) * AZIMUTH_BIN_DEG)
    add_labels(
        root,
        SEGMENT_LABEL,
        (1, 1000),
        {
            "placement": "1",  # over the point
            "quadOffset": "4",
            "priority": "8",
            "geometryGeneratorEnabled": "1",
            "geometryGenerator": _LABEL_PLACE,
            "geometryGeneratorType": "PointGeometry",
        },
        size_pt=7,
        following={"LabelRotation": _LABEL_TURN},
    )


def _arrow(symbol: Element) -> None:
    generator = {"SymbolType": "Line", "geometryModifier": ARROW, "units": "MapUnit"}
    line = add_symbol(add_layer(symbol, "GeometryGenerator", generator), "line")
    shape = {
        "arrow_type": "0", "arrow_width": "0.45", "arrow_start_width": "0.45", "head_length": "1.7",
        "head_thickness": "1.0", "head_type": "0", "is_curved": "0", "is_repeated": "0",
    }  # fmt: skip
    fill = add_symbol(add_layer(line, "ArrowLine", shape), "fill", "0", {"alpha": f"if({_IN_LEGEND}, 0, 100)"})
    add_layer(
        fill,
        "SimpleFill",
        {"color": rgba(INK), "outline_color": rgba(PAPER, 220), "outline_width": "0.15", "outline_width_unit": "MM"},
    )


def _legend_arrow(symbol: Element, azimuth_deg: float) -> None:
    """Add the arrow of the legend: there the other one has no segment to lie in, and would always point right."""
    fill = add_layer(symbol, "CentroidFill", {"point_on_surface": "1"}, {"enabled": _IN_LEGEND})
    marker = add_symbol(fill, "marker")
    add_layer(
        marker,
        "SimpleMarker",
        {
            "name": "arrow",
            "angle": f"{azimuth_deg:g}",
            "size": "3.6",
            "size_unit": "MM",
            "color": rgba(INK),
            "outline_color": rgba(PAPER, 220),
            "outline_width": "0.15",
            "outline_width_unit": "MM",
        },
    )


def _lines(root: Element) -> None:
    symbols = _categories(root, "line_type", LINE_CLASSES[1:])
    for index, line in enumerate(LINE_CLASSES[1:]):
        symbol = add_symbol(symbols, "line", str(index))
        width_mm = _LINE_WIDTHS_MM[line.name]
        add_layer(
            symbol,
            "SimpleLine",
            {
                "line_color": rgba(line.color),
                "line_width": str(width_mm),
                "line_width_unit": "MM",
                "line_style": "solid",
                "capstyle": "round",
                "joinstyle": "round",
            },
            {"outlineWidth": f"{width_mm} * {_THINNER}"},
        )
    add_labels(
        root,
        """if("length_m" >= 1, format_number("length_m", 1) || ' m', NULL)""",
        (1, 300),
        {"placement": "2", "placementFlags": "1", "priority": "3"},  # along the line, on it
        size_pt=6.5,
    )


def _buildings(root: Element) -> None:
    renderer = SubElement(root, "renderer-v2", type="singleSymbol")
    symbol = add_symbol(SubElement(renderer, "symbols"), "fill")
    outline = {"style": "no", "outline_style": "solid", "outline_width_unit": "MM", "joinstyle": "miter"}
    for color, width_mm in ((rgba(PAPER, 200), 0.9), (rgba(INK), 0.45)):
        properties = {**outline, "outline_color": color, "outline_width": str(width_mm)}
        add_layer(symbol, "SimpleFill", properties, {"outlineWidth": f"{width_mm} * {_THINNER}"})
    large_enough = f"""if(sqrt("footprint_area_m2") >= 4.5 * {_MAP_MM}, "roof_type", NULL)"""
    add_labels(root, large_enough, (1000, 3000), {"placement": "1", "quadOffset": "4", "priority": "8"})


_RENDERERS: Final = {SEGMENTS_LAYER.name: _segments, LINES_LAYER.name: _lines, BUILDINGS_LAYER.name: _buildings}


def _categories(root: Element, field: str, classes: Sequence[RasterClass]) -> Element:
    """Add a renderer with one category per value of `field`; returns where its symbols go."""
    renderer = SubElement(root, "renderer-v2", type="categorizedSymbol", attr=field, symbollevels="0")
    categories = SubElement(renderer, "categories")
    for index, c in enumerate(classes):
        SubElement(categories, "category", symbol=str(index), value=c.name, label=c.name, type="string", render="true")
    return SubElement(renderer, "symbols")
