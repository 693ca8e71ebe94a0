"""Labels as vectors, and the training targets made of them: one array per head, "not labelled" kept apart.

A `LabelledScene` is what every labelled source gives: a picture and, in its pixel coordinates, roof planes and typed
lines. `rasterize_targets` turns planes and lines into the arrays the heads are trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from roofgeo.schema import AZIMUTH_BIN_DEG, BACKGROUND, COMPASS, FIRST_PITCHED, FLAT, LINE_CODE, NODATA

FloatArray = NDArray[np.float64]


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
class LabelledScene:
    """A picture with labels, in the picture's pixel coordinates.

    Attributes:
        image: (3, height, width) uint8, red, green, blue.
        pixel_size_m: Side of a pixel on the ground.
        planes: Roof planes; faces of one building share their edges.
        lines: Typed lines.
        labelled: (height, width) bool, True where the labels tell all there is; None if they do everywhere.
        sun_azimuth_deg: Where the sun stands, clockwise from the picture's upward direction; None if unknown.
        roof_mask: (height, width) uint8 0/1, if roofs are known from a mask and planes and lines are not.
    """

    image: NDArray[np.uint8]
    pixel_size_m: float
    planes: tuple[RoofPlane, ...] = ()
    lines: tuple[RoofLine, ...] = ()
    labelled: NDArray[np.bool_] | None = None
    sun_azimuth_deg: float | None = None
    roof_mask: NDArray[np.uint8] | None = None


LINE_WIDTH_M = 0.35
"""Width lines are drawn with in the target: the 0.25 m tolerance of the lines' figure, to both sides, less a pixel."""


@dataclass(frozen=True)
class Targets:
    """What the heads are trained on, one array each; see `roofgeo.schema` for the codes.

    Attributes:
        segments: (height, width) uint8 class, 255 not labelled.
        azimuth_deg: (height, width) float32 downslope clockwise from up; NaN where there is none or it is unknown.
        lines: (height, width) uint8 line type, 0 none, 255 not labelled.
        roof: (height, width) uint8 0/1, 255 not labelled.
        height_m: (height, width) float32 metres above ground; NaN where unknown.
    """

    segments: NDArray[np.uint8]
    azimuth_deg: NDArray[np.float32]
    lines: NDArray[np.uint8]
    roof: NDArray[np.uint8]
    height_m: NDArray[np.float32]


def segment_class(azimuth_deg: NDArray[np.floating] | float) -> NDArray[np.int64]:
    """Class codes of azimuths (degrees clockwise from north), any shape; NaN is flat."""
    azimuth = np.asarray(azimuth_deg, dtype=np.float64)
    bins = np.round(np.nan_to_num(azimuth) / AZIMUTH_BIN_DEG).astype(np.int64) % len(COMPASS)
    return np.where(np.isnan(azimuth), FLAT, FIRST_PITCHED + bins)


def rasterize_targets(scene: LabelledScene) -> Targets:
    """Draw a scene's labels as one target array per head, (height, width) each, in the scene's pixels.

    Lines are drawn over the planes' edges, `LINE_WIDTH_M` wide. Where `scene.labelled` is False nothing is known; where
    only `scene.roof_mask` is given, the planes, azimuths and lines of its roofs are not known, but its ground is.
    """
    shape = scene.image.shape[1:]
    plane_number = _draw([Polygon(p.ring) for p in scene.planes], range(1, len(scene.planes) + 1), shape, np.uint16)
    azimuth_of = np.array([np.nan, *(np.nan if p.azimuth_deg is None else p.azimuth_deg for p in scene.planes)])
    on_roof = plane_number > 0
    segments = np.where(on_roof, segment_class(azimuth_of)[plane_number], BACKGROUND).astype(np.uint8)
    targets = Targets(
        segments=segments,
        azimuth_deg=azimuth_of[plane_number].astype(np.float32),
        lines=_draw_lines(scene, shape),
        roof=on_roof.astype(np.uint8),
        height_m=_plane_heights(scene.planes, plane_number),
    )
    if scene.roof_mask is not None:
        _forget_planes(targets, scene.roof_mask)
    if scene.labelled is not None:
        _forget(targets, ~scene.labelled)
    return targets


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


def _forget_planes(targets: Targets, roof_mask: NDArray[np.uint8]) -> None:
    targets.roof[:] = roof_mask
    _forget(targets, roof_mask > 0, keep_roof=True)
    targets.height_m[:] = np.nan


def _forget(targets: Targets, where: NDArray[np.bool_], keep_roof: bool = False) -> None:
    targets.segments[where] = NODATA
    targets.lines[where] = NODATA
    targets.azimuth_deg[where] = np.nan
    targets.height_m[where] = np.nan
    if not keep_roof:
        targets.roof[where] = NODATA
