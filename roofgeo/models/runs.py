"""Checkpoints of a training: read them, check that they fit, take their weights; fingerprints of what made them."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from roofgeo.errors import ModelError
from roofgeo.models.encoders import first_line
from roofgeo.models.network import Architecture, RoofNet, architecture_from
from roofgeo.models.training import RECORD

LAST, BEST = "last.ckpt", "best.ckpt"


def read_checkpoint(path: Path) -> dict[str, Any]:
    """All a checkpoint holds; nothing in it can run.

    Raises:
        ModelError: It is damaged, or not one of ours.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path} cannot be read: {first_line(error)}", "Remove it: the training begins anew."
        ) from error
    if not isinstance(checkpoint, dict) or RECORD not in checkpoint:
        raise ModelError(f"{path} is no checkpoint of `roofgeo train`", "Give another --output.")
    return checkpoint


def must_fit(checkpoint: dict[str, Any], architecture: Architecture, path: Path) -> None:
    """Check that a training can go on from a checkpoint.

    Raises:
        ModelError: It is of another network, such as one with other heads.
    """
    other = architecture_from(checkpoint[RECORD]["architecture"])
    if other == architecture:
        return
    for name in ("heads", "encoder", "decoder", "metadata", "decoder_channels", "mean", "std"):
        theirs, ours = getattr(other, name), getattr(architecture, name)
        if theirs != ours:
            raise ModelError(
                f"{path} is of a network whose {name} are {_told(theirs)}; asked for is {_told(ours)}",
                "Give another --output, or the settings it was begun with.",
            )


def finished_network(checkpoint: dict[str, Any]) -> RoofNet:
    """The network of a checkpoint, with its averaged weights."""
    network = RoofNet(architecture_from(checkpoint[RECORD]["architecture"]))
    prefix = "network."
    weights = {key.removeprefix(prefix): v for key, v in checkpoint["state_dict"].items() if key.startswith(prefix)}
    network.load_state_dict(weights)
    return network.eval()


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    unfinished = target.with_name(target.name + ".part")
    shutil.copyfile(source, unfinished)
    os.replace(unfinished, target)


def code_fingerprint() -> str:
    """SHA-256 of the package's sources."""
    root = Path(str(resources.files("roofgeo")))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
