"""Perfect and spoilt rasters of known roofs, to put in where the bands of a network would come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize
from scipy import ndimage

from roofgeo.data.targets import RoofLine, RoofPlane
from roofgeo.grid import Grid
from roofgeo.schema import AZIMUTH_BIN_DEG, FIRST_PITCHED, FLAT, LINE_CLASSES, LINE_CODE, SEGMENT_CLASSES

BandArrays = dict[str, NDArray[np.float32]]
LINE_WIDTH_M = 0.3


def make_bands(
    planes: Sequence[RoofPlane], lines: Sequence[RoofLine], shape: tuple[int, int], pixel_size_m: float = 0.1
) -> BandArrays:
    """(bands, height, width) float32 per head, as a network without error would give them; rings in pixels."""
    classes, sine, cosine = (np.zeros(shape, np.float32) for _ in range(3))
    for plane in planes:
        inside = _burn(shapely.Polygon(plane.ring), shape)
        if plane.azimuth_deg is None:
            classes[inside] = FLAT
            continue
        classes[inside] = FIRST_PITCHED + round(plane.azimuth_deg / AZIMUTH_BIN_DEG) % 16
        sine[inside], cosine[inside] = np.sin(np.radians(plane.azimuth_deg)), np.cos(np.radians(plane.azimuth_deg))
    types = np.zeros(shape, np.int64)
    for line in lines:
        types[_burn(shapely.LineString(line.xy).buffer(LINE_WIDTH_M / 2 / pixel_size_m), shape)] = LINE_CODE[
            line.line_type
        ]
    return {
        "segments": _soft(one_hot(classes.astype(np.int64), len(SEGMENT_CLASSES))),
        "azimuth": np.stack([sine, cosine]),
        "lines": _soft(one_hot(types, len(LINE_CLASSES))),
        "roof": (classes > 0).astype(np.float32)[None],
    }


def one_hot(codes: NDArray[np.integer], count: int) -> NDArray[np.float32]:
    """(count, height, width) of (height, width) codes."""
    return (np.arange(count)[:, None, None] == codes).astype(np.float32)


def _burn(shape_: shapely.Geometry, shape: tuple[int, int]) -> NDArray[np.bool_]:
    return rasterize([shape_], shape, transform=Affine.identity()).astype(bool)


def _soft(bands: NDArray[np.float32], sigma_px: float = 0.7) -> NDArray[np.float32]:
    return ndimage.gaussian_filter(bands, (0, sigma_px, sigma_px))


def spoil(bands: BandArrays, seed: int = 0, speckle: float = 0.1, wobble_px: float = 1.5) -> BandArrays:
    """The bands as a poor network would give them: wobbly borders, speckle, soft probabilities, gaps in the lines."""
    rng = np.random.default_rng(seed)
    shape = bands["roof"].shape[1:]
    shift = ndimage.gaussian_filter(rng.normal(size=(2, *shape)), (0, 4, 4))
    shift *= wobble_px / shift.std()
    where = np.indices(shape) + shift
    out = {
        name: np.stack([ndimage.map_coordinates(b, where, order=0, mode="nearest") for b in band])
        for name, band in bands.items()
    }
    hit = rng.random(shape) < speckle
    roof = out["roof"][0] > 0.5
    out["segments"][:, hit & roof] = one_hot(rng.integers(0, 18, shape), 18)[:, hit & roof]
    angle = rng.uniform(0, 2 * np.pi, shape)
    out["azimuth"][:, hit] = np.stack([np.sin(angle), np.cos(angle)])[:, hit]
    gaps = ndimage.gaussian_filter(rng.normal(size=shape), 8)
    kept = np.where(gaps > np.quantile(gaps, 0.3), rng.uniform(0.4, 0.9), 0.15)
    out["lines"][1:] *= kept
    out["lines"][0] = 1 - out["lines"][1:].sum(0)
    blurred = {name: ndimage.gaussian_filter(band, (0, 1.5, 1.5)).astype(np.float32) for name, band in out.items()}
    blurred["segments"] = 0.75 * blurred["segments"] + 0.25 / 18
    return blurred


def speckled(bands: BandArrays, rng: np.random.Generator, share: float = 0.1) -> BandArrays:
    """The bands with every pixel taken from one up to a pixel away, and on the roof a share that says anything."""
    shape = bands["roof"].shape[1:]
    jitter = (at + rng.integers(-1, 2, shape) for at in np.indices(shape))
    rows, cols = (np.clip(at, 0, size - 1) for at, size in zip(jitter, shape, strict=True))
    out = {head: band[:, rows, cols] for head, band in bands.items()}
    roof = out["roof"][0] > 0.5
    for head in ("segments", "lines"):
        hit = (rng.random(shape) < share) & roof
        out[head][:, hit] = one_hot(rng.integers(0, len(out[head]), shape), len(out[head]))[:, hit]
    hit = (rng.random(shape) < share) & roof
    angle = rng.uniform(0, 2 * np.pi, int(hit.sum()))
    out["azimuth"][:, hit] = np.stack([np.sin(angle), np.cos(angle)])
    return out


def utm_grid(shape: tuple[int, int], pixel_size_m: float = 0.1, left: float = 500_000.0) -> Grid:
    """A grid in Bavaria (EPSG:32632)."""
    return Grid(CRS.from_epsg(32632), left, 5_300_000.0, pixel_size_m, *shape)


def plane(ring: Sequence[tuple[float, float]], azimuth_deg: float | None, building: int = 0) -> RoofPlane:
    """A plane of a ring in pixels."""
    return RoofPlane(np.array(ring, float), azimuth_deg, building=building)


def line(line_type: str, *xy: tuple[float, float]) -> RoofLine:
    """A line between two points in pixels."""
    return RoofLine(line_type, np.array(xy, float))
