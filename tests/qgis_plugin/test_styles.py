"""The styles that come with the outputs, in a real QGIS: they load by themselves, and draw what the data says."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextScope,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPalettedRasterRenderer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsRenderContext,
    QgsSingleBandPseudoColorRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt, QVariant
from qgis.PyQt.QtGui import QColor, QImage

pytestmark = pytest.mark.qgis

LAYERS = ("roof_segments", "roof_lines", "buildings")
COMPASS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
LINE_TYPES = ("eave", "ridge", "hip", "valley", "rake", "step")
AZIMUTH, SLOPE = "azimuth_grid_deg", "slope_deg"

WEIGHTS = Path(__file__).parents[2] / "roofgeo" / "models" / "weights"


def opened(folder: Path, name: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{folder / 'roofs.gpkg'}|layername={name}", name, "ogr")
    assert layer.isValid()
    return layer


@pytest.fixture(scope="module")
def layers(qgis_app: QgsApplication, predicted: Path) -> Iterator[dict[str, QgsVectorLayer]]:
    """The layers as QGIS opens them, with nothing done to them."""
    found = {name: opened(predicted, name) for name in LAYERS}
    QgsProject.instance().addMapLayers([*found.values()])
    yield found
    QgsProject.instance().removeMapLayers([layer.id() for layer in found.values()])  # before QGIS itself ends


@pytest.fixture
def writable(qgis_app: QgsApplication, predicted: Path, tmp_path: Path) -> Iterator[QgsVectorLayer]:
    """The segments of a copy of the GeoPackage."""
    shutil.copy(predicted / "roofs.gpkg", tmp_path / "roofs.gpkg")
    layer = opened(tmp_path, "roof_segments")
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().removeMapLayer(layer.id())


def context(layer: QgsVectorLayer, scale: float) -> QgsExpressionContext:
    """What an expression sees on a map of this scale."""
    made = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    scope = QgsExpressionContextScope()
    scope.setVariable("map_scale", scale)
    made.appendScope(scope)
    return made


def evaluated(text: str, feature: QgsFeature, layer: QgsVectorLayer, scale: float = 500) -> object:
    expression, seen = QgsExpression(text), context(layer, scale)
    assert not expression.hasParserError(), expression.parserErrorString()
    seen.setFeature(feature)
    value = expression.evaluate(seen)
    assert not expression.hasEvalError(), (expression.evalErrorString(), text)
    return value


def symbol_color(symbol: QgsSymbol) -> QColor:
    """Colour of a symbol's first layer, which lives no longer than the symbol."""
    kept = symbol.clone()
    layer = kept.symbolLayer(0)
    return QColor(layer.color())


def category_colors(layer: QgsVectorLayer) -> dict[str, QColor]:
    return {category.value(): symbol_color(category.symbol()) for category in layer.renderer().categories()}


def expressions(symbol: QgsSymbol) -> Iterator[str]:
    """All expressions of a symbol and of the symbols within it."""
    for index in range(symbol.symbolLayerCount()):
        layer = symbol.symbolLayer(index)
        properties = layer.dataDefinedProperties()
        yield from (properties.property(key).expressionString() for key in properties.propertyKeys())
        if layer.layerType() == "GeometryGenerator":
            yield layer.geometryExpression()
        if layer.subSymbol() is not None:
            yield from expressions(layer.subSymbol())


def arrow_expression(layer: QgsVectorLayer) -> str:
    """Expression of the arrow's line, which is the same for all orientations."""
    categories = [category for category in layer.renderer().categories() if category.value() != "flat"]
    symbols = [category.symbol().clone() for category in categories]
    found = {text for symbol in symbols for text in expressions(symbol) if "make_line" in text}
    assert len(found) == 1
    return found.pop()


def arrows(layer: QgsVectorLayer, scale: float) -> Iterator[tuple[QgsFeature, QgsGeometry]]:
    """Features that have an arrow at a scale."""
    text = arrow_expression(layer)
    for feature in layer.getFeatures():
        arrow = evaluated(text, feature, layer, scale)
        if arrow is not None and not (isinstance(arrow, QVariant) and arrow.isNull()):
            yield feature, arrow


def rendered(layers: list, extent: QgsRectangle, size: QSize) -> QImage:
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setExtent(extent)
    settings.setOutputSize(size)
    settings.setBackgroundColor(QColor("white"))
    seen = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(None))
    seen.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(seen)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    assert not job.errors()
    return job.renderedImage()


def distance(a: QColor, b: QColor) -> int:
    return max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue()))


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [("roof_segments", "orientation", [*COMPASS, "flat"]), ("roof_lines", "line_type", [*LINE_TYPES])],
)
def test_categories_arrive_and_every_feature_has_one(layers: dict, name: str, field: str, values: list) -> None:
    renderer = layers[name].renderer()
    assert isinstance(renderer, QgsCategorizedSymbolRenderer)
    assert renderer.classAttribute() == field
    assert [(c.value(), c.label(), c.renderState()) for c in renderer.categories()] == [(v, v, True) for v in values]
    found = Counter(feature[field] for feature in layers[name].getFeatures())
    assert set(found) <= set(values)
    assert len(found) >= 6
    colors = list(category_colors(layers[name]).values())
    assert min(distance(a, b) for i, a in enumerate(colors) for b in colors[:i]) > 10


def test_the_sample_of_labels_shows_each_orientation_once_at_least(layers: dict) -> None:
    """Sixteen neighbours of one segment, each turned on by 22.5 degrees, are drawn in sixteen colours."""
    renderer, layer = layers["roof_segments"].renderer().clone(), layers["roof_segments"]
    seen = QgsRenderContext()
    seen.setExpressionContext(context(layer, 500))
    renderer.startRender(seen, layer.fields())
    feature = next(layer.getFeatures())
    drawn = set()
    for orientation in (*COMPASS, "flat"):
        feature["orientation"] = orientation
        symbol = renderer.originalSymbolForFeature(feature, seen)
        assert symbol is not None, orientation
        drawn.add(symbol_color(symbol).name())
    renderer.stopRender(seen)
    assert len(drawn) == 17


def test_buildings_are_an_outline_without_a_fill(layers: dict) -> None:
    renderer = layers["buildings"].renderer()
    assert renderer.type() == "singleSymbol"
    symbol = renderer.symbol().clone()
    parts = [symbol.symbolLayer(index) for index in range(symbol.symbolLayerCount())]
    assert [part.layerType() for part in parts] == ["SimpleFill", "SimpleFill"]
    assert all(part.brushStyle() == Qt.BrushStyle.NoBrush for part in parts)


@pytest.mark.parametrize(
    ("name", "scales"), [("roof_segments", (1, 1000)), ("roof_lines", (1, 300)), ("buildings", (1000, 3000))]
)
def test_labels_are_there_between_two_scales(layers: dict, name: str, scales: tuple) -> None:
    layer = layers[name]
    assert layer.labelsEnabled()
    settings = layer.labeling().settings()
    assert settings.drawLabels and settings.isExpression and settings.scaleVisibility
    assert (settings.maximumScale, settings.minimumScale) == scales
    assert settings.format().buffer().enabled()
    texts = [evaluated(settings.fieldName, feature, layer, scales[0] or 1) for feature in layer.getFeatures()]
    assert sum(isinstance(text, str) for text in texts) > len(texts) / 2
    assert not [text for text in texts if isinstance(text, str) and ("NULL" in text or not text.strip())]


def test_labels_of_segments_tell_azimuth_slope_and_area(layers: dict) -> None:
    layer = layers["roof_segments"]
    text = layer.labeling().settings().fieldName
    feature = max(layer.getFeatures(), key=lambda f: f["footprint_area_m2"])
    feature["azimuth_deg"], feature[SLOPE], feature["footprint_area_m2"] = 359.7, None, 78.4
    assert evaluated(text, feature, layer, 200) == "0°\n78 m²"
    feature[SLOPE], feature["area_m2"] = 34.6, 95.2
    assert evaluated(text, feature, layer, 200) == "0° / 35°\n95 m²"
    feature["azimuth_deg"] = feature[AZIMUTH] = feature[SLOPE] = feature["area_m2"] = None
    assert evaluated(text, feature, layer, 200) == "flat\n78 m²"


def test_arrows_point_down_the_slope_within_their_segment(layers: dict) -> None:
    layer, count = layers["roof_segments"], 0
    for feature, arrow in arrows(layer, 500):
        start, end = arrow.asPolyline()
        turned = math.degrees(start.azimuth(end) * math.pi / 180) - feature[AZIMUTH]
        assert abs((turned + 180) % 360 - 180) < 1e-6
        assert feature.geometry().contains(arrow)
        count += 1
    pitched = sum(feature["orientation"] != "flat" for feature in layer.getFeatures())
    assert count > 0.6 * pitched
    assert not [feature for feature, _ in arrows(layer, 500) if feature["orientation"] == "flat"]


def test_arrows_are_readable_or_not_there(layers: dict) -> None:
    layer = layers["roof_segments"]
    for scale in (100, 500, 1000, 1500):
        lengths_mm = [arrow.length() / scale * 1000 for _, arrow in arrows(layer, scale)]
        assert lengths_mm and min(lengths_mm) > 2 and max(lengths_mm) < 9
    assert not list(arrows(layer, 2000))


def test_arrows_grow_with_the_slope(layers: dict) -> None:
    layer, text = layers["roof_segments"], arrow_expression(layers["roof_segments"])
    feature = max(layer.getFeatures(), key=lambda f: f["footprint_area_m2"])
    feature[AZIMUTH] = 10.0
    lengths = []
    for slope in (5.0, 20.0, None, 40.0):
        feature[SLOPE] = slope
        lengths.append(evaluated(text, feature, layer).length())
    assert lengths == sorted(lengths) and len(set(lengths)) == 4


@pytest.mark.parametrize("name", LAYERS)
def test_all_expressions_can_be_evaluated(layers: dict, name: str) -> None:
    layer = layers[name]
    renderer = layer.renderer()
    symbols = (
        [category.symbol().clone() for category in renderer.categories()]
        if isinstance(renderer, QgsCategorizedSymbolRenderer)
        else [renderer.symbol().clone()]
    )
    texts = {text for symbol in symbols for text in expressions(symbol)} | {layer.displayExpression()}
    settings = layer.labeling().settings()
    properties = settings.dataDefinedProperties()
    texts |= {settings.fieldName, *(properties.property(key).expressionString() for key in properties.propertyKeys())}
    texts |= {settings.geometryGenerator} if settings.geometryGeneratorEnabled else set()
    assert len(texts) >= 3
    features = list(layer.getFeatures())[:20]
    for text in texts:
        drawn = text.replace("@symbol_color", "color_rgba(1, 2, 3, 4)")  # known only while a symbol is drawn
        for feature in features:
            evaluated(drawn, feature, layer)


@pytest.mark.parametrize("name", LAYERS)
def test_map_tips_tell_what_is_known_with_units(layers: dict, name: str) -> None:
    layer = layers[name]
    for feature in layer.getFeatures():
        seen = context(layer, 500)
        seen.setFeature(feature)
        tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), seen)
        assert "NULL" not in tip and "[%" not in tip
        names = layer.fields().names()[2:]
        known = [field for field in names if feature[field] is not None and feature[field] is not False]
        known = [field for field in known if not (isinstance(feature[field], QVariant) and feature[field].isNull())]
        assert tip.count("<tr>") == len(known)
        assert re.search(r"Confidence&nbsp;</td><td>\d+ %<", tip)
    assert {"roof_segments": " m²<", "roof_lines": " m<", "buildings": " m²<"}[name] in tip


def test_features_have_names_and_fields_short_aliases(layers: dict) -> None:
    names = {name: evaluated(layer.displayExpression(), next(layer.getFeatures()), layer)
             for name, layer in layers.items()}  # fmt: skip
    assert re.fullmatch(r"Segment \d+: [A-Za-z]+", names["roof_segments"])
    assert re.fullmatch(r"Line \d+: [a-z]+", names["roof_lines"])
    assert re.fullmatch(r"Building \d+: [a-z]+", names["buildings"])
    for layer in layers.values():
        aliases = [layer.attributeDisplayName(i) for i in range(1, layer.fields().count())]
        assert max(map(len, aliases)) <= 24
        assert len(set(aliases)) == len(aliases)
    segments = layers["roof_segments"]
    assert segments.attributeAlias(segments.fields().indexOf("azimuth_deg")) == "Azimuth [°]"
    assert segments.attributeAlias(segments.fields().indexOf("area_m2")) == "Area [m²]"


def test_forms_are_read_only_and_tables_round(layers: dict) -> None:
    for layer in layers.values():
        form = layer.editFormConfig()
        assert all(form.readOnly(i) for i in range(1, layer.fields().count()))
    segments = layers["roof_segments"]
    setup = segments.editorWidgetSetup(segments.fields().indexOf("azimuth_deg"))
    assert (setup.type(), setup.config()["Precision"]) == ("Range", 1)
    formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter("Range")
    text = formatter.representValue(segments, segments.fields().indexOf("azimuth_deg"), setup.config(), None, 12.3456)
    assert text == "12.3"


def test_a_segment_is_drawn_in_the_colour_of_its_orientation(layers: dict) -> None:
    layer = layers["roof_segments"]
    colors = category_colors(layer)
    checked = set()
    for feature in layer.getFeatures():
        if feature["orientation"] in checked or feature["footprint_area_m2"] < 10:
            continue
        middle = feature.geometry().poleOfInaccessibility(0.05)[0].asPoint()
        around = QgsRectangle.fromCenterAndSize(middle, 30, 30)  # 1:3780 and more: no arrow, no label
        image = rendered([layer], around, QSize(30, 30))
        color = colors[feature["orientation"]]
        share = color.alphaF()
        expected = QColor(*(round(share * part + (1 - share) * 255) for part in color.getRgb()[:3]))
        assert distance(image.pixelColor(15, 15), expected) <= 4, feature["orientation"]
        checked.add(feature["orientation"])
    assert len(checked) >= 6


def test_lines_and_outlines_are_drawn(layers: dict) -> None:
    lines, buildings = layers["roof_lines"], layers["buildings"]
    colors = category_colors(lines)
    ridge = max((f for f in lines.getFeatures() if f["line_type"] == "ridge"), key=lambda f: f["length_m"])
    middle = ridge.geometry().interpolate(ridge["length_m"] / 2).asPoint()
    image = rendered([lines], QgsRectangle.fromCenterAndSize(middle, 40, 40), QSize(200, 200))
    assert min(distance(image.pixelColor(x, y), colors["ridge"]) for x in (99, 100) for y in (99, 100)) < 40
    outline = max(buildings.getFeatures(), key=lambda f: f["footprint_area_m2"])
    image = rendered([buildings], outline.geometry().boundingBox().buffered(3), QSize(400, 400))
    shades = Counter(image.pixelColor(x, y).name() for x in range(400) for y in range(400))
    assert shades["#ffffff"] > 0.8 * 160_000  # nothing is filled
    assert sum(count for name, count in shades.items() if QColor(name).lightness() < 80) > 300


def test_reviewed_segments_that_were_rejected_are_hatched(writable: QgsVectorLayer) -> None:
    feature = max(writable.getFeatures(), key=lambda f: f["footprint_area_m2"])
    box = feature.geometry().boundingBox()
    side = max(box.width(), box.height()) + 2
    around = QgsRectangle.fromCenterAndSize(box.center(), side, side)
    writable.setLabelsEnabled(False)  # their halos are white, too

    def white() -> int:
        """Pixels inside the segment through which one sees the paper."""
        image = rendered([writable], around, QSize(60, 60))
        inside = feature.geometry().buffer(-1.5, 4)
        seen = 0
        for x in range(60):
            for y in range(60):
                point = QgsGeometry.fromWkt(
                    f"POINT({around.xMinimum() + (x + 0.5) * around.width() / 60}"
                    f" {around.yMaximum() - (y + 0.5) * around.height() / 60})"
                )
                seen += inside.contains(point) and image.pixelColor(x, y).lightness() > 245
        return seen

    assert white() < 5
    assert writable.dataProvider().addAttributes([QgsField("review", QVariant.Type.String)])
    writable.updateFields()
    index = writable.fields().indexOf("review")
    assert white() < 5
    for review, hatched in (("accepted", False), ("rejected", True)):
        assert writable.dataProvider().changeAttributeValues({feature.id(): {index: review}})
        assert (white() > 50) == hatched, review
    rejected = writable.getFeature(feature.id())
    drawn = [found for found, _ in arrows(writable, 500) if found.id() == rejected.id()]
    assert not drawn


@pytest.mark.parametrize("name", ["segments", "lines"])
def test_class_rasters_come_with_their_names_and_show_what_is_below(
    qgis_app: QgsApplication, predicted: Path, name: str
) -> None:
    layer = QgsRasterLayer(str(predicted / f"roof_{name}.tif"), name)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsPalettedRasterRenderer)
    expected = ["background", "flat", *COMPASS] if name == "segments" else ["none", *LINE_TYPES]
    classes = renderer.classes()
    assert [(c.value, c.label) for c in classes] == list(enumerate(expected))
    assert [c.color.alpha() for c in classes] == [0] + [255] * (len(classes) - 1)
    image = rendered([layer], layer.extent(), QSize(300, 300))
    shades = Counter(image.pixelColor(x, y).name() for x in range(300) for y in range(300))
    assert shades["#ffffff"] > 0.5 * 90_000
    assert len(shades) > 5


@pytest.fixture(scope="module")
def with_heights(roofgeo_command: tuple[str, ...], sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of what a model makes of the sample scene whose heights are said to be right."""
    folder = tmp_path_factory.mktemp("with_heights")
    shutil.copytree(next(WEIGHTS.glob("*/card.json")).parent, folder / "model")
    card = folder / "model" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "heights_known": True}))
    arguments = ["--aoi", str(sample / "area.geojson"), "--model", str(folder / "model"), "--quiet"]
    subprocess.run([*roofgeo_command, "predict", *arguments, "--output", str(folder / "roofs")], check=True)
    return folder / "roofs"


@pytest.mark.parametrize(("name", "unit", "last"), [("confidence", " %", 100), ("height", " m", 15)])
def test_measure_rasters_come_with_a_ramp(
    qgis_app: QgsApplication, with_heights: Path, name: str, unit: str, last: float
) -> None:
    layer = QgsRasterLayer(str(with_heights / f"roof_{name}.tif"), name)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
    assert (renderer.classificationMin(), renderer.classificationMax()) == (0, last)
    shader = renderer.shader().rasterShaderFunction()
    items = shader.colorRampItemList()
    assert items[-1].label == f"{last:g}{unit}"
    assert shader.legendSettings().suffix() == unit
    ramp = shader.sourceColorRamp()
    assert ramp.color1() == items[0].color and ramp.color2() == items[-1].color
    assert len(ramp.stops()) == len(items) - 2
    image = rendered([layer], layer.extent(), QSize(200, 200))
    assert len({image.pixelColor(x, y).name() for x in range(200) for y in range(200)}) > 20
