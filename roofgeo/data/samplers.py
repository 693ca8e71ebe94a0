"""torchgeo samplers over a data set's pictures: a grid to scan with, and random windows to train on.

torchgeo's own grid starts at the bottom, reaches beyond the top and passes over pictures smaller than the tile; these
cover every pixel of every picture. A query asks for pixels of the picture's own size and place: they are copied.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from torchgeo.datasets import GeoDataset
from torchgeo.samplers import GeoSampler

from roofgeo.data.dataset import ALWAYS, RoofDataset
from roofgeo.data.windows import LINE_COLUMNS, ROOF_COLUMNS, covered, rectangles, tile_windows
from roofgeo.errors import DataError
from roofgeo.grid import Window

Query = tuple[slice, slice, slice]

SHIFT = 0.375
"""A random window lies up to this part of an indexed one beside it: half the way to the next, at the usual stride."""

SHIFT_TRIES = 4
"""Shifts tried until one keeps to the ground of the index; then the indexed window is taken as it is."""

RARITY = 0.75
"""How strongly rare classes are sought. Of RoofGraph's 17 classes, whose entropy is that of 9.2 equally frequent ones,
it makes 15.1, and no window comes more than 10 times as often; 0.5 makes 12.7 and 5 times, 1 makes 16.6 and 17."""


def window_query(transform: Affine, window: Window) -> Query:
    """The torchgeo query that copies a window.

    Args:
        transform: From (column, row) of the picture to (x, y).
        window: In the picture's pixels.
    """
    corners = [(col, row) for row in (window.row, window.row_end) for col in (window.col, window.col_end)]
    x, y = np.array([transform * corner for corner in corners]).T
    step = float(np.hypot(transform.a, transform.d)), float(np.hypot(transform.b, transform.e))
    return slice(x.min(), x.max(), step[0]), slice(y.min(), y.max(), step[1]), slice(*ALWAYS)


class GridWindows(GeoSampler):
    """Every pixel of every picture at least once, picture by picture, from the top left.

    Args:
        dataset: Any torchgeo data set; of one whose CRS was changed, or of a combination, the footprints are covered.
        size_px: Side of a window.
        stride_px: From one window to the next.
    """

    # GeoSampler.__init__ takes other arguments in each version of torchgeo, and only keeps what is set here.
    def __init__(self, dataset: GeoDataset, size_px: int, stride_px: int) -> None:
        self.index, self.res = dataset.index, dataset.res
        self._windows = [
            (transform, window)
            for transform, shape in _places(dataset)
            for window in tile_windows(shape, size_px, stride_px)
        ]

    def __iter__(self) -> Iterator[Query]:
        """Queries (x, y, t)."""
        return (window_query(transform, window) for transform, window in self._windows)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self._windows)


def _places(dataset: GeoDataset) -> Iterator[tuple[Affine, tuple[int, int]]]:
    """Transform and shape of each picture."""
    if isinstance(dataset, RoofDataset) and dataset.crs == dataset.own_crs:
        yield from ((picture.transform, picture.window.shape) for picture in dataset.pictures)
        return
    x_size, y_size = dataset.res
    for left, bottom, right, top in dataset.index.geometry.bounds.itertuples(index=False):
        shape = max(1, round((top - bottom) / y_size)), max(1, round((right - left) / x_size))
        yield Affine(x_size, 0, left, 0, -y_size, top), shape


class BalancedWindows(GeoSampler):
    """Random windows around the indexed ones, those with roofs and rare azimuths more often.

    No window shows ground of its picture that lies outside the windows of the index, unless `size_px` is larger than
    theirs: an index of one split gives windows of that split.

    Args:
        dataset: What the index was made of.
        index: Windows to draw from, as of `roofgeo.data.windows.index_windows`; those without labels are never drawn.
        size_px: Side of a window; it may be larger than a picture.
        length: Windows an epoch.
        seed: Start of all chance.
        roof_share: Share of the windows that are drawn around one with roofs.

    Raises:
        DataError: No window of the index is labelled.
    """

    def __init__(
        self,
        dataset: RoofDataset,
        index: gpd.GeoDataFrame,
        size_px: int,
        length: int,
        seed: int = 0,
        roof_share: float = 0.85,
    ) -> None:
        labelled = index[index["labelled_share"] > 0]
        if len(labelled) == 0:
            raise DataError(
                f"none of the {len(index)} windows to draw from is labelled",
                "Choose another split, or look at the data set with `roofgeo data check`.",
            )
        self.index, self.res = dataset.index, dataset.res
        self.pictures = dataset.pictures
        self.size_px, self.length, self.seed = size_px, length, seed
        numbers = {picture.name: number for number, picture in enumerate(dataset.pictures)}
        self._number = np.array([numbers[name] for name in labelled["picture"]])
        self._place = labelled[["row", "col", "height", "width"]].to_numpy(np.int64)
        self._ground = {numbers[name]: windows for name, windows in rectangles(index).items() if name in numbers}
        self._cumulated = np.cumsum(window_weights(labelled, roof_share))

    def draw_window(self, rng: np.random.Generator) -> tuple[int, Window]:
        """Number of a picture and a window of it, which may reach beyond it; for `RoofDataset.scene`."""
        i = int(np.searchsorted(self._cumulated, rng.random() * self._cumulated[-1], side="right"))
        number, (row, col, height, width) = int(self._number[i]), self._place[i].tolist()
        picture = self.pictures[number].window
        for reach in (*[SHIFT] * SHIFT_TRIES, 0.0):
            window = Window(
                _start(row, height, picture.height, self.size_px, reach, rng),
                _start(col, width, picture.width, self.size_px, reach, rng),
                self.size_px,
                self.size_px,
            )
            if covered(window.intersection(picture), self._ground[number]).all():
                break
        return number, window

    def draw(self, rng: np.random.Generator) -> Query:
        """A query (x, y, t). Where pictures overlap it may be answered from another one; see `draw_window`."""
        number, window = self.draw_window(rng)
        return window_query(self.pictures[number].transform, window)

    def __iter__(self) -> Iterator[Query]:
        """Queries (x, y, t), the same each time."""
        return (self.draw(np.random.default_rng([self.seed, i])) for i in range(self.length))

    def __len__(self) -> int:
        """Windows an epoch."""
        return self.length


def _start(start: int, length: int, picture: int, size: int, reach: float, rng: np.random.Generator) -> int:
    """First row, or column, of a random window around an indexed one; inside the picture where it is large enough."""
    middle = start + length / 2 + rng.uniform(-reach, reach) * length
    if size >= picture:
        return -int(rng.integers(size - picture + 1))
    return int(np.clip(round(middle - size / 2), 0, picture - size))


def window_weights(index: gpd.GeoDataFrame, roof_share: float) -> NDArray[np.float64]:
    """How often each window is drawn; they add up to 1.

    Windows with roofs share `roof_share` among them, by the classes of their roofs: a class counts by its frequency to
    the power of minus `RARITY`.

    Args:
        index: Windows.
        roof_share: Of the windows drawn; without effect where all have roofs, or none.
    """
    has_roof = (index["roof_share"].fillna(0) > 0) | (index[list(LINE_COLUMNS)].sum(axis=1) > 0)
    roofs = has_roof.to_numpy()
    weights = np.where(roofs, _rarity(index[list(ROOF_COLUMNS)].to_numpy(np.float64)), 1.0)
    if roofs.all() or not roofs.any():
        return np.asarray(weights / weights.sum())
    shares = np.where(roofs, roof_share / weights[roofs].sum(), (1 - roof_share) / (~roofs).sum())
    return np.asarray(weights * shares)


def _rarity(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean rarity of the classes of each window, from pixel counts (windows, classes); 1 where there are none."""
    share = counts.sum(axis=0) / max(1.0, counts.sum())
    rarity = np.maximum(share, 1e-12) ** -RARITY
    of_window = counts.sum(axis=1)
    mean = counts @ rarity / np.maximum(of_window, 1.0)
    return np.where(of_window > 0, mean, 1.0)
