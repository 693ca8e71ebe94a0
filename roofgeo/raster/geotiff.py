"""Write blocks of pixels as cloud-optimised GeoTIFFs, and read them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from xml.etree.ElementTree import Element, ElementTree, SubElement

import numpy as np
import rasterio
import rasterio.shutil
import shapely
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # what rasterio lets through of GDAL's errors has no public name
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterioWindow

from roofgeo.errors import DataError, OutputError
from roofgeo.grid import Grid, Window
from roofgeo.raster.mask import codes_inside, inside
from roofgeo.raster.styles import qml
from roofgeo.schema import RASTERS, Raster

GDAL_ERRORS = (RasterioError, CPLE_BaseError)

BLOCK_PX = 512
"""Side of the squares a GeoTIFF is stored in."""


class RasterWriter:
    """Write the output rasters of a run block by block; `close` makes them cloud-optimised GeoTIFFs.

    Until then each is a sparse file beside its final place, and pixels never written are nodata. Used as a context
    manager it leaves nothing behind when an error ends the block.

    Args:
        folder: Where the files go; it must exist.
        grid: Where their pixels are.
        names: Keys of `schema.RASTERS`.
        tags: What to say of the run in each file: model, hash, version, imagery.

    Raises:
        OutputError: The folder cannot be written.
    """

    def __init__(self, folder: Path, grid: Grid, names: Sequence[str], tags: Mapping[str, str]) -> None:
        self.folder = folder
        self.grid = grid
        self._datasets: dict[str, Any] = {}
        try:
            for name in names:
                self._datasets[name] = _create(_part_path(folder, RASTERS[name]), grid, RASTERS[name], tags)
        except GDAL_ERRORS as error:
            self.discard()
            raise OutputError(f"{folder} cannot be written: {_one_line(error)}", "choose another --output") from error

    def write(self, name: str, window: Window, array: NDArray[Any]) -> None:
        """Write the pixels of a window.

        Args:
            name: Key of `schema.RASTERS`.
            window: Their place; what lies outside the grid is left out.
            array: (H, W), of the raster's type and unit.

        Raises:
            OutputError: The disk is full, for instance.
        """
        part = window.intersection(self.grid.window)
        if not (part.height and part.width):
            return
        inside = np.asarray(array[part.slices_in(window)], dtype=RASTERS[name].dtype)
        place = RasterioWindow(part.col, part.row, part.width, part.height)
        try:
            self._datasets[name].write(inside, 1, window=place)
        except GDAL_ERRORS as error:
            raise OutputError(f"{self.folder} cannot be written: {_one_line(error)}", "is the disk full?") from error

    def keep(self, geometry: shapely.Geometry, windows: Iterable[Window]) -> None:
        """Make nodata of the pixels of some windows that lie outside a geometry in the grid's CRS.

        Raises:
            OutputError: The disk is full, for instance.
        """
        for window in windows:
            outside = ~inside(geometry, self.grid, window)
            for name, dataset in self._datasets.items() if outside.any() else ():
                place = RasterioWindow(window.col, window.row, window.width, window.height)
                pixels = dataset.read(1, window=place)
                pixels[outside] = RASTERS[name].nodata
                self.write(name, window, pixels)

    def burn(
        self, name: str, polygons: NDArray[np.object_], codes: NDArray[np.uint8], windows: Iterable[Window]
    ) -> None:
        """Give the pixels of some windows the codes of the polygons they lie in, and 0 outside; nodata stays.

        Args:
            name: Key of `schema.RASTERS`.
            polygons: (n,) in the grid's CRS.
            codes: (n,) of each.
            windows: Of the grid.

        Raises:
            OutputError: The disk is full, for instance.
        """
        tree = shapely.STRtree(polygons)
        for window in windows:
            here = tree.query(shapely.box(*self.grid.window_bounds(window)))
            place = RasterioWindow(window.col, window.row, window.width, window.height)
            known = self._datasets[name].read(1, window=place) != RASTERS[name].nodata
            burnt = codes_inside(polygons[here], codes[here], self.grid, window)
            self.write(name, window, np.where(known, burnt, RASTERS[name].nodata))

    def close(self) -> list[Path]:
        """Finish the files.

        Returns:
            The GeoTIFFs, in the order of the names given. Beside each lies a ``.qml`` with its style for QGIS, and
            beside those with classes an ``.aux.xml`` that holds the classes' names, which GeoTIFF has no place for.

        Raises:
            OutputError: The disk is full, for instance.
        """
        try:
            for dataset in self._datasets.values():
                dataset.close()
            paths = [_finish(self.folder, RASTERS[name]) for name in self._datasets]
        except (*GDAL_ERRORS, OSError) as error:
            raise OutputError(f"{self.folder} cannot be written: {_one_line(error)}", "is the disk full?") from error
        finally:
            self.discard()
        return paths

    def discard(self) -> None:
        """Remove what is not finished."""
        for name, dataset in self._datasets.items():
            with suppress(*GDAL_ERRORS):  # on a full disk the rest cannot be written, and is not wanted
                dataset.close()
            part = _part_path(self.folder, RASTERS[name])
            part.unlink(missing_ok=True)
            _names_path(part).unlink(missing_ok=True)
        self._datasets = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()


def _part_path(folder: Path, raster: Raster) -> Path:
    return folder / f"{raster.filename}.part"


def _names_path(path: Path) -> Path:
    """The file beside a GeoTIFF in which GDAL looks for what the format cannot hold."""
    return path.with_name(path.name + ".aux.xml")


def _create(path: Path, grid: Grid, raster: Raster, tags: Mapping[str, str]) -> Any:
    dataset = rasterio.open(
        path,
        "w+",
        driver="GTiff",
        dtype=raster.dtype,
        nodata=raster.nodata,
        count=1,
        height=grid.height,
        width=grid.width,
        crs=rasterio.crs.CRS.from_wkt(grid.crs.to_wkt()),
        transform=grid.transform,
        tiled=True,
        blockxsize=BLOCK_PX,
        blockysize=BLOCK_PX,
        sparse_ok=True,
        bigtiff="IF_SAFER",
        compress="DEFLATE",
        zlevel=1,
    )
    dataset.update_tags(**tags)
    dataset.set_band_description(1, raster.band)
    if raster.unit:
        dataset.set_band_unit(1, raster.unit)
    if raster.classes:
        dataset.write_colormap(1, {c.code: (*c.color, 255) for c in raster.classes})
        _write_class_names(_names_path(path), raster)
    return dataset


def _write_class_names(path: Path, raster: Raster) -> None:
    root = Element("PAMDataset")
    names = SubElement(SubElement(root, "PAMRasterBand", band="1"), "CategoryNames")
    by_code = {c.code: c.name for c in raster.classes}
    for code in range(max(by_code) + 1):
        SubElement(names, "Category").text = by_code.get(code, "")
    ElementTree(root).write(path, encoding="utf-8")


def _finish(folder: Path, raster: Raster) -> Path:
    path = folder / raster.filename
    rasterio.shutil.copy(
        _part_path(folder, raster),
        path,
        driver="COG",
        blocksize=BLOCK_PX,
        compress="DEFLATE",
        predictor="NO" if raster.classes else "YES",  # differences of class numbers mean nothing
        overview_resampling="NEAREST" if raster.classes else "AVERAGE",
        bigtiff="IF_SAFER",
        num_threads="ALL_CPUS",
    )
    path.with_suffix(".qml").write_text(qml(raster), encoding="utf-8")
    return path


def read_raster(path: str | Path, window: Window | None = None) -> NDArray[Any]:
    """Read a raster with one band: (H, W) in its own type; nodata stays as it is.

    Args:
        path: The GeoTIFF.
        window: Pixels wanted, within the raster; None reads it whole.

    Raises:
        DataError: The file is missing, damaged or no raster.
    """
    part = None if window is None else RasterioWindow(window.col, window.row, window.width, window.height)
    try:
        with rasterio.open(path) as dataset:
            pixels: NDArray[Any] = dataset.read(1, window=part)
    except GDAL_ERRORS as error:
        raise DataError(f"{path} cannot be read: {_one_line(error)}", "check the path, or make it again") from error
    return pixels


def _one_line(error: BaseException) -> str:
    # rasterio says "see previous exception"; what GDAL said is the cause.
    return " ".join(str(error.__cause__ or error).split()).rstrip(".")
