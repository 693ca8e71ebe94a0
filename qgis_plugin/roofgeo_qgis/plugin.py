"""The plugin's place in QGIS: button, menus, panel, options page, toolbox; and that all of it goes again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qgis.core import QgsApplication, QgsMapLayerType, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTranslator, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction

from .background import stop_all
from .dialog import RoofsDialog
from .options import PAGE, OptionsFactory
from .panel import RoofsPanel
from .provider import RoofgeoProvider
from .translation import tr

FOLDER = Path(__file__).parent
MENU = "roofgeo"


class RoofgeoPlugin:
    """Made by QGIS; in qgis_process there is no window, only the algorithm."""

    def __init__(self, iface: QgisInterface | None) -> None:
        """Take the window, or None."""
        self._iface = iface
        self._provider: RoofgeoProvider | None = None
        self._translator: QTranslator | None = None
        self._dialog: RoofsDialog | None = None
        self._undo: list[Callable[[], object]] = []
        self._translate()

    def initProcessing(self) -> None:
        """Called by qgis_process, and by `initGui`."""
        if self._provider is None:
            self._provider = RoofgeoProvider()
            QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Called by QGIS when the plugin is switched on."""
        self.initProcessing()
        iface = self._iface
        if iface is None:
            return
        self._add_panel(iface)
        self._add_find(iface)
        self._add_menu(iface)
        self._add_options(iface)
        # QGIS may be closed without the plugin being switched off first.
        QgsApplication.instance().aboutToQuit.connect(stop_all)
        self._undo.append(lambda: QgsApplication.instance().aboutToQuit.disconnect(stop_all))

    def unload(self) -> None:
        """Called by QGIS when the plugin is switched off: nothing of it stays."""
        stop_all()
        if self._dialog is not None:
            self._dialog.close_down()
            self._dialog.deleteLater()
            self._dialog = None
        while self._undo:
            self._undo.pop()()
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None

    def show_dialog(self) -> None:
        """What the button does."""
        if self._iface is not None:
            self.dialog().open_for(self._iface.activeLayer())

    def dialog(self) -> RoofsDialog:
        """The dialog; made when it is wanted first, and kept with what was set in it."""
        if self._dialog is None:
            self._dialog = RoofsDialog(self._iface)
            self._dialog.options_wanted.connect(self.show_options)
            self._dialog.review_wanted.connect(self.show_panel)
        return self._dialog

    def show_options(self) -> None:
        """Open Settings > Options at our page; returns when the user closes them."""
        if self._iface is not None:
            self._iface.showOptionsDialog(self._iface.mainWindow(), PAGE)
        if self._dialog is not None:
            self._dialog.look_for_command()

    def show_panel(self, layer: QgsVectorLayer | None = None) -> None:
        """Open the panel "Roofs", at a layer of roof segments."""
        self._panel.show()
        self._panel.raise_()  # it may be a tab behind another panel
        if layer is not None and not sip.isdeleted(layer):
            self._panel.show_result(layer)

    def _translate(self) -> None:
        translator = QTranslator()
        # "de_AT" finds roofgeo_de_AT.qm, else roofgeo_de.qm.
        if translator.load(f"roofgeo_{QgsApplication.instance().locale()}", str(FOLDER / "i18n")):
            QCoreApplication.installTranslator(translator)
            self._translator = translator

    def _add_find(self, iface: QgisInterface) -> None:
        find = self._action("roofgeo_predict", tr("Find roofs…"), self.show_dialog, iface)
        find.setToolTip(tr("Find roofs on an orthophoto"))
        iface.addToolBarIcon(find)
        self._undo.append(lambda: iface.removeToolBarIcon(find))
        in_menu = self._action("roofgeo_predict_layer", tr("Find roofs…"), self.show_dialog, iface)
        iface.addCustomActionForLayerType(in_menu, "", QgsMapLayerType.RasterLayer, True)
        self._undo.append(lambda: iface.removeCustomActionForLayerType(in_menu))
        self._find = find

    def _add_menu(self, iface: QgisInterface) -> None:
        review = self._panel.toggleViewAction()
        review.setText(tr("Review roofs"))
        options = self._action("roofgeo_options_action", tr("Settings…"), self.show_options, iface)
        help_action = self._action("roofgeo_help", tr("Help"), _show_help, iface)
        for action in (self._find, review, options, help_action):
            iface.addPluginToRasterMenu(MENU, action)
            self._undo.append(partial(iface.removePluginRasterMenu, MENU, action))
        in_help_menu = self._action("roofgeo_help_menu", "roofgeo", _show_help, iface)
        iface.pluginHelpMenu().addAction(in_help_menu)
        self._undo.append(lambda: iface.pluginHelpMenu().removeAction(in_help_menu))

    def _add_panel(self, iface: QgisInterface) -> None:
        self._panel = panel = RoofsPanel(iface)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, panel)
        panel.hide()
        self._undo.append(panel.deleteLater)
        self._undo.append(lambda: iface.removeDockWidget(panel))
        self._undo.append(panel.close_down)

    def _add_options(self, iface: QgisInterface) -> None:
        factory = OptionsFactory()
        iface.registerOptionsWidgetFactory(factory)
        self._undo.append(lambda: iface.unregisterOptionsWidgetFactory(factory))

    def _action(self, name: str, text: str, slot: Callable[[], None], iface: QgisInterface) -> QAction:
        action = QAction(QIcon(str(FOLDER / "icon.svg")), text, iface.mainWindow())
        action.setObjectName(name)
        action.triggered.connect(lambda _=False: slot())
        self._undo.append(action.deleteLater)
        return action


def _show_help() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(FOLDER / "help.html")))
