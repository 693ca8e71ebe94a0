"""Measured roof planes read from published files: 3DBAG's roof parts, city models in CityJSON, RoofGraph."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from roofgeo.errors import DataError
from roofgeo.synthesis.real_shapes import Pieces
from roofgeo.synthesis.shapes import FloatArray

_NUMBERS = ("b3_azimut", "b3_hellingshoek", "b3_h_50p")
_BUILDING = "identificatie"
_STEEPEST_DEG = 80.0
_LEAST_M2 = 0.05
_GRAPH_PIXEL_M = 0.05
_APART_M = 100.0

Surface = tuple[list[list[int]], str]


def read_roof_parts(path: str | Path, layer: str = "lod22", ground_m: float = 0.0) -> Pieces:
    """Planes of a GeoPackage of 3DBAG (its 2D layers of LoD 2.2), x and y from its south-western corner.

    The file has no Z: planes come from the azimuth of their downslope (clockwise from north), their slope and their
    median height, which they have at their middle.

    Args:
        path: The file.
        layer: The layer of the roof parts.
        ground_m: Height of the ground in the file's datum.

    Raises:
        DataError: The file cannot be read, or lacks a field or usable planes.
    """
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, columns=[*_NUMBERS, _BUILDING])
    except (DataSourceError, DataLayerError) as error:
        raise DataError(f"{path}: no roof parts can be read: {error}", "Give a GeoPackage of 3DBAG.") from error
    missing = [name for name in (*_NUMBERS, _BUILDING) if name not in frame]
    if missing:
        raise DataError(f"{path}: layer {layer} has no field {', '.join(missing)}", "Take a 2D layer, as lod22_2d.")
    frame = frame.dropna(subset=[*_NUMBERS, _BUILDING, "geometry"]).explode(index_parts=False)
    frame = frame[frame.area > _LEAST_M2]
    frame = frame[frame["b3_hellingshoek"] < _STEEPEST_DEG]
    if frame.empty:
        raise DataError(f"{path}: layer {layer} has no roof parts", "Give a file that holds roofs.")
    left, bottom = frame.total_bounds[:2]
    outlines = shapely.transform(frame.geometry.to_numpy(), lambda xy: (xy - (left, bottom)) * (1, -1))
    azimuth = np.radians(frame["b3_azimut"].to_numpy(float))
    rise = np.tan(np.radians(frame["b3_hellingshoek"].to_numpy(float)))
    gradient = np.column_stack([-rise * np.sin(azimuth), rise * np.cos(azimuth)])
    middle = shapely.get_coordinates(shapely.centroid(outlines))
    level = frame["b3_h_50p"].to_numpy(float) - ground_m - (gradient * middle).sum(axis=1)
    building = np.unique(frame[_BUILDING].to_numpy(str), return_inverse=True)[1]
    # Where parts overlap, one lies in the other: the smaller is what was cut out of the larger.
    order = np.argsort(shapely.area(outlines), kind="stable")
    return Pieces(outlines[order], np.column_stack([gradient, level])[order], building[order].astype(np.int64))


def read_city_model(path: str | Path) -> Pieces:
    """Roof surfaces of a city model in CityJSON 1.0 or later, with Z; heights are above each building's lowest point.

    Args:
        path: The file; x and y are taken from its north-western corner.

    Raises:
        DataError: The file cannot be read, is no CityJSON, or has no roof surfaces.
    """
    try:
        model = json.loads(Path(path).read_text(encoding="utf-8"))
        vertices = np.asarray(model["vertices"], np.float64)
        objects: dict[str, Any] = model["CityObjects"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no city model can be read: {error}", "Give a CityJSON file.") from error
    vertices = vertices * (model["transform"]["scale"] if "transform" in model else 1.0)
    vertices = (vertices - (vertices[:, 0].min(), vertices[:, 1].max(), 0)) * (1, -1, 1)
    outlines, planes, names, tops = [], [], [], []
    lowest: dict[str, float] = {}
    for key, thing in objects.items():
        name = str((thing.get("parents") or [key])[0])
        for rings, kind in _surfaces(thing):
            corners = vertices[rings[0]]
            lowest[name] = min(lowest.get(name, np.inf), float(corners[:, 2].min()))
            if kind == "RoofSurface" and (found := _flat_piece(vertices, rings)) is not None:
                outlines.append(found[0])
                planes.append(found[1])
                names.append(name)
                tops.append(float(corners[:, 2].mean()))
    if not outlines:
        raise DataError(f"{path}: the city model has no roof surfaces", "Give one of level of detail 2.")
    heights = np.array(planes) - np.array([(0, 0, lowest[name]) for name in names])
    # Seen from above, what is higher hides what is lower.
    order = np.argsort(-np.array(tops), kind="stable")
    building = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return Pieces(np.array(outlines, object)[order], heights[order], building[order])


def _surfaces(thing: dict[str, Any]) -> Iterator[Surface]:
    """Rings of vertex numbers and kind of every surface of the most detailed geometry of a city object."""
    shapes = [g for g in thing.get("geometry", []) if g["type"] in ("MultiSurface", "CompositeSurface", "Solid")]
    if not shapes:
        return
    shape = max(shapes, key=lambda g: float(g.get("lod", 0)))
    semantics = shape.get("semantics") or {"surfaces": [], "values": None}
    boundaries, values = shape["boundaries"], semantics["values"]
    shells = zip(boundaries, values or [None] * len(boundaries), strict=True)
    for shell, numbers in shells if shape["type"] == "Solid" else [(boundaries, values)]:
        for rings, number in zip(shell, numbers or [None] * len(shell), strict=True):
            yield rings, "" if number is None else str(semantics["surfaces"][number]["type"])


def _flat_piece(vertices: FloatArray, rings: list[list[int]]) -> tuple[shapely.Polygon, FloatArray] | None:
    """A surface from above and the plane fitted to its outer ring; None if it stands upright or is none."""
    corners = vertices[rings[0]]
    if len(corners) < 3:
        return None
    outline = shapely.Polygon(corners[:, :2], [vertices[r][:, :2] for r in rings[1:] if len(r) > 2])
    if not outline.is_valid or outline.area < _LEAST_M2:
        return None
    middle = corners.mean(axis=0)
    gradient = np.linalg.lstsq(corners[:, :2] - middle[:2], corners[:, 2] - middle[2], rcond=None)[0]
    if np.degrees(np.arctan(np.hypot(*gradient))) > _STEEPEST_DEG:
        return None
    return outline, np.array([*gradient, middle[2] - gradient @ middle[:2]])


def read_roof_graphs(
    path: str | Path,
    split: str = "train",
    pitch_deg: tuple[float, float] = (12.0, 40.0),
    eave_m: tuple[float, float] = (2.3, 6.0),
    seed: int = 0,
) -> Pieces:
    """Planes of RoofGraph (``roofs.jsonl``, CC BY-NC 4.0), each roof apart from the others.

    Slopes and heights are known up to one factor a roof: a pitch is drawn for each, and its heights follow from those
    of the lines' ends by least squares.

    Args:
        path: The file.
        split: Which roofs.
        pitch_deg: Range of the median slope of a roof.
        eave_m: Range of the height of its lowest eaves.
        seed: Of the draws.

    Raises:
        DataError: The file cannot be read or holds no roof of the split.
    """
    rng = np.random.default_rng(seed)
    try:
        records = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
        records = [record for record in records if record["split"] == split]
        found = [_graph(record, math.tan(math.radians(rng.uniform(*pitch_deg)))) for record in records]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no roof graphs can be read: {error}", "Give RoofGraph's roofs.jsonl.") from error
    if not found:
        raise DataError(f"{path}: no roof of the split {split}", "Splits are train and val.")
    side = math.ceil(math.sqrt(len(found)))
    outlines, planes, building = [], [], []
    for number, (rings, heights) in enumerate(found):
        shift = np.array(divmod(number, side), np.float64) * _APART_M
        outlines += [shapely.Polygon(ring + shift) for ring in rings]
        level = heights[:, 2] - heights[:, :2] @ shift + rng.uniform(*eave_m)
        planes.append(np.column_stack([heights[:, :2], level]))
        building += [number] * len(rings)
    return Pieces(np.array(outlines, object), np.concatenate(planes), np.array(building, np.int64))


def _graph(record: dict[str, Any], gradient: float) -> tuple[list[FloatArray], FloatArray]:
    """Rings and planes of a roof in metres, its lowest eaves at height 0.

    Unknown are each plane's level and the whole rise; each corner whose relative height a line tells is an equation.
    """
    rings = [np.array(plane["ring"], np.float64) * _GRAPH_PIXEL_M for plane in record["planes"]]
    azimuth = np.radians([plane["azimuth_deg"] or 0.0 for plane in record["planes"]])
    rise = np.array([gradient * plane["relative_slope"] for plane in record["planes"]])
    rise[[plane["azimuth_deg"] is None for plane in record["planes"]]] = 0
    slopes = np.column_stack([-rise * np.sin(azimuth), rise * np.cos(azimuth)])
    lines = [line for line in record["lines"] if line["type"] != "other"]
    ends = np.array([line["xy"] for line in lines]).reshape(-1, 2) * _GRAPH_PIXEL_M
    share = np.array([line["relative_height"] for line in lines]).ravel()
    face = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    corners = np.concatenate(rings)
    apart = np.hypot(*(corners[:, None] - ends[None]).transpose(2, 0, 1))
    known = apart.min(axis=1) < 2 * _GRAPH_PIXEL_M
    system = np.zeros((int(known.sum()), len(rings) + 1))
    system[np.arange(len(system)), face[known]] = 1
    system[:, -1] = -share[apart.argmin(axis=1)[known]]
    right = -np.sum(slopes[face[known]] * corners[known], axis=1)
    levels = np.linalg.lstsq(system, right, rcond=None)[0]
    return rings, np.column_stack([slopes, levels[:-1]])
