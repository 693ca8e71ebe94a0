"""The sets the model is measured on, as orthophotos with true layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import rasterio
import shapely
from pyproj import CRS

from roofgeo.data.imagery import open_imagery
from roofgeo.grid import Grid
from roofgeo.synthesis.scenes import render_scene
from roofgeo.synthesis.writer import write_labels, write_orthophoto
from roofgeo.vector.export import read_layers

SAMPLES = Path(__file__).parents[2] / "samples"
CORNER_M = (500_000.0, 5_300_000.0)
"""On the central meridian of UTM zone 32, where the grid's north is true north."""

FIRST_SCENE = 9000
SCENE_PX = 1024
SCENE_PIXEL_M = 0.1


@dataclass(frozen=True)
class MeasuredSet:
    """One set.

    Attributes:
        name: As the tables call it.
        imagery: Orthophoto, or folder of tiles.
        truth: True layers by name.
        area: Where to measure; None for everywhere. In the CRS of `truth`.
        aoi: File with the area to predict; None for the whole imagery.
    """

    name: str
    imagery: Path
    truth: dict[str, gpd.GeoDataFrame]
    area: gpd.GeoSeries | None = None
    aoi: Path | None = None


def sample_scene() -> MeasuredSet:
    """The rendered scene in samples/."""
    area = gpd.read_file(SAMPLES / "area.geojson").geometry
    truth = read_layers(SAMPLES / "labels.gpkg")
    return MeasuredSet("sample scene", SAMPLES / "ortho.tif", truth, area, aoi=SAMPLES / "area.geojson")


def kampala(data: Path) -> MeasuredSet:
    """The whole Kampala orthophoto, against OpenStreetMap's outlines."""
    return _against_outlines("Kampala", data / "kampala" / "ortho.tif", data / "kampala" / "buildings.geojson")


def banepa(data: Path) -> MeasuredSet:
    """All 64 Banepa tiles, measured on those that are never trained on, against OpenStreetMap's outlines."""
    folder = data / "banepa"
    names = (folder / "measure_only.txt").read_text().split()
    squares = []
    for name in names:
        with rasterio.open(folder / "images" / f"{name}.tif") as tile:
            squares.append(shapely.box(*tile.bounds))
            crs = tile.crs
    area = gpd.GeoSeries([shapely.union_all(squares)], crs=crs)
    return _against_outlines("Banepa measure_only", folder / "images", folder / "buildings.geojson", area)


def _against_outlines(name: str, imagery: Path, outlines: Path, area: gpd.GeoSeries | None = None) -> MeasuredSet:
    with open_imagery(imagery) as pixels:
        footprint = gpd.GeoSeries([pixels.footprint(pixels.crs)], crs=pixels.crs)
    return MeasuredSet(name, imagery, read_layers(outlines), footprint if area is None else area)


def rendered_scenes(folder: Path, first: int = FIRST_SCENE) -> Iterator[MeasuredSet]:
    """20 settlements of all styles.

    Args:
        folder: Where they are written.
        first: Seed of the first; from the usual one on nothing is chosen by them.
    """
    for seed in range(first, first + 20):
        rendered = render_scene(seed, SCENE_PX, SCENE_PIXEL_M, whole_buildings=True)
        grid = Grid(CRS.from_epsg(32632), *CORNER_M, SCENE_PIXEL_M, SCENE_PX, SCENE_PX)
        imagery, labels = folder / f"scene_{seed}.tif", folder / f"scene_{seed}.gpkg"
        write_orthophoto(imagery, rendered.scene.image, grid)
        write_labels(labels, rendered, grid)
        yield MeasuredSet(f"scene {seed}", imagery, read_layers(labels))
