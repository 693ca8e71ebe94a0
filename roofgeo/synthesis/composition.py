"""Scenes composed of real labelled roofs: set on rendered ground, several to a scene, lit alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, rasterize_targets

GAP_PX = 6
TRIES = 40


def compose_scene(
    ground: LabelledScene, roofs: Sequence[LabelledScene], rng: np.random.Generator, cut_share: float = 0.5
) -> LabelledScene:
    """Set roofs on a ground without roofs, wherever they find room.

    A roof comes either cut out along its eaves, with a cast shadow, so that all around it is known to be ground; or
    as its whole crop, with its real surroundings, which stay unlabelled away from the eaves.

    Args:
        ground: Picture without roofs.
        roofs: Scenes of one roof each, of one sun and of the ground's pixel size; what finds no room is left out.
        rng: Source of chance.
        cut_share: Share of the roofs that are cut out.
    """
    image = ground.image.copy()
    labelled = np.ones(image.shape[1:], bool)
    taken = np.zeros(image.shape[1:], bool)
    planes: list[RoofPlane] = []
    lines: list[RoofLine] = []
    for building, roof in enumerate(roofs):
        cut = bool(rng.random() < cut_share)
        place = _free_place(taken, roof.image.shape[1:], rng)
        if place is None:
            continue
        rows, cols = place
        taken[rows, cols] = True
        if cut:
            _paste_cut(image, roof, rows, cols, rng)
        else:
            image[:, rows, cols] = roof.image
            labelled[rows, cols] = True if roof.labelled is None else roof.labelled
        offset = np.array([cols.start, rows.start], dtype=np.float64)
        planes += [dataclasses.replace(p, ring=p.ring + offset, building=building) for p in roof.planes]
        lines += [dataclasses.replace(line, xy=line.xy + offset, building=building) for line in roof.lines]
    sun_azimuth_deg = roofs[0].sun_azimuth_deg if roofs else ground.sun_azimuth_deg
    return LabelledScene(image, ground.pixel_size_m, tuple(planes), tuple(lines), labelled, sun_azimuth_deg)


def _free_place(
    taken: NDArray[np.bool_], shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[slice, slice] | None:
    height, width = shape
    if height >= taken.shape[0] or width >= taken.shape[1]:
        return None
    for _ in range(TRIES):
        row = int(rng.integers(0, taken.shape[0] - height))
        col = int(rng.integers(0, taken.shape[1] - width))
        around = (slice(max(0, row - GAP_PX), row + height + GAP_PX), slice(max(0, col - GAP_PX), col + width + GAP_PX))
        if not taken[around].any():
            return slice(row, row + height), slice(col, col + width)
    return None


def _paste_cut(
    image: NDArray[np.uint8], roof: LabelledScene, rows: slice, cols: slice, rng: np.random.Generator
) -> None:
    """Blend the roof over the ground with soft eaves, and darken the ground away from the sun."""
    inside = rasterize_targets(roof).roof == 1
    alpha = scipy.ndimage.uniform_filter(inside.astype(np.float32), 3)
    ground = image[:, rows, cols].astype(np.float32)
    reach_px = rng.uniform(1.0, 5.0) / roof.pixel_size_m
    away = np.deg2rad((roof.sun_azimuth_deg or 0.0) + 180.0)
    steps = np.linspace(0, 1, 6)
    shadow = np.zeros(inside.shape, bool)
    for dy, dx in zip(-np.cos(away) * reach_px * steps, np.sin(away) * reach_px * steps, strict=True):
        shadow |= scipy.ndimage.shift(inside, (round(dy), round(dx)), order=0)
    ground *= 1 - rng.uniform(0.3, 0.65) * scipy.ndimage.uniform_filter(shadow.astype(np.float32), 3)
    image[:, rows, cols] = (ground * (1 - alpha) + roof.image * alpha + 0.5).astype(np.uint8)
