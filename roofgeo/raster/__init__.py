"""Predictions to GeoTIFF: blend windows into blocks, write blocks as rasters."""
