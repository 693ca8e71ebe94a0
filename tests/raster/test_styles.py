"""The styles of rasters as documents; what QGIS makes of them is tested in tests/qgis_plugin/test_styles.py."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from roofgeo.raster.styles import qml
from roofgeo.schema import RASTERS


def renderer(name: str) -> ET.Element:
    found = ET.fromstring(qml(RASTERS[name])).find("pipe/rasterrenderer")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["segments", "lines"])
def test_classes_have_their_names_and_colours_and_the_background_is_transparent(name: str) -> None:
    entries = [entry.attrib for entry in renderer(name).iterfind("colorPalette/paletteEntry")]
    assert entries == [
        {
            "value": str(c.code),
            "label": c.name,
            "color": "#{:02x}{:02x}{:02x}".format(*c.color),
            "alpha": "255" if c.code else "0",
        }
        for c in RASTERS[name].classes
    ]


@pytest.mark.parametrize(("name", "last"), [("confidence", "100 %"), ("height", "15 m")])
def test_measures_have_a_ramp_that_tells_the_unit(name: str, last: str) -> None:
    items = renderer(name).findall("rastershader/colorrampshader/item")
    values = [float(item.get("value", "nan")) for item in items]
    assert values == sorted(set(values)) == [value for value, _ in RASTERS[name].ramp]
    assert items[-1].get("label") == last
    assert float(renderer(name).get("classificationMax", "nan")) == values[-1]


def test_every_raster_has_classes_or_a_ramp() -> None:
    assert [name for name, raster in RASTERS.items() if bool(raster.classes) == bool(raster.ramp)] == []
