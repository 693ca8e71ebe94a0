"""Pictures with a mask of the same name that tells roof from not roof: GeoTIFF tiles and 0/1 PNGs, as Banepa's."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from roofgeo.data.augment import transform_scene
from roofgeo.data.imagery import ground_scale
from roofgeo.data.targets import LabelledScene, Targets
from roofgeo.errors import DataError


def read_roof_masks(root: str | Path, names_file: str, pixel_size_m: float) -> tuple[LabelledScene, ...]:
    """Read all tiles a list names as scenes, resampled to `pixel_size_m`.

    Args:
        root: Folder with ``images/<name>.tif``, ``masks/<name>.png`` and the list.
        names_file: The list's file name; one tile name a line.
        pixel_size_m: Pixel size of the scenes.

    Raises:
        DataError: A file that is named is missing or cannot be read.
    """
    folder = Path(root)
    try:
        names = (folder / names_file).read_text(encoding="utf-8").split()
        tiles = [_read_tile(folder, name) for name in names]
    except (OSError, RasterioIOError) as error:
        raise DataError(f"{folder} cannot be read: {error}", "It needs images/, masks/ and the list.") from error
    return tuple(_resample(tile, pixel_size_m) for tile in tiles)


def _read_tile(folder: Path, name: str) -> LabelledScene:
    with rasterio.open(folder / "images" / f"{name}.tif") as source:
        image = source.read((1, 2, 3))
        pixel_size_m = _ground_size_m(source.crs.to_wkt(), source.transform, source.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # the mask lies on its tile's pixels
        with rasterio.open(folder / "masks" / f"{name}.png") as source:
            mask = (source.read(1) > 0).astype(np.uint8)
    return LabelledScene(image, pixel_size_m, rasters=Targets.from_roof_mask(mask))


def _ground_size_m(crs_wkt: str, transform: Affine, shape: tuple[int, int]) -> float:
    """Length on the ground of one pixel's step along a row, at the tile's middle."""
    x, y = transform * (shape[1] / 2, shape[0] / 2)
    east, _ = ground_scale(CRS.from_wkt(crs_wkt), x, y, transform.a)
    return east * float(transform.a)


def _resample(tile: LabelledScene, pixel_size_m: float) -> LabelledScene:
    scale = tile.pixel_size_m / pixel_size_m
    shape = math.floor(tile.image.shape[1] * scale), math.floor(tile.image.shape[2] * scale)
    return transform_scene(tile, Affine.scale(scale), shape)
