"""Rendered scenes: roof shapes -> orthophoto + every label."""

from roofgeo.synthesis.lod2 import read_city_model, read_roof_graphs, read_roof_parts
from roofgeo.synthesis.neighbourhoods import Neighbourhood, neighbourhood
from roofgeo.synthesis.real_shapes import Pieces, RealRoofs, real_roofs
from roofgeo.synthesis.scenes import RenderedScene, render_scene, roof_heights
from roofgeo.synthesis.shapes import Roof, roof_from_footprint
from roofgeo.synthesis.styles import STYLES, Style

__all__ = [
    "STYLES",
    "Neighbourhood",
    "Pieces",
    "RealRoofs",
    "RenderedScene",
    "Roof",
    "Style",
    "neighbourhood",
    "read_city_model",
    "read_roof_graphs",
    "read_roof_parts",
    "real_roofs",
    "render_scene",
    "roof_from_footprint",
    "roof_heights",
]
