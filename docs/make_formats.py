"""Write docs/formats.md from roofgeo.schema: ``python docs/make_formats.py``."""

from __future__ import annotations

from pathlib import Path

from roofgeo.schema import GEOPACKAGE, LAYERS, RASTERS, Field, Layer, Raster
from roofgeo.vector.dictionary import DICTIONARY

TARGET = Path(__file__).with_name("formats.md")

INTRODUCTION = f"""# What roofgeo writes

Made from `roofgeo/schema.py` by `python docs/make_formats.py`.

All files are in one projected CRS in metres: that of the imagery, or the UTM zone of the area if the imagery is in
degrees or in Web Mercator. Azimuths count clockwise, and point down the slope. NULL means unknown or meaningless, never
zero.

## Which format

| format | `--format` | files | take it for |
|---|---|---|---|
| GeoPackage 1.3 | `geopackage` | `{GEOPACKAGE}` with all layers | QGIS, and where nothing else is asked for |
| GeoParquet 1.1 | `geoparquet` | `.parquet` each | whole cities, and reading only a part of them: geopandas, DuckDB |
| FlatGeobuf | `flatgeobuf` | `.fgb` each | maps in a browser that fetch what they show |
| GeoJSON (RFC 7946) | `geojson` | `.geojson` each | small results, web programs; rounded to about a millimetre |

`roofgeo predict` always writes the GeoPackage, and with `--format` the others beside it. `roofgeo export` makes any of
them of any other:

```
roofgeo export roofs parquet --format geoparquet          # all layers, a file each, into a folder
roofgeo export roofs edges.fgb --layer roof_lines         # one layer; the suffix tells the format
roofgeo export parquet again.gpkg                         # and back, with styles
```

Field types, NULLs, CRS, provenance and fields that somebody added stay as they are from any format to any other; values
are the same to the last bit, coordinates too but for GeoJSON. Rows of a FlatGeobuf and of a GeoParquet lie in the order
of a Hilbert curve, so that what lies side by side on the ground does so in the file.

`roofgeo export` names what it cannot keep: bytes are kept by GeoParquet alone, lists and objects become text, a date
in a FlatGeobuf gets the time 0:00, a field of a name that a GeoPackage uses itself (`fid`, `geom`, or that of another
field in capitals) gets a number, and layers that are none of roofgeo's stay behind. JSON itself tells whole numbers
from others and no more: the width of an added field, and the type of one that is all NULL, are not in a GeoJSON.

| | GeoPackage | GeoParquet | FlatGeobuf | GeoJSON |
|---|---|---|---|---|
| CRS | as made | as made (PROJJSON) | as made | degrees on WGS 84; made in: member `provenance`, `crs` |
| index | R-tree | column `bbox`, statistics of row groups | packed R-tree | none |
| provenance | table `gpkg_metadata` | key `roofgeo:provenance` | header, `metadata` | member `provenance` |
| units, meanings | table `gpkg_data_columns` | metadata of the fields, key `roofgeo:dictionary` | - | - |
| styles for QGIS | table `layer_styles` | - | - | - |
| needs | - | `pip install 'roofgeo[parquet]'` | - | - |

## Where it comes from

Every file, the rasters too, tells `software` and `version`; `command`, as it was given, or the call in Python;
`imagery`, `imagery_pixel_size_m` and `imagery_sha256`; `model`, `model_sha256` and `model_licence`; `area`; `created`
(UTC). URLs are told without user, password and query.

## `{DICTIONARY}`

Beside the layers lies what they mean: for each layer its name, geometry and description, and its fields as a
[Table Schema](https://datapackage.org/standard/table-schema/), which data catalogues and validators read: `name`,
`title`, `type`, `description`, `constraints` (`required`, `enum`), and besides `dtype`, `unit` and `nullable`.
It is the same for every format.

## `{GEOPACKAGE}`

Each layer has its style in the table `layer_styles`, which QGIS applies on opening. Aliases, units, meanings and the
values a field may have are in the tables of the schema extension, provenance in those of the metadata extension.
"""

RASTERS_INTRODUCTION = """## Rasters

Cloud-optimised GeoTIFFs on one grid, in blocks of 512 pixels, with overviews. Their tags tell where they come from.
`roof_segments.tif` shows what the layer `roof_segments` says, its orientations from the grid's north, as the pixels
lie; lines and confidence are what the network sees at each pixel. Beside each lies a `.qml` file with its style, which
QGIS applies on opening (`roof_segments.qml`), and beside those with classes an `.aux.xml` file, where GDAL keeps their
names. The height is the network's: it is written only if the model's card says that its heights have been measured to
be right (`heights_known`), which the shipped model's does not, and if no surface model is given.
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
