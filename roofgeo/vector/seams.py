"""Buildings that cross blocks become one.

A piece of roof inside a block's core is done at once. A piece at an edge that the core shares with another is kept as
a fragment; when all blocks are done, fragments that touch across edges are pasted together and done as one piece. What
comes out is what the whole area would give in one piece.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from roofgeo.grid import Grid, Window
from roofgeo.vector.cluster import Cluster, build
from roofgeo.vector.crops import Bands, BoolArray, RoofCrop, cut_crop
from roofgeo.vector.planes import MIN_BUILDING_M2


@dataclass(frozen=True)
class Fragment:
    """A piece of roof at an edge that its core shares with another.

    Attributes:
        crop: The piece.
        core: The core it was cut from, in pixels of the grid.
    """

    crop: RoofCrop
    core: Window


@dataclass(frozen=True)
class BlockRoofs:
    """What one block gives.

    Attributes:
        core: The block's core, in pixels of the grid.
        clusters: Those that lie in the core and reach no other.
        fragments: Pieces of roof at edges shared with other cores.
        valid_edges: Whether the pixels along the core's top, bottom, left and right side could be read.
    """

    core: Window
    clusters: tuple[Cluster, ...]
    fragments: tuple[Fragment, ...]
    valid_edges: tuple[BoolArray, BoolArray, BoolArray, BoolArray]


def vectorize_block(bands: Bands, roof: BoolArray, valid: BoolArray, core: Window, grid: Grid) -> BlockRoofs:
    """Find the buildings of a block's core.

    Args:
        bands: (bands, height, width) float32 of the core per head of `roofgeo.schema.HEADS`, as blended: probabilities,
            unit vectors (sin, cos) of the downslope, metres. `segments` must be there.
        roof: (height, width) bool, True on roofs.
        valid: (height, width) bool, True where the imagery could be read.
        core: The core, in pixels of the grid.
        grid: The grid of the whole area.
    """
    edge = _picture_edge(valid, core, grid)
    labels, _ = ndimage.label(roof & valid)
    done: list[Cluster] = []
    fragments: list[Fragment] = []
    for number, (rows, cols) in enumerate(ndimage.find_objects(labels), 1):
        window = Window(core.row + rows.start, core.col + cols.start, rows.stop - rows.start, cols.stop - cols.start)
        crosses = _reaches_another(window, core, grid)
        if not crosses and window.height * window.width * grid.pixel_size_m**2 < MIN_BUILDING_M2:
            continue  # a crumb; at a seam it may be the tip of a building
        crop = cut_crop(bands, labels[rows, cols] == number, edge[rows, cols], (rows, cols), window)
        if crosses:
            fragments.append(Fragment(crop, core))
        else:
            done.extend(build(crop, grid))
    sides = (valid[0].copy(), valid[-1].copy(), valid[:, 0].copy(), valid[:, -1].copy())
    return BlockRoofs(core, tuple(done), tuple(fragments), sides)


def join_blocks(blocks: Iterable[BlockRoofs], grid: Grid) -> tuple[Cluster, ...]:
    """All buildings of an area: those the blocks have done, and those made of their fragments.

    A roof that ends at a block which is not among `blocks` (it could not be read) counts as clipped there.
    """
    blocks = tuple(blocks)
    rows, cols = _readable_sides(blocks, grid)
    fragments = [_with_edge(fragment, rows, cols, grid) for block in blocks for fragment in block.fragments]
    done = tuple(cluster for block in blocks for cluster in block.clusters)
    if not fragments:
        return done
    group = _groups(fragments, grid)
    crossing: list[Cluster] = []
    order = np.argsort(group, kind="stable")
    for together in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        crossing.extend(build(_paste([fragments[i].crop for i in together]), grid))
    return (*done, *crossing)


def _picture_edge(valid: BoolArray, core: Window, grid: Grid) -> BoolArray:
    """(height, width) bool: True beside pixels that could not be read, and along the sides of the grid."""
    framed = np.pad(valid, 1, constant_values=True)
    framed[0] &= core.row > 0
    framed[-1] &= core.row_end < grid.height
    framed[:, 0] &= core.col > 0
    framed[:, -1] &= core.col_end < grid.width
    beside = ndimage.binary_dilation(~framed)[1:-1, 1:-1]
    return np.asarray(beside, bool)


def _reaches_another(window: Window, core: Window, grid: Grid) -> bool:
    return (
        (window.row == core.row > 0)
        or (window.col == core.col > 0)
        or (window.row_end == core.row_end < grid.height)
        or (window.col_end == core.col_end < grid.width)
    )


_Sides = defaultdict[int, BoolArray]
"""For rows (columns) of the grid along the sides of cores: which pixels could be read; none where a core is missing."""


def _readable_sides(blocks: Sequence[BlockRoofs], grid: Grid) -> tuple[_Sides, _Sides]:
    rows: _Sides = defaultdict(lambda: np.zeros(grid.width, bool))
    cols: _Sides = defaultdict(lambda: np.zeros(grid.height, bool))
    for block in blocks:
        core, (top, bottom, left, right) = block.core, block.valid_edges
        for row, side in ((core.row, top), (core.row_end - 1, bottom)):
            rows[row][core.col : core.col_end] = side
        for col, side in ((core.col, left), (core.col_end - 1, right)):
            cols[col][core.row : core.row_end] = side
    return rows, cols


def _with_edge(fragment: Fragment, rows: _Sides, cols: _Sides, grid: Grid) -> Fragment:
    """The fragment, its edge marked where the neighbouring core's pixel could not be read."""
    crop, core = fragment.crop, fragment.core
    window, edge = crop.window, crop.edge.copy()
    across, down = slice(window.col, window.col_end), slice(window.row, window.row_end)
    if window.row == core.row > 0:
        edge[0] |= ~rows[core.row - 1][across]
    if window.row_end == core.row_end < grid.height:
        edge[-1] |= ~rows[core.row_end][across]
    if window.col == core.col > 0:
        edge[:, 0] |= ~cols[core.col - 1][down]
    if window.col_end == core.col_end < grid.width:
        edge[:, -1] |= ~cols[core.col_end][down]
    return Fragment(replace(crop, edge=edge & crop.mask), core)


def _groups(fragments: Sequence[Fragment], grid: Grid) -> NDArray[np.int64]:
    """(fragments,) number of the piece of roof each belongs to: those that touch across an edge are one."""
    pairs = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for before, after in (_along_rows(fragments, grid), _along_cols(fragments, grid)):
        for line in before.keys() & {line - 1 for line in after}:
            touching = (before[line] >= 0) & (after[line + 1] >= 0)
            pairs.append((before[line][touching], after[line + 1][touching]))
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    count = len(fragments)
    links = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


_Owners = defaultdict[int, NDArray[np.int64]]
"""For rows (columns) of the grid along the sides of cores: the fragment at each pixel, -1 where there is none."""


def _along_rows(fragments: Sequence[Fragment], grid: Grid) -> tuple[_Owners, _Owners]:
    """Fragments along the bottom and along the top of cores."""
    bottoms: _Owners = defaultdict(lambda: np.full(grid.width, -1))
    tops: _Owners = defaultdict(lambda: np.full(grid.width, -1))
    for number, fragment in enumerate(fragments):
        window, mask, core = fragment.crop.window, fragment.crop.mask, fragment.core
        for owners, row, reaches, side in (
            (bottoms, core.row_end - 1, window.row_end == core.row_end, mask[-1]),
            (tops, core.row, window.row == core.row, mask[0]),
        ):
            if reaches:
                owners[row][window.col : window.col_end][side] = number
    return bottoms, tops


def _along_cols(fragments: Sequence[Fragment], grid: Grid) -> tuple[_Owners, _Owners]:
    """Fragments along the right and along the left of cores."""
    rights: _Owners = defaultdict(lambda: np.full(grid.height, -1))
    lefts: _Owners = defaultdict(lambda: np.full(grid.height, -1))
    for number, fragment in enumerate(fragments):
        window, mask, core = fragment.crop.window, fragment.crop.mask, fragment.core
        for owners, col, reaches, side in (
            (rights, core.col_end - 1, window.col_end == core.col_end, mask[:, -1]),
            (lefts, core.col, window.col == core.col, mask[:, 0]),
        ):
            if reaches:
                owners[col][window.row : window.row_end][side] = number
    return rights, lefts


def _paste(crops: Sequence[RoofCrop]) -> RoofCrop:
    """One crop that holds all of `crops`, whose masks do not meet."""
    row, col = min(c.window.row for c in crops), min(c.window.col for c in crops)
    row_end, col_end = max(c.window.row_end for c in crops), max(c.window.col_end for c in crops)
    window = Window(row, col, row_end - row, col_end - col)
    mask, edge = np.zeros(window.shape, bool), np.zeros(window.shape, bool)
    bands = {name: np.zeros((len(band), *window.shape), band.dtype) for name, band in crops[0].bands.items()}
    for crop in crops:
        inner = crop.window.slices_in(window)
        mask[inner] |= crop.mask
        edge[inner] |= crop.edge
        for name, band in crop.bands.items():
            bands[name][:, *inner] += band  # 0 outside each crop's mask
    return RoofCrop(window, mask, edge, bands)
