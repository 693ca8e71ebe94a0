"""The area of interest: a rectangle of the map, or polygons of a layer, as a file the command reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from .translation import tr


@dataclass(frozen=True)
class Area:
    """Polygons with their CRS."""

    polygons: tuple[QgsGeometry, ...]
    crs: QgsCoordinateReferenceSystem

    @classmethod
    def of_rectangle(cls, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> Area:
        """A rectangle.

        Raises:
            QgsProcessingException: It has no area, or no CRS.
        """
        if extent.isEmpty():
            raise QgsProcessingException(tr("The rectangle is empty. Draw it on the map, or take the current view."))
        return cls((QgsGeometry.fromRect(extent),), _known(crs))

    @classmethod
    def of_features(cls, source: QgsProcessingFeatureSource) -> Area:
        """The polygons of a layer, or of its selected features.

        Raises:
            QgsProcessingException: There are none, or the layer has no CRS.
        """
        request = QgsFeatureRequest().setNoAttributes()
        unchecked = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks  # the command repairs them
        geometries = (feature.geometry() for feature in source.getFeatures(request, unchecked))
        polygons = tuple(_multipolygon(geometry) for geometry in geometries if _is_polygon(geometry))
        if not polygons:
            raise QgsProcessingException(
                tr("The area layer {name} has no polygons. Is a feature selected?").format(name=source.sourceName())
            )
        return cls(polygons, _known(source.sourceCrs()))

    def extent(self, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsRectangle:
        """The rectangle around it in another CRS."""
        extent = QgsRectangle()
        for polygon in self.polygons:
            extent.combineExtentWith(polygon.boundingBox())
        return QgsCoordinateTransform(self.crs, crs, context).transformBoundingBox(extent)

    def write(self, path: Path, context: QgsCoordinateTransformContext) -> None:
        """Write it as a GeoPackage.

        Raises:
            QgsProcessingException: The file cannot be written.
        """
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "GPKG"
        options.layerName = "area"
        options.datasourceOptions = ["VERSION=1.3"]  # GDAL 3.10 and older warn of what they do not know
        kind = QgsWkbTypes.Type.MultiPolygon
        writer = QgsVectorFileWriter.create(str(path), QgsFields(), kind, self.crs, context, options)
        for polygon in self.polygons:
            feature = QgsFeature()
            feature.setGeometry(polygon)
            writer.addFeature(feature)
        message = writer.errorMessage()
        del writer  # closes the file
        if message:
            raise QgsProcessingException(tr("The area cannot be written: {message}").format(message=message))


def _known(crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
    if not crs.isValid():
        raise QgsProcessingException(
            tr("The area has no coordinate reference system. Set the CRS of its layer, or of the project.")
        )
    return crs


def _is_polygon(geometry: QgsGeometry) -> bool:
    return not geometry.isEmpty() and geometry.type() == QgsWkbTypes.GeometryType.PolygonGeometry


def _multipolygon(geometry: QgsGeometry) -> QgsGeometry:
    """Straight edges, two dimensions, many parts: what any reader takes."""
    flat = QgsGeometry(geometry.constGet().segmentize())
    flat.get().dropZValue()
    flat.get().dropMValue()
    flat.convertToMultiType()
    return flat
