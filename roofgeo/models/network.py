"""RoofNet: normalise, encode, decode once, one thin head per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from roofgeo.errors import ModelError
from roofgeo.models.decoders import DECODERS, make_decoder
from roofgeo.models.encoders import IMAGENET_MEAN, IMAGENET_STD, make_encoder
from roofgeo.models.heads import HEADS, Head
from roofgeo.schema import HEAD, METADATA, USUAL_METADATA, band_slices, metadata_entries


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a RoofNet again; a checkpoint carries it.

    Attributes:
        encoder: Name of an encoder of segmentation-models-pytorch.
        decoder_channels: Channels of the stages of the decoder, coarse to fine: strides 16, 8, 4, 2. The heads
            bring its half-resolution features to full resolution by pixel shuffle (Shi et al. 2016), at half the cost
            of a fifth stage.
        heads: Names of the heads.
        decoder: One of `roofgeo.models.decoders.DECODERS`.
        mean: Of red, green, blue (0..1), which the encoder's weights were trained with.
        std: Their standard deviation.
        metadata: Facts of `roofgeo.schema.METADATA` it is told.
    """

    encoder: str = "tu-tf_efficientnet_lite0"
    decoder_channels: tuple[int, ...] = (160, 96, 64, 48)
    heads: tuple[str, ...] = ("segments", "azimuth", "lines", "roof", "height")
    decoder: str = "unet"
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    metadata: tuple[str, ...] = USUAL_METADATA


PRESETS: dict[str, Architecture] = {
    "roofnet-lite0": Architecture(),
    "hybrid-resnet50": Architecture(
        "resnet50", (256, 128, 96, 64), mean=IMAGENET_MEAN, std=IMAGENET_STD, metadata=tuple(METADATA)
    ),
    "unet-mobilenet-v2": Architecture(
        "mobilenet_v2", (256, 128, 64, 48), decoder="upsampling", mean=IMAGENET_MEAN, std=IMAGENET_STD
    ),
}
"""Networks by name: the one that ships, the full one, the small one."""


def architecture_from(values: Mapping[str, Any]) -> Architecture:
    """The architecture a model card or a checkpoint tells.

    Raises:
        ModelError: It tells what this roofgeo does not know.
    """
    tuples: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list | tuple) else value for key, value in values.items()
    }
    try:
        architecture = Architecture(**tuples)
    except TypeError as error:
        raise ModelError(f"the model's architecture cannot be built: {error}", "Use a newer roofgeo.") from error
    unknown = {*architecture.heads} - {*HEAD} | {*architecture.metadata} - {*METADATA}
    if unknown or architecture.decoder not in DECODERS:
        what = ", ".join(sorted(unknown)) or architecture.decoder
        raise ModelError(f"the model's architecture cannot be built: {what} is unknown", "Use a newer roofgeo.")
    return architecture


class RoofNet(nn.Module):
    """An encoder, one decoder and a head per task.

    Args:
        architecture: Encoder, decoder, heads, and what is told of the picture.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = make_encoder(architecture.encoder)
        channels = self.encoder.out_channels
        self.film = nn.Linear(len(metadata_entries(architecture.metadata)), 2 * channels[-1])
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)
        self.decoder = make_decoder(architecture.decoder, channels, architecture.decoder_channels)
        self.heads = nn.ModuleDict(
            {name: _head(architecture.decoder_channels[-1], HEADS[name]) for name in band_slices(architecture.heads)}
        )
        mean, std = torch.tensor(architecture.mean), torch.tensor(architecture.std)
        # No part of the weights: the architecture tells them.
        self.register_buffer("divisor", (255 * std).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("offset", (mean / std).view(1, 3, 1, 1), persistent=False)

    def raw(self, image: Tensor, metadata: Tensor) -> dict[str, Tensor]:
        """Outputs before activation, by head, each (batch, bands, height, width); arguments as for `forward`."""
        features = self.encoder(image / self.get_buffer("divisor") - self.get_buffer("offset"))
        # FiLM (Perez et al. 2018): metadata scales and shifts the deepest features.
        scale, shift = self.film(metadata)[..., None, None].chunk(2, dim=1)
        features[-1] = features[-1] * (1 + scale) + shift
        decoded = self.decoder(features)
        return {name: head(decoded) for name, head in self.heads.items()}

    def forward(self, image: Tensor, metadata: Tensor) -> Tensor:
        """Predict all bands.

        Args:
            image: (batch, 3, height, width) red, green, blue, 0..255; sides multiples of 32.
            metadata: (batch, entries), see `roofgeo.schema.METADATA` and `Architecture.metadata`.

        Returns:
            (batch, bands, height, width) float32, activated, in the order of `roofgeo.schema.HEADS`.
        """
        return torch.cat([HEADS[name].activate(raw.float()) for name, raw in self.raw(image, metadata).items()], dim=1)


def _head(channels: int, head: Head) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, 4 * head.band_count, 3, padding=1), nn.PixelShuffle(2))
