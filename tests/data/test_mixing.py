"""Training windows are full, labelled, and the same for the same seed."""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch

from roofgeo.data.mixing import RandomWindows, WindowSampler
from roofgeo.synthesis import render_scene

SAMPLER = WindowSampler(128, 0.2)
SOURCES = ((1.0, lambda rng: render_scene(rng, 200, 0.2, style="oceania").scene),)


def test_windows_are_full_and_labelled() -> None:
    for window in islice(RandomWindows(SOURCES, SAMPLER, 1), 3):
        assert window["image"].shape == (3, 128, 128)
        assert all(window[head].shape == (128, 128) for head in ("segments", "azimuth", "lines", "roof", "height"))
        assert (window["roof"] != 255).float().mean() > 0.05


def test_same_seed_same_windows() -> None:
    first, again = (next(iter(RandomWindows(SOURCES, SAMPLER, 7))) for _ in range(2))
    assert torch.equal(first["image"], again["image"]) and torch.equal(first["segments"], again["segments"])


def test_centred_window_is_the_scene_itself() -> None:
    scene = render_scene(2, 100, 0.2).scene
    window = SAMPLER.centred(scene)
    np.testing.assert_array_equal(window["image"][:, 14:114, 14:114].numpy(), scene.image)
    assert (window["roof"][:14] == 255).all()
