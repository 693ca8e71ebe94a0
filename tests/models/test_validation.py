"""Figures of heads, against cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from roofgeo.models.pictures import GAP_PX, strips
from roofgeo.models.validation import HeadFigures
from roofgeo.schema import ANY_ROOF, HEAD, NODATA, OTHER_LINE, SEGMENT_CLASSES, band_slices

HEADS = tuple(HEAD)


def targets(**values: list[float]) -> dict[str, torch.Tensor]:
    """Targets (1, 1, 4) by head; not labelled where not given."""
    found = {}
    for head in HEADS:
        real = head in ("azimuth", "height")
        given = values.get(head, [math.nan if real else NODATA] * 4)
        found[head] = torch.tensor([[given]], dtype=torch.float32 if real else torch.uint8)
    return found


def bands(**values: list[float]) -> torch.Tensor:
    """(1, bands, 1, 4) that predict classes, degrees, probabilities, metres."""
    at = band_slices(HEADS)
    result = torch.zeros(1, max(s.stop for s in at.values()), 1, 4)
    for head, given in values.items():
        row = result[0, at[head], 0]
        if head in ("segments", "lines"):
            row[torch.tensor(given).long(), torch.arange(4)] = 1
        elif head == "azimuth":
            angle = torch.deg2rad(torch.tensor(given))
            row[:] = torch.stack([angle.sin(), angle.cos()])
        else:
            row[0] = torch.tensor(given)
    return result


def figures(predicted: torch.Tensor, truth: dict[str, torch.Tensor]) -> dict[str, float]:
    found = HeadFigures(HEADS)
    found.add(predicted, truth)
    return found.figures()


@pytest.mark.parametrize("unlabelled", [NODATA, ANY_ROOF])
def test_segments_and_roof(unlabelled: int) -> None:
    found = figures(
        bands(segments=[0, 0, 1, 5], roof=[0.2, 0.9, 0.8, 0.7]),
        targets(segments=[0, 1, 1, unlabelled], roof=[0, 0, 1, NODATA]),
    )
    assert found["segments_miou"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert found["roof_iou"] == pytest.approx(1 / 2)
    assert found["score"] == pytest.approx((0.5 + 0.5) / 2)


def test_azimuths_go_round_and_heights_are_metres() -> None:
    found = figures(
        bands(azimuth=[350, 20, 90, 0], height=[3, 5, 0, 0]),
        targets(azimuth=[10, 10, math.nan, math.nan], height=[2, 2, math.nan, math.nan]),
    )
    assert found["azimuth_mae_deg"] == pytest.approx(15, abs=1e-4)
    assert found["height_mae_m"] == pytest.approx(2) and found["height_rmse_m"] == pytest.approx(math.sqrt(5))


def test_lines_of_a_wrong_type_are_wrong_twice_and_partial_labels_are_left_out() -> None:
    found = figures(bands(lines=[1, 2, 0, 3]), targets(lines=[1, 1, 2, OTHER_LINE]))
    assert found["lines_f"] == pytest.approx(2 * 1 / (2 + 3))


def test_heads_without_labels_have_no_figures() -> None:
    assert figures(bands(), targets()) == {}
    assert HeadFigures(HEADS).figures() == {}


def test_batches_add_up() -> None:
    found = HeadFigures(HEADS)
    found.add(bands(roof=[1, 1, 1, 1]), targets(roof=[1, 1, 1, 1]))
    found.add(bands(roof=[1, 0, 0, 0]), targets(roof=[0, 1, 1, 1]))
    assert found.figures()["roof_iou"] == pytest.approx(4 / 8)


def test_strips_show_picture_truth_and_prediction() -> None:
    truth = targets(segments=[0, 1, 2, NODATA], roof=[0, 1, 1, NODATA], height=[0, 12, 6, math.nan])
    image = torch.full((1, 3, 1, 4), 77.0)
    drawn = strips(image, truth, bands(segments=[0, 1, 2, 3], roof=[0, 1, 1, 0]), HEADS)
    assert drawn.dtype == np.uint8 and drawn.shape == (1, 9 * 4 + 8 * GAP_PX, 3)
    assert (drawn[0, :4] == 77).all()
    first, second = drawn[0, 4 + GAP_PX :][:4], drawn[0, 8 + 2 * GAP_PX :][:4]
    assert (first[:3] == second[:3]).all(), "truth and prediction in the same colours"
    assert tuple(first[2]) == SEGMENT_CLASSES[2].color and tuple(first[3]) != SEGMENT_CLASSES[3].color
