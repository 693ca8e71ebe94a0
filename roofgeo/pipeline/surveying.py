"""The roofs of a run in the analyst's surface model: slopes, directions, heights; read a piece of ground at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS

from roofgeo.data.elevation import Elevation, Samples, open_elevation
from roofgeo.errors import AreaError, DataError, InputError
from roofgeo.vector.cluster import Faces
from roofgeo.vector.crops import FloatArray, IntArray
from roofgeo.vector.graph import GeometryArray
from roofgeo.vector.surface import FLAT_DEG, Planes, fit_planes, low_heights

GROUND_REACH_M = 5.0
"""Without a terrain model the ground of a building is looked for so far around it."""

GROUND_SHARE = 0.1
"""Share of the surface around a building that lies below its ground: cars, hedges and trees stand on the rest."""

GROUND_PX = 8
"""Fewest pixels around a building that tell its ground."""

PLAUSIBLE_M = (-5.0, 150.0)
"""No run has half of its roofs lower or higher above ground."""

ON_THE_GROUND_M = 1.0

MOST_OFFSET_M = 3.0
"""A surface farther from the terrain model, where there are no roofs, has another vertical datum."""

HIGHEST_GROUND_M = 30.0
"""No woods or towers leave less than a tenth of an area lower than this above its ground."""

OFFSET_PLACES = 32
"""So many rows of so many places, in and around the area, tell it before the run if there is no doubt."""

LEAST_PLACES = 50
"""With fewer there is doubt."""

OFFSET_REACH_M = 100.0

OFFSET_BUILDINGS = 1000
"""The ground around so many buildings tells that."""

STEEP_DEG = 55.0
"""No place has half of its roofs steeper; 24 degrees in feet taken for metres look so."""

COARSEST_M = 2.5
"""A surface model of larger pixels tells nothing of roofs: one of 1 m leaves a third of the slopes unknown."""


@dataclass(frozen=True)
class SurfaceModels:
    """What an analyst knows of heights.

    Attributes:
        dsm: The surface, roofs and all.
        dtm: The ground; None if it has to be found around each building.
    """

    dsm: Elevation
    dtm: Elevation | None

    def survey(self, faces: Faces, building: IntArray, outlines: GeometryArray, crs: CRS, told: list[str]) -> Faces:
        """The faces with slope, downslope and height of their planes in the surface model; see `Survey`.

        Heights that cannot be those of roofs are left out. Nothing raises: hours of a network's work may lie before.

        Args:
            faces: All faces.
            building: (faces,) which of the outlines each lies in.
            outlines: (buildings,) Polygons; those that stand wall to wall are one.
            crs: CRS of faces and outlines.
            told: To this is added what the user should know.
        """
        tree = shapely.STRtree(outlines)
        found = self._measured(faces, building, tree, crs)
        offset_m = self._offset_m(tree, crs)
        told += [model.damage for model in (self.dsm, self.dtm) if model is not None and model.damage]
        if self.dtm is not None and abs(offset_m) > MOST_OFFSET_M:
            told.append(
                f"heights above ground are left out: on the ground around buildings {self.dsm.source} lies "
                f"{offset_m:.1f} m above {self.dtm.source}, so they differ in vertical datum or unit; bring them to "
                "one, or leave out --dtm"
            )
            told += self._slope_notes(found)
            return replace(found, heights_m=np.full(len(building), np.nan))
        implausible = self._implausible(found.heights_m)
        if implausible:
            told.append(implausible)
            return faces.without_heights()
        told += [*self._slope_notes(found), *self._height_notes(found)]
        return found

    def _measured(self, faces: Faces, building: IntArray, tree: shapely.STRtree, crs: CRS) -> Faces:
        """The faces as the models have them, plausible or not."""
        order, groups = self._groups(tree.geometries, building, crs)
        planes = Planes.joined([self._planes(faces.polygons[group], crs) for group in groups])
        ground_m = np.concatenate([self._ground_m(faces.take(g), building[g], tree, crs) for g in groups])
        back = np.argsort(order)
        return faces.on_surface(planes.take(back), ground_m[back])

    def _groups(self, outlines: GeometryArray, building: IntArray, crs: CRS) -> tuple[IntArray, list[IntArray]]:
        """Faces (of these buildings) in an order in which they are read, and that cut to what is read together."""
        cell = self.dsm.cells(outlines, crs)[building]
        order = np.argsort(cell, kind="stable")
        return order, np.split(order, np.flatnonzero(np.diff(cell[order])) + 1)

    def _planes(self, polygons: GeometryArray, crs: CRS) -> Planes:
        samples = self.dsm.within(polygons, crs)
        return fit_planes(samples.polygon, samples.xyz, len(polygons))

    def _ground_m(self, faces: Faces, building: IntArray, tree: shapely.STRtree, crs: CRS) -> FloatArray:
        """(faces,) height of the ground: beneath each face, or else around its building."""
        if self.dtm is not None:
            return self.dtm.at(faces.centres, crs)
        houses, house = np.unique(building, return_inverse=True)
        around = self._around(tree.geometries[houses], tree, crs)
        ground_m = low_heights(around.polygon, around.xyz[:, 2], len(houses), GROUND_SHARE, GROUND_PX)
        return np.asarray(ground_m[house])

    def _around(self, own: GeometryArray, tree: shapely.STRtree, crs: CRS) -> Samples:
        """The surface around some of the outlines in a tree, away from all of them."""
        reach = shapely.box(*shapely.total_bounds(own)).buffer(2 * GROUND_REACH_M)
        return self.dsm.around(own, tree.geometries[tree.query(reach)], GROUND_REACH_M, crs)

    def _offset_m(self, tree: shapely.STRtree, crs: CRS) -> float:
        """How far the surface's ground lies above the terrain model around half of the buildings; NaN if unknown."""
        if self.dtm is None:
            return np.nan
        some = tree.geometries[:: math.ceil(len(tree.geometries) / OFFSET_BUILDINGS)]
        offsets_m = []
        for group in self._groups(some, np.arange(len(some)), crs)[1]:
            around = self._around(some[group], tree, crs)
            above_m = around.xyz[:, 2] - self.dtm.at(around.xyz[:, :2], crs)
            known = ~np.isnan(above_m)
            offsets_m.append(low_heights(around.polygon[known], above_m[known], len(group), GROUND_SHARE, GROUND_PX))
        known_m = np.concatenate(offsets_m)
        known_m = known_m[~np.isnan(known_m)]
        return float(np.median(known_m)) if len(known_m) else np.nan

    def _implausible(self, height_m: FloatArray) -> str:
        """What is wrong with heights above ground (faces,) as a whole; empty if nothing is."""
        known = height_m[~np.isnan(height_m)]
        middle_m = float(np.median(known)) if len(known) else 0.0
        if PLAUSIBLE_M[0] <= middle_m <= PLAUSIBLE_M[1]:
            return ""
        if self.dtm is None:
            return (
                f"nothing is taken from {self.dsm.source}: half of the roofs would be {middle_m:.0f} m or more above "
                f"the ground around them, so its heights are no metres; rio edit-info --bidx 1 --units cm "
                f"{self.dsm.source} says what they are"
            )
        return (
            f"nothing is taken from {self.dsm.source}: half of the roofs would be {middle_m:.0f} m above "
            f"{self.dtm.source}, so they differ in unit or vertical datum; bring them to one, or leave out --dtm"
        )

    def provenance(self) -> dict[str, str]:
        """What outputs say of the heights in them."""
        found = {"dsm": self.dsm.source, "dsm_sha256": self.dsm.identity}
        if self.dtm is None:
            return {
                **found,
                "ground": f"lowest {GROUND_SHARE:.0%} of the dsm within {GROUND_REACH_M:g} m of a building",
            }
        return {**found, "dtm": self.dtm.source, "dtm_sha256": self.dtm.identity, "ground": "dtm"}

    def _slope_notes(self, faces: Faces) -> Iterator[str]:
        """What the user should know of slopes."""
        count, source = len(faces.polygons), self.dsm.source
        bare, unknown = np.isnan(faces.residuals_m), np.isnan(faces.gradients[:, 0])
        if bare.all():
            yield f"no slopes and heights: {source} has too few heights at each of the {count} segments"
            return
        if bare.any():
            yield f"{_without(int(bare.sum()), count)} no slope: {source} has too few heights there"
        rejected = int((unknown & ~bare).sum())
        if rejected:
            yield f"{_without(rejected, count)} no slope: too small or too rough to be a plane in {source}"
        slope_deg = np.degrees(np.arctan(np.hypot(*faces.gradients[~unknown].T)))
        pitched_deg = slope_deg[slope_deg > FLAT_DEG]
        middle_deg = float(np.median(pitched_deg)) if len(pitched_deg) else 0.0
        if middle_deg > STEEP_DEG:
            yield (
                f"half of the pitched roofs are steeper than {middle_deg:.0f} degrees: are the heights of {source} "
                f"feet? rio edit-info --bidx 1 --units ft {source} says so"
            )

    def _height_notes(self, faces: Faces) -> Iterator[str]:
        """What the user should know of heights above ground."""
        known = ~np.isnan(faces.heights_m)
        low = int((~known & ~np.isnan(faces.residuals_m)).sum())
        if low:
            where = "around them" if self.dtm is None else f"in {self.dtm.source}"
            yield f"{_without(low, len(known))} no height: there is no ground {where}"
        if known.any() and np.median(faces.heights_m[known]) < ON_THE_GROUND_M:
            yield (
                f"half of the roofs lie less than {ON_THE_GROUND_M:g} m above ground: is {self.dsm.source} a surface "
                "model?"
            )


def _without(some: int, count: int) -> str:
    return f"{some} of {count} segments {'has' if some == 1 else 'have'}"


@contextmanager
def open_surface(dsm: str | Path | None, dtm: str | Path | None) -> Iterator[SurfaceModels | None]:
    """Open the surface model and the terrain model, as far as given.

    Raises:
        InputError: There is a terrain model alone, the unit of heights is unknown, the surface model is too coarse, or
            the two have different vertical datums.
        DataError: A file is missing or is no raster of heights.
    """
    if dsm is None and dtm is not None:
        raise InputError("a terrain model alone tells nothing of roofs", "Give the surface model too: --dsm dsm.tif")
    with ExitStack() as stack:
        surface, terrain = (None if path is None else stack.enter_context(open_elevation(path)) for path in (dsm, dtm))
        if surface is not None and not surface.pixel_size_m <= COARSEST_M:  # NaN: far beyond its CRS
            raise InputError(
                f"{dsm} has pixels of {surface.pixel_size_m:.3g} m: too coarse for the slopes of roofs",
                f"Give a surface model of 0.5 m or finer ({COARSEST_M:g} m at most), or leave out --dsm.",
            )
        if surface is not None and terrain is not None:
            _check_datums(surface, terrain)
        yield None if surface is None else SurfaceModels(surface, terrain)


def _check_datums(surface: Elevation, terrain: Elevation) -> None:
    if surface.vertical and terrain.vertical and surface.vertical != terrain.vertical:
        raise InputError(
            f"heights are counted from {surface.vertical} in {surface.source}, from {terrain.vertical} in "
            f"{terrain.source}",
            "Bring one to the other's vertical datum (gdalwarp -t_srs, with the geoid's grid), or leave out --dtm.",
        )


def check_heights(models: SurfaceModels | None, wanted: shapely.Geometry, crs: CRS) -> None:
    """See that the models lie on the wanted ground, and know heights there.

    Raises:
        AreaError: One of them lies elsewhere.
        DataError: One of them is damaged, or has no heights in the area; or the two cannot be of one datum and unit.
    """
    if models is None:
        return
    for model in (models.dsm,) if models.dtm is None else (models.dsm, models.dtm):
        _check_known(model, wanted, crs)
    if models.dtm is not None:
        _check_offset(models.dsm, models.dtm, wanted, crs)


def _check_known(model: Elevation, wanted: shapely.Geometry, crs: CRS) -> None:
    if not model.meets(wanted, crs):
        raise AreaError(
            f"{model.source} lies outside the area", "Check that both show the same place, and the file's CRS."
        )
    height_m = model.glimpse(wanted, crs)
    if len(height_m) and np.isnan(height_m).all():
        raise DataError(
            f"{model.source} has no heights in the area, at none of {len(height_m)} places",
            "Does it cover the area, without holes, and in metres? Give another model, or none.",
        )


def _check_offset(surface: Elevation, terrain: Elevation, wanted: shapely.Geometry, crs: CRS) -> None:
    left, bottom, right, top = wanted.buffer(OFFSET_REACH_M).bounds  # the area itself may be one tower
    across, down = (np.linspace(*ends, OFFSET_PLACES) for ends in ((left, right), (bottom, top)))
    places = np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)
    above_m = surface.at(places, crs) - terrain.at(places, crs)
    above_m = above_m[~np.isnan(above_m)]
    if len(above_m) < LEAST_PLACES:
        return
    low_m, middle_m = np.quantile(above_m, [GROUND_SHARE, 0.5])
    if low_m > HIGHEST_GROUND_M or middle_m < -MOST_OFFSET_M:
        raise DataError(
            f"{surface.source} lies {middle_m:.0f} m above {terrain.source} at half of the places around the area",
            "They differ in vertical datum or unit: bring them to one, or leave out --dtm.",
        )
