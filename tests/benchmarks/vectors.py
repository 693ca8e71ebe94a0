"""Measure the vector stage alone: rasters of known roofs in, layers out, against the truth.

`python -m tests.benchmarks.vectors` prints figures of perfect and of spoilt rasters of RoofGraph val's roofs and of
rendered scenes, and of what the shipped network makes of RoofGraph's pictures. `--set limits` measures the network on
rendered scenes, with the true rasters in place of some of its heads': which of them limits the layers.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from roofgeo.data.augment import transform_scene
from roofgeo.data.roofgraph import PIXEL_SIZE_M, RoofGraph
from roofgeo.data.targets import LabelledScene, rasterize_targets
from roofgeo.evaluation.coverage import NARROW_GAP_M
from roofgeo.evaluation.layers import evaluate_layers
from roofgeo.evaluation.polygons import match_polygons
from roofgeo.evaluation.report import Figures
from roofgeo.grid import Grid
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.schema import FLAT, LINE_CLASSES, LINE_TYPES, SEGMENT_CLASSES
from roofgeo.synthesis.scenes import render_scene, roof_heights
from roofgeo.vector import cluster
from roofgeo.vector.attributes import attribute_layers
from roofgeo.vector.crops import RoofCrop
from roofgeo.vector.planes import MIN_FACE_M2, MIN_FACE_RADIUS_M, find_planes
from roofgeo.vector.seams import join_blocks, vectorize_block
from tests.checker_content import hanging_together
from tests.vector.rasters import one_hot, speckled

DATA = Path(os.environ.get("ROOFGEO_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
GRID_M: Final = 0.1
MARGIN_PX: Final = 8
NZTM: Final = CRS.from_epsg(2193)
CORNER_M: Final = (1_600_000.0, 5_470_000.0)
"""On the central meridian, where the grid's north is true north."""

FIRST_SCENE: Final = 7000
CLOSE: Final = 0.05
"""A length or an area is right if it is off by no more than this share."""

ALONG_PX: Final = 0.5
JOIN_PX: Final = 0.02
LEAST_M: Final = 0.5
"""A building with less of a line type than this is not measured for it: five pixels."""

Bands = dict[str, NDArray[np.float32]]
Layers = dict[str, gpd.GeoDataFrame]


def real_roofs(count: int | None) -> Iterator[LabelledScene]:
    """RoofGraph val at the grid's pixel size."""
    roofs = RoofGraph(DATA / "roofgraph", "val")
    for number in range(len(roofs.pictures))[:count]:
        yield resized(roofs.scene(number), PIXEL_SIZE_M / GRID_M)


def rendered_scenes(count: int | None) -> Iterator[LabelledScene]:
    """Rendered settlements of all styles, whole buildings only."""
    for seed in range(FIRST_SCENE, FIRST_SCENE + (50 if count is None else count)):
        yield resized(render_scene(seed, 768, GRID_M, whole_buildings=True).scene, 1.0)


def resized(scene: LabelledScene, scale: float) -> LabelledScene:
    """The scene scaled, with a margin around it and sides that a network takes."""
    height, width = (32 * math.ceil((size * scale + 2 * MARGIN_PX) / 32) for size in scene.image.shape[1:])
    matrix = Affine.translation(MARGIN_PX, MARGIN_PX) * Affine.scale(scale)
    return dataclasses.replace(transform_scene(scene, matrix, (height, width)), labelled=None)


def perfect(scene: LabelledScene, rng: np.random.Generator) -> Bands:
    """(bands, height, width) by head, as a network without error would give them."""
    targets = rasterize_targets(scene)
    angle = np.deg2rad(np.nan_to_num(targets.azimuth_deg))
    pitched = ~np.isnan(targets.azimuth_deg)
    heights = {"height": roof_heights(scene.planes, targets.roof.shape)[None]} if has_heights(scene) else {}
    return heights | {
        "segments": one_hot(targets.segments, len(SEGMENT_CLASSES)),
        "azimuth": np.stack([np.sin(angle), np.cos(angle)]).astype(np.float32) * pitched,
        "lines": one_hot(targets.lines, len(LINE_CLASSES)),
        "roof": (targets.roof == 1).astype(np.float32)[None],
    }


def has_heights(scene: LabelledScene) -> bool:
    """Whether the planes' heights are known."""
    return any(p.height_m is not None for p in scene.planes)


def spoilt(scene: LabelledScene, rng: np.random.Generator) -> Bands:
    """The same with 10 % speckle and one-pixel jitter."""
    return speckled(perfect(scene, rng), rng)


def predicted(scene: LabelledScene, rng: np.random.Generator) -> Bands:
    """What the shipped network makes of the picture."""
    network = _network()
    bands = network.predict(scene.image, scene.pixel_size_m, scene.sun_azimuth_deg or np.nan)
    return {head: bands[at] for head, at in network.slices.items() if head != "height"}


@functools.cache
def _network() -> OnnxNetwork:
    return OnnxNetwork(open_model(DEFAULT_MODEL))


def layers_of(bands: Bands) -> Layers:
    """What the vector stage makes of bands."""
    shape = bands["roof"].shape[1:]
    grid = Grid(NZTM, *CORNER_M, GRID_M, *shape)
    roofs = vectorize_block(bands, bands["roof"][0] > 0.5, np.ones(shape, bool), grid.window, grid)
    return attribute_layers(join_blocks([roofs], grid), grid, heights_known=True)


def planes_of_classes(crop: RoofCrop, pixel_size_m: float) -> NDArray[np.int32]:
    """Planes as others find them, to compare: 4-connected pixels of one class; small ones go to what is nearest."""
    classes = np.where(crop.mask, crop.segments[FLAT:].argmax(0) + FLAT, 0)
    labels = np.zeros(classes.shape, np.int32)
    for code in np.unique(classes[crop.mask]):
        parts, _ = ndimage.label(classes == code)
        labels = np.where(parts > 0, parts + labels.max(), labels)
    large = np.bincount(labels.ravel()) * pixel_size_m**2 >= MIN_FACE_M2
    if not large[1:].any():
        return crop.mask.astype(np.int32)
    nearest = ndimage.distance_transform_edt(
        ~large[labels] | (labels == 0), return_distances=False, return_indices=True
    )
    joined = np.where(crop.mask, labels[*nearest], 0)
    whole = np.zeros(joined.shape, np.int32)
    for number in np.unique(joined[crop.mask]):
        parts, _ = ndimage.label(joined == number)
        whole = np.where(parts > 0, parts + whole.max(), whole)
    return whole


def planes_without_lines(crop: RoofCrop, pixel_size_m: float) -> NDArray[np.int32]:
    """Planes by their directions alone, to compare: the network's lines part none."""
    unseen = {name: band for name, band in crop.bands.items() if name != "lines"}
    return find_planes(dataclasses.replace(crop, bands=unseen), pixel_size_m)


OTHER_PLANES: Final = {"classes": planes_of_classes, "without-lines": planes_without_lines}


def told_apart(scene: LabelledScene) -> LabelledScene:
    """The scene with those planes as one that no raster tells apart: terraced houses under one plane.

    They share an edge, face the same way, and no line is labelled along the edge.
    """
    if not scene.planes:
        return scene
    pairs = _hidden_edges(scene)
    plane, house = _joined(pairs, len(scene.planes)), np.array([p.building for p in scene.planes])
    house_of = _joined(house[pairs], int(house.max()) + 1)
    planes = []
    for number in np.unique(plane):
        parts = [scene.planes[i] for i in np.flatnonzero(plane == number)]
        whole = shapely.union_all(shapely.buffer([shapely.Polygon(p.ring) for p in parts], JOIN_PX))
        ring = shapely.get_coordinates(whole.buffer(-JOIN_PX).simplify(JOIN_PX).exterior)[:-1]
        planes.append(dataclasses.replace(parts[0], ring=ring, building=int(house_of[parts[0].building])))
    lines = [dataclasses.replace(line, building=int(house_of[line.building])) for line in scene.lines]
    return dataclasses.replace(scene, planes=tuple(planes), lines=tuple(lines))


def _hidden_edges(scene: LabelledScene) -> NDArray[np.int64]:
    """(2, pairs) numbers of planes that face the same way and share an edge without a line along it."""
    rings = shapely.buffer([shapely.Polygon(p.ring) for p in scene.planes], ALONG_PX)
    pairs = np.asarray(shapely.STRtree(rings).query(rings, predicate="intersects"))
    seen = shapely.buffer([shapely.LineString(line.xy) for line in scene.lines], 2 * ALONG_PX)
    hidden = shapely.difference(shapely.intersection(*rings[pairs]), shapely.union_all(seen))
    azimuth = np.array([np.nan if p.azimuth_deg is None else p.azimuth_deg for p in scene.planes])[pairs]
    alike = np.abs((azimuth[0] - azimuth[1] + 180) % 360 - 180) < 1
    alike |= np.isnan(azimuth).all(0)
    return pairs[:, alike & (shapely.area(hidden) > LEAST_M / GRID_M * 2 * ALONG_PX) & (pairs[0] < pairs[1])]


def _joined(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(count,) number of the group each belongs to."""
    links = coo_array((np.ones(len(pairs[0])), tuple(pairs)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def truth_of(scene: LabelledScene) -> Layers:
    """The labels as layers."""

    def to_map(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array(CORNER_M) + xy * [GRID_M, -GRID_M]

    segments = {
        "azimuth_deg": [p.azimuth_deg for p in scene.planes],
        "building_id": [p.building for p in scene.planes],
        "area_m2": shapely.area([shapely.Polygon(p.ring) for p in scene.planes])
        * GRID_M**2
        * np.hypot(1, np.hypot(*_gradients(scene).T)),
    }
    lines = {
        "line_type": [line.line_type for line in scene.lines],
        "building_id": [line.building for line in scene.lines],
        "slope_length_m": _slope_lengths_m(scene),
    }
    polygons = [shapely.Polygon(to_map(p.ring)) for p in scene.planes]
    strings = [shapely.LineString(to_map(line.xy)) for line in scene.lines]
    return {
        "roof_segments": gpd.GeoDataFrame(segments, geometry=polygons, crs=NZTM),
        "roof_lines": gpd.GeoDataFrame(lines, geometry=strings, crs=NZTM),
    }


def _gradients(scene: LabelledScene) -> NDArray[np.float64]:
    """(planes, 2) rise to the right and downwards, metres a metre; NaN if unknown."""
    unknown = (np.nan, np.nan, np.nan)
    return np.array([p.height_m or unknown for p in scene.planes], float).reshape(-1, 3)[:, :2] / GRID_M


def _slope_lengths_m(scene: LabelledScene) -> NDArray[np.float64]:
    """(lines,) lengths on the planes of the building that a line runs along: their mean, the steeper at a step."""
    xy = np.array([line.xy for line in scene.lines]).reshape(-1, 2, 2)
    chord = xy[:, 1] - xy[:, 0]
    length = np.hypot(*chord.T)
    rings = np.array([shapely.Polygon(p.ring) for p in scene.planes], object)
    line, plane = shapely.STRtree(rings).query(shapely.points(xy.mean(1)), predicate="dwithin", distance=ALONG_PX)
    house = [np.array([part.building for part in parts], int) for parts in (scene.lines, scene.planes)]
    line, plane = (side[house[0][line] == house[1][plane]] for side in (line, plane))
    rise = (_gradients(scene)[plane] * (chord / length[:, None])[line]).sum(1)
    mean = np.bincount(line, rise, len(xy)) / np.bincount(line, minlength=len(xy))
    steepest = np.zeros(len(xy))
    np.fmax.at(steepest, line, np.abs(rise))
    step = np.array([part.line_type == "step" for part in scene.lines], bool)
    return np.asarray(length * GRID_M * np.hypot(1, np.where(step, steepest, mean)))


@dataclasses.dataclass
class Sums:
    """Buildings whose area, and whose length of each line type, is right, where measured; None is NULL."""

    right: dict[str, dict[str, list[bool | None]]] = dataclasses.field(default_factory=dict)

    def add(self, predicted: Layers, truth: Layers) -> None:
        """Compare the buildings of a scene that are there in both."""
        true = truth["roof_segments"].dissolve("building_id", aggfunc={"area_m2": _whole_sum})
        found = predicted["buildings"].set_index("building_id")
        thin = _with_thin_faces(truth["roof_segments"])
        pairs = match_polygons(found.geometry.make_valid().to_numpy(), true.geometry.make_valid().to_numpy())
        for first, second in zip(found.index[pairs.predicted], true.index[pairs.truth], strict=True):
            own = predicted["roof_segments"]["segment_id"][predicted["roof_segments"]["building_id"] == first]
            beside = predicted["roof_lines"][["left_segment_id", "right_segment_id"]].isin(set(own)).any(axis=1)
            true_lines = truth["roof_lines"]
            lines = [predicted["roof_lines"][beside], true_lines[true_lines["building_id"] == second]]
            areas_m2 = float(found.geometry[first].area), float(true.geometry[second].area)
            lengths_m = [part.geometry.length.groupby(part["line_type"]).sum() for part in lines]
            self._note("map", areas_m2, lengths_m)
            if second not in thin:
                self._note("map, no face too thin", areas_m2, lengths_m)
            if not np.isnan(true["area_m2"][second]):
                areas_m2 = float(found["roof_area_m2"][first]), float(true["area_m2"][second])
                on_slope = [part.groupby("line_type")["slope_length_m"].agg(_whole_sum) for part in lines]
                self._note("slope", areas_m2, on_slope)

    def _note(self, where: str, areas_m2: tuple[float, float], lengths_m: Sequence[pd.Series]) -> None:
        pairs = {"area": areas_m2}
        for line_type in LINE_TYPES:
            found, true = (float(part.get(line_type, 0.0)) for part in lengths_m)
            if not max(found, true) < LEAST_M:
                pairs[line_type] = found, true
        right = self.right.setdefault(where, {})
        for what, (found, true) in pairs.items():
            right.setdefault(what, []).append(None if np.isnan(found) else abs(found - true) <= CLOSE * true)

    def __str__(self) -> str:
        return "".join(
            f"\n    on the {where}: " + ", ".join(f"{what} {_share(right)}" for what, right in found.items())
            for where, found in self.right.items()
        )


def _share(right: list[bool | None]) -> str:
    told = [one for one in right if one is not None]
    untold = len(right) - len(told)
    return (f"{np.mean(told):.3f}" if told else "-") + f" of {len(told)}" + (f" ({untold} NULL)" if untold else "")


def _whole_sum(values: pd.Series) -> float:
    """The sum; NaN if one of them is."""
    return float(values.sum(skipna=False))


def _with_thin_faces(segments: gpd.GeoDataFrame) -> set[int]:
    """The buildings with a face that is none to the vector stage, as it holds no circle of the least radius."""
    radius_m = shapely.length(shapely.maximum_inscribed_circle(segments.geometry.to_numpy(), tolerance=0.01))
    return set(segments["building_id"][radius_m < MIN_FACE_RADIUS_M])


def faulty_inside(found: Layers) -> int:
    """Segments with an edge that is not shared as it should be with another that hangs together with them."""
    groups = hanging_together(found["roof_segments"], found["roof_lines"])
    faults = [shapely.coverage_invalid_edges(group, gap_width=NARROW_GAP_M) for group in groups]
    return sum(int(np.count_nonzero(~(shapely.is_missing(f) | shapely.is_empty(f)))) for f in faults)


def measure(
    scenes: Iterator[LabelledScene],
    make: Callable[[LabelledScene, np.random.Generator], Bands],
    *,
    ignore_unlabelled: bool,
) -> None:
    """Measure and print; roofs that the labels do not know may be left out."""
    figures, as_labelled, sums, began = Figures(), Figures(), Sums(), time.perf_counter()
    inside = 0
    for number, scene in enumerate(scenes):
        found, truth = layers_of(make(scene, np.random.default_rng(number))), truth_of(told_apart(scene))
        figures += evaluate_layers(found, truth, ignore_unlabelled=ignore_unlabelled)
        as_labelled += evaluate_layers(found, truth_of(scene), ignore_unlabelled=ignore_unlabelled)
        sums.add(found, truth)
        inside += faulty_inside(found)
    coverage, shapes = figures.coverage, figures.segment_shapes
    print(
        f"  segments F {figures.segment_f:.3f} ({as_labelled.segment_f:.3f} with planes no raster tells apart), "
        f"azimuth MAE {figures.azimuth_mae_deg:.2f} deg, line F {figures.all_lines.f:.3f}, "
        f"PQ {figures.panoptic_quality:.3f}, roof IoU {figures.roof_iou:.3f}"
    )
    print("  " + ", ".join(f"{t} {s.f:.3f} ({s.true_m:.0f} m)" for t, s in figures.lines.items() if s.f is not None))
    print(
        f"  gaps {coverage.gap_m2:.4f} m2, overlaps {coverage.overlap_m2:.4f} m2, faulty {coverage.faulty_segments} "
        f"({inside} inside a building) of {coverage.segments}; vertices {shapes.vertex_ratio:.2f}, "
        f"PoLiS {shapes.polis_m:.3f} m"
    )
    print(f"  buildings within {CLOSE:.0%}: {sums}\n  {time.perf_counter() - began:.0f} s", flush=True)


def with_truth(*heads: str) -> Callable[[LabelledScene, np.random.Generator], Bands]:
    """The network's bands with the true ones in place of some heads': what better ones could bring at most."""

    def make(scene: LabelledScene, rng: np.random.Generator) -> Bands:
        true = perfect(scene, rng)
        return {head: true[head] if head in heads else band for head, band in predicted(scene, rng).items()}

    make.__name__ = f"predicted, but true {' and '.join(heads)}" if heads else "predicted"
    return make


LIMITS = tuple(
    with_truth(*heads)
    for heads in (
        (),
        ("roof",),
        ("segments", "azimuth"),
        ("lines",),
        ("roof", "segments", "azimuth"),
        ("roof", "lines"),
    )
)
SETS = (
    ("real", real_roofs, (perfect, spoilt)),
    ("rendered", rendered_scenes, (perfect, spoilt)),
    ("network", real_roofs, (predicted,)),
)


def main() -> None:
    """Measure all sets, or so many roofs and scenes of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, help="roofs and scenes of each set [all 314, and 50]")
    parser.add_argument("--set", choices=[*(name for name, _, _ in SETS), "limits"], help="only this set")
    parser.add_argument("--planes", choices=OTHER_PLANES, help="find planes in this other way, to compare")
    arguments = parser.parse_args()
    if arguments.planes:
        vars(cluster)["find_planes"] = OTHER_PLANES[arguments.planes]
    for name, scenes, makes in SETS:
        for make in makes:
            if arguments.set in (None, name):
                print(f"{name}, {make.__name__}:")
                measure(scenes(arguments.count), make, ignore_unlabelled=make is predicted)
    if arguments.set == "limits":
        for make in LIMITS:
            print(f"rendered, {make.__name__}:")
            measure(rendered_scenes(arguments.count), make, ignore_unlabelled=False)


if __name__ == "__main__":
    main()
