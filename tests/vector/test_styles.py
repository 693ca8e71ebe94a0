"""The styles as documents; what QGIS makes of them is tested in tests/qgis_plugin/test_styles.py."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from roofgeo.schema import COMPASS, LAYERS, LINE_CLASSES, LINES_LAYER, SEGMENT_CLASSES, SEGMENTS_LAYER
from roofgeo.vector.forms import alias, map_tip
from roofgeo.vector.styles import qml


def colors(root: ET.Element, kind: str, option: str) -> dict[str, str]:
    """Colour (r,g,b) of each category by its value."""
    symbols = {symbol.get("name"): symbol for symbol in root.iterfind("renderer-v2/symbols/symbol")}
    found = {}
    for category in root.iter("category"):
        layer = next(layer for layer in symbols[category.get("symbol")].iterfind("layer") if layer.get("class") == kind)
        value = next(o.get("value") for o in layer.iterfind("Option/Option") if o.get("name") == option)
        found[category.get("value")] = ",".join(value.split(",")[:3])
    return found


def rgb(classes) -> dict[str, str]:
    return {c.name: ",".join(map(str, c.color)) for c in classes}


def test_categories_have_the_colours_of_the_schema() -> None:
    segments = colors(ET.fromstring(qml(SEGMENTS_LAYER)), "SimpleFill", "color")
    assert segments == rgb(SEGMENT_CLASSES[1:])
    assert list(segments) == [*COMPASS, "flat"]  # round the compass, then what faces nowhere
    lines = colors(ET.fromstring(qml(LINES_LAYER)), "SimpleLine", "line_color")
    assert lines == rgb(LINE_CLASSES[1:])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_all_fields_have_an_alias_a_widget_and_cannot_be_changed_by_accident(layer) -> None:
    root = ET.fromstring(qml(layer))
    names = [field.name for field in layer.fields]
    assert [entry.get("field") for entry in root.iterfind("aliases/alias")] == names
    assert [entry.get("name") for entry in root.iterfind("fieldConfiguration/field")] == names
    assert {entry.get("name"): entry.get("editable") for entry in root.iterfind("editable/field")} == dict.fromkeys(
        names, "0"
    )


def test_aliases_are_short_and_carry_the_unit() -> None:
    aliases = {field.name: alias(field) for field in SEGMENTS_LAYER.fields}
    assert aliases["azimuth_deg"] == "Azimuth [°]"
    assert aliases["footprint_area_m2"] == "Footprint area [m²]"
    assert aliases["height_m"] == "Height [m]"
    assert aliases["confidence"] == "Confidence [0..1]"
    assert aliases["building_id"] == "Building ID"
    for layer in LAYERS:
        assert len({alias(field) for field in layer.fields}) == len(layer.fields)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_the_map_tip_names_all_fields(layer) -> None:
    assert [field.name for field in layer.fields if f'"{field.name}"' not in map_tip(layer)] == []


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_style_is_the_same_every_time(layer) -> None:
    assert qml(layer) == qml(layer)
