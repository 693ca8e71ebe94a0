"""Composed scenes: labels go where the roofs go, and unlabelled neighbours stay unlabelled."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roofgeo.data.targets import LabelledScene, RoofLine, RoofPlane, rasterize_targets
from roofgeo.synthesis.composition import compose_scene

GROUND = LabelledScene(np.full((3, 200, 200), 90, np.uint8), 0.1)
RING = np.array([[10.0, 10.0], [40.0, 10.0], [40.0, 30.0], [10.0, 30.0]])


@pytest.fixture(scope="module")
def roof() -> LabelledScene:
    """A flat red roof on a green lawn, labelled as far as 5 px from it."""
    image = np.zeros((3, 40, 50), np.uint8)
    image[1] = 200
    image[:, 10:30, 10:40] = [[[220]], [[30]], [[30]]]
    labelled = np.zeros((40, 50), bool)
    labelled[5:35, 5:45] = True
    line = RoofLine("eave", RING[:2])
    return LabelledScene(image, 0.1, (RoofPlane(RING, None),), (line,), labelled, sun_azimuth_deg=0.0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0]))
def test_labels_lie_on_their_roofs(roof: LabelledScene, seed: int, cut_share: float) -> None:
    scene = compose_scene(GROUND, [roof] * 6, np.random.default_rng(seed), cut_share)
    on_roof = rasterize_targets(dataclasses.replace(scene, labelled=None)).roof == 1
    assert on_roof.sum() == 600 * len(scene.planes) and 3 <= len(scene.planes) <= 6
    red = (scene.image[0] > 150) & (scene.image[1] < 100)
    assert (on_roof & red).sum() > 0.85 * on_roof.sum()
    assert len({plane.building for plane in scene.planes}) == len(scene.planes)


def test_surroundings_of_whole_crops_stay_unlabelled(roof: LabelledScene) -> None:
    whole = compose_scene(GROUND, [roof], np.random.default_rng(0), cut_share=0.0)
    cut = compose_scene(GROUND, [roof], np.random.default_rng(0), cut_share=1.0)
    assert whole.labelled is not None and cut.labelled is not None
    assert (~whole.labelled).sum() == 40 * 50 - 30 * 40
    assert cut.labelled.all()


def test_a_cut_roof_casts_a_shadow_away_from_the_sun(roof: LabelledScene) -> None:
    scene = compose_scene(GROUND, [roof], np.random.default_rng(1), cut_share=1.0)
    rows, cols = np.nonzero(scene.image[2] < 60)
    roof_rows = scene.planes[0].ring[:, 1]
    shadow = (rows > roof_rows.max() + 1) & (scene.image[0][rows, cols] < 100)
    assert shadow.sum() > 50, "the sun stands above, in the north: the shadow lies below"
    assert not ((rows < roof_rows.min() - 2) & (scene.image[0][rows, cols] < 80)).any()


def test_what_finds_no_room_is_left_out(roof: LabelledScene) -> None:
    large = dataclasses.replace(GROUND, image=GROUND.image[:, :30, :30])
    assert compose_scene(large, [roof], np.random.default_rng(0)).planes == ()
