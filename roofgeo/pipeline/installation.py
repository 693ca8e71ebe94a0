"""installed: what is installed, and what it can use."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import rasterio
import shapely

from roofgeo import __version__
from roofgeo.models.backends import RUNTIME_VERSION
from roofgeo.models.devices import Device, devices
from roofgeo.pipeline.library import KnownModel, list_models


@dataclass(frozen=True)
class Installation:
    """This installation.

    Attributes:
        version: Of roofgeo.
        python: Version of Python.
        platform: The operating system.
        libraries: Versions of what matters, by name.
        models: Those that can be asked for by name, as far as they can be read.
        devices: What a prediction can run on.
    """

    version: str
    python: str
    platform: str
    libraries: Mapping[str, str]
    models: tuple[KnownModel, ...]
    devices: tuple[Device, ...]

    def as_dict(self) -> dict[str, object]:
        """The same, for JSON."""
        return {
            "version": self.version,
            "python": self.python,
            "platform": self.platform,
            "libraries": dict(self.libraries),
            "models": [model.summary() for model in self.models],
            "devices": [vars(device) for device in self.devices],
        }


def installed() -> Installation:
    """Tell of this installation; of the models only the cards are read."""
    return Installation(
        __version__,
        platform.python_version(),
        platform.platform(),
        _libraries(),
        tuple(model for model in list_models() if model.card is not None),
        devices(),
    )


def _libraries() -> dict[str, str]:
    """Asked of the libraries, so that one that cannot be loaded is noticed here; but the last two load slowly."""
    return {
        "GDAL": rasterio.__gdal_version__,
        "GDAL of pyogrio": ".".join(map(str, pyogrio.__gdal_version__)),  # its wheel has a GDAL of its own
        "PROJ": pyproj.proj_version_str,
        "GEOS": shapely.geos_version_string,
        "onnxruntime": RUNTIME_VERSION,
        "rasterio": rasterio.__version__,
        "pyogrio": pyogrio.__version__,
        "pyproj": pyproj.__version__,
        "shapely": shapely.__version__,
        "geopandas": gpd.__version__,
        "pandas": pd.__version__,
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "scikit-image": version("scikit-image"),
    }
