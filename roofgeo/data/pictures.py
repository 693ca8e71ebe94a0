"""Pictures of raster files: all on the ground in one CRS at one pixel size, or all on the artificial grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from roofgeo.data.dataset import LOCAL_CRS, Picture, lay_out
from roofgeo.data.rasters import RasterInfo
from roofgeo.errors import DataError

MOST_DIFFERENCE = 0.05
"""Share by which pixels may differ in size from picture to picture, and in width from height."""

TROPIC_DEG = 23.44
"""Beyond this latitude the sun never stands on the side of the pole at noon."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """What is true on the ground at some places, one value each.

    Attributes:
        latitude_deg: North positive.
        north_deg: Where the CRS's y axis points, clockwise from true north.
        width_m: Length of the step along x.
        height_m: Length of the step along y.
    """

    latitude_deg: FloatArray
    north_deg: FloatArray
    width_m: FloatArray
    height_m: FloatArray


def ground_at(crs: CRS, xy: FloatArray, step_xy: tuple[float, float]) -> Ground:
    """What is true on the ground at places (n, 2) of a CRS, for a step of some length along its axes.

    Raises:
        DataError: The CRS has no place on earth.
    """
    geod: Geod | None = crs.get_geod()
    if geod is None or crs.geodetic_crs is None:
        raise DataError(f"{crs.name} is a reference system without a place on earth", "Give the right one.")
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    x, y = np.asarray(xy, np.float64).reshape(-1, 2).T
    lon, lat = to_degrees.transform(x, y)
    east_lon, east_lat = to_degrees.transform(x + step_xy[0], y)
    north_lon, north_lat = to_degrees.transform(x, y + step_xy[1])
    _, _, width_m = geod.inv(lon, lat, east_lon, east_lat)
    north_deg, _, height_m = geod.inv(lon, lat, north_lon, north_lat)
    return Ground(*(np.asarray(v, np.float64) for v in (lat, north_deg, width_m, height_m)))


def usual_sun_deg(latitude_deg: float) -> float | None:
    """Where the sun stands at noon, clockwise from true north: None between the tropics, where it changes sides."""
    if abs(latitude_deg) < TROPIC_DEG:
        return None
    return 180.0 if latitude_deg > 0 else 0.0


def on_the_ground(rasters: Sequence[tuple[str, RasterInfo]], crs: CRS | None = None) -> tuple[list[Picture], CRS]:
    """Pictures of georeferenced files, with their latitude and where the sun usually stands, and their CRS.

    Args:
        rasters: Name and file of each picture.
        crs: Taken instead of what the files say.

    Raises:
        DataError: A file has no georeference or is not north up; or CRS or pixel sizes are not the same everywhere.
    """
    if not rasters:
        return [], LOCAL_CRS  # the data set refuses to be empty
    common = _common_crs([info for _, info in rasters], crs)
    infos = [info for _, info in rasters]
    middles = np.array([info.transform * (info.width / 2, info.height / 2) for info in infos])
    first = infos[0].transform
    ground = ground_at(common, middles, (100 * first.a, -100 * first.e))
    own = np.array([(info.transform.a / first.a, info.transform.e / first.e) for info in infos])
    sizes_m = np.stack([ground.width_m, ground.height_m], axis=1) / 100 * own
    _check_sizes(infos, sizes_m)
    pictures = []
    for i, (name, info) in enumerate(rasters):
        latitude_deg, sun_deg = float(ground.latitude_deg[i]), usual_sun_deg(float(ground.latitude_deg[i]))
        seen_deg = None if sun_deg is None else (sun_deg - float(ground.north_deg[i])) % 360
        size_m = float(np.sqrt(sizes_m[i].prod()))
        pictures.append(
            Picture(name, info.path, info.height, info.width, info.transform, size_m, latitude_deg, seen_deg)
        )
    return pictures, common


def on_artificial_grid(
    rasters: Sequence[tuple[str, RasterInfo]],
    pixel_size_m: float,
    latitude_deg: float | None = None,
    sun_azimuth_deg: float | None = None,
) -> list[Picture]:
    """Pictures of files without georeference, laid side by side."""
    places = lay_out([(info.height, info.width) for _, info in rasters], pixel_size_m)
    return [
        Picture(name, info.path, info.height, info.width, place, pixel_size_m, latitude_deg, sun_azimuth_deg)
        for (name, info), place in zip(rasters, places, strict=True)
    ]


def is_georeferenced(info: RasterInfo, crs: CRS | None = None) -> bool:
    """True where the file, with the help of a CRS that is given, tells where its pixels lie."""
    return (info.crs is not None or crs is not None) and info.transform != Affine.identity()


def _common_crs(infos: Sequence[RasterInfo], crs: CRS | None) -> CRS:
    for info in infos:
        turn = info.transform
        if not is_georeferenced(info, crs):
            raise DataError(f"{info.path} has no georeference, others have one", "Georeference it, or leave it out.")
        if turn.b or turn.d or turn.a <= 0 or turn.e >= 0:
            raise DataError(f"{info.path} is rotated or upside down", "Turn it north up: gdalwarp in.tif out.tif")
    if crs is not None:
        return crs
    first = infos[0].crs
    different = [info for info in infos if info.crs != first]
    if different:
        other = different[0]
        raise DataError(
            f"the pictures are in different reference systems: {infos[0].path} in {_name(first)}, {other.path} in "
            f"{_name(other.crs)} ({len(different)} of {len(infos)} differ)",
            "Bring all into one: gdalwarp -t_srs EPSG:... in.tif out.tif",
        )
    if first is None:
        raise DataError(f"{infos[0].path} has no reference system", "Give the CRS.")
    return first


def _name(crs: CRS | None) -> str:
    return "none" if crs is None else str(crs.name)


def _check_sizes(infos: Sequence[RasterInfo], sizes_m: FloatArray) -> None:
    """Refuse pixels (n, 2: width, height in metres) that differ."""
    usual_m = float(np.median(np.sqrt(sizes_m.prod(axis=1))))
    off = np.abs(np.sqrt(sizes_m.prod(axis=1)) / usual_m - 1) > MOST_DIFFERENCE
    if off.any():
        odd, even = (int(np.argmax(mask)) for mask in (off, ~off))
        raise DataError(
            f"the pictures have different pixel sizes: {infos[even].path} {sizes_m[even, 0]:.4g} m, "
            f"{infos[odd].path} {sizes_m[odd, 0]:.4g} m ({off.sum()} of {len(infos)} differ)",
            "Bring all to one pixel size (gdalwarp -tr), or keep them as two data sets.",
        )
    stretched = np.abs(sizes_m[:, 0] / sizes_m[:, 1] - 1) > MOST_DIFFERENCE
    if stretched.any():
        i = int(np.argmax(stretched))
        raise DataError(
            f"{infos[i].path} has pixels of {sizes_m[i, 0]:.4g} by {sizes_m[i, 1]:.4g} m on the ground",
            "Directions would be wrong: bring it into a metric reference system (gdalwarp -t_srs).",
        )
