"""Slopes and heights of known roofs in surface models: right, in pieces as in one, and told where there is none."""

import re
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer

from roofgeo.data import elevation
from roofgeo.errors import AreaError, DataError, InputError
from roofgeo.pipeline import forecast, predict
from roofgeo.pipeline.surveying import check_heights, open_surface
from roofgeo.vector.attributes import attribute_layers
from tests.benchmarks import slopes
from tests.vector.rasters import make_bands, utm_grid
from tests.vector.shapes import SHAPE, buildings_of, flat, gable, hip, shed

SAMPLES = Path(__file__).parents[2] / "samples"
GRID = utm_grid(SHAPE)
PITCH, EAVE_M, GROUND_M = 0.7, 5.0, 515.0
SLOPE_DEG = np.degrees(np.arctan(PITCH))


def hip_height(x, y):
    """Metres above ground of `hip`, at places in metres from the grid's corner, y down."""
    inside = np.minimum(np.minimum(x - 4, 16 - x), np.minimum(y - 4, 12 - y))
    return np.where(inside > 0, EAVE_M + PITCH * inside, 0)


def flat_height(x, y):
    return np.where((x > 4) & (x < 14) & (y > 4) & (y < 10), EAVE_M, 0.0)


def write(path: Path, height=hip_height, crs=GRID.crs, pixel: float = 0.5, margin: float = 8.0, unit="", change=None):
    """A surface model of one roof, in any CRS; `change` spoils it."""
    to_crs = Transformer.from_crs(GRID.crs, crs, always_xy=True)
    left, bottom, right, top = GRID.bounds
    xs, ys = to_crs.transform(
        [left - margin, right + margin, right + margin, left - margin],
        [top + margin, top + margin, bottom - margin, bottom - margin],
    )
    transform = Affine(pixel, 0, min(xs), 0, -pixel, max(ys))
    shape = int((max(ys) - min(ys)) / pixel), int((max(xs) - min(xs)) / pixel)
    z = np.zeros(shape)
    for i in range(4):  # the mean of 16 points stands for the mean of the pixel
        for j in range(4):
            rows, cols = np.indices(shape) + np.array([i + 0.5, j + 0.5])[:, None, None] / 4
            x, y = to_crs.transform(*(transform * (cols, rows)), direction="INVERSE")
            z += height(x - left, top - y) / 16
    z = GROUND_M + z + np.random.default_rng(0).normal(0, 0.03, shape)
    z = z if change is None else change(z)
    with rasterio.open(
        path, "w", "GTiff", shape[1], shape[0], 1, dtype="float32", crs=crs.to_wkt(), transform=transform
    ) as file:
        file.write(z.astype(np.float32), 1)
        if unit:
            file.units = (unit,)
    return path


def surveyed(dsm, dtm=None, roof=hip):
    """The layers of a roof with a surface model, and what is said."""
    buildings = buildings_of(make_bands(*roof(), SHAPE))
    with open_surface(dsm, dtm) as surface:
        told: list[str] = []
        layers = attribute_layers(buildings, GRID, survey=partial(surface.survey, crs=GRID.crs, told=told))
        return layers, told


@pytest.mark.parametrize(("epsg", "pixel"), [(32632, 0.5), (32632, 0.25), (25833, 0.5), (3857, 0.6), (4326, 6e-6)])
def test_a_hip_roof_in_any_crs_and_resolution(tmp_path, epsg, pixel):
    layers, notes = surveyed(write(tmp_path / "dsm.tif", crs=CRS.from_epsg(epsg), pixel=pixel))
    segments, building = layers["roof_segments"], layers["buildings"].iloc[0]
    assert notes == []
    assert segments["slope_deg"].to_numpy() == pytest.approx(SLOPE_DEG, abs=1.5)
    assert sorted(segments["azimuth_grid_deg"]) == pytest.approx([0, 90, 180, 270], abs=1)
    off = (segments["azimuth_measured_deg"] - segments["azimuth_deg"] + 180) % 360 - 180
    assert off.abs().max() < 3
    assert segments["area_m2"].sum() == pytest.approx(building["roof_area_m2"])
    assert building["roof_area_m2"] == pytest.approx(96 * np.hypot(1, PITCH), rel=0.015)
    volume = 96 * EAVE_M + PITCH * (64 * 8 / 6 + 4 * 8 * 2)  # under a pyramid and a prism
    assert building["height_m"] == pytest.approx(volume / 96, abs=0.15)
    assert segments["residual_m"].between(0, 0.1).all()


def test_lines_have_a_length_on_the_slope(tmp_path):
    lines = surveyed(write(tmp_path / "dsm.tif", pixel=0.25))[0]["roof_lines"]
    sums = lines.groupby("line_type")[["length_m", "slope_length_m"]].sum()
    assert sums.loc["ridge", "slope_length_m"] == pytest.approx(sums.loc["ridge", "length_m"], rel=0.001)
    assert sums.loc["eave", "slope_length_m"] == pytest.approx(40, rel=0.01)
    assert sums.loc["hip", "slope_length_m"] == pytest.approx(4 * np.sqrt(32 + (4 * PITCH) ** 2), rel=0.02)


def test_heights_above_the_terrain_model_or_the_ground_around(tmp_path):
    dsm = write(tmp_path / "dsm.tif")
    dtm = write(tmp_path / "dtm.tif", lambda x, y: 0 * x - 2.0, CRS.from_epsg(25833), 5.0, 30.0)
    around, above = (surveyed(dsm, path)[0]["buildings"]["height_m"][0] for path in (None, dtm))
    assert above - around == pytest.approx(2, abs=0.15)


def test_the_plane_overrules_the_network(tmp_path):
    level = surveyed(write(tmp_path / "flat.tif", flat_height), roof=shed)[0]["roof_segments"].iloc[0]
    assert level["orientation"] == "flat" and np.isnan(level["azimuth_deg"]) and np.isnan(level["azimuth_measured_deg"])
    assert level["slope_deg"] < 1 and level["area_m2"] == pytest.approx(level["footprint_area_m2"], rel=0.001)
    steep = write(tmp_path / "steep.tif", lambda x, y: np.where(flat_height(x, y) > 0, EAVE_M + 0.5 * (14 - x), 0.0))
    found = surveyed(steep, roof=flat)[0]["roof_segments"].iloc[0]
    assert found["azimuth_grid_deg"] == pytest.approx(90, abs=1)
    assert found["slope_deg"] == pytest.approx(np.degrees(np.arctan(0.5)), abs=0.5)


def test_in_pieces_as_in_one(tmp_path, monkeypatch):
    path = write(tmp_path / "dsm.tif")
    bands = [make_bands(*roof(), SHAPE) for roof in (hip, gable)]
    joined = {name: np.concatenate([b[name] for b in bands], 2) for name in bands[0]}
    grid = utm_grid(joined["roof"].shape[1:])
    buildings = buildings_of(joined, grid)
    found = []
    for cell_px in (1024, 8):
        monkeypatch.setattr(elevation, "CELL_PX", cell_px)
        with open_surface(path, None) as surface:
            survey = partial(surface.survey, crs=grid.crs, told=[])
            found.append(attribute_layers(buildings, grid, survey=survey)["roof_segments"])
    for name in ("slope_deg", "azimuth_measured_deg", "height_m", "residual_m"):
        assert np.allclose(found[0][name], found[1][name], atol=1e-6, equal_nan=True)
    assert (found[0]["slope_deg"] > 30).sum() == 4


def line_kinds(dsm, roof):
    lines = surveyed(dsm, roof=roof)[0]["roof_lines"]
    return set(lines["line_type"][lines["right_segment_id"].notna() & lines["left_segment_id"].notna()])


@pytest.mark.parametrize(("higher_m", "kind"), [(1.5, "step"), (-1.5, "step"), (0.1, "ridge"), (0.0, "ridge")])
def test_two_sheds_back_to_back_of_different_heights_meet_at_a_step(tmp_path, higher_m, kind):
    def sheds(x, y):
        inside = (x > 4) & (x < 16) & (y > 4) & (y < 12)
        return np.where(inside, EAVE_M + PITCH * (4 - np.abs(y - 8)) + higher_m * (y < 8), 0)

    assert line_kinds(write(tmp_path / "dsm.tif", sheds), gable) == {kind}


def test_lines_drawn_beside_where_the_planes_meet_are_no_steps(tmp_path):
    def shifted(x, y):
        return hip_height(x - 0.3, y - 0.3)

    assert line_kinds(write(tmp_path / "dsm.tif", shifted), hip) == {"ridge", "hip"}


def bare(z):
    z[:, : z.shape[1] // 2] = np.nan
    return z


def rough(z):
    return z + np.random.default_rng(0).uniform(0, 5, z.shape) * (z > GROUND_M + 1)


@pytest.mark.parametrize(("change", "says"), [(bare, "too few heights there"), (rough, "too small or too rough")])
def test_segments_without_a_slope_are_counted(tmp_path, change, says):
    layers, notes = surveyed(write(tmp_path / "dsm.tif", change=change))
    segments = layers["roof_segments"]
    unknown = segments["slope_deg"].isna()
    have = "has" if unknown.sum() == 1 else "have"
    assert any(f"{unknown.sum()} of 4 segments {have} no slope" in note and says in note for note in notes)
    assert unknown.sum() == (1 if change is bare else 4)
    assert (segments["area_m2"].isna() == unknown).all() and layers["buildings"]["roof_area_m2"].isna().all()
    assert (segments["residual_m"].notna() == (change is rough)).loc[unknown].all()


def assert_without_heights(layers):
    """The roof is there, and nothing that a surface model would tell."""
    segments = layers["roof_segments"]
    assert len(segments) == 4 and segments["footprint_area_m2"].sum() == pytest.approx(96, rel=0.01)
    assert segments[["slope_deg", "area_m2", "height_m", "residual_m"]].isna().all(axis=None)
    assert layers["buildings"]["height_m"].isna().all()


def test_no_heights_at_any_roof_are_said_and_the_roofs_are_kept(tmp_path):
    layers, notes = surveyed(write(tmp_path / "dsm.tif", change=lambda z: np.where(z > GROUND_M + 1, np.nan, z)))
    assert_without_heights(layers)
    (note,) = notes
    assert "dsm.tif has too few heights at each of the 4 segments" in note


def test_heights_that_cannot_be_metres_are_left_out_and_said(tmp_path):
    layers, notes = surveyed(write(tmp_path / "cm.tif", change=lambda z: (z - 510) * 100))
    assert_without_heights(layers)
    assert "--units cm" in notes[0] and "cm.tif" in notes[0]
    named = write(tmp_path / "named.tif", change=lambda z: (z - 510) * 100, unit="cm")
    assert surveyed(named)[0]["roof_segments"]["slope_deg"].to_numpy() == pytest.approx(SLOPE_DEG, abs=1.5)


def test_a_damaged_block_is_a_hole_and_said(tmp_path):
    path = write(tmp_path / "dsm.tif")
    with rasterio.open(path) as file:
        z, profile = file.read(1), {**file.profile, "compress": "deflate", "tiled": True}
    with rasterio.open(path, "w", **{**profile, "blockxsize": 16, "blockysize": 16}) as file:
        file.write(z, 1)
    with rasterio.open(path) as file:  # the block of the roof's north-western corner
        offset, size = (int(file.get_tag_item(f"BLOCK_{what}_1_1", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    content = bytearray(path.read_bytes())
    content[offset : offset + size] = bytes(size)
    path.write_bytes(content)
    layers, notes = surveyed(path)
    assert layers["roof_segments"]["slope_deg"].notna().sum() >= 2
    assert any("dsm.tif is damaged at rows" in note for note in notes)


def damaged(path):
    content = bytearray(path.read_bytes())
    content[1000:] = b""
    path.write_bytes(content)


def test_models_without_heights_are_refused_before_the_run(tmp_path):
    wanted = shapely.box(*GRID.bounds)
    cases = {"holes.tif": lambda z: z * np.nan, "cm.tif": lambda z: z * 100}
    for name, change in cases.items():
        with (
            open_surface(write(tmp_path / name, change=change), None) as models,
            pytest.raises(DataError, match=f"{name} has no heights in the area") as caught,
        ):
            check_heights(models, wanted, GRID.crs)
        assert caught.value.hint
    damaged(write(tmp_path / "dsm.tif"))
    with open_surface(tmp_path / "dsm.tif", None) as models, pytest.raises(DataError, match="damaged at rows"):
        check_heights(models, wanted, GRID.crs)
    bare_dtm = write(tmp_path / "dtm.tif", change=lambda z: z * np.nan, pixel=5.0)
    with (
        open_surface(write(tmp_path / "good.tif"), bare_dtm) as models,
        pytest.raises(DataError, match=r"dtm\.tif has no heights"),
    ):
        check_heights(models, wanted, GRID.crs)
    with open_surface(tmp_path / "good.tif", tmp_path / "good.tif") as models:
        check_heights(models, wanted, GRID.crs)


def test_a_coarse_surface_model_is_refused_before_the_run(tmp_path):
    path = write(tmp_path / "dsm.tif", pixel=5.0, margin=30.0)
    with pytest.raises(InputError, match="pixels of 5 m") as caught, open_surface(path, None):
        pass
    assert "--dsm" in caught.value.hint
    with open_surface(write(tmp_path / "fine.tif"), path) as models:
        assert models.dtm is not None


def slanting_ground(x, y):
    return 0.4 * x - 0.3 * y


def on_a_hillside(x, y):
    """A roof set on slanting ground as if it were level."""
    return np.where(hip_height(x, y) > 0, hip_height(x, y) + slanting_ground(10, 8), slanting_ground(x, y))


@pytest.mark.parametrize("off_m", [47.5, -48.0, 4.0])
def test_a_terrain_model_of_another_datum_leaves_heights_unknown(tmp_path, off_m):
    dtm = write(tmp_path / "dtm.tif", lambda x, y: slanting_ground(x, y) - off_m, pixel=1.0, margin=20.0)
    layers, notes = surveyed(write(tmp_path / "dsm.tif", on_a_hillside), dtm)
    assert layers["roof_segments"]["height_m"].isna().all() and layers["buildings"]["height_m"].isna().all()
    assert layers["roof_segments"]["slope_deg"].to_numpy() == pytest.approx(SLOPE_DEG, abs=1.5)
    (note,) = notes
    assert "dsm.tif" in note and "dtm.tif" in note and "vertical datum" in note
    said_m = float(re.search(r"(-?\d+\.\d) m", note)[1])
    assert said_m == pytest.approx(off_m, abs=0.3)


@pytest.mark.parametrize(("off_m", "is_told"), [(47.5, True), (-12.0, True), (20.0, False), (0.0, False)])
def test_what_cannot_be_of_one_datum_is_refused_before_the_run(tmp_path, off_m, is_told):
    dsm = write(tmp_path / "dsm.tif", on_a_hillside, margin=60.0)
    dtm = write(tmp_path / "dtm.tif", lambda x, y: slanting_ground(x, y) - off_m, CRS.from_epsg(25833), 1.0, 60.0)
    with open_surface(dsm, dtm) as models:
        if is_told:
            with pytest.raises(DataError, match=r"dsm\.tif lies -?\d+ m above .*dtm\.tif") as caught:
                check_heights(models, shapely.box(*GRID.bounds), GRID.crs)
            assert "--dtm" in caught.value.hint
        else:
            check_heights(models, shapely.box(*GRID.bounds), GRID.crs)


def test_an_area_that_is_one_tower_is_no_other_datum(tmp_path):
    def tower(x, y):
        return np.where(hip_height(x, y) > 0, 60.0, 0.0)

    dsm = write(tmp_path / "dsm.tif", tower, margin=60.0)
    dtm = write(tmp_path / "dtm.tif", lambda x, y: 0 * x, pixel=1.0, margin=60.0)
    left, _, _, top = GRID.bounds
    with open_surface(dsm, dtm) as models:
        check_heights(models, shapely.box(left + 5, top - 11, left + 15, top - 5), GRID.crs)


def test_a_terrain_model_of_the_same_datum_on_a_hillside(tmp_path):
    dtm = write(tmp_path / "dtm.tif", slanting_ground, pixel=1.0, margin=20.0)
    layers, notes = surveyed(write(tmp_path / "dsm.tif", on_a_hillside), dtm)
    assert layers["roof_segments"]["height_m"].notna().all() and notes == []


def test_centimetres_in_both_models_are_said(tmp_path):
    paths = [
        write(tmp_path / f"{name}.tif", height, change=lambda z: (z - 510) * 100, pixel=0.5)
        for name, height in (("dsm", hip_height), ("dtm", lambda x, y: 0 * x))
    ]
    layers, notes = surveyed(*paths)
    assert layers["roof_segments"]["height_m"].isna().all()
    assert len(notes) == 1


def test_two_vertical_datums_are_refused_before_the_run(tmp_path):
    dsm = write(tmp_path / "dsm.tif", crs=CRS.from_user_input("EPSG:25832+7837"))
    for name, crs, is_other in (
        ("nap", "EPSG:25832+5709", True), ("same", "EPSG:25833+7837", False), ("silent", "EPSG:25832", False)
    ):  # fmt: skip
        dtm = write(tmp_path / f"{name}.tif", lambda x, y: 0 * x, crs=CRS.from_user_input(crs), pixel=1.0)
        if is_other:
            with pytest.raises(InputError, match="Normaal Amsterdams Peil") as caught, open_surface(dsm, dtm):
                pass
            assert "gdalwarp" in caught.value.hint
        else:
            with open_surface(dsm, dtm) as models:
                assert models.dtm is not None


def test_feet_nobody_named_make_steep_roofs_and_that_is_said(tmp_path):
    def in_feet(z):
        return z / 0.3048

    _, notes = surveyed(write(tmp_path / "dsm.tif", change=in_feet))
    assert any("dsm.tif" in note and "66 degrees" in note and "--units ft" in note for note in notes)
    _, notes = surveyed(write(tmp_path / "named.tif", change=in_feet, unit="ft"))
    assert notes == []


def test_a_terrain_model_taken_for_the_surface_is_said(tmp_path):
    _, notes = surveyed(write(tmp_path / "dsm.tif", lambda x, y: 0 * x))
    assert any("dsm.tif a surface model?" in note for note in notes)


def test_a_terrain_model_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match="alone") as caught, open_surface(None, tmp_path / "dtm.tif"):
        pass
    assert "--dsm" in caught.value.hint


def test_a_model_elsewhere_is_refused_before_the_run(tmp_path):
    path = write(tmp_path / "dsm.tif")
    with pytest.raises(AreaError, match="lies outside the area"):
        forecast(SAMPLES / "area.geojson", output=tmp_path / "roofs", dsm=path)
    with open_surface(None, None) as nothing:
        check_heights(nothing, None, GRID.crs)


@pytest.mark.slow
def test_the_sample_with_a_surface_model(tmp_path):
    """A plane of 30 degrees over all: each segment has it, and the outputs tell where it comes from."""
    with rasterio.open(SAMPLES / "ortho.tif") as ortho:
        crs, bounds = ortho.crs, ortho.bounds
    shape = int(bounds.top - bounds.bottom) + 4, int(bounds.right - bounds.left) + 4
    z = 500 + np.indices(shape)[0] * np.tan(np.radians(30))
    transform = Affine(1, 0, bounds.left - 2, 0, -1, bounds.top + 2)
    path = tmp_path / "dsm.tif"
    with rasterio.open(
        path, "w", "GTiff", shape[1], shape[0], 1, dtype="float64", crs=crs, transform=transform
    ) as file:
        file.write(z, 1)
    dtm = tmp_path / "dtm.tif"
    with rasterio.open(path) as surface, rasterio.open(dtm, "w", **surface.profile) as file:
        file.write(surface.read() - 20)
    result = predict(SAMPLES / "area.geojson", output=tmp_path / "roofs", dsm=path, dtm=dtm)
    assert any("20.0 m above" in note and "vertical datum" in note for note in result.notes)
    segments = gpd.read_file(result.paths["roofs.gpkg"], layer="roof_segments")
    known = segments["slope_deg"].notna()
    assert segments["height_m"].isna().all()
    assert known.mean() > 0.5
    assert segments["slope_deg"][known].to_numpy() == pytest.approx(30, abs=0.1)
    assert segments["azimuth_measured_deg"][known].to_numpy() == pytest.approx(1, abs=0.2)  # convergence
    with rasterio.open(result.paths["roof_segments.tif"]) as raster:
        assert "dsm_sha256" in {name.lower() for name in raster.tags()}


@pytest.mark.slow
def test_slopes_of_rendered_scenes() -> None:
    """The floors of the benchmark, on a part of its scenes: 0.5 m, 5 cm of noise."""
    scenes = list(slopes.rendered(12))
    for kind, least_share in (("", 0.9), ("spikes", 0.9), ("boxes", 0.75)):
        errors = slopes.measure(scenes, 5, kind, dtm=True)
        assert np.nanmean(np.abs(errors.slope_deg)) <= 1.5
        assert np.nanmean(errors.azimuth_deg) <= 2 and np.nanmean(errors.measured_deg) <= 2
        assert np.nanmean(np.abs(errors.height_m)) <= 0.15
        assert np.mean(~np.isnan(errors.slope_deg)) >= least_share
