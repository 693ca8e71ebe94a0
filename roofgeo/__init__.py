"""roofgeo: roof segments and roof lines from orthophotos."""

__version__ = "0.1.0"
