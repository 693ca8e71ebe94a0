"""The blocks of a run: which of a grid's blocks there is work in, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from roofgeo.grid import Block, Grid, Window

CORE_PX = 2816
HALO_PX = 256
"""With windows of 1024 px that overlap by 256, core and halo take 4 x 4 of them without a rest."""


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
        """The network's windows of a block."""
        return block.windows(self.tile_px, self.overlap_px)

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
    """
    shapely.prepare(reach)
    blocks = (b for b in grid.blocks(core_px, HALO_PX) if reach.intersects(shapely.box(*grid.window_bounds(b.core))))
    return Plan(grid, tuple(blocks), tile_px, overlap_px)
