"""`roofgeo:predict` in a real QGIS with the real command: each kind of input, the layers it loads, what it leaves."""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from osgeo import gdal, ogr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from roofgeo_qgis import settings
from roofgeo_qgis.algorithm import plan_of
from roofgeo_qgis.provider import RoofgeoProvider
from roofgeo_qgis.request import request_of
from roofgeo_qgis.running import Feedback

pytestmark = pytest.mark.qgis

COUNTS = ("SEGMENT_COUNT", "LINE_COUNT", "BUILDING_COUNT")


@pytest.fixture(autouse=True)
def provider(qgis_app: QgsApplication, roofgeo_command: tuple[str, ...], qgis_new_project: None) -> Iterator[None]:
    """The plugin's provider, with the real command set."""
    ours = RoofgeoProvider()
    QgsApplication.processingRegistry().addProvider(ours)
    settings.set_command_path(roofgeo_command[0])
    yield
    settings.set_command_path("")
    QgsApplication.processingRegistry().removeProvider(ours)


class Run:
    """One run of the algorithm, with all it said."""

    def __init__(self) -> None:
        self.context = QgsProcessingContext()
        self.context.setProject(QgsProject.instance())
        self.feedback = QgsProcessingFeedback()
        self.algorithm = QgsApplication.processingRegistry().createAlgorithmById("roofgeo:predict")

    def __call__(self, **parameters: Any) -> dict[str, Any]:
        valid, message = self.algorithm.checkParameterValues(parameters, self.context)
        if not valid:
            raise QgsProcessingException(message)
        results, done = self.algorithm.run(parameters, self.context, self.feedback, {}, False)
        if not done:
            raise QgsProcessingException(self.feedback.textLog())
        return dict(results)


def layer_count(geopackage: Path, name: str) -> int:
    dataset = ogr.Open(str(geopackage))  # a layer does not live longer than its data set
    return int(dataset.GetLayerByName(name).GetFeatureCount())


def counts(geopackage: Path) -> tuple[int, ...]:
    return tuple(layer_count(geopackage, name) for name in ("roof_segments", "roof_lines", "buildings"))


@pytest.fixture
def ortho(sample: Path) -> QgsRasterLayer:
    layer = QgsRasterLayer(str(sample / "ortho.tif"), "ortho")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_the_sample_gives_what_the_command_gives(sample: Path, ortho: Any, predicted: Path, tmp_path: Path) -> None:
    output = tmp_path / "Dächer 屋根" / "roofs of the sample.gpkg"
    rasters = {name: str(tmp_path / f"{name.lower()}.tif") for name in ("OUTPUT_SEGMENTS", "OUTPUT_CONFIDENCE")}
    results = Run()(INPUT=ortho.id(), AREA=str(sample / "area.geojson"), OUTPUT=str(output), **rasters)
    assert counts(output) == counts(predicted / "roofs.gpkg") == tuple(results[name] for name in COUNTS)
    assert counts(output)[0] > 50
    assert results["SEGMENTS"] == f"{output}|layername=roof_segments"
    made, expected = (gdal.Open(str(p)) for p in (rasters["OUTPUT_SEGMENTS"], predicted / "roof_segments.tif"))
    assert (made.ReadAsArray() == expected.ReadAsArray()).all()
    assert len(made.GetFileList()) == 2  # GDAL 3.6 reads what lies beside a GeoTIFF only when asked for it
    assert made.GetRasterBand(1).GetCategoryNames()[1] == "flat"
    assert sorted(p.name for p in output.parent.iterdir()) == ["roofs of the sample.gpkg"]
    assert (tmp_path / "output_segments.qml").is_file()
    assert not list(tmp_path.glob(".roofgeo-*"))


def test_layers_come_styled_in_one_group_and_a_second_run_renews_them(sample: Path, ortho: Any, tmp_path: Path) -> None:
    from processing.gui.Postprocessing import handleAlgorithmResults

    output, raster = tmp_path / "roofs.gpkg", tmp_path / "segments.tif"

    def run(**where: Any) -> None:
        run = Run()
        destination = partial(QgsProcessingOutputLayerDefinition, destinationProject=QgsProject.instance())
        parameters = {
            "INPUT": ortho.id(),
            "OUTPUT": destination(str(output)),
            "OUTPUT_SEGMENTS": destination(str(raster)),
            **where,
        }
        run(**parameters)
        assert handleAlgorithmResults(run.algorithm, run.context, run.feedback, parameters=parameters)

    run(AREA=str(sample / "area.geojson"))
    root = QgsProject.instance().layerTreeRoot()
    (group,) = root.findGroups()
    assert group.name() == "Roofs of ortho"
    titles = ["Roof lines", "Roof segments", "Buildings", "Roof segments (raster)"]
    assert [node.name() for node in group.children()] == titles
    assert [node.isVisible() for node in group.children()] == [True, True, True, False]
    lines, segments, _, pixels = (node.layer() for node in group.children())
    assert segments.renderer().type() in ("categorizedSymbol", "RuleRenderer")
    assert lines.renderer().type() in ("categorizedSymbol", "RuleRenderer")
    assert pixels.renderer().type() == "paletted"
    before = segments.featureCount()
    run(EXTENT=ortho.extent().buffered(-ortho.extent().width() / 3))
    assert len(root.findGroups()) == 1 and len(root.findLayers()) == 5  # the orthophoto and ours
    assert segments.featureCount() == counts(output)[0] < before
    assert len(list(segments.getFeatures())) == counts(output)[0]


def fake_command(folder: Path, made: Path, warning: str = "") -> str:
    """A command that at once gives what the real one has made, and warns before if it is to."""
    event = {"event": "warning", "code": "licence", "message": warning}
    body = (
        "import json, shutil\n"
        f"if {warning!r}: print(json.dumps({event}))\n"
        f"shutil.copytree({str(made)!r}, sys.argv[sys.argv.index('--output') + 1])\n"
        "counts = {'roof_segments': 1, 'roof_lines': 1, 'buildings': 1}\n"
        "print(json.dumps({'event': 'result', 'paths': {}, 'counts': counts, 'notes': []}))"
    )
    return failing_command(folder, body)


def loaded(run: Run, **parameters: Any) -> list[str]:
    """Run the algorithm, and have QGIS load what it ordered; names of the groups then."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    parameters["OUTPUT"] = QgsProcessingOutputLayerDefinition(parameters["OUTPUT"], QgsProject.instance())
    run(**parameters)
    assert handleAlgorithmResults(run.algorithm, run.context, run.feedback, parameters=parameters)
    return [group.name() for group in QgsProject.instance().layerTreeRoot().findGroups()]


def test_what_the_command_warns_of_is_a_warning(ortho: Any, predicted: Path, tmp_path: Path) -> None:
    settings.set_command_path(fake_command(tmp_path, predicted, "not for commercial use"))
    run = Run()
    run.feedback = Feedback()
    run(INPUT=ortho.id(), OUTPUT=str(tmp_path / "roofs.gpkg"))
    assert run.feedback.warnings == ["not for commercial use"]


def test_a_path_written_oddly_is_loaded_like_any_other(ortho: Any, predicted: Path, tmp_path: Path) -> None:
    settings.set_command_path(fake_command(tmp_path, predicted))
    assert loaded(Run(), INPUT=ortho.id(), OUTPUT=f"{tmp_path}//out/../roofs.gpkg") == ["Roofs of ortho"]
    assert len(QgsProject.instance().mapLayers()) == 4


def test_a_second_run_under_a_filter_renews_the_layers(ortho: Any, predicted: Path, tmp_path: Path) -> None:
    settings.set_command_path(fake_command(tmp_path, predicted))
    output = str(tmp_path / "roofs.gpkg")
    loaded(Run(), INPUT=ortho.id(), OUTPUT=output)
    (segments,) = QgsProject.instance().mapLayersByName("Roof segments")
    segments.setSubsetString('"confidence" >= 0.5')
    assert loaded(Run(), INPUT=ortho.id(), OUTPUT=output) == ["Roofs of ortho"]
    assert len(QgsProject.instance().mapLayers()) == 4
    assert 0 < sum(1 for _ in segments.getFeatures()) < counts(tmp_path / "roofs.gpkg")[0]


def test_unsaved_edits_are_not_run_over(ortho: Any, predicted: Path, tmp_path: Path) -> None:
    settings.set_command_path(fake_command(tmp_path, predicted))
    output = str(tmp_path / "roofs.gpkg")
    loaded(Run(), INPUT=ortho.id(), OUTPUT=output)
    (segments,) = QgsProject.instance().mapLayersByName("Roof segments")
    segments.startEditing()
    feature = next(segments.getFeatures())
    segments.changeAttributeValue(feature.id(), segments.fields().indexOf("azimuth_deg"), 12.0)
    with pytest.raises(QgsProcessingException, match="edits that are not saved"):
        Run()(INPUT=ortho.id(), OUTPUT=output)
    segments.rollBack()


def test_what_others_in_a_model_want_loaded_stays(ortho: Any, predicted: Path, sample: Path, tmp_path: Path) -> None:
    settings.set_command_path(fake_command(tmp_path, predicted))
    run = Run()
    other = QgsProcessingContext.LayerDetails("other", QgsProject.instance(), "OTHER")
    run.context.addLayerToLoadOnCompletion(str(sample / "area.geojson"), other)
    loaded(run, INPUT=ortho.id(), OUTPUT=str(tmp_path / "roofs.gpkg"))
    assert len(QgsProject.instance().mapLayers()) == 5
    assert QgsProject.instance().mapLayersByName("other")


def test_a_web_layer_is_not_fetched_without_end(web_layer: Any, tmp_path: Path) -> None:
    whole = QgsReferencedRectangle(web_layer.extent(), web_layer.crs())
    with pytest.raises(QgsProcessingException, match="too large to be fetched"):
        Run()(INPUT=web_layer.id(), EXTENT=whole, OUTPUT=str(tmp_path / "roofs.gpkg"))


def test_only_selected_polygons_count_in_any_crs(ortho: Any, predicted: Path, tmp_path: Path) -> None:
    buildings = QgsVectorLayer(f"{predicted / 'roofs.gpkg'}|layername=buildings", "buildings")
    area = QgsVectorLayer("CurvePolygonZ?crs=EPSG:3857", "area", "memory")
    to_web = QgsCoordinateTransform(buildings.crs(), area.crs(), QgsProject.instance())
    features = sorted(buildings.getFeatures(), key=lambda feature: -feature.geometry().area())[:2]
    for feature in features:
        geometry = feature.geometry().buffer(-1, 4)
        geometry.transform(to_web)
        feature.setGeometry(geometry)
    area.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(area)
    area.selectByIds([next(area.getFeatures()).id()])
    output = tmp_path / "one.gpkg"
    selected = QgsProcessingFeatureSourceDefinition(area.id(), True)
    assert Run()(INPUT=ortho.id(), AREA=selected, OUTPUT=str(output))["BUILDING_COUNT"] == 1


def test_a_rectangle_in_another_crs_and_a_folder_of_tiles(sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiles with a space"
    folder.mkdir()
    shutil.copy(sample / "ortho.tif", folder)
    layer = QgsRasterLayer(str(sample / "ortho.tif"))
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    extent = layer.extent().buffered(-layer.extent().width() / 3)
    extent = QgsCoordinateTransform(layer.crs(), degrees, QgsProject.instance()).transformBoundingBox(extent)
    output = tmp_path / "roofs.gpkg"
    results = Run()(FOLDER=str(folder), EXTENT=QgsReferencedRectangle(extent, degrees), OUTPUT=str(output))
    assert 0 < results["BUILDING_COUNT"] < 20


class Tiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def write_tiles(image: Path, folder: Path, zoom: int) -> None:
    """The image as the 256 px tiles of a web map, FOLDER/ZOOM/COLUMN/ROW.png."""
    half, tile_m = 20037508.342789244, 2 * 20037508.342789244 / 2**zoom
    layer = QgsRasterLayer(str(image))
    web = QgsCoordinateReferenceSystem("EPSG:3857")
    ground = QgsCoordinateTransform(layer.crs(), web, QgsProject.instance()).transformBoundingBox(layer.extent())
    for column in range(int((ground.xMinimum() + half) / tile_m), int((ground.xMaximum() + half) / tile_m) + 1):
        (folder / str(zoom) / str(column)).mkdir(parents=True)
        for row in range(int((half - ground.yMaximum()) / tile_m), int((half - ground.yMinimum()) / tile_m) + 1):
            left, top = column * tile_m - half, half - row * tile_m
            bounds = (left, top - tile_m, left + tile_m, top)
            options = {"dstSRS": "EPSG:3857", "outputBounds": bounds, "width": 256, "height": 256, "dstAlpha": True}
            tile = gdal.Warp("", str(image), format="MEM", resampleAlg="bilinear", **options)
            gdal.GetDriverByName("PNG").CreateCopy(str(folder / str(zoom) / str(column) / f"{row}.png"), tile)


@pytest.fixture
def web_layer(sample: Path, tmp_path: Path) -> Iterator[QgsRasterLayer]:
    """The sample as a tiled web map, from a server on loopback."""
    folder = tmp_path / "xyz"
    write_tiles(sample / "ortho.tif", folder, 20)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Tiles, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/%7Bz%7D/%7Bx%7D/%7By%7D.png"
    layer = QgsRasterLayer(f"type=xyz&url={url}&zmin=0&zmax=20", "web map", "wms")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    yield layer
    server.shutdown()


def test_a_web_layer_is_saved_for_the_area(web_layer: Any, sample: Path, predicted: Path, tmp_path: Path) -> None:
    output = tmp_path / "web" / "roofs.gpkg"
    area = str(sample / "area.geojson")
    results = Run()(INPUT=web_layer.id(), AREA=area, OUTPUT=str(output))
    expected = layer_count(predicted / "roofs.gpkg", "buildings")
    assert 0.7 * expected < results["BUILDING_COUNT"] < 1.4 * expected
    assert [p.name for p in output.parent.iterdir()] == ["roofs.gpkg"]
    with pytest.raises(QgsProcessingException, match="Choose an area"):
        Run()(INPUT=web_layer.id(), OUTPUT=str(output))


def test_a_plan_fetches_nothing_and_leaves_nothing(web_layer: Any, ortho: Any, sample: Path, tmp_path: Path) -> None:
    run = Run()
    for layer in (ortho, web_layer):
        parameters = {"INPUT": layer.id(), "AREA": str(sample / "area.geojson"), "MIN_CONFIDENCE": 0.5}
        request = request_of(run.algorithm, parameters, run.context)
        plan = plan_of(request, str(tmp_path / "out" / "roofs.gpkg"), run.feedback)
        assert plan["windows"] >= 4 and plan["seconds"] > 0 and plan["warnings"] == []
        assert plan["imagery"]["pixel_size_m"] == pytest.approx(0.1, rel=0.2)
        assert not (tmp_path / "out").exists()


def hanging_command(folder: Path) -> Path:
    """A command that ignores all signals it can and never says a word."""
    path = folder / "hängt immer"
    path.write_text(
        "#!/usr/bin/python3\nimport os, signal, sys, time\n"
        "for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\n"
        f"open({str(folder / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("hangs", [True, False], ids=["a command that hangs", "the network at work"])
def test_cancel_within_a_second_leaves_nothing(hangs: bool, ortho: Any, tmp_path: Path) -> None:
    if hangs:
        settings.set_command_path(str(hanging_command(tmp_path)))
    output = tmp_path / "out" / "roofs.gpkg"
    run = Run()
    cancelled: list[float] = []

    def cancel() -> None:
        cancelled.append(time.perf_counter())
        run.feedback.cancel()

    if hangs:
        threading.Timer(1.0, cancel).start()
    else:
        run.feedback.progressChanged.connect(lambda percent: cancelled or not 0 < percent < 90 or cancel())
    results = Run.__call__(run, INPUT=ortho.id(), OUTPUT=str(output))
    assert time.perf_counter() - cancelled[0] < 1.0
    assert results == {} or not results.get("OUTPUT")
    assert list(output.parent.iterdir()) == []
    if hangs:
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


def failing_command(folder: Path, body: str) -> str:
    path = folder / "roofgeo-fake"
    path.write_text(f"#!/usr/bin/python3\nimport os, signal, sys\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "stopped|ended|killed|signal"),
        ("sys.stdout.buffer.write(bytes(range(256)) * 50)", "result|answer|understand"),
        (
            'print(\'{"event": "error", "code": "area", "message": "the area is empty", "hint": "Draw one."}\'); '
            "sys.exit(2)",
            "the area is empty\nDraw one.",
        ),
    ],
    ids=["dies", "prints garbage", "tells an error"],
)
def test_a_command_that_fails_is_told_and_leaves_nothing(body: str, said: str, ortho: Any, tmp_path: Path) -> None:
    settings.set_command_path(failing_command(tmp_path, body))
    output = tmp_path / "out" / "roofs.gpkg"
    run = Run()
    with pytest.raises(QgsProcessingException, match=said):
        run.algorithm.run({"INPUT": ortho.id(), "OUTPUT": str(output)}, run.context, run.feedback, {}, False)
    assert list(output.parent.iterdir()) == []


def test_what_contradicts_itself_is_said_before_the_run(ortho: Any, sample: Path, tmp_path: Path) -> None:
    output = str(tmp_path / "roofs.gpkg")
    with pytest.raises(QgsProcessingException, match="either a raster layer or a folder"):
        Run()(OUTPUT=output)
    with pytest.raises(QgsProcessingException, match="either a raster layer or a folder"):
        Run()(INPUT=ortho.id(), FOLDER=str(sample), OUTPUT=output)
    with pytest.raises(QgsProcessingException, match="not both"):
        Run()(INPUT=ortho.id(), AREA=str(sample / "area.geojson"), EXTENT=ortho.extent(), OUTPUT=output)


def test_without_the_command_the_way_out_is_told(ortho: Any, tmp_path: Path) -> None:
    settings.set_command_path(str(tmp_path / "nowhere"))
    assert Run().algorithm.canExecute()[0] is False
    with pytest.raises(QgsProcessingException, match="press Install"):
        Run()(INPUT=ortho.id(), OUTPUT=str(tmp_path / "roofs.gpkg"))


def test_an_area_elsewhere_is_the_commands_error(ortho: Any, tmp_path: Path) -> None:
    extent = QgsReferencedRectangle(ortho.extent(), QgsCoordinateReferenceSystem("EPSG:32633"))
    with pytest.raises(QgsProcessingException, match="outside the imagery"):
        Run()(INPUT=ortho.id(), EXTENT=extent, OUTPUT=str(tmp_path / "roofs.gpkg"))


def test_further_formats_lie_beside_the_geopackage(ortho: Any, sample: Path, tmp_path: Path) -> None:
    output = tmp_path / "roofs.gpkg"
    Run()(INPUT=ortho.id(), AREA=str(sample / "area.geojson"), OUTPUT=str(output), FORMATS=[0, 1])
    names = {
        f"roofs_{layer}.{suffix}"
        for layer in ("roof_segments", "roof_lines", "buildings")
        for suffix in ("geojson", "fgb")
    }
    assert {p.name for p in tmp_path.iterdir()} == {"roofs.gpkg", *names}
    layer = QgsVectorLayer(str(tmp_path / "roofs_roof_segments.fgb"))
    assert layer.featureCount() == counts(output)[0]


def test_a_crs_set_in_qgis_is_the_one_that_counts(sample: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.tif"
    dataset = gdal.Translate(str(bare), str(sample / "ortho.tif"))
    dataset.SetProjection("")
    del dataset
    layer = QgsRasterLayer(str(bare), "bare")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    QgsProject.instance().addMapLayer(layer)
    output = tmp_path / "roofs.gpkg"
    Run()(INPUT=layer.id(), AREA=str(sample / "area.geojson"), OUTPUT=str(output))
    made = QgsVectorLayer(f"{output}|layername=buildings")
    assert made.crs().authid() == "EPSG:32632" and made.featureCount() > 5


def test_a_temporary_output_is_a_geopackage(ortho: Any, sample: Path) -> None:
    extent = ortho.extent().buffered(-ortho.extent().width() / 3)
    results = Run()(INPUT=ortho.id(), EXTENT=extent, OUTPUT="TEMPORARY_OUTPUT")
    assert results["OUTPUT"].endswith(".gpkg") and QgsProcessingUtils.tempFolder() in results["OUTPUT"]
