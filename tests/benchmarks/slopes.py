"""Slopes from a surface model: how right, how often, how fast.

``python -m tests.benchmarks.slopes`` renders scenes, makes a surface model of their true heights by area averaging with
5 cm of noise, puts perfect rasters through the vector stage, and compares slope, azimuth and height of the segments
that match a true one and are pitched. ``--city`` measures the time of many segments instead.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from roofgeo.evaluation.polygons import match_polygons
from roofgeo.evaluation.ratios import azimuth_difference_deg
from roofgeo.grid import Grid
from roofgeo.pipeline.surveying import open_surface
from roofgeo.synthesis import RenderedScene, render_scene
from roofgeo.vector.attributes import Survey, attribute_layers
from roofgeo.vector.cluster import Cluster, Faces
from tests.vector.rasters import make_bands, utm_grid
from tests.vector.shapes import buildings_of

NOISE_M = 0.05
GROUND_M = 515.0
SIZE_PX = 768
PIXEL_M = 0.1
SPIKES = 0.01
"""Share of pixels that stand 0.5 to 6 m above the roof: branches, aerials, flues."""

BOXES = 0.12
"""Share of the roofs under boxes of 0.6 to 2.6 m that stand 0.5 to 2 m above: dormers, chimneys."""

Heights = NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """Errors of matched pitched segments, degrees and metres, NaN where NULL; CPU seconds."""

    slope_deg: Heights
    azimuth_deg: Heights
    measured_deg: Heights
    height_m: Heights
    seconds: float = 0.0

    def row(self, name: str) -> str:
        """A line of the table."""
        known = ~np.isnan(self.slope_deg)
        slope, height = np.abs(self.slope_deg[known]), np.abs(self.height_m[~np.isnan(self.height_m)])
        return (
            f"| {name} | {slope.mean():.2f} | {np.quantile(slope, 0.95):.1f} | {np.nanmean(self.azimuth_deg):.2f} | "
            f"{np.nanmean(self.measured_deg):.2f} | {height.mean():.2f} | {known.sum()} of {len(known)} | "
            f"{self.seconds:.1f} |"
        )


HEAD = """| surface model | slope MAE (deg) | 95 % under | azimuth MAE | measured | height MAE (m) | slopes | CPU s |
|---|---:|---:|---:|---:|---:|---:|---:|"""


def surface_of(roof_m: Heights, step_px: int, rng: np.random.Generator, kind: str) -> Heights:
    """A surface model of (height, width) roof heights: means of squares of pixels, noise, and what stands on roofs."""
    height, width = (side // step_px * step_px for side in roof_m.shape)
    roof_m = roof_m[:height, :width] + (boxes(roof_m > 0, rng)[:height, :width] if kind == "boxes" else 0)
    z = roof_m.reshape(height // step_px, step_px, width // step_px, step_px).mean((1, 3))
    if kind == "spikes":
        hit = rng.random(z.shape) < SPIKES
        z[hit] += rng.uniform(0.5, 6, hit.sum())
    return np.asarray(GROUND_M + z + rng.normal(0, NOISE_M, z.shape))


def boxes(roof: NDArray[np.bool_], rng: np.random.Generator) -> Heights:
    """(height, width) how high dormers and the like stand above the roof."""
    above = np.zeros(roof.shape)
    places = np.argwhere(roof)
    while len(places) and (above > 0).sum() < BOXES * roof.sum():
        row, col = places[rng.integers(len(places))]
        deep, wide = rng.integers(6, 27, 2)
        part = np.s_[row : row + deep, col : col + wide]
        above[part] = rng.uniform(0.5, 2) * roof[part]
    return above


def write(path: Path, z: Heights, grid: Grid, pixel_m: float) -> None:
    """A GeoTIFF of heights that begins in the corner of a grid."""
    transform = Affine(pixel_m, 0, grid.left, 0, -pixel_m, grid.top)
    shape = {"height": z.shape[0], "width": z.shape[1], "count": 1, "dtype": "float32", "crs": grid.crs.to_wkt()}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, tiled=True, **shape) as file:
        file.write(z.astype(np.float32), 1)


def truth_of(scene: RenderedScene, grid: Grid) -> gpd.GeoDataFrame:
    """The true planes, in the grid's CRS."""
    planes = scene.scene.planes
    rings = [shapely.Polygon(p.ring * [PIXEL_M, -PIXEL_M] + [grid.left, grid.top]) for p in planes]
    azimuths = [np.nan if p.azimuth_deg is None else p.azimuth_deg for p in planes]
    heights = [float(np.dot(p.height_m or (0, 0, 0), (*shapely.Polygon(p.ring).centroid.coords[0], 1))) for p in planes]
    columns = {"azimuth_deg": azimuths, "slope_deg": [p.slope_deg for p in planes], "height_m": heights}
    return gpd.GeoDataFrame(columns, geometry=rings, crs=grid.crs)


def errors_of(segments: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, grid: Grid, seconds: float) -> Errors:
    """Errors of the segments that match a true one, IoU 0.5, and are pitched there."""
    matches = match_polygons(segments.geometry.to_numpy(), truth.geometry.to_numpy())
    found, true = segments.iloc[matches.predicted], truth.iloc[matches.truth]
    pitched = true["azimuth_deg"].notna().to_numpy()
    found, true = found[pitched], true[pitched]
    north_deg = grid.north_offset_deg(grid.left, grid.top)
    azimuth = np.where(found["slope_deg"].isna(), np.nan, true["azimuth_deg"])  # elsewhere it is the network's, perfect
    return Errors(
        found["slope_deg"].to_numpy(float) - true["slope_deg"].to_numpy(float),
        azimuth_difference_deg(found["azimuth_grid_deg"].to_numpy(float), azimuth),
        azimuth_difference_deg(found["azimuth_measured_deg"].to_numpy(float) - north_deg, azimuth),
        found["height_m"].to_numpy(float) - true["height_m"].to_numpy(float),
        seconds,
    )


def timed(survey: Survey, seconds: list[float]) -> Survey:
    """A survey that adds the time it took to a list."""

    def run(faces: Faces, building: NDArray[np.int64], outlines: NDArray[np.object_]) -> Faces:
        start = time.process_time()
        found = survey(faces, building, outlines)
        seconds.append(time.process_time() - start)
        return found

    return run


def measure(scenes: list[tuple[RenderedScene, tuple[Cluster, ...]]], step_px: int, kind: str, dtm: bool) -> Errors:
    """Errors over all scenes with one kind of surface model."""
    rng, parts, seconds = np.random.default_rng(1), [], []
    grid = utm_grid((SIZE_PX, SIZE_PX), PIXEL_M)
    with tempfile.TemporaryDirectory() as folder:
        dsm_path, dtm_path = Path(folder) / "dsm.tif", Path(folder) / "dtm.tif"
        for scene, buildings in scenes:
            z = surface_of(scene.height_m.astype(np.float64), step_px, rng, kind)
            write(dsm_path, z, grid, step_px * PIXEL_M)
            write(dtm_path, np.full_like(z, GROUND_M), grid, step_px * PIXEL_M)
            with open_surface(dsm_path, dtm_path if dtm else None) as surface:
                assert surface is not None
                survey = timed(partial(surface.survey, crs=grid.crs, told=[]), seconds)
                segments = attribute_layers(buildings, grid, survey=survey)["roof_segments"]
            parts.append(errors_of(segments, truth_of(scene, grid), grid, 0.0))
    columns = (np.concatenate([getattr(p, name) for p in parts]) for name in tuple(Errors.__annotations__)[:-1])
    return Errors(*columns, sum(seconds))


def rendered(count: int) -> Iterator[tuple[RenderedScene, tuple[Cluster, ...]]]:
    """Scenes with buildings, and what the vector stage finds in perfect rasters of them."""
    for seed in range(count):
        scene = render_scene(seed, SIZE_PX, PIXEL_M)
        if scene.scene.planes:
            bands = make_bands(scene.scene.planes, scene.scene.lines, scene.height_m.shape, PIXEL_M)
            yield scene, buildings_of(bands, utm_grid(scene.height_m.shape, PIXEL_M))


def city(count: int, pixel_m: float) -> str:
    """Seconds a survey takes of gables of two segments, as dense as a suburb, on 20 m lots."""
    side = int(np.ceil(np.sqrt(count / 2)))
    grid = Grid(utm_grid((1, 1)).crs, 500_000.0, 5_300_000.0, PIXEL_M, side * 200, side * 200)
    east, south = (axis.ravel()[: count // 2] * 20.0 + 5 for axis in np.meshgrid(np.arange(side), np.arange(side)))
    x, y = grid.left + east, grid.top - south
    halves = [shapely.box(x, y - 8 + 4 * i, x + 10, y - 4 + 4 * i) for i in (0, 1)]
    polygons, building = np.stack(halves, 1).ravel(), np.repeat(np.arange(len(x)), 2)
    pixels = round(20 / pixel_m)
    along = (np.arange(pixels) + 0.5) * pixel_m - 5  # from the house's corner
    roof = ((along > 0) & (along < 8))[:, None] & ((along > 0) & (along < 10))
    lot = np.where(roof, 6 - 0.7 * np.abs(along - 4)[:, None], 0)
    faces = make_faces(polygons)
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(0)
        z = np.tile(lot, (side, side)) + GROUND_M + rng.normal(0, NOISE_M, (side * pixels,) * 2)
        write(Path(folder) / "dsm.tif", z, grid, pixel_m)
        with open_surface(Path(folder) / "dsm.tif", None) as surface:
            assert surface is not None
            start = time.process_time()
            found = surface.survey(faces, building, shapely.box(x, y - 8, x + 10, y), grid.crs, [])
            seconds = time.process_time() - start
    slope = np.degrees(np.arctan(np.hypot(*found.gradients.T)))
    return (
        f"{len(polygons)} segments, {pixel_m:g} m, {z.size / 1e6:.0f} million pixels: {seconds:.1f} s; slope "
        f"{np.nanmean(slope):.1f} deg (true {np.degrees(np.arctan(0.7)):.1f}), unknown {np.isnan(slope).sum()}, height "
        f"{np.nanmean(found.heights_m):.2f} m (true 4.60)"
    )


def make_faces(polygons: NDArray[np.object_]) -> Faces:
    """Faces of polygons of which nothing else is known."""
    nan, count = np.full(len(polygons), np.nan), len(polygons)
    nan2 = np.stack([nan, nan], 1)
    return Faces(polygons, np.zeros((count, 2)), np.zeros((count, 18)), nan, nan, nan2, nan, nan, nan > 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--city", type=int, help="measure the time of so many segments instead")
    arguments = parser.parse_args()
    if arguments.city:
        for pixel_m in (1.0, 0.5, 0.25):
            print(city(arguments.city, pixel_m), flush=True)
        return
    scenes = list(rendered(arguments.scenes))
    print(HEAD)
    for step_px, name in ((5, "0.5 m"), (10, "1 m"), (2, "0.2 m")):
        for kind, text in (("", ""), ("spikes", ", 1 % outliers"), ("boxes", ", dormers on 12 %")):
            print(measure(scenes, step_px, kind, dtm=True).row(name + text), flush=True)
    print(measure(scenes, 5, "", dtm=False).row("0.5 m, no terrain model"), flush=True)


if __name__ == "__main__":
    main()
