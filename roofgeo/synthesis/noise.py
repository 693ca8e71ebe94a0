"""Noise fields for textures, cut at random out of a few periodic tiles made once a process."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]

_TILE_PX = 1024
_SIGMAS_PX = (0.0, 0.7, 1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0)


@cache
def _tile(level: int) -> Image:
    """(1024, 1024) periodic smooth noise of mean 0 and standard deviation 1."""
    white = np.random.default_rng(7_000 + level).standard_normal((_TILE_PX, _TILE_PX))
    spectrum = ndimage.fourier_gaussian(np.fft.fft2(white), _SIGMAS_PX[level])
    smooth = np.fft.ifft2(spectrum).real
    smooth -= smooth.mean()
    result: Image = (smooth / smooth.std()).astype(np.float32)
    return result


def noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> Image:
    """(height, width) noise of mean 0 and standard deviation 1.

    Args:
        rng: Draws the cut.
        shape: Height and width.
        sigma_px: Size of the blobs (the next made size is taken).
    """
    level = int(np.argmin([abs(np.log((s + 0.3) / (sigma_px + 0.3))) for s in _SIGMAS_PX]))
    tile = _tile(level)[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
    if rng.random() < 0.5:
        tile = tile.T
    row, col = rng.integers(0, _TILE_PX, 2)
    rows = np.arange(row, row + shape[0]) % _TILE_PX
    cols = np.arange(col, col + shape[1]) % _TILE_PX
    return np.ascontiguousarray(tile[rows][:, cols])


def noise_at(rows: NDArray[np.int64], cols: NDArray[np.int64], sigma_px: float) -> Image:
    """Noise at integer positions of any size (wrapped), same shape as `rows`."""
    level = int(np.argmin([abs(s - sigma_px) for s in _SIGMAS_PX]))
    result: Image = _tile(level).ravel()[(rows % _TILE_PX) * _TILE_PX + cols % _TILE_PX]
    return result


def hashed(*keys: NDArray[np.int64]) -> Image:
    """A number in 0..1 for each combination of integers, always the same for the same keys."""
    mixed = np.zeros_like(keys[0])
    for key, prime in zip(keys, (73_856_093, 19_349_663, 83_492_791), strict=False):
        mixed ^= key * prime
    mixed ^= mixed >> 13
    mixed = (mixed * 1_274_126_177) & 0xFFFF_FFFF
    return ((mixed ^ (mixed >> 16)) & 0xFFFF).astype(np.float32) / np.float32(65_535)
