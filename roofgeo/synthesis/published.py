"""Rendered scenes as files in exactly the published layouts, quirks included: to test with, and to try things out.

Each function returns what it has written, by the name of the picture: the picture, and its targets as rasters. The same
seed gives the same pictures and labels.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rasterio
import scipy.io
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod
from rasterio.errors import NotGeoreferencedWarning

from roofgeo.data.targets import ALL_HEADS, LabelledScene, RoofLine, RoofPlane, Targets, rasterize_targets
from roofgeo.schema import BACKGROUND, FLAT, LINE_CODE
from roofgeo.synthesis.scenes import render_scene

RID_PIXEL_SIZE_M = 0.0991
RID_PLACE = (11.99, 48.405)
"""Longitude and latitude of the upper left corner of the first tile."""

RID_SUPERSTRUCTURES = (
    "pvmodule", "dormer", "window", "ladder", "chimney", "shadow", "tree", "unknown",
)  # fmt: skip

RID_THING_PX = 10

AIRS_PIXEL_SIZE_M = 0.075
AIRS_PLACE = (1_570_000.0, 5_180_000.0)
"""Easting and northing in EPSG:2193 of the upper left corner of the first tile."""

ROOFLINE_PX = 224
ROOFLINE_PIXEL_SIZE_M = 0.05

ROOFGRAPH_PIXEL_SIZE_M = 0.05

MIN_ROOF_SHARE = 0.1
"""Scenes with less roof than that are drawn again: little is to be learned from them."""

Written = dict[str, LabelledScene]


def write_rid(folder: str | Path, count: int = 6, seed: int = 0, size_px: int = 512) -> Written:
    """RID: overlapping GeoTIFF tiles in EPSG:4326, masks of 16, 8 and 4 azimuths, split lists and CSV vectors.

    Superstructures are made up: squares on roofs.

    Args:
        folder: Made if it is not there.
        count: Tiles; a row from west to east, each sharing a quarter with the next.
        seed: Start of all chance.
        size_px: Side of a tile.
    """
    root, stride = Path(folder), size_px * 3 // 4
    rng = np.random.default_rng(seed)
    town = _built_up(rng, (size_px, size_px + (count - 1) * stride), RID_PIXEL_SIZE_M)
    targets, place = rasterize_targets(town), _degrees(RID_PLACE, RID_PIXEL_SIZE_M)
    things = _superstructures(targets.roof, rng)
    thing_codes = _superstructure_codes(things, targets.roof.shape)
    written: Written = {}
    for i in range(count):
        name, part = str(2 + 3 * i), (slice(None), slice(i * stride, i * stride + size_px))
        tile = written[name] = _cut(town, targets, part)
        west = place * Affine.translation(i * stride, 0)
        _write(root / "images_roof_centered_geotiff" / f"{name}.tif", tile.image, west, "EPSG:4326")
        for suffix, azimuths in (("", 16), ("_8", 8), ("_4", 4)):
            mask = _rid_codes(_rasters(tile), azimuths)
            _write(root / f"masks_segments_reviewed{suffix}" / f"{name}.png", mask[None])
        _write(root / "masks_superstructures_reviewed" / f"{name}.png", thing_codes[part][None])
    _write_rid_lists(root / "filenames_train_val_test_split", list(written))
    _write_rid_vectors(root, town, place, things)
    return written


def _built_up(rng: np.random.Generator, size_px: int | tuple[int, int], pixel_size_m: float) -> LabelledScene:
    """A rendered scene with some roofs in it."""
    for _ in range(50):
        scene = render_scene(rng, size_px, pixel_size_m).scene
        if (rasterize_targets(scene).roof == 1).mean() >= MIN_ROOF_SHARE:
            break
    return scene


def _degrees(corner: tuple[float, float], pixel_size_m: float) -> Affine:
    """From pixels to degrees, of pixels that are square on the ground."""
    geod = Geod(ellps="WGS84")
    (lon, lat), step = corner, 1000 * pixel_size_m
    width, height = geod.fwd(lon, lat, 90, step)[0] - lon, lat - geod.fwd(lon, lat, 180, step)[1]
    return Affine(width / 1000, 0, lon, 0, -height / 1000, lat)


def _rid_codes(targets: Targets, azimuths: int) -> NDArray[np.uint8]:
    bins = np.round(np.nan_to_num(targets.azimuth_deg) * azimuths / 360) % azimuths
    codes = np.where(targets.segments == FLAT, azimuths, bins)
    return np.where(targets.segments == BACKGROUND, azimuths + 1, codes).astype(np.uint8)


def _superstructures(roof: NDArray[np.uint8], rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Squares on roofs: first row, first column, code."""
    places, codes = np.argwhere(roof == 1), rng.integers(len(RID_SUPERSTRUCTURES), size=40)
    chosen = places[rng.permutation(len(places))[:40]]
    return [(int(row), int(col), int(code)) for (row, col), code in zip(chosen, codes, strict=False)]


def _superstructure_codes(things: Sequence[tuple[int, int, int]], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    codes = np.full(shape, len(RID_SUPERSTRUCTURES), np.uint8)
    for row, col, code in things:
        codes[row : row + RID_THING_PX, col : col + RID_THING_PX] = code
    return codes


def _write_rid_lists(folder: Path, names: Sequence[str]) -> None:
    """Five splits with one test set; the lines end in .png though the images are .tif."""
    folder.mkdir(parents=True, exist_ok=True)
    test, rest = names[-1:], list(names[:-1])
    for number in range(1, 6):
        val = [rest[number % len(rest)]] if len(rest) > 1 else []
        train = [name for name in rest if name not in val]
        for split, members in (("train", train), ("val", val), ("test", test)):
            _write_lines(folder / f"{split}_filenames_{number}_rev.txt", [f"{name}.png" for name in members])


def _write_rid_vectors(root: Path, town: LabelledScene, place: Affine, things: Sequence[tuple[int, int, int]]) -> None:
    """The CSV files: latitude before longitude, azimuths from south; the initial one with an azimuth beyond sense."""
    header, rows = "Unnamed: 0,id,pv_area_id,time_created,segment,gutter,azimuth,slope", []
    for i, plane in enumerate(town.planes):
        azimuth = "" if plane.azimuth_deg is None else repr((plane.azimuth_deg % 360) - 180)
        slope = "" if plane.slope_deg is None else repr(5.0 * round(plane.slope_deg / 5))
        rows.append(f"{i},{i + 20},{plane.building + 10},{_DATE},{_lat_lon(plane.ring, place)},,{azimuth},{slope}")
    _write_lines(root / "segments_reviewed.csv", [header, *rows])
    absurd = [",".join([*row.split(",")[:-2], "6.1e+16", "35.0"]) for row in rows[:1]]
    _write_lines(root / "segments_initial.csv", [header, *absurd, *rows[1:]])
    rows = []
    for i, (row, col, code) in enumerate(things):
        square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * RID_THING_PX + (col, row)
        rows.append(f"{i},{i + 50},10,{_DATE},{_lat_lon(square, place)},{RID_SUPERSTRUCTURES[code]}")
    _write_lines(root / "obstacles_reviewed.csv", ["Unnamed: 0,id,pv_area_id,time_created,obstacle,type", *rows])


_DATE = "2021-08-13 12:30:58"


def _lat_lon(ring: NDArray[Any], place: Affine) -> str:
    """An open ring in pixels as quoted WKT."""
    degrees = [place * (float(x), float(y)) for x, y in (*ring, ring[0])]
    return '"MULTIPOLYGON (((' + ", ".join(f"{lat!r} {lon!r}" for lon, lat in degrees) + ')))"'


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_airs(
    folder: str | Path,
    counts: Mapping[str, int] | None = None,
    seed: int = 0,
    size_px: int = 256,
    georeferenced: bool = False,
) -> Written:
    """AIRS: GeoTIFF tiles, labels of one band 0/1 (train), three bands 0/1 (val) and one band 0/255 (test), lists.

    Args:
        folder: Made if it is not there.
        counts: Tiles of each split; None for 3, 1, 1.
        seed: Start of all chance.
        size_px: Side of a tile.
        georeferenced: Whether the files have a CRS and a transform; published ones usually have neither.
    """
    root, number = Path(folder), 0
    written: Written = {}
    for split, count in (counts or {"train": 3, "val": 1, "test": 1}).items():
        names = [f"christchurch_{number + i}" for i in range(count)]
        for name in names:
            scene = _built_up(np.random.default_rng([seed, number]), size_px, AIRS_PIXEL_SIZE_M)
            targets = rasterize_targets(scene)
            written[name] = _cut(scene, targets, (slice(None), slice(None)))
            where = _airs_place(number, size_px) if georeferenced else None
            _write_airs_tile(root / split, name, scene.image, _airs_label(targets.roof, split), where)
            number += 1
        lines = {"train": [f"{name}.tif" for name in names], "val": names}.get(split)
        if lines is not None:  # there is no test.txt
            _write_lines(root / f"{split}.txt", lines)
    return written


def _airs_place(number: int, size_px: int) -> Affine:
    step = AIRS_PIXEL_SIZE_M * size_px
    return Affine(AIRS_PIXEL_SIZE_M, 0, AIRS_PLACE[0] + number * step, 0, -AIRS_PIXEL_SIZE_M, AIRS_PLACE[1])


def _airs_label(roof: NDArray[np.uint8], split: str) -> NDArray[np.uint8]:
    """(bands, height, width) of a label file."""
    return {"val": np.stack([roof] * 3), "test": 255 * roof[None]}.get(split, roof[None])


def _write_airs_tile(
    folder: Path, name: str, image: NDArray[np.uint8], label: NDArray[np.uint8], place: Affine | None
) -> None:
    crs = None if place is None else "EPSG:2193"
    _write(folder / "image" / f"{name}.tif", image, place, crs)
    _write(folder / "label" / f"{name}.tif", label, place, crs)
    _write(folder / "label" / f"{name}_vis.tif", np.repeat(255 * (label[:1] > 0).astype(np.uint8), 3, axis=0))


def write_roofline(
    path: str | Path, count: int = 6, seed: int = 0, version: str = "7.3", highest: int = 255
) -> Written:
    """Roofline: one MATLAB file with images, depths and elements.

    Args:
        path: The file to write, ``imdb.mat``.
        count: Crops.
        seed: Start of all chance.
        version: ``7.3`` (HDF5) or ``5``.
        highest: 255 for images and elements of 8 bit, 1 for floats up to 1.
    """
    written: Written = {}
    digits = len(str(count - 1))
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        scene = _built_up(rng, 2 * ROOFLINE_PX, ROOFLINE_PIXEL_SIZE_M)
        row, col = _about_a_roof(scene, rng)
        part = (slice(row, row + ROOFLINE_PX), slice(col, col + ROOFLINE_PX))
        written[f"{i:0{digits}d}"] = _cut(scene, rasterize_targets(scene), part)
    crops = list(written.values())
    lines = np.stack([_rasters(crop).lines for crop in crops])
    elements = np.stack([lines == LINE_CODE[name] for name in ("eave", "ridge", "hip")], axis=1)
    dtype = np.float32 if highest == 1 else np.uint8
    fields = {
        # In MATLAB: rows, columns, channels, crops.
        "images": (np.stack([crop.image for crop in crops]) * (highest / 255)).astype(dtype).transpose(2, 3, 1, 0),
        "depths": np.stack([_rasters(crop).height_m for crop in crops]).transpose(1, 2, 0),
        "elements": (highest * elements).astype(dtype).transpose(2, 3, 1, 0),
    }
    _write_matlab(Path(path), fields, version)
    return written


def _about_a_roof(scene: LabelledScene, rng: np.random.Generator) -> tuple[int, int]:
    """Row and column of the corner of a crop that has a roof in its middle, if there is one."""
    middle = np.array([ROOFLINE_PX, ROOFLINE_PX], float)
    if scene.planes:
        middle = scene.planes[int(rng.integers(len(scene.planes)))].ring.mean(axis=0)
    col, row = np.clip(middle - ROOFLINE_PX / 2, 0, ROOFLINE_PX).astype(int)
    return int(row), int(col)


def _write_matlab(path: Path, fields: Mapping[str, NDArray[Any]], version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if version == "5":
        scipy.io.savemat(path, {"imdb": dict(fields)})
        return
    with h5py.File(path, "w", userblock_size=512) as file:
        group = file.create_group("imdb")
        for name, array in fields.items():
            group.create_dataset(name, data=array.T, chunks=(1, *array.T.shape[1:]), compression="gzip")
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 ."
    with path.open("r+b") as raw:  # what MATLAB puts in front of the HDF5
        raw.write(text.ljust(124) + b"\x00\x02IM")


def write_roofgraph(folder: str | Path, count: int = 6, seed: int = 0) -> Written:
    """RoofGraph: a JPEG crop a roof, and one roof a line of ``roofs.jsonl``; every third crop is black at one side.

    Args:
        folder: Made if it is not there.
        count: Roofs; the last third are of split ``val`` and of another map tile.
        seed: Start of all chance.
    """
    root, scene_number = Path(folder), 0
    written: Written = {}
    records: list[dict[str, Any]] = []
    while len(written) < count:
        rng = np.random.default_rng([seed, scene_number])
        scene = render_scene(rng, 640, ROOFGRAPH_PIXEL_SIZE_M, whole_buildings=True).scene
        scene_number += 1
        for building in sorted({plane.building for plane in scene.planes})[: count - len(written)]:
            split = "val" if len(written) >= count - count // 3 else "train"
            name = f"CG10_500_{'034059' if split == 'val' else '033058'}_{len(written):04d}"
            crop = _about_building(scene, building)
            if len(written) % 3 == 2:
                crop.image[:, :, : crop.image.shape[2] // 10] = 0
            written[name] = crop
            _write(root / "images" / f"{name}.jpg", crop.image)
            records.append(_roofgraph_record(name, split, crop))
    _write_lines(root / "roofs.jsonl", [json.dumps(record, separators=(",", ":")) for record in records])
    return written


def _about_building(scene: LabelledScene, building: int, margin_px: int = 24) -> LabelledScene:
    """One building with its planes and lines, cut out of a scene."""
    planes = [plane for plane in scene.planes if plane.building == building]
    corners = np.concatenate([plane.ring for plane in planes])
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin_px, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin_px, scene.image.shape[:0:-1])
    image = scene.image[:, low[1] : high[1], low[0] : high[0]].copy()
    return LabelledScene(
        image,
        scene.pixel_size_m,
        tuple(_moved_plane(plane, low) for plane in planes),
        tuple(RoofLine(line.line_type, line.xy - low) for line in scene.lines if line.building == building),
    )


def _moved_plane(plane: RoofPlane, corner: NDArray[np.int64]) -> RoofPlane:
    a, b, c = plane.height_m or (0.0, 0.0, 0.0)
    height_m = (a, b, c + a * float(corner[0]) + b * float(corner[1]))
    return RoofPlane(plane.ring - corner, plane.azimuth_deg, plane.slope_deg, height_m)


def _roofgraph_record(name: str, split: str, crop: LabelledScene) -> dict[str, Any]:
    rises = [math.tan(math.radians(plane.slope_deg or 0.0)) for plane in crop.planes]
    usual = float(np.median(rises)) or 1.0
    corners = np.concatenate([plane.ring for plane in crop.planes])
    heights = np.concatenate([_heights(plane, plane.ring) for plane in crop.planes])
    low, span = heights.min(), max(float(np.ptp(heights)), 1e-6)
    ends = np.concatenate([line.xy for line in crop.lines])
    nearest = shapely.STRtree(shapely.points(corners)).nearest(shapely.points(ends))
    relative = np.round((heights[nearest] - low) / span, 3).reshape(-1, 2).tolist()
    black = float((crop.image.max(axis=0) == 0).mean())
    return {
        "name": name,
        "split": split,
        "linz_tile": name.rsplit("_", 1)[0],
        "width": crop.image.shape[2],
        "height": crop.image.shape[1],
        "black_fraction": round(black, 4),
        "planes": [
            {
                "azimuth_deg": None if plane.azimuth_deg is None else round(plane.azimuth_deg, 2),
                "relative_slope": round(rise / usual, 3),
                "ring": np.round(plane.ring, 3).tolist(),
            }
            for plane, rise in zip(crop.planes, rises, strict=True)
        ],
        "lines": [
            {
                "type": "other" if line.line_type == "step" else line.line_type,
                "xy": np.round(line.xy.ravel(), 2).tolist(),
                "relative_height": height,
            }
            for line, height in zip(crop.lines, relative, strict=True)
        ],
    }


def _heights(plane: RoofPlane, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = plane.height_m or (0.0, 0.0, 0.0)
    return np.asarray(xy @ np.array([a, b]) + c)


def _cut(scene: LabelledScene, targets: Targets, part: tuple[slice, slice]) -> LabelledScene:
    """Part of a scene, its labels as rasters."""
    rasters = Targets(*(targets.of(head)[part].copy() for head in ALL_HEADS))
    return LabelledScene(scene.image[:, *part].copy(), scene.pixel_size_m, rasters=rasters)


def _rasters(scene: LabelledScene) -> Targets:
    return scene.rasters or rasterize_targets(scene)


def _write(path: Path, pixels: NDArray[np.uint8], transform: Affine | None = None, crs: str | None = None) -> None:
    """Write (bands, height, width) as the kind of file its suffix tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"driver": {".tif": "GTiff", ".png": "PNG", ".jpg": "JPEG"}[path.suffix]}
    options |= {"QUALITY": 92} if path.suffix == ".jpg" else {}
    options |= {} if transform is None else {"transform": transform, "crs": crs}
    bands, height, width = pixels.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", width=width, height=height, count=bands, dtype="uint8", **options) as target:
            target.write(pixels)
