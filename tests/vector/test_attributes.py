"""What the layers say of known roofs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from roofgeo import schema
from roofgeo.grid import Grid
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.rooftype import roof_type
from tests.vector.rasters import line, make_bands, plane, spoil, utm_grid
from tests.vector.shapes import SHAPE, assert_sound, buildings_of, ell, flat, gable, hip, layers_of, pyramid, shed


def types_and_lengths(lines) -> dict[str, float]:
    return lines.groupby("line_type")["length_m"].sum().to_dict()


def test_azimuth_of_a_gable():
    segments = layers_of(gable())["roof_segments"]
    assert segments["orientation"].tolist() == ["N", "S"]
    assert np.abs((segments["azimuth_grid_deg"] - [0, 180] + 180) % 360 - 180).max() < 0.5


@pytest.mark.parametrize("poor", [False, True])
def test_lines_of_a_hip_roof(poor):
    bands = make_bands(*hip(), SHAPE)
    bands = spoil(bands) if poor else bands
    grid = utm_grid(SHAPE)
    lengths = types_and_lengths(attribute_layers(buildings_of(bands), grid)["roof_lines"])
    truth = dict.fromkeys(schema.LINE_TYPES, 0.0) | {"eave": 40, "hip": 4 * 32**0.5, "ridge": 4}
    found = dict.fromkeys(schema.LINE_TYPES, 0.0) | lengths
    assert found == pytest.approx(truth, abs=2 if poor else 0.5)


def test_lines_of_a_gable():
    lines = layers_of(gable())["roof_lines"]
    assert types_and_lengths(lines) == pytest.approx({"eave": 24, "rake": 16, "ridge": 12}, abs=0.2)
    assert lines["azimuth_deg"].between(0, 180, inclusive="left").all()
    ridge = lines[lines["line_type"] == "ridge"].iloc[0]
    assert ridge["azimuth_deg"] == pytest.approx(90, abs=0.5)
    assert {ridge["left_segment_id"], ridge["right_segment_id"]} == {1, 2}


def test_lines_of_an_ell():
    lengths = types_and_lengths(layers_of(ell())["roof_lines"])
    truth = {"eave": 13 + 7 + 11 + 5, "rake": 12, "ridge": 10 + 8, "hip": 18**0.5, "valley": 18**0.5}
    assert lengths == pytest.approx(truth, abs=0.4)


def test_a_shed_has_its_eave_at_the_foot_only():
    assert types_and_lengths(layers_of(shed())["roof_lines"]) == pytest.approx({"eave": 10, "rake": 22}, abs=0.2)


def test_a_flat_roof_has_eaves_and_no_azimuth():
    layers = layers_of(flat())
    assert set(layers["roof_lines"]["line_type"]) == {"eave"}
    assert layers["roof_segments"]["orientation"].tolist() == ["flat"]
    assert layers["roof_segments"][["azimuth_deg", "azimuth_grid_deg"]].isna().all(axis=None)
    assert layers["buildings"]["dominant_azimuth_deg"].isna().all()


def test_a_flat_part_meets_a_slope_at_a_step():
    planes = [
        plane([(40, 40), (100, 40), (100, 100), (40, 100)], None),
        plane([(100, 40), (160, 40), (160, 100), (100, 100)], 90),
    ]
    lines = layers_of((planes, [line("step", (100, 40), (100, 100))]))["roof_lines"]
    inner = lines[lines["left_segment_id"].notna() & lines["right_segment_id"].notna()]
    assert inner["line_type"].tolist() == ["step"]


@pytest.mark.parametrize(
    ("roof", "name"),
    [(gable, "gable"), (hip, "hip"), (pyramid, "pyramid"), (ell, "complex"), (flat, "flat"), (shed, "shed")],
)
def test_roof_types(roof, name):
    assert layers_of(roof())["buildings"]["roof_type"].tolist() == [name]


def test_roof_type_of_two_slopes_that_do_not_oppose():
    assert roof_type(np.array([0.0, 90.0]), np.array([50.0, 50.0]), 0, 0) == "complex"


def test_roof_type_of_many_segments_none_of_which_is_large():
    assert roof_type(np.linspace(0.0, 350.0, 30), np.full(30, 2.0), 0, 0) == "complex"


def test_azimuth_is_set_square_to_the_eave():
    planes, lines = gable()
    bands = make_bands([plane(p.ring, p.azimuth_deg + 7) for p in planes], lines, SHAPE)
    segments = attribute_layers(buildings_of(bands), utm_grid(SHAPE))["roof_segments"]
    assert np.abs((segments["azimuth_grid_deg"] - [0, 180] + 180) % 360 - 180).max() < 0.5
    turned = (segments["azimuth_measured_deg"] - segments["azimuth_deg"] + 180) % 360 - 180
    assert turned.to_numpy() == pytest.approx(7, abs=0.7)
    bands = make_bands([plane(p.ring, p.azimuth_deg + 16) for p in planes], lines, SHAPE)
    segments = attribute_layers(buildings_of(bands), utm_grid(SHAPE))["roof_segments"]
    assert np.abs((segments["azimuth_grid_deg"] - [16, 196] + 180) % 360 - 180).max() < 0.5


@pytest.mark.parametrize("left", [500_000.0, 820_000.0])
def test_areas_and_lengths_are_true_on_the_ground(left):
    grid = utm_grid(SHAPE, left=left)
    scale = 0.9996 * (1 + (left - 500_000) ** 2 / (2 * 6_380_000**2))  # Snyder 1987, equation 8-11, first term
    layers = layers_of(hip(), grid)
    segments, lines = layers["roof_segments"], layers["roof_lines"]
    assert (segments.area / segments["footprint_area_m2"]).to_numpy() == pytest.approx(scale**2, abs=2e-5)
    assert (lines.length / lines["length_m"]).to_numpy() == pytest.approx(scale, abs=1e-5)
    assert layers["buildings"]["footprint_area_m2"].sum() == pytest.approx(segments["footprint_area_m2"].sum())


def test_azimuths_count_from_true_north():
    grid = Grid(CRS.from_epsg(32759), 200_000, 5_000_000, 0.1, *SHAPE)
    layers = layers_of(hip(), grid)
    segments = layers["roof_segments"]
    turn = (segments["azimuth_deg"] - segments["azimuth_grid_deg"] + 180) % 360 - 180
    assert turn.to_numpy() == pytest.approx(grid.north_offset_deg(200_008, 4_999_992), abs=1e-4)
    ridge = layers["roof_lines"].query("line_type == 'ridge'").iloc[0]
    assert ridge["azimuth_deg"] == pytest.approx(90 + grid.north_offset_deg(200_008, 4_999_992), abs=0.7)


def test_every_line_lies_at_the_segments_it_names():
    layers = layers_of(ell())
    shapes = dict(zip(layers["roof_segments"]["segment_id"], layers["roof_segments"].geometry, strict=True))
    for row in layers["roof_lines"].itertuples():
        middle = row.geometry.interpolate(0.5, normalized=True)
        for side, hand in ((row.left_segment_id, 0.05), (row.right_segment_id, -0.05)):
            (x0, y0), (x1, y1) = row.geometry.coords[0], row.geometry.coords[-1]
            step = hand / row.geometry.length
            point = shapely.Point(middle.x - (y1 - y0) * step, middle.y + (x1 - x0) * step)
            inside = [number for number, shape in shapes.items() if shape.contains(point)]
            assert inside == ([] if pd.isna(side) else [side])


def test_unknown_is_null_and_heights_are_told_only_if_known():
    bands = {**make_bands(*gable(), SHAPE), "height": np.full((1, *SHAPE), 5.5, np.float32)}
    grid, buildings = utm_grid(SHAPE), buildings_of(bands)
    silent = attribute_layers(buildings, grid)
    assert silent["roof_segments"][["slope_deg", "area_m2", "height_m"]].isna().all(axis=None)
    assert silent["buildings"][["roof_area_m2", "height_m"]].isna().all(axis=None)
    told = attribute_layers(buildings, grid, heights_known=True)
    assert told["roof_segments"]["height_m"].to_numpy() == pytest.approx(5.5)
    assert told["buildings"]["height_m"].to_numpy() == pytest.approx(5.5)


def hip_heights() -> np.ndarray:
    """(1, height, width) metres of `hip`, 35 degrees steep."""
    row, col = np.indices(SHAPE) + 0.5
    depth = np.minimum(np.minimum(col - 40, 160 - col), np.minimum(row - 40, 120 - row)) * 0.1
    return np.where(depth > 0, 4 + 0.7 * depth, 0).astype(np.float32)[None]


def test_slopes_come_from_the_heights_of_a_network_that_knows_them():
    bands = {**make_bands(*hip(), SHAPE), "height": hip_heights()}
    grid, buildings = utm_grid(SHAPE), buildings_of(bands)
    layers = attribute_layers(buildings, grid, heights_known=True)
    segments, lines = layers["roof_segments"], layers["roof_lines"]
    assert segments["slope_deg"].to_numpy() == pytest.approx(np.degrees(np.arctan(0.7)), abs=0.3)
    assert segments["residual_m"].max() < 0.05
    on_slope = segments["footprint_area_m2"] / np.cos(np.radians(segments["slope_deg"]))
    assert segments["area_m2"].to_numpy() == pytest.approx(on_slope.to_numpy())
    assert layers["buildings"]["roof_area_m2"][0] == pytest.approx(segments["area_m2"].sum())
    hips = lines[lines["line_type"] == "hip"]
    assert hips["slope_length_m"].sum() == pytest.approx(4 * np.sqrt(32 + 2.8**2), rel=0.02)
    assert attribute_layers(buildings, grid)["roof_lines"]["slope_length_m"].isna().all()


def test_a_step_is_as_long_as_its_steeper_edge():
    planes = [
        plane([(40, 40), (100, 40), (100, 100), (40, 100)], None),
        plane([(100, 40), (160, 40), (160, 100), (100, 100)], 180),
    ]
    bands = make_bands(planes, [line("step", (100, 40), (100, 100))], SHAPE)
    row, col = np.indices(SHAPE)
    bands["height"] = np.where(col < 100, 3, 9 - 0.06 * (row - 40)).astype(np.float32)[None]
    lines = attribute_layers(buildings_of(bands), utm_grid(SHAPE), heights_known=True)["roof_lines"]
    step = lines[lines["line_type"] == "step"]
    assert step["slope_length_m"].sum() == pytest.approx(step["length_m"].sum() * np.hypot(1, 0.6), rel=0.01)


def test_a_building_is_as_high_as_its_segments_whose_height_is_known():
    def survey(faces, building, outlines):
        assert building.tolist() == [0] * 4 and len(outlines) == 1
        return replace(faces, heights_m=np.array([np.nan, 4, np.nan, 4]), gradients=faces.gradients + np.nan)

    layers = attribute_layers(buildings_of(make_bands(*hip(), SHAPE)), utm_grid(SHAPE), survey=survey)
    assert layers["buildings"]["height_m"][0] == pytest.approx(4)
    assert layers["buildings"]["roof_area_m2"].isna().all()


def test_confidence_falls_with_the_probabilities():
    sure = make_bands(*hip(), SHAPE)
    unsure = {**sure, "segments": 0.6 * sure["segments"] + 0.4 / 18, "lines": 0.5 * sure["lines"]}
    first, second = (attribute_layers(buildings_of(bands), utm_grid(SHAPE)) for bands in (sure, unsure))
    for name in ("roof_segments", "roof_lines"):
        assert first[name]["confidence"].between(0, 1).all()
        assert first[name]["confidence"].mean() > second[name]["confidence"].mean() + 0.15


def two_roofs():
    bands = [make_bands(*roof(), SHAPE) for roof in (hip, gable)]
    bands[1]["roof"] *= 0.7
    joined = {name: np.concatenate([b[name] for b in bands], 2) for name in bands[0]}
    shape = joined["roof"].shape[1:]
    return buildings_of(joined), utm_grid(shape)


def test_buildings_are_chosen_by_area_and_confidence():
    buildings, grid = two_roofs()
    corner = shapely.box(500_000, 5_299_980, 500_006, 5_300_000)
    layers = attribute_layers(buildings, grid, corner)
    assert layers["buildings"]["roof_type"].tolist() == ["hip"]
    assert layers["buildings"].area.sum() == pytest.approx(96, rel=0.01)
    assert not layers["roof_segments"]["clipped"].any()
    assert attribute_layers(buildings, grid, min_confidence=0.9)["buildings"]["roof_type"].tolist() == ["hip"]
    assert len(attribute_layers(buildings, grid, shapely.box(0, 0, 1, 1))["buildings"]) == 0


def test_clip_cuts_and_marks():
    buildings, grid = two_roofs()
    area = shapely.Polygon([(500_000, 5_300_000), (500_013, 5_300_000), (500_005, 5_299_980), (500_000, 5_299_980)])
    layers = attribute_layers(buildings, grid, area, clip=True)
    segments, lines = layers["roof_segments"], layers["roof_lines"]
    assert_sound(segments.geometry)
    assert shapely.covers(area.buffer(1e-6), segments.geometry.to_numpy()).all()
    whole = attribute_layers(buildings, grid)["buildings"].geometry
    assert segments.area.sum() == pytest.approx(whole.intersection(area).area.sum(), rel=1e-9)
    assert segments["clipped"].any()
    assert not segments["clipped"].all()
    assert shapely.covers(area.buffer(1e-6), lines.geometry.to_numpy()).all()
    sides = set(lines["left_segment_id"].dropna()) | set(lines["right_segment_id"].dropna())
    assert sides <= set(segments["segment_id"])


def test_a_building_cut_in_two_is_two():
    buildings, grid = two_roofs()
    stripes = shapely.MultiPolygon(
        [shapely.box(500_000, 5_299_980, 500_006, 5_300_000), shapely.box(500_014, 5_299_980, 500_016, 5_300_000)]
    )
    layers = attribute_layers(buildings, grid, stripes, clip=True)
    assert len(layers["buildings"]) == 2
    assert set(layers["buildings"].geom_type) == {"Polygon"}


def test_neighbours_do_not_overlap():
    shape = (200, 330)
    planes = []
    for i in range(5):  # terraced, a pixel apart, each turned a little
        ring = np.add([(30, 30), (88, 32 + i), (87, 150), (31, 152)], (i * 57, 0))
        planes.append(plane(ring.tolist(), 90.0 if i % 2 else 60.0))
    bands = make_bands(planes, [], shape)
    for i in range(1, 5):
        bands["roof"][0, :, 30 + i * 57 : 31 + i * 57] = 0
    segments = attribute_layers(buildings_of(bands), utm_grid(shape))["roof_segments"]
    assert segments["building_id"].nunique() >= 5
    assert segments.area.sum() - segments.union_all().area < 1e-6


def test_ids_run_from_north_to_south():
    buildings, grid = two_roofs()
    layers = attribute_layers(buildings[::-1], grid)
    for name, column in (("roof_segments", "segment_id"), ("roof_lines", "line_id"), ("buildings", "building_id")):
        assert layers[name][column].tolist() == list(range(1, len(layers[name]) + 1))
    assert layers["buildings"]["roof_type"].tolist() == ["hip", "gable"]


@pytest.mark.parametrize("layer", schema.LAYERS, ids=lambda layer: layer.name)
def test_fields_are_those_of_the_schema_full_or_empty(layer):
    grid = utm_grid(SHAPE)
    for frame in (layers_of(gable())[layer.name], attribute_layers((), grid)[layer.name]):
        assert list(frame.columns) == [*(field.name for field in layer.fields), "geometry"]
        for field in layer.fields:
            if field.choices:
                assert set(frame[field.name]) <= set(field.choices)
            if not field.nullable:
                assert not frame[field.name].isna().any()
        assert frame.crs == grid.crs
