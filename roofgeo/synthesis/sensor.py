"""From light to picture: exposure, haze, colour balance, blur, noise and JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from scipy import ndimage

from roofgeo.synthesis.noise import Image, noise

Rng = np.random.Generator


@dataclass(frozen=True)
class Sensor:
    """How a camera and the mill behind it change a picture.

    Attributes:
        brightness: Mean grey value of the picture before contrast, 0..1.
        gain: Factor of each channel.
        contrast: Around the middle grey; 1 changes nothing.
        saturation: 1 changes nothing.
        haze: Share of haze, whose colour is `haze_rgb` (0..1).
        haze_rgb: Colour of the haze.
        blur_px: Optical blur (standard deviation).
        sharpen: Strength of the mill's sharpening.
        noise: Standard deviation of the noise in grey values.
        jpeg_quality: 1..100; None for no JPEG.
    """

    brightness: float = 0.44
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0
    haze: float = 0.03
    haze_rgb: tuple[float, float, float] = (0.7, 0.74, 0.8)
    blur_px: float = 0.6
    sharpen: float = 0.3
    noise: float = 2.0
    jpeg_quality: int | None = 90


def random_sensor(rng: Rng) -> Sensor:
    """A camera of the kinds found in drones, aeroplanes and web maps."""
    warmth = rng.normal(0, 0.05)
    gain = 1 + warmth * np.array([1.0, 0.0, -1.0]) + rng.normal(0, 0.02, 3)
    return Sensor(
        brightness=float(np.clip(rng.normal(0.44, 0.07), 0.27, 0.62)),
        gain=(float(gain[0]), float(gain[1]), float(gain[2])),
        contrast=rng.uniform(0.8, 1.25),
        saturation=rng.uniform(0.55, 1.2),
        haze=rng.choice((0.0, rng.uniform(0, 0.22))),
        haze_rgb=(0.7, 0.72 + rng.uniform(-0.02, 0.05), 0.72 + rng.uniform(-0.04, 0.12)),
        blur_px=rng.choice((rng.uniform(0.4, 0.8), rng.uniform(0.5, 1.4))),
        sharpen=rng.choice((0.0, rng.uniform(0.0, 0.9))),
        noise=rng.choice((rng.uniform(0.3, 2), rng.uniform(0.5, 4))),
        jpeg_quality=int(rng.integers(55, 97)) if rng.random() < 0.85 else None,
    )


def expose(rng: Rng, light: Image, sensor: Sensor) -> NDArray[np.uint8]:
    """(3, height, width) uint8 picture of (3, height, width) linear light."""
    for channel in light:
        ndimage.gaussian_filter(channel, sensor.blur_px, output=channel, truncate=2.5)
    # Gamma 2 stands for the sRGB curve: a square root costs a tenth of a power.
    picture = np.sqrt(np.clip(light, 0, None))
    picture *= sensor.brightness / max(float(picture[:, ::4, ::4].mean()), 1e-3)
    picture *= np.asarray(sensor.gain, np.float32)[:, None, None]
    if sensor.sharpen > 0:
        picture = _sharpened(picture, sensor)
    grey = picture.mean(axis=0)
    picture = grey + np.float32(sensor.saturation) * (picture - grey)
    picture = sensor.brightness + np.float32(sensor.contrast) * (picture - np.float32(sensor.brightness))
    haze = np.asarray(sensor.haze_rgb, np.float32)[:, None, None]
    picture += np.float32(sensor.haze) * (haze - picture)
    picture = _shoulder(picture) * 255
    shape = (picture.shape[1], picture.shape[2])
    picture += np.float32(sensor.noise) * noise(rng, shape, 0.7)
    for channel in picture:
        channel += np.float32(0.5 * sensor.noise) * noise(rng, shape, 0.0)
    result = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return result if sensor.jpeg_quality is None else through_jpeg(result, sensor.jpeg_quality)


def _sharpened(picture: Image, sensor: Sensor) -> Image:
    grey = picture.mean(axis=0)
    detail = grey - ndimage.gaussian_filter(grey, 1.5, truncate=2)
    result: Image = picture + np.float32(sensor.sharpen) * detail
    return result


def _shoulder(picture: Image) -> Image:
    """Highlights rolled off above 0.75 instead of cut, and nothing below 0."""
    over = np.clip(picture - 0.75, 0, None)
    result: Image = np.clip(picture, 0.0, 0.75) + 0.25 * over / (over + np.float32(0.25))
    return result


def through_jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture, (3, height, width) uint8, compressed as JPEG and read back."""
    _, height, width = picture.shape
    # A GeoTIFF with JPEG inside rather than a JPEG: it may carry a transform, so rasterio has nothing to warn of.
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=height, width=width, count=3, dtype="uint8", tiled=True, compress="JPEG",
            photometric="YCBCR", JPEG_QUALITY=quality, transform=from_origin(0, height, 1, 1),
        ) as target:  # fmt: skip
            target.write(picture)
        with memory.open() as source:
            result: NDArray[np.uint8] = source.read()
    return result
