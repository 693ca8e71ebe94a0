"""Image formation: surfaces, trees and one sun become light that reaches the camera."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy import ndimage

from roofgeo.synthesis.materials import COLUMNS
from roofgeo.synthesis.noise import Image, hashed, noise, noise_at
from roofgeo.synthesis.surfaces import Surface
from roofgeo.synthesis.trees import Canopy

Rng = np.random.Generator
_COLUMN = {name: i for i, name in enumerate(COLUMNS)}
_ROW = attrgetter(*COLUMNS)


@dataclass(frozen=True)
class Sun:
    """The light of a scene.

    Attributes:
        azimuth_deg: Where the sun stands, clockwise from the picture's upward direction.
        elevation_deg: Above the horizon.
        direct: Share of the light that comes from the sun on level ground; the rest comes from the sky.
        sky_rgb: Colour of the sky's light, mean 1.
    """

    azimuth_deg: float
    elevation_deg: float
    direct: float = 0.65
    sky_rgb: tuple[float, float, float] = (0.92, 1.0, 1.1)

    @property
    def vector(self) -> tuple[float, float, float]:
        """Unit vector towards the sun: x right, y down, z up."""
        azimuth, elevation = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        flat = math.cos(elevation)
        return math.sin(azimuth) * flat, -math.cos(azimuth) * flat, math.sin(elevation)


@dataclass(frozen=True)
class _Painting:
    """Surfaces as seen from above: all (height, width), `number` indexes the tables."""

    number: NDArray[np.int32]
    materials: NDArray[np.float32]
    planes: NDArray[np.float32]
    along: NDArray[np.float32]
    pixel_size_m: float

    def column(self, name: str) -> Image:
        return np.take(self.materials[:, _COLUMN[name]], self.number)


@dataclass(frozen=True)
class View:
    """What is seen, from straight above.

    Attributes:
        ground: Level surfaces of the ground in painting order; the first must cover the whole scene.
        things: What stands on it, in painting order.
        canopy: Trees.
        sun: Light.
        wander_m: How far the ground's borders stray from their straight lines.
    """

    ground: Sequence[Surface]
    things: Sequence[Surface]
    canopy: Canopy
    sun: Sun
    wander_m: float = 0.0


def form_image(rng: Rng, view: View, pixel_size_m: float) -> Image:
    """Linear light (3, height, width) of a view, as high and wide as its canopy.

    Args:
        rng: Draws the noise.
        view: What is seen.
        pixel_size_m: Side of a pixel.
    """
    canopy, sun = view.canopy, view.sun
    painting = _paint(rng, view, pixel_size_m)
    z = _heights(painting)
    over = (canopy.height_m > z) & (canopy.cover > 0)
    tops = np.where(over, canopy.height_m, z)
    lit = cast_shadows(tops, sun, pixel_size_m)
    closed = _openness(tops, pixel_size_m)
    sky = (1 - sun.direct) * np.asarray(sun.sky_rgb, np.float32)
    direct, gloss = _face_light(painting, sun)
    light = _albedo(rng, painting)
    cover = np.where(over, canopy.cover, np.float32(0))
    leaf_light = _canopy_light(canopy, sun, pixel_size_m)
    ground_sun, leaf_sun = direct * lit, leaf_light * lit
    shine = gloss * lit
    for i in range(3):
        base = light[i] * (ground_sun + sky[i] * closed) + shine
        leaf = (canopy.color[..., i] / 255) ** 2 * (leaf_sun + sky[i] * closed)
        light[i] = base + cover * (leaf - base)
    return light


def _paint(rng: Rng, view: View, pixel_size_m: float) -> _Painting:
    shape = (view.canopy.height_m.shape[0], view.canopy.height_m.shape[1])
    extent = np.array([shape[1], shape[0]]) * pixel_size_m
    seen = [view.ground[0]]
    number = np.zeros(shape, np.int32)
    for layer, wanders in ((view.ground[1:], view.wander_m > 0), (view.things, False)):
        shapes = []
        for surface in layer:
            low, high = surface.ring_m.min(axis=0), surface.ring_m.max(axis=0)
            if np.all(low < extent) and np.all(high > 0):
                ring = (surface.ring_m / pixel_size_m).tolist()
                shapes.append(({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, len(seen)))
                seen.append(surface)
        if shapes:
            rasterize(shapes, out=number)
        if wanders:
            number = _strayed(rng, number, view.wander_m / pixel_size_m, pixel_size_m)
    return _Painting(
        number,
        np.array([_ROW(s.material) for s in seen], np.float32),
        np.array([s.height_m for s in seen], np.float32),
        np.array([s.along_rad for s in seen], np.float32),
        pixel_size_m,
    )


def _strayed(rng: Rng, number: NDArray[np.int32], by_px: float, pixel_size_m: float) -> NDArray[np.int32]:
    """The image with its borders shifted to and fro by smooth noise of `by_px` standard deviation."""
    height, width = number.shape
    places = []
    for length, axis in ((height, 0), (width, 1)):
        shift = noise(rng, (height, width), 1.2 / pixel_size_m) + 0.4 * noise(rng, (height, width), 0.3 / pixel_size_m)
        here = np.arange(length)[:, None] if axis == 0 else np.arange(length)[None]
        places.append(np.clip(here + (shift * np.float32(by_px)).astype(np.int32), 0, length - 1))
    result: NDArray[np.int32] = np.take(number.ravel(), places[0] * width + places[1])
    return result


def _axes(shape: tuple[int, int], pixel_size_m: float) -> tuple[Image, Image]:
    x = (np.arange(shape[1], dtype=np.float32) + 0.5) * np.float32(pixel_size_m)
    y = (np.arange(shape[0], dtype=np.float32) + 0.5) * np.float32(pixel_size_m)
    return x[None], y[:, None]


def _heights(painting: _Painting) -> Image:
    x, y = _axes(painting.number.shape, painting.pixel_size_m)
    a, b, c = (np.take(painting.planes[:, i], painting.number) for i in range(3))
    a *= x
    b *= y
    a += b
    a += c
    return a


def _face_light(painting: _Painting, sun: Sun) -> tuple[Image, Image]:
    """Direct sun and mirrored sun on each pixel's plane; level ground has `sun.direct`."""
    normal = np.column_stack([-painting.planes[:, 0], -painting.planes[:, 1], np.ones(len(painting.planes))])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    toward = np.asarray(sun.vector)
    direct = sun.direct * np.clip(normal @ toward, 0, None) / max(toward[2], 0.35)
    half = toward + np.array([0.0, 0.0, 1.0])
    mirrored = np.clip(normal @ (half / np.linalg.norm(half)), 0, None) ** 24
    gloss = 0.5 * sun.direct * mirrored * painting.materials[:, _COLUMN["gloss"]]
    return (
        np.take(direct.astype(np.float32), painting.number),
        np.take(gloss.astype(np.float32), painting.number),
    )


def _albedo(rng: Rng, painting: _Painting) -> Image:
    """(3, height, width) linear reflectance: colours, patches, patterns, noise."""
    shape, size = painting.number.shape, painting.pixel_size_m
    fine = noise(rng, shape, rng.choice((0.0, 0.7)))
    middle = noise(rng, shape, 0.5 / size)
    coarse = noise(rng, shape, 3.0 / size)
    patchy = 0.75 * coarse + 0.6 * middle + 0.3 * fine
    factor = 1 + painting.column("grain") * fine + painting.column("blotch") * (0.7 * middle + 0.7 * coarse)
    pattern, cell_noise = _pattern(painting)
    factor.ravel()[pattern.pixels] += pattern.values
    patchy.ravel()[pattern.pixels] += cell_noise
    mix = np.clip((patchy + painting.column("patch")) / painting.column("patch_soft") + 0.5, 0, 1)
    factor = np.clip(factor, 0.2, 2.0)
    light = np.empty((3, *shape), np.float32)
    for i, (first, second) in enumerate((("red", "red2"), ("green", "green2"), ("blue", "blue2"))):
        base = painting.column(first)
        base += mix * (painting.column(second) - base)
        base *= factor
        base *= np.float32(1 / 255)
        light[i] = base * base
    return light


@dataclass(frozen=True)
class _Pattern:
    """What a pattern adds to the brightness of some pixels (flat indices)."""

    pixels: NDArray[np.int64]
    values: Image


def _pattern(painting: _Painting) -> tuple[_Pattern, Image]:
    """Ribs, rows, cells, joints, streaks and fading on the pixels that have any; and what cells add to patches."""
    table, size = painting.materials, painting.pixel_size_m
    get = _COLUMN
    has = (table[:, get["rib_m"]] > 0) | (table[:, get["row_m"]] > 0) | (table[:, get["cell_v_m"]] > 0)
    has |= table[:, get["streak"]] > 0
    pixels = np.flatnonzero(np.take(has, painting.number.ravel()))
    number = painting.number.ravel()[pixels]
    rows, cols = np.divmod(pixels, painting.number.shape[1])
    x, y = (cols + 0.5).astype(np.float32) * np.float32(size), (rows + 0.5).astype(np.float32) * np.float32(size)
    cos, sin = np.cos(painting.along), np.sin(painting.along)
    u = x * cos[number] + y * sin[number]
    stretch = np.sqrt(1 + painting.planes[:, 0] ** 2 + painting.planes[:, 1] ** 2)
    v = (y * cos[number] - x * sin[number]) * stretch[number]

    def column(name: str) -> Image:
        return np.take(table[:, get[name]], number)

    values = _waves(u, column("rib_m"), column("rib"), size) + _waves(v, column("row_m"), column("row"), size)
    added, cell_noise = _cells(u, v, column, number.astype(np.int64), size)
    values += added
    streaks = noise_at((u * np.float32(4)).astype(np.int64) + 91 * number, (v * np.float32(0.7)).astype(np.int64), 0.7)
    values += column("streak") * streaks
    return _Pattern(pixels, values), cell_noise


def _waves(at_m: Image, period_m: Image, amplitude: Image, pixel_size_m: float) -> Image:
    """A wave of the period, fainter as it nears what the pixels can show, and gone below."""
    safe = np.where(period_m > 0, period_m, np.float32(1e9)).astype(np.float32, copy=False)
    visible = np.clip((safe / np.float32(pixel_size_m) - 1.6) / 2, 0, 1)
    phase = (at_m * np.float32(2 * math.pi)) / safe
    result: Image = amplitude * visible * np.cos(phase)
    return result


def _cells(
    u: Image, v: Image, column: Callable[[str], Image], number: NDArray[np.int64], size: float
) -> tuple[Image, Image]:
    """Brightness of sheets, slabs and tiles with their joints; and what each adds to the patches' noise."""
    wide, long = column("cell_u_m"), column("cell_v_m")
    none: NDArray[np.bool_] = long <= 0
    wide[none] = long[none] = 1e9
    at_u, at_v = u / wide, v / long
    iu, iv = np.floor(at_u), np.floor(at_v)
    chance = hashed(iu.astype(np.int64), iv.astype(np.int64), number) - np.float32(0.5)
    edge = np.minimum((at_u - iu) * wide, (at_v - iv) * long)
    dark = np.where(~none & (edge < max(0.06, 0.8 * size)), column("joint"), np.float32(0))
    values: Image = column("cell") * chance * np.float32(2) - dark
    return values, column("cell_patch") * chance * np.float32(2)


def cast_shadows(z_m: Image, sun: Sun, pixel_size_m: float) -> Image:
    """(height, width) share of direct sun that reaches each pixel of a height map in metres.

    The map is marched towards the sun at every other pixel: half the resolution, a quarter of the work.
    """
    step_px = 2.0
    east, south, up = sun.vector
    flat = math.hypot(east, south)
    rise_m = step_px * pixel_size_m * up / flat
    count = int(min(float(z_m.max()) / rise_m, 0.5 * max(z_m.shape))) + 1
    reach = int(count * step_px) + 2
    padded = np.pad(z_m, reach)
    low = np.ascontiguousarray(z_m[::2, ::2])
    top = np.zeros_like(low)
    scratch = np.empty_like(low)
    for i in range(1, count + 1):
        row = reach + round(i * step_px * south / flat)
        col = reach + round(i * step_px * east / flat)
        view = padded[row : row + z_m.shape[0] : 2, col : col + z_m.shape[1] : 2]
        np.subtract(view, np.float32(i * rise_m), out=scratch)
        np.maximum(top, scratch, out=top)
    shadow = np.clip((top - low - np.float32(0.12)) / np.float32(0.25), 0, 1)
    whole = shadow.repeat(2, axis=0).repeat(2, axis=1)[: z_m.shape[0], : z_m.shape[1]]
    result: Image = 1 - ndimage.gaussian_filter(whole, 0.8, truncate=2)
    return result


def _openness(z_m: Image, pixel_size_m: float) -> Image:
    """Share of the sky a pixel sees, roughly: less beside walls and between them."""
    small = z_m[::4, ::4]
    around = ndimage.gaussian_filter(small, 1.2 / (4 * pixel_size_m), truncate=2)
    open_sky = 1 - 0.45 * np.clip((around - small) / 4, 0, 1)
    whole = open_sky.astype(np.float32).repeat(4, axis=0).repeat(4, axis=1)[: z_m.shape[0], : z_m.shape[1]]
    result: Image = ndimage.uniform_filter(whole, 5)
    return result


def _canopy_light(canopy: Canopy, sun: Sun, pixel_size_m: float) -> Image:
    """Direct sun on the leaves: brighter on the side of a crown that faces the sun."""
    east, south, up = sun.vector
    scale = np.float32(0.35 / (2 * pixel_size_m))
    slope = np.zeros_like(canopy.height_m)
    slope[:, 1:-1] += np.float32(east) * (canopy.height_m[:, :-2] - canopy.height_m[:, 2:])
    slope[1:-1] += np.float32(south) * (canopy.height_m[:-2] - canopy.height_m[2:])
    result: Image = np.float32(sun.direct) * np.clip(1 + slope * scale / np.float32(max(up, 0.35)), 0.15, 1.8)
    return result
