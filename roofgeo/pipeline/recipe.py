"""What to train, and on what: a TOML file of settings and data, which flags complete."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roofgeo.errors import DataError, InputError
from roofgeo.models.settings import ABOUT, TYPES, About, TrainingSettings, make_settings, nearest

__all__ = ["ABOUT", "TYPES", "About", "DataSource", "Recipe", "TrainingSettings", "make_recipe", "nearest"]

KINDS = ("files", "rendered", "rebuilt", "composed")


@dataclass(frozen=True)
class DataSource:
    """One source of training windows: a ``[[data]]`` table of a recipe.

    Attributes:
        kind: ``files``: a labelled data set; ``rendered``: scenes of `roofgeo.synthesis`; ``rebuilt``: such scenes of
            measured roof shapes, in a mix only; ``composed``: roofs cut out of a RoofGraph data set and set on rendered
            ground.
        path: Folder or file of the data; of ``rendered``, none.
        layout: Name of its layout; None to tell it from what lies there.
        split: Split to train on; None for ``train`` where the data come with splits, else all.
        validation: Split to measure on; None for ``val`` where the data come with splits; empty for none.
        share: Of the training windows, against the other sources' shares; 0 only to measure on.
        options: Of the layout's class; of ``rendered`` and ``composed`` see `roofgeo.pipeline.scenery`.
    """

    kind: str = "files"
    path: Path | None = None
    layout: str | None = None
    split: str | None = None
    validation: str | None = None
    share: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.kind if self.path is None else f"{self.layout or self.kind} {self.path.name}"


@dataclass(frozen=True)
class Recipe:
    """All that a training is told.

    Attributes:
        settings: Of the training.
        data: What it is trained on and measured on.
    """

    settings: TrainingSettings
    data: tuple[DataSource, ...]


DATA_KEYS = tuple(f.name for f in dataclasses.fields(DataSource))


def make_recipe(
    config: Path | None = None,
    data: Sequence[str | Path | DataSource] = (),
    values: Mapping[str, Any] | None = None,
    data_root: Path | None = None,
) -> Recipe:
    """A recipe: what is given here comes before what the file says, and that before the defaults.

    Args:
        config: TOML file: settings by name, and a ``[[data]]`` table for each source.
        data: Sources, or paths of labelled data sets, instead of the file's.
        values: Settings by name.
        data_root: Folder from which relative paths of the file count; None for the file's own.

    Raises:
        InputError: A key is unknown, a value wrong, or there are no data.
        DataError: The file cannot be read.
    """
    written = {} if config is None else read_toml(config, tuple(ABOUT))
    tables = written.pop("data", [])
    root = data_root if data_root is not None else (config.parent if config is not None else Path())
    sources = [data_source(table, root) for table in tables]
    if data:
        sources = [entry if isinstance(entry, DataSource) else DataSource(path=Path(entry)) for entry in data]
    settings = make_settings({**written, **(values or {})})
    if not any(source.share > 0 for source in sources):
        raise InputError(
            "there are no data to train on", "Name folders of labelled data, or [[data]] tables in the --config file."
        )
    return Recipe(settings, tuple(sources))


def read_toml(path: Path, known: Sequence[str]) -> dict[str, Any]:
    """What a file of keys and ``[[data]]`` tables says.

    Args:
        path: TOML file.
        known: Keys it may have besides ``data``.

    Raises:
        InputError: It is no TOML file, or has an unknown key.
        DataError: It cannot be read.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "Give --config a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}", "See recipes/ for examples.") from error
    if unknown := [key for key in written if key not in known and key != "data"]:
        raise InputError(f"{path} has an unknown key {unknown[0]!r}", nearest(unknown[0], (*known, "data")))
    if not isinstance(written.get("data", []), list):
        raise InputError(f"{path}: data is no list of tables", "Write [[data]] with two brackets.")
    return written


def data_source(table: Mapping[str, Any], root: Path) -> DataSource:
    """The source that a ``[[data]]`` table names.

    Args:
        table: Its keys.
        root: Folder from which a relative path counts.

    Raises:
        InputError: A key is unknown, or a value wrong.
    """
    if unknown := [key for key in table if key not in DATA_KEYS]:
        raise InputError(f"a [[data]] table has an unknown key {unknown[0]!r}", nearest(unknown[0], DATA_KEYS))
    values = dict(table)
    if "path" in values:
        values["path"] = root / Path(values["path"]).expanduser()
    source = DataSource(**values)
    if source.kind not in KINDS:
        raise InputError(f"a [[data]] table has the kind {source.kind!r}", nearest(str(source.kind), KINDS))
    if (source.path is None) != (source.kind == "rendered"):
        raise InputError(
            f"a [[data]] table of kind {source.kind!r} {'has' if source.path else 'lacks'} a path",
            "Rendered scenes have none; all other data have one.",
        )
    if isinstance(source.share, bool) or not isinstance(source.share, int | float) or source.share < 0:
        raise InputError(f"a [[data]] table has the share {source.share!r}", "It is a number of at least 0.")
    return source


def source_options(kind: type[Any], source: DataSource) -> Any:
    """The options of a source, as an object of the class that has them.

    Raises:
        InputError: There is no such option.
    """
    known = tuple(f.name for f in dataclasses.fields(kind))
    if unknown := [key for key in source.options if key not in known]:
        raise InputError(f"{source.kind} data have no option {unknown[0]!r}", nearest(unknown[0], known))
    return kind(**source.options)
