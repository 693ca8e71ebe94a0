"""A raster layer as a file the command reads: the layer's own file, or what a web layer shows of the area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDataSourceUri,
    QgsDistanceArea,
    QgsPointXY,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProviderRegistry,
    QgsRasterBlockFeedback,
    QgsRasterDataProvider,
    QgsRasterFileWriter,
    QgsRasterInterface,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRectangle,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import Qt

from .area import Area
from .translation import tr

WEB_PIXEL_M = 0.1
"""Ground size of a pixel asked of a web layer that does not tell its own: what the shipped model works at."""

MOST_PX = 4e9
"""No more is fetched from a web layer: 6 km by 6 km at 0.1 m, some 60,000 tiles."""

MARGIN_M = 40.0
"""Ground around the area that is exported too: the command looks 30 m beyond the area."""

WORLD_WIDTH_PX = 256
"""Pixels the world is wide at zoom level 0 of a tiled web map."""

WEB_MERCATOR_WIDTH_M = 2 * math.pi * 6378137

AUTHORITIES = ("EPSG:", "ESRI:", "IGNF:", "OGC:")
"""What is understood by others; QGIS has codes of its own besides."""


class Imagery(NamedTuple):
    """What the command is given: a file or folder, and its CRS where the file is not to be believed."""

    path: Path
    crs: str = ""


@dataclass(frozen=True)
class Export:
    """Pixels that QGIS has to fetch.

    Attributes:
        provider: Where they come from; a copy that no layer uses, taken over by `write`.
        crs: Their CRS.
        extent: Ground to fetch, in `crs`.
        shape_px: Rows and columns.
    """

    provider: QgsRasterDataProvider
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    shape_px: tuple[int, int]

    def write(self, path: Path, context: QgsCoordinateTransformContext, feedback: QgsProcessingFeedback) -> Imagery:
        """Fetch them into a GeoTIFF.

        Raises:
            QgsProcessingException: They cannot be fetched or written. After a cancel nothing is raised.
        """
        pipe = QgsRasterPipe()
        pipe.set(self.provider)
        writer = QgsRasterFileWriter(str(path))
        writer.setOutputFormat("GTiff")
        writer.setCreateOptions(["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"])
        block_feedback = QgsRasterBlockFeedback()
        # The thread that fetches runs no event loop: only a direct connection reaches it.
        feedback.canceled.connect(block_feedback.cancel, Qt.ConnectionType.DirectConnection)
        rows, cols = self.shape_px
        error = writer.writeRaster(pipe, cols, rows, self.extent, self.crs, context, block_feedback)
        if error != QgsRasterFileWriter.WriterError.NoError and not feedback.isCanceled():
            raise QgsProcessingException(tr("The layer's picture of the area cannot be saved as a file."))
        return Imagery(path)

    def stand_in(self, path: Path) -> Imagery:
        """An empty GeoTIFF of the same pixels, to plan a run without fetching anything."""
        rows, cols = self.shape_px
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(path), cols, rows, 3, gdal.GDT_Byte, ["SPARSE_OK=TRUE", "TILED=YES", "BIGTIFF=IF_SAFER"]
        )
        extent = self.extent
        width, height = extent.width() / cols, extent.height() / rows
        dataset.SetGeoTransform([extent.xMinimum(), width, 0, extent.yMaximum(), 0, -height])
        dataset.SetProjection(_name(self.crs, as_wkt=True))
        for band in range(1, 4):
            dataset.GetRasterBand(band).SetNoDataValue(0)  # there is nothing to be seen, and to be warned of
        del dataset  # closes the file
        return Imagery(path)


def imagery_of(layer: QgsRasterLayer, area: Area | None, context: QgsCoordinateTransformContext) -> Imagery | Export:
    """The file of a raster layer, or what has to be exported of it.

    Args:
        layer: A raster layer of any provider.
        area: The area of interest; None for the whole layer.
        context: How to get from the area's CRS to the layer's.

    Raises:
        QgsProcessingException: A web layer is wanted whole; the layer and the area do not meet.
    """
    path = _file_of(layer)
    if path is None:
        return _export_of(layer, area, context)
    own = layer.dataProvider().crs()
    return Imagery(path, _name(layer.crs()) if layer.crs().isValid() and layer.crs() != own else "")


def _file_of(layer: QgsRasterLayer) -> Path | None:
    """The file the command can open by its path; not one in an archive, in a database or on the web."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = Path(parts.get("path") or "")
    plain = layer.providerType() == "gdal" and not any(parts.get(key) for key in ("layerName", "vsiPrefix"))
    return path if plain and path.is_file() else None


def _export_of(layer: QgsRasterLayer, area: Area | None, context: QgsCoordinateTransformContext) -> Export:
    provider = layer.dataProvider().clone()
    has_size = bool(provider.capabilities() & QgsRasterInterface.Capability.Size)
    if area is None and not has_size:
        raise QgsProcessingException(
            tr("{layer} covers the world. Choose an area: the current view, a rectangle or polygons.").format(
                layer=layer.name()
            )
        )
    extent = QgsRectangle(layer.extent())
    if area is not None:
        around = area.extent(layer.crs(), context)
        around.grow(MARGIN_M / _metres_per_unit(layer.crs(), around.center(), context))
        extent = extent.intersect(around)
    if extent.isEmpty():
        raise QgsProcessingException(tr("The area lies outside {layer}.").format(layer=layer.name()))
    unit_px = layer.rasterUnitsPerPixelX() if has_size else _web_pixel(layer, extent.center(), context)
    shape = max(1, round(extent.height() / unit_px)), max(1, round(extent.width() / unit_px))
    if shape[0] * shape[1] > MOST_PX:
        raise QgsProcessingException(
            tr("The area is too large to be fetched from {layer}. Choose one of a few kilometres, or zoom in.").format(
                layer=layer.name()
            )
        )
    left, top = extent.xMinimum(), extent.yMaximum()
    whole = QgsRectangle(left, top - shape[0] * unit_px, left + shape[1] * unit_px, top)
    return Export(provider, layer.crs(), whole, shape)


def _web_pixel(layer: QgsRasterLayer, center: QgsPointXY, context: QgsCoordinateTransformContext) -> float:
    """Width of a pixel to ask of a web layer, in units of its CRS: no finer than its finest tiles."""
    uri = QgsDataSourceUri()
    uri.setEncodedUri(layer.source())
    wanted = WEB_PIXEL_M / _metres_per_unit(layer.crs(), center, context)
    finest = uri.param("zmax")
    if uri.param("type") != "xyz" or not finest.isdigit():
        return wanted
    return max(wanted, WEB_MERCATOR_WIDTH_M / WORLD_WIDTH_PX / 2 ** int(finest))


def _metres_per_unit(
    crs: QgsCoordinateReferenceSystem, point: QgsPointXY, context: QgsCoordinateTransformContext
) -> float:
    """Metres on the ground per unit of a CRS at a point, eastward."""
    ruler = QgsDistanceArea()
    ruler.setSourceCrs(crs, context)
    ruler.setEllipsoid(crs.ellipsoidAcronym() or "WGS84")
    step = 1e-4 if crs.mapUnits() == QgsUnitTypes.DistanceUnit.DistanceDegrees else 10.0
    return ruler.measureLine(point, QgsPointXY(point.x() + step, point.y())) / step


def _name(crs: QgsCoordinateReferenceSystem, as_wkt: bool = False) -> str:
    if crs.authid().startswith(AUTHORITIES) and not as_wkt:
        return str(crs.authid())
    return str(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED))
