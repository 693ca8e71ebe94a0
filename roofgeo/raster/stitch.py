"""Blend overlapping windows into a block of bands without a seam, and read classes off the finished block.

Only probabilities, unit vectors and heights are blended; classes are decided once, after the last window.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from roofgeo.grid import Window
from roofgeo.schema import BACKGROUND, FLAT, RASTERS

FloatArray = NDArray[np.float32]

FAINT = 1e-6
"""Least weight: what a pixel counts that only one window's rim covers."""

STRIP_ROWS = 32
"""Rows of a block looked at together when classes are decided: few enough to stay in the processor's cache."""


def window_weights(tile_px: int, overlap_px: int) -> FloatArray:
    """How much each pixel of a window counts: (tile, tile), 0..1.

    The outer quarter of the overlap counts nothing (there the network lacks context), the inner quarter all, and a
    cosine leads from one to the other, so that the weights of two neighbours add up to 1.

    Args:
        tile_px: Side of a window.
        overlap_px: Overlap of neighbours, less than `tile_px`.
    """
    from_edge_px = np.minimum(np.arange(tile_px), np.arange(tile_px)[::-1]) + 0.5
    ramp = np.clip((from_edge_px - overlap_px / 4) / max(overlap_px / 2, 1), 0.0, 1.0)
    profile = np.maximum((1 - np.cos(math.pi * ramp)) / 2, FAINT) if overlap_px else np.ones(tile_px)
    return np.outer(profile, profile).astype(np.float32)


class BlockBlender:
    """Weighted mean of the windows that cover a block.

    Args:
        window: The pixels wanted.
        band_count: Number of bands.
        tile_px: Side of the windows that will be added.
        overlap_px: Overlap of neighbouring windows.
    """

    def __init__(self, window: Window, band_count: int, tile_px: int, overlap_px: int) -> None:
        self.window = window
        self._weights = window_weights(tile_px, overlap_px)
        self._sum = np.zeros((band_count, *window.shape), dtype=np.float32)
        self._weight_sum = np.zeros(window.shape, dtype=np.float32)
        self._product = np.empty((tile_px, tile_px), dtype=np.float32)

    def add(self, window: Window, bands: FloatArray) -> None:
        """Add what a window says.

        Args:
            window: Its place; what lies outside the block is left out.
            bands: (B, tile, tile) float32.
        """
        part = window.intersection(self.window)
        if not (part.height and part.width):
            return
        inside, target = part.slices_in(window), part.slices_in(self.window)
        weights, product = self._weights[inside], self._product[inside]
        for band, total in zip(bands, self._sum, strict=True):  # band by band: the product stays in the cache
            np.multiply(band[inside], weights, out=product)
            total[target] += product
        self._weight_sum[target] += weights

    def finish(self) -> FloatArray:
        """The blended bands, (B, H, W) float32; 0 where no window was added. The blender is of no use afterwards."""
        np.maximum(self._weight_sum, np.finfo(np.float32).tiny, out=self._weight_sum)
        for total in self._sum:
            total /= self._weight_sum
        return self._sum


def roof_probability(bands: Mapping[str, FloatArray]) -> FloatArray:
    """Probability (H, W) that a pixel is roof: the mean of what the segments and the roof head say.

    Args:
        bands: Blended bands (B, H, W) by head; ``roof`` may be missing.
    """
    probability: FloatArray = 1 - bands["segments"][BACKGROUND]
    if "roof" in bands:
        probability += bands["roof"][0]
        probability /= 2
    return probability


def class_rasters(bands: Mapping[str, FloatArray], valid: NDArray[np.bool_]) -> dict[str, NDArray[np.generic]]:
    """What the output rasters show of a finished block.

    Args:
        bands: Blended bands (B, H, W) by head: ``segments`` and, as far as the network has them, ``lines``, ``roof``
            and ``height``.
        valid: (H, W), False where there is no imagery.

    Returns:
        (H, W) arrays by key of `schema.RASTERS`, nodata where not valid: segment and line classes, confidence (percent
        probability of the class shown) and height (metres, 0 off the roofs).
    """
    p_roof = roof_probability(bands)
    is_roof = p_roof > 0.5
    kind, p_kind = _strongest(bands["segments"][FLAT:])
    rasters: dict[str, NDArray[np.generic]] = {"segments": np.where(is_roof, kind + np.uint8(FLAT), BACKGROUND)}
    if "lines" in bands:
        rasters["lines"] = _strongest(bands["lines"])[0]
    # Given that it is roof, the kinds share what the segments head leaves for roof.
    p_kind /= np.maximum(1 - bands["segments"][BACKGROUND], FAINT)
    confidence = np.where(is_roof, p_roof * np.minimum(p_kind, 1), 1 - p_roof)
    rasters["confidence"] = np.rint(100 * confidence).astype(np.uint8)
    if "height" in bands:
        rasters["height"] = np.where(is_roof, bands["height"][0], np.float32(0))
    for name, raster in rasters.items():
        raster[~valid] = RASTERS[name].nodata
    return rasters


def _strongest(bands: FloatArray) -> tuple[NDArray[np.uint8], FloatArray]:
    """Number (H, W) uint8 and value (H, W) of the largest band, the first of equal ones; 5 times np.argmax's speed."""
    count = len(bands)
    before_last = np.zeros(bands.shape[1:], dtype=np.uint8)  # counted from behind, so that the first has the last word
    largest = np.empty(bands.shape[1:], dtype=bands.dtype)
    for row in range(0, bands.shape[1], STRIP_ROWS):
        strip, best, found = (array[..., row : row + STRIP_ROWS, :] for array in (bands, largest, before_last))
        np.max(strip, axis=0, out=best)
        for index in range(count):
            np.maximum(found, (strip[index] == best).view(np.uint8) * np.uint8(count - index), out=found)
    return np.uint8(count) - before_last, largest
