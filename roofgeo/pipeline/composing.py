"""compose: the scenes of a mix, written once as a prepared data set."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roofgeo import __version__
from roofgeo.data import preparing
from roofgeo.errors import InputError, OutputError
from roofgeo.pipeline.mix import MixedScenes, read_mix
from roofgeo.pipeline.progress import Progress

WINDOW_PX = 384
"""Side of the windows that are indexed; training draws places around them."""

SHEET_PX = 3072
"""Side of the sheets: a process has 16 scenes of 768 px in hand, and does them anew after an interruption."""

BYTES_A_PIXEL = 2.0
"""Disk of picture and labels, compressed, with some to spare."""


@dataclass(frozen=True)
class Need:
    """What a mix takes.

    Attributes:
        scenes: How many there are.
        disk_bytes: Of the whole data set, about.
        free_bytes: Of the disk it goes to, with what of it is there already.
    """

    scenes: int
    disk_bytes: int
    free_bytes: int

    @property
    def disk_mb(self) -> float:
        """Of the whole data set, about, in megabytes."""
        return self.disk_bytes / 1e6

    @property
    def free_mb(self) -> float:
        """Of the disk, in megabytes."""
        return self.free_bytes / 1e6

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return dataclasses.asdict(self)


def open_mix(
    config: str | Path,
    scenes: int,
    seed: int = 0,
    data_root: str | Path | None = None,
    licence: str | None = None,
) -> MixedScenes:
    """The scenes of a mix, not made yet.

    Args:
        config: TOML file, see `roofgeo.pipeline.mix.read_mix`.
        scenes: How many.
        seed: Start of all chance.
        data_root: Folder from which relative paths of the file count; None for the file's own.
        licence: What they are to be under, one of `roofgeo.schema.LICENCES`: what it does not allow is left out.
            None for the file's.

    Raises:
        InputError: The file says what cannot be done.
        DataError: The file, or data it names, cannot be read.
    """
    if scenes < 1 or seed < 0:
        raise InputError(f"{scenes} scenes with the seed {seed}", "Give at least one scene, and a seed of at least 0.")
    root = None if data_root is None else Path(data_root)
    return MixedScenes(read_mix(Path(config), root, licence), scenes, seed)


def need_of(scenes: MixedScenes, output: str | Path) -> Need:
    """What writing the scenes takes, and what there is."""
    folder = Path(output).resolve()
    written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    place = next(path for path in (folder, *folder.parents) if path.is_dir())
    pixels = sum(picture.height * picture.width for picture in scenes.pictures)
    return Need(len(scenes.pictures), int(pixels * BYTES_A_PIXEL), shutil.disk_usage(place).free + written)


def compose(
    scenes: MixedScenes,
    output: str | Path,
    jobs: int = 1,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the scenes and write them as a prepared data set; an interrupted run is gone on with.

    The same scenes give the same files, byte for byte, with any number of jobs and after any interruption.

    Args:
        scenes: What to write.
        output: Folder to write.
        jobs: Processes that make scenes; a script that asks for more than one begins its own work under
            ``if __name__ == "__main__"``.
        overwrite: Replace a prepared data set in the folder.
        progress: Called with the stage, what is done and all there is.

    Returns:
        What ``dataset.json`` says.

    Raises:
        OutputError: The disk is too small, or the folder holds something else.
        DataError: Data that the scenes are made of cannot be read.
    """
    need = need_of(scenes, output)
    if need.disk_bytes > need.free_bytes:
        raise OutputError(
            f"the scenes take about {need.disk_bytes / 1e9:.1f} GB, {need.free_bytes / 1e9:.1f} GB are free",
            "Make fewer scenes, or choose another disk.",
        )
    about = {
        "layout": "mix",
        "mix": {"pixel_size_m": scenes.mix.pixel_size_m, "data": scenes.mix.told},
        "seed": scenes.seed,
        "origins": scenes.origins,
        "roofgeo": __version__,
    }
    return preparing.prepare(
        scenes,
        Path(output),
        WINDOW_PX,
        WINDOW_PX,
        about,
        overwrite=overwrite,
        progress=progress,
        jobs=jobs,
        sheet_px=SHEET_PX,
    )
