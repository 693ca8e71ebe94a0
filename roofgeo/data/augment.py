"""Augmentation of labelled scenes: geometry that turns azimuths and sun along with the picture, and colour."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from torch.nn import functional

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane


def turn_azimuth(azimuth_deg: float, matrix: Affine) -> float:
    """An azimuth (degrees clockwise from up) after the picture went through `matrix` (x right, y down)."""
    angle = math.radians(azimuth_deg)
    x, y = math.sin(angle), -math.cos(angle)
    return math.degrees(math.atan2(matrix.a * x + matrix.b * y, -(matrix.d * x + matrix.e * y))) % 360


def transform_scene(scene: LabelledScene, matrix: Affine, shape: tuple[int, int]) -> LabelledScene:
    """The scene seen through a similarity: picture, planes, lines, heights and sun.

    Args:
        scene: What to transform.
        matrix: From the scene's pixels (x right, y down) to the result's: rotation, mirror, uniform scale, shift.
        shape: (height, width) of the result; what the scene does not cover is black and not labelled.
    """
    back = ~matrix
    image = (_sample(scene.image, back, shape, "bilinear") + 0.5).astype(np.uint8)
    labelled = np.ones(scene.image.shape[1:], bool) if scene.labelled is None else scene.labelled
    mask = scene.roof_mask
    return LabelledScene(
        image=image,
        pixel_size_m=scene.pixel_size_m / math.sqrt(abs(matrix.determinant)),
        planes=tuple(_transform_plane(p, matrix, back) for p in scene.planes),
        lines=tuple(RoofLine(line.line_type, _apply(matrix, line.xy), line.building) for line in scene.lines),
        labelled=_sample(labelled[None], back, shape, "nearest")[0] > 0.5,
        sun_azimuth_deg=None if scene.sun_azimuth_deg is None else turn_azimuth(scene.sun_azimuth_deg, matrix),
        roof_mask=None if mask is None else _sample(mask[None], back, shape, "nearest")[0].astype(np.uint8),
    )


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


def _sample(array: NDArray[np.generic], back: Affine, shape: tuple[int, int], mode: str) -> NDArray[np.float32]:
    """(bands, height, width) looked up through `back`, from result to source pixels; 0 outside."""
    height, width = array.shape[1:]
    rows, cols = np.indices(shape, dtype=np.float32) + np.float32(0.5)
    x = (back.a * cols + back.b * rows + back.c) * (2 / width) - 1
    y = (back.d * cols + back.e * rows + back.f) * (2 / height) - 1
    where = torch.from_numpy(np.stack([x, y], axis=-1).astype(np.float32))[None]
    source = torch.from_numpy(array.astype(np.float32))[None]
    found: NDArray[np.float32] = functional.grid_sample(source, where, mode=mode, align_corners=False)[0].numpy()
    return found


def random_window(scene: LabelledScene, size_px: int, rng: np.random.Generator) -> LabelledScene:
    """A square window of the scene, turned, mirrored, scaled and shifted at random.

    The sun ends within 60 degrees of south or of north, in equal parts, as it does for real pictures of the two
    hemispheres; an unknown sun, and one scene in five, is turned freely.

    Args:
        scene: A scene whose pixels have the network's size.
        size_px: Side of the window.
        rng: Source of chance.
    """
    mirror = Affine.scale(-1, 1) if rng.random() < 0.5 else Affine.identity()
    turn_deg = rng.uniform(0, 360)
    if scene.sun_azimuth_deg is not None and rng.random() > 0.2:
        side_deg = 180.0 * rng.integers(2) + rng.uniform(-60, 60)
        turn_deg = side_deg - turn_azimuth(scene.sun_azimuth_deg, mirror)
    scale = math.exp(rng.uniform(math.log(0.75), math.log(1.35)))
    height, width = scene.image.shape[1:]
    slack_px = [max(0.0, side - 0.7 * size_px / scale) / 2 for side in (width, height)]
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
    return dataclasses.replace(turned, pixel_size_m=scene.pixel_size_m)


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
    pixels = torch.from_numpy(image.astype(np.float32))[None] / 255
    source_pixel_size_m = pixel_size_m
    if rng.random() < 0.5:
        source_pixel_size_m = math.exp(rng.uniform(math.log(0.6 * pixel_size_m), math.log(0.3)))
        pixels = _coarsen(pixels, source_pixel_size_m / pixel_size_m)
    gain = rng.normal(1, 0.06, 3) * math.exp(rng.normal(0, 0.18))
    offset = rng.normal(0, 0.02, 3) + rng.normal(0, 0.03)
    contrast, gamma = math.exp(rng.normal(0, 0.15)), math.exp(rng.normal(0, 0.15))
    gray = pixels.mean(dim=1, keepdim=True)
    pixels = gray + (pixels - gray) * math.exp(rng.normal(0, 0.3))
    mean = pixels.mean()
    pixels = (pixels - mean) * contrast + mean
    pixels = pixels * torch.tensor(gain).view(1, 3, 1, 1).float() + torch.tensor(offset).view(1, 3, 1, 1).float()
    pixels = pixels.clamp(0, 1) ** gamma
    noise = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32))[None]
    pixels = pixels + noise * float(rng.exponential(0.012))
    return (pixels[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy(), source_pixel_size_m


def _coarsen(pixels: torch.Tensor, factor: float) -> torch.Tensor:
    """Averaged into pixels `factor` times as large, and interpolated back."""
    if factor <= 1:
        return pixels
    size = pixels.shape[-2:]
    small = [max(8, round(side / factor)) for side in size]
    coarse = functional.interpolate(pixels, small, mode="bilinear", antialias=True, align_corners=False)
    return functional.interpolate(coarse, size, mode="bilinear", align_corners=False)
