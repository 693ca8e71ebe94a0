"""The layers a run has made, styled by what the command wrote with them, together in one group."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from qgis.core import (
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
)

from .translation import tr

_LOADED = "roofgeo/result"
"""Custom property of a layer that was styled before: a second run into the same file leaves the user's style."""


class Result(NamedTuple):
    """One layer of a run: its output's name, what QGIS opens, its title, and whether it is shown at first."""

    output: str
    source: str
    title: str
    shown: bool


def vector_results(geopackage: Path) -> list[Result]:
    """The layers of the GeoPackage, top first."""
    return [
        Result("LINES", f"{geopackage}|layername=roof_lines", tr("Roof lines"), True),
        Result("SEGMENTS", f"{geopackage}|layername=roof_segments", tr("Roof segments"), True),
        Result("BUILDINGS", f"{geopackage}|layername=buildings", tr("Buildings"), True),
    ]


def raster_results(paths: dict[str, str]) -> list[Result]:
    """The rasters, top first; `paths` by output name."""
    titles = {
        "OUTPUT_SEGMENTS": tr("Roof segments (raster)"),
        "OUTPUT_LINES": tr("Roof lines (raster)"),
        "OUTPUT_CONFIDENCE": tr("Confidence (raster)"),
    }
    return [Result(name, paths[name], title, False) for name, title in titles.items() if name in paths]


def layers_of(geopackage: Path, project: QgsProject) -> dict[str, QgsVectorLayer]:
    """Layers of the project that show a layer of a GeoPackage, by the name in the file; in the main thread."""
    found = {}
    for layer in project.mapLayers().values():
        if isinstance(layer, QgsVectorLayer) and layer.providerType() == "ogr":
            parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
            if parts.get("path") and Path(parts["path"]) == geopackage:
                found[parts.get("layerName") or ""] = layer
    return found


def load_on_completion(
    results: list[Result], replaced: set[str], loaded: dict[str, str], context: QgsProcessingContext, group: str
) -> None:
    """Have the layers loaded when the run is over.

    Args:
        results: Layers to load, top first.
        replaced: What QGIS would load instead, by its own keys; what other algorithms of a model want stays.
        loaded: Sources that layers of the project show already, and the ids of these.
        context: Of the run; a project is set in the details of what it was told to load.
        group: Title of the group of layers.
    """
    wanted = context.layersToLoadOnCompletion()
    project = next((wanted[key].project for key in replaced if key in wanted), None) or context.project()
    shared = _Group(group)
    layers = {key: details for key, details in wanted.items() if key not in replaced}
    for rank, result in enumerate(results):
        details = QgsProcessingContext.LayerDetails(result.title, project, result.output)
        details.forceName = True
        processor = _Placement(shared, rank, result.shown)
        _KEPT.append(processor)
        details.setPostProcessor(processor)
        layers[loaded.get(result.source, result.source)] = details
    context.setLayersToLoadOnCompletion(layers)


_KEPT: list[QgsProcessingLayerPostProcessorInterface] = []
"""QGIS holds no reference to a post-processor, and calls it after the algorithm is gone."""


class _Group:
    """The group of one run, made when its first layer comes."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._placed: dict[str, int] = {}
        self._group_name = ""

    def place(self, layer: QgsMapLayer, rank: int, shown: bool, project: QgsProject) -> None:
        """Move a layer of the tree into the group, in order of rank."""
        root = project.layerTreeRoot()
        node = root.findLayer(layer.id())
        if node is None:
            return
        group = self._of(root)
        # QGIS adds a layer above the current one: the node itself may be in the group already.
        ranks = [self._placed.get(child.layerId(), -1) for child in group.findLayers()]
        below = next((index for index, other in enumerate(ranks) if other > rank), len(ranks))
        self._placed[layer.id()] = rank
        moved = node.clone()
        moved.setItemVisibilityChecked(shown)
        moved.setExpanded(shown and rank == 1)  # the wheel of orientations is the legend one looks at
        group.insertChildNode(below, moved)
        node.parent().removeChildNode(node)

    def _of(self, root: QgsLayerTreeGroup) -> QgsLayerTreeGroup:
        group = root.findGroup(self._group_name) if self._group_name else None
        if group is None:
            self._group_name = _unused(self.title, root)
            group = root.insertGroup(0, self._group_name)
        return group


def _unused(title: str, root: QgsLayerTreeGroup) -> str:
    name, number = title, 2
    while root.findGroup(name) is not None:
        name, number = f"{title} ({number})", number + 1
    return name


class _Placement(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer and puts it into the run's group."""

    def __init__(self, group: _Group, rank: int, shown: bool) -> None:
        super().__init__()
        self._group = group
        self._rank = rank
        self._shown = shown

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Called by QGIS in the main thread when the layer is in the project."""
        if layer.customProperty(_LOADED):  # an earlier run into the same file: show what is in it now
            layer.dataProvider().reloadData()
            layer.triggerRepaint()
            return
        layer.setCustomProperty(_LOADED, True)
        layer.loadDefaultStyle()
        layer.triggerRepaint()
        self._group.place(layer, self._rank, self._shown, layer.project() or QgsProject.instance())
