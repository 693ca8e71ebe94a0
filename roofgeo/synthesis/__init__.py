"""Rendered scenes: roof shapes -> orthophoto + every label."""

from roofgeo.synthesis.scenes import RenderedScene, render_scene, roof_heights
from roofgeo.synthesis.shapes import Roof, roof_from_footprint
from roofgeo.synthesis.styles import STYLES, Style

__all__ = ["STYLES", "RenderedScene", "Roof", "Style", "render_scene", "roof_from_footprint", "roof_heights"]
