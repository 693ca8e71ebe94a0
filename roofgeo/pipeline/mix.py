"""A mix of scenes: a TOML file that says what goes in, and the numbered scenes it makes, the same for the same seed.

Scenes come in pairs of one ingredient: one lit from the north and one from the south, as pictures of the two
hemispheres are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from affine import Affine

from roofgeo.data.augment import transform_scene
from roofgeo.data.dataset import LOCAL_CRS, Picture, RoofDataset, lay_out
from roofgeo.data.roofgraph import SUN_AZIMUTH_DEG, RoofGraph
from roofgeo.data.targets import LabelledScene, Targets, rasterize_targets
from roofgeo.errors import InputError
from roofgeo.grid import Window
from roofgeo.pipeline.recipe import DataSource, data_source, read_toml, source_options
from roofgeo.pipeline.scenery import Composition, Rebuilding, Rendering, Rng, Roofs, Shapes, open_roofs, open_shapes
from roofgeo.schema import HEAD, LICENCES

KEYS = ("licence", "pixel_size_m")

SUN_SPREAD_DEG = 60.0
"""How far from due south, or north, the sun stands in a rendered scene."""

PAIRS_TO_A_VALIDATION = 20
"""Of so many pairs of scenes one is to measure on."""

SUN_SEED = 11
"""Tells chance of a scene's sun from that of all else in it."""


class Ingredient(Protocol):
    """A kind of scenes that a mix can hold."""

    @property
    def size_px(self) -> int:
        """Side of a scene."""

    @property
    def licence(self) -> str:
        """Of what its scenes are made of: one of `LICENCES`."""

    @property
    def origin(self) -> str:
        """Of what its scenes are made of, in a line with its licence."""

    @property
    def labels_all_buildings(self) -> bool:
        """False where scenes show buildings that nobody labelled."""

    @property
    def measures(self) -> bool:
        """Whether scenes to measure on share nothing with those to train on."""

    def sun_azimuth_deg(self, rng: Rng, side_deg: float) -> float:
        """Where the sun stands in a scene lit from due 0 or 180."""

    def scene(self, rng: Rng, sun_azimuth_deg: float) -> LabelledScene:
        """A scene under that sun."""


@dataclass(frozen=True)
class RenderedIngredient:
    """Rendered scenes."""

    options: Rendering
    pixel_size_m: float

    licence = "CC0-1.0"
    origin = "scenes rendered by roofgeo.synthesis"
    labels_all_buildings = True
    measures = True

    @property
    def size_px(self) -> int:
        """Side of a scene."""
        return self.options.size_px

    def sun_azimuth_deg(self, rng: Rng, side_deg: float) -> float:
        """Around due north or south."""
        return float(side_deg + rng.uniform(-SUN_SPREAD_DEG, SUN_SPREAD_DEG)) % 360

    def scene(self, rng: Rng, sun_azimuth_deg: float) -> LabelledScene:
        """A scene under that sun."""
        return self.options.scene(rng, self.pixel_size_m, sun_azimuth_deg)


@dataclass(frozen=True)
class RebuiltIngredient(RenderedIngredient):
    """Rendered scenes of measured roof shapes. Any two scenes may have the same roof, so none is to measure on."""

    options: Rebuilding
    shapes: Shapes

    licence = "CC-BY-4.0"
    origin = "roof shapes of 3DBAG (CC BY 4.0) and of Zurich's city model (open data), rendered by roofgeo.synthesis"
    measures = False

    def scene(self, rng: Rng, sun_azimuth_deg: float) -> LabelledScene:
        """A scene under that sun."""
        return self.options.built(rng, self.pixel_size_m, self.shapes, sun_azimuth_deg)


@dataclass(frozen=True)
class ComposedIngredient:
    """Real roofs on rendered ground. Any two scenes may show the same roof, so none is to measure on."""

    options: Composition
    roofs: Roofs

    licence = RoofGraph.licence
    origin = f"RoofGraphDataset (Ren et al. 2021), {RoofGraph.licence}: roofs set on rendered ground"
    labels_all_buildings = False
    measures = False

    @property
    def size_px(self) -> int:
        """Side of a scene."""
        return self.options.ground_px

    def sun_azimuth_deg(self, rng: Rng, side_deg: float) -> float:
        """That of the roofs, or across."""
        return (SUN_AZIMUTH_DEG + side_deg) % 360

    def scene(self, rng: Rng, sun_azimuth_deg: float) -> LabelledScene:
        """A scene, turned by half a turn if its sun is to stand across."""
        scene = self.options.scene(rng, self.roofs, self.options.ground(rng, self.roofs.pixel_size_m))
        if sun_azimuth_deg == SUN_AZIMUTH_DEG:
            return scene
        half_a_turn = Affine(-1, 0, self.size_px, 0, -1, self.size_px)
        return transform_scene(scene, half_a_turn, (self.size_px, self.size_px))


_INGREDIENTS: Final[dict[str, type[Ingredient]]] = {
    "rendered": RenderedIngredient,
    "rebuilt": RebuiltIngredient,
    "composed": ComposedIngredient,
}


@dataclass(frozen=True)
class Mix:
    """What goes into a data set of scenes.

    Attributes:
        licence: Of the whole.
        pixel_size_m: Side of a pixel.
        ingredients: What its scenes are.
        shares: Of the scenes, one for each ingredient; they add up to 1.
        told: Of each ingredient what the file says of it.
    """

    licence: str
    pixel_size_m: float
    ingredients: tuple[Ingredient, ...]
    shares: tuple[float, ...]
    told: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Numbered:
    """A scene that is not made yet.

    Attributes:
        ingredient: Its number in the mix.
        number: Of the scene among those of its ingredient.
        sun_azimuth_deg: Where its sun stands.
        split: ``train`` or ``val``.
    """

    ingredient: int
    number: int
    sun_azimuth_deg: float
    split: str


def read_mix(path: Path, data_root: Path | None = None, licence: str | None = None) -> Mix:
    """Read a mix, and open what its scenes are made of.

    Args:
        path: TOML file: `KEYS`, and a ``[[data]]`` table for each ingredient, as in a recipe.
        data_root: Folder from which relative paths count; None for the file's.
        licence: What the mix is to be under, one of `LICENCES`: what it does not allow is left out. None for the
            file's, which must allow all that the file names.

    Raises:
        InputError: A key or a value is wrong, or an ingredient's licence does not allow the mix's.
        DataError: The file, or the data of an ingredient, cannot be read.
    """
    written = read_toml(path, KEYS)
    asked = licence
    licence, pixel_size_m = asked or written.get("licence"), written.get("pixel_size_m", 0.1)
    if licence not in LICENCES:
        raise InputError(f"{path} has the licence {licence!r}", f"Say what its scenes may be under: {_listed()}.")
    if isinstance(pixel_size_m, bool) or not isinstance(pixel_size_m, int | float) or pixel_size_m <= 0:
        raise InputError(f"{path} has pixels of {pixel_size_m!r} m", "Give a length in metres, such as 0.1.")
    root = path.parent if data_root is None else data_root
    sources = [source for table in written.get("data", []) if (source := data_source(table, root)).share > 0]
    if asked is not None:
        sources = [source for source in sources if _allows(licence, _INGREDIENTS.get(source.kind))]
    if not sources:
        raise InputError(f"{path} names nothing to mix", "Write a [[data]] table for each kind of scenes.")
    ingredients = tuple(_ingredient(source, float(pixel_size_m)) for source in sources)
    for source, ingredient in zip(sources, ingredients, strict=True):
        _check_licence(licence, source, ingredient)
    total = sum(source.share for source in sources)
    return Mix(
        licence,
        float(pixel_size_m),
        ingredients,
        tuple(source.share / total for source in sources),
        tuple(_told(source) for source in sources),
    )


def _ingredient(source: DataSource, pixel_size_m: float) -> Ingredient:
    if source.kind == "rendered":
        return RenderedIngredient(source_options(Rendering, source), pixel_size_m)
    if source.kind == "rebuilt" and source.path is not None:
        options = source_options(Rebuilding, source)
        return RebuiltIngredient(options, pixel_size_m, open_shapes(source.path))
    if source.kind == "composed" and source.path is not None:
        return ComposedIngredient(
            source_options(Composition, source), open_roofs(source.path, source.split or "train", pixel_size_m)
        )
    raise InputError(
        f"{source.name} is no kind of scenes to mix",
        "A mix has rendered, rebuilt and composed ones; other data go beside it, in a [[data]] table of the recipe.",
    )


def _allows(licence: str, ingredient: Ingredient | type[Ingredient] | None) -> bool:
    return ingredient is None or LICENCES.index(ingredient.licence) <= LICENCES.index(licence)


def _check_licence(licence: str, source: DataSource, ingredient: Ingredient) -> None:
    if not _allows(licence, ingredient):
        raise InputError(
            f"the mix is to be under {licence}, which the {source.kind} scenes' {ingredient.licence} does not allow",
            f'Leave them out, or write licence = "{ingredient.licence}".',
        )


def _listed() -> str:
    return ", ".join(LICENCES)


def _told(source: DataSource) -> dict[str, Any]:
    told = {"kind": source.kind, "share": source.share, "split": source.split, "options": source.options}
    return {**told, "path": None if source.path is None else source.path.name}


def number_scenes(mix: Mix, count: int, seed: int) -> list[Numbered]:
    """Which scenes a mix of so many holds; more scenes begin with the same ones."""
    made = [0] * len(mix.ingredients)
    scenes: list[Numbered] = []
    for pair in range(math.ceil(count / 2)):
        # The ingredient that is furthest behind its share.
        chosen = int(np.argmax(np.array(mix.shares) * (pair + 1) - np.array(made)))
        validates = mix.ingredients[chosen].measures and made[chosen] % PAIRS_TO_A_VALIDATION == 1
        for side in range(2):
            number = 2 * made[chosen] + side
            rng = np.random.default_rng([seed, chosen, number, SUN_SEED])
            sun_deg = mix.ingredients[chosen].sun_azimuth_deg(rng, 180.0 * side)
            scenes.append(Numbered(chosen, number, sun_deg, "val" if validates else "train"))
        made[chosen] += 1
    return scenes[:count]


class MixedScenes(RoofDataset):
    """The scenes of a mix as a data set: each is made when it is read, and kept until another is.

    Args:
        mix: What they are.
        count: How many.
        seed: Start of all chance.

    Attributes:
        mix: What they are.
        split_of: Split of each, by the pictures' names.
        origins: Of what they are made of, a line each.
    """

    georeferenced = False

    def __init__(self, mix: Mix, count: int, seed: int) -> None:
        self.mix, self.seed = mix, seed
        self.licence = mix.licence
        self.labels_all_buildings = all(ingredient.labels_all_buildings for ingredient in mix.ingredients)
        self.origins = tuple(dict.fromkeys(ingredient.origin for ingredient in mix.ingredients))
        scenes = number_scenes(mix, count, seed)
        self._scenes = {f"{mix.told[s.ingredient]['kind']}_{n:06d}": s for n, s in enumerate(scenes)}
        self.split_of = {name: scene.split for name, scene in self._scenes.items()}
        self._made: tuple[str, LabelledScene, Targets] | None = None
        super().__init__(self._pictures(), LOCAL_CRS, tuple(HEAD))

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """The labelled pixels of a window."""
        if self._made is None or self._made[0] != picture.name:
            scene = self.make(picture.name)
            self._made = picture.name, scene, rasterize_targets(scene)
        _, scene, targets = self._made
        there = (slice(window.row, window.row_end), slice(window.col, window.col_end))
        parts = Targets(*(targets.of(head)[there] for head in HEAD))
        return LabelledScene(scene.image[:, *there], picture.pixel_size_m, rasters=parts)

    def make(self, name: str) -> LabelledScene:
        """The scene of a name."""
        numbered = self._scenes[name]
        rng = np.random.default_rng([self.seed, numbered.ingredient, numbered.number])
        return self.mix.ingredients[numbered.ingredient].scene(rng, numbered.sun_azimuth_deg)

    def _pictures(self) -> Sequence[Picture]:
        sides_px = [self.mix.ingredients[scene.ingredient].size_px for scene in self._scenes.values()]
        pixel_size_m = self.mix.pixel_size_m
        places = lay_out([(side, side) for side in sides_px], pixel_size_m)
        return [
            Picture(name, Path(name), side, side, place, pixel_size_m, sun_azimuth_deg=scene.sun_azimuth_deg)
            for (name, scene), side, place in zip(self._scenes.items(), sides_px, places, strict=True)
        ]
