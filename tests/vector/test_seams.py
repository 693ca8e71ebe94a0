"""Blocks give what one piece gives."""

import numpy as np
import pytest
import shapely

from roofgeo.grid import Grid
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.seams import BlockRoofs, join_blocks, vectorize_block
from tests.vector.rasters import BandArrays, make_bands, spoil, utm_grid
from tests.vector.shapes import ell, gable, hip, pyramid

SIDE = 160


def village() -> BandArrays:
    """Nine roofs on 3 x 3 plots of 160 x 200 pixels, noisy, some of them over the edge."""
    rows = []
    for row, roofs in enumerate(((hip, gable, ell), (ell, pyramid, hip), (gable, hip, pyramid))):
        bands = [spoil(make_bands(*roof(), (160, 200)), seed=3 * row + i) for i, roof in enumerate(roofs)]
        rows.append({name: np.concatenate([b[name] for b in bands], 2) for name in bands[0]})
    whole = {name: np.concatenate([row[name] for row in rows], 1) for name in rows[0]}
    return {name: band[:, 60:440, 60:] for name, band in whole.items()}


def in_blocks(bands: BandArrays, grid: Grid, core_px: int, valid: np.ndarray | None = None) -> list[BlockRoofs]:
    valid = np.ones(grid.shape, bool) if valid is None else valid
    roof = bands["roof"][0] > 0.5
    parts = []
    for block in grid.blocks(core_px, 32):
        inner = block.core.slices_in(grid.window)
        cores = {name: band[:, *inner] for name, band in bands.items()}
        parts.append(vectorize_block(cores, roof[inner], valid[inner], block.core, grid))
    return parts


@pytest.fixture(scope="module")
def scene() -> tuple[BandArrays, Grid]:
    bands = village()
    return bands, utm_grid(bands["roof"].shape[1:])


@pytest.mark.parametrize("core_px", [96, 128, 256])
def test_blocks_give_exactly_what_one_piece_gives(scene, core_px):
    bands, grid = scene
    whole = attribute_layers(join_blocks(in_blocks(bands, grid, 1024), grid), grid)
    blocks = in_blocks(bands, grid, core_px)
    assert sum(len(block.fragments) for block in blocks) > 4
    split = attribute_layers(join_blocks(blocks[::-1], grid), grid)
    assert len(whole["buildings"]) == 9
    for name, layer in whole.items():
        assert layer.drop(columns="geometry").equals(split[name].drop(columns="geometry"))
        assert shapely.equals_exact(layer.geometry.to_numpy(), split[name].geometry.to_numpy()).all()


@pytest.mark.parametrize("core_px", [96, 1024])
def test_what_touches_the_edge_is_clipped(scene, core_px):
    bands, grid = scene
    valid = np.ones(grid.shape, bool)
    valid[192:, 384:] = False  # the corner is nodata, along the edges of blocks of 96
    segments = attribute_layers(join_blocks(in_blocks(bands, grid, core_px, valid), grid), grid)["roof_segments"]
    left, bottom, right, top = grid.bounds
    hole = shapely.box(left + 38.4, bottom, right, top - 19.2)
    edge = shapely.union(shapely.box(*grid.bounds).exterior, hole.exterior)
    touches = shapely.dwithin(segments.geometry.to_numpy(), edge, 0.05)
    assert segments["clipped"][touches].all()
    assert not segments["clipped"][shapely.distance(segments.geometry.to_numpy(), edge) > 0.7].any()
    assert 0 < segments["clipped"].sum() < len(segments)


def test_a_block_that_is_missing_clips_its_neighbours(scene):
    bands, grid = scene
    blocks = in_blocks(bands, grid, 192)
    assert any(block.core.row == block.core.col == 192 for block in blocks)
    rest = [block for block in blocks if not block.core.row == block.core.col == 192]
    segments = attribute_layers(join_blocks(rest, grid), grid)["roof_segments"]
    gap = shapely.box(*grid.window_bounds(next(b.core for b in blocks if b.core.row == b.core.col == 192)))
    beside = shapely.intersection(segments.geometry.to_numpy(), shapely.buffer(gap, 0.2))
    inner = segments[shapely.area(beside) > 0.1]  # along half a metre: a corner may have been moved there
    assert len(inner) > 2
    assert inner["clipped"].all()


def test_no_roof_at_all():
    grid = utm_grid((64, 64))
    bands = {"segments": np.zeros((18, 64, 64), np.float32), "roof": np.zeros((1, 64, 64), np.float32)}
    assert join_blocks(in_blocks(bands, grid, 32), grid) == ()
