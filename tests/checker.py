"""Holds what ``roofgeo predict`` wrote against the contract. It knows nothing of roofgeo: all is spelt out here.

``python -m tests.checker FOLDER`` prints the problems of a folder. This module looks at the form of files, layers and
rasters; `tests.checker_content` at what they hold.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import rasterio

from tests.checker_content import CATEGORIES, HEIGHT, NODATA, PROVENANCE, Problems, content_problems

FIELDS = {
    "roof_segments": {
        "segment_id": "int64", "building_id": "int64", "orientation": "str", "azimuth_deg": "float64",
        "azimuth_grid_deg": "float64", "azimuth_measured_deg": "float64", "slope_deg": "float64",
        "footprint_area_m2": "float64", "area_m2": "float64", "height_m": "float64", "residual_m": "float64",
        "clipped": "bool", "confidence": "float64",
    },
    "roof_lines": {
        "line_id": "int64", "line_type": "str", "length_m": "float64", "slope_length_m": "float64",
        "azimuth_deg": "float64",
        "left_segment_id": "int64", "right_segment_id": "int64", "building_id": "int64", "confidence": "float64",
    },
    "buildings": {
        "building_id": "int64", "roof_type": "str", "segment_count": "int64", "footprint_area_m2": "float64",
        "roof_area_m2": "float64", "dominant_azimuth_deg": "float64", "height_m": "float64", "confidence": "float64",
    },
}  # fmt: skip
GEOMETRY = {"roof_segments": "Polygon", "roof_lines": "LineString", "buildings": "Polygon"}
RASTERS = ("roof_segments.tif", "roof_lines.tif", "roof_confidence.tif")


def check_outputs(folder: Path) -> list[str]:
    """Everything in which an output folder breaks the contract; empty if it keeps it.

    Args:
        folder: What ``roofgeo predict --output`` was given.
    """
    form = [*check_files(folder)] or [*check_layers(folder)] or [*check_raster_forms(folder)]
    return form or content_problems(folder)  # content can be read only where the form is right


def check_files(folder: Path) -> Problems:
    """The files are there, and nothing half-written is."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    yield from (f"{name} is missing" for name in ("roofs.gpkg", *RASTERS) if name not in names)
    yield from (f"{name} is left over" for name in names if name.endswith((".tmp", ".part", "-journal", "-wal")))


def check_layers(folder: Path) -> Problems:
    """Layers, geometry types, fields and field types."""
    path = folder / "roofs.gpkg"
    found = {name for name, _ in pyogrio.list_layers(path)}
    for layer, fields in FIELDS.items():
        if layer not in found:
            yield f"layer {layer} is missing"
            continue
        info = pyogrio.read_info(path, layer=layer)
        if info["geometry_type"] != GEOMETRY[layer]:
            yield f"{layer} holds {info['geometry_type']}, not {GEOMETRY[layer]}"
        kinds = ["str" if kind == "object" else str(kind) for kind in info["dtypes"]]
        if dict(zip(info["fields"], kinds, strict=True)) != fields:
            yield f"{layer} has the fields {dict(zip(info['fields'], kinds, strict=True))}, not {fields}"
        if info["crs"] is None or not is_metric(pyproj.CRS(info["crs"])):
            yield f"{layer} is in {info['crs']}, not in a projected CRS in metres"


def is_metric(crs: pyproj.CRS) -> bool:
    """True if coordinates are metres on the ground: projected, and not Web Mercator."""
    return crs.is_projected and crs.axis_info[0].unit_name == "metre" and crs.to_epsg() != 3857


def check_raster_forms(folder: Path) -> Problems:
    """COG, block size, data type, nodata, palette, category names, band names, tags, one common grid."""
    grids = set()
    for name in (*RASTERS, *([HEIGHT] if (folder / HEIGHT).exists() else [])):
        with rasterio.open(folder / name) as raster:
            grids.add((raster.crs.to_wkt() if raster.crs else None, raster.transform, raster.shape))
            yield from (f"{name}: {problem}" for problem in raster_form_problems(name, raster))
    if len(grids) != 1:
        yield "the rasters are not on one grid"
    layer_crs = pyproj.CRS(pyogrio.read_info(folder / "roofs.gpkg", layer="roof_segments")["crs"])
    if any(wkt is None or pyproj.CRS(wkt) != layer_crs for wkt, _, _ in grids):
        yield "rasters and layers are not in the same CRS"


def raster_form_problems(name: str, raster: rasterio.DatasetReader) -> Problems:
    """What is wrong with the form of one raster."""
    dtype = "float32" if name == HEIGHT else "uint8"
    if raster.count != 1 or raster.dtypes[0] != dtype:
        yield f"holds {raster.dtypes}, not one band of {dtype}"
    if raster.nodata is None or not (np.isnan(raster.nodata) if name == HEIGHT else raster.nodata == NODATA):
        yield f"nodata is {raster.nodata}"
    if raster.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") != "COG":
        yield "is no cloud-optimised GeoTIFF"
    if raster.block_shapes[0] != (512, 512):
        yield f"blocks are {raster.block_shapes[0]}, not 512 x 512"
    if not raster.descriptions[0]:
        yield "the band has no name"
    a, b, _, d, e, _ = raster.transform[:6]
    if not (a > 0 and np.isclose(a, -e) and b == d == 0):
        yield f"is not north-up with square pixels: {raster.transform[:6]}"
    yield from provenance_problems({key.lower(): value for key, value in raster.tags().items()})
    if name in CATEGORIES:
        yield from category_problems(name, raster)


def provenance_problems(tags: dict[str, str]) -> Problems:
    """The tags that say where the result comes from, each in a tag of its own."""
    given = [key.replace("sha256", "hash") for key, value in tags.items() if value.strip()]
    hashes = [key for key in given if "hash" in key]
    others = [key for key in given if "hash" not in key]
    for word in PROVENANCE:
        if not any(word in key for key in (hashes if word == "hash" else others)):
            yield f"no tag names the {word}"


def category_problems(name: str, raster: rasterio.DatasetReader) -> Problems:
    """Palette and category names."""
    expected = CATEGORIES[name]
    if raster.colorinterp[0] != rasterio.enums.ColorInterp.palette:
        yield "has no palette"
    elif len({raster.colormap(1)[code][:3] for code in range(len(expected))}) != len(expected):
        yield "the palette draws two classes alike"
    if category_names(raster)[: len(expected)] != expected:
        yield f"category names are {category_names(raster)}, not {expected}"


def category_names(raster: rasterio.DatasetReader) -> list[str]:
    """Names of the values 0, 1, ... as GDAL reads them: from the file beside the raster that GDAL keeps them in."""
    beside = Path(raster.name + ".aux.xml")
    if not beside.exists():
        return []
    band = ET.parse(beside).getroot().find("PAMRasterBand")
    return [] if band is None else [entry.text or "" for entry in band.iterfind("CategoryNames/Category")]


if __name__ == "__main__":
    found = check_outputs(Path(sys.argv[1]))
    print("\n".join(found) or "no problems")
    sys.exit(bool(found))
