"""train: from a recipe to a model folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roofgeo import __version__
from roofgeo.errors import InputError, ModelError
from roofgeo.pipeline.progress import Progress
from roofgeo.pipeline.recipe import DataSource, Recipe, TrainingSettings, make_recipe
from roofgeo.pipeline.sourcing import Sourced, must_allow, open_sources, strictest

if TYPE_CHECKING:
    from roofgeo.models.capacity import Found
    from roofgeo.models.checkpoint import Model
    from roofgeo.models.network import Architecture, RoofNet
    from roofgeo.models.training import RoofTraining

RUN = "run"
"""Folder, within the model's, of checkpoints, logs, pictures and window indices."""

Figures = Callable[[int, dict[str, float]], None]
"""Called with the steps done and the figures of a measurement."""


def train(
    data: str | Path | DataSource | Sequence[str | Path | DataSource] = (),
    output: str | Path = "model",
    *,
    config: str | Path | None = None,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    figures: Figures | None = None,
    **settings: Any,
) -> Model | None:
    """Train a RoofNet and save it as a model folder; goes on with an interrupted run.

    Args:
        data: Labelled data sets, instead of those of the recipe.
        output: Folder of the model; checkpoints, logs and pictures go to its folder ``run/``.
        config: Recipe, a TOML file; what is given here comes before it.
        data_root: Folder from which the recipe's relative paths count; None for the recipe's own.
        progress: Told of each step.
        figures: Told of each measurement.
        **settings: Of `roofgeo.models.settings.TrainingSettings`.

    Returns:
        The model; None in the other processes of a training that has several.

    Raises:
        InputError: A setting, or the device, is not to be had, or the memory does not suffice.
        DataError: Data are missing, or too much of them cannot be read.
        ModelError: Weights to begin with, or the checkpoint to go on from, do not fit.
        Interrupted: The user stopped it.
    """
    recipe = _recipe(data, config, data_root, settings)
    return _train(recipe, Path(output), progress, figures)


def find_batch(*, config: str | Path | None = None, **settings: Any) -> Found:
    """The largest batch of a recipe's network that fits on its device; its data are not opened.

    Raises:
        InputError: Not one window fits, or the device is not there.
    """
    from roofgeo.models import capacity, fitting
    from roofgeo.models.training import prepare_torch

    recipe = _recipe(DataSource("rendered"), config, None, settings)
    prepare_torch(recipe.settings.seed, recipe.settings.threads)
    training = new_training(dataclasses.replace(recipe.settings, encoder_weights="none", start_from=None), {}, 0, {})
    training.to("cuda" if fitting.choose_accelerator(recipe.settings) == "gpu" else "cpu")
    return capacity.find_batch(training)


def starting_model(config: str | Path | None, settings: dict[str, Any]) -> str | None:
    """Name or path of the model whose weights a recipe's training begins with; None for none.

    Raises:
        InputError: The recipe is wrong.
        DataError: It cannot be read.
    """
    return _recipe(DataSource("rendered"), config, None, settings).settings.start_from


def _recipe(
    data: str | Path | DataSource | Sequence[str | Path | DataSource],
    config: str | Path | None,
    data_root: str | Path | None,
    settings: dict[str, Any],
) -> Recipe:
    sources = [data] if isinstance(data, str | Path | DataSource) else list(data)
    return make_recipe(
        None if config is None else Path(config), sources, settings, None if data_root is None else Path(data_root)
    )


def _train(recipe: Recipe, output: Path, progress: Progress | None, figures: Figures | None) -> Model | None:
    from roofgeo.data.mixing import collate_windows
    from roofgeo.models import fitting, runs
    from roofgeo.models.counting import count_classes, measured_weights
    from roofgeo.models.training import RECORD, prepare_torch

    settings, folder = recipe.settings, output / RUN
    check_output(output)
    for start in _begun_with(settings.start_from).values():
        must_allow(start["licence"], settings.licence, f"the weights of {start['name']} under {start['licence']}")
    prepare_torch(settings.seed, settings.threads)
    fitting.choose_accelerator(settings)  # before the data are opened, which may take long
    architecture = make_architecture(settings)
    last = folder / runs.LAST
    begun = runs.read_checkpoint(last) if last.is_file() else None
    if begun is not None:
        runs.must_fit(begun, architecture, last)
    sourced = open_sources(recipe, folder, progress)
    if begun is not None:
        weights = begun[RECORD]["class_weights"]
    else:
        counts = count_classes(sourced.training, len(sourced.training), settings.workers, collate_windows)
        weights = measured_weights(counts)
    record = _record(recipe, architecture, weights, sourced)
    training = new_training(settings, weights, sourced.files, record)
    windows = fitting.Windows(sourced.training, sourced.validation, collate_windows)
    first = fitting.fit(training, windows, folder, _tell(settings.steps, progress, figures))
    return _save(training, sourced, output) if first else None


def new_training(
    settings: TrainingSettings, class_weights: dict[str, Any], files: int, record: dict[str, Any]
) -> RoofTraining:
    """What Lightning trains: the network that settings ask for, with the weights it begins with, and its losses.

    Args:
        settings: How to train.
        class_weights: By head, as `roofgeo.models.counting.measured_weights` gives them; empty for equal ones.
        files: Number of files of the data, of which a share may be unreadable.
        record: What a checkpoint is to carry besides.
    """
    from roofgeo.models.encoders import load_encoder
    from roofgeo.models.network import RoofNet
    from roofgeo.models.training import RoofTraining

    architecture = make_architecture(settings)
    network = RoofNet(architecture)
    if settings.start_from is not None:
        _start_from(network, settings.start_from)
    else:
        load_encoder(network.encoder, architecture.encoder, settings.encoder_weights)
    return RoofTraining(network, settings, class_weights, files, record)


def make_architecture(settings: TrainingSettings) -> Architecture:
    """The network that settings ask for."""
    from roofgeo.models.encoders import normalisation_of
    from roofgeo.models.network import PRESETS
    from roofgeo.schema import HEAD, METADATA

    preset = PRESETS[settings.preset]
    heads = tuple(head for head in HEAD if head in settings.heads)
    asked = preset.metadata if settings.metadata is None else settings.metadata
    metadata = tuple(fact for fact in METADATA if fact in asked)
    architecture = dataclasses.replace(preset, heads=heads, metadata=metadata)
    if settings.encoder is None:
        return architecture
    mean, std = normalisation_of(settings.encoder)
    return dataclasses.replace(architecture, encoder=settings.encoder, mean=mean, std=std)


def _start_from(network: RoofNet, name: str) -> None:
    """Begin with a model's weights.

    Raises:
        ModelError: It is another network, such as one with other heads.
    """
    from roofgeo.models.checkpoint import WEIGHTS, load_network, open_model

    model = open_model(name)
    if not (model.folder / WEIGHTS).is_file():
        raise ModelError(f"{model.folder} has no {WEIGHTS}", "Only a model with weights can be trained further.")
    other = load_network(model.folder)
    for part in ("heads", "encoder", "decoder", "metadata", "decoder_channels"):
        theirs, ours = getattr(other.architecture, part), getattr(network.architecture, part)
        if theirs != ours:
            raise ModelError(
                f"{name} is a network whose {part} are {theirs}; asked for is {ours}",
                f"Give settings that fit it: {part} {theirs}.",
            )
    network.load_state_dict(other.state_dict())


def _record(recipe: Recipe, architecture: Architecture, weights: dict[str, Any], sourced: Sourced) -> dict[str, Any]:
    from roofgeo.models.runs import code_fingerprint

    return {
        "architecture": dataclasses.asdict(architecture),
        "settings": dataclasses.asdict(recipe.settings),
        "class_weights": weights,
        "data": sourced.fingerprints,
        "code": {"version": __version__, "sha256": code_fingerprint()},
        **_begun_with(recipe.settings.start_from),
    }


def _begun_with(name: str | None) -> dict[str, dict[str, str]]:
    """What to record of a model whose weights a training begins with."""
    from roofgeo.models.checkpoint import ONNX, read_card
    from roofgeo.models.library import find_model

    if name is None:
        return {}
    card = read_card(find_model(name))
    model = {"name": card.name, "version": card.version, "licence": card.licence, "sha256": card.sha256.get(ONNX, "")}
    return {"begun_with": model}


def _tell(steps: int, progress: Progress | None, figures: Figures | None) -> Callable[[int, dict[str, float]], None]:
    def tell(step: int, found: dict[str, float]) -> None:
        if found and figures is not None:
            figures(step, found)
        if progress is not None:
            progress("train", step, steps)

    return tell


def _save(training: RoofTraining, sourced: Sourced, output: Path) -> Model:
    from roofgeo.models import checkpoint, runs
    from roofgeo.models.training import RECORD

    settings = training.settings
    best = output / RUN / runs.BEST
    chosen = best if settings.patience and best.is_file() else output / RUN / runs.LAST
    reached = runs.read_checkpoint(chosen)
    network = runs.finished_network(reached)
    begun_with = reached[RECORD].get("begun_with", {})
    card = checkpoint.ModelCard(
        name=output.resolve().name,
        version="1",
        architecture=dataclasses.asdict(network.architecture),
        heads=network.architecture.heads,
        pixel_size_m=settings.pixel_size_m,
        source_pixel_size_m=_seen_pixel_sizes_m(settings),
        licence=settings.licence or strictest((begun_with.get("licence", ""), sourced.licence)),
        trained_on=(*sourced.origins, *_weights_line(begun_with)),
        training={**reached[RECORD], "steps_done": reached["global_step"], "skipped": reached["skipped"]},
    )
    return checkpoint.save_network(network, card, output)


def _weights_line(begun_with: dict[str, str]) -> tuple[str, ...]:
    """A line for the card on the model a training began with, whose licence may bind the new one."""
    if not begun_with:
        return ()
    told = begun_with["licence"] or "no licence told"
    return (f"begun with the weights of {begun_with['name']} {begun_with['version']} ({told})",)


def _seen_pixel_sizes_m(settings: TrainingSettings) -> tuple[float, float]:
    """Finest and coarsest pixel size a network has seen: `roofgeo.data.augment.vary_colour` coarsens to 0.3 m."""
    if not settings.augment:
        return settings.pixel_size_m, settings.pixel_size_m
    return settings.pixel_size_m / 2, max(0.3, settings.pixel_size_m)


def check_output(output: Path) -> None:
    """Check that a model can be written.

    Raises:
        InputError: There is a model that was not trained here.
    """
    if (output / "card.json").is_file() and not (output / RUN).is_dir():
        raise InputError(f"{output} holds a model that has no {RUN}/ folder", "Give another --output.")
