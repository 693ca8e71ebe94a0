"""The half of the checker that looks at what the layers and rasters of ``roofgeo predict`` hold."""

from __future__ import annotations

import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

COMPASS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
LINE_TYPES = ["eave", "ridge", "hip", "valley", "rake", "step"]
ROOF_TYPES = ["flat", "shed", "gable", "hip", "pyramid", "complex"]
NODATA = 255

IDS = {"roof_segments": "segment_id", "roof_lines": "line_id", "buildings": "building_id"}
NEVER_NULL = {
    "roof_segments": ["segment_id", "building_id", "orientation", "footprint_area_m2", "clipped", "confidence"],
    "roof_lines": ["line_id", "line_type", "length_m", "azimuth_deg", "building_id", "confidence"],
    "buildings": ["building_id", "roof_type", "segment_count", "footprint_area_m2", "confidence"],
}
CATEGORIES = {
    "roof_segments.tif": ["background", "flat", *COMPASS],
    "roof_lines.tif": ["none", *LINE_TYPES],
}
HEIGHT = "roof_height.tif"
PROVENANCE = ("model", "hash", "version", "imagery")

AREA_TOLERANCE = 0.002
LENGTH_TOLERANCE = 0.002
ANGLE_TOLERANCE_DEG = 0.2
MOST_SQUARED_DEG = 10.0
MOST_RESIDUAL_M = 0.5
LEAST_AGREEMENT = 0.8
ON_LINE_M = 0.01
BESIDE_M = 0.001
NEAR_LINE_M = 1.0

Problems = Iterator[str]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Output:
    """What a run wrote, read once."""

    folder: Path
    segments: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame

    @property
    def geopackage(self) -> Path:
        return self.folder / "roofs.gpkg"


def content_problems(folder: Path) -> list[str]:
    """What is wrong with the content of a folder whose files, layers and fields are in form."""
    layers = [pyogrio.read_dataframe(folder / "roofs.gpkg", layer=name) for name in IDS]
    output = Output(folder, *layers)
    if empty := [f"{name} is empty" for name, layer in zip(IDS, layers, strict=True) if layer.empty]:
        return empty
    return [*check_ids(output)] or [problem for check in CHECKS for problem in check(output)]


def check_styles(output: Output) -> Problems:
    """Each layer has a default style in the file, where QGIS looks for it."""
    with closing(sqlite3.connect(output.geopackage)) as database:
        contents = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
        if "layer_styles" not in contents:
            yield "layer_styles is not registered in gpkg_contents"
            return
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles WHERE useAsDefault"
        ).fetchall()
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    styles = {(table, column): qml for table, column, qml in rows}
    for layer in IDS:
        if not is_style(styles.get((layer, columns[layer]))):
            yield f"{layer} has no style"


def is_style(qml: str | None) -> bool:
    """True for a QML document that draws something."""
    try:
        root = ET.fromstring(qml or "")
    except ET.ParseError:
        return False
    return root.tag == "qgis" and root.find(".//symbols/symbol") is not None


def check_provenance(output: Output) -> Problems:
    """The GeoPackage's metadata tables tell model, hash, version and imagery."""
    with closing(sqlite3.connect(output.geopackage)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if not {"gpkg_metadata", "gpkg_metadata_reference"} <= tables:
            yield "the GeoPackage has no metadata tables"
            return
        texts = database.execute(
            "SELECT metadata FROM gpkg_metadata JOIN gpkg_metadata_reference ON gpkg_metadata.id = md_file_id"
        ).fetchall()
    told = " ".join(text for (text,) in texts).lower().replace("sha256", "hash")
    yield from (f"the metadata of the GeoPackage do not tell the {word}" for word in PROVENANCE if word not in told)


def check_ids(output: Output) -> Problems:
    """Ids are unique, references hold, counts are right, what must be known is."""
    layers = (output.segments, output.lines, output.buildings)
    for layer, rows in zip(IDS, layers, strict=True):
        if rows[IDS[layer]].duplicated().any():
            yield f"{layer}: {IDS[layer]} is not unique"
        yield from (f"{layer}: {name} is NULL somewhere" for name in NEVER_NULL[layer] if rows[name].isna().any())
    buildings, segments = set(output.buildings["building_id"]), set(output.segments["segment_id"])
    if set(output.segments["building_id"]) != buildings:
        yield "segments and buildings do not belong together"
    if not set(output.lines["building_id"]) <= buildings:
        yield "a line belongs to a building that is not there"
    sides = output.lines[["left_segment_id", "right_segment_id"]]
    if not set(sides.stack().dropna()) <= segments:
        yield "a line lies at a segment that is not there"
    if sides.isna().all(axis=1).any():
        yield "a line lies at no segment"
    counts = output.segments.groupby("building_id").size()
    if not counts.reindex(output.buildings["building_id"]).eq(output.buildings["segment_count"].to_numpy()).all():
        yield "segment_count is wrong"


def check_shapes(output: Output) -> Problems:
    """Geometries are valid; segments neither overlap nor leave gaps; buildings are the union of their segments."""
    for name, rows in (("segment", output.segments), ("line", output.lines), ("building", output.buildings)):
        if not (rows.geometry.is_valid & ~rows.geometry.is_empty).all():
            yield f"a {name} is not valid"
            return
    outlines = output.buildings.set_index("building_id").geometry
    for building, rows in output.segments.groupby("building_id"):
        parts = rows.geometry.to_numpy()
        union = shapely.union_all(parts)
        if shapely.area(parts).sum() - union.area > 1e-3:
            yield f"segments of building {building} overlap"
        outline = outlines.get(building, shapely.Polygon())
        if outline.symmetric_difference(union).area > AREA_TOLERANCE * union.area:
            yield f"building {building} is not the union of its segments"
    for parts in hanging_together(output.segments, output.lines):
        if not shapely.coverage_is_valid(parts, gap_width=0.02):
            yield f"segments at {shapely.centroid(parts[0])} and beside do not share their edges"
    everything = output.segments.geometry
    if everything.area.sum() - everything.union_all().area > 1e-3:
        yield "buildings overlap"


def hanging_together(segments: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> list[NDArray[np.object_]]:
    """The polygons of segments, of each group that lines link: of one building, or of several wall to wall."""
    row = pd.Series(np.arange(len(segments)), index=segments["segment_id"])
    left, right = (row.reindex(lines[f"{side}_segment_id"]).to_numpy(float) for side in ("left", "right"))
    both = ~np.isnan(left) & ~np.isnan(right)
    links = (np.ones(both.sum()), (left[both].astype(int), right[both].astype(int)))
    group = connected_components(coo_array(links, shape=(len(row),) * 2), directed=False)[1]
    return [rows.geometry.to_numpy() for _, rows in segments.groupby(group)]


def check_angles(output: Output) -> Problems:
    """Azimuths in range, true against grid north, orientation names, slopes, the dominant azimuth."""
    rows = output.segments
    azimuth, grid_azimuth = rows["azimuth_deg"].to_numpy(float), rows["azimuth_grid_deg"].to_numpy(float)
    measured = rows["azimuth_measured_deg"].to_numpy(float)
    flat = rows["orientation"].eq("flat").to_numpy()
    if any((np.isnan(values) != flat).any() for values in (azimuth, grid_azimuth, measured)):
        yield "azimuths are not NULL exactly where the orientation is flat"
    for values in (azimuth[~flat], grid_azimuth[~flat], measured[~flat]):
        if ((values < 0) | (values >= 360)).any():
            yield "an azimuth is not in 0..360"
    if unknown := set(rows["orientation"]) - {"flat", *COMPASS}:
        yield f"orientations {unknown} are unknown"
        return
    centre = np.array([COMPASS.index(name) * 22.5 for name in rows["orientation"][~flat]])
    if (turned(azimuth[~flat], centre) > 11.25 + 0.01).any():
        yield "an orientation does not fit its azimuth"
    north = convergence_deg(rows)
    if (turned(azimuth, grid_azimuth + north)[~flat] > ANGLE_TOLERANCE_DEG).any():
        yield "azimuths from true and from grid north do not differ by the convergence"
    if (turned(azimuth, measured)[~flat] > MOST_SQUARED_DEG + ANGLE_TOLERANCE_DEG).any():
        yield "an azimuth is turned by more than 10 degrees from the measured one"
    yield from slope_problems(rows)
    yield from dominance_problems(output.buildings, rows[~flat])


def slope_problems(rows: gpd.GeoDataFrame) -> Problems:
    """Slopes and residuals in range, and no slope without a plane."""
    slope, residual = rows["slope_deg"].to_numpy(float), rows["residual_m"].to_numpy(float)
    if ((slope < 0) | (slope >= 90)).any():
        yield "a slope is not in 0..90"
    if ((residual < 0) | (residual > MOST_RESIDUAL_M)).any():
        yield "a residual is not in 0..0.5"
    if (np.isnan(residual) & ~np.isnan(slope)).any():
        yield "a slope is told without a residual"


def dominance_problems(buildings: gpd.GeoDataFrame, pitched: gpd.GeoDataFrame) -> Problems:
    """The dominant azimuth is the one of the largest pitched segment, or of one as large."""
    for building in buildings.itertuples():
        rows = pitched[pitched["building_id"] == building.building_id]
        largest = rows["azimuth_deg"][rows.geometry.area >= 0.999 * rows.geometry.area.max()].to_numpy(float)
        stated = building.dominant_azimuth_deg
        if np.isnan(stated) != rows.empty or (len(rows) and turned(largest, stated).min() > ANGLE_TOLERANCE_DEG):
            yield f"dominant_azimuth_deg of building {building.building_id} is not its largest segment's"


def turned(first: Floats, second: Floats | float) -> Floats:
    """Absolute difference of azimuths in degrees, the short way round."""
    return np.abs((first - second + 180) % 360 - 180)


def convergence_deg(rows: gpd.GeoDataFrame) -> Floats:
    """(n,) degrees from true to grid north at each row."""
    points = rows.geometry.representative_point().to_crs(rows.crs.geodetic_crs)
    factors = pyproj.Proj(rows.crs).get_factors(points.x.to_numpy(), points.y.to_numpy())
    return np.asarray(factors.meridian_convergence)


def check_measures(output: Output) -> Problems:
    """Areas, lengths and directions agree with the geometry."""
    for name, rows in (("segments", output.segments), ("buildings", output.buildings)):
        if not np.allclose(rows["footprint_area_m2"], rows.geometry.area, rtol=AREA_TOLERANCE, atol=0):
            yield f"footprint_area_m2 of {name} does not fit the geometry"
    slope, area = output.segments["slope_deg"].to_numpy(float), output.segments["area_m2"].to_numpy(float)
    if (np.isnan(slope) != np.isnan(area)).any():
        yield "area_m2 is not NULL exactly where the slope is"
    on_slope = output.segments["footprint_area_m2"].to_numpy(float) / np.cos(np.radians(slope))
    if not np.allclose(area, on_slope, rtol=AREA_TOLERANCE, equal_nan=True):
        yield "area_m2 does not fit footprint and slope"
    sums = output.segments.groupby("building_id")["area_m2"].agg(lambda areas: areas.sum(skipna=False))
    roofs = output.buildings.set_index("building_id")["roof_area_m2"].astype(float)
    if not np.allclose(roofs.reindex(sums.index), sums, rtol=AREA_TOLERANCE, equal_nan=True):
        yield "roof_area_m2 is not the sum of the segments' areas"
    if not np.allclose(output.lines["length_m"], output.lines.geometry.length, rtol=LENGTH_TOLERANCE, atol=1e-3):
        yield "length_m does not fit the geometry"
    if (output.lines["slope_length_m"] < output.lines["length_m"] * (1 - LENGTH_TOLERANCE)).any():
        yield "slope_length_m is less than length_m"
    wrong = {*output.lines["line_type"]} - {*LINE_TYPES} | {*output.buildings["roof_type"]} - {*ROOF_TYPES}
    if wrong:
        yield f"types {wrong} are unknown"


def check_confidences(output: Output) -> Problems:
    """Confidences are probabilities, and tell something."""
    for name, rows in (("segments", output.segments), ("lines", output.lines), ("buildings", output.buildings)):
        if not rows["confidence"].between(0, 1).all():
            yield f"a confidence of the {name} is not in 0..1"
        if len(rows) > 1 and rows["confidence"].nunique() == 1:
            yield f"all {name} have the same confidence"


def check_lines(output: Output) -> Problems:
    """Lines are the edges of the segments: on the boundary of both sides, the right way round, all of them."""
    shapes = output.segments.set_index("segment_id").geometry
    off, swapped = 0, 0
    for line in output.lines.itertuples():
        for number, side in ((line.left_segment_id, 1), (line.right_segment_id, -1)):
            if np.isnan(number) or number not in shapes.index:
                continue
            off += line.geometry.difference(shapes[number].boundary.buffer(ON_LINE_M)).length > ON_LINE_M
            # A millimetre: in an acute corner a face may be thinner than a step of a centimetre.
            swapped += shapes[number].distance(beside(line.geometry, side * BESIDE_M)) > BESIDE_M / 2
    if off:
        yield f"{off} lines do not lie on the edge of their segments"
    elif swapped:
        yield f"{swapped} lines have their segments on the wrong side"
    edges = shapely.union_all(shapely.boundary(output.segments.geometry.to_numpy())).length
    if not np.isclose(output.lines.geometry.length.sum(), edges, rtol=0.01):
        yield f"the lines are {output.lines.geometry.length.sum():.1f} m long, the segments' edges {edges:.1f} m"
    straight = output.lines[shapely.get_num_points(output.lines.geometry.to_numpy()) == 2]
    xy = shapely.get_coordinates(straight.geometry.to_numpy()).reshape(-1, 2, 2)
    east, north = (xy[:, 1] - xy[:, 0]).T
    azimuth = np.degrees(np.arctan2(east, north)) + convergence_deg(straight)
    stated = straight["azimuth_deg"].to_numpy(float)
    if (
        not output.lines["azimuth_deg"].between(0, 180).all()
        or (turned(2 * azimuth, 2 * stated)[shapely.length(straight.geometry.to_numpy()) > 0.1] > 1).any()
    ):
        yield "azimuth_deg of a line does not fit the geometry"


def beside(line: shapely.LineString, distance_m: float) -> shapely.Point:
    """A point beside the first stretch of a line: on the left for a positive distance."""
    start, end = shapely.get_coordinates(line)[:2]
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-9)
    return shapely.Point((start + end) / 2 + distance_m * np.array([-along[1], along[0]]))


def check_rasters(output: Output) -> Problems:
    """Rasters hold what the layers hold, and are not empty."""
    with rasterio.open(output.folder / "roof_segments.tif") as raster:
        classes, transform = raster.read(1), raster.transform
    with rasterio.open(output.folder / "roof_lines.tif") as raster:
        lines = raster.read(1)
    with rasterio.open(output.folder / "roof_confidence.tif") as raster:
        confidence = raster.read(1)
    yield from value_problems(classes, lines, confidence)
    roof = (classes > 0) & (classes != NODATA)
    polygons = drawn(output.segments.geometry, roof.shape, transform)
    if not roof.any() or (roof & polygons).sum() < LEAST_AGREEMENT * (roof | polygons).sum():
        yield "roof_segments.tif and the segments are not at the same place"
    elif agreement(output.segments, classes, transform) < LEAST_AGREEMENT:
        yield "roof_segments.tif and the segments face different ways"
    edge = (lines > 0) & (lines != NODATA)
    near = drawn(output.lines.buffer(NEAR_LINE_M), edge.shape, transform)
    if not edge.any() or (edge & near).sum() < 0.5 * edge.sum():
        yield "roof_lines.tif and the lines are not at the same place"
    if (output.folder / HEIGHT).exists():
        yield from height_problems(output.folder / HEIGHT, roof)


def value_problems(classes: NDArray[np.uint8], lines: NDArray[np.uint8], confidence: NDArray[np.uint8]) -> Problems:
    """Values outside of what the rasters may hold, and rasters that say nothing."""
    for name, values, most in (
        ("roof_segments.tif", classes, 17),
        ("roof_lines.tif", lines, 6),
        ("roof_confidence.tif", confidence, 100),
    ):
        known = values[values != NODATA]
        if (known > most).any():
            yield f"{name} holds values over {most}"
        if len(np.unique(known)) < 2:
            yield f"{name} is empty"


def height_problems(path: Path, roof: NDArray[np.bool_]) -> Problems:
    """Heights that no building has."""
    with rasterio.open(path) as raster:
        heights = raster.read(1)[roof]
    known = heights[~np.isnan(heights)]
    if known.size == 0 or np.ptp(known) == 0:
        yield f"{HEIGHT} is empty"
    elif known.min() < -1 or known.max() > 300:
        yield f"{HEIGHT} holds heights from {known.min()} to {known.max()} m"


def drawn(shapes: gpd.GeoSeries, shape: tuple[int, int], transform: rasterio.Affine) -> NDArray[np.bool_]:
    """(height, width) True inside the shapes."""
    return rasterio.features.geometry_mask(shapes, shape, transform, invert=True)


def agreement(segments: gpd.GeoDataFrame, classes: NDArray[np.uint8], transform: rasterio.Affine) -> float:
    """Share of the segments' pixels in segments whose commonest class is at most one step of the compass away."""
    order = range(1, len(segments) + 1)
    number = rasterio.features.rasterize(zip(segments.geometry, order, strict=True), classes.shape, transform=transform)
    counted = (number > 0) & (classes <= 17)
    pairs = number[counted].astype(np.int64) * 18 + classes[counted]
    table = np.bincount(pairs, minlength=18 * (len(segments) + 1)).reshape(-1, 18)[1:, 1:]
    right = total = 0
    for votes, orientation in zip(table, segments["orientation"], strict=True):
        if not votes.any():
            continue
        common = int(votes.argmax())
        fits = common == 0 if orientation == "flat" else common > 0 and steps(common - 1, orientation) <= 1
        total += int(votes.sum())
        right += int(votes.sum()) * fits
    return right / total if total else 0.0


def steps(compass_index: int, orientation: str) -> int:
    """Steps of the compass between two orientations, the short way round; 16 if there is no such orientation."""
    if orientation not in COMPASS:
        return 16
    difference = abs(compass_index - COMPASS.index(orientation))
    return min(difference, 16 - difference)


def check_no_toy(output: Output) -> Problems:
    """A result has several buildings that face several ways, and lines of several types."""
    if len(output.buildings) < 2:
        yield "there is only one building"
    if output.segments["orientation"].nunique() < 2:
        yield "all segments face the same way"
    if output.lines["line_type"].nunique() < 2:
        yield "all lines are of one type"
    if output.buildings["segment_count"].max() < 2:
        yield "no building has two segments"


CHECKS: tuple[Callable[[Output], Problems], ...] = (
    check_styles, check_provenance, check_shapes, check_angles, check_measures, check_confidences,
    check_lines, check_rasters, check_no_toy,
)  # fmt: skip
