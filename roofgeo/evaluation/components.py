"""Label rasters as layers: each connected component of one class is a polygon."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from roofgeo.schema import AZIMUTH_BIN_DEG, BACKGROUND, FIRST_PITCHED, NODATA


def class_components(classes: NDArray[np.uint8], transform: Affine, crs: CRS | None) -> gpd.GeoDataFrame:
    """Roof segments of a raster of classes: pixels of one class that touch at their sides, 4-connected.

    Args:
        classes: (height, width) codes of `roofgeo.schema.SEGMENT_CLASSES`; 255 is not labelled.
        transform: From (column, row) to (x, y).
        crs: Of (x, y).

    Returns:
        Polygons with ``azimuth_deg``, the middle of the class's bin, NaN where flat.
    """
    polygons, codes = _components(classes, (classes != BACKGROUND) & (classes != NODATA), transform)
    azimuth_deg = np.where(codes >= FIRST_PITCHED, (codes - FIRST_PITCHED) * AZIMUTH_BIN_DEG, np.nan)
    return gpd.GeoDataFrame({"azimuth_deg": azimuth_deg}, geometry=polygons, crs=crs)


def mask_components(mask: NDArray[np.bool_], transform: Affine, crs: CRS | None) -> gpd.GeoDataFrame:
    """Polygons of a mask (height, width): true pixels that touch at their sides, 4-connected."""
    polygons, _ = _components(mask.astype(np.uint8), mask, transform)
    return gpd.GeoDataFrame(geometry=polygons, crs=crs)


def _components(
    codes: NDArray[np.uint8], where: NDArray[np.bool_], transform: Affine
) -> tuple[list[shapely.Geometry], NDArray[np.float64]]:
    """Polygons and the code of each."""
    found = list(rasterio.features.shapes(codes, mask=where, connectivity=4, transform=transform))
    return [shapely.geometry.shape(outline) for outline, _ in found], np.array([code for _, code in found], float)
