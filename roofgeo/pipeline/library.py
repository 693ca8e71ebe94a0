"""The models one can ask for by name: list, show, verify, add, remove."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from roofgeo.errors import ModelError
from roofgeo.models.card import ITEM, ModelCard, read_card
from roofgeo.models.checkpoint import open_model
from roofgeo.models.library import DEFAULT_MODEL, find_model, known_models, shipped_models
from roofgeo.pipeline.progress import Progress


@dataclass(frozen=True)
class KnownModel:
    """A model as it lies there.

    Attributes:
        name: Name it is asked for by.
        folder: Where its files are.
        shipped: True if it came with the package.
        card: What is known of it; None if that cannot be read.
        problem: Why it cannot be used; empty if nothing is known against it.
    """

    name: str
    folder: Path
    shipped: bool
    card: ModelCard | None
    problem: str = ""

    @property
    def default(self) -> bool:
        """True if it is used where none is asked for."""
        return self.shipped and self.name == DEFAULT_MODEL

    @property
    def size_bytes(self) -> int:
        """Bytes of its files."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    def summary(self) -> dict[str, object]:
        """What one must know to choose it, for JSON."""
        if self.card is None:
            return {"name": self.name, "shipped": self.shipped, "problem": self.problem}
        card = self.card
        return {
            "name": self.name,
            "version": card.version,
            "default": self.default,
            "shipped": self.shipped,
            "pixel_size_m": card.pixel_size_m,
            "source_pixel_size_m": list(card.source_pixel_size_m),
            "tile_px": card.tile_px,
            "overlap_px": card.overlap_px,
            "licence": card.licence,
            "commercial": card.commercial,
            "heads": list(card.heads),
        }

    def details(self) -> dict[str, object]:
        """All that is known of it, for JSON."""
        card = {} if self.card is None else dataclasses.asdict(self.card)
        item = self.folder / ITEM
        told = {"folder": str(self.folder), "stac_item": str(item) if item.is_file() else None}
        return {**card, **self.summary(), **told, "size_bytes": self.size_bytes}


def list_models() -> tuple[KnownModel, ...]:
    """All models known by name, those of the package first; none is verified."""
    return tuple(_known(name, folder) for name, folder in known_models().items())


def show_model(name: str) -> KnownModel:
    """A model, by its name or the path of its folder; it is not verified.

    Raises:
        ModelError: There is none.
    """
    folder = find_model(name)
    return _known(name if name in known_models() else folder.resolve().name, folder)


def verify_models(name: str | None = None) -> tuple[KnownModel, ...]:
    """Compare the files of a model, or of all known by name, with the hashes of the card.

    Returns:
        The models; of those that are not what their card says, `problem` tells why.

    Raises:
        ModelError: There is none of the name.
    """
    return tuple(_verified(model) for model in (list_models() if name is None else (show_model(name),)))


def add_model(
    source: str | Path, name: str | None = None, *, sha256: str | None = None, progress: Progress | None = None
) -> KnownModel:
    """Take a model into the user's folder: see `roofgeo.models.adding.add_model`; a download is told of in kB."""
    from roofgeo.models import adding  # HTTP and archives, which listing needs not

    def told(done: int, total: int) -> None:
        if progress is not None:
            progress("download", done // 1000, max(total, done) // 1000)

    model = adding.add_model(str(source), name, sha256, told)
    return _known(model.card.name, model.folder)


def remove_model(name: str) -> Path:
    """Remove a model the user has added: see `roofgeo.models.adding.remove_model`."""
    from roofgeo.models import adding

    return adding.remove_model(name)


def _known(name: str, folder: Path) -> KnownModel:
    shipped = shipped_models().get(name) == folder
    try:
        return KnownModel(name, folder, shipped, read_card(folder))
    except ModelError as error:
        return KnownModel(name, folder, shipped, None, error.message)


def _verified(model: KnownModel) -> KnownModel:
    try:
        open_model(model.folder)
    except ModelError as error:
        return dataclasses.replace(model, problem=error.message)
    return model
