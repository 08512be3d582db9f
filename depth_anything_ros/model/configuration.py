# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers that define each network of the family; no tensors here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from depth_anything_ros.depth import DepthKind

PATCH_SIZE = 14
POSITION_GRID = 37
"""Side of the stored position embedding in patches: 518 / 14."""


class ConfigurationError(ValueError):
    """A network description that cannot be built."""


@dataclass(frozen=True)
class DepthAnythingConfig:
    """A DINOv2 encoder with a DPT decoder (Depth Anything V2, arXiv 2406.09414, table of sizes).

    ``taps`` are 0-based indices of the encoder blocks whose outputs feed the decoder. ``features``
    is the decoder's width; ``out_channels`` are the widths of its four reassembled maps, shallowest
    first. ``max_depth`` is None for the relative head (ReLU, inverse depth) and the factor in
    metres behind the sigmoid for the metric head.
    """

    size: str
    embed_dim: int
    depth: int
    num_heads: int
    taps: tuple[int, int, int, int]
    features: int
    out_channels: tuple[int, int, int, int]
    ffn: Literal['mlp', 'swiglu'] = 'mlp'
    max_depth: float | None = None

    def __post_init__(self) -> None:
        """Refuse descriptions that no network can have."""
        if self.embed_dim % self.num_heads:
            raise ConfigurationError(
                f'embed_dim {self.embed_dim} is not divisible by num_heads {self.num_heads}'
            )
        if list(self.taps) != sorted(set(self.taps)) or not 0 <= self.taps[0] <= self.taps[-1]:
            raise ConfigurationError(f'taps {self.taps} must be four rising block indices')
        if self.taps[-1] >= self.depth:
            raise ConfigurationError(f'tap {self.taps[-1]} lies beyond the {self.depth} blocks')
        if self.features % 2:
            raise ConfigurationError(f'features {self.features} must be even')
        if self.ffn not in ('mlp', 'swiglu'):
            raise ConfigurationError(f'ffn {self.ffn!r} is not one of mlp, swiglu')
        if self.max_depth is not None and not 0 < self.max_depth < float('inf'):
            raise ConfigurationError(f'max_depth {self.max_depth} must be a finite number above 0')

    @property
    def ffn_hidden(self) -> int:
        """Hidden width of the feed-forward part: 4 D, or two thirds of it rounded up to 8."""
        hidden = 4 * self.embed_dim
        if self.ffn == 'mlp':
            return hidden
        return (int(hidden * 2 / 3) + 7) // 8 * 8

    @property
    def kind(self) -> DepthKind:
        """What the network's output means."""
        return DepthKind.RELATIVE if self.max_depth is None else DepthKind.METRIC


SIZES: dict[str, DepthAnythingConfig] = {
    config.size: config
    for config in (
        DepthAnythingConfig('nano', 256, 6, 4, (1, 2, 4, 5), 32, (32, 64, 128, 256)),
        DepthAnythingConfig('small', 384, 12, 6, (2, 5, 8, 11), 64, (48, 96, 192, 384)),
        DepthAnythingConfig('base', 768, 12, 12, (2, 5, 8, 11), 128, (96, 192, 384, 768)),
        DepthAnythingConfig('large', 1024, 24, 16, (4, 11, 17, 23), 256, (256, 512, 1024, 1024)),
        DepthAnythingConfig(
            'giant', 1536, 40, 24, (9, 19, 29, 39), 384, (1536, 1536, 1536, 1536), 'swiglu'
        ),
    )
}


def config_for(size: str, max_depth: float | None = None) -> DepthAnythingConfig:
    """Return the configuration of a size, with a metric head when ``max_depth`` (metres) is set."""
    if size not in SIZES:
        raise ConfigurationError(f'unknown size {size!r}; choose one of {", ".join(SIZES)}')
    return replace(SIZES[size], max_depth=max_depth)
