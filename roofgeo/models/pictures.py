"""Pictures of predictions: a strip a window, of the picture, the truth and the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from roofgeo.schema import LINE_CLASSES, NODATA, OTHER_LINE, SEGMENT_CLASSES, band_slices

GAP_PX = 4
UNLABELLED = (60, 60, 60)
FULL_HEIGHT_M = 12.0

Rgb = NDArray[np.uint8]


def strips(images: Tensor, targets: Mapping[str, Tensor], bands: Tensor, heads: tuple[str, ...]) -> Rgb:
    """A row a window: the picture, then truth and prediction of the segments, lines, roof and height it has.

    Args:
        images: (windows, 3, height, width) 0..255.
        targets: By head, (windows, height, width).
        bands: (windows, bands, height, width) as predicted.
        heads: Heads of the network.

    Returns:
        (rows, columns, 3) red, green, blue.
    """
    columns = [images.clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()]
    for head, at in band_slices(heads).items():
        if head != "azimuth":  # the segments' colours tell it
            truth, found = targets[head].numpy(), bands[:, at].float().numpy()
            columns += [_draw(head, truth), _draw(head, _as_target(head, found))]
    padded = [np.pad(column, ((0, 0), (0, GAP_PX), (0, GAP_PX), (0, 0))) for column in columns]
    rows: Rgb = np.concatenate(np.concatenate(padded, axis=2), axis=0)
    return rows[:-GAP_PX, :-GAP_PX]


def write_picture(pixels: Rgb, path: Path) -> None:
    """Write (rows, columns, 3) as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _as_target(head: str, found: NDArray[np.float32]) -> NDArray[Any]:
    codes: NDArray[Any] = found.argmax(axis=1) if head in ("segments", "lines") else found[:, 0]
    return codes > 0.5 if head == "roof" else codes


def _draw(head: str, values: NDArray[np.generic]) -> Rgb:
    if head == "height":
        gray = np.nan_to_num(values.astype(np.float64) / FULL_HEIGHT_M).clip(0, 1) * 255
        drawn = np.repeat(gray.astype(np.uint8)[..., None], 3, axis=-1)
        drawn[np.isnan(values.astype(np.float64))] = UNLABELLED
        return drawn
    palette = np.full((256, 3), UNLABELLED, np.uint8)
    classes = {"segments": SEGMENT_CLASSES, "lines": LINE_CLASSES}.get(head, ())
    palette[:2] = (255, 255, 255), (200, 60, 50)
    for entry in classes:
        palette[entry.code] = entry.color
    palette[OTHER_LINE], palette[NODATA] = (200, 200, 200), UNLABELLED
    result: Rgb = palette[values.astype(np.uint8)]
    return result
