"""Small data sets in memory that tests cut windows from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS

from roofgeo.data.dataset import Picture, RoofDataset
from roofgeo.data.targets import ALL_HEADS, LabelledScene, Targets
from roofgeo.errors import DataError
from roofgeo.grid import Window
from roofgeo.schema import FIRST_PITCHED

UTM = CRS.from_epsg(32632)
PIXEL_M = 0.1
HEADS = ("segments", "azimuth", "roof")


class Drawn(RoofDataset):
    """Pictures whose first two bands tell row and column modulo 256; squares of 32 px are roofs, in all classes.

    Args:
        places: (left, top, height, width) of each, metres and pixels.
        broken: Names of pictures that cannot be read.
        split_of: Splits by name.
        heads: Heads labelled.
    """

    def __init__(
        self,
        places: Sequence[tuple[float, float, int, int]],
        broken: Sequence[str] = (),
        split_of: Mapping[str, str] | None = None,
        heads: tuple[str, ...] = HEADS,
    ) -> None:
        pictures = [
            Picture(f"p{i}", Path(f"p{i}.tif"), h, w, Affine(PIXEL_M, 0, x, 0, -PIXEL_M, y), PIXEL_M, 48.0, 180.0)
            for i, (x, y, h, w) in enumerate(places)
        ]
        super().__init__(pictures, UTM, heads)
        self.broken = set(broken)
        self.split_of = dict(split_of or {})

    def read(self, picture: Picture, window: Window) -> LabelledScene:
        """Rows and columns, and roofs in squares."""
        if picture.name in self.broken:
            raise DataError(f"{picture.path} is broken")
        rows, cols = np.mgrid[window.row : window.row_end, window.col : window.col_end]
        image = np.stack([rows % 256, cols % 256, np.full_like(rows, 7)]).astype(np.uint8)
        square = rows // 32 * 7 + cols // 32 * 3
        segments = np.where(square % 4 == 0, FIRST_PITCHED + square % 16, 0).astype(np.uint8)
        return LabelledScene(image, PIXEL_M, rasters=Targets.from_classes(segments), heads=ALL_HEADS)
