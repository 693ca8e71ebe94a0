"""Rendered scenes as a data set: to measure on, and of no seed that training or a benchmark draws from."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from affine import Affine

from roofgeo.data.augment import transform_scene
from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, lay_out
from roofgeo.data.targets import LabelledScene
from roofgeo.grid import Window
from roofgeo.synthesis.scenes import render_scene

SEED = (2718, 28, 18, 28)
"""Four numbers, then the scene's: training draws from two and three, benchmarks from one."""

SIZE_PX = 768


class RenderedPictures(RoofDataset):
    """So many rendered scenes, whole buildings only; the sun stands in the south and in the north by turns.

    Args:
        count: Number of scenes.
        pixel_size_m: Side of their pixels.
    """

    georeferenced = False
    licence = "MIT"

    def __init__(self, count: int, pixel_size_m: float) -> None:
        places = lay_out([(SIZE_PX, SIZE_PX)] * count, pixel_size_m)
        pictures = [
            Picture(str(n), Path(f"scene_{n}"), SIZE_PX, SIZE_PX, place, pixel_size_m, sun_azimuth_deg=_sun_deg(n))
            for n, place in enumerate(places)
        ]
        super().__init__(pictures, LOCAL_CRS)

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        scene = _scene(int(picture.name), picture.pixel_size_m)
        return transform_scene(scene, Affine.translation(-window.col, -window.row), window.shape)


def _sun_deg(number: int) -> float:
    turn_deg = float(np.random.default_rng([*SEED, number]).uniform(-60, 60))
    return (180.0 * ((number + 1) % 2) + turn_deg) % 360


@functools.lru_cache(maxsize=1)
def _scene(number: int, pixel_size_m: float) -> LabelledScene:
    rng = np.random.default_rng([*SEED, number])
    rendered = render_scene(rng, SIZE_PX, pixel_size_m, sun_azimuth_deg=_sun_deg(number), whole_buildings=True)
    return rendered.scene
