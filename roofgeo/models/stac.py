"""A model's card as a STAC Item with the Machine Learning Model extension, so that catalogues and programs find it.

STAC 1.1, https://stac-extensions.github.io/mlm/v1.4.0/schema.json; bands as in the Electro-Optical
extension, checksums as in the File extension.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from roofgeo.models.card import CARD, ONNX, WEIGHTS, ModelCard
from roofgeo.schema import HEAD, LINE_CLASSES, SEGMENT_CLASSES, HeadBands, RasterClass, band_slices, metadata_entries

STAC_VERSION: Final = "1.1.0"
EXTENSIONS: Final = (
    "https://stac-extensions.github.io/mlm/v1.4.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
)

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.\-\s]+[a-zA-Z0-9]")
"""What the extension takes for a name."""

_ANY = -1
"""A side that may have any length, in the extension's shapes."""

_BANDS = ("red", "green", "blue")
_PICTURE_ORDER = ("batch", "channel", "height", "width")
_CLASSES = {"segments": SEGMENT_CLASSES, "lines": LINE_CLASSES}
_BYTES_PER_PARAMETER = 4  # weights are stored as float16 and computed in float32
_SHA2_256 = "1220"  # what a multihash of 32 bytes of SHA-256 begins with: https://multiformats.io/multihash


def stac_item(card: ModelCard, sizes: Mapping[str, int], parameters: int | None) -> dict[str, Any]:
    """The STAC Item of a model.

    Args:
        card: Its card, with the hashes of its files.
        sizes: Bytes of each of its files.
        parameters: How many it has; None if unknown.
    """
    name = _stac_name(card.name)
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": list(EXTENSIONS),
        "id": f"{name}-{card.version}",
        "geometry": None,  # it is of no place
        "properties": {
            "title": f"roofgeo model {card.name}, version {card.version}",
            "description": _description(card),
            "datetime": None,
            "start_datetime": "1900-01-01T00:00:00Z",  # of no time either: the span the extension's examples tell
            "end_datetime": "9999-12-31T23:59:59Z",
            "license": card.licence or "other",
            "mlm:name": name,
            "mlm:architecture": "RoofNet: U-Net with one decoder and a head per task",
            "mlm:framework": "ONNX",
            "mlm:tasks": sorted({task for head in band_slices(card.heads) for task in _tasks(head)}),
            "mlm:accelerator": "amd64",
            "mlm:accelerator_constrained": False,
            "mlm:accelerator_summary": "any CPU that ONNX Runtime runs on",
            **_amounts(parameters),
            **_pretraining(card.training),
            "mlm:hyperparameters": _hyperparameters(card),
            "mlm:input": [_image_input(card), _metadata_input(card)],
            "mlm:output": [_output(HEAD[head], bands) for head, bands in band_slices(card.heads).items()],
        },
        "assets": _assets(card, sizes),
        "links": [],
    }


def _stac_name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    return f"roofgeo-{re.sub('[^a-zA-Z0-9]+', '-', name).strip('-') or 'model'}"


def _description(card: ModelCard) -> str:
    trained_on = "; ".join(card.trained_on)
    return "Roof segments and roof lines from orthophotos." + (f" Trained on {trained_on}." if trained_on else "")


def _amounts(parameters: int | None) -> dict[str, int]:
    if parameters is None:
        return {}
    return {"mlm:total_parameters": parameters, "mlm:memory_size": _BYTES_PER_PARAMETER * parameters}


def _pretraining(training: Mapping[str, Any]) -> dict[str, Any]:
    """What its training began with, where the card tells: a model and its version, or weights of the encoder."""
    begun_with = training.get("begun_with")
    if begun_with:
        return {"mlm:pretrained": True, "mlm:pretrained_source": f"{begun_with['name']} {begun_with['version']}"}
    weights = training.get("settings", {}).get("encoder_weights")
    if weights is None:
        return {}
    if weights == "none":
        return {"mlm:pretrained": False, "mlm:pretrained_source": None}
    return {"mlm:pretrained": True, "mlm:pretrained_source": str(weights)}


def _hyperparameters(card: ModelCard) -> dict[str, Any]:
    training = {name: value for name, value in card.training.get("settings", {}).items() if value is not None}
    return {
        "pixel_size_m": card.pixel_size_m,
        "source_pixel_size_m": list(card.source_pixel_size_m),
        "tile_px": card.tile_px,
        "overlap_px": card.overlap_px,
        "architecture": card.architecture,
        **({"training": training} if training else {}),
    }


def _image_input(card: ModelCard) -> dict[str, Any]:
    finest_m, coarsest_m = card.source_pixel_size_m
    return {
        "name": "image",
        "description": (
            f"Orthophoto of {finest_m:g} to {coarsest_m:g} m per pixel, resampled to {card.pixel_size_m:g} m on the "
            f"ground; red, green, blue as 0..255, which the graph normalises itself. Sides are multiples of 32; "
            f"roofgeo runs windows of {card.tile_px} px that overlap by {card.overlap_px} px, and blends them."
        ),
        "bands": list(_BANDS),
        "input": {"shape": [_ANY, 3, _ANY, _ANY], "dim_order": list(_PICTURE_ORDER), "data_type": "float32"},
        "value_scaling": None,
        "resize_type": "interpolation-linear",
        "pre_processing_function": {"format": "python", "expression": "roofgeo.data.imagery:Imagery.read"},
    }


def _metadata_input(card: ModelCard) -> dict[str, Any]:
    entries = metadata_entries(card.metadata)
    return {
        "name": "metadata",
        "description": f"What is known of the picture: {', '.join(entries)}; 0 where nothing is.",
        "bands": [],
        "input": {"shape": [_ANY, len(entries)], "dim_order": ["batch", "feature"], "data_type": "float32"},
        "value_scaling": None,
        "resize_type": None,
        "pre_processing_function": {"format": "python", "expression": "roofgeo.models.metadata:metadata_vectors"},
    }


def _output(head: HeadBands, bands: slice) -> dict[str, Any]:
    classes = {"classification:classes": _classes(_CLASSES[head.name])} if head.name in _CLASSES else {}
    return {
        "name": head.name,
        "description": (
            f"Channels {bands.start} to {bands.stop - 1} of the graph's output `bands`, {', '.join(head.bands)}: "
            f"{head.unit}."
        ),
        "tasks": list(_tasks(head.name)),
        "result": {
            "shape": [_ANY, len(head.bands), _ANY, _ANY],
            "dim_order": list(_PICTURE_ORDER),
            "data_type": "float32",
        },
        **classes,
    }


def _tasks(head: str) -> tuple[str, ...]:
    return ("regression",) if HEAD[head].activation in ("unit", "positive") else ("semantic-segmentation",)


def _classes(classes: tuple[RasterClass, ...]) -> list[dict[str, Any]]:
    return [
        {"value": c.code, "name": c.name, "description": c.name, "color_hint": "{:02X}{:02X}{:02X}".format(*c.color)}
        for c in classes
    ]


def _assets(card: ModelCard, sizes: Mapping[str, int]) -> dict[str, Any]:
    assets: dict[str, Any] = {
        "model": {
            "href": f"./{ONNX}",
            "title": "Network for ONNX Runtime",
            "type": "application/octet-stream; application=onnx",
            "roles": ["mlm:model", "mlm:weights", "data"],
            "mlm:artifact_type": "torch.onnx.export",
            "eo:bands": [{"name": band, "common_name": band} for band in _BANDS],
        },
        "weights": {
            "href": f"./{WEIGHTS}",
            "title": "Weights to train further",
            "type": "application/octet-stream; application=safetensors",
            "roles": ["mlm:weights", "data"],
        },
    }
    described = {
        name: {**asset, "file:size": sizes[file], "file:checksum": _SHA2_256 + card.sha256[file]}
        for (name, asset), file in zip(assets.items(), (ONNX, WEIGHTS), strict=True)
        if file in sizes
    }
    return {**described, "card": {"href": f"./{CARD}", "type": "application/json", "roles": ["metadata"]}}
