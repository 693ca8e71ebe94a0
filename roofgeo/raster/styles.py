"""How QGIS draws a raster: the QML document that lies beside it, written from the tables of `roofgeo.schema`."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from roofgeo.schema import RASTERS, Raster

_DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_BACKGROUND: Final = 0
"""The class of every table that is nothing: it is not drawn."""

_OPACITY: Final = "0.7"
"""The imagery shows through, but for lines, which are thin."""

_SIGNS: Final = {"percent": "%"}


def qml(raster: Raster) -> str:
    """The QML document of one of `roofgeo.schema.RASTERS`, which QGIS 3.22 and later read."""
    root = Element("qgis", version="3.22.0", styleCategories="Symbology")
    pipe = SubElement(root, "pipe")
    opacity = "1" if raster is RASTERS["lines"] else _OPACITY
    renderer = SubElement(pipe, "rasterrenderer", band="1", opacity=opacity, alphaBand="-1", nodataColor="")
    if raster.classes:
        _add_palette(renderer, raster)
    else:
        _add_ramp(renderer, raster)
    SubElement(root, "blendMode").text = "0"
    indent(root, " ")
    return _DOCTYPE + tostring(root, encoding="unicode")


def _add_palette(renderer: Element, raster: Raster) -> None:
    renderer.set("type", "paletted")
    palette = SubElement(renderer, "colorPalette")
    for c in raster.classes:
        alpha = "0" if c.code == _BACKGROUND else "255"
        SubElement(palette, "paletteEntry", value=str(c.code), label=c.name, color=_hex(c.color), alpha=alpha)


def _add_ramp(renderer: Element, raster: Raster) -> None:
    """Fixed values, so that two areas can be compared; beyond the ends their colours go on."""
    low, high = f"{raster.ramp[0][0]:g}", f"{raster.ramp[-1][0]:g}"
    unit = " " + _SIGNS.get(raster.unit, raster.unit)
    renderer.set("type", "singlebandpseudocolor")
    renderer.set("classificationMin", low)
    renderer.set("classificationMax", high)
    SubElement(SubElement(renderer, "minMaxOrigin"), "limits").text = "None"
    shader = SubElement(
        SubElement(renderer, "rastershader"),
        "colorrampshader",
        colorRampType="INTERPOLATED",
        classificationMode="1",
        clip="0",
        minimumValue=low,
        maximumValue=high,
        labelPrecision="0",
    )
    _add_gradient(shader, raster)
    for value, (*color, alpha) in raster.ramp:
        label = f"{value:g}{unit}"
        SubElement(shader, "item", value=f"{value:g}", label=label, color=_hex(color), alpha=str(alpha))
    settings = SubElement(shader, "rampLegendSettings", useContinuousLegend="1", suffix=unit, orientation="2")
    SubElement(settings, "numericFormat", id="basic")


def _add_gradient(shader: Element, raster: Raster) -> None:
    """The ramp once more, as QGIS offers it for change."""
    (low, first), *inner, (high, last) = raster.ramp
    stops = ":".join(f"{(value - low) / (high - low):g};{_rgba(color)}" for value, color in inner)
    ramp = SubElement(SubElement(shader, "colorramp", type="gradient", name="[source]"), "Option", type="Map")
    settings = {"color1": _rgba(first), "color2": _rgba(last), "stops": stops, "discrete": "0", "rampType": "gradient"}
    for name, value in settings.items():
        SubElement(ramp, "Option", name=name, value=value, type="QString")


def _hex(color: tuple[int, ...] | list[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _rgba(color: tuple[int, ...]) -> str:
    return ",".join(map(str, color))
