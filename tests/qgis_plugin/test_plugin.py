"""The plugin's place in QGIS: everything is there when it is switched on, and nothing of it when it is switched off."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("qgis.core", reason="no QGIS in this Python; `make test-qgis` runs this")
from qgis.core import QgsApplication, QgsMapLayerType, QgsProject, QgsRasterLayer
from qgis.gui import QgisInterface
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QLocale, QObject
from qgis.PyQt.QtGui import QImage, QPixmap
from qgis.PyQt.QtWidgets import QAction, QDockWidget
from roofgeo_qgis import classFactory, plugin, settings
from roofgeo_qgis.options import PAGE
from roofgeo_qgis.plugin import MENU, RoofgeoPlugin
from roofgeo_qgis.translation import tr

from tests.qgis_plugin.events import spin_until, widget
from tests.qgis_plugin.fakes import is_alive, write_script

pytestmark = pytest.mark.qgis

ADDED_AND_REMOVED = {
    "addPluginToRasterMenu": "removePluginRasterMenu",
    "addCustomActionForLayerType": "removeCustomActionForLayerType",
    "registerOptionsWidgetFactory": "unregisterOptionsWidgetFactory",
}


@pytest.fixture(autouse=True)
def own_folder(qgis_new_project: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "private_folder", lambda: tmp_path / "private")
    yield
    settings.set_command_path("")


@pytest.fixture
def picture(sample: Path, tmp_path: Path) -> str:
    return str(shutil.copy(sample / "ortho.tif", tmp_path))  # QGIS writes statistics beside it


@pytest.fixture
def ours(qgis_iface: QgisInterface) -> Iterator[RoofgeoPlugin]:
    ours = classFactory(qgis_iface)
    ours.initGui()
    yield ours
    ours.unload()


def delete_later() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def has_provider() -> bool:
    return QgsApplication.processingRegistry().providerById("roofgeo") is not None


def children(iface: QgisInterface) -> list[QObject]:
    return iface.mainWindow().findChildren(QObject)


def action(iface: QgisInterface, name: str) -> QAction:
    found = iface.mainWindow().findChild(QAction, name)
    assert found is not None
    return found


def test_what_is_added_is_removed_and_can_be_added_again(qgis_iface: QgisInterface) -> None:
    before = len(children(qgis_iface))
    for _ in range(2):
        ours = RoofgeoPlugin(qgis_iface)
        ours.initGui()
        ours.dialog()
        assert has_provider()
        assert len(children(qgis_iface)) > before
        ours.unload()
        delete_later()
        assert not has_provider()
        assert len(children(qgis_iface)) == before
    for add, remove in ADDED_AND_REMOVED.items():
        added = [call.args for call in getattr(qgis_iface, add).call_args_list]
        removed = [call.args for call in getattr(qgis_iface, remove).call_args_list]
        assert added
        assert len(added) == len(removed)
        assert {args[0] for args in added} == {args[0] for args in removed}


def test_unload_twice_does_no_harm(ours: RoofgeoPlugin) -> None:
    ours.unload()
    ours.unload()
    assert not has_provider()


def test_without_a_window_there_is_the_algorithm_alone() -> None:
    ours = classFactory(None)
    ours.initProcessing()
    assert QgsApplication.processingRegistry().createAlgorithmById("roofgeo:predict") is not None
    ours.unload()
    assert not has_provider()


def test_initprocessing_before_initgui_registers_once(qgis_iface: QgisInterface) -> None:
    before = len(QgsApplication.processingRegistry().providers())
    ours = RoofgeoPlugin(qgis_iface)
    ours.initProcessing()
    ours.initGui()
    assert len(QgsApplication.processingRegistry().providers()) == before + 1
    ours.unload()


def test_button_menu_and_layer_menu_open_the_dialog_for_the_active_layer(
    ours: RoofgeoPlugin, qgis_iface: QgisInterface, picture: str
) -> None:
    layers = [QgsRasterLayer(picture, name) for name in ("first", "second")]
    QgsProject.instance().addMapLayers(layers)
    for name, layer in (("roofgeo_predict", layers[0]), ("roofgeo_predict_layer", layers[1])):
        qgis_iface.setActiveLayer(layer)
        action(qgis_iface, name).trigger()
        assert ours.dialog().isVisible()
        assert ours.dialog().parameters()["INPUT"] == layer.id()
        ours.dialog().close()
    in_menu = [call.args for call in qgis_iface.addPluginToRasterMenu.call_args_list]
    assert (MENU, action(qgis_iface, "roofgeo_predict")) in in_menu
    last = qgis_iface.addCustomActionForLayerType.call_args.args
    assert last[0] is action(qgis_iface, "roofgeo_predict_layer")
    assert last[2] == QgsMapLayerType.RasterLayer


def test_the_install_button_opens_the_options_at_our_page(
    ours: RoofgeoPlugin, qgis_iface: QgisInterface, roofgeo_command: tuple[str, ...]
) -> None:
    settings.set_command_path("/gone/roofgeo")
    ours.show_dialog()
    # What the user does in the options, which are open until they are closed.
    qgis_iface.showOptionsDialog.side_effect = lambda *_: settings.set_command_path(roofgeo_command[0])
    widget(ours.dialog(), "roofgeo_install").click()
    assert qgis_iface.showOptionsDialog.call_args.args == (qgis_iface.mainWindow(), PAGE)
    assert widget(ours.dialog(), "roofgeo_find").isEnabled()


def test_the_panel_is_hidden_until_it_is_wanted(ours: RoofgeoPlugin, qgis_iface: QgisInterface) -> None:
    panel = qgis_iface.mainWindow().findChild(QDockWidget, "roofgeo_panel")
    assert panel.isHidden()
    ours.show_panel()
    assert not panel.isHidden()


def test_unload_ends_what_runs_within_its_time(ours: RoofgeoPlugin, picture: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    body = (
        "if '--dry-run' in sys.argv: say(event='plan')\n"
        "elif 'predict' in sys.argv:\n"
        f"    open({str(pid)!r}, 'w').write(str(os.getpid()))\n    time.sleep(100)\n"
    )
    settings.set_command_path(str(write_script(tmp_path / "hangs", body)))
    QgsProject.instance().addMapLayer(QgsRasterLayer(picture, "ortho"))
    ours.show_dialog()
    dialog = ours.dialog()
    widget(dialog, "roofgeo_area").setCurrentIndex(3)
    widget(dialog, "roofgeo_find").click()
    assert spin_until(lambda: pid.is_file() and pid.read_text())
    began = time.monotonic()
    ours.unload()
    assert time.monotonic() - began < 1.5
    assert not is_alive(int(pid.read_text()))
    delete_later()
    assert sip.isdeleted(dialog)


def test_the_language_of_the_user_is_spoken_and_forgotten_again(qgis_iface: QgisInterface) -> None:
    if not (plugin.FOLDER / "i18n" / "roofgeo_de.qm").is_file():
        pytest.skip("no translation has been made yet")
    locale = QgsApplication.instance().locale()
    QgsApplication.setLocale(QLocale("de_AT"))
    try:
        ours = RoofgeoPlugin(qgis_iface)
        assert tr("Cancel") == "Abbrechen"
        ours.unload()
        assert tr("Cancel") == "Cancel"
    finally:
        QgsApplication.setLocale(QLocale(locale))


def test_the_icon_is_readable_at_the_size_of_a_toolbar() -> None:
    image: QImage = QPixmap(str(Path(plugin.__file__).with_name("icon.svg"))).toImage()
    assert (image.width(), image.height()) == (24, 24)
    faces = {image.pixelColor(*point).name() for point in ((12, 4), (20, 6), (15, 10), (4, 12))}
    assert len(faces) == 4
    assert image.pixelColor(18, 18).alpha() == 0
