"""Surface models in every form they come in, read at polygons."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.features import rasterize

from roofgeo.data import elevation
from roofgeo.data.elevation import ENOUGH_PX, GLIMPSES, MOST_PX, Elevation, open_elevation
from roofgeo.data.scanlines import pixels_within
from roofgeo.data.vertical import metres_per_unit, vertical_datum
from roofgeo.errors import DataError, InputError, RoofgeoError

UTM = CRS.from_epsg(32632)
LEFT, TOP, SIZE = 500_000.0, 5_300_000.0, 100


def slanting(x, y):
    """Metres at a place: rises to the east and falls to the north."""
    return 300 + 0.5 * (x - LEFT) - 0.25 * (y - (TOP - 50))


def write(path: Path, crs: object = UTM, pixel: float = 0.5, unit: str = "", change=lambda z: z, **profile) -> Path:
    """A file of `slanting` over 50 x 50 m, in any CRS, as any type."""
    to_crs = Transformer.from_crs(UTM, CRS.from_user_input(crs), always_xy=True)
    xs, ys = to_crs.transform([LEFT, LEFT + 50, LEFT + 50, LEFT], [TOP, TOP, TOP - 50, TOP - 50])
    transform = Affine(pixel, 0, min(xs), 0, -pixel, max(ys))
    shape = round((max(ys) - min(ys)) / pixel), round((max(xs) - min(xs)) / pixel)
    rows, cols = np.indices(shape) + 0.5
    x, y = to_crs.transform(*(transform * (cols, rows)), direction="INVERSE")
    z = change(slanting(x, y))
    settings_ = {"dtype": "float32", "crs": CRS.from_user_input(crs).to_wkt(), "transform": transform, **profile}
    with rasterio.open(path, "w", "GTiff", shape[1], shape[0], 1, **settings_) as file:
        file.write(z.astype(settings_["dtype"]), 1)
        if unit:
            file.units = (unit,)
    return path


FACE = shapely.Polygon([(LEFT + 10, TOP - 10), (LEFT + 22, TOP - 12), (LEFT + 20, TOP - 21), (LEFT + 9, TOP - 18)])


def assert_true(dsm: Elevation, off_m: float = 0.001) -> None:
    """Samples of a face lie in it and are as high as they should be."""
    found = dsm.within(np.array([FACE]), UTM)
    assert len(found.polygon) > 30
    x, y, z = found.xyz.T
    assert shapely.contains_xy(FACE, x, y).all()
    assert np.abs(z - slanting(x, y)).max() < off_m


@pytest.mark.parametrize(
    ("crs", "pixel"),
    [(32632, 0.5), (32632, 1.0), (25833, 0.5), (3857, 0.7), (4326, 6e-6), ("EPSG:25832+7837", 0.25), (2180, 0.5)],
)
def test_any_crs_and_resolution(tmp_path, crs, pixel):
    with open_elevation(write(tmp_path / "dsm.tif", crs, pixel)) as dsm:
        assert_true(dsm, 0.02)
        assert dsm.meets(shapely.box(LEFT + 2, TOP - 48, LEFT + 48, TOP - 2), UTM)
        assert not dsm.meets(shapely.box(LEFT + 60, TOP - 48, LEFT + 90, TOP - 2), UTM)
        assert not dsm.meets(shapely.Polygon(), UTM)
        assert 0.2 < dsm.pixel_size_m < 1.1


@pytest.mark.parametrize(
    ("unit", "factor", "dtype"),
    [("m", 1, "float64"), ("ft", 0.3048, "float32"), ("US survey foot", 1200 / 3937, "float32"), ("cm", 0.01, "int32")],
)
def test_units_named_in_the_file(tmp_path, unit, factor, dtype):
    path = write(tmp_path / "dsm.tif", unit=unit, dtype=dtype, change=lambda z: z / factor)
    with open_elevation(path) as dsm:
        assert_true(dsm, 0.02)


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("[m]", 1), ("(Meter)", 1), ("foot (US)", 1200 / 3937), ("Foot_US", 1200 / 3937), ("US_survey_foot", 1200 / 3937)],
)
def test_units_as_programs_write_them(unit, metres):
    assert metres_per_unit("dsm.tif", unit, UTM) == metres


def test_a_raster_of_the_whole_earth(tmp_path):
    profile = {"dtype": "float32", "crs": "EPSG:4326", "transform": Affine(0.01, 0, -180, 0, -0.01, 90)}
    with rasterio.open(tmp_path / "dtm.tif", "w", "GTiff", 36000, 18000, 1, tiled=True, sparse_ok=True, **profile):
        pass
    with open_elevation(tmp_path / "dtm.tif") as dtm:
        area = shapely.box(LEFT, TOP - 5000, LEFT + 5000, TOP)
        assert dtm.meets(area, UTM)
        assert (dtm.glimpse(area, UTM) == 0).all() and len(dtm.glimpse(area, UTM)) > 9


def test_unit_of_the_vertical_axis(tmp_path):
    path = write(tmp_path / "dsm.tif", "EPSG:2263+6360", 2.0, change=lambda z: z * 3937 / 1200)
    with open_elevation(path) as dsm:
        place = np.array([[LEFT + 20.0, TOP - 20.0]])
        assert dsm.at(place, UTM) == pytest.approx(slanting(*place[0]), abs=0.05)


def test_scale_and_offset_of_the_band(tmp_path):
    path = write(tmp_path / "dsm.tif", dtype="int16", change=lambda z: (z - 250) * 100)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.01,), (250.0,)
    with open_elevation(path) as dsm:
        assert_true(dsm, 0.011)


def test_holes_declared_or_not_are_left_out(tmp_path):
    def pierce(z):
        z[20:30, 20:30], z[30:32, 20:40], z[32:34] = -9999, np.nan, 3.4e38
        return z

    with open_elevation(write(tmp_path / "dsm.tif", change=pierce)) as dsm:
        undeclared = dsm.within(np.array([FACE]), UTM)
    with open_elevation(write(tmp_path / "nodata.tif", change=pierce, nodata=-9999)) as dsm:
        declared = dsm.within(np.array([FACE]), UTM)
    assert np.array_equal(declared.xyz, undeclared.xyz)
    assert declared.xyz[:, 2] == pytest.approx(slanting(*declared.xyz[:, :2].T), abs=0.001)
    with open_elevation(write(tmp_path / "whole.tif")) as dsm:
        whole = dsm.within(np.array([FACE]), UTM)
    assert 0 < len(declared.polygon) < len(whole.polygon)


def test_beyond_the_file_there_is_nothing(tmp_path):
    with open_elevation(write(tmp_path / "dsm.tif")) as dsm:
        faces = np.array([shapely.box(LEFT - 5, TOP - 10, LEFT + 5, TOP + 5), shapely.box(0, 0, 9, 9), FACE])
        found = dsm.within(faces, UTM)
        assert set(found.polygon) == {0, 2}
        assert found.xyz[:, 0].min() > LEFT and found.xyz[:, 1].max() < TOP
        assert np.isnan(dsm.at(np.array([[LEFT - 9, TOP - 9]]), UTM)).all()


def test_pixels_that_reach_over_the_edge_count_only_where_there_are_few(tmp_path):
    with open_elevation(write(tmp_path / "dsm.tif")) as dsm:
        large, small = (
            shapely.box(LEFT + 10, TOP - 15, LEFT + 15, TOP - 10),
            shapely.box(LEFT, TOP - 2, LEFT + 1.6, TOP),
        )
        found = dsm.within(np.array([large, small]), UTM)
    assert np.bincount(found.polygon).tolist() == [100, 12]
    assert ENOUGH_PX > 12
    with open_elevation(tmp_path / "dsm.tif") as dsm:
        shifted = shapely.box(LEFT + 10.2, TOP - 15.2, LEFT + 15.2, TOP - 10.2)
        assert len(dsm.within(np.array([shifted]), UTM).polygon) == 81


def test_around_a_house_are_no_roofs(tmp_path):
    house, other = (
        shapely.box(LEFT + 20, TOP - 30, LEFT + 30, TOP - 20),
        shapely.box(LEFT + 31, TOP - 30, LEFT + 40, TOP),
    )
    with open_elevation(write(tmp_path / "dsm.tif")) as dsm:
        found = dsm.around(np.array([house, house]), np.array([house, other]), 3.0, UTM)
    number, z = found.polygon, found.xyz[:, 2]
    assert z == pytest.approx(slanting(*found.xyz[:, :2].T), abs=0.001)
    assert np.bincount(number).min() > 50
    around, eastward = z[number == 0], z[number == 1]
    assert slanting(LEFT + 17, TOP - 17) - 0.5 < around.min() and around.max() < slanting(LEFT + 31, TOP - 33) + 0.5
    assert eastward.min() > slanting(LEFT + 20, TOP) - 0.5


def test_a_neighbour_is_no_ground(tmp_path):
    def raised(z):
        z[20:60, 62:80] += 50  # 10 m high to the east, from one metre away
        return z

    house, other = (
        shapely.box(LEFT + 20, TOP - 30, LEFT + 30, TOP - 20),
        shapely.box(LEFT + 31, TOP - 30, LEFT + 40, TOP - 10),
    )
    with open_elevation(write(tmp_path / "dsm.tif", change=raised)) as dsm:
        with_it = dsm.around(np.array([house]), np.array([house]), 5.0, UTM).xyz[:, 2]
        without = dsm.around(np.array([house]), np.array([house, other]), 5.0, UTM).xyz[:, 2]
    assert with_it.max() > 340 > without.max()


def test_of_a_large_roof_not_every_pixel_is_taken(tmp_path):
    roof = shapely.box(LEFT, TOP - 50, LEFT + 50, TOP)
    with open_elevation(write(tmp_path / "dsm.tif")) as dsm:
        found = dsm.within(np.array([roof, FACE]), UTM)
    counts = np.bincount(found.polygon)
    assert MOST_PX / 4 <= counts[0] <= MOST_PX * 1.1
    assert np.ptp(found.xyz[: counts[0]], axis=0)[:2].min() > 46


def test_a_hall_in_the_model_of_a_drone_takes_little_memory(tmp_path):
    """20 million pixels of it: their places alone would be 480 MB."""
    profile = {"dtype": "float32", "crs": UTM.to_wkt(), "transform": Affine(0.01, 0, LEFT, 0, -0.01, TOP)}
    with rasterio.open(tmp_path / "dsm.tif", "w", "GTiff", 5000, 5000, 1, tiled=True, sparse_ok=True, **profile):
        pass  # empty blocks are zeros
    hall = shapely.box(LEFT + 2, TOP - 47, LEFT + 47, TOP - 2)
    with open_elevation(tmp_path / "dsm.tif") as dsm:
        tracemalloc.start()
        found = dsm.within(np.array([hall]), UTM)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak_bytes < 150e6
    assert MOST_PX / 2 <= len(found.polygon) <= MOST_PX * 1.1
    assert np.ptp(found.xyz, axis=0)[:2].min() > 42


def test_a_long_and_narrow_roof_is_not_missed(tmp_path):
    narrow = shapely.box(LEFT + 1, TOP - 49, LEFT + 1.06, TOP - 1)
    with open_elevation(write(tmp_path / "dsm.tif", pixel=0.02)) as dsm:
        assert len(dsm.within(np.array([narrow]), UTM).polygon) >= ENOUGH_PX


@pytest.mark.parametrize("read_px", [1, 17, 10**6])
def test_what_is_read_in_squares_is_the_same(tmp_path, monkeypatch, read_px):
    path = write(tmp_path / "dsm.tif", tiled=True, blockxsize=16, blockysize=16)
    places = np.random.default_rng(0).uniform(0, 60, (200, 2)) * [1, -1] + [LEFT - 5, TOP + 5]
    with open_elevation(path) as dsm:
        whole = dsm.at(places, UTM)
        for name in ("READ_PX", "SPARSE_PX"):
            monkeypatch.setattr(elevation, name, read_px)
            assert np.array_equal(dsm.at(places, UTM), whole, equal_nan=True)
    assert 0.5 < np.isfinite(whole).mean() < 1


def test_heights_between_pixels(tmp_path):
    with open_elevation(write(tmp_path / "dtm.tif", pixel=2.0)) as dtm:
        places = np.array([[LEFT + 13.3, TOP - 20.1], [LEFT + 0.1, TOP - 20.0]])
        found = dtm.at(places, UTM)
    assert found[0] == pytest.approx(slanting(*places[0]), abs=0.001)
    assert found[1] == pytest.approx(slanting(LEFT + 1, places[1, 1]), abs=0.001)  # the edge's pixel


def test_neighbours_are_read_together(tmp_path):
    with open_elevation(write(tmp_path / "dsm.tif")) as dsm:
        boxes = [shapely.box(x, TOP - 2, x + 1, TOP) for x in (LEFT + 1, LEFT + 9000, LEFT + 5, LEFT + 9004)]
        cells = dsm.cells(np.array(boxes), UTM)
    assert cells[0] == cells[2] != cells[1] == cells[3]
    assert set(cells) == {0, 1}


def test_a_virtual_raster_of_several_files(tmp_path):
    source = write(tmp_path / "dsm.tif")
    vrt = f"""<VRTDataset rasterXSize="{SIZE}" rasterYSize="{SIZE}"><SRS>EPSG:32632</SRS>
        <GeoTransform>{LEFT}, 0.5, 0, {TOP}, 0, -0.5</GeoTransform>
        <VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{source}</SourceFilename>
        <SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"""
    (tmp_path / "dsm.vrt").write_text(vrt)
    with open_elevation(tmp_path / "dsm.vrt") as dsm:
        assert_true(dsm)


@pytest.mark.parametrize(
    ("crs", "datum"),
    [
        ("EPSG:25832", ""), ("EPSG:25832+5783", "Deutsches Haupthoehennetz 1992"), ("EPSG:4979", "ellipsoid"),
        ("EPSG:2263+6360", "North American Vertical Datum 1988"),
        ("EPSG:2263+5703", "North American Vertical Datum 1988"),
    ],
)  # fmt: skip
def test_what_heights_are_counted_from(crs, datum):
    for version in ("WKT2_2019", "WKT1_GDAL"):
        if datum != "ellipsoid" or version == "WKT2_2019":
            assert vertical_datum(CRS.from_wkt(CRS.from_user_input(crs).to_wkt(version))) == datum


def missing(path):
    return path / "no.tif"


def remote(path):
    return "https://example.org/dsm.tif"


def remote_as_a_path(path):
    return Path("s3://bucket/dsm.tif")


def a_folder(path):
    return path


def no_raster(path):
    (path / "dsm.tif").write_text("x,y,z")
    return path / "dsm.tif"


def a_picture(path):
    with rasterio.open(
        path / "rgb.tif", "w", "GTiff", 4, 4, 3, dtype="uint8", crs=UTM.to_wkt(), transform=Affine(1, 0, 9, 0, -1, 9)
    ):
        return path / "rgb.tif"


def no_crs(path):
    with rasterio.open(write(path / "dsm.tif"), "r+") as file:
        file.crs = rasterio.crs.CRS()
    return path / "dsm.tif"


def feet_perhaps(path):
    return write(path / "dsm.tif", 2263, 2.0)


def odd_unit(path):
    return write(path / "dsm.tif", unit="fathom")


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (missing, DataError, "does not exist"), (remote, DataError, "^https://example.org/dsm.tif is no file"),
        (remote_as_a_path, DataError, "^s3://bucket/dsm.tif is no file"), (a_folder, DataError, "is a folder"),
        (no_raster, DataError, "is not a raster"), (a_picture, DataError, "3 bands"),
        (no_crs, DataError, "no coordinate reference system"), (feet_perhaps, InputError, "metres or feet"),
        (odd_unit, InputError, "'fathom'"),
    ],
)  # fmt: skip
def test_what_is_no_surface_model_is_named_with_the_way_out(tmp_path, make, kind, says):
    path = make(tmp_path)
    with pytest.raises(RoofgeoError, match=says) as caught:
        open_elevation(path)
    assert isinstance(caught.value, kind) and caught.value.hint


def test_what_is_damaged_is_a_hole_and_told(tmp_path):
    path = write(tmp_path / "dsm.tif", compress="deflate", blockysize=16)
    content = bytearray(path.read_bytes())
    content[3000:-200] = bytes(len(content) - 3200)
    path.write_bytes(content)
    whole = shapely.box(LEFT, TOP - 50, LEFT + 50, TOP)
    with open_elevation(path) as dsm:
        found = dsm.within(np.array([whole]), UTM)
        assert 0 < len(found.polygon) < MOST_PX / 2
        assert found.xyz[:, 2] == pytest.approx(slanting(*found.xyz[:, :2].T), abs=0.001)
        assert "dsm.tif is damaged at rows" in dsm.damage
        with pytest.raises(DataError, match="damaged at rows") as caught:
            dsm.glimpse(whole, UTM)
    assert caught.value.hint
    with open_elevation(write(tmp_path / "good.tif")) as dsm:
        dsm.within(np.array([whole]), UTM)
        assert dsm.damage == ""


def test_a_glimpse_of_an_area(tmp_path):
    def pierced(z):
        z[:, :50] = np.nan
        return z

    with open_elevation(write(tmp_path / "dsm.tif", pixel=0.25, change=pierced)) as dsm:
        found = dsm.glimpse(shapely.box(LEFT, TOP - 50, LEFT + 50, TOP), UTM)
        assert len(found) == GLIMPSES**2 and np.isnan(found).mean() == 0.25
        east = dsm.glimpse(shapely.box(LEFT + 40, TOP - 20, LEFT + 90, TOP - 10), UTM)
        assert east.min() > 300 + 20 - 10
        slanted = dsm.glimpse(shapely.Polygon([(LEFT, TOP), (LEFT + 50, TOP), (LEFT + 50, TOP - 50)]), UTM)
        assert len(slanted) == pytest.approx(GLIMPSES**2 / 2, rel=0.02)
        for nothing in (shapely.box(0, 0, 9, 9), shapely.Polygon()):
            assert len(dsm.glimpse(nothing, UTM)) == 0


corners = st.lists(st.tuples(st.floats(-3, 23), st.floats(-3, 23)), min_size=3, max_size=7, unique=True)


@settings(deadline=None, max_examples=150)
@given(rings=st.lists(corners, min_size=1, max_size=4))
def test_pixels_are_those_whose_centre_lies_within(rings):
    hulls = [shapely.MultiPoint(ring).convex_hull for ring in rings]
    polygons = np.array([hull if hull.geom_type == "Polygon" else shapely.box(1.2, 1.3, 4.1, 5.2) for hull in hulls])
    number, row, col = pixels_within(polygons)
    assert (np.diff(number) >= 0).all()
    seen = set(zip(number.tolist(), row.tolist(), col.tolist(), strict=True))
    assert len(seen) == len(number)
    for i, polygon in enumerate(polygons):
        for r in range(-4, 25):
            for c in range(-4, 25):
                centre = shapely.Point(c + 0.5, r + 0.5)
                if shapely.distance(centre, polygon.boundary) > 1e-6:
                    assert ((i, r, c) in seen) == polygon.contains(centre)


def test_holes_parts_and_shared_edges():
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(3, 3, 6, 6))
    two = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(5, 5, 7, 7)])
    halves = [shapely.Polygon([(0, 0), (9, 0), (9, 9)]), shapely.Polygon([(0, 0), (9, 9), (0, 9)])]
    number, row, col = pixels_within(np.array([ring, two, *halves], object))
    counts = np.bincount(number)
    assert counts[:2].tolist() == [91, 8] and counts[2:].sum() == 81
    shared = set(zip(row[number == 2], col[number == 2], strict=True)) & set(
        zip(row[number == 3], col[number == 3], strict=True)
    )
    assert not shared
    expected = rasterize([ring], (10, 10), transform=Affine.identity()).astype(bool)
    found = np.zeros((10, 10), bool)
    found[row[number == 0], col[number == 0]] = True
    assert (found == expected).all()
