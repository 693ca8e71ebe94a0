"""roofgeo for QGIS: roof segments, roof lines and buildings from an orthophoto, at the press of a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from .plugin import RoofgeoPlugin


def classFactory(iface: QgisInterface | None) -> RoofgeoPlugin:
    """Called by QGIS to get the plugin; `iface` is None in qgis_process."""
    from .plugin import RoofgeoPlugin

    return RoofgeoPlugin(iface)
