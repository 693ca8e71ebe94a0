"""The sets the model is measured on, as orthophotos with true layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from roofgeo.data.imagery import open_imagery
from roofgeo.data.roofgraph import PIXEL_SIZE_M, RoofGraph
from roofgeo.data.targets import LabelledScene
from roofgeo.vector.export import read_layers

SAMPLES = Path(__file__).parents[2] / "samples"
NZTM = "EPSG:2193"
CENTRAL_MERIDIAN_M = (1_600_000.0, 5_470_000.0)
"""Where grid north is true north; the crops have lost their own place."""

GAP_PX = 160
SHEET_PX = 9000


@dataclass(frozen=True)
class MeasuredSet:
    """One set.

    Attributes:
        name: As the tables call it.
        imagery: Orthophoto, or folder of tiles.
        truth: True layers by name.
        area: Where to measure; None for everywhere. In the CRS of `truth`.
        ignore_unlabelled: True if the truth labels only some of the buildings.
        aoi: File with the area to predict; None for the whole imagery.
    """

    name: str
    imagery: Path
    truth: dict[str, gpd.GeoDataFrame]
    area: gpd.GeoSeries | None = None
    ignore_unlabelled: bool = False
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


def roofgraph_val(data: Path, folder: Path) -> MeasuredSet:
    """The 314 RoofGraph val roofs, laid out with gaps on one sheet.

    Args:
        data: Folder of the data sets.
        folder: Where the sheet is written; it is not for keeping.
    """
    roofs = RoofGraph(data / "roofgraph", "val")
    scenes = sorted((roofs.scene(i) for i in range(len(roofs))), key=lambda scene: scene.image.shape[1])
    places, height = _shelves(scenes)
    sheet = np.zeros((4, height, SHEET_PX), np.uint8)
    left, top = CENTRAL_MERIDIAN_M
    planes, lines = [], []
    for number, (scene, (row, col)) in enumerate(zip(scenes, places, strict=True)):
        at = (slice(row, row + scene.image.shape[1]), slice(col, col + scene.image.shape[2]))
        sheet[:3, *at], sheet[3, *at] = scene.image, 255

        def to_map(xy: np.ndarray, row: int = row, col: int = col) -> np.ndarray:
            return np.column_stack([left + (xy[:, 0] + col) * PIXEL_SIZE_M, top - (xy[:, 1] + row) * PIXEL_SIZE_M])

        planes += [(shapely.Polygon(to_map(p.ring)), p.azimuth_deg, number) for p in scene.planes]
        lines += [(shapely.LineString(to_map(line.xy)), line.line_type, number) for line in scene.lines]
    path = folder / "roofgraph_val.tif"
    profile = {"count": 4, "height": height, "width": SHEET_PX, "dtype": "uint8", "crs": NZTM, "tiled": True}
    transform = from_origin(left, top, PIXEL_SIZE_M, PIXEL_SIZE_M)
    with rasterio.open(path, "w", driver="GTiff", compress="deflate", transform=transform, **profile) as sink:
        sink.write(sheet)
    truth = {
        "roof_segments": _frame(planes, "azimuth_deg"),
        "roof_lines": _frame(lines, "line_type"),
    }
    return MeasuredSet("roofgraph val", path, truth, ignore_unlabelled=True)


def _shelves(scenes: list[LabelledScene]) -> tuple[list[tuple[int, int]], int]:
    """(row, column) of each scene, and the sheet's height."""
    row, col, shelf, places = GAP_PX, GAP_PX, 0, []
    for scene in scenes:
        height, width = scene.image.shape[1:]
        if col + width + GAP_PX > SHEET_PX:
            row, col, shelf = row + shelf + GAP_PX, GAP_PX, 0
        places.append((row, col))
        col, shelf = col + width + GAP_PX, max(shelf, height)
    return places, row + shelf + GAP_PX


def _frame(rows: list[tuple[shapely.Geometry, object, int]], attribute: str) -> gpd.GeoDataFrame:
    geometry, values, buildings = zip(*rows, strict=True)
    return gpd.GeoDataFrame({attribute: values, "building_id": buildings}, geometry=list(geometry), crs=NZTM)
