"""Predictions and truth -> figures and reports. Works in the light install: no torch."""
