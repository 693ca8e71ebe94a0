"""Known roofs in pixels: their planes and lines, and a shortcut from roofs to layers."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pytest
import shapely

from roofgeo.data.targets import RoofLine, RoofPlane
from roofgeo.grid import Grid, Window
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.cluster import Cluster
from roofgeo.vector.seams import join_blocks, vectorize_block
from tests.vector.rasters import BandArrays, line, make_bands, plane, utm_grid

Roof = tuple[list[RoofPlane], list[RoofLine]]
SHAPE = (160, 200)


def gable() -> Roof:
    """12 x 8 m; the ridge runs east-west."""
    a, b, c, d, e, f = (40, 40), (160, 40), (160, 80), (160, 120), (40, 120), (40, 80)
    planes = [plane([a, b, c, f], 0), plane([f, c, d, e], 180)]
    lines = [line("eave", a, b), line("eave", d, e), line("ridge", c, f)]
    lines += [line("rake", *ends) for ends in ((b, c), (c, d), (e, f), (f, a))]
    return planes, lines


def hip() -> Roof:
    """12 x 8 m; the ridge of 4 m runs east-west."""
    a, b, c, d, west, east = (40, 40), (160, 40), (160, 120), (40, 120), (80, 80), (120, 80)
    planes = [
        plane([a, b, east, west], 0),
        plane([b, c, east], 90),
        plane([c, d, west, east], 180),
        plane([d, a, west], 270),
    ]
    lines = [line("eave", *ends) for ends in ((a, b), (b, c), (c, d), (d, a))]
    lines += [line("hip", *ends) for ends in ((a, west), (d, west), (b, east), (c, east))]
    return planes, [*lines, line("ridge", west, east)]


def pyramid() -> Roof:
    """8 x 8 m."""
    corners, top = [(40, 40), (120, 40), (120, 120), (40, 120)], (80, 80)
    around = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    planes = [plane([a, b, top], azimuth) for (a, b), azimuth in zip(around, (0, 90, 180, 270), strict=True)]
    return planes, [*(line("eave", a, b) for a, b in around), *(line("hip", a, top) for a in corners)]


def ell() -> Roof:
    """An L of two gables 6 m wide: one hip, one valley where they meet."""
    outer, inner, end_a, end_b = (40, 40), (100, 100), (170, 70), (70, 150)
    knee = (70, 70)
    planes = [
        plane([outer, (170, 40), end_a, knee], 0),
        plane([knee, end_a, (170, 100), inner], 180),
        plane([outer, knee, end_b, (40, 150)], 270),
        plane([knee, inner, (100, 150), end_b], 90),
    ]
    lines = [line("hip", outer, knee), line("valley", knee, inner), line("ridge", knee, end_a)]
    lines += [line("ridge", knee, end_b), line("eave", outer, (170, 40)), line("eave", inner, (170, 100))]
    lines += [line("eave", outer, (40, 150)), line("eave", inner, (100, 150))]
    lines += [line("rake", (170, 40), end_a), line("rake", end_a, (170, 100))]
    return planes, [*lines, line("rake", (40, 150), end_b), line("rake", end_b, (100, 150))]


def flat() -> Roof:
    """10 x 6 m."""
    return [plane([(40, 40), (140, 40), (140, 100), (40, 100)], None)], []


def shed() -> Roof:
    """10 x 6 m; falls to the south."""
    a, b, c, d = (40, 40), (140, 40), (140, 100), (40, 100)
    return [plane([a, b, c, d], 180)], [line("rake", a, b), line("rake", b, c), line("eave", c, d), line("rake", d, a)]


def buildings_of(bands: BandArrays, grid: Grid | None = None) -> tuple[Cluster, ...]:
    """The buildings of bands in one piece."""
    shape = bands["roof"].shape[1:]
    grid = grid or utm_grid(shape)
    block = vectorize_block(bands, bands["roof"][0] > 0.5, np.ones(shape, bool), Window(0, 0, *shape), grid)
    return join_blocks([block], grid)


def layers_of(roof: Roof, grid: Grid | None = None, shape: tuple[int, int] = SHAPE) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a roof drawn without error."""
    grid = grid or utm_grid(shape)
    return attribute_layers(buildings_of(make_bands(*roof, shape, grid.pixel_size_m), grid), grid)


def assert_sound(polygons: Sequence[shapely.Polygon]) -> None:
    """Polygons are valid and meet edge to edge."""
    faces = np.asarray(polygons, object)
    assert shapely.is_valid(faces).all()
    assert shapely.coverage_is_valid(faces)
    assert shapely.area(faces).sum() == pytest.approx(shapely.union_all(faces).area, rel=1e-9)
