"""Labels as vectors, and the training targets made of them: one array per head, "not labelled" kept apart.

A `LabelledScene` is what every labelled source gives: a picture and, in its pixel coordinates, roof planes and typed
lines. `rasterize_targets` turns planes and lines into the arrays the heads are trained on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from roofgeo.schema import ANY_ROOF, AZIMUTH_BIN_DEG, BACKGROUND, COMPASS, FIRST_PITCHED, FLAT, HEAD, LINE_CODE, NODATA

FloatArray = NDArray[np.float64]

ALL_HEADS = tuple(HEAD)

_ATTRIBUTE_OF = {
    "segments": "segments",
    "azimuth": "azimuth_deg",
    "lines": "lines",
    "roof": "roof",
    "height": "height_m",
}


@dataclass(frozen=True)
class RoofPlane:
    """One planar face of a roof.

    Attributes:
        ring: (n, 2) x (right), y (down) in pixels, open; pixel centres lie at .5.
        azimuth_deg: Downslope, clockwise from the picture's upward direction; None if flat.
        slope_deg: Slope against the horizontal; None if unknown.
        height_m: (a, b, c): height above ground at a pixel position is a x + b y + c metres; None if unknown.
        building: Number of the building within the scene.
    """

    ring: FloatArray
    azimuth_deg: float | None
    slope_deg: float | None = None
    height_m: tuple[float, float, float] | None = None
    building: int = 0


@dataclass(frozen=True)
class RoofLine:
    """One straight roof line.

    Attributes:
        line_type: One of `roofgeo.schema.LINE_TYPES`.
        xy: (2, 2) its ends, x (right), y (down) in pixels.
        building: Number of the building within the scene.
    """

    line_type: str
    xy: FloatArray
    building: int = 0


@dataclass(frozen=True)
class Targets:
    """What the heads are trained on, one array each; see `roofgeo.schema` for the codes.

    Attributes:
        segments: (height, width) uint8 class, 255 not labelled; 254 roof, of a class that is not told.
        azimuth_deg: (height, width) float32 downslope clockwise from up; NaN where there is none or it is unknown.
        lines: (height, width) uint8 line type, 0 none, 255 not labelled; 254 none, or a type that is not told.
        roof: (height, width) uint8 0/1, 255 not labelled.
        height_m: (height, width) float32 metres above ground; NaN where unknown.
    """

    segments: NDArray[np.uint8]
    azimuth_deg: NDArray[np.float32]
    lines: NDArray[np.uint8]
    roof: NDArray[np.uint8]
    height_m: NDArray[np.float32]

    def of(self, head: str) -> NDArray[Any]:
        """(height, width) the target of a head."""
        target: NDArray[Any] = getattr(self, _ATTRIBUTE_OF[head])
        return target

    @classmethod
    def unknown(cls, shape: tuple[int, ...]) -> Targets:
        """Targets (height, width) that label nothing."""
        codes = (np.full(shape, NODATA, np.uint8) for _ in range(3))
        values = (np.full(shape, np.nan, np.float32) for _ in range(2))
        segments, lines, roof = codes
        azimuth_deg, height_m = values
        return cls(segments, azimuth_deg, lines, roof, height_m)

    @classmethod
    def from_classes(cls, segments: NDArray[np.uint8]) -> Targets:
        """Targets of a raster of segment classes (height, width): azimuths are the middles of their bins."""
        known, pitched = segments != NODATA, (segments >= FIRST_PITCHED) & (segments != NODATA)
        azimuth_deg = np.where(pitched, (segments.astype(np.float32) - FIRST_PITCHED) * AZIMUTH_BIN_DEG, np.nan)
        roof = np.where(known, segments != BACKGROUND, NODATA).astype(np.uint8)
        return dataclasses.replace(
            cls.unknown(segments.shape), segments=segments, azimuth_deg=azimuth_deg.astype(np.float32), roof=roof
        )

    @classmethod
    def from_roof_mask(cls, roof: NDArray[np.uint8]) -> Targets:
        """Targets of a mask (height, width): 0 ground, 1 roof, 255 not labelled. On ground are no lines."""
        segments = np.select([roof == 0, roof == 1], [BACKGROUND, ANY_ROOF], NODATA).astype(np.uint8)
        lines = np.where(roof == 0, 0, NODATA).astype(np.uint8)
        return dataclasses.replace(cls.unknown(roof.shape), segments=segments, lines=lines, roof=roof)


@dataclass(frozen=True)
class LabelledScene:
    """A picture with labels, in the picture's pixel coordinates.

    Attributes:
        image: (3, height, width) uint8, red, green, blue.
        pixel_size_m: Side of a pixel on the ground.
        planes: Roof planes; faces of one building share their edges.
        lines: Typed lines.
        labelled: (height, width) bool, True where the labels tell all there is; None if they do everywhere.
        sun_azimuth_deg: Where the sun stands, clockwise from the picture's upward direction; None if unknown.
        sun_elevation_deg: How high it stands; None if unknown.
        latitude_deg: North positive; None if unknown.
        off_nadir_deg: How far the camera looked from straight down; None if unknown.
        rasters: The labels, if the source has them as rasters and not as planes and lines; (height, width) each.
        heads: Heads the source labels; what it says of the others is not asked.
        azimuth_bin_deg: If azimuths are known as the middles of bins only, the width of the bins.
    """

    image: NDArray[np.uint8]
    pixel_size_m: float
    planes: tuple[RoofPlane, ...] = ()
    lines: tuple[RoofLine, ...] = ()
    labelled: NDArray[np.bool_] | None = None
    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    latitude_deg: float | None = None
    off_nadir_deg: float | None = None
    rasters: Targets | None = None
    heads: tuple[str, ...] = ALL_HEADS
    azimuth_bin_deg: float | None = None


LINE_WIDTH_M = 0.35
"""Width lines are drawn with in the target: the 0.25 m tolerance of the lines' figure, to both sides, less a pixel."""


def segment_class(azimuth_deg: NDArray[np.floating] | float) -> NDArray[np.int64]:
    """Class codes of azimuths (degrees clockwise from north), any shape; NaN is flat."""
    azimuth = np.asarray(azimuth_deg, dtype=np.float64)
    bins = np.round(np.nan_to_num(azimuth) / AZIMUTH_BIN_DEG).astype(np.int64) % len(COMPASS)
    return np.where(np.isnan(azimuth), FLAT, FIRST_PITCHED + bins)


def rasterize_targets(scene: LabelledScene) -> Targets:
    """The targets of a scene, (height, width) each, in its pixels: its planes and lines drawn, or its rasters.

    Lines are drawn over the planes' edges, `LINE_WIDTH_M` wide. Where `scene.labelled` is False, and of heads that the
    scene does not label, nothing is known.
    """
    targets = _drawn(scene) if scene.rasters is None else _copy(scene.rasters)
    for head in ALL_HEADS:
        if head not in scene.heads:
            target = targets.of(head)
            target[:] = NODATA if target.dtype == np.uint8 else np.nan
    if scene.labelled is not None:
        _forget(targets, ~scene.labelled)
    return targets


def _drawn(scene: LabelledScene) -> Targets:
    shape = scene.image.shape[1:]
    plane_number = _draw([Polygon(p.ring) for p in scene.planes], range(1, len(scene.planes) + 1), shape, np.uint16)
    azimuth_of = np.array([np.nan, *(np.nan if p.azimuth_deg is None else p.azimuth_deg for p in scene.planes)])
    on_roof = plane_number > 0
    segments = np.where(on_roof, segment_class(azimuth_of)[plane_number], BACKGROUND).astype(np.uint8)
    return Targets(
        segments=segments,
        azimuth_deg=azimuth_of[plane_number].astype(np.float32),
        lines=_draw_lines(scene, shape),
        roof=on_roof.astype(np.uint8),
        height_m=_plane_heights(scene.planes, plane_number),
    )


def _copy(targets: Targets) -> Targets:
    return Targets(*(targets.of(head).copy() for head in ALL_HEADS))


def _draw_lines(scene: LabelledScene, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    strokes = shapely.buffer(
        [LineString(line.xy) for line in scene.lines], LINE_WIDTH_M / 2 / scene.pixel_size_m, cap_style="square"
    )
    return _draw(strokes, [LINE_CODE[line.line_type] for line in scene.lines], shape, np.uint8)


def _draw(
    geometries: Sequence[BaseGeometry], values: Sequence[int], shape: tuple[int, ...], dtype: type[np.unsignedinteger]
) -> NDArray[Any]:
    if len(geometries) == 0:
        return np.zeros(shape, dtype)
    burned: NDArray[Any] = rasterio.features.rasterize(
        zip(geometries, values, strict=True), out_shape=shape, dtype=np.dtype(dtype).name
    )
    return burned


def _plane_heights(planes: Sequence[RoofPlane], plane_number: NDArray[Any]) -> NDArray[np.float32]:
    """(height, width) metres above ground: the planes' on roofs, NaN where unknown, 0 on the ground."""
    nothing = (np.nan,) * 3
    of_plane = np.array([(0.0, 0.0, 0.0), *(p.height_m or nothing for p in planes)], dtype=np.float32)
    coefficients = of_plane[plane_number]
    rows, cols = np.indices(plane_number.shape, dtype=np.float32) + np.float32(0.5)
    heights: NDArray[np.float32] = coefficients[..., 0] * cols + coefficients[..., 1] * rows + coefficients[..., 2]
    if not any(p.height_m for p in planes):
        heights[:] = np.nan
    return heights


def _forget(targets: Targets, where: NDArray[np.bool_]) -> None:
    for head in ALL_HEADS:
        target = targets.of(head)
        target[where] = NODATA if target.dtype == np.uint8 else np.nan
