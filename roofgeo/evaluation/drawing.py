"""Pictures of a report: confusion matrix, reliability diagram, and places that came out badly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from roofgeo.evaluation.detections import Reliability
from roofgeo.schema import BACKGROUND, NODATA, SEGMENT_CLASSES

INK, PAPER, FAINT, BLUE, ORANGE = (30, 30, 30), (255, 255, 255), (205, 205, 205), (31, 119, 180), (255, 127, 14)
CELL_PX = 34
MARGIN_PX = 110
PANEL_PX = 384
CAPTION_PX = 24
TINT = 0.55
"""How much of a class's colour lies over the picture."""

Rgb = NDArray[np.uint8]
Colour = tuple[int, int, int]


def draw_confusion(confusion: NDArray[np.int64], names: Sequence[str]) -> Image.Image:
    """A confusion matrix: percent of each true class (row) by predicted class (column).

    Args:
        confusion: (n, n) counts, true by predicted.
        names: Of the n classes.
    """
    size = MARGIN_PX + CELL_PX * len(names) + 20
    sheet, draw = _sheet(size, size + 10)
    total = confusion.sum(axis=1, keepdims=True)
    share = np.divide(confusion, total, out=np.zeros(confusion.shape), where=total > 0)
    draw.text((8, 8), "true \\ predicted", INK, _font(13))
    draw.text((8, 26), "% of the true class", INK, _font(11))
    for i, name in enumerate(names):
        at = MARGIN_PX + CELL_PX * i
        draw.text((MARGIN_PX - 8, at + CELL_PX / 2), name, INK if total[i] else FAINT, _font(12), anchor="rm")
        _upright(sheet, (at + CELL_PX // 2, MARGIN_PX - 6), name)
        for j in range(len(names)):
            _cell(draw, at, MARGIN_PX + CELL_PX * j, float(share[i, j]), bool(confusion[i, j]))
    return sheet


def _cell(draw: ImageDraw.ImageDraw, top: int, left: int, share: float, any_px: bool) -> None:
    paint = tuple(round(255 - share**0.5 * (255 - channel)) for channel in BLUE)
    draw.rectangle((left, top, left + CELL_PX, top + CELL_PX), fill=paint, outline=FAINT)
    if any_px:
        text = f"{100 * share:.0f}" if share >= 0.005 else "·"
        ink = PAPER if share > 0.4 else INK
        draw.text((left + CELL_PX / 2, top + CELL_PX / 2), text, ink, _font(12), anchor="mm")


def _upright(sheet: Image.Image, at: tuple[int, int], text: str) -> None:
    """Text that runs upwards from a point."""
    label = Image.new("RGB", (MARGIN_PX - 10, 18), PAPER)
    ImageDraw.Draw(label).text((0, 9), text, INK, _font(12), anchor="lm")
    sheet.paste(label.rotate(90, expand=True), (at[0] - 9, at[1] - (MARGIN_PX - 10)))


def draw_reliability(bins: Reliability) -> Image.Image:
    """A reliability diagram: share of segments that match by confidence, and how many segments there are.

    Args:
        bins: Segments by bins of confidence.
    """
    side, left, top = 420, 60, 40
    sheet, draw = _sheet(side + 90, side + 190)
    width, most = side / len(bins.count), max(1, int(bins.count.max()))
    ece = bins.expected_calibration_error
    draw.text(
        (left, 12), f"Segments that match, by confidence. ECE {'-' if ece is None else f'{ece:.3f}'}", INK, _font(14)
    )
    for i, (count, share) in enumerate(zip(bins.count, bins.matched_share, strict=True)):
        x = left + i * width
        if count:
            draw.rectangle((x, top + side * (1 - share), x + width - 1, top + side), fill=BLUE)
            draw.rectangle((x, top + side + 110 - 70 * count / most, x + width - 1, top + side + 110), fill=ORANGE)
    for tick in range(6):
        y, x, text = top + side * (1 - tick / 5), left + side * tick / 5, f"{tick / 5:g}"
        draw.line((left, y, left + side, y), fill=FAINT)
        draw.text((left - 8, y), text, INK, _font(12), anchor="rm")
        draw.text((x, top + side + 8), text, INK, _font(12), anchor="mt")
    draw.line((left, top + side, left + side, top), fill=INK, width=2)
    draw.text((left, top + side + 122), f"number of segments (highest bar: {most})", INK, _font(12))
    return sheet


def draw_classes(image: Rgb, truth: Rgb, predicted: Rgb, caption: str) -> Image.Image:
    """A window three times: as it is, with its true classes, with its predicted classes.

    Args:
        image: (3, height, width) red, green, blue.
        truth: (height, width) codes of `roofgeo.schema.SEGMENT_CLASSES`; unlabelled ground is dark.
        predicted: (height, width) codes of the same.
        caption: What to write above.
    """
    picture = np.moveaxis(image, 0, -1)
    panels = [picture, _tinted(picture, truth), _tinted(picture, predicted)]
    return _beside([Image.fromarray(panel) for panel in panels], ("picture", "truth", "prediction"), caption)


def _tinted(picture: Rgb, codes: Rgb) -> Rgb:
    table = np.zeros((256, 3), dtype=np.float32)
    for each in SEGMENT_CLASSES:
        table[each.code] = each.color
    colour = np.where((codes == BACKGROUND)[..., None], picture, table[codes])
    blended = np.where((codes == NODATA)[..., None], picture * 0.3, picture * (1 - TINT) + colour * TINT)
    tinted: Rgb = blended.astype(np.uint8)
    return tinted


def draw_outlines(
    image: Rgb | None,
    bounds: tuple[float, float, float, float],
    truth: Iterable[shapely.Geometry],
    predicted: Iterable[shapely.Geometry],
    caption: str,
) -> Image.Image:
    """A place twice: with its true outlines and with its predicted ones.

    Args:
        image: (3, height, width) of the ground within the bounds; None for white paper.
        bounds: left, bottom, right, top.
        truth: Polygons.
        predicted: Polygons.
        caption: What to write above.
    """
    left, bottom, right, top = bounds
    shape = (PANEL_PX, max(1, round(PANEL_PX * (right - left) / (top - bottom))))
    if image is None:
        paper = Image.new("RGB", (shape[1], shape[0]), PAPER)
    else:
        paper = Image.fromarray(np.moveaxis(image, 0, -1)).resize((shape[1], shape[0]))
    panels = [paper.copy(), paper.copy()]
    scale = (shape[1] / (right - left), shape[0] / (top - bottom))
    for panel, polygons, colour in zip(panels, (truth, predicted), (BLUE, ORANGE), strict=True):
        draw = ImageDraw.Draw(panel)
        for ring in _all_rings(polygons):
            xy = shapely.get_coordinates(ring)
            draw.line([((x - left) * scale[0], (top - y) * scale[1]) for x, y in xy], fill=colour, width=2)
    return _beside(panels, ("truth", "prediction"), caption)


def _all_rings(polygons: Iterable[shapely.Geometry]) -> Iterable[shapely.Geometry]:
    parts = shapely.get_parts(shapely.get_parts(list(polygons)))
    rings: Iterable[shapely.Geometry] = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
    return rings


def _beside(panels: Sequence[Image.Image], titles: Sequence[str], caption: str) -> Image.Image:
    """Panels side by side, each fitted into the same height, under a caption."""
    fitted = [panel.resize((max(1, round(panel.width * PANEL_PX / panel.height)), PANEL_PX)) for panel in panels]
    gap = 6
    sheet, draw = _sheet(sum(p.width + gap for p in fitted) + gap, PANEL_PX + 2 * CAPTION_PX + gap)
    draw.text((gap, CAPTION_PX / 2), caption, INK, _font(13), anchor="lm")
    left = gap
    for panel, title in zip(fitted, titles, strict=True):
        sheet.paste(panel, (left, CAPTION_PX))
        draw.text((left, CAPTION_PX + PANEL_PX + CAPTION_PX / 2), title, INK, _font(12), anchor="lm")
        left += panel.width + gap
    return sheet


def _sheet(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("RGB", (width, height), PAPER)
    return sheet, ImageDraw.Draw(sheet)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
