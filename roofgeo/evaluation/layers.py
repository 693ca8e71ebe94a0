"""Predicted vector layers against true ones: roofs, segments, lines and buildings.

Layers are GeoDataFrames by the names of `roofgeo.schema.LAYERS`, in one metric CRS (the truth is brought to the CRS of
the prediction). A layer the truth does not have is not measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import geopandas as gpd
import shapely

from roofgeo.errors import InputError
from roofgeo.evaluation.buildings import building_polygons, building_sums
from roofgeo.evaluation.coverage import coverage_sums
from roofgeo.evaluation.lines import line_sums, no_lines
from roofgeo.evaluation.polygons import polygons_of
from roofgeo.evaluation.report import Figures
from roofgeo.evaluation.segments import segment_figures
from roofgeo.schema import BUILDINGS_LAYER, LAYERS, LINE_TYPES, LINES_LAYER, SEGMENTS_LAYER

Layers = Mapping[str, gpd.GeoDataFrame]

_NEEDED = ((SEGMENTS_LAYER.name, "azimuth_deg"), (LINES_LAYER.name, "line_type"))
"""Columns without which layers cannot be compared."""


def evaluate_layers(
    predicted: Layers,
    truth: Layers,
    area: shapely.Geometry | None = None,
    *,
    ignore_unlabelled: bool = False,
    line_types: Collection[str] = LINE_TYPES,
) -> Figures:
    """Measure predicted layers against true ones.

    Roofs and lines are cut at the area. Segments and buildings are matched whole; a pair counts if at least half of the
    true one lies in the area, and one without a partner if at least half of itself does.

    Args:
        predicted: ``roof_segments`` and, to measure lines and buildings, ``roof_lines`` and ``buildings``, in a CRS in
            metres.
        truth: Any of ``roof_segments``, ``roof_lines``, ``buildings``. Without segments, buildings tell the roofs.
        area: Where to measure, in the CRS of the prediction; everywhere if None.
        ignore_unlabelled: Leave out predicted buildings that do not touch a true roof, for truth that labels only
            some of the buildings.
        line_types: The types of lines the truth labels; the others are not measured.

    Raises:
        InputError: The predicted layers are not in metres, the CRS of only one side is known, or a layer lacks a
            column that is needed.
    """
    truth = layers_in_crs_of(predicted, truth)
    _check_columns(predicted, "predicted")
    _check_columns(truth, "true")
    if ignore_unlabelled:
        predicted = touching(predicted, roof_union(truth))
    segments = Figures()
    if SEGMENTS_LAYER.name in truth:
        segments = segment_figures(predicted[SEGMENTS_LAYER.name], truth[SEGMENTS_LAYER.name], area)
    lines = no_lines()
    if LINES_LAYER.name in truth and LINES_LAYER.name in predicted:
        lines = line_sums(predicted[LINES_LAYER.name], truth[LINES_LAYER.name], area, line_types)
    return _roof_figures(predicted, truth, area) + segments + Figures(lines=lines)


def roof_union(layers: Layers) -> shapely.Geometry:
    """Everything that is roof: the union of the segments, or of the buildings where there is no segments layer."""
    for name in (SEGMENTS_LAYER.name, BUILDINGS_LAYER.name):
        if name in layers:
            return shapely.union_all(polygons_of(layers[name]))
    raise InputError(
        f"no roofs to measure: layers are {', '.join(layers) or 'none'}",
        f"give a {SEGMENTS_LAYER.name} or a {BUILDINGS_LAYER.name} layer",
    )


def _roof_figures(predicted: Layers, truth: Layers, area: shapely.Geometry | None) -> Figures:
    """What is measured whatever the truth labels: roof areas, buildings, and whether the segments are a coverage."""
    common_m2, either_m2 = _roof_areas(roof_union(predicted), roof_union(truth), area)
    buildings = Figures()
    found, true = building_polygons(predicted), building_polygons(truth)
    if found is not None and true is not None:
        buildings = Figures(buildings=building_sums(found, true, area))
    outlines = predicted.get(BUILDINGS_LAYER.name)
    coverage = coverage_sums(
        polygons_of(predicted[SEGMENTS_LAYER.name]), None if outlines is None else polygons_of(outlines)
    )
    return Figures(common_m2, either_m2, coverage=coverage) + buildings


def _roof_areas(
    predicted: shapely.Geometry, truth: shapely.Geometry, area: shapely.Geometry | None
) -> tuple[float, float]:
    """(intersection, union) in m2, within the area."""
    if area is not None:
        predicted, truth = shapely.intersection(predicted, area), shapely.intersection(truth, area)
    common = float(shapely.area(shapely.intersection(predicted, truth)))
    return common, float(shapely.area(predicted)) + float(shapely.area(truth)) - common


def touching(layers: Layers, roofs: shapely.Geometry) -> dict[str, gpd.GeoDataFrame]:
    """The layers without the buildings of which no segment touches `roofs`.

    Raises:
        InputError: A layer does not tell the building its rows belong to.
    """
    for name, layer in layers.items():
        if "building_id" not in layer:
            raise InputError(
                f"the predicted {name} layer has no building_id, so that buildings cannot be left out",
                "Measure without --ignore-unlabelled, or give what roofgeo predict wrote.",
            )
    shapely.prepare(roofs)
    segments = layers[SEGMENTS_LAYER.name]
    kept = segments["building_id"][shapely.intersects(roofs, polygons_of(segments))].unique()
    return {name: layer[layer["building_id"].isin(kept)] for name, layer in layers.items()}


def layers_in_crs_of(predicted: Layers, truth: Layers) -> dict[str, gpd.GeoDataFrame]:
    """The true layers in the CRS of the predicted ones.

    Raises:
        InputError: The predicted layers hold no segments or are not in metres, or the CRS of only one side is known.
    """
    if SEGMENTS_LAYER.name not in predicted:
        raise InputError(
            f"no {SEGMENTS_LAYER.name} among the predicted layers: {', '.join(predicted) or 'none'}",
            "give what roofgeo predict wrote",
        )
    crs = predicted[SEGMENTS_LAYER.name].crs
    if crs is not None and not crs.is_projected:
        raise InputError(f"the predicted layers are in {crs.name}, which is not in metres", "bring them to UTM first")
    known = {layer.name: truth[layer.name] for layer in LAYERS if layer.name in truth}
    for name, layer in known.items():
        if (layer.crs is None) != (crs is None):
            side = "true" if layer.crs is None else "predicted"
            raise InputError(f"the {side} {name} layer has no CRS, the other side has one", "set the CRS of both")
    return {name: layer if crs is None else layer.to_crs(crs) for name, layer in known.items()}


def _check_columns(layers: Layers, side: str) -> None:
    for name, column in _NEEDED:
        if name in layers and column not in layers[name]:
            raise InputError(
                f"the {side} {name} layer has no column {column}, but {', '.join(map(str, layers[name].columns))}",
                f"Add {column}; a truth may also leave the layer out, and call segments that face nowhere buildings.",
            )
