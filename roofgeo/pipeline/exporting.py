"""export: the layers of a run in another format."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from roofgeo.errors import DataError, InputError
from roofgeo.pipeline.delivery import added_together
from roofgeo.pipeline.progress import Clock, Progress
from roofgeo.schema import EXPORT_SUFFIXES, GEOPACKAGE, LAYERS
from roofgeo.vector.dictionary import DICTIONARY
from roofgeo.vector.export import (
    GEOPACKAGE_FORMAT,
    Roofs,
    check_installed,
    held_by,
    read_roofs,
    write_dictionary,
    write_geopackage,
    write_layer,
)

_LAYER_NAMES = tuple(layer.name for layer in LAYERS)


@dataclass(frozen=True)
class ExportResult:
    """What an export made.

    Attributes:
        paths: Files written, by name.
        counts: Features of each layer.
        seconds: Time per stage.
        notes: What the user should know: fields that the format cannot hold as they are, say.
    """

    paths: Mapping[str, Path]
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()


def export(
    source: str | Path,
    destination: str | Path,
    *,
    file_format: str | None = None,
    layers: Collection[str] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ExportResult:
    """Write the layers of a run in another format, with all they hold: fields, NULLs, CRS, provenance.

    Args:
        source: A ``roofs.gpkg``, its folder, or a folder of the layers in another format, or one file of them.
        destination: A file whose suffix tells the format, or a folder.
        file_format: Key of `roofgeo.schema.EXPORT_SUFFIXES`; a folder needs it.
        layers: Names of those to write; all there are if none is named. A file that is no GeoPackage holds one.
        overwrite: Replace files that are there. Others in the folder stay in any case.
        progress: Told of each step.

    Raises:
        InputError: The request cannot be met: format, layers, place, or pyarrow is missing for GeoParquet; or it would
            replace the source by less than it holds.
        DataError: The source is missing, cannot be read, or lacks a layer.
    """
    clock, destination = Clock(progress), Path(destination)
    chosen, is_file = _format_of(destination, file_format)
    check_installed((chosen,))
    roofs = read_roofs(Path(source))
    kept, notes = held_by(chosen, _chosen(roofs.layers, layers, source))
    notes += [f"layer {name} of {source} is left out: it is none of roofgeo's" for name in roofs.others]
    names = _file_names(destination, chosen, kept) if is_file else _usual_names(chosen, kept)
    folder = destination.parent if is_file else destination
    _check_nothing_is_lost(roofs, kept, [folder / name for name in names])
    with added_together(folder, names, overwrite) as unfinished:
        clock.stage("write", len(names))
        write_dictionary(unfinished)
        for name, layer in names.items():
            if chosen == GEOPACKAGE_FORMAT:
                write_geopackage(unfinished / name, kept, roofs.provenance)
            else:
                write_layer(unfinished / name, layer, kept[layer], chosen, roofs.provenance)
            clock.step()
    paths = {name: folder / name for name in (*names, DICTIONARY)}
    return ExportResult(paths, {name: len(rows) for name, rows in kept.items()}, clock.seconds(), tuple(notes))


def _format_of(destination: Path, file_format: str | None) -> tuple[str, bool]:
    """Format of what is to be written, and whether it is to be one file."""
    if file_format is not None and file_format not in EXPORT_SUFFIXES:
        raise InputError(f"there is no format {file_format!r}", f"Choose of {', '.join(EXPORT_SUFFIXES)}.")
    suffixes = {suffix: name for name, suffix in EXPORT_SUFFIXES.items()}
    told = None if destination.is_dir() else suffixes.get(destination.suffix.lower())
    if told is None and file_format is None:
        raise InputError(
            f"{destination} does not tell the format",
            f"Give a file that ends in {', '.join(suffixes)}, or name the format by --format.",
        )
    if None not in (told, file_format) and told != file_format:
        raise InputError(f"{destination} is to be {file_format}, but its suffix is that of {told}", "Leave out one.")
    return str(told or file_format), told is not None


def _chosen(
    found: Mapping[str, gpd.GeoDataFrame], layers: Collection[str], source: str | Path
) -> dict[str, gpd.GeoDataFrame]:
    if unknown := [name for name in layers if name not in _LAYER_NAMES]:
        raise InputError(f"there is no layer {unknown[0]!r}", f"Choose of {', '.join(_LAYER_NAMES)}.")
    if missing := [name for name in layers if name not in found]:
        raise DataError(f"{source} has no layer {missing[0]}", f"It has {', '.join(found)}.")
    return {name: rows for name, rows in found.items() if not layers or name in layers}


def _file_names(destination: Path, file_format: str, layers: Collection[str]) -> dict[str, str]:
    """The one file to write, and the layer in it."""
    if file_format != GEOPACKAGE_FORMAT and len(layers) > 1:
        raise InputError(
            f"{destination} can hold one layer, not {len(layers)}",
            f"Name one by --layer, or give a folder and --format {file_format}.",
        )
    return {destination.name: next(iter(layers))}


def _check_nothing_is_lost(roofs: Roofs, kept: Mapping[str, gpd.GeoDataFrame], paths: Collection[Path]) -> None:
    """See whether a file that is read and written again would lose layers or fields.

    Raises:
        InputError: It would.
    """
    lost = [*(name for name in roofs.layers if name not in kept), *roofs.others]
    lost += [f"{field} of {name}" for name, rows in kept.items() for field in roofs.layers[name] if field not in rows]
    same = [path for path in paths if path.exists() and any(path.samefile(read) for read in roofs.files)]
    if same and lost and len(roofs.files) == 1:
        raise InputError(
            f"{same[0]} is the source itself, and would lose what is not written: {', '.join(lost)}",
            "Choose another place.",
        )


def _usual_names(file_format: str, layers: Collection[str]) -> dict[str, str]:
    """The files to write into a folder, and the layer in each; a GeoPackage holds all."""
    if file_format == GEOPACKAGE_FORMAT:
        return {GEOPACKAGE: next(iter(layers))}
    return {f"{name}{EXPORT_SUFFIXES[file_format]}": name for name in layers}
