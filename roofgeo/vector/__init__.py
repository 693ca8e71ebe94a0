"""A block's bands -> roof segments, roof lines and buildings -> GeoPackage."""
