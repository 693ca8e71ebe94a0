"""Training windows: drawn from weighted sources, cut, augmented; window i is the same whenever it is asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from affine import Affine
from torch.utils.data import Dataset, default_collate

from roofgeo.data.augment import END_SHARE, ended, random_window, transform_scene, vary_colour
from roofgeo.data.dataset import RoofDataset, Sample, as_sample
from roofgeo.data.targets import LabelledScene
from roofgeo.errors import DataError
from roofgeo.schema import NODATA

Rng = np.random.Generator

SceneSource = Callable[[Rng], LabelledScene]

MIN_LABELLED_SHARE = 0.05
MIN_ROOF_SHARE = 0.03
BARE_SHARE = 0.2
"""Of the windows with less roof than that so many are kept: ground is learned from every window."""

MOST_TRIES = 20
"""Windows looked at for one that is worth training on; after that the last one must do."""

SUN_JITTER_DEG = 25.0
"""How far the sun that a latitude lets one expect is off the real one, in the training as in life."""

CONTEXT = 1.5
"""Side of the ground read for a window, in sides of the window: it can be turned, and seen a little smaller."""

CAPTURE = ("source_pixel_size_m", "sun_azimuth_deg", "sun_elevation_deg", "latitude_deg", "off_nadir_deg")
"""What a sample says of how its picture was taken; NaN where that is unknown."""


class Sampler(Protocol):
    """Draws places of a data set; `roofgeo.data.samplers` has them."""

    def draw(self, rng: Rng) -> tuple[slice, slice, slice]:
        """A query of the data set, whose steps are the pixels of the picture it shows."""


@dataclass(frozen=True)
class WindowCut:
    """How training windows are cut.

    Attributes:
        size_px: Side of a window, a multiple of 32.
        pixel_size_m: Pixel size of the network; scenes are resampled to it.
        unknown_share: Share of the windows from which each of `CAPTURE` is withheld.
        augmented: False to see scenes as they are: to measure on, or to learn by heart.
    """

    size_px: int
    pixel_size_m: float
    unknown_share: float = 0.3
    augmented: bool = True

    def window(self, scene: LabelledScene, rng: Rng) -> Sample:
        """A window of a scene: a sample as `RoofDataset` gives it, and a number for each of `CAPTURE`."""
        if not self.augmented:
            return self.centred(scene)
        # What was read for one window is turned about its middle; from a whole scene any part may be taken.
        whole = min(scene.image.shape[1:]) * scene.pixel_size_m > (CONTEXT + 0.1) * self.size_px * self.pixel_size_m
        seen = random_window(scene, self.size_px, rng, self.pixel_size_m, most_shift=1.0 if whole else 0.3)
        image, source_m = vary_colour(seen.image, rng, self.pixel_size_m)
        capture = _capture_of(seen, max(source_m, self._coarse_size_m(scene)))
        capture["sun_azimuth_deg"] += rng.normal(0, SUN_JITTER_DEG)
        known = rng.random(len(CAPTURE)) >= self.unknown_share
        withheld = {
            name: value if told else math.nan for (name, value), told in zip(capture.items(), known, strict=True)
        }
        recoloured = dataclasses.replace(seen, image=image)
        return {**as_sample(ended(recoloured, rng) if rng.random() < END_SHARE else recoloured), **withheld}

    def centred(self, scene: LabelledScene) -> Sample:
        """The middle of a scene as it is, in a window as `window` gives it."""
        scale = scene.pixel_size_m / self.pixel_size_m
        if abs(scale - 1) < 0.01:
            scale = 1.0
        height, width = scene.image.shape[1:]
        shift = Affine.translation(
            round((self.size_px - width * scale) / 2), round((self.size_px - height * scale) / 2)
        )
        seen = transform_scene(scene, shift * Affine.scale(scale), (self.size_px, self.size_px))
        return {**as_sample(seen), **_capture_of(seen, scene.pixel_size_m)}

    def _coarse_size_m(self, scene: LabelledScene) -> float:
        return scene.pixel_size_m if scene.pixel_size_m > 1.02 * self.pixel_size_m else 0.0


@dataclass(frozen=True)
class PlacesOf:
    """A data set as a source of scenes: what is around the places a sampler draws.

    Attributes:
        dataset: The data set.
        sampler: Draws places.
    """

    dataset: RoofDataset
    sampler: Sampler

    def __call__(self, rng: Rng) -> LabelledScene:
        """The scene at the next place, in the picture's own pixels."""
        x, y, _ = self.sampler.draw(rng)
        return self.dataset.scene_at((x.start, y.start, x.stop, y.stop), (x.step, y.step))


class TrainingWindows(Dataset[Sample]):
    """Training windows, each fully told by the seed and its number: a run that resumes sees what it would have seen.

    A sample is that of `WindowCut.window`, and ``skipped``: what could not be read while it was made, a line each.

    Args:
        sources: For each source its share of the windows and a function that draws a scene.
        cut: How windows are cut.
        seed: Start of all chance.
        length: How many there are.
    """

    def __init__(self, sources: Sequence[tuple[float, SceneSource]], cut: WindowCut, seed: int, length: int) -> None:
        self.sources = tuple(source for _, source in sources)
        shares = np.array([share for share, _ in sources], dtype=np.float64)
        self.shares = shares / shares.sum()
        self.cut = cut
        self.seed = seed
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> Sample:
        """The window of a number.

        Raises:
            DataError: Nothing it was tried with could be read.
        """
        with _one_thread():
            return self._drawn(np.random.default_rng([self.seed, number]))

    def _drawn(self, rng: Rng) -> Sample:
        source = self.sources[rng.choice(len(self.sources), p=self.shares)]
        skipped: list[str] = []
        sample: Sample | None = None
        for _ in range(MOST_TRIES):
            try:
                scene = source(rng)
            except DataError as error:
                skipped.append(error.message)
                continue
            sample = self.cut.window(scene, rng)
            if _is_worth_it(sample, rng):
                break
        if sample is None:
            raise DataError(
                f"no training window could be read: {skipped[0]}", "`roofgeo data check` lists what is wrong."
            )
        return {**sample, "skipped": tuple(skipped)}


def collate_windows(samples: Sequence[Mapping[str, Any]]) -> Sample:
    """A batch: tensors and numbers stacked, what was skipped in one tuple."""
    stacked: Sample = default_collate([{k: v for k, v in sample.items() if k != "skipped"} for sample in samples])
    return {**stacked, "skipped": tuple(line for sample in samples for line in sample.get("skipped", ()))}


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch as in a worker, on one thread: the last bits of what it computes depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _is_worth_it(sample: Sample, rng: Rng) -> bool:
    """Whether enough is labelled, and enough of it roof; a share of the bare ones passes. Lines count as roof."""
    roof, lines = sample["roof"], sample["lines"]
    labelled = float(((roof != NODATA) | (lines != NODATA)).float().mean())
    built = float(((roof == 1) | ((lines > 0) & (lines < NODATA - 1))).float().mean())
    return labelled >= MIN_LABELLED_SHARE and (built >= MIN_ROOF_SHARE or rng.random() < BARE_SHARE)


def _capture_of(scene: LabelledScene, source_pixel_size_m: float) -> dict[str, float]:
    told = (
        source_pixel_size_m,
        scene.sun_azimuth_deg,
        scene.sun_elevation_deg,
        scene.latitude_deg,
        scene.off_nadir_deg,
    )
    return {name: math.nan if value is None else value for name, value in zip(CAPTURE, told, strict=True)}
