"""Decoders: from an encoder's features to features at half the picture's resolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

DECODERS = ("unet", "upsampling")


def make_decoder(kind: str, encoder_channels: Sequence[int], decoder_channels: Sequence[int]) -> nn.Module:
    """A decoder of one of `DECODERS`.

    Args:
        kind: ``unet``: nearest-neighbour upsampling and two convolutions a stage (segmentation-models-pytorch);
            ``upsampling``: one transposed convolution a stage.
        encoder_channels: Channels of the encoder's features, of strides 1, 2, 4, 8, 16, 32.
        decoder_channels: Channels of the decoder's stages, of strides 16, 8, 4, 2.
    """
    if kind == "upsampling":
        return UpsamplingDecoder(encoder_channels, decoder_channels)
    decoder: nn.Module = UnetDecoder(encoder_channels, decoder_channels, n_blocks=len(decoder_channels))
    return decoder


class UpsamplingDecoder(nn.Module):
    """The upsampling path of pix2pix (Isola et al. 2017): transposed convolution 4x4 of stride 2, batch norm, ReLU.

    After each stage the encoder's features of the same size are appended.

    Args:
        encoder_channels: Channels of the encoder's features, of strides 1, 2, 4, 8, 16, 32.
        decoder_channels: Channels of the stages, of strides 16, 8, 4, 2.
    """

    def __init__(self, encoder_channels: Sequence[int], decoder_channels: Sequence[int]) -> None:
        super().__init__()
        skips = [*reversed(encoder_channels[1:-1])][: len(decoder_channels) - 1]
        inputs = [encoder_channels[-1], *(own + skip for own, skip in zip(decoder_channels, skips, strict=False))]
        self.stages = nn.ModuleList(_upsample(*pair) for pair in zip(inputs, decoder_channels, strict=True))

    def forward(self, features: list[Tensor]) -> Tensor:
        """Features (batch, channels, height / 2, width / 2) of the encoder's list of features, fine to coarse."""
        decoded, *skips = features[:0:-1]
        for number, stage in enumerate(self.stages):
            decoded = stage(decoded)
            if number < len(self.stages) - 1:
                decoded = torch.cat([decoded, skips[number]], dim=1)
        return decoded


def _upsample(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
