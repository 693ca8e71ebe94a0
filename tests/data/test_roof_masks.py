"""Roof masks: tiles that tell roof from not roof, and nothing of planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roofgeo.data.roof_masks import read_roof_masks
from roofgeo.data.targets import rasterize_targets
from roofgeo.errors import DataError
from roofgeo.schema import NODATA


def test_banepa_tiles_come_at_the_pixel_size_asked_for(shared_data: Path) -> None:
    tiles = read_roof_masks(shared_data / "banepa", "train.txt", 0.2)
    assert len(tiles) == 32
    height, width = tiles[0].image.shape[1:]
    assert 300 < height < 360 and height == width, "512 px of 0.13 m, in pixels of 0.2 m"
    targets = rasterize_targets(tiles[0])
    assert set(np.unique(targets.roof)) == {0, 1}
    assert (targets.segments[targets.roof == 1] == NODATA).all()


def test_training_never_sees_what_is_measured(shared_data: Path) -> None:
    folder = shared_data / "banepa"
    train, measured = ((folder / f"{name}.txt").read_text().split() for name in ("train", "measure_only"))
    assert not set(train) & set(measured)


def test_missing_tile_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("tile_1\n")
    with pytest.raises(DataError) as error:
        read_roof_masks(tmp_path, "train.txt", 0.1)
    assert "images/" in error.value.hint
