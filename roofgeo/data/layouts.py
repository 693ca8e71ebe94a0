"""Open a labelled data set whatever its layout: by name, or by what lies in the folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roofgeo.data.airs import AIRS
from roofgeo.data.dataset import RoofDataset, Sample
from roofgeo.data.prepared import Prepared
from roofgeo.data.rid import LABELS as LABELS_OF_RID
from roofgeo.data.rid import RID
from roofgeo.data.roofgraph import RoofGraph
from roofgeo.data.roofline import FILE, Roofline
from roofgeo.data.vector_labels import VectorLabels
from roofgeo.errors import DataError, InputError

LABELS = "labels.gpkg"
"""Labels that lie beside an orthophoto under this name are found."""


@dataclass(frozen=True)
class Layout:
    """One way data sets are arranged.

    Attributes:
        name: What it is called.
        looks_like: What lies in its folder, in words.
        source: Where the data are to be had, in words.
        fits: Tells from a path whether it is arranged so.
        make: The class of its data sets, called with the path and the options.
        splits: Whether it comes with splits.
    """

    name: str
    looks_like: str
    source: str
    fits: Callable[[Path], bool]
    make: Callable[..., RoofDataset]
    splits: bool = True


def _has(*names: str) -> Callable[[Path], bool]:
    """Tells whether a folder holds one of some files or folders."""
    return lambda path: any((path / name).exists() for name in names)


def _labels_beside(imagery: Path) -> Path:
    return (imagery if imagery.is_dir() else imagery.parent) / LABELS


def _open_vector(
    imagery: Path,
    labels: str | Path | None = None,
    layer: str | None = None,
    margin_m: float | None = None,
    crs: str | None = None,
    transforms: Callable[[Sample], Sample] | None = None,
) -> VectorLabels:
    if labels is None and not _labels_beside(imagery).is_file():
        raise InputError(f"{imagery} needs labels", "Say which: labels=FILE, such as a GeoPackage of roof segments.")
    return VectorLabels(imagery, labels or _labels_beside(imagery), layer, margin_m, crs, transforms)


LAYOUTS = (
    Layout(
        "prepared",
        "dataset.json and windows.parquet",
        "`roofgeo data prepare` makes them of any other",
        _has("windows.parquet"),
        Prepared,
    ),
    Layout(
        "rid",
        "images_roof_centered_geotiff/<id>.tif, masks_segments_reviewed/<id>.png, filenames_train_val_test_split/",
        "RID: https://doi.org/10.14459/2022mp1655470",
        _has("images_roof_centered_geotiff"),
        RID,
    ),
    Layout(
        "airs",
        "{train,val,test}/{image,label}/<name>.tif, or images/<name>.tif and masks/<name>.png",
        "AIRS: https://www.airs-dataset.com",
        lambda path: (
            _has("train/image", "val/image", "test/image")(path) or (_has("images")(path) and _has("masks")(path))
        ),
        AIRS,
    ),
    Layout(
        "roofgraph",
        "roofs.jsonl and images/<name>.jpg",
        "RoofGraph: made of RoofGraphDataset (Ren et al. 2021)",
        _has("roofs.jsonl"),
        RoofGraph,
    ),
    Layout(
        "roofline",
        "imdb.mat",
        "Roofline: its paper (https://doi.org/10.3390/rs11192219) names github.com/loosgagnet/Roofline-Extraction",
        lambda path: path.suffix == ".mat" or (path / FILE).is_file(),
        Roofline,
        splits=False,
    ),
    Layout(
        "vector",
        "a GeoTIFF, a VRT or a folder of GeoTIFFs, with labels=FILE or labels.gpkg beside them",
        "your own",
        lambda path: path.suffix.lower() in (".tif", ".tiff", ".vrt") or _labels_beside(path).is_file(),
        _open_vector,
        splits=False,
    ),
)
"""The layouts, in the order in which a folder is compared with them."""


def open_dataset(
    path: str | Path, layout: str | None = None, *, split: str | None = None, **options: Any
) -> RoofDataset:
    """Open a labelled data set.

    Args:
        path: Its folder or file.
        layout: Name in `LAYOUTS`; None to tell it from what lies there.
        split: One of the splits the data set comes with; None for all of it.
        **options: Of the layout's class: `roofgeo.data.rid.RID`, `roofgeo.data.airs.AIRS` and so on.

    Raises:
        DataError: Nothing is there, or it has none of the layouts; or what the class raises.
        InputError: There is no such layout, or the layout has no such option or no splits.
    """
    place = Path(path)
    chosen = _detect(place, options) if layout is None else _by_name(layout)
    if split is not None:
        if not chosen.splits:
            raise InputError(
                f"{chosen.name} data come without splits, so there is no {split!r}",
                "`roofgeo data split` makes one.",
            )
        options["split"] = split
    known = list(inspect.signature(chosen.make).parameters)[1:]
    if strange := [name for name in options if name not in known]:
        raise InputError(f"{chosen.name} data have no option {strange[0]!r}", f"There are {', '.join(known)}.")
    return chosen.make(place, **options)


def _by_name(name: str) -> Layout:
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise InputError(f"there is no layout {name!r}", f"There are {', '.join(known.name for known in LAYOUTS)}.")


def _detect(path: Path, options: dict[str, Any]) -> Layout:
    if not path.exists():
        raise DataError(f"{path} does not exist", " ".join(f"{known.source}." for known in LAYOUTS if known.source))
    labels = options.get("labels")
    if labels is not None and not (isinstance(labels, str) and labels in LABELS_OF_RID):
        return _by_name("vector")
    for layout in LAYOUTS:
        if layout.fits(path):
            return layout
    there = sorted(p.name for p in path.iterdir())[:8] if path.is_dir() else [path.name]
    known = "; ".join(f"{layout.name}: {layout.looks_like} ({layout.source})" for layout in LAYOUTS)
    raise DataError(f"{path} is no data set of a known layout; it holds {', '.join(there) or 'nothing'}", known)
