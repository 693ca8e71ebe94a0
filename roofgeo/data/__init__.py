"""Bytes to samples: areas, imagery, labelled data sets, training windows."""
