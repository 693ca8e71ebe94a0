"""Write a report, and the pictures of a data set as GeoTIFFs for `predict` to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterioWindow

from roofgeo.errors import OutputError
from roofgeo.grid import Window

if TYPE_CHECKING:
    from PIL.Image import Image

FIGURES_JSON, FIGURES_TABLE, WORST = "figures.json", "figures.md", "worst"


class ReportFolder:
    """A folder a report is written into. Files of an earlier report are replaced; nothing else is touched.

    Args:
        path: The folder; it is made if need be.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[Path] = []
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise _unwritable(path, error) from error

    def write_figures(self, figures: Mapping[str, Any], table: str) -> None:
        """Write the figures as JSON and as a Markdown table.

        Raises:
            OutputError: The disk is full, for instance.
        """
        self._write_text(FIGURES_JSON, json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False))
        self._write_text(FIGURES_TABLE, table)

    def write_picture(self, name: str, picture: Image) -> None:
        """Write a PNG.

        Args:
            name: Its path below the folder, without suffix.
            picture: What to write.

        Raises:
            OutputError: The disk is full, for instance.
        """
        path = self.path / f"{name}.png"
        try:
            path.parent.mkdir(exist_ok=True)
            picture.save(path)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.written.append(path)

    def clear_pictures(self) -> None:
        """Remove the pictures of an earlier report: this one may have fewer.

        Raises:
            OutputError: They cannot be removed.
        """
        try:
            for pattern in ("confusion.png", "reliability.png", f"{WORST}/worst_*.png"):
                for path in self.path.glob(pattern):
                    path.unlink()
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _write_text(self, name: str, text: str) -> None:
        try:
            (self.path / name).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.written.append(self.path / name)


def write_orthophoto(
    path: Path,
    shape: tuple[int, int],
    crs: CRS,
    transform: Affine,
    parts: Iterable[tuple[Window, NDArray[np.uint8]]],
) -> None:
    """Write a picture as a tiled GeoTIFF, part by part.

    Args:
        path: The file to make.
        shape: (height, width) of the picture.
        crs: Of the transform.
        transform: From (column, row) to (x, y).
        parts: Windows of the picture and their pixels (3, height, width), red, green, blue.

    Raises:
        OutputError: The disk is full, for instance.
    """
    height, width = shape
    profile = {"count": 3, "height": height, "width": width, "dtype": "uint8", "driver": "GTiff", "tiled": True}
    place = {"crs": rasterio.crs.CRS.from_wkt(crs.to_wkt()), "transform": transform}
    try:
        with rasterio.open(path, "w", compress="deflate", zlevel=1, bigtiff="IF_SAFER", **profile, **place) as sink:
            for window, pixels in parts:
                sink.write(pixels, window=RasterioWindow(window.col, window.row, window.width, window.height))
    except RasterioError as error:
        raise OutputError(f"{path} cannot be written: {error}", "Is the disk of temporary files full?") from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"the report cannot be written into {path}: {error.strerror or error}", "Choose another --report."
    )
