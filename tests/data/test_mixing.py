"""Training windows are full, labelled, and each is told by the seed and its number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from roofgeo.data.mixing import CAPTURE, TrainingWindows, WindowCut, collate_windows
from roofgeo.data.targets import ALL_HEADS, LabelledScene
from roofgeo.errors import DataError
from roofgeo.synthesis import render_scene

CUT = WindowCut(128, 0.2)


@pytest.fixture(scope="module")
def scene() -> LabelledScene:
    return render_scene(5, 300, 0.2, style="oceania").scene


def windows(scene: LabelledScene, seed: int = 1, cut: WindowCut = CUT) -> TrainingWindows:
    return TrainingWindows([(1.0, lambda rng: scene)], cut, seed, 8)


def test_windows_are_full_and_labelled(scene: LabelledScene) -> None:
    for number in range(3):
        window = windows(scene)[number]
        assert window["image"].shape == (3, 128, 128)
        assert all(window[head].shape == (128, 128) for head in ALL_HEADS)
        assert (window["roof"] != 255).float().mean() > 0.05 and window["heads"].all()


def test_a_window_is_told_by_seed_and_number(scene: LabelledScene) -> None:
    first, again, other = windows(scene, 7)[3], windows(scene, 7)[3], windows(scene, 7)[4]
    assert all(torch.equal(first[key], again[key]) for key in ("image", "segments", "lines"))
    assert not torch.equal(first["image"], other["image"])


def test_workers_give_the_same_windows(scene: LabelledScene) -> None:
    batches = [
        list(DataLoader(windows(scene), 4, num_workers=workers, collate_fn=collate_windows)) for workers in (0, 2)
    ]
    for alone, shared in zip(*batches, strict=True):
        assert torch.equal(alone["image"], shared["image"]) and torch.equal(alone["segments"], shared["segments"])


def test_windows_do_not_depend_on_the_number_of_threads(scene: LabelledScene) -> None:
    threads, numbers = torch.get_num_threads(), range(12)
    drawn = []
    try:
        for number_of_threads in (1, 2, 5):
            torch.set_num_threads(number_of_threads)
            data = windows(scene, cut=WindowCut(256, 0.2))
            drawn.append([data[number]["image"] for number in numbers])
            assert torch.get_num_threads() == number_of_threads, "left as it was"
    finally:
        torch.set_num_threads(threads)
    for number in numbers:
        assert torch.equal(drawn[0][number], drawn[1][number]) and torch.equal(drawn[0][number], drawn[2][number])


def test_shares_decide_how_often_a_source_is_drawn() -> None:
    drawn: list[str] = []

    def source(name: str) -> object:
        def draw(_: np.random.Generator) -> LabelledScene:
            drawn.append(name)
            return LabelledScene(np.zeros((3, 64, 64), np.uint8), 0.2)

        return draw

    data = TrainingWindows([(3.0, source("often")), (1.0, source("seldom"))], WindowCut(32, 0.2), 0, 400)  # type: ignore[list-item]
    for number in range(400):
        _ = data[number]
    assert drawn.count("often") / len(drawn) == pytest.approx(0.75, abs=0.06)


def test_what_is_known_of_the_picture_is_told_or_withheld(scene: LabelledScene) -> None:
    told = windows(scene, cut=WindowCut(64, 0.2, unknown_share=0.0))[0]
    assert set(CAPTURE) <= told.keys()
    assert not math.isnan(told["source_pixel_size_m"]) and not math.isnan(told["sun_azimuth_deg"])
    assert math.isnan(told["off_nadir_deg"]), "nobody knows it"
    withheld = windows(scene, cut=WindowCut(64, 0.2, unknown_share=1.0))[0]
    assert all(math.isnan(withheld[name]) for name in CAPTURE)


def test_a_coarse_picture_says_so(scene: LabelledScene) -> None:
    sizes = [windows(scene, cut=WindowCut(64, 0.1, unknown_share=0.0))[i]["source_pixel_size_m"] for i in range(8)]
    assert min(sizes) >= 0.2 - 1e-9


def test_what_cannot_be_read_is_skipped_and_named(scene: LabelledScene) -> None:
    tries: Iterator[int] = count()

    def draw(_: np.random.Generator) -> LabelledScene:
        if next(tries) == 0:
            raise DataError("a.tif cannot be read: torn")
        return scene

    window = TrainingWindows([(1.0, draw)], CUT, 0, 1)[0]
    assert window["skipped"] == ("a.tif cannot be read: torn",)
    assert collate_windows([window, window])["skipped"] == ("a.tif cannot be read: torn",) * 2


def test_nothing_readable_is_an_error() -> None:
    def draw(_: np.random.Generator) -> LabelledScene:
        raise DataError("a.tif cannot be read: torn")

    with pytest.raises(DataError, match=r"no training window could be read: a\.tif"):
        _ = TrainingWindows([(1.0, draw)], CUT, 0, 1)[0]


def test_a_centred_window_is_the_scene_itself() -> None:
    scene = render_scene(2, 100, 0.2).scene
    window = CUT.centred(scene)
    np.testing.assert_array_equal(window["image"][:, 14:114, 14:114].numpy(), scene.image)
    assert (window["roof"][:14] == 255).all()


def test_a_centred_window_has_the_pixels_of_the_network() -> None:
    scene = render_scene(2, 100, 0.2).scene
    fine = WindowCut(200, 0.1).centred(scene)
    assert (fine["roof"] != 255).all()
    np.testing.assert_allclose(fine["image"].mean(), scene.image.mean(), rtol=0.02)
