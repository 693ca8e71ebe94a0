"""The checker passes an output that keeps the contract, and refuses toys and each single breach."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import rasterio
import rasterio.features
import rasterio.shutil
import shapely

from roofgeo.grid import Grid
from tests.checker import check_outputs
from tests.checker_content import CATEGORIES, COMPASS, beside, convergence_deg

CRS = "EPSG:32632"
LEFT, TOP, PIXEL_M = 440_000.0, 5_300_000.0, 0.1  # away from the zone's middle: grid north is not true north
SHAPE = (400, 600)
TRANSFORM = rasterio.transform.from_origin(LEFT, TOP, PIXEL_M, PIXEL_M)
TAGS = {"ROOFGEO_VERSION": "0.1.0", "MODEL": "toy", "MODEL_SHA256": "12ab", "IMAGERY": "ortho.tif"}
QML = '<qgis><renderer-v2><symbols><symbol name="0" type="fill"/></symbols></renderer-v2></qgis>'

# Segments in metres right of and below the upper left corner: building, azimuth from grid north, ring.
FACES = (
    (1, 270.0, [(5, 5), (5, 17), (10, 17), (10, 5)]),
    (1, 90.0, [(10, 5), (10, 17), (15, 17), (15, 5)]),
    (2, None, [(20, 5), (20, 15), (30, 15), (30, 5)]),
    (3, 0.0, [(40, 20), (46, 26), (52, 20)]),
    (3, 90.0, [(52, 20), (46, 26), (52, 32)]),
    (3, 180.0, [(52, 32), (46, 26), (40, 32)]),
    (3, 270.0, [(40, 32), (46, 26), (40, 20)]),
)
SLOPE_DEG = 35.0

Layers = dict[str, gpd.GeoDataFrame]


def polygon(ring: list[tuple[float, float]]) -> shapely.Polygon:
    return shapely.Polygon([(LEFT + x, TOP - y) for x, y in ring])


def good_segments() -> gpd.GeoDataFrame:
    """The faces with all their fields."""
    frame = gpd.GeoDataFrame(geometry=[polygon(ring) for *_, ring in FACES], crs=CRS)
    grid_azimuth = np.array([azimuth for _, azimuth, _ in FACES], dtype=float)
    slope = np.where(np.isnan(grid_azimuth), 0.0, SLOPE_DEG)
    frame["segment_id"] = np.arange(1, len(FACES) + 1)
    frame["building_id"] = [building for building, *_ in FACES]
    azimuth = (grid_azimuth + convergence_deg(frame)) % 360
    frame["orientation"] = ["flat" if np.isnan(a) else COMPASS[round(a / 22.5) % 16] for a in azimuth]
    frame["azimuth_deg"], frame["azimuth_grid_deg"], frame["slope_deg"] = azimuth, grid_azimuth, slope
    frame["azimuth_measured_deg"] = (azimuth + 2) % 360
    frame["footprint_area_m2"] = frame.geometry.area
    frame["area_m2"] = frame.geometry.area / np.cos(np.radians(slope))
    frame["height_m"], frame["residual_m"] = 6.0, 0.05
    frame["clipped"] = False
    frame["confidence"] = np.linspace(0.7, 0.9, len(frame))
    return frame


def good_lines(segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """All edges of the segments, with what lies on their sides."""
    rows = []
    for building, faces in segments.groupby("building_id"):
        edges = shapely.get_parts(shapely.line_merge(shapely.node(shapely.union_all(faces.boundary.to_numpy()))))
        pieces = [shapely.LineString(xy) for e in edges for xy in zip(e.coords[:-1], e.coords[1:], strict=True)]
        for edge in pieces:
            sides = [faces["segment_id"][faces.contains(beside(edge, side))].tolist() for side in (0.01, -0.01)]
            left, right = (ids[0] if ids else None for ids in sides)
            line_type = "eave" if None in (left, right) else "ridge" if building == 1 else "hip"
            rows.append((line_type, left, right, building, edge))
    types, left, right, buildings, shapes = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame({"line_type": types, "building_id": buildings}, geometry=list(shapes), crs=CRS)
    frame["line_id"] = np.arange(len(frame))
    frame["length_m"] = frame.geometry.length
    frame["slope_length_m"] = 1.1 * frame["length_m"]
    xy = shapely.get_coordinates(frame.geometry.to_numpy()).reshape(-1, 2, 2)
    east, north = (xy[:, 1] - xy[:, 0]).T
    frame["azimuth_deg"] = (np.degrees(np.arctan2(east, north)) + convergence_deg(frame)) % 180
    frame["left_segment_id"] = pd.array(left, dtype="Int64")
    frame["right_segment_id"] = pd.array(right, dtype="Int64")
    frame["confidence"] = np.linspace(0.5, 0.8, len(frame))
    return frame


def good_buildings(segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    groups = segments.groupby("building_id")
    frame = gpd.GeoDataFrame(geometry=[rows.union_all() for _, rows in groups], crs=CRS)
    frame["building_id"] = [building for building, _ in groups]
    frame["roof_type"] = ["gable", "flat", "pyramid"]
    frame["segment_count"] = groups.size().to_numpy()
    frame["footprint_area_m2"] = frame.geometry.area
    frame["roof_area_m2"] = groups["area_m2"].sum().to_numpy()
    frame["dominant_azimuth_deg"] = groups["azimuth_deg"].first().to_numpy()
    frame["height_m"] = 6.0
    frame["confidence"] = [0.9, 0.8, 0.95]
    return frame


FIELD_ORDER = {
    "roof_segments": "segment_id building_id orientation azimuth_deg azimuth_grid_deg azimuth_measured_deg "
    "slope_deg footprint_area_m2 area_m2 height_m residual_m clipped confidence geometry",
    "roof_lines": "line_id line_type length_m slope_length_m azimuth_deg left_segment_id right_segment_id building_id "
    "confidence geometry",
    "buildings": "building_id roof_type segment_count footprint_area_m2 roof_area_m2 dominant_azimuth_deg height_m "
    "confidence geometry",
}


def good_layers() -> Layers:
    segments = good_segments()
    layers = {"roof_segments": segments, "roof_lines": good_lines(segments), "buildings": good_buildings(segments)}
    return {name: layer[FIELD_ORDER[name].split()] for name, layer in layers.items()}


def write_layers(path: Path, layers: Layers, *, styles: bool = True, metadata: bool = True) -> None:
    """A GeoPackage of the layers, with styles and provenance unless told otherwise."""
    path.unlink(missing_ok=True)
    for name, layer in layers.items():
        told = {k.lower(): v for k, v in TAGS.items()} if metadata else None
        kind = "LineString" if name == "roof_lines" else "Polygon"
        pyogrio.write_dataframe(layer, path, layer=name, geometry_type=kind, dataset_metadata=told)
    if styles:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, f_table_name TEXT, f_geometry_column TEXT, "
                "styleName TEXT, styleQML TEXT, useAsDefault BOOLEAN)"
            )
            insert = "INSERT INTO layer_styles VALUES (NULL, ?, 'geom', 'default', ?, 1)"
            database.executemany(insert, [(name, QML) for name in layers])
            register = "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('layer_styles', 'attributes')"
            database.execute(register)


def write_raster(path: Path, values: np.ndarray, **changes: object) -> None:
    """A COG of the values, its category names beside it; `changes` break it."""
    name = path.name
    height, width = values.shape
    defaults = {"crs": CRS, "transform": TRANSFORM, "nodata": 255}
    profile = {"driver": "GTiff", "dtype": values.dtype, "count": 1, "height": height, "width": width}
    driver = str(changes.get("driver", "COG"))
    options = {"blocksize": changes.get("blocksize", 512)} if driver == "COG" else {"tiled": True}
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile, **{key: changes.get(key, value) for key, value in defaults.items()}) as raster:
            raster.write(values, 1)
            raster.update_tags(**changes.get("tags", TAGS))
            raster.set_band_description(1, str(changes.get("band", "class")))
            if name in CATEGORIES and changes.get("palette", True):
                raster.write_colormap(1, {i: (i * 13 % 256, i * 7, 255 - i, 255) for i in range(256)})
        with memory.open() as raster:
            rasterio.shutil.copy(raster, path, driver=driver, **options)
    if name in CATEGORIES and changes.get("names", True):
        entries = "".join(f"<Category>{entry}</Category>" for entry in CATEGORIES[name])
        xml = (
            f'<PAMDataset><PAMRasterBand band="1"><CategoryNames>{entries}</CategoryNames></PAMRasterBand></PAMDataset>'
        )
        path.with_name(name + ".aux.xml").write_text(xml)


def good_rasters(layers: Layers) -> dict[str, np.ndarray]:
    """Classes, lines and confidence drawn from the layers."""
    segments, lines = layers["roof_segments"], layers["roof_lines"]
    codes = [1 if o == "flat" else 2 + COMPASS.index(o) for o in segments["orientation"]]
    classes = drawn(zip(segments.geometry, codes, strict=True))
    types = {"eave": 1, "ridge": 2, "hip": 3}
    edges = drawn(zip(lines.buffer(0.15), lines["line_type"].map(types), strict=True))
    confidence = np.where(classes > 0, 80 + classes, 99).astype(np.uint8)
    return {"roof_segments.tif": classes, "roof_lines.tif": edges, "roof_confidence.tif": confidence}


def drawn(shapes: object) -> np.ndarray:
    return rasterio.features.rasterize(shapes, SHAPE, transform=TRANSFORM).astype(np.uint8)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps the contract."""
    folder = tmp_path_factory.mktemp("kept")
    layers = good_layers()
    write_layers(folder / "roofs.gpkg", layers)
    for name, values in good_rasters(layers).items():
        write_raster(folder / name, values)
    heights = np.where(good_rasters(layers)["roof_segments.tif"] > 0, np.float32(6), np.float32(0))
    heights[100:] += np.float32(1)
    write_raster(folder / "roof_height.tif", heights, nodata=float("nan"))
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(kept, tmp_path / "roofs"))


def test_what_keeps_the_contract_passes(kept: Path) -> None:
    assert check_outputs(kept) == []


def test_heights_are_not_required(folder: Path) -> None:
    (folder / "roof_height.tif").unlink()
    assert check_outputs(folder) == []


def test_the_convergence_is_the_grids() -> None:
    segments = good_segments()
    point = segments.geometry[0].representative_point()
    grid = Grid(pyproj.CRS(CRS), LEFT, TOP, PIXEL_M, *SHAPE)
    assert convergence_deg(segments)[0] == pytest.approx(grid.north_offset_deg(point.x, point.y), abs=1e-3)


# ---- toys


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "roofs.gpkg is missing" in check_outputs(tmp_path)
    assert "roofs.gpkg is missing" in check_outputs(tmp_path / "nowhere")


def test_empty_rasters_are_refused(folder: Path) -> None:
    for name in ("roof_segments.tif", "roof_lines.tif", "roof_confidence.tif"):
        write_raster(folder / name, np.zeros(SHAPE, np.uint8))
    problems = check_outputs(folder)
    assert {"roof_segments.tif is empty", "roof_lines.tif is empty", "roof_confidence.tif is empty"} <= set(problems)


def test_empty_layers_are_refused(folder: Path) -> None:
    write_layers(folder / "roofs.gpkg", {name: layer.iloc[:0] for name, layer in good_layers().items()})
    assert "roof_segments is empty" in check_outputs(folder)


def test_one_square_is_refused(folder: Path) -> None:
    layers = {name: layer[layer["building_id"] == 2] for name, layer in good_layers().items()}
    write_layers(folder / "roofs.gpkg", layers)
    for name, values in good_rasters(layers).items():
        write_raster(folder / name, values)
    problems = check_outputs(folder)
    assert {"there is only one building", "all segments face the same way", "no building has two segments"} <= {
        *problems
    }


def test_missing_styles_are_refused(folder: Path) -> None:
    write_layers(folder / "roofs.gpkg", good_layers(), styles=False)
    assert check_outputs(folder) == ["layer_styles is not registered in gpkg_contents"]


# ---- single breaches


@pytest.mark.parametrize("qml", ["", "<qgis/>", "<sld/>", "<qgis"])
def test_a_style_that_draws_nothing_is_refused(folder: Path, qml: str) -> None:
    with closing(sqlite3.connect(folder / "roofs.gpkg")) as database, database:
        database.execute("UPDATE layer_styles SET styleQML = ? WHERE f_table_name = 'roof_lines'", [qml])
    assert check_outputs(folder) == ["roof_lines has no style"]


def test_missing_provenance_is_refused(folder: Path) -> None:
    write_layers(folder / "roofs.gpkg", good_layers(), metadata=False)
    assert check_outputs(folder) == ["the GeoPackage has no metadata tables"]
    write_raster(folder / "roof_segments.tif", np.zeros(SHAPE, np.uint8), tags={**TAGS, "MODEL": "", "IMAGERY": " "})
    problems = check_outputs(folder)
    assert "roof_segments.tif: no tag names the model" in problems
    assert "roof_segments.tif: no tag names the imagery" in problems


def test_a_file_left_over_is_refused(folder: Path) -> None:
    (folder / "roof_lines.tif.part").touch()
    assert check_outputs(folder) == ["roof_lines.tif.part is left over"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"driver": "GTiff"}, "is no cloud-optimised GeoTIFF"),
        ({"blocksize": 256}, "blocks are (256, 256), not 512 x 512"),
        ({"nodata": 0}, "nodata is 0.0"),
        ({"nodata": None}, "nodata is None"),
        ({"palette": False}, "has no palette"),
        ({"names": False}, "category names are []"),
        ({"band": ""}, "the band has no name"),
        ({"crs": "EPSG:32633"}, "rasters and layers are not in the same CRS"),
        ({"crs": None}, "rasters and layers are not in the same CRS"),
        ({"transform": rasterio.transform.from_origin(0, 0, 0.1, 0.1)}, "the rasters are not on one grid"),
        ({"transform": rasterio.Affine(0.1, 0.01, LEFT, 0, -0.1, TOP)}, "is not north-up with square pixels"),
    ],
)
def test_a_raster_of_another_form_is_refused(folder: Path, changes: dict[str, object], problem: str) -> None:
    (folder / "roof_segments.tif.aux.xml").unlink()
    write_raster(folder / "roof_segments.tif", good_rasters(good_layers())["roof_segments.tif"], **changes)
    assert any(problem in found for found in check_outputs(folder))


def test_rasters_of_another_type_are_refused(folder: Path) -> None:
    write_raster(folder / "roof_confidence.tif", np.ones(SHAPE, np.float32))
    assert any("not one band of uint8" in found for found in check_outputs(folder))


def moved(values: np.ndarray) -> np.ndarray:
    return np.roll(values, 150, axis=1)


def turned_around(values: np.ndarray) -> np.ndarray:
    return np.where(values > 1, (values - 2 + 8) % 16 + 2, values).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("roof_segments.tif", moved, "roof_segments.tif and the segments are not at the same place"),
        ("roof_segments.tif", turned_around, "roof_segments.tif and the segments face different ways"),
        (
            "roof_segments.tif",
            lambda v: np.where(v > 0, 18, v).astype(np.uint8),
            "roof_segments.tif holds values over 17",
        ),
        ("roof_lines.tif", moved, "roof_lines.tif and the lines are not at the same place"),
        ("roof_lines.tif", lambda v: np.where(v > 0, 9, v).astype(np.uint8), "roof_lines.tif holds values over 6"),
        ("roof_confidence.tif", lambda v: v + np.uint8(100), "roof_confidence.tif holds values over 100"),
        ("roof_confidence.tif", lambda v: np.full_like(v, 50), "roof_confidence.tif is empty"),
    ],
)
def test_rasters_that_contradict_the_layers_are_refused(
    folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray], problem: str
) -> None:
    write_raster(folder / name, change(good_rasters(good_layers())[name]))
    assert problem in check_outputs(folder)


def test_impossible_heights_are_refused(folder: Path) -> None:
    heights = np.linspace(-50, 50, SHAPE[0] * SHAPE[1], dtype=np.float32).reshape(SHAPE)
    write_raster(folder / "roof_height.tif", heights, nodata=float("nan"))
    assert any("roof_height.tif holds heights" in found for found in check_outputs(folder))
    write_raster(folder / "roof_height.tif", np.full(SHAPE, np.nan, np.float32), nodata=float("nan"))
    assert "roof_height.tif is empty" in check_outputs(folder)


FORM_BREACHES: list[tuple[str, Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], str]] = [
    ("roof_segments", lambda f: f.drop(columns="slope_deg"), "roof_segments has the fields"),
    ("roof_segments", lambda f: f.assign(clipped=f["clipped"].astype(int)), "roof_segments has the fields"),
    ("roof_lines", lambda f: f.to_crs("EPSG:4326"), "roof_lines is in EPSG:4326"),
    ("buildings", lambda f: f.to_crs("EPSG:3857"), "buildings is in EPSG:3857"),
]


@pytest.mark.parametrize(("layer", "change", "problem"), FORM_BREACHES)
def test_layers_of_another_form_are_refused(
    folder: Path, layer: str, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], problem: str
) -> None:
    layers = good_layers()
    write_layers(folder / "roofs.gpkg", {**layers, layer: change(layers[layer])})
    assert any(found.startswith(problem) for found in check_outputs(folder))


def test_a_missing_layer_is_refused(folder: Path) -> None:
    layers = good_layers()
    del layers["roof_lines"]
    write_layers(folder / "roofs.gpkg", layers)
    assert check_outputs(folder) == ["layer roof_lines is missing"]


def cell(layer: str, column: str, value: object, row: int = 0) -> Callable[[Layers], None]:
    """A change of one value of a layer."""

    def change(layers: Layers) -> None:
        layers[layer].loc[layers[layer].index[row], column] = value

    return change


def column(layer: str, name: str, value: object) -> Callable[[Layers], None]:
    """A change of a whole column."""

    def change(layers: Layers) -> None:
        layers[layer][name] = value

    return change


def shifted(layer: str, row: int, east_m: float) -> Callable[[Layers], None]:
    """A geometry moved away from its neighbours."""

    def change(layers: Layers) -> None:
        frame = layers[layer]
        frame.loc[row, "geometry"] = shapely.affinity.translate(frame.geometry[row], east_m)

    return change


def swap_sides(layers: Layers) -> None:
    lines = layers["roof_lines"]
    left, right = lines["left_segment_id"].array, lines["right_segment_id"].array
    lines["left_segment_id"], lines["right_segment_id"] = right, left


def drop_lines(layers: Layers) -> None:
    layers["roof_lines"] = layers["roof_lines"].iloc[3:]


def invalid_segment(layers: Layers) -> None:
    layers["roof_segments"].loc[0, "geometry"] = polygon([(5, 5), (10, 17), (10, 5), (5, 17)])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (cell("roof_segments", "segment_id", 2), "roof_segments: segment_id is not unique"),
        (cell("roof_lines", "line_id", 2), "roof_lines: line_id is not unique"),
        (cell("roof_segments", "building_id", 9), "segments and buildings do not belong together"),
        (cell("roof_lines", "building_id", 9), "a line belongs to a building that is not there"),
        (column("roof_lines", "left_segment_id", 99), "a line lies at a segment that is not there"),
        (cell("buildings", "segment_count", 5), "segment_count is wrong"),
        (cell("roof_segments", "confidence", None), "roof_segments: confidence is NULL somewhere"),
        (invalid_segment, "a segment is not valid"),
        (shifted("roof_segments", 1, -0.5), "segments of building 1 overlap"),
        (shifted("roof_segments", 1, 0.01), "beside do not share their edges"),
        (shifted("roof_segments", 2, -6), "buildings overlap"),
        (shifted("buildings", 0, 1), "building 1 is not the union of its segments"),
        (cell("roof_segments", "azimuth_deg", None), "azimuths are not NULL exactly where the orientation is flat"),
        (cell("roof_segments", "azimuth_deg", 400.0), "an azimuth is not in 0..360"),
        (cell("roof_segments", "azimuth_deg", 272.0), "azimuths from true and from grid north do not differ by"),
        (cell("roof_segments", "orientation", "S"), "an orientation does not fit its azimuth"),
        (cell("roof_segments", "orientation", "up"), "orientations {'up'} are unknown"),
        (cell("roof_segments", "slope_deg", 95.0), "a slope is not in 0..90"),
        (cell("roof_segments", "azimuth_measured_deg", None), "azimuths are not NULL exactly where the orientation is"),
        (cell("roof_segments", "azimuth_measured_deg", 300.0), "an azimuth is turned by more than 10 degrees"),
        (cell("roof_segments", "residual_m", 0.6), "a residual is not in 0..0.5"),
        (cell("roof_segments", "residual_m", None), "a slope is told without a residual"),
        (cell("roof_lines", "slope_length_m", 1.0), "slope_length_m is less than length_m"),
        (cell("buildings", "dominant_azimuth_deg", 12.0), "dominant_azimuth_deg of building 1"),
        (cell("buildings", "dominant_azimuth_deg", 12.0, row=1), "dominant_azimuth_deg of building 2"),
        (cell("roof_segments", "footprint_area_m2", 61.0), "footprint_area_m2 of segments does not fit"),
        (cell("buildings", "footprint_area_m2", -1.0), "footprint_area_m2 of buildings does not fit"),
        (cell("roof_segments", "slope_deg", None), "area_m2 is not NULL exactly where the slope is"),
        (cell("roof_segments", "area_m2", 60.0), "area_m2 does not fit footprint and slope"),
        (cell("buildings", "roof_area_m2", 1.0), "roof_area_m2 is not the sum"),
        (cell("roof_lines", "length_m", 1.0), "length_m does not fit the geometry"),
        (cell("roof_lines", "line_type", "gutter"), "types {'gutter'} are unknown"),
        (cell("buildings", "roof_type", "dome"), "types {'dome'} are unknown"),
        (column("roof_segments", "confidence", 0.5), "all segments have the same confidence"),
        (cell("roof_lines", "confidence", 1.5), "a confidence of the lines is not in 0..1"),
        (shifted("roof_lines", 0, 0.5), "1 lines do not lie on the edge of their segments"),
        (swap_sides, "lines have their segments on the wrong side"),
        (drop_lines, "m long, the segments' edges"),
        (column("roof_lines", "azimuth_deg", 33.0), "azimuth_deg of a line does not fit the geometry"),
        (column("roof_lines", "line_type", "eave"), "all lines are of one type"),
    ],
)
def test_a_breach_in_the_layers_is_refused(folder: Path, change: Callable[[Layers], None], problem: str) -> None:
    layers = good_layers()
    change(layers)
    write_layers(folder / "roofs.gpkg", layers)
    assert any(problem in found for found in check_outputs(folder)), check_outputs(folder)
