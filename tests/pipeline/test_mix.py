"""A mix holds what its file says: shares, suns in equal parts, licences; and its scenes are told by their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import InputError
from roofgeo.grid import Window
from roofgeo.pipeline.mix import Mix, MixedScenes, RenderedIngredient, number_scenes, read_mix
from roofgeo.pipeline.scenery import Rendering
from roofgeo.schema import LICENCES, NODATA
from roofgeo.synthesis.published import write_roofgraph
from tests.synthesis.test_lod2 import write_parts

RECIPES = Path(__file__).parents[2] / "recipes"

RENDERED = '[[data]]\nkind = "rendered"\noptions = { size_px = 96, style = { rows = 1, halls = 2 } }\n'
COMPOSED = '[[data]]\nkind = "composed"\npath = "roofgraph"\noptions = { ground_px = 256, roofs_a_scene = 6 }\n'


def written(folder: Path, text: str, licence: str = "CC-BY-NC-4.0") -> Path:
    path = folder / "mix.toml"
    path.write_text(f'licence = "{licence}"\n{text}')
    return path


def rendered(shares: list[float]) -> Mix:
    ingredients = tuple(RenderedIngredient(Rendering(), 0.1) for _ in shares)
    total = sum(shares)
    return Mix("CC0-1.0", 0.1, ingredients, tuple(share / total for share in shares), ({"kind": "rendered"},))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mix of composed and rendered scenes, of a folder that looks like RoofGraph."""
    folder = tmp_path_factory.mktemp("mix")
    write_roofgraph(folder / "roofgraph")
    return written(folder, COMPOSED + RENDERED)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=4), st.integers(1, 200), st.integers(0, 1000))
def test_half_of_the_scenes_are_lit_from_each_side(shares: list[float], count: int, seed: int) -> None:
    mix = rendered(shares)
    scenes = number_scenes(mix, count, seed)
    assert len(scenes) == count
    for chosen in [None, *range(len(shares))]:
        suns = np.array([s.sun_azimuth_deg for s in scenes if chosen in (None, s.ingredient)])
        north = int((np.cos(np.radians(suns)) > 0).sum())
        assert north - (len(suns) - north) in ((0,) if count % 2 == 0 else (0, 1))
    for chosen, share in enumerate(mix.shares):
        made = sum(scene.ingredient == chosen for scene in scenes)
        assert abs(made - share * count) <= 2 * len(shares), "a share is kept to within a pair an ingredient"
    assert number_scenes(mix, count + 7, seed)[:count] == scenes


def test_scenes_to_measure_on_are_none_of_those_to_train_on() -> None:
    scenes = number_scenes(rendered([1, 1]), 400, 0)
    held = [scene for scene in scenes if scene.split == "val"]
    assert len(held) == 20 and {scene.ingredient for scene in held} == {0, 1}
    assert len({(scene.ingredient, scene.number) for scene in scenes}) == 400


def test_pictures_say_what_their_scenes_are(real: Path) -> None:
    scenes = MixedScenes(read_mix(real), 8, 3)
    assert {picture.name[:8] for picture in scenes.pictures} == {"composed", "rendered"}
    for picture in scenes.pictures:
        made = scenes.make(picture.name)
        assert made.image.shape == (3, picture.height, picture.width) and made.pixel_size_m == 0.1
        assert made.sun_azimuth_deg == pytest.approx(picture.sun_azimuth_deg)
        labels, read = rasterize_targets(made), scenes.read(picture, Window(20, 30, 40, 50))
        np.testing.assert_array_equal(read.image, made.image[:, 20:60, 30:80])
        assert read.rasters is not None
        np.testing.assert_array_equal(read.rasters.segments, labels.segments[20:60, 30:80])
    again = MixedScenes(read_mix(real), 8, 3)
    np.testing.assert_array_equal(again.make("composed_000001").image, scenes.make("composed_000001").image)
    other = MixedScenes(read_mix(real), 8, 4)
    assert (other.make("composed_000001").image != scenes.make("composed_000001").image).any()


def test_a_scene_under_the_other_sun_is_turned_with_its_labels(real: Path) -> None:
    ingredient = read_mix(real).ingredients[0]
    north, south = (ingredient.scene(np.random.default_rng(5), sun_deg) for sun_deg in (20.0, 200.0))
    np.testing.assert_array_equal(south.image, north.image[:, ::-1, ::-1])
    one, two = rasterize_targets(north), rasterize_targets(south)
    turned = one.azimuth_deg[::-1, ::-1]
    same = (one.roof[::-1, ::-1] == 1) & (two.roof == 1) & ~np.isnan(turned) & ~np.isnan(two.azimuth_deg)
    off = (two.azimuth_deg[same] - turned[same]) % 360
    assert same.sum() > 100 and np.mean(abs(off - 180) < 1) > 0.98  # pixels on edges fall to either plane


def test_neighbours_without_labels_stay_without(real: Path) -> None:
    scenes = MixedScenes(read_mix(real), 4, 0)
    composed = [scenes.make(name) for name in scenes.split_of if name.startswith("composed")]
    targets = [rasterize_targets(scene) for scene in composed]
    assert any((target.roof == NODATA).any() for target in targets)
    assert all((target.roof == 1).any() and np.isnan(target.height_m).all() for target in targets)
    assert not scenes.labels_all_buildings and set(scenes.split_of.values()) == {"train"}


def test_a_mix_takes_in_only_what_its_licence_allows(real: Path) -> None:
    mix = read_mix(real)
    assert MixedScenes(mix, 2, 0).licence == RoofGraph.licence
    assert any(RoofGraph.licence in origin for origin in MixedScenes(mix, 2, 0).origins)
    for licence in LICENCES[: LICENCES.index(RoofGraph.licence)]:
        free = written(real.parent, COMPOSED + RENDERED, licence)
        with pytest.raises(InputError, match=rf"under {licence}.*{RoofGraph.licence}") as caught:
            read_mix(free)
        assert RoofGraph.licence in caught.value.hint
    written(real.parent, COMPOSED + RENDERED)
    assert read_mix(written(real.parent, RENDERED, "CC0-1.0")).licence == "CC0-1.0"


def test_a_licence_that_is_asked_for_leaves_out_what_it_does_not_allow(real: Path) -> None:
    both = written(real.parent, COMPOSED + RENDERED)
    mix = read_mix(both, licence="CC-BY-4.0")
    assert mix.licence == "CC-BY-4.0" and [told["kind"] for told in mix.told] == ["rendered"] and mix.shares == (1,)
    assert not any("RoofGraph" in origin for origin in MixedScenes(mix, 2, 0).origins)
    assert len(read_mix(both, licence=RoofGraph.licence).ingredients) == 2
    with pytest.raises(InputError, match="names nothing to mix"):
        read_mix(written(real.parent, COMPOSED), licence="CC-BY-4.0")


def test_the_recipe_of_the_shipped_models_can_be_followed(shared_data: Path) -> None:
    research, free = (read_mix(RECIPES / "mix.toml", shared_data, licence) for licence in (None, "CC-BY-4.0"))
    assert research.licence == "CC-BY-NC-4.0" and "composed" in [told["kind"] for told in research.told]
    assert not MixedScenes(research, 4, 0).labels_all_buildings
    assert free.licence == "CC-BY-4.0" and "composed" not in [told["kind"] for told in free.told]
    assert free.told == research.told[: len(free.told)], "scenes of one ingredient are the same in both"
    for mix in (research, free):
        assert sum(mix.shares) == pytest.approx(1)
        assert {(p.height, p.pixel_size_m) for p in MixedScenes(mix, 4, 0).pictures} == {(768, 0.1)}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "names nothing to mix", "[[data]]"),
        ("[[data]]\nkind = 'rendered'\nshare = 0\n", "names nothing to mix", "[[data]]"),
        ("pixel_size = 1\n" + RENDERED, "unknown key 'pixel_size'", "pixel_size_m"),
        ("pixel_size_m = -1\n" + RENDERED, "pixels of -1 m", "0.1"),
        ("[[data]]\npath = 'town'\n", "no kind of scenes", "beside it"),
        ("[[data]]\nkind = 'rendered'\noptions = { sizes = 1 }\n", "no option 'sizes'", "size_px"),
        ("[[data]]\nkind = 'rendered'\noptions = { scenes = 9 }\n", "no option 'scenes'", ""),
        ("[[data]]\nkind = 'rendered'\noptions = { size_px = 'big' }\n", "size_px of made scenes is 'big'", "number"),
        ("[[data]]\nkind = 'rendered'\noptions = { style = 'row' }\n", "no style 'row'", "rows"),
        ("[[data]]\nkind = 'rendered'\noptions = { style = { rows = -1 } }\n", "weights of styles", "rows = 2"),
        ("[[data]]\nkind = 'rendered'\noptions = { style = {} }\n", "weights of styles", "rows = 2"),
    ],
)
def test_mistakes_are_told(text: str, message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_mix(written(tmp_path, text))
    assert message in caught.value.message and hint in caught.value.hint


@pytest.mark.parametrize("share", [0, 1])
def test_rebuilt_scenes_have_the_measured_roofs(share: float, tmp_path: Path) -> None:
    (tmp_path / "lod2").mkdir()
    write_parts(tmp_path / "lod2" / "parts.gpkg")
    options = f'{{ size_px = 192, style = "oceania", neighbourhood_share = {share} }}'
    table = f'[[data]]\nkind = "rebuilt"\npath = "lod2"\noptions = {options}\n'
    with pytest.raises(InputError, match=r"CC-BY-4\.0 does not allow"):
        read_mix(written(tmp_path, table, "CC0-1.0"))
    scenes = MixedScenes(read_mix(written(tmp_path, table, "CC-BY-4.0")), 8, 0)
    assert set(scenes.split_of.values()) == {"train"} and "3DBAG" in scenes.origins[0]
    planes = [plane for picture in scenes.pictures for plane in scenes.make(picture.name).planes]
    steep = [plane.slope_deg == pytest.approx(45, abs=0.1) for plane in planes if plane.azimuth_deg is not None]
    assert any(steep), "the house has 45 degrees, more than this style's own roofs ever have"
    assert all(steep) or share == 0


@pytest.mark.parametrize("licence", ["", "MIT", "cc-by-4.0"])
def test_a_mix_says_its_licence(licence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_mix(written(tmp_path, RENDERED, licence))
    assert all(known in caught.value.hint for known in LICENCES)


def test_weights_of_styles_are_followed() -> None:
    def reach_m(style: dict[str, float]) -> float:
        scenes = [Rendering(640, style).scene(np.random.default_rng(n), 0.1) for n in range(2)]
        return max(float(np.ptp(plane.ring, axis=0).max()) * 0.1 for scene in scenes for plane in scene.planes)

    assert reach_m({"halls": 1, "informal": 0}) > 2 * reach_m({"halls": 0, "informal": 1})
