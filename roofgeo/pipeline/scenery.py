"""Scenes that are made: rendered ones, and real roofs composed onto rendered ground; some while training."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from roofgeo.errors import DataError, InputError
from roofgeo.pipeline.recipe import nearest

if TYPE_CHECKING:
    from roofgeo.data.roofgraph import RoofGraph
    from roofgeo.data.targets import LabelledScene
    from roofgeo.synthesis.neighbourhoods import Neighbourhood
    from roofgeo.synthesis.shapes import Roof

Rng = np.random.Generator

UNBUILT_SEED = 7
"""Tells chance of the grounds from that of rendered scenes."""


@dataclass
class Pool:
    """Numbered scenes that are drawn again and again, since rendering one takes longer than training on it.

    Scene n is the same whenever and wherever it is rendered; each process renders those it draws.

    Attributes:
        render: Makes a scene of a source of chance.
        seed: With a scene's number, start of its chance.
        size: How many scenes there are.
        most_kept: How many of them a process keeps.
    """

    render: Callable[[Rng], LabelledScene]
    seed: tuple[int, ...]
    size: int
    most_kept: int = 400
    _kept: OrderedDict[int, LabelledScene] = field(default_factory=OrderedDict, repr=False)

    def __call__(self, rng: Rng) -> LabelledScene:
        """One of the scenes, each as likely."""
        number = int(rng.integers(self.size))
        if number not in self._kept:
            self._kept[number] = self.render(np.random.default_rng([*self.seed, number]))
            if len(self._kept) > self.most_kept:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"the option {name} of made scenes is {value!r}", "It is a whole number of at least 1.")


def _check_style(style: object) -> None:
    from roofgeo.synthesis.styles import STYLES

    weights = style if isinstance(style, dict) else {} if style is None else {style: 1}
    if unknown := [name for name in weights if name not in STYLES]:
        raise InputError(f"there is no style {unknown[0]!r}", nearest(str(unknown[0]), tuple(STYLES)))
    numbers = [weight for weight in weights.values() if isinstance(weight, int | float) and weight >= 0]
    if len(numbers) < len(weights) or (isinstance(style, dict) and sum(numbers) <= 0):
        raise InputError(f"the weights of styles are {style!r}", "Write style = { rows = 2, halls = 1 }, say.")


@dataclass(frozen=True)
class Rendering:
    """Options of a rendered scene.

    Attributes:
        size_px: Side of a scene.
        style: A style of `roofgeo.synthesis.STYLES`, or weights of several; None for all.

    Raises:
        InputError: A value is wrong, or there is no such style.
    """

    size_px: int = 768
    style: str | dict[str, float] | None = None

    def __post_init__(self) -> None:
        _check_count("size_px", self.size_px)
        _check_style(self.style)

    def scene(self, rng: Rng, pixel_size_m: float, sun_azimuth_deg: float | None = None) -> LabelledScene:
        """A scene; without a sun's azimuth it draws one."""
        from roofgeo.synthesis.scenes import render_scene
        from roofgeo.synthesis.styles import draw_style

        style: Any = self.style
        if isinstance(style, dict):
            style = draw_style(rng, self.size_px * pixel_size_m, style)
        return render_scene(rng, self.size_px, pixel_size_m, style=style, sun_azimuth_deg=sun_azimuth_deg).scene


@dataclass(frozen=True)
class Rebuilding(Rendering):
    """Options of a rendered scene of measured roof shapes.

    Attributes:
        neighbourhood_share: Share of the scenes that are a window of a real neighbourhood; in the others real roofs
            stand on invented lots.
    """

    neighbourhood_share: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        share = self.neighbourhood_share
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise InputError(f"the option neighbourhood_share of rebuilt scenes is {share!r}", "It is 0 to 1.")

    def built(self, rng: Rng, pixel_size_m: float, shapes: Shapes, sun_azimuth_deg: float) -> LabelledScene:
        """A scene of such roofs."""
        from roofgeo.synthesis.scenes import render_scene
        from roofgeo.synthesis.styles import draw_style

        weights = self.style if isinstance(self.style, dict) else None
        style: Any = (
            self.style if isinstance(self.style, str) else draw_style(rng, self.size_px * pixel_size_m, weights)
        )
        whole = rng.random() < self.neighbourhood_share
        return render_scene(
            rng,
            self.size_px,
            pixel_size_m,
            style=style,
            sun_azimuth_deg=sun_azimuth_deg,
            neighbourhood=shapes.neighbourhood if whole else None,
            library=() if whole else shapes.roofs,
        ).scene


@dataclass(frozen=True)
class Shapes:
    """Measured roof shapes.

    Attributes:
        neighbourhood: Buildings where they stand.
        roofs: All of them, and those of city models, each by itself.
    """

    neighbourhood: Neighbourhood
    roofs: tuple[Roof, ...]


def open_shapes(folder: Path) -> Shapes:
    """The measured roofs of a folder: one GeoPackage of 3DBAG, and any city models in CityJSON.

    Raises:
        DataError: They are not there, or cannot be read.
    """
    from roofgeo.synthesis.lod2 import read_city_model, read_roof_parts
    from roofgeo.synthesis.neighbourhoods import neighbourhood
    from roofgeo.synthesis.real_shapes import real_roofs

    packages = sorted(folder.glob("*.gpkg"))
    if len(packages) != 1:
        raise DataError(f"{folder} holds {len(packages)} GeoPackages", "It takes one, of the roof parts of 3DBAG.")
    place = neighbourhood(read_roof_parts(packages[0]))
    models = [real_roofs(read_city_model(path)).roofs for path in sorted(folder.glob("*.json"))]
    return Shapes(place, (*place.roofs, *(roof for roofs in models for roof in roofs)))


@dataclass(frozen=True)
class Rendered(Rendering):
    """Options of scenes that are rendered while training.

    Attributes:
        scenes: How many different ones.
        sun_azimuth_deg: Where the sun stands; None for what each scene draws.
        validation_scenes: How many others to measure on.
    """

    scenes: int = 300
    sun_azimuth_deg: float | None = None
    validation_scenes: int = 12

    def pool(self, pixel_size_m: float, seed: int, validation: bool = False) -> Pool:
        """The scenes, or those to measure on."""

        def render(rng: Rng) -> LabelledScene:
            return self.scene(rng, pixel_size_m, self.sun_azimuth_deg)

        return Pool(render, (seed, int(validation)), self.validation_scenes if validation else self.scenes)


@dataclass
class Roofs:
    """Roofs of a RoofGraph data set in a pixel size, each read when it is first wanted.

    Attributes:
        crops: The data set.
        pixel_size_m: Side of a pixel.
    """

    crops: RoofGraph
    pixel_size_m: float
    _kept: dict[int, LabelledScene] = field(default_factory=dict, repr=False)

    def draw(self, rng: Rng, count: int) -> list[LabelledScene]:
        """So many roofs, if there are; neighbours in the list come from one map tile: one flight, one sun."""
        offered = min(count, len(self.crops.pictures))
        first = int(rng.integers(len(self.crops.pictures) - offered + 1))
        return [self._roof(number) for number in range(first, first + offered)]

    def _roof(self, number: int) -> LabelledScene:
        from roofgeo.data.augment import coarser

        if number not in self._kept:
            crop = self.crops.scene(number)
            self._kept[number] = coarser(crop, max(1, round(self.pixel_size_m / crop.pixel_size_m)))
        return self._kept[number]


def open_roofs(path: Path, split: str | None, pixel_size_m: float) -> Roofs:
    """The roofs of a split of a RoofGraph data set.

    Raises:
        DataError: The folder does not look like the data set.
        InputError: There is no such split.
    """
    from roofgeo.data.roofgraph import RoofGraph

    return Roofs(RoofGraph(path, split), pixel_size_m)


@dataclass(frozen=True)
class Composition:
    """Options of a composed scene.

    Attributes:
        ground_px: Side of its ground, and so of the scene.
        roofs_a_scene: Roofs offered to it; about half find room.

    Raises:
        InputError: A value is wrong.
    """

    ground_px: int = 768
    roofs_a_scene: int = 32

    def __post_init__(self) -> None:
        _check_count("ground_px", self.ground_px)
        _check_count("roofs_a_scene", self.roofs_a_scene)

    def ground(self, rng: Rng, pixel_size_m: float) -> LabelledScene:
        """Rendered ground that nothing is built on, lit as the roofs are."""
        from roofgeo.data.roofgraph import SUN_AZIMUTH_DEG
        from roofgeo.synthesis.scenes import render_scene
        from roofgeo.synthesis.styles import draw_style

        style = dataclasses.replace(draw_style(rng, self.ground_px * pixel_size_m), vacant=1.0, sheds=0.0)
        return render_scene(rng, self.ground_px, pixel_size_m, style=style, sun_azimuth_deg=SUN_AZIMUTH_DEG).scene

    def scene(self, rng: Rng, roofs: Roofs, ground: LabelledScene) -> LabelledScene:
        """Some of the roofs, set on a ground."""
        from roofgeo.synthesis.composition import compose_scene

        return compose_scene(ground, roofs.draw(rng, self.roofs_a_scene), rng)


@dataclass(frozen=True)
class Composed(Composition):
    """Options of scenes that are composed while training.

    Attributes:
        grounds: How many different grounds are rendered.
    """

    grounds: int = 80

    def source(self, roofgraph: Path, pixel_size_m: float, seed: int, split: str) -> Callable[[Rng], LabelledScene]:
        """Draws scenes of roofs of a RoofGraph data set."""
        roofs = open_roofs(roofgraph, split, pixel_size_m)
        grounds = Pool(lambda rng: self.ground(rng, pixel_size_m), (seed, UNBUILT_SEED), self.grounds)
        return lambda rng: self.scene(rng, roofs, grounds(rng))
