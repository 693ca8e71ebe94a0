"""A piece of roof -> a label raster of its planes: cut too finely by a watershed, then merged by evidence.

Merging follows the piecewise constant model of Mumford and Shah (1989) in the greedy form of Koepfler, Lopez and
Morel (1994), "A multiscale algorithm for image segmentation by variational method": two regions are one if keeping
their border costs more than giving them one mean. Lines the network sees make a border cheaper to keep.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import watershed

from roofgeo.schema import FLAT, LINE_CODE
from roofgeo.vector.crops import BoolArray, Float32Array, IntArray, RoofCrop
from roofgeo.vector.regions import Pairs, Regions, adjacent_pairs, merge

LabelArray = NDArray[np.int32]

MIN_BUILDING_M2: Final = 2.0
MIN_FACE_M2: Final = 0.8
MIN_FACE_RADIUS_M: Final = 0.2
"""A face must hold a circle of this radius: what is thinner is the blur between two others, or a rim."""

NECK_M: Final = 0.4
"""What is thinner is no roof: spurs go, and buildings that touch by a thread come apart."""

RIM_PX: Final = 4
"""A stretch of a face along the outside, one pixel wide and at least this long, is no part of it: simplified, its two
sides would cross."""

SMOOTHING_M: Final = 0.1
BORDER_COST_M: Final = 1.0
"""Mumford and Shah's lambda: a strip at right angles to its neighbour, both sure and with no line seen between them,
stays if it is wider than about half of this."""

LINE_SEEN: Final = 0.25
"""Probability from which a line counts as seen."""

LINE_BLUR_M: Final = 0.2
LINE_REACH_M: Final = 0.3
LINE_CREST: Final = 0.75
"""A crest is where the probability this far to either hand is less than this share of its own."""

GAP_RADIUS_M: Final = 0.8
"""Gaps in a line up to twice this wide do not let two planes run into one."""

LINE_KEEPS: Final = 0.7
"""A border along this share of which a line is seen stays even between planes that face the same way."""

SHORT_LINE_M: Final = 1.0
"""A border no longer than this, between planes that face the same way, is no line: where the ridge of a wing ends just
below that of the roof, the lines of both fill the gap."""

SAME_PLANE_DEG: Final = 20.0
_EAVE_INSIDE_M: Final = 0.6
_LEVELS: Final = 24
_BARRIER: Final = 0.3
_OUTSIDE: Final = np.iinfo(np.int32).max


def split_buildings(mask: BoolArray, pixel_size_m: float) -> list[BoolArray]:
    """(height, width) masks of the buildings in a piece of roof, without slits, small holes, spurs and crumbs."""
    hole_px = MIN_FACE_M2 / pixel_size_m**2
    opened = _open(_fill_holes(mask, hole_px), NECK_M / pixel_size_m / 2)
    labels = _split_at_necks(ndimage.label(opened)[0].astype(np.int32), MIN_BUILDING_M2, pixel_size_m)
    sizes = np.bincount(labels.ravel())
    large = np.flatnonzero(sizes * pixel_size_m**2 >= MIN_BUILDING_M2)
    return [_fill_holes(_fill_slits(labels == i), hole_px) & np.isin(labels, (0, int(i))) for i in large if i > 0]


def find_planes(crop: RoofCrop, pixel_size_m: float) -> LabelArray:
    """(height, width) int32 labels of the planes of one building: 0 outside, 1.. inside, each 4-connected."""
    features = _features(crop, SMOOTHING_M / pixel_size_m)
    lines = _line_strength(crop, pixel_size_m)
    labels = _oversegment(features, lines, crop.mask, pixel_size_m)
    regions, pairs = _region_graph(labels, features, _seen(lines, pixel_size_m))
    regions, pairs = merge(regions, pairs, lambda r, p: _border_cost(r, p, BORDER_COST_M / pixel_size_m))
    regions, pairs = merge(regions, pairs, lambda r, p: _angle_between(r, p, 0.0))
    regions, pairs = merge(regions, pairs, lambda r, p: _angle_between(r, p, SHORT_LINE_M / pixel_size_m))
    regions = regions.with_radius(_inscribed_radius(regions.of_pixels(labels), regions.count))
    regions, pairs = merge(regions, pairs, lambda r, p: _too_small(r, p, pixel_size_m))
    return _split_at_necks(without_rims(regions.of_pixels(labels), pixel_size_m), MIN_FACE_M2, pixel_size_m)


def without_rims(labels: LabelArray, pixel_size_m: float) -> LabelArray:
    """The labels with long stretches of one pixel's width along the outside given to what they lie along.

    A region that is nowhere wider stays.

    Args:
        labels: (height, width) int32, 0 outside, regions 1.., each 4-connected.
        pixel_size_m: Side of a pixel.

    Returns:
        (height, width) int32, 0 in the same places, regions 1.. each 4-connected.
    """
    corner = labels[:-1, :-1]
    block = (corner == labels[1:, :-1]) & (corner == labels[:-1, 1:]) & (corner == labels[1:, 1:])
    wide = np.zeros(labels.shape, bool)
    for rows in (slice(None, -1), slice(1, None)):
        for cols in (slice(None, -1), slice(1, None)):
            wide[rows, cols] |= block
    outermost = ndimage.binary_dilation(np.pad(labels == 0, 1, constant_values=True))[1:-1, 1:-1]
    thin, length = _parts(np.where(wide | ~outermost, 0, labels))
    rim = (length >= RIM_PX)[thin] & np.isin(labels, labels[wide])
    if not rim.any():
        return labels
    parts, size = _parts(np.where(rim, 0, labels))
    region_of = np.zeros(len(size), np.int64)
    region_of[parts] = labels
    region_of[0] = 0
    largest = np.zeros(int(labels.max()) + 1, np.int64)
    np.maximum.at(largest, region_of, size)
    stays = (size * pixel_size_m**2 >= MIN_FACE_M2) | (size == largest[region_of])
    level = np.zeros(labels.shape, np.int8)
    markers = np.where(stays[parts], parts, 0)
    grown = watershed(level, markers, mask=labels > 0, connectivity=1)  # type: ignore[no-untyped-call]
    return np.asarray(grown, np.int32)


def _parts(labels: LabelArray) -> tuple[LabelArray, IntArray]:
    """4-connected parts 1.. of the regions 1.. of (height, width) labels, and (parts + 1,) their pixels, 0 outside."""
    parts = label(labels, background=0, connectivity=1)  # type: ignore[no-untyped-call]
    size = np.bincount(parts.ravel()).astype(np.int64)
    size[0] = 0
    return np.asarray(parts, np.int32), size


def _split_at_necks(labels: LabelArray, least_m2: float, pixel_size_m: float) -> LabelArray:
    """The labels with regions cut in two where they hang together by a thread, such as faces past the tip of a valley.

    What is left of a region without its rim, as wide as half a thread, tells its parts. One smaller than half of
    `least_m2` is none.
    """
    depth = _depth(labels)
    parts, count = ndimage.label((depth > NECK_M / 2 / pixel_size_m) & (labels > 0))
    size_m2 = np.bincount(parts.ravel(), minlength=count + 1) * pixel_size_m**2
    face_of = np.zeros(count + 1, np.int64)
    face_of[parts] = labels
    large = (size_m2 >= least_m2 / 2) & (face_of > 0)
    large[0] = False  # the rims
    split = np.flatnonzero(np.bincount(face_of[large], minlength=1) > 1)
    first = int(labels.max()) + 1
    for face in split:
        inside = labels == face
        markers = np.where(inside & large[parts], parts + first, 0)
        cut = watershed(-depth, markers, mask=inside, connectivity=1)  # type: ignore[no-untyped-call]
        labels = np.where(inside, cut, labels)
    number = np.unique(np.append(0, labels), return_inverse=True)[1][1:]  # 0 stays 0, also where no pixel has it
    return np.asarray(number.reshape(labels.shape), np.int32)


def _fill_slits(mask: BoolArray) -> BoolArray:
    """The mask without gaps of one pixel: no such gap parts two faces of a roof."""
    framed = np.pad(mask, 1)
    across = framed[1:-1, :-2] & framed[1:-1, 2:]
    along = framed[:-2, 1:-1] & framed[2:, 1:-1]
    return np.asarray(mask | across | along, bool)


def _fill_holes(mask: BoolArray, limit_px: float) -> BoolArray:
    holes, count = ndimage.label(~np.pad(mask, 1))
    if count < 2:
        return mask
    small = np.bincount(holes.ravel(), minlength=count + 1) < limit_px
    small[[0, holes[0, 0]]] = False
    filled: BoolArray = mask | small[holes][1:-1, 1:-1]
    return filled


def _open(mask: BoolArray, radius_px: float) -> BoolArray:
    if radius_px < 1:
        return mask
    reach = np.arange(-int(radius_px), int(radius_px) + 1)
    disc = np.hypot(reach[:, None], reach) <= radius_px
    opened: BoolArray = ndimage.binary_opening(np.pad(mask, len(reach)), disc)
    inner = slice(len(reach), -len(reach))
    return opened[inner, inner]


def _blur(band: Float32Array, mask: BoolArray, sigma_px: float) -> Float32Array:
    """Gaussian mean of (bands, height, width) over the pixels of `mask` alone."""
    sigma = (0.0, sigma_px, sigma_px)
    weight = ndimage.gaussian_filter(mask.astype(np.float32), sigma_px, truncate=3)
    blurred = ndimage.gaussian_filter(band * mask, sigma, truncate=3)
    return np.asarray(blurred / np.maximum(weight, 1e-3), np.float32)


def _features(crop: RoofCrop, sigma_px: float) -> Float32Array:
    """(3, height, width) direction of (downslope east, downslope north, flat): 90 degrees apart is 1.41 apart.

    Classes and unit vectors come from two heads that err differently, so each has half a say. Where the network is
    unsure they are shorter, and so closer to each other: it takes more to part two planes there.
    """
    raw = np.concatenate([(crop.downslope + crop.downslope_by_class) / 2, crop.segments[FLAT][None]])
    known = crop.roof > 0
    return _blur(raw, crop.mask & known, max(sigma_px, 1.0))


def _line_strength(crop: RoofCrop, pixel_size_m: float) -> Float32Array:
    """(height, width) probability of a line that parts two planes.

    Eaves and rakes count only inside the building, where two roofs of different height touch.
    """
    lines = crop.lines
    inside = ndimage.distance_transform_edt(np.pad(crop.mask, 1))[1:-1, 1:-1] > _EAVE_INSIDE_M / pixel_size_m
    parting = lines[[LINE_CODE[t] for t in ("ridge", "hip", "valley", "step")]].sum(0)
    outer = lines[[LINE_CODE["eave"], LINE_CODE["rake"]]].sum(0)
    smooth = _blur((parting + outer * inside)[None], crop.mask, max(LINE_BLUR_M / pixel_size_m, 0.7))[0]
    elsewhere = np.median(smooth[crop.mask])
    return np.asarray(np.maximum(smooth - elsewhere, 0) / max(1 - elsewhere, 1e-6) * crop.mask, np.float32)


def _seen(lines: Float32Array, pixel_size_m: float) -> Float32Array:
    """(height, width) how surely the crest of a line runs here, 0..1.

    A crest stands out above both hands in one of four directions. A border that crosses a line meets the crest once,
    one that follows it meets it all along, however wide the network draws the line.
    """
    reach = max(1, round(LINE_REACH_M / pixel_size_m))
    height, width = lines.shape
    padded = np.pad(lines, reach)
    crest = np.zeros(lines.shape, bool)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        hands = (padded[reach + s * down * reach :, reach + s * right * reach :][:height, :width] for s in (-1, 1))
        crest |= np.maximum(*hands) < LINE_CREST * lines
    seen: Float32Array = np.minimum(lines / LINE_SEEN, 1) * crest
    return seen


def _oversegment(features: Float32Array, lines: Float32Array, mask: BoolArray, pixel_size_m: float) -> LabelArray:
    """(height, width) int32 basins of the boundary strength: change of direction plus line probability.

    Far from any boundary a basin is deeper, so that two planes stay two basins where their line has a gap.
    """
    sigma = max(SMOOTHING_M / pixel_size_m, 1.0)
    nearest = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    filled = features[:, nearest[0], nearest[1]]
    across, down = (ndimage.sobel(filled, axis) for axis in (1, 2))
    slope = np.sqrt((across**2 + down**2).sum(0)) / 8
    strength = np.minimum(slope * sigma * 1.8, 1.0) + lines
    smooth = ndimage.gaussian_filter(strength, sigma)
    open_px = ndimage.distance_transform_edt((smooth < _BARRIER) & mask)
    depth = np.minimum(open_px / (GAP_RADIUS_M / pixel_size_m), 1)
    levels = np.rint((smooth - depth) * _LEVELS).astype(np.int32)
    levels[~mask] = _OUTSIDE  # else a minimum that goes on outside would count for none inside
    framed, inside = np.pad(levels, 1, constant_values=_OUTSIDE), np.pad(mask, 1)  # one level alone has no minimum
    labels: LabelArray = watershed(framed, mask=inside, connectivity=1)[1:-1, 1:-1]  # type: ignore[no-untyped-call]
    return labels.astype(np.int32)


def _region_graph(labels: LabelArray, features: Float32Array, lines: Float32Array) -> tuple[Regions, Pairs]:
    inside = labels > 0
    count = int(labels.max())
    flat = labels[inside]
    size = np.bincount(flat, minlength=count + 1).astype(np.float64)
    sums = np.stack([np.bincount(flat, band[inside], count + 1).astype(np.float64) for band in features], 1)
    regions = Regions(np.arange(count + 1), size, sums, np.zeros(count + 1))
    return regions, adjacent_pairs(labels, lines)


def _border_cost(regions: Regions, pairs: Pairs, cost_px: float) -> NDArray[np.float64]:
    """(pairs,) loss of merging over gain: below 1 merges."""
    first, second = regions.size[pairs.first], regions.size[pairs.second]
    apart = ((regions.mean[pairs.first] - regions.mean[pairs.second]) ** 2).sum(1)
    loss = first * second / (first + second) * apart
    gain = cost_px * pairs.length * np.maximum(1 - pairs.strength / LINE_KEEPS, 1e-9)
    ratio: NDArray[np.float64] = loss / gain
    ratio[pairs.strength >= LINE_KEEPS] = np.inf
    return ratio


def _angle_between(regions: Regions, pairs: Pairs, short_px: float) -> NDArray[np.float64]:
    """(pairs,) angle between the means over the angle of one plane: below 1 merges; never across a line not short."""
    mean = regions.mean / np.maximum(np.linalg.norm(regions.mean, axis=1, keepdims=True), 1e-9)
    cosine = np.clip((mean[pairs.first] * mean[pairs.second]).sum(1), -1, 1)
    ratio: NDArray[np.float64] = np.degrees(np.arccos(cosine)) / SAME_PLANE_DEG
    ratio[(pairs.strength >= LINE_KEEPS) & (pairs.length >= short_px)] = np.inf
    return ratio


def _too_small(regions: Regions, pairs: Pairs, pixel_size_m: float) -> NDArray[np.float64]:
    """(pairs,) below 1 where one of the two is no face of its own; least for the longest border."""
    small = (regions.size * pixel_size_m**2 < MIN_FACE_M2) | (regions.radius * pixel_size_m < MIN_FACE_RADIUS_M)
    ratio: NDArray[np.float64] = 1 / (1 + pairs.length)
    ratio[~(small[pairs.first] | small[pairs.second])] = np.inf
    return ratio


def _inscribed_radius(labels: LabelArray, count: int) -> NDArray[np.float64]:
    """(count + 1,) radius in pixels of about the largest circle in each region."""
    return np.asarray(ndimage.maximum(_depth(labels), labels, np.arange(count + 1)), np.float64)


def _depth(labels: LabelArray) -> NDArray[np.float64]:
    """(height, width) distance in pixels of each pixel from the edge of its region."""
    padded = np.pad(labels, 1)
    same = np.ones(padded.shape, bool)
    for axis in (0, 1):
        for step in (1, -1):
            same &= padded == np.roll(padded, step, axis)
    return np.asarray(ndimage.distance_transform_edt(same)[1:-1, 1:-1] + 0.5, np.float64)
