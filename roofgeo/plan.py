"""The blocks of a run: which of a grid's blocks there is work in, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from roofgeo.errors import InputError
from roofgeo.grid import LATTICE_PX, Block, Grid, Window

CORE_PX = 2816
HALO_PX = 256
"""With windows of 1024 px that overlap by 256, core and halo take 4 x 4 of them without a rest."""

SMALLEST_TILE_PX = 128
LARGEST_TILE_PX = 2048
"""Memory grows with the window's area: the shipped network takes 2.2 GB for one of this size."""


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        grid: Where the pixels are.
        blocks: The blocks with ground in reach of the area.
        tile_px: Side of the network's windows.
        overlap_px: Overlap of neighbouring windows.
    """

    grid: Grid
    blocks: tuple[Block, ...]
    tile_px: int
    overlap_px: int

    def windows(self, block: Block) -> tuple[Window, ...]:
        """The network's windows of a block; of those that lie in its halo only nothing would be kept."""
        return tuple(w for w in block.windows(self.tile_px, self.overlap_px) if w.meets(block.core))

    @property
    def window_count(self) -> int:
        """Windows of all blocks."""
        return sum(len(self.windows(block)) for block in self.blocks)


def plan_run(grid: Grid, reach: shapely.Geometry, tile_px: int, overlap_px: int, core_px: int = CORE_PX) -> Plan:
    """Cut a grid into blocks and keep those with work in them.

    Args:
        grid: Where the pixels are.
        reach: Ground to predict, in the grid's CRS.
        tile_px: Side of the network's windows, a multiple of 32.
        overlap_px: Overlap of neighbouring windows.
        core_px: Side of a block's core, a multiple of 32.

    Raises:
        InputError: Windows of that size or overlap cannot be used.
    """
    check_tiles(tile_px, overlap_px)
    shapely.prepare(reach)
    blocks = (b for b in grid.blocks(core_px, HALO_PX) if reach.intersects(shapely.box(*grid.window_bounds(b.core))))
    return Plan(grid, tuple(blocks), tile_px, overlap_px)


def check_tiles(tile_px: int, overlap_px: int) -> None:
    """Refuse windows the network cannot take, whose weights would not add up to 1, or that would fill the memory.

    Raises:
        InputError: Windows of that size or overlap cannot be used.
    """
    if tile_px % LATTICE_PX or not SMALLEST_TILE_PX <= tile_px <= LARGEST_TILE_PX:
        raise InputError(
            f"windows of {tile_px} px cannot be used",
            f"Give --tile-px as a multiple of {LATTICE_PX} from {SMALLEST_TILE_PX} to {LARGEST_TILE_PX}.",
        )
    most_px = tile_px // 2 // LATTICE_PX * LATTICE_PX
    if overlap_px % LATTICE_PX or not 0 <= overlap_px <= most_px:
        raise InputError(
            f"windows of {tile_px} px cannot overlap by {overlap_px} px",
            f"Give --overlap-px as a multiple of {LATTICE_PX} from 0 to {most_px}, which is half of such a window.",
        )


def usual_overlap_px(tile_px: int, wanted_px: int) -> int:
    """The overlap a model wants, as far as half a window allows."""
    return min(wanted_px, tile_px // 2 // LATTICE_PX * LATTICE_PX)
