"""Augmentation of labelled scenes: geometry that turns azimuths and sun along with the picture, and colour."""

from __future__ import annotations

import dataclasses
import io
import math
from typing import Any

import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional
from torchvision.transforms.v2 import functional as functional_image

from roofgeo.data.targets import LabelledScene, RoofPlane, Targets, segment_class
from roofgeo.schema import FIRST_PITCHED, NODATA


def turn_azimuth(azimuth_deg: float, matrix: Affine) -> float:
    """An azimuth (degrees clockwise from up) after the picture went through `matrix` (x right, y down)."""
    angle = math.radians(azimuth_deg)
    x, y = math.sin(angle), -math.cos(angle)
    return math.degrees(math.atan2(matrix.a * x + matrix.b * y, -(matrix.d * x + matrix.e * y))) % 360


def turn_azimuths(azimuth_deg: NDArray[np.float32], matrix: Affine) -> NDArray[np.float32]:
    """`turn_azimuth` of an array, under a similarity; NaN stays NaN."""
    first_deg = turn_azimuth(0.0, matrix)
    sense = -1.0 if matrix.determinant < 0 else 1.0
    turned: NDArray[np.float32] = ((first_deg + sense * azimuth_deg) % 360).astype(np.float32)
    return turned


def transform_scene(scene: LabelledScene, matrix: Affine, shape: tuple[int, int]) -> LabelledScene:
    """The scene seen through a similarity: picture, planes, lines, rasters, heights and sun.

    Args:
        scene: What to transform.
        matrix: From the scene's pixels (x right, y down) to the result's: rotation, mirror, uniform scale, shift.
        shape: (height, width) of the result; what the scene does not cover is black and not labelled.
    """
    back = ~matrix
    labelled = np.ones(scene.image.shape[1:], bool) if scene.labelled is None else scene.labelled
    sun_deg = scene.sun_azimuth_deg
    return dataclasses.replace(
        scene,
        image=_sampled(scene.image, back, shape, "bilinear"),
        pixel_size_m=scene.pixel_size_m / math.sqrt(abs(matrix.determinant)),
        planes=tuple(_transform_plane(p, matrix, back) for p in scene.planes),
        lines=tuple(dataclasses.replace(line, xy=_apply(matrix, line.xy)) for line in scene.lines),
        labelled=_sampled(labelled[None], back, shape, "nearest")[0],
        sun_azimuth_deg=None if sun_deg is None else turn_azimuth(sun_deg, matrix),
        rasters=None if scene.rasters is None else _transform_rasters(scene.rasters, matrix, shape),
    )


def _transform_rasters(rasters: Targets, matrix: Affine, shape: tuple[int, int]) -> Targets:
    """Rasters looked up by their nearest pixels, their azimuths turned; whatever outside."""
    codes = np.stack([rasters.segments, rasters.lines, rasters.roof])
    values = np.stack([rasters.azimuth_deg, rasters.height_m])
    segments, lines, roof = _sampled(codes, ~matrix, shape, "nearest")
    azimuth_deg, height_m = _sampled(values, ~matrix, shape, "nearest")
    if turn_azimuth(0.0, matrix) != 0.0 or turn_azimuth(90.0, matrix) != 90.0:
        azimuth_deg = turn_azimuths(azimuth_deg, matrix)
        pitched = (segments >= FIRST_PITCHED) & (segments != NODATA) & ~np.isnan(azimuth_deg)
        segments[pitched] = segment_class(azimuth_deg[pitched])
    return Targets(segments, azimuth_deg, lines, roof, height_m)


def _transform_plane(plane: RoofPlane, matrix: Affine, back: Affine) -> RoofPlane:
    height_m = None
    if plane.height_m is not None:
        a, b, c = plane.height_m
        height_m = (a * back.a + b * back.d, a * back.b + b * back.e, a * back.c + b * back.f + c)
    azimuth_deg = None if plane.azimuth_deg is None else turn_azimuth(plane.azimuth_deg, matrix)
    return dataclasses.replace(plane, ring=_apply(matrix, plane.ring), azimuth_deg=azimuth_deg, height_m=height_m)


def _apply(matrix: Affine, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.array([[matrix.a, matrix.b], [matrix.d, matrix.e]])
    moved: NDArray[np.float64] = xy @ linear.T + np.array([matrix.c, matrix.f])
    return moved


def _sampled(array: NDArray[Any], back: Affine, shape: tuple[int, int], mode: str) -> NDArray[Any]:
    """(bands, height, width) of the array's type, looked up through `back`, from result to source pixels; 0 outside."""
    if (back.a, back.b, back.d, back.e) == (1, 0, 0, 1) and back.c == round(back.c) and back.f == round(back.f):
        return _shifted(array, round(back.c), round(back.f), shape)
    height, width = array.shape[1:]
    rows = torch.arange(shape[0], dtype=torch.float32)[:, None] + 0.5
    cols = torch.arange(shape[1], dtype=torch.float32) + 0.5
    x = (back.a * cols + back.b * rows + back.c) * (2 / width) - 1
    y = (back.d * cols + back.e * rows + back.f) * (2 / height) - 1
    source = torch.from_numpy(array.astype(np.float32))[None]
    found = functional.grid_sample(source, torch.stack([x, y], dim=-1)[None], mode=mode, align_corners=False)[0].numpy()
    if array.dtype == np.uint8 and mode == "bilinear":
        found += 0.5
    return found.astype(array.dtype)


def _shifted(array: NDArray[Any], left: int, top: int, shape: tuple[int, int]) -> NDArray[Any]:
    """The part of (bands, height, width) from a column and row on; 0 outside."""
    result = np.zeros((len(array), *shape), array.dtype)
    height, width = array.shape[1:]
    rows, cols = (max(0, top), min(height, top + shape[0])), (max(0, left), min(width, left + shape[1]))
    if rows[0] < rows[1] and cols[0] < cols[1]:
        part = array[:, rows[0] : rows[1], cols[0] : cols[1]]
        result[:, rows[0] - top : rows[1] - top, cols[0] - left : cols[1] - left] = part
    return result


def coarser(scene: LabelledScene, factor: int) -> LabelledScene:
    """A scene with `factor` by `factor` pixels averaged into one; a remainder at the right and lower edge is left off.

    A coarse pixel is labelled if all of its fine ones are. For scenes whose labels are planes and lines.
    """
    height, width = (side // factor for side in scene.image.shape[1:])

    def squares(array: NDArray[Any]) -> NDArray[Any]:
        cut = array[:, : height * factor, : width * factor]
        return cut.reshape(len(array), height, factor, width, factor)

    matrix, labelled = Affine.scale(1 / factor), scene.labelled
    return dataclasses.replace(
        scene,
        image=(squares(scene.image).mean(axis=(2, 4)) + 0.5).astype(np.uint8),
        pixel_size_m=scene.pixel_size_m * factor,
        planes=tuple(_transform_plane(p, matrix, ~matrix) for p in scene.planes),
        lines=tuple(dataclasses.replace(line, xy=_apply(matrix, line.xy)) for line in scene.lines),
        labelled=None if labelled is None else squares(labelled[None]).min(axis=(2, 4))[0],
    )


def random_window(
    scene: LabelledScene,
    size_px: int,
    rng: np.random.Generator,
    pixel_size_m: float | None = None,
    most_shift: float = 1.0,
) -> LabelledScene:
    """A square window of the scene, turned, mirrored, scaled and shifted at random, its pixels resampled once.

    The sun ends within 60 degrees of south or of north, in equal parts, as it does for real pictures of the two
    hemispheres; an unknown sun, and one scene in five, is turned freely. Where azimuths are known as bins, turns are
    whole numbers of bins. The latitude changes its sign with the sun's side.

    Args:
        scene: What to cut from.
        size_px: Side of the window.
        rng: Source of chance.
        pixel_size_m: Pixel size of the window; None for the scene's.
        most_shift: How far the window's middle may be off the scene's: 0 not at all, 1 as far as the scene fills 0.7 of
            the window's side.
    """
    native = 1.0 if pixel_size_m is None else scene.pixel_size_m / pixel_size_m
    mirror = Affine.scale(-1, 1) if rng.random() < 0.5 else Affine.identity()
    turn_deg = rng.uniform(0, 360)
    if scene.sun_azimuth_deg is not None and rng.random() > 0.2:
        side_deg = 180.0 * rng.integers(2) + rng.uniform(-60, 60)
        turn_deg = side_deg - turn_azimuth(scene.sun_azimuth_deg, mirror)
    if scene.azimuth_bin_deg is not None:
        turn_deg = round(turn_deg / scene.azimuth_bin_deg) * scene.azimuth_bin_deg
    house = math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST)))
    scale = house * native
    height, width = scene.image.shape[1:]
    slack_px = [most_shift * max(0.0, side - 0.7 * size_px / scale) / 2 for side in (width, height)]
    x, y = (side / 2 + rng.uniform(-s, s) for side, s in zip((width, height), slack_px, strict=True))
    matrix = (
        Affine.translation(size_px / 2, size_px / 2)
        * Affine.rotation(turn_deg)
        * mirror
        * Affine.scale(scale)
        * Affine.translation(-x, -y)
    )
    turned = transform_scene(scene, matrix, (size_px, size_px))
    # A change of scale stands for smaller and larger houses, not for another pixel size.
    return dataclasses.replace(
        turned, pixel_size_m=turned.pixel_size_m * house, latitude_deg=_latitude_under(turned.sun_azimuth_deg, scene)
    )


SMALLEST, LARGEST = 0.75, 1.35
"""Range of the random scale."""


def _latitude_under(sun_azimuth_deg: float | None, scene: LabelledScene) -> float | None:
    """The scene's latitude on that side of the equator from which the sun now shines; None if that is unknown."""
    if scene.latitude_deg is None or sun_azimuth_deg is None:
        return None
    return math.copysign(scene.latitude_deg, -math.cos(math.radians(sun_azimuth_deg)))


def vary_colour(
    image: NDArray[np.uint8], rng: np.random.Generator, pixel_size_m: float
) -> tuple[NDArray[np.uint8], float]:
    """Another camera, light and weather for a picture (3, height, width).

    Args:
        image: Red, green, blue.
        rng: Source of chance.
        pixel_size_m: Pixel size of the picture.

    Returns:
        The picture, and the pixel size in metres it could have been taken with: up to 0.3 m, if it was coarsened.
    """
    pixels = torch.from_numpy(image).float() / 255
    if rng.random() < SHADOW_SHARE:
        pixels = pixels * cast_shade(rng, (image.shape[1], image.shape[2]))
    source_pixel_size_m = pixel_size_m
    if rng.random() < 0.5:
        source_pixel_size_m = math.exp(rng.uniform(math.log(0.6 * pixel_size_m), math.log(0.3)))
        pixels = _coarsen(pixels, source_pixel_size_m / pixel_size_m)
    if rng.random() < BLUR_SHARE:
        pixels = functional_image.gaussian_blur(pixels, [5, 5], [rng.uniform(0.3, 1.2)])
    pixels = _expose_anew(pixels, rng)
    noise = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32))
    pixels = pixels.add_(noise, alpha=float(rng.exponential(0.012)))
    result: NDArray[np.uint8] = pixels.clamp_(0, 1).mul_(255).add_(0.5).to(torch.uint8).numpy()
    if rng.random() < JPEG_SHARE:
        result = through_jpeg(result, int(rng.integers(40, 96)))
    return result, source_pixel_size_m


SHADOW_SHARE, BLUR_SHARE, JPEG_SHARE = 0.2, 0.2, 0.4
"""Share of the windows on which something beyond them casts a shadow; that are blurred; that went through JPEG."""


def cast_shade(rng: np.random.Generator, shape: tuple[int, int]) -> torch.Tensor:
    """(height, width) factor of the light where a cloud or something high beside the picture shades a side of it."""
    angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.4, 0.4)
    rows = torch.linspace(-1, 1, shape[0])[:, None]
    cols = torch.linspace(-1, 1, shape[1])
    wave = 0.1 * torch.sin(rng.uniform(2, 9) * (rows * math.cos(angle) - cols * math.sin(angle)) + rng.uniform(0, 6))
    inside = rows * math.sin(angle) + cols * math.cos(angle) + wave - offset
    softness = math.exp(rng.uniform(math.log(0.01), math.log(0.2)))
    return 1 - rng.uniform(0.2, 0.6) * torch.sigmoid(inside / softness)


END_SHARE = 0.15
"""Share of the windows in which the imagery ends."""


def ended(scene: LabelledScene, rng: np.random.Generator) -> LabelledScene:
    """A scene at the border of an orthophoto: beyond a rectangle around its middle it is black and not labelled."""
    inside = np.zeros(scene.image.shape[1:], bool)
    rows, cols = (
        slice(max(0, round(side * rng.uniform(-0.2, 0.4))), round(side * rng.uniform(0.6, 1.2)))
        for side in scene.image.shape[1:]
    )
    inside[rows, cols] = True
    labelled = inside if scene.labelled is None else scene.labelled & inside
    return dataclasses.replace(scene, image=scene.image * inside, labelled=labelled)


def through_jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """(3, height, width) as JPEG leaves it."""
    packed = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(packed, "JPEG", quality=quality)
    unpacked: NDArray[np.uint8] = np.asarray(Image.open(packed)).transpose(2, 0, 1)
    return np.ascontiguousarray(unpacked)


def _expose_anew(pixels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Another saturation, contrast, colour balance and gamma for (3, height, width) pixels of 0..1."""
    gain = rng.normal(1, 0.06, 3) * math.exp(rng.normal(0, 0.18))
    offset = rng.normal(0, 0.02, 3) + rng.normal(0, 0.03)
    contrast, gamma = math.exp(rng.normal(0, 0.15)), math.exp(rng.normal(0, 0.15))
    gray = pixels.mean(dim=0, keepdim=True)
    pixels = gray + (pixels - gray) * math.exp(rng.normal(0, 0.3))
    mean = pixels.mean()
    pixels = (pixels - mean) * contrast + mean
    pixels = pixels * torch.tensor(gain).view(3, 1, 1).float() + torch.tensor(offset).view(3, 1, 1).float()
    return pixels.clamp_(0, 1).pow_(gamma)


def _coarsen(pixels: torch.Tensor, factor: float) -> torch.Tensor:
    """(3, height, width) averaged into pixels `factor` times as large, and interpolated back."""
    if factor <= 1:
        return pixels
    size = pixels.shape[-2:]
    small = [max(8, round(side / factor)) for side in size]
    coarse = functional.interpolate(pixels[None], small, mode="bilinear", antialias=True, align_corners=False)
    return functional.interpolate(coarse, size, mode="bilinear", align_corners=False)[0]
