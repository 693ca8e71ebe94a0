"""RoofNet: normalise, encode, decode once, one thin head per task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

from roofgeo.models.heads import HEADS, Head
from roofgeo.schema import METADATA, band_slices


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a RoofNet again; a checkpoint carries it.

    Attributes:
        encoder: Name of an encoder of segmentation-models-pytorch.
        decoder_channels: Channels of the stages of the U-Net decoder, coarse to fine: strides 16, 8, 4, 2. The heads
            bring its half-resolution features to full resolution by pixel shuffle (Shi et al. 2016), at half the cost
            of a fifth stage.
        heads: Names of the heads.
    """

    encoder: str = "tu-tf_efficientnet_lite0"
    decoder_channels: tuple[int, ...] = (160, 96, 64, 48)
    heads: tuple[str, ...] = ("segments", "azimuth", "lines", "roof", "height")


class RoofNet(nn.Module):
    """A U-Net with one decoder and a head per task.

    Args:
        architecture: Encoder, decoder and heads.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = smp.encoders.get_encoder(architecture.encoder, weights=None)
        channels = self.encoder.out_channels
        self.film = nn.Linear(len(METADATA), 2 * channels[-1])
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)
        self.decoder = UnetDecoder(channels, architecture.decoder_channels, n_blocks=len(architecture.decoder_channels))
        self.heads = nn.ModuleDict(
            {name: _head(architecture.decoder_channels[-1], HEADS[name]) for name in band_slices(architecture.heads)}
        )

    def first_stages(self) -> tuple[nn.Module, ...]:
        """The encoder's stem and the stages down to stride 4, where it is of the EfficientNet family; else nothing."""
        model: Any = getattr(self.encoder, "model", None)
        if not hasattr(model, "conv_stem"):
            return ()
        return (model.conv_stem, model.bn1, *model.blocks[:2])

    def raw(self, image: Tensor, metadata: Tensor) -> dict[str, Tensor]:
        """Outputs before activation, by head, each (batch, bands, height, width); arguments as for `forward`."""
        features = self.encoder(image / 127.5 - 1)
        # FiLM (Perez et al. 2018): metadata scales and shifts the deepest features.
        scale, shift = self.film(metadata)[..., None, None].chunk(2, dim=1)
        features[-1] = features[-1] * (1 + scale) + shift
        decoded = self.decoder(features)
        return {name: head(decoded) for name, head in self.heads.items()}

    def forward(self, image: Tensor, metadata: Tensor) -> Tensor:
        """Predict all bands.

        Args:
            image: (batch, 3, height, width) red, green, blue, 0..255; sides multiples of 32.
            metadata: (batch, 5), see `roofgeo.schema.METADATA`.

        Returns:
            (batch, bands, height, width) float32, activated, in the order of `roofgeo.schema.HEADS`.
        """
        return torch.cat([HEADS[name].activate(raw.float()) for name, raw in self.raw(image, metadata).items()], dim=1)


def _head(channels: int, head: Head) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, 4 * head.band_count, 3, padding=1), nn.PixelShuffle(2))
