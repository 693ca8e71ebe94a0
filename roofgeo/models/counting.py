"""How often each class comes in what a network is going to see, and what it weighs for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Subset

from roofgeo.models.heads import HEADS, WEIGHTED_HEADS
from roofgeo.models.losses import class_weights

COUNTED_WINDOWS = 64


def count_classes(
    windows: Dataset[Any], length: int, workers: int, collate: Callable[[Any], dict[str, Any]]
) -> dict[str, list[int]]:
    """Pixels of each class of segments and lines in the first windows of a training, after sampling and augmentation.

    Args:
        windows: Training windows.
        length: How many there are.
        workers: Processes that make them.
        collate: Makes a batch of windows.
    """
    counts = {head: torch.zeros(HEADS[head].band_count, dtype=torch.int64) for head in WEIGHTED_HEADS}
    first = Subset(windows, range(min(COUNTED_WINDOWS, length)))
    generator = torch.Generator().manual_seed(0)
    for batch in DataLoader(first, 4, num_workers=workers, collate_fn=collate, generator=generator):
        for head, count in counts.items():
            count += torch.bincount(batch[head].flatten(), minlength=256)[: len(count)]
    return {head: count.tolist() for head, count in counts.items()}


def measured_weights(counts: Mapping[str, Sequence[int]]) -> dict[str, tuple[float, ...]]:
    """Class weights by head, of counts by head."""
    return {head: class_weights(count) for head, count in counts.items()}
