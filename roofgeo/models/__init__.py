"""Samples to predictions: the network, its training, its weights."""
