"""Image files that lie side by side as one image: a GDAL virtual raster of bands red, green, blue, alpha.

Nothing is opened here: a `Tile` says what is known of a file, `Mosaic` puts tiles together and writes the description
GDAL reads. Alpha comes from each file's own mask, alpha or nodata value, so a hole in the mosaic is transparent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.enums import ColorInterp, MaskFlags
from shapely import MultiPolygon, Polygon

from roofgeo.errors import ImageryError
from roofgeo.grid import Window

BANDS = ("Red", "Green", "Blue", "Alpha")


@dataclass(frozen=True)
class Tile:
    """What a mosaic needs to know of one image file.

    Attributes:
        path: The file.
        height: Number of rows.
        width: Number of columns.
        transform: From (column, row) to (x, y); north up.
        crs: Its CRS.
        rgb: Numbers of the red, green and blue band, from 1.
        band_count: Number of its bands.
        mask: How the file says which pixels are valid: all are, by a mask or alpha band, or by a nodata value.
    """

    path: str
    height: int
    width: int
    transform: Affine
    crs: CRS
    rgb: tuple[int, int, int]
    band_count: int
    mask: Literal["none", "band", "nodata"]


@dataclass(frozen=True)
class Mosaic:
    """Tiles on one lattice of pixels.

    Attributes:
        tiles: The tiles; where two overlap the later one is drawn.
        windows: Where each tile lies, in the pixels of the mosaic.
        transform: From (column, row) of the mosaic to (x, y).
        crs: CRS of all tiles.
        height: Number of rows.
        width: Number of columns.
    """

    tiles: tuple[Tile, ...]
    windows: tuple[Window, ...]
    transform: Affine
    crs: CRS
    height: int
    width: int

    @classmethod
    def of(cls, tiles: Sequence[Tile]) -> Mosaic:
        """Put tiles together on the first one's lattice; a tile off it moves by half a pixel at most.

        Raises:
            ImageryError: They differ in CRS or pixel size.
        """
        first = tiles[0]
        for tile in tiles[1:]:
            _check_alike(first, tile)
        size_x, size_y = first.transform.a, first.transform.e
        cols = [round((tile.transform.c - first.transform.c) / size_x) for tile in tiles]
        rows = [round((tile.transform.f - first.transform.f) / size_y) for tile in tiles]
        col0, row0 = min(cols), min(rows)
        windows = tuple(
            Window(row - row0, col - col0, tile.height, tile.width)
            for tile, row, col in zip(tiles, rows, cols, strict=True)
        )
        transform = Affine(
            size_x, 0.0, first.transform.c + col0 * size_x, 0.0, size_y, first.transform.f + row0 * size_y
        )
        height, width = max(w.row_end for w in windows), max(w.col_end for w in windows)
        return cls(tuple(tiles), windows, transform, first.crs, height, width)

    def footprint(self) -> Polygon | MultiPolygon:
        """The ground the tiles cover, holes between them left out, in the mosaic's CRS."""
        edges = np.array([(w.col, w.row, w.col_end, w.row_end) for w in self.windows], dtype=float)
        covered = shapely.union_all(shapely.box(*edges.T))
        t = self.transform
        return shapely.transform(covered, lambda xy: xy * (t.a, t.e) + (t.c, t.f))

    def to_vrt(self) -> str:
        """The description of the mosaic as a GDAL virtual raster (XML)."""
        root = Element("VRTDataset", rasterXSize=str(self.width), rasterYSize=str(self.height))
        SubElement(root, "SRS").text = self.crs.to_wkt()
        SubElement(root, "GeoTransform").text = ", ".join(repr(float(value)) for value in self.transform.to_gdal())
        for number, name in enumerate(BANDS):
            band = SubElement(root, "VRTRasterBand", dataType="Byte", band=str(number + 1))
            SubElement(band, "ColorInterp").text = name
            for tile, window in zip(self.tiles, self.windows, strict=True):
                _add_source(band, tile, window, number)
        return tostring(root, encoding="unicode")


def _check_alike(first: Tile, other: Tile) -> None:
    if other.crs != first.crs:
        raise ImageryError(
            f"the tiles are in different reference systems: {first.path} in {first.crs.name}, "
            f"{other.path} in {other.crs.name}",
            "bring all tiles into one (gdalwarp -t_srs)",
        )
    # Over the width of a tile the difference must not add up to a pixel.
    stretch_x = abs(other.transform.a / first.transform.a - 1) * other.width
    stretch_y = abs(other.transform.e / first.transform.e - 1) * other.height
    if max(stretch_x, stretch_y) > 0.5:
        raise ImageryError(
            f"the tiles have different pixel sizes: {first.path} {first.transform.a:.6g}, "
            f"{other.path} {other.transform.a:.6g}",
            "bring all tiles to one pixel size (gdalwarp -tr)",
        )


def _add_source(band: Element, tile: Tile, window: Window, number: int) -> None:
    """Add a tile to a band of the mosaic, so that its invalid pixels do not hide another tile's valid ones."""
    masked = tile.mask != "none"
    source = SubElement(band, "ComplexSource" if masked else "SimpleSource")
    name, rgb = (_nodata_vrt(tile), (1, 2, 3)) if tile.mask == "nodata" else (tile.path, tile.rgb)
    _add_origin(source, name, "mask,1" if number == 3 else str(rgb[number]), tile)
    SubElement(source, "SrcRect", xOff="0", yOff="0", xSize=str(tile.width), ySize=str(tile.height))
    SubElement(
        source, "DstRect", xOff=str(window.col), yOff=str(window.row), xSize=str(tile.width), ySize=str(tile.height)
    )
    if masked and number == 3:
        SubElement(source, "NODATA").text = "0"
    elif masked:
        SubElement(source, "UseMaskBand").text = "true"


def _add_origin(source: Element, name: str, band: str, tile: Tile) -> None:
    SubElement(source, "SourceFilename", relativeToVRT="0", shared="0").text = name
    SubElement(source, "SourceBand").text = band
    # With these GDAL opens a tile only when it is read.
    SubElement(source, "SourceProperties", RasterXSize=str(tile.width), RasterYSize=str(tile.height), DataType="Byte")


def _nodata_vrt(tile: Tile) -> str:
    """A virtual raster of one tile that is transparent only where red, green and blue are all nodata.

    GDAL's own mask of the first band would be transparent wherever red alone is, in dark roofs for instance.
    """
    root = Element("VRTDataset", rasterXSize=str(tile.width), rasterYSize=str(tile.height))
    for number, name in enumerate(BANDS):
        band = SubElement(root, "VRTRasterBand", dataType="Byte", band=str(number + 1))
        SubElement(band, "ColorInterp").text = name
        if number < 3:
            _add_origin(SubElement(band, "SimpleSource"), tile.path, str(tile.rgb[number]), tile)
            continue
        band.set("subClass", "VRTDerivedRasterBand")
        SubElement(band, "PixelFunctionType").text = "sum"  # of the masks; GDAL clips it at 255
        for source in tile.rgb:
            _add_origin(SubElement(band, "SimpleSource"), tile.path, f"mask,{source}", tile)
    return tostring(root, encoding="unicode")


def describe_tile(path: Path, dataset: Any, given: CRS | None) -> Tile:
    """What `Mosaic` needs to know of an open file.

    Args:
        path: The file.
        dataset: It, opened with rasterio.
        given: CRS to take instead of the file's own.

    Raises:
        ImageryError: It is no 8-bit, north-up, georeferenced RGB image, or incomplete.
    """
    _check_bands(path, dataset)
    _check_complete(path, dataset)
    rgb = _rgb_bands(dataset)
    return Tile(
        path=str(path),
        height=dataset.height,
        width=dataset.width,
        transform=_north_up(path, dataset.transform),
        crs=(given or _own_crs(path, dataset)).to_2d(),
        rgb=rgb,
        band_count=dataset.count,
        mask=_mask_kind(dataset.mask_flag_enums[rgb[0] - 1]),
    )


def _check_bands(path: Path, dataset: Any) -> None:
    if dataset.count < 3:
        few = "one band" if dataset.count == 1 else "two bands"
        hint = "give a true-colour orthophoto"
        if ColorInterp.palette in dataset.colorinterp:
            few, hint = "a colour table", "expand it: gdal_translate -expand rgb"
        raise ImageryError(f"{path} has {few}; red, green and blue are needed", hint)
    dtypes = sorted(set(dataset.dtypes[:3]))
    if dtypes != ["uint8"]:
        raise ImageryError(
            f"{path} has {', '.join(dtypes)} pixels; 8 bit are needed", "convert it: gdal_translate -ot Byte -scale"
        )


def _check_complete(path: Path, dataset: Any) -> None:
    """Refuse a TIFF that ends before its last block; damage elsewhere shows when it is read."""
    if dataset.driver != "GTiff":
        return
    rows, cols = dataset.block_shapes[0]
    last = f"{(dataset.width - 1) // cols}_{(dataset.height - 1) // rows}"
    offset, size = (dataset.get_tag_item(f"BLOCK_{what}_{last}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
    if offset and size and int(offset) + int(size) > path.stat().st_size:
        raise ImageryError(f"{path} is incomplete: it ends before its last pixels", "copy or download it again")


def _north_up(path: Path, transform: Affine) -> Affine:
    if transform == Affine.identity():
        raise ImageryError(
            f"{path} has no georeference: nothing says where its pixels lie", "georeference it, or add its world file"
        )
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise ImageryError(f"{path} is rotated or upside down", "turn it north up: gdalwarp in.tif out.tif")
    return transform


def _own_crs(path: Path, dataset: Any) -> CRS:
    hint = "say which it is: --imagery-crs EPSG:25832"
    if dataset.crs is None:
        raise ImageryError(f"{path} has no coordinate reference system", hint)
    crs = CRS.from_wkt(dataset.crs.to_wkt())
    if not (crs.is_projected or crs.is_geographic):
        raise ImageryError(f"{path} has a coordinate reference system without a place on earth: {crs.name}", hint)
    return crs


def _rgb_bands(dataset: Any) -> tuple[int, int, int]:
    colors = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(color in dataset.colorinterp for color in colors):
        red, green, blue = (dataset.colorinterp.index(color) + 1 for color in colors)
        return red, green, blue
    return 1, 2, 3


def _mask_kind(flags: Sequence[MaskFlags]) -> Literal["none", "band", "nodata"]:
    if MaskFlags.nodata in flags:
        return "nodata"
    return "none" if MaskFlags.all_valid in flags else "band"
