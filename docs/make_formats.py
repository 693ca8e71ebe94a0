"""Write docs/formats.md from roofgeo.schema: ``python docs/make_formats.py``."""

from __future__ import annotations

from pathlib import Path

from roofgeo.schema import GEOPACKAGE, LAYERS, RASTERS, Field, Layer, Raster

TARGET = Path(__file__).with_name("formats.md")

INTRODUCTION = f"""# What roofgeo writes

Made from `roofgeo/schema.py` by `python docs/make_formats.py`.

All files are in one projected CRS in metres: that of the imagery, or the UTM zone of the area if the imagery is in
degrees or in Web Mercator. Azimuths count clockwise, and point down the slope. NULL means unknown or meaningless, never
zero.

## `{GEOPACKAGE}`

Each layer has its style in the table `layer_styles`, which QGIS applies on opening. The GeoPackage's metadata tables
name the model, its hash, the version of roofgeo and the imagery.

With `--format` each layer is a file of its own too, which says the same in its description: `.geojson` in degrees on
WGS 84 (RFC 7946, eight decimals), `.fgb` (FlatGeobuf, with a spatial index) in the CRS of the rest.
"""

RASTERS_INTRODUCTION = """## Rasters

Cloud-optimised GeoTIFFs on one grid, in blocks of 512 pixels, with overviews. Their tags name the model, its hash, the
version of roofgeo and the imagery. Orientations count from the grid's north, as the pixels do. Beside each lies a
`.qml` file with its style, which QGIS applies on opening (`roof_segments.qml`), and beside those with classes an
`.aux.xml` file, where GDAL keeps their names. The height is written only if the model has that head.
"""


def render() -> str:
    """The whole document."""
    parts = [INTRODUCTION, *map(_layer, LAYERS), RASTERS_INTRODUCTION, *map(_raster, RASTERS.values())]
    return "\n".join(parts)


def _layer(layer: Layer) -> str:
    rows = ["| field | type | unit | meaning |", "|---|---|---|---|", *map(_field, layer.fields)]
    return "\n".join([f"### `{layer.name}` ({layer.geometry})", "", f"{layer.meaning}.", "", *rows, ""])


def _field(field: Field) -> str:
    choices = f": {', '.join(f'`{choice}`' for choice in field.choices)}" if field.choices else ""
    return f"| `{field.name}` | {field.dtype} | {field.unit} | {field.meaning}{choices} |"


def _raster(raster: Raster) -> str:
    head = [f"### `{raster.filename}`", "", f"{raster.dtype}, nodata {raster.nodata:g}: {raster.band}"]
    if not raster.classes:
        return "\n".join([*head[:2], f"{head[2]}, in {raster.unit}.", ""])
    rows = [f"| {c.code} | {c.name} | {'#{:02x}{:02x}{:02x}'.format(*c.color)} |" for c in raster.classes]
    return "\n".join([*head[:2], f"{head[2]}.", "", "| value | name | colour |", "|---:|---|---|", *rows, ""])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
