"""Whether imagery looks like what a model was trained on: told from a few places of it, before the network runs.

Each check is one figure of the pixels and one threshold, set between what good orthophotos measure and what spoilt ones
do; `python -m tests.benchmarks.pictures` measures both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE_PX: Final = 256
"""Side of a place that is looked at."""

LEAST_PX: Final = 32
"""A smaller place tells nothing."""

MOST_PLACES: Final = 12

LEAST_VALID: Final = 0.5
"""Of a place less of which holds data nothing is told."""

DARKEST: Final = 80.0
"""Grey level that the brightest 2 % of the pixels exceed by day: 90 and more, by night 56 and less."""

WHITE: Final = 220.0
MOST_WHITE: Final = 0.5
"""Share of pixels above `WHITE`: 0.36 and less in good light, 0.8 and more under snow."""

LEAST_RANGE: Final = 40.0
"""Grey levels between the darkest and the brightest 2 %: 62 and more; in fog 34 and less."""

MOST_EQUAL: Final = 0.7
"""Share of neighbouring pixels of the very same colour: 0.27 and less in pictures, 0.88 and more in maps."""

MOST_NOISE: Final = 12.0
"""Grey levels of noise: 10 and less."""

LEAST_SHARPNESS: Final = 0.31
"""Of the steepest edges, share of their rise over four pixels that lies within one.

A straight ramp has 0.25, a step 1. Good pictures have 0.32 and more somewhere, those blurred by two pixels 0.30 and
less.
"""

LEAST_COLOUR: Final = 3.0
"""Colourfulness of Hasler & Süsstrunk 2003: 8 and more; of grey pictures 0."""

_GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_LAPLACIAN_SIGMA: Final = float(np.sqrt(np.pi / 2) / 6)

Image = NDArray[np.uint8]
Greys = NDArray[np.float32]


@dataclass(frozen=True)
class Impression:
    """What a place looks like.

    Attributes:
        bright: Grey level (0..255) that 2 % of its pixels exceed.
        white_share: Share of its pixels above `WHITE`.
        tonal_range: Grey levels between its darkest and its brightest 2 %.
        equal_share: Share of neighbouring pixels of the very same colour.
        noise: Standard deviation of the noise in grey levels.
        sharpness: Of its steepest edges, share of their rise over four pixels that lies within one.
        colour: Colourfulness, of about 0 to 150.
    """

    bright: float
    white_share: float
    tonal_range: float
    equal_share: float
    noise: float
    sharpness: float
    colour: float


def look_at(image: Image) -> Impression:
    """What a place looks like.

    Noise is told as by Immerkaer 1996, "Fast noise variance estimation", colour as by Hasler & Süsstrunk 2003,
    "Measuring colourfulness in natural images".

    Args:
        image: (3, height, width) red, green, blue; of 5 pixels a side at least.
    """
    red, green, blue = image.astype(np.float32)
    grey: Greys = np.tensordot(_GREY, image.astype(np.float32), 1)
    dark, bright = np.quantile(grey, [0.02, 0.98])
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    laplacian = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    return Impression(
        bright=float(bright),
        white_share=float((grey > WHITE).mean()),
        tonal_range=float(bright - dark),
        equal_share=float((image[:, :, 1:] == image[:, :, :-1]).all(0).mean()),
        noise=_LAPLACIAN_SIGMA * float(np.abs(laplacian).mean()),
        sharpness=_steepest(grey, 1) / max(_steepest(grey, 4), 1.0),
        colour=float(
            np.hypot(red_green.std(), yellow_blue.std()) + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean())
        ),
    )


def _steepest(grey: Greys, step_px: int) -> float:
    """Grey levels that 1 % of all pairs of pixels so far apart, along rows and columns, differ by at least."""
    across, down = grey[:, step_px:] - grey[:, :-step_px], grey[step_px:] - grey[:-step_px]
    return float(np.quantile(np.abs(np.concatenate([across.ravel(), down.ravel()])), 0.99))


def doubts(places: Sequence[Impression]) -> Iterator[str]:
    """What of imagery is not what models are trained on, in words, and what to do.

    Half of the places must look so; of sharpness and tonal range the best place counts, as water and fields have little
    of either. Nothing where there are no places.

    Args:
        places: What some places of it look like.
    """
    if not places:
        return
    light = _of_light(places)
    if light is not None:
        yield light
        return
    if max(place.sharpness for place in places) < LEAST_SHARPNESS:
        yield (
            "the imagery looks blurred, even its sharpest edges are several pixels wide: was it enlarged from coarser "
            "pixels? Expect missed and merged roofs; give the original, of 0.3 m per pixel or finer"
        )
    if _middle([place.colour for place in places]) < LEAST_COLOUR:
        yield "the imagery has no colours: models are trained on colour pictures; expect more mistakes"


def _of_light(places: Sequence[Impression]) -> str | None:
    """The first thing wrong with the light, which leaves nothing else to be told; None if there is none."""
    equal = _middle([place.equal_share for place in places])
    bright = _middle([place.bright for place in places])
    white = _middle([place.white_share for place in places])
    noise = _middle([place.noise for place in places])
    if equal > MOST_EQUAL:
        return (
            f"{100 * equal:.0f} % of neighbouring pixels have the very same colour: this looks like a map, a drawing "
            "or an empty picture, in which roofs mean nothing; give an orthophoto"
        )
    if bright < DARKEST:
        return (
            f"the imagery is very dark, 98 % of its pixels are below {bright:.0f} of 255: taken at night, or not "
            "stretched to 8 bits? Do not trust the result; give a picture taken by day"
        )
    if white > MOST_WHITE:
        return (
            f"{100 * white:.0f} % of the imagery is nearly white: snow, or overexposed? Roofs do not stand out there; "
            "give a picture without snow"
        )
    if max(place.tonal_range for place in places) < LEAST_RANGE:
        return (
            "the imagery has hardly any contrast: haze, clouds, or values squeezed into a few grey levels? Expect "
            "missed roofs; give a clear picture, or stretch its values"
        )
    if noise > MOST_NOISE:
        return (
            f"the imagery is noisy, by {noise:.0f} grey levels from pixel to pixel: expect many mistakes; is it an "
            "orthophoto, of low light, or a damaged file?"
        )
    return None


def _middle(values: Sequence[float]) -> float:
    return float(np.median(values))
