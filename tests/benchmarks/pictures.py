"""Which pictures `roofgeo predict` warns of: good ones it should not, spoilt ones it should.

`python -m tests.benchmarks.pictures` prints the share of pictures warned of, by set and by what was done to them, and
with `--confidence` the mean confidence of the segments found in some of them, calibrated and as it was: class
probability alone.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from roofgeo.data.quality import SIDE_PX, doubts, look_at
from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.targets import LabelledScene
from roofgeo.evaluation.calibration import Calibration
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.synthesis.scenes import render_scene
from roofgeo.vector import attributes
from roofgeo.vector.confidence import class_probability
from tests.benchmarks import vectors

WORK_M = 0.1
FIRST_SCENE = 8000
SCENES = 40
ROOFS = 60
PART_PX = 512

Picture = NDArray[np.uint8]
"""(height, width, 3)."""


def good_pictures(data: Path) -> Iterator[tuple[str, Picture]]:
    """Pictures by set, at the model's pixel size; of the data only what there is."""
    for seed in range(FIRST_SCENE, FIRST_SCENE + SCENES):
        yield "rendered", np.moveaxis(render_scene(seed, PART_PX, WORK_M).scene.image, 0, -1)
    if not data.is_dir():
        return
    roofs = RoofGraph(data / "roofgraph", "train")
    for number in np.linspace(0, len(roofs.pictures) - 1, ROOFS).astype(int):
        yield "RoofGraph", resized(np.moveaxis(roofs.scene(int(number)).image, 0, -1), 0.5)
    town = resized(_read(data / "kampala" / "ortho.tif"), 0.75)
    for row in range(0, town.shape[0] - PART_PX + 1, PART_PX):
        for col in range(0, town.shape[1] - PART_PX + 1, PART_PX):
            yield "Kampala", town[row : row + PART_PX, col : col + PART_PX]
    for path in sorted((data / "banepa" / "images").glob("*.tif")):
        yield "Banepa", resized(_read(path), 1.3)
    for path in sorted((data / "rid" / "images_roof_centered_geotiff").glob("*.tif")):
        yield "RID tiles", _read(path)


def _read(path: Path) -> Picture:
    with rasterio.open(path) as source:
        return np.moveaxis(source.read([1, 2, 3]), 0, -1)


def resized(picture: Picture, factor: float) -> Picture:
    """Averaged where it becomes smaller."""
    size = tuple(max(1, round(side * factor)) for side in (picture.shape[1], picture.shape[0]))
    return np.asarray(
        Image.fromarray(picture).resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR)
    )


def _clipped(values: NDArray[np.floating]) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


def blurred(sigma_px: float) -> Callable[[Picture], Picture]:
    """Out of focus."""
    return lambda picture: _clipped(ndimage.gaussian_filter(picture.astype(np.float32), (sigma_px, sigma_px, 0)))


def enlarged(times: int) -> Callable[[Picture], Picture]:
    """From pixels so many times larger."""

    def enlarge(picture: Picture) -> Picture:
        small = Image.fromarray(resized(picture, 1 / times))
        return np.asarray(small.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BICUBIC))

    return enlarge


def lit(gain: float, noise: float, offset: float = 0.0) -> Callable[[Picture], Picture]:
    """Under other light: night, dusk, too much of it, haze."""

    def light(picture: Picture) -> Picture:
        chance = np.random.default_rng(0).normal(0, noise, picture.shape) if noise else 0.0
        return _clipped(picture * np.float64(gain) + offset + chance)

    return light


def snowed(picture: Picture) -> Picture:
    """Six sevenths of the ground under snow."""
    rng = np.random.default_rng(0)
    depth = ndimage.gaussian_filter(rng.normal(size=picture.shape[:2]), 25)
    snow = (depth > np.quantile(depth, 0.15))[..., None]
    white = 225 + 0.12 * picture + rng.normal(0, 3, picture.shape)
    return _clipped(np.where(snow, white, picture * 1.1))


def grey(picture: Picture) -> Picture:
    """Without colours."""
    return np.repeat(np.asarray(Image.fromarray(picture).convert("L"))[..., None], 3, 2)


def a_map(picture: Picture) -> Picture:
    """A street map instead."""
    rng = np.random.default_rng(int(picture[0, 0].sum()))
    sheet = Image.new("RGB", (picture.shape[1], picture.shape[0]), (242, 239, 233))
    draw = ImageDraw.Draw(sheet)
    for x, y, width, height in rng.integers((0, 0, 40, 40), (*sheet.size, 120, 120), (25, 4)).tolist():
        draw.rectangle((x, y, x + width, y + height), fill=(217, 208, 201), outline=(190, 180, 170))
    for ends in rng.integers(0, min(sheet.size), (4, 4)).tolist():
        draw.line(ends, fill=(255, 255, 255), width=14)
    draw.text((30, 30), "High Street", fill=(0, 0, 0))
    return np.asarray(sheet)


def a_portrait(picture: Picture) -> Picture:
    """A bright oval before a soft background instead, with a little noise."""
    height, width = picture.shape[:2]
    rows, cols = np.mgrid[:height, :width]
    off = np.hypot((cols - width / 2) / (0.25 * width), (rows - 0.45 * height) / (0.35 * height))[..., None]
    behind = np.stack([90 + 60 * rows / height, 110 + 40 * cols / width, 150 - 50 * rows / height], 2)
    face = np.array([210, 165, 140]) - np.array([40, 40, 35]) * off
    soft = 1 / (1 + np.exp((off - 1) * 12))
    grain = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=picture.shape), (1, 1, 0)) * 6
    return _clipped(face * soft + behind * (1 - soft) + grain)


def pure_noise(picture: Picture) -> Picture:
    """Chance instead."""
    return np.random.default_rng(0).integers(0, 256, picture.shape, dtype=np.uint8)


def one_colour(picture: Picture) -> Picture:
    """Nothing instead."""
    return np.full_like(picture, 120)


SPOILT: dict[str, Callable[[Picture], Picture]] = {
    "blur of 1 px": blurred(1),
    "blur of 2 px": blurred(2),
    "blur of 5 px": blurred(5),
    "enlarged 3 times": enlarged(3),
    "enlarged 5 times": enlarged(5),
    "night": lit(0.12, 3),
    "night, brighter": lit(0.2, 6),
    "dusk": lit(0.35, 4),
    "snow": snowed,
    "overexposed": lit(2.2, 0, 40),
    "haze": lit(0.15, 0, 170),
    "no colours": grey,
    "noise of 25": lit(1, 25),
    "noise alone": pure_noise,
    "one colour": one_colour,
    "map": a_map,
    "portrait": a_portrait,
}


def warnings_of(picture: Picture) -> list[str]:
    """What is said of a picture, looked at place by place."""
    height, width = picture.shape[:2]
    corners = [(r, c) for r in _starts(height) for c in _starts(width)]
    image = np.moveaxis(picture, -1, 0)
    return list(doubts([look_at(image[:, r : r + SIDE_PX, c : c + SIDE_PX]) for r, c in corners]))


def _starts(size_px: int) -> range:
    return range(0, max(1, size_px - SIDE_PX + 1), SIDE_PX)


def confidences(scene: LabelledScene, model: str) -> tuple[list[float], list[float]]:
    """Confidence of each segment found in a scene: class probability alone, and what is told now."""
    seen: list[float] = []

    def remembered(faces, lines, code):
        seen.extend(class_probability(faces))
        return raw(faces, lines, code)

    raw, platt = attributes.raw_confidence, open_model(model).card.platt
    vars(attributes)["raw_confidence"] = remembered
    try:
        found = vectors.layers_of(vectors.predicted(scene, np.random.default_rng(0)))["roof_segments"]
    finally:
        vars(attributes)["raw_confidence"] = raw
    return seen, list(Calibration(*platt)(found["confidence"].to_numpy(dtype=float)))


def tell_confidence(count: int) -> None:
    """Mean confidence of the segments of so many roofs and rendered scenes each, as they are and spoilt."""
    scenes = [*vectors.real_roofs(count), *vectors.rendered_scenes(count)]
    for name, spoil in {"as they are": lambda picture: picture, **SPOILT}.items():
        before: list[float] = []
        after: list[float] = []
        for scene in scenes:
            image = np.moveaxis(spoil(np.ascontiguousarray(np.moveaxis(scene.image, 0, -1))), -1, 0)
            old, new = confidences(dataclasses.replace(scene, image=np.ascontiguousarray(image)), DEFAULT_MODEL)
            before, after = before + old, after + new
        told = "-" if not before else f"class probability {np.mean(before):.2f}, confidence {np.mean(after):.2f}"
        surest = 0 if not after else int(np.sum(np.array(after) >= 0.9))
        print(f"  {name:18s} {len(before):4d} segments, {told}, {surest} of at least 0.9", flush=True)


def main() -> None:
    """Print the shares, and the confidences if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each so many-th picture")
    parser.add_argument("--confidence", type=int, default=0, help="roofs and scenes to predict, of each kind")
    arguments = parser.parse_args()
    pictures = list(good_pictures(vectors.DATA))[:: arguments.every]
    for name in dict.fromkeys(name for name, _ in pictures):
        told = [warnings_of(picture) for of, picture in pictures if of == name]
        print(f"good, {name}: {sum(map(bool, told))} of {len(told)} warned of", *sorted({t for ts in told for t in ts}))
    sources = [picture for name, picture in pictures if name != "RID tiles"]
    for name, spoil in SPOILT.items():
        told = [warnings_of(spoil(picture)) for picture in sources]
        print(f"{name}: {np.mean([bool(each) for each in told]):.2f} of {len(told)} warned of", flush=True)
    if arguments.confidence:
        tell_confidence(arguments.confidence)


if __name__ == "__main__":
    main()
