"""Regions of a label raster, who borders on whom, and their merging: all pairs at once, best pairs first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roofgeo.vector.crops import Float32Array, FloatArray, IntArray


@dataclass(frozen=True)
class Regions:
    """Regions 1..count of a label raster; row 0 stands for the outside and takes part in nothing.

    Attributes:
        root: (labels + 1,) region of each label of the raster.
        size: (count + 1,) pixels.
        sums: (count + 1, features) sum of the features over the pixels.
        radius: (count + 1,) radius of the largest circle inside, in pixels.
    """

    root: IntArray
    size: FloatArray
    sums: FloatArray
    radius: FloatArray

    @property
    def count(self) -> int:
        """Number of regions."""
        return len(self.size) - 1

    @property
    def mean(self) -> FloatArray:
        """(count + 1, features) mean of the features."""
        mean: FloatArray = self.sums / np.maximum(self.size, 1)[:, None]
        return mean

    def with_radius(self, radius: FloatArray) -> Regions:
        """The same regions with their radii in pixels known."""
        return replace(self, radius=radius)

    def of_pixels(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """(height, width) int32 region of each pixel of the raster the regions were made of."""
        return self.root[labels].astype(np.int32)

    def joined(self, new: IntArray) -> Regions:
        """The regions after renumbering: `new` (count + 1,) gives each its number, equal where they become one."""
        count = int(new.max())
        size = np.bincount(new, self.size, count + 1).astype(np.float64)
        sums = np.zeros((count + 1, self.sums.shape[1]))
        np.add.at(sums, new, self.sums)
        radius = np.zeros(count + 1)
        np.maximum.at(radius, new, self.radius)
        return Regions(new[self.root], size, sums, radius)


@dataclass(frozen=True)
class Pairs:
    """Pairs of regions that share a border.

    Attributes:
        first: (pairs,) the region of lower number.
        second: (pairs,) the region of higher number.
        length: (pairs,) length of the border in pixel sides.
        line: (pairs,) sum along it of how surely a line is seen.
    """

    first: IntArray
    second: IntArray
    length: FloatArray
    line: FloatArray

    @property
    def strength(self) -> FloatArray:
        """(pairs,) share of the border along which a line is seen."""
        return self.line / self.length

    def joined(self, new: IntArray) -> Pairs:
        """The pairs after the regions were renumbered by `new`."""
        return _grouped(new[self.first], new[self.second], self.length, self.line, int(new.max()))


def adjacent_pairs(labels: NDArray[np.int32], line: Float32Array) -> Pairs:
    """The pairs of labels 1.. that share pixel sides.

    Args:
        labels: (height, width) int32.
        line: (height, width) how surely a line is seen, 0..1; of the two pixels at a side the surer one counts.
    """
    firsts, seconds, lines = [], [], []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = labels[one], labels[other]
        border = (a != b) & (a > 0) & (b > 0)
        firsts.append(a[border].astype(np.int64))
        seconds.append(b[border].astype(np.int64))
        lines.append(np.maximum(line[one][border], line[other][border]).astype(np.float64))
    first, second, seen = np.concatenate(firsts), np.concatenate(seconds), np.concatenate(lines)
    return _grouped(first, second, np.ones(len(first)), seen, int(labels.max(initial=0)))


def merge(regions: Regions, pairs: Pairs, priority: Callable[[Regions, Pairs], FloatArray]) -> tuple[Regions, Pairs]:
    """Merge pairs until no priority is below 1.

    In each round every pair merges that is the most urgent (lowest priority) of both its regions.

    Args:
        regions: The regions.
        pairs: Their borders.
        priority: Gives (pairs,) numbers.
    """
    while len(pairs.first):
        urgency = priority(regions, pairs)
        rank = np.empty(len(urgency), np.int64)
        rank[np.argsort(urgency, kind="stable")] = np.arange(len(urgency))
        best = np.full(regions.count + 1, len(urgency))
        np.minimum.at(best, pairs.first, rank)
        np.minimum.at(best, pairs.second, rank)
        chosen = (urgency < 1) & (best[pairs.first] == rank) & (best[pairs.second] == rank)
        if not chosen.any():
            break
        target = np.arange(regions.count + 1)
        target[pairs.second[chosen]] = pairs.first[chosen]
        new = np.unique(target, return_inverse=True)[1]
        regions, pairs = regions.joined(new), pairs.joined(new)
    return regions, pairs


def _grouped(first: IntArray, second: IntArray, length: FloatArray, line: FloatArray, count: int) -> Pairs:
    apart = first != second
    low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
    keys, pair = np.unique(low * (count + 1) + high, return_inverse=True)
    sums = [np.bincount(pair, v[apart], len(keys)).astype(np.float64) for v in (length, line)]
    return Pairs(keys // (count + 1), keys % (count + 1), sums[0], sums[1])
