"""The unit of work: one connected piece of roof mask with the bands beneath it, in compact types.

A crop knows nothing beyond its own mask, so a piece cut out of one big array equals a piece joined from blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roofgeo.errors import ModelError
from roofgeo.grid import Window
from roofgeo.schema import AZIMUTH_BIN_DEG, BACKGROUND, COMPASS, FIRST_PITCHED, HEAD, LINE_CLASSES

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
CompactArray = NDArray[np.uint8] | NDArray[np.float16]
Bands = Mapping[str, Float32Array]

_STEPS = 255
_MOST = float(np.finfo(np.float16).max)

_BIN_AZIMUTHS_RAD = np.deg2rad(np.arange(len(COMPASS)) * AZIMUTH_BIN_DEG)
BIN_VECTORS = np.stack([np.sin(_BIN_AZIMUTHS_RAD), np.cos(_BIN_AZIMUTHS_RAD)]).astype(np.float32)
"""(2, 16) unit vectors (east, north) of the azimuth classes."""


@dataclass(frozen=True)
class RoofCrop:
    """One piece of roof and what the network says of it.

    Attributes:
        window: Where the crop lies, in pixels of the grid.
        mask: (height, width) bool, True on the piece. Bands are 0 elsewhere.
        edge: (height, width) bool, True where the piece may go on beyond what was read.
        bands: (bands, height, width) per head: probabilities as uint8 of 255, all else as float16.
    """

    window: Window
    mask: BoolArray
    edge: BoolArray
    bands: dict[str, CompactArray]

    def part(self, mask: BoolArray) -> RoofCrop:
        """The crop of a part of the piece, given as a (height, width) bool mask within this crop; not empty."""
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        inner = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
        height, width = int(rows[-1] - rows[0] + 1), int(cols[-1] - cols[0] + 1)
        window = Window(self.window.row + int(rows[0]), self.window.col + int(cols[0]), height, width)
        bands = {name: np.where(mask[inner], band[:, *inner], 0) for name, band in self.bands.items()}
        return RoofCrop(window, mask[inner], self.edge[inner] & mask[inner], bands)

    @property
    def segments(self) -> Float32Array:
        """(18, height, width) class probabilities."""
        return _unpack(self.bands["segments"])

    @property
    def lines(self) -> Float32Array:
        """(7, height, width) line probabilities; 0 throughout if the network has no such head."""
        if "lines" not in self.bands:
            return np.zeros((len(LINE_CLASSES), *self.mask.shape), np.float32)
        return _unpack(self.bands["lines"])

    @property
    def roof(self) -> Float32Array:
        """(height, width) probability of roof: the roof head, else all classes but background."""
        if "roof" in self.bands:
            return np.asarray(_unpack(self.bands["roof"])[0])
        return np.asarray(np.where(self.mask, 1 - self.segments[BACKGROUND], 0), np.float32)

    @property
    def height_m(self) -> Float32Array | None:
        """(height, width) metres above ground; None if the network has no such head."""
        return _unpack(self.bands["height"])[0] if "height" in self.bands else None

    @property
    def downslope(self) -> Float32Array:
        """(2, height, width) east and north part of the downslope, its length the probability of a slope."""
        if "azimuth" not in self.bands:
            return self.downslope_by_class
        vectors: Float32Array = _unpack(self.bands["azimuth"]) * self.segments[FIRST_PITCHED:].sum(0)
        return vectors

    @property
    def downslope_by_class(self) -> Float32Array:
        """The same from the class probabilities: surer at borders, but only as fine as the classes."""
        return np.asarray(np.einsum("vc,chw->vhw", BIN_VECTORS, self.segments[FIRST_PITCHED:]), np.float32)


def cut_crop(bands: Bands, mask: BoolArray, edge: BoolArray, within: tuple[slice, slice], window: Window) -> RoofCrop:
    """Cut one piece of roof out of a block.

    Args:
        bands: (bands, height, width) float32 of the block, per head.
        mask: (height, width) bool of the crop: True on the piece.
        edge: (height, width) bool of the crop: True where the readable picture ends.
        within: Rows and columns of the crop within the block.
        window: The crop in pixels of the grid.
    """
    if "segments" not in bands:
        raise ModelError("the model gives no roof segments", "use a model with a segments head")
    packed = {name: _pack(name, band[:, *within], mask) for name, band in bands.items()}
    return RoofCrop(window, mask, edge & mask, packed)


def _pack(head: str, band: Float32Array, mask: BoolArray) -> CompactArray:
    """The band in its compact type; 0 off the mask and where it holds no number."""
    values = np.where(mask & np.isfinite(band), band, 0)
    if HEAD[head].activation in ("softmax", "sigmoid"):
        return np.asarray(np.rint(np.clip(values, 0, 1) * _STEPS), np.uint8)
    return np.asarray(np.clip(values, -_MOST, _MOST), np.float16)


def _unpack(band: CompactArray) -> Float32Array:
    if band.dtype == np.uint8:
        return np.asarray(band, np.float32) / np.float32(_STEPS)
    return np.asarray(band, np.float32)
