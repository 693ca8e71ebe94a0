"""What surfaces are made of: colours and the pattern laid over them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """How a surface looks in flat sunlight. Colours are 0..255; amplitudes are shares of the brightness.

    `u` runs along the contour lines of a surface, `v` down its slope.

    Attributes:
        red: With `green` and `blue`, the main colour.
        red2: With `green2` and `blue2`, the colour of patches: rust, moss, bare ground.
        patch: Share of the surface the patches take, about -3 (none) to 3 (all), in deviations of the noise.
        patch_soft: Width of the patches' edges in deviations of the noise.
        grain: Amplitude of pixel-sized noise.
        blotch: Amplitude of noise some metres wide.
        rib_m: Distance of the ribs that run down the slope; 0 for none.
        rib: Their amplitude.
        row_m: Distance of the rows that run along the slope's contour; 0 for none.
        row: Their amplitude.
        cell_u_m: Width of a sheet, slab or tile.
        cell_v_m: Its length; 0 for no cells.
        cell: Amplitude of the difference from cell to cell.
        cell_patch: How far whole cells differ in their patches, in deviations of the noise.
        joint: How dark the joints between cells are.
        streak: Amplitude of streaks down the slope.
        gloss: Strength of the mirrored sun.
        fade: Amplitude of brightening towards the eave.
    """

    red: float
    green: float
    blue: float
    red2: float = 120.0
    green2: float = 110.0
    blue2: float = 100.0
    patch: float = -9.0
    patch_soft: float = 0.8
    grain: float = 0.04
    blotch: float = 0.04
    rib_m: float = 0.0
    rib: float = 0.0
    row_m: float = 0.0
    row: float = 0.0
    cell_u_m: float = 0.0
    cell_v_m: float = 0.0
    cell: float = 0.0
    cell_patch: float = 0.0
    joint: float = 0.0
    streak: float = 0.0
    gloss: float = 0.0
    fade: float = 0.0

    def tinted(self, factor: float) -> Material:
        """The same in a lighter or darker main colour."""
        return replace(self, red=self.red * factor, green=self.green * factor, blue=self.blue * factor)


COLUMNS = tuple(field.name for field in fields(Material))


def plain(rgb: Rgb, grain: float = 0.05, blotch: float = 0.04) -> Material:
    """One colour with little in it."""
    return Material(*rgb, grain=grain, blotch=blotch)


def vary(rng: np.random.Generator, rgb: Rgb, brightness: float = 0.12, hue: float = 0.04) -> Rgb:
    """A colour near `rgb`: its brightness and each channel vary by these shares."""
    factor = np.exp(rng.normal(0, brightness)) * np.exp(rng.normal(0, hue, 3))
    red, green, blue = np.clip(np.asarray(rgb) * factor, 4, 250)
    return float(red), float(green), float(blue)


def _pick(rng: np.random.Generator, colors: tuple[Rgb, ...]) -> Rgb:
    return colors[int(rng.integers(len(colors)))]


CLAY: tuple[Rgb, ...] = (
    (168, 88, 62), (150, 78, 58), (186, 104, 72), (206, 108, 62), (142, 92, 74), (176, 120, 92), (126, 72, 58),
    (214, 120, 80), (130, 66, 52),
)  # fmt: skip
DARK_TILE: tuple[Rgb, ...] = (
    (92, 72, 64), (78, 74, 72), (66, 66, 70), (110, 84, 72), (98, 92, 88), (58, 54, 54), (120, 104, 92), (84, 62, 56),
)  # fmt: skip
CONCRETE_TILE: tuple[Rgb, ...] = (
    (138, 130, 118), (156, 148, 134), (120, 114, 108), (150, 132, 112), (112, 104, 96), (170, 160, 142),
)  # fmt: skip
PAINT: tuple[Rgb, ...] = (
    (86, 108, 142), (74, 88, 108), (98, 110, 122), (92, 130, 108), (70, 100, 88), (150, 64, 56), (120, 56, 52),
    (196, 196, 192), (168, 172, 176), (130, 136, 142), (158, 150, 128), (186, 178, 152), (72, 74, 80), (54, 56, 62),
    (60, 110, 180), (178, 80, 66), (206, 96, 80), (110, 90, 78), (60, 84, 120), (214, 214, 210),
)  # fmt: skip
IRON: tuple[Rgb, ...] = ((158, 160, 160), (138, 142, 146), (180, 182, 182), (122, 122, 124), (200, 202, 202))
RUST: tuple[Rgb, ...] = ((132, 82, 58), (112, 72, 54), (150, 98, 70), (96, 64, 52), (142, 104, 84))
CONCRETE: tuple[Rgb, ...] = (
    (168, 164, 154), (146, 142, 134), (190, 184, 172), (128, 124, 118), (176, 166, 148), (204, 202, 196),
)  # fmt: skip
GRASS: tuple[Rgb, ...] = (
    (86, 106, 56), (74, 94, 50), (104, 120, 66), (66, 84, 46), (120, 126, 76), (92, 116, 54), (58, 78, 44),
)  # fmt: skip
STRAW: tuple[Rgb, ...] = ((168, 152, 110), (150, 136, 96), (186, 170, 126), (142, 124, 88), (134, 130, 90))
LATERITE: tuple[Rgb, ...] = ((178, 118, 82), (160, 102, 70), (196, 140, 102), (150, 92, 66), (204, 158, 122))
EARTH: tuple[Rgb, ...] = ((138, 116, 92), (120, 100, 80), (160, 138, 110), (180, 160, 134), (102, 86, 70))
ASPHALT: tuple[Rgb, ...] = ((112, 112, 114), (132, 130, 128), (94, 94, 98), (150, 146, 142), (78, 78, 82))
GRAVEL: tuple[Rgb, ...] = ((168, 160, 146), (148, 142, 132), (188, 180, 166), (130, 124, 116))


def clay_tiles(rng: np.random.Generator, colors: tuple[Rgb, ...] = CLAY) -> Material:
    """Tiles in rows, clay-coloured or of other colours, more or less weathered."""
    rgb = vary(rng, _pick(rng, colors), 0.1, 0.05)
    moss = vary(rng, (78, 72, 54) if rng.random() < 0.6 else (180, 160, 140), 0.15)
    weathered = rng.random()
    return Material(
        *rgb, *moss, patch=rng.uniform(-3.4, -0.9) if weathered < 0.5 else -9.0, patch_soft=rng.uniform(0.8, 3.0),
        grain=rng.uniform(0.02, 0.07), blotch=rng.uniform(0.02, 0.09),
        rib_m=rng.uniform(0.2, 0.33), rib=rng.uniform(0, 0.1),
        row_m=rng.uniform(0.28, 0.42), row=rng.uniform(0.02, 0.13),
        cell_u_m=0.3, cell_v_m=0.36, cell=rng.uniform(0.01, 0.1), joint=0.0,
        streak=rng.uniform(0, 0.07), fade=rng.uniform(-0.08, 0.08),
    )  # fmt: skip


def slate(rng: np.random.Generator) -> Material:
    """Slate, shingles or bitumen: dark, fine, hardly a pattern."""
    colors = ((84, 88, 94), (104, 102, 98), (70, 72, 78), (124, 112, 100), (96, 84, 76), (134, 130, 126))
    rgb = vary(rng, _pick(rng, colors), 0.14, 0.04)
    return Material(
        *rgb, *vary(rng, (90, 86, 70)), patch=rng.uniform(-4, -1), patch_soft=1.5, grain=rng.uniform(0.03, 0.08),
        blotch=rng.uniform(0.02, 0.07), row_m=rng.uniform(0.15, 0.25), row=rng.uniform(0, 0.08),
        cell_u_m=rng.uniform(0.25, 0.9), cell_v_m=0.25, cell=rng.uniform(0.01, 0.08), streak=rng.uniform(0, 0.06),
    )  # fmt: skip


def painted_metal(rng: np.random.Generator) -> Material:
    """Long-run painted metal with ribs down the slope."""
    rgb = vary(rng, _pick(rng, PAINT), 0.1, 0.03)
    return Material(
        *rgb, *vary(rng, _pick(rng, RUST)), patch=rng.uniform(-6, -1.6), patch_soft=rng.uniform(0.4, 1.5),
        grain=rng.uniform(0.01, 0.04), blotch=rng.uniform(0.01, 0.05),
        rib_m=rng.choice((0.076, 0.2, 0.3, 0.45, 0.6)), rib=rng.uniform(0.01, 0.12),
        row_m=rng.choice((0.0, 0.37)), row=rng.uniform(0.0, 0.08),
        cell_u_m=rng.uniform(0.7, 1.0), cell_v_m=rng.uniform(3, 9), cell=rng.uniform(0, 0.04),
        streak=rng.uniform(0, 0.06), gloss=rng.uniform(0, 0.5), fade=rng.uniform(-0.06, 0.06),
    )  # fmt: skip


def corrugated_iron(rng: np.random.Generator) -> Material:
    """Corrugated sheets of different age, rusty here and there."""
    rusty = rng.choice((-2.5, -1.0, 0.0, 1.2))
    rgb = vary(rng, _pick(rng, IRON), 0.1, 0.02)
    return Material(
        *rgb, *vary(rng, _pick(rng, RUST), 0.15, 0.06), patch=rusty, patch_soft=rng.uniform(0.3, 1.5),
        grain=rng.uniform(0.03, 0.08), blotch=rng.uniform(0.02, 0.1),
        rib_m=rng.choice((0.076, 0.15, 0.25)), rib=rng.uniform(0.03, 0.12),
        cell_u_m=rng.uniform(0.7, 1.0), cell_v_m=rng.uniform(1.8, 3.2), cell=rng.uniform(0.02, 0.14),
        cell_patch=rng.uniform(0, 1.4), joint=rng.uniform(0, 0.18), streak=rng.uniform(0, 0.14),
        gloss=rng.uniform(0, 0.25),
    )  # fmt: skip


def flat_covering(rng: np.random.Generator) -> Material:
    """Concrete, bitumen, gravel, membrane or paving of a flat roof."""
    colors = (*CONCRETE, *GRAVEL, (96, 96, 98), (74, 74, 78), (226, 226, 224), (150, 112, 98), (110, 128, 112))
    rgb = vary(rng, _pick(rng, colors), 0.12, 0.03)
    slabs = rng.random() < 0.35
    return Material(
        *rgb, *vary(rng, (92, 90, 84), 0.25), patch=rng.uniform(-3, 0.4), patch_soft=rng.uniform(0.5, 2),
        grain=rng.uniform(0.03, 0.09), blotch=rng.uniform(0.03, 0.12),
        cell_u_m=rng.uniform(0.5, 3) if slabs else 0.0, cell_v_m=rng.uniform(0.5, 6) if slabs else 0.0,
        cell=rng.uniform(0, 0.05), joint=rng.uniform(0, 0.12), streak=0.0,
    )  # fmt: skip


def thatch(rng: np.random.Generator) -> Material:
    """Thatch or weathered wood: straw to grey-brown, streaky."""
    rgb = vary(rng, _pick(rng, (*STRAW, (112, 100, 86), (90, 82, 74))), 0.12)
    return Material(*rgb, *vary(rng, (84, 76, 60)), patch=rng.uniform(-2, 0), grain=0.09, blotch=0.08, streak=0.15)


def ground(rng: np.random.Generator, first: tuple[Rgb, ...], second: tuple[Rgb, ...]) -> Material:
    """Ground of one kind with patches of another."""
    return Material(
        *vary(rng, _pick(rng, first), 0.14, 0.05), *vary(rng, _pick(rng, second), 0.14, 0.05),
        patch=rng.uniform(-3.2, 0.2), patch_soft=rng.choice((rng.uniform(0.3, 1.0), rng.uniform(1.0, 3.5))),
        grain=rng.uniform(0.03, 0.11), blotch=rng.uniform(0.04, 0.14),
    )  # fmt: skip


def paved(rng: np.random.Generator, colors: tuple[Rgb, ...]) -> Material:
    """Concrete, asphalt or paving on the ground: even, sometimes slabs."""
    slabs = rng.random() < 0.4
    return Material(
        *vary(rng, _pick(rng, colors), 0.14, 0.02), *vary(rng, _pick(rng, (*EARTH, *ASPHALT)), 0.15),
        patch=rng.uniform(-5, -1.2), patch_soft=rng.uniform(0.8, 3),
        grain=rng.uniform(0.015, 0.05), blotch=rng.uniform(0.02, 0.08),
        cell_u_m=rng.uniform(0.8, 4) if slabs else 0.0, cell_v_m=rng.uniform(0.8, 4) if slabs else 0.0,
        cell=rng.uniform(0, 0.06), joint=rng.uniform(0, 0.15),
    )  # fmt: skip


def crops(rng: np.random.Generator) -> Material:
    """A field in rows."""
    rgb = vary(rng, _pick(rng, (*GRASS, *STRAW, *EARTH)), 0.12, 0.05)
    return Material(
        *rgb, *vary(rng, _pick(rng, EARTH), 0.12), patch=rng.uniform(-3, -0.3), patch_soft=1.0, grain=0.1, blotch=0.08,
        rib_m=rng.uniform(0.4, 1.6), rib=rng.uniform(0, 0.25),
    )  # fmt: skip
