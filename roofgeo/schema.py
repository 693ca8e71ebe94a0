"""Classes, network bands, rasters, layers and fields: the one table everything reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NODATA: Final = 255
"""Value of a uint8 output raster where nothing is known; also "not labelled" in training targets."""

COMPASS: Final = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
    "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
"""The 16 orientation names, clockwise from north."""

AZIMUTH_BIN_DEG: Final = 360 / len(COMPASS)


@dataclass(frozen=True)
class RasterClass:
    """One value of a categorical raster: its name and the colour (RGB) it is drawn in."""

    code: int
    name: str
    color: tuple[int, int, int]


_WHEEL: Final = (
    (228, 26, 60), (240, 70, 34), (247, 116, 20), (250, 160, 20),
    (250, 201, 38), (214, 214, 50), (150, 205, 64), (84, 190, 84),
    (32, 175, 110), (18, 172, 150), (22, 168, 190), (40, 140, 214),
    (62, 104, 214), (104, 76, 204), (152, 58, 184), (200, 44, 132),
)  # fmt: skip

BACKGROUND: Final = 0
FLAT: Final = 1
FIRST_PITCHED: Final = 2

SEGMENT_CLASSES: Final[tuple[RasterClass, ...]] = (
    RasterClass(BACKGROUND, "background", (255, 255, 255)),
    RasterClass(FLAT, "flat", (150, 150, 150)),
    *(RasterClass(FIRST_PITCHED + i, name, color) for i, (name, color) in enumerate(zip(COMPASS, _WHEEL, strict=True))),
)
"""Values of ``roof_segments.tif`` and channels of the segments head: 0 background, 1 flat, 2..17 N..NNW."""

LINE_CLASSES: Final[tuple[RasterClass, ...]] = (
    RasterClass(0, "none", (255, 255, 255)),
    RasterClass(1, "eave", (31, 120, 180)),
    RasterClass(2, "ridge", (227, 26, 28)),
    RasterClass(3, "hip", (255, 127, 0)),
    RasterClass(4, "valley", (51, 160, 44)),
    RasterClass(5, "rake", (106, 61, 154)),
    RasterClass(6, "step", (177, 89, 40)),
)
"""Values of ``roof_lines.tif`` and channels of the lines head."""

LINE_CODE: Final[dict[str, int]] = {c.name: c.code for c in LINE_CLASSES}
LINE_TYPES: Final = tuple(c.name for c in LINE_CLASSES[1:])

ROOF_TYPES: Final = ("flat", "shed", "gable", "hip", "pyramid", "complex")

Activation = Literal["softmax", "unit", "sigmoid", "positive"]


@dataclass(frozen=True)
class HeadBands:
    """The bands one head of the network gives, after its activation."""

    name: str
    bands: tuple[str, ...]
    activation: Activation
    unit: str


HEADS: Final[tuple[HeadBands, ...]] = (
    HeadBands("segments", tuple(c.name for c in SEGMENT_CLASSES), "softmax", "probability"),
    HeadBands("azimuth", ("sin", "cos"), "unit", "unit vector of the downslope, clockwise from the grid's north"),
    HeadBands("lines", tuple(c.name for c in LINE_CLASSES), "softmax", "probability"),
    HeadBands("roof", ("roof",), "sigmoid", "probability"),
    HeadBands("height", ("height",), "positive", "metres above ground"),
)
"""All heads a network may have, in the order of its output bands."""

HEAD: Final[dict[str, HeadBands]] = {h.name: h for h in HEADS}


def band_slices(heads: tuple[str, ...]) -> dict[str, slice]:
    """Where each head's bands lie in the output of a network with these heads.

    Args:
        heads: Names of the heads the network has, in any order.

    Returns:
        For each head, in the order of `HEADS`, its slice along the band axis.
    """
    slices, start = {}, 0
    for head in HEADS:
        if head.name in heads:
            slices[head.name] = slice(start, start + len(head.bands))
            start += len(head.bands)
    return slices


ANY_ROOF: Final = 254
"""In a target of segments: roof, of a class the data set does not tell. See `roofgeo.models.losses`."""

OTHER_LINE: Final = 254
"""In a target of line types: no line, or one of a type the data set does not tell. See `roofgeo.models.heads`."""


METADATA: Final[dict[str, tuple[str, ...]]] = {
    "pixel_size": ("pixel_size_log2", "pixel_size_known"),
    "sun_azimuth": ("sun_sin", "sun_cos", "sun_known"),
    "sun_elevation": ("sun_elevation_sin", "sun_elevation_known"),
    "latitude": ("latitude_sin", "latitude_known"),
    "off_nadir": ("off_nadir_sin", "off_nadir_known"),
}
"""What a network may be told of a picture: the entries each fact takes in the metadata vector.

`pixel_size_log2` is log2(source pixel size / the network's pixel size); `sun_sin`, `sun_cos` the direction in
which the sun stands, clockwise from the grid's north; the others are sines of the angle. Entries of an unknown fact
are 0, and so is its `known` flag.
"""

USUAL_METADATA: Final = ("pixel_size", "sun_azimuth")
"""The facts a network takes whose card does not say which."""


def metadata_entries(facts: tuple[str, ...]) -> tuple[str, ...]:
    """Entries of the metadata vector of a network that takes these facts, in the order of `METADATA`."""
    return tuple(entry for fact, entries in METADATA.items() if fact in facts for entry in entries)


@dataclass(frozen=True)
class Field:
    """One attribute of a vector layer."""

    name: str
    dtype: Literal["int64", "float64", "str", "bool"]
    unit: str
    meaning: str
    nullable: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One layer of ``roofs.gpkg``."""

    name: str
    geometry: Literal["Polygon", "LineString"]
    meaning: str
    fields: tuple[Field, ...]


SEGMENTS_LAYER: Final = Layer(
    "roof_segments",
    "Polygon",
    "Roof segments: one polygon per planar face",
    (
        Field("segment_id", "int64", "", "number of the segment, unique in the layer"),
        Field("building_id", "int64", "", "building the segment belongs to"),
        Field("orientation", "str", "", "compass direction the segment faces", choices=("flat", *COMPASS)),
        Field(
            "azimuth_deg", "float64", "deg",
            "downslope direction, clockwise from true north, square to the segment's longest eave or ridge if it is so "
            "within 10 degrees; NULL if flat",
            True,
        ),
        Field(
            "azimuth_grid_deg", "float64", "deg", "as azimuth_deg, clockwise from the grid's north; NULL if flat", True,
        ),
        Field(
            "azimuth_measured_deg", "float64", "deg",
            "downslope direction as measured, clockwise from true north: of the plane in the surface model, else the "
            "mean of the network's; NULL if flat",
            True,
        ),
        Field(
            "slope_deg", "float64", "deg",
            "slope against the horizontal, of the plane in the surface model or in the network's heights; NULL without "
            "either, and where the segment is no plane there or too small to tell within 3 degrees",
            True,
        ),
        Field("footprint_area_m2", "float64", "m2", "area seen from above"),
        Field("area_m2", "float64", "m2", "area on the slope; NULL if the slope is unknown, of flat roofs too", True),
        Field(
            "height_m", "float64", "m",
            "mean height above ground: the terrain model, or without one the lowest tenth of the surface model within "
            "5 m around the building; NULL if unknown",
            True,
        ),
        Field(
            "residual_m", "float64", "m",
            "root mean square distance of the heights from the segment's plane, each 0.5 m at most; above 0.3 m it is "
            "no plane; NULL without heights, or with fewer than six",
            True,
        ),
        Field("clipped", "bool", "", "true if the segment touches the edge of the area or imagery"),
        Field(
            "confidence", "float64", "0..1",
            "chance that the segment is right, that it and a true one share half of what they cover together: from the "
            "probabilities of its class and of the lines around it, and its size, calibrated as the model's card tells",
        ),
    ),
)  # fmt: skip

LINES_LAYER: Final = Layer(
    "roof_lines",
    "LineString",
    "Roof lines: the shared and outer edges of the segments",
    (
        Field("line_id", "int64", "", "number of the line, unique in the layer"),
        Field("line_type", "str", "", "kind of edge", choices=LINE_TYPES),
        Field("length_m", "float64", "m", "length seen from above"),
        Field(
            "slope_length_m", "float64", "m",
            "length on the slope, of a step the longer of its two; NULL if the slope is known on neither hand", True,
        ),
        Field("azimuth_deg", "float64", "deg", "direction of the line from true north, 0 to 180"),
        Field("left_segment_id", "int64", "", "segment on the left hand; NULL where there is none", True),
        Field("right_segment_id", "int64", "", "segment on the right hand; NULL where there is none", True),
        Field("building_id", "int64", "", "building on the left hand, or on the right where none is on the left"),
        Field(
            "confidence", "float64", "0..1",
            "mean probability the network gives a line of this type here, as it is: not calibrated",
        ),
    ),
)  # fmt: skip

BUILDINGS_LAYER: Final = Layer(
    "buildings",
    "Polygon",
    "Buildings: the union of their segments",
    (
        Field("building_id", "int64", "", "number of the building, unique in the layer"),
        Field("roof_type", "str", "", "shape of the roof", choices=ROOF_TYPES),
        Field("segment_count", "int64", "", "number of segments"),
        Field("footprint_area_m2", "float64", "m2", "area seen from above"),
        Field("roof_area_m2", "float64", "m2", "sum of the segments' areas on the slope; NULL if a slope is unknown",
              True),
        Field("dominant_azimuth_deg", "float64", "deg", "azimuth of the largest pitched segment; NULL if all flat",
              True),
        Field("height_m", "float64", "m", "mean height above ground of the segments where it is known; NULL if nowhere",
              True),
        Field(
            "confidence", "float64", "0..1",
            "mean probability the network gives that this is roof, as it is: not calibrated",
        ),
    ),
)  # fmt: skip

LAYERS: Final = (SEGMENTS_LAYER, LINES_LAYER, BUILDINGS_LAYER)


@dataclass(frozen=True)
class Raster:
    """One GeoTIFF that ``roofgeo predict`` writes."""

    filename: str
    dtype: Literal["uint8", "float32"]
    nodata: float
    band: str
    unit: str
    classes: tuple[RasterClass, ...] = ()
    ramp: tuple[tuple[float, tuple[int, int, int, int]], ...] = ()
    """Colours (RGBA) of values, of those without classes; between them colours blend."""


_CONFIDENCE_RAMP: Final = (
    (0.0, (165, 0, 38, 255)), (25.0, (215, 48, 39, 255)), (50.0, (253, 174, 97, 255)),
    (75.0, (255, 255, 191, 255)), (90.0, (116, 173, 209, 255)), (100.0, (49, 54, 149, 255)),
)  # fmt: skip
_HEIGHT_RAMP: Final = (
    (0.0, (255, 255, 204, 0)), (2.0, (255, 255, 204, 255)), (4.0, (161, 218, 180, 255)),
    (6.0, (65, 182, 196, 255)), (9.0, (44, 127, 184, 255)), (15.0, (37, 52, 148, 255)),
)  # fmt: skip


RASTERS: Final[dict[str, Raster]] = {
    "segments": Raster("roof_segments.tif", "uint8", NODATA, "roof segment class", "", SEGMENT_CLASSES),
    "lines": Raster("roof_lines.tif", "uint8", NODATA, "roof line type", "", LINE_CLASSES),
    "confidence": Raster("roof_confidence.tif", "uint8", NODATA, "confidence", "percent", ramp=_CONFIDENCE_RAMP),
    "height": Raster("roof_height.tif", "float32", float("nan"), "height above ground", "m", ramp=_HEIGHT_RAMP),
}

GEOPACKAGE: Final = "roofs.gpkg"

VECTOR_SUFFIXES: Final[dict[str, str]] = {"geojson": ".geojson", "flatgeobuf": ".fgb", "geoparquet": ".parquet"}
"""Formats the layers can be had in besides the GeoPackage, one file a layer, and how the files' names end."""

EXPORT_SUFFIXES: Final[dict[str, str]] = {"geopackage": ".gpkg", **VECTOR_SUFFIXES}
"""All formats of the layers, and how the files' names end."""


def orientation_name(azimuth_deg: float | None) -> str:
    """Name of an azimuth (degrees clockwise from north): one of `COMPASS`, or ``flat`` for None."""
    if azimuth_deg is None or azimuth_deg != azimuth_deg:
        return "flat"
    return COMPASS[round(azimuth_deg / AZIMUTH_BIN_DEG) % len(COMPASS)]


LICENCES: Final = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0")
"""Of data to train on, from the freest to the strictest: what is made of several is under the strictest of theirs."""
