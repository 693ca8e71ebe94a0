"""Whatever the bands say, layers come out that hold together."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from roofgeo.grid import Grid
from roofgeo.schema import (
    AZIMUTH_BIN_DEG,
    BUILDINGS_LAYER,
    FIRST_PITCHED,
    LAYERS,
    LINES_LAYER,
    SEGMENT_CLASSES,
    SEGMENTS_LAYER,
)
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.export import read_layers, write_geopackage
from roofgeo.vector.seams import join_blocks, vectorize_block
from tests.checker_content import hanging_together
from tests.vector.rasters import BandArrays, one_hot, utm_grid
from tests.vector.shapes import SHAPE, gable, layers_of

Layers = dict[str, gpd.GeoDataFrame]
Classes = NDArray[np.int64]

FLAT, NORTH, EAST, SOUTH, WEST = 1, 2, 6, 10, 14
NARROW_GAPS_M = 0.01, 0.02


def odd_bands(classes: Classes) -> BandArrays:
    """Bands of a (height, width) raster of the classes of segments, as sure of themselves as can be."""
    angle = np.deg2rad((classes - FIRST_PITCHED) * AZIMUTH_BIN_DEG)
    vectors = np.stack([np.sin(angle), np.cos(angle)]) * (classes >= FIRST_PITCHED)
    segments = one_hot(classes, len(SEGMENT_CLASSES))
    return {"segments": segments, "azimuth": vectors.astype(np.float32), "roof": (classes > 0)[None].astype(np.float32)}


def vectorized(bands: BandArrays, grid: Grid, core_px: int, valid: NDArray[np.bool_] | None = None) -> Layers:
    """The layers of bands that come in blocks."""
    valid = np.ones(grid.shape, bool) if valid is None else valid
    roof = bands["roof"][0] > 0.5
    parts = []
    for block in grid.blocks(core_px, 0):
        inner = block.core.slices_in(grid.window)
        cores = {head: band[:, *inner] for head, band in bands.items()}
        parts.append(vectorize_block(cores, roof[inner], valid[inner], block.core, grid))
    return attribute_layers(join_blocks(parts, grid), grid)


def sound_layers(bands: BandArrays, pixel_size_m: float = 0.1, valid: NDArray[np.bool_] | None = None) -> Layers:
    """The layers of bands in one piece, which hold together and fill their fields."""
    grid = utm_grid(bands["roof"].shape[1:], pixel_size_m)
    layers = vectorized(bands, grid, max(grid.shape), valid)
    assert_a_coverage(layers)
    assert_filled(layers)
    return layers


def assert_a_coverage(layers: Layers) -> None:
    """No gap, no overlap, no ring that is not valid, no edge inside a building that is not shared, no line missing."""
    segments, lines, buildings = (layers[layer.name] for layer in (SEGMENTS_LAYER, LINES_LAYER, BUILDINGS_LAYER))
    faces = segments.geometry.to_numpy()
    assert (shapely.get_type_id(faces) == shapely.GeometryType.POLYGON).all()
    assert shapely.is_valid(faces).all()
    assert shapely.area(faces).sum() == pytest.approx(shapely.union_all(faces).area, rel=1e-9)
    assert shapely.is_valid(lines.geometry.to_numpy()).all()
    assert (lines.geometry.length > 0).all()
    for together in hanging_together(segments, lines):
        assert shapely.coverage_is_valid(together)
        assert all(narrow_gaps(together, faces, gap_m) == [] for gap_m in NARROW_GAPS_M)
    for number, outline in zip(buildings["building_id"], buildings.geometry, strict=True):
        own = faces[segments["building_id"] == number]
        assert outline.geom_type == "Polygon"
        assert shapely.area(own).sum() == pytest.approx(outline.area, rel=1e-9)
        numbers = segments["segment_id"][segments["building_id"] == number]
        beside = lines[["left_segment_id", "right_segment_id"]].isin(set(numbers)).any(axis=1)
        own_lines = lines.geometry[beside]
        own_edges = shapely.union_all(shapely.boundary(own))
        assert own_lines.length.sum() == pytest.approx(own_edges.length, rel=1e-9)
    edges = shapely.union_all(shapely.boundary(faces))
    assert (shapely.distance(edges, lines.geometry.interpolate(0.3, normalized=True).to_numpy()) < 1e-6).all()


def narrow_gaps(together: NDArray[np.object_], faces: NDArray[np.object_], gap_m: float) -> list[shapely.Geometry]:
    """Edges of faces that hang together along gaps no wider than this, unless one of the other faces lies there."""
    others = shapely.union_all(faces[~np.isin(shapely.to_wkb(faces), shapely.to_wkb(together))])
    edges = shapely.coverage_invalid_edges(together, gap_width=gap_m)
    return [edge for edge in edges if not edge.is_empty and not shapely.dwithin(edge, others, gap_m)]


def assert_filled(layers: Layers) -> None:
    """Fields that may not be NULL are not, and none is infinite."""
    for layer in LAYERS:
        rows = layers[layer.name]
        for field in layer.fields:
            assert field.nullable or rows[field.name].notna().all(), field.name
            assert field.dtype != "float64" or not np.isinf(rows[field.name]).any(), field.name


class_rasters = st.tuples(
    arrays(
        np.int64,
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
        elements=st.sampled_from([0, FLAT, NORTH, EAST, SOUTH]),
    ),
    st.integers(1, 5),
).map(lambda drawn: np.kron(drawn[0], np.ones((drawn[1], drawn[1]), np.int64)))
pixel_sizes_m = st.sampled_from([0.1, 0.3, 1.0, 2.0])
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(class_rasters, pixel_sizes_m)
@unhurried
def test_any_classes_become_a_coverage(classes, pixel_size_m):
    sound_layers(odd_bands(classes), pixel_size_m)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), pixel_sizes_m)
@example(38, 37, 38, 0.3)  # the corner of one building reaches between two faces of another
@unhurried
def test_any_probabilities_become_a_coverage(seed, height, width, pixel_size_m):
    rng = np.random.default_rng(seed)
    bands = {
        "segments": rng.dirichlet(np.full(18, 0.1), (height, width)).transpose(2, 0, 1),
        "azimuth": rng.normal(size=(2, height, width)),
        "lines": rng.dirichlet(np.full(7, 0.2), (height, width)).transpose(2, 0, 1),
        "roof": rng.random((1, height, width)) + 0.2,
        "height": rng.normal(5, 5, (1, height, width)),
    }
    sound_layers({head: band.astype(np.float32) for head, band in bands.items()}, pixel_size_m)


@given(class_rasters, pixel_sizes_m, st.integers(1, 30))
@unhurried
def test_any_classes_are_the_same_in_blocks(classes, pixel_size_m, core_px):
    bands, grid = odd_bands(classes), utm_grid(classes.shape, pixel_size_m)
    whole, split = (vectorized(bands, grid, side) for side in (max(grid.shape), core_px))
    for name, layer in whole.items():
        assert layer.drop(columns="geometry").equals(split[name].drop(columns="geometry"))
        assert shapely.equals_exact(layer.geometry.to_numpy(), split[name].geometry.to_numpy()).all()


@given(class_rasters, pixel_sizes_m, st.data())
@unhurried
def test_pixels_that_could_not_be_read_are_no_roof(classes, pixel_size_m, data):
    valid = data.draw(arrays(bool, classes.shape, elements=st.sampled_from([True, True, True, False])))
    layers = sound_layers(odd_bands(classes), pixel_size_m, valid)
    if not (valid & (classes > 0)).any():
        assert layers["roof_segments"].empty


def hip_roof(side_px: int) -> Classes:
    """(side + 8, side + 8) a pyramid with a margin of ground."""
    row, col = np.mgrid[:side_px, :side_px] - (side_px - 1) / 2
    classes = np.where(np.abs(row) > np.abs(col), np.where(row < 0, NORTH, SOUTH), np.where(col < 0, WEST, EAST))
    return np.pad(classes, 4)


@pytest.mark.slow
def test_a_building_of_more_than_a_megapixel():
    classes = hip_roof(1100)
    layers = sound_layers(odd_bands(classes))
    assert len(layers["roof_segments"]) == 4
    assert layers["buildings"]["footprint_area_m2"].sum() == pytest.approx(110**2, rel=0.002)
    grid = utm_grid(classes.shape)
    split = vectorized(odd_bands(classes), grid, 320)
    segments = [found["roof_segments"].geometry.to_numpy() for found in (layers, split)]
    assert shapely.equals_exact(*segments).all()


def test_a_courtyard_is_a_hole_and_a_shed_in_it_a_building():
    classes = np.pad(np.full((120, 120), FLAT), 8)
    classes[38:98, 38:98] = 0
    classes[58:78, 58:78] = FLAT
    layers = sound_layers(odd_bands(classes))
    house, shed = layers["buildings"].geometry
    assert (len(house.interiors), len(shed.interiors)) == (1, 0)
    assert house.area == pytest.approx(12**2 - 6**2, rel=0.01)
    assert shed.area == pytest.approx(4, rel=0.05)
    assert set(layers["roof_lines"]["line_type"]) == {"eave"}
    assert layers["roof_lines"].length.sum() == pytest.approx(4 * (12 + 6 + 2), rel=0.01)


def test_a_courtyard_with_an_open_corner():
    classes = np.pad(np.full((60, 60), FLAT), 4)
    classes[24:44, 24:44] = 0
    classes[:24, 44:] = 0  # touches the courtyard at a corner of pixels
    assert len(sound_layers(odd_bands(classes))["buildings"]) == 1


def test_a_planes_courtyard_belongs_to_all_planes_around():
    classes = hip_roof(120)
    classes[40:88, 40:88] = 0
    layers = sound_layers(odd_bands(classes))
    assert len(layers["roof_segments"]) == 4
    assert len(layers["buildings"].geometry[0].interiors) == 1


@pytest.mark.parametrize(("pixel_size_m", "count"), [(0.1, 0), (2.0, 3)])
def test_roofs_of_one_pixel(pixel_size_m, count):
    classes = np.zeros((9, 9), np.int64)
    classes[[2, 2, 6], [2, 6, 4]] = FLAT, NORTH, EAST
    layers = sound_layers(odd_bands(classes), pixel_size_m)
    assert layers["roof_segments"]["footprint_area_m2"].tolist() == pytest.approx([4.0] * count, rel=0.01)


def test_roofs_that_touch_at_a_corner_are_two():
    classes = np.zeros((80, 80), np.int64)
    classes[10:40, 10:40], classes[40:70, 40:70] = FLAT, NORTH
    assert len(sound_layers(odd_bands(classes))["buildings"]) == 2


def test_planes_that_touch_at_a_corner():
    quarter = np.ones((30, 30), np.int64)
    classes = np.pad(np.kron([[NORTH, EAST], [EAST, NORTH]], quarter), 6)
    layers = sound_layers(odd_bands(classes))
    assert len(layers["roof_segments"]) == 4
    assert layers["roof_lines"]["right_segment_id"].notna().sum() == 4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_numbers_that_are_none(value, share):
    rng = np.random.default_rng(0)
    classes = np.pad(np.kron([[NORTH], [SOUTH]], np.ones((30, 60), np.int64)), 10)
    bands = odd_bands(classes)
    bands["lines"] = one_hot(np.zeros(classes.shape, np.int64), 7)
    bands["height"] = np.full((1, *classes.shape), 5, np.float32)
    roof = bands.pop("roof")
    for band in bands.values():
        band[rng.random(band.shape) < share] = value
    layers = sound_layers({**bands, "roof": roof})
    assert len(layers["buildings"]) == 1
    assert layers["buildings"].area.sum() == pytest.approx(36, rel=0.02)


def test_a_hole_in_the_imagery_clips_what_is_around():
    classes = np.pad(np.full((100, 100), FLAT), 10)
    classes[10:110, 60:110] = NORTH
    valid = np.ones(classes.shape, bool)
    valid[40:60, 80:95] = False
    segments = sound_layers(odd_bands(classes), valid=valid)["roof_segments"]
    assert dict(zip(segments["orientation"], segments["clipped"], strict=True)) == {"flat": False, "N": True}
    assert segments.area.sum() == pytest.approx(100 - 3, rel=0.01)


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_a_roof_at_the_edge_of_the_area_is_clipped(side):
    classes = np.zeros((120, 120), np.int64)
    classes[{"top": np.s_[:60, 30:90], "bottom": np.s_[60:, 30:90], "left": np.s_[30:90, :60],
             "right": np.s_[30:90, 60:]}[side]] = FLAT  # fmt: skip
    classes[50:70, 50:70] = 0
    for core_px in (40, 120):
        layers = vectorized(odd_bands(classes), utm_grid(classes.shape), core_px)
        assert_a_coverage(layers)
        assert layers["roof_segments"]["clipped"].all()


def test_zero_roofs_are_empty_layers_with_the_schema(tmp_path: Path):
    empty, full = sound_layers(odd_bands(np.zeros((40, 50), np.int64))), layers_of(gable(), shape=SHAPE)
    for name, layer in full.items():
        assert empty[name].empty
        assert empty[name].dtypes.equals(layer.dtypes)
        assert empty[name].crs == layer.crs
    write_geopackage(tmp_path / "roofs.gpkg", empty, {})
    for name, layer in read_layers(tmp_path / "roofs.gpkg").items():
        assert layer.empty
        assert set(layer.columns) == set(full[name].columns)
