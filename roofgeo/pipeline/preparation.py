"""What must be known before a run begins: model, imagery, grid, blocks; the same for `predict` and its forecast."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from roofgeo.data.aoi import Area, read_area
from roofgeo.data.imagery import Imagery, covered_share, metric_grid, open_imagery
from roofgeo.data.quality import LEAST_PX, LEAST_VALID, MOST_PLACES, SIDE_PX, Impression, doubts, look_at
from roofgeo.data.sources import find_imagery
from roofgeo.errors import InputError
from roofgeo.grid import Grid, Window
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import Model, ModelCard, open_model
from roofgeo.models.metadata import UNKNOWN, usual_sun_azimuth_deg
from roofgeo.pipeline.surveying import SurfaceModels, check_heights, open_surface
from roofgeo.plan import Plan, plan_run, usual_overlap_px
from roofgeo.schema import VECTOR_SUFFIXES

MARGIN_M = 30.0
"""Ground around the area that is predicted too: context for the network, and buildings that touch the area whole."""

PIXEL_SIZE_TOLERANCE = 0.02
"""A pixel of 0.0495 m on the ground is one of 0.05 m in a projection."""


PLACES_A_SIDE = 13
"""Rows and columns of places among which those to look at are chosen; odd, so that a step does not follow a column."""


@dataclass(frozen=True)
class Run:
    """What all blocks of a run share.

    Attributes:
        imagery: Where the pixels come from.
        network: What predicts.
        plan: Grid, blocks and windows.
        reach: Ground to predict, in the grid's CRS.
        sun_azimuth_deg: Where the sun stands; NaN if unknown.
        latitude_deg: Of the place; NaN if unknown.
        heights_known: Whether the network's heights are told, and planes fitted to them.
    """

    imagery: Imagery
    network: OnnxNetwork
    plan: Plan
    reach: shapely.Geometry
    sun_azimuth_deg: float
    latitude_deg: float = UNKNOWN
    heights_known: bool = False


@dataclass(frozen=True)
class Prepared:
    """A run that can begin.

    Attributes:
        run: What all its blocks share.
        model: The model, verified.
        area: The area of interest; None for the whole imagery.
        wanted: Ground whose buildings are wanted, in the grid's CRS.
        surface: The analyst's surface model; None if there is none.
        notes: What the user should know: ground without imagery, say.
    """

    run: Run
    model: Model
    area: Area | None
    wanted: shapely.Geometry
    surface: SurfaceModels | None
    notes: tuple[str, ...]

    @property
    def pictured(self) -> shapely.Geometry:
        """What of the wanted ground lies within the imagery, in the grid's CRS; pixels there may hold no data."""
        return self.wanted.intersection(self.run.imagery.footprint(self.run.plan.grid.crs))


@contextmanager
def prepared(
    aoi: str | Path | None,
    imagery: str | Path | None,
    model: str | Path,
    *,
    layer: str | None,
    imagery_crs: str | None,
    clip: bool,
    threads: int | None,
    tile_px: int | None,
    overlap_px: int | None,
    dsm: str | Path | None = None,
    dtm: str | Path | None = None,
    unproven_heights: bool = False,
) -> Iterator[Prepared]:
    """Open and check all that a run reads. The arguments are those of `roofgeo.pipeline.prediction.predict`.

    Raises:
        InputError: The request cannot be met: area, pixel size, windows, unit of heights.
        DataError: The imagery, the area or a surface model cannot be read.
        ModelError: The model cannot be used.
    """
    chosen = open_model(model)
    network = OnnxNetwork(chosen, threads)
    tile_px = chosen.card.tile_px if tile_px is None else tile_px
    overlap_px = usual_overlap_px(tile_px, chosen.card.overlap_px) if overlap_px is None else overlap_px
    area = read_area(aoi, layer) if aoi is not None else None
    source = imagery if imagery is not None else find_imagery(aoi)
    with open_imagery(source, imagery_crs) as pixels, open_surface(dsm, dtm) as surface:
        grid = _grid(pixels, area, chosen)
        reach, wanted = _reach(pixels, area, grid, clip)
        check_heights(surface, wanted, grid.crs)
        plan = plan_run(grid, reach, tile_px, overlap_px)
        latitude_deg = _latitude_deg(grid)
        known = (chosen.card.heights_known or unproven_heights) and surface is None
        run = Run(pixels, network, plan, reach, usual_sun_azimuth_deg(latitude_deg), latitude_deg, known)
        notes = (*_notes(pixels, area, chosen.card, plan), *doubts(impressions(pixels, grid, reach)))
        yield Prepared(run, chosen, area, wanted, surface, notes)


def check_formats(formats: Collection[str]) -> tuple[str, ...]:
    """The formats, each once.

    Raises:
        InputError: One of them is none of `roofgeo.schema.VECTOR_SUFFIXES`.
    """
    unknown = [name for name in formats if name not in VECTOR_SUFFIXES]
    if unknown:
        raise InputError(
            f"there is no format {unknown[0]!r}", f"Choose of {', '.join(VECTOR_SUFFIXES)}; a GeoPackage comes always."
        )
    return tuple(dict.fromkeys(formats))


def _grid(imagery: Imagery, area: Area | None, model: Model) -> Grid:
    if area is None:
        return metric_grid(imagery, None, None, model.card.pixel_size_m, 0.0)
    return metric_grid(imagery, area.geometry, area.crs, model.card.pixel_size_m, MARGIN_M)


def _reach(imagery: Imagery, area: Area | None, grid: Grid, clip: bool) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Ground to predict, and ground whose buildings are wanted, in the grid's CRS."""
    if area is None:
        whole = imagery.footprint(grid.crs)
        return whole, whole
    wanted = area.to_crs(grid.crs).geometry
    return (wanted if clip else wanted.buffer(MARGIN_M)), wanted


def _latitude_deg(grid: Grid) -> float:
    left, bottom, right, top = grid.bounds
    to_degrees = Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    _, latitude_deg = to_degrees.transform((left + right) / 2, (bottom + top) / 2)
    return float(latitude_deg)


def impressions(imagery: Imagery, grid: Grid, reach: shapely.Geometry) -> list[Impression]:
    """What a few places look like that are spread over the ground to predict; fewer where it is small or empty.

    Args:
        imagery: Where the pixels come from.
        grid: What it is read on.
        reach: Ground to predict, in the grid's CRS.

    Raises:
        ImageryError: A file is damaged there.
    """
    coarser = max(1.0, imagery.pixel_size_m / grid.pixel_size_m)  # between its own pixels imagery is never sharp
    height, width = (max(1, math.floor(size / coarser)) for size in grid.shape)
    seen = replace(grid, pixel_size_m=grid.pixel_size_m * coarser, height=height, width=width)
    found = []
    for window in _places(seen, reach) if min(seen.shape) >= LEAST_PX else []:
        image, valid = imagery.read(seen, window)
        if valid.mean() >= LEAST_VALID:
            found.append(look_at(_cut_to(image, valid)))
    return found


def _cut_to(image: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The (3, rows, columns) of an image that hold data but for a few pixels; all, if there are too few such."""
    rows, cols = valid.mean(1) > LEAST_VALID, valid.mean(0) > LEAST_VALID
    return image[:, rows][:, :, cols] if min(rows.sum(), cols.sum()) >= LEAST_PX else image


def _places(grid: Grid, reach: shapely.Geometry) -> list[Window]:
    """Windows that tile the grid evenly, those of them in the middle of which there is ground to predict; a few."""
    per_side = [max(1, min(PLACES_A_SIDE, size // SIDE_PX)) for size in grid.shape]
    height, width = (min(SIDE_PX, size) for size in grid.shape)
    rows, cols = (
        [(2 * n + 1) * size // (2 * count) - side // 2 for n in range(count)]
        for count, size, side in zip(per_side, grid.shape, (height, width), strict=True)
    )
    windows = [Window(row, col, height, width) for row in rows for col in cols]
    left, bottom, right, top = np.array([grid.window_bounds(window) for window in windows]).T
    inside = shapely.intersects_xy(reach, (left + right) / 2, (bottom + top) / 2)
    chosen = [window for window, is_inside in zip(windows, inside, strict=True) if is_inside]
    step = max(1, math.ceil(len(chosen) / MOST_PLACES))
    return chosen[step // 2 :: step]


def _notes(imagery: Imagery, area: Area | None, card: ModelCard, plan: Plan) -> Iterator[str]:
    """What may disappoint of the result, and is no error."""
    if area is not None:
        share = covered_share(imagery, area.geometry, area.crs)
        if share <= 0.9995:
            yield f"{100 * (1 - share):.1f} % of the area lies outside the imagery; the rest is predicted"
    finest_m, coarsest_m = card.source_pixel_size_m
    size_m = imagery.pixel_size_m
    if not finest_m * (1 - PIXEL_SIZE_TOLERANCE) <= size_m <= coarsest_m * (1 + PIXEL_SIZE_TOLERANCE):
        yield (
            f"the imagery has pixels of {size_m:.3g} m; {card.name} was trained on {finest_m:g} to {coarsest_m:g} m, "
            "so expect more mistakes"
        )
    if plan.overlap_px < card.overlap_px:
        yield (
            f"windows overlap by {plan.overlap_px} px, {card.name} needs {card.overlap_px}: their borders may show in "
            "the result"
        )
