# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The DPT decoder (arXiv 2103.13413) as Depth Anything V2 uses it: tokens in, one channel out."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from depth_anything_ros.model.configuration import PATCH_SIZE, DepthAnythingConfig


def resize_bilinear(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, C, H, W) to ``size`` with corners aligned, as every step of this decoder does."""
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=True)


class ResidualConvUnit(nn.Module):
    """Two 3 x 3 convolutions, each behind a ReLU, around a skip of the un-activated input."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(features, features, kernel_size=3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, F, H, W) to (B, F, H, W)."""
        return maps + self.conv2(F.relu(self.conv1(F.relu(maps))))


class FeatureFusionBlock(nn.Module):
    """Merge a deeper path with a lateral map, refine, project, then upsample."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.out_conv = nn.Conv2d(features, features, kernel_size=1)
        self.resConfUnit1 = ResidualConvUnit(features)
        self.resConfUnit2 = ResidualConvUnit(features)

    def forward(self, path: Tensor, lateral: Tensor | None, size: tuple[int, int]) -> Tensor:
        """Return (B, F, *size); the deepest block has no lateral, so its first unit lies idle."""
        if lateral is not None:
            path = path + self.resConfUnit1(lateral)
        # The official code resizes first. The two commute, as a resize's weights sum to 1, and
        # this way the convolution has a quarter of the pixels.
        return resize_bilinear(self.out_conv(self.resConfUnit2(path)), size)


class Scratch(nn.Module):
    """The convolutions behind reassembly; attribute names are those of published checkpoints."""

    def __init__(self, config: DepthAnythingConfig) -> None:
        super().__init__()
        features = config.features
        for level, channels in enumerate(config.out_channels, start=1):
            conv = nn.Conv2d(channels, features, kernel_size=3, padding=1, bias=False)
            self.add_module(f'layer{level}_rn', conv)
        for level in range(1, 5):
            self.add_module(f'refinenet{level}', FeatureFusionBlock(features))
        self.output_conv1 = nn.Conv2d(features, features // 2, kernel_size=3, padding=1)
        activation = nn.ReLU() if config.max_depth is None else nn.Sigmoid()
        self.output_conv2 = nn.Sequential(
            nn.Conv2d(features // 2, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 1, kernel_size=1),
            activation,
        )


class DPTHead(nn.Module):
    """Reassemble four token maps into a pyramid and fuse it, deepest first."""

    def __init__(self, config: DepthAnythingConfig) -> None:
        super().__init__()
        c0, c1, _, c3 = config.out_channels
        self.projects = nn.ModuleList(
            nn.Conv2d(config.embed_dim, channels, kernel_size=1) for channels in config.out_channels
        )
        self.resize_layers = nn.ModuleList(
            (
                nn.ConvTranspose2d(c0, c0, kernel_size=4, stride=4),
                nn.ConvTranspose2d(c1, c1, kernel_size=2, stride=2),
                nn.Identity(),
                nn.Conv2d(c3, c3, kernel_size=3, stride=2, padding=1),
            )
        )
        self.scratch = Scratch(config)

    def reassemble(self, taps: Sequence[Tensor], grid: tuple[int, int]) -> list[Tensor]:
        """Turn four (B, N, D) token maps into (B, F, h, w) maps at 4, 2, 1 and 1/2 of the grid."""
        if len(taps) != len(self.projects):
            raise ValueError(f'the decoder takes {len(self.projects)} token maps, got {len(taps)}')
        maps = []
        for level, tokens in enumerate(taps):
            spatial = tokens.transpose(1, 2).unflatten(2, grid)
            spatial = self.resize_layers[level](self.projects[level](spatial))
            maps.append(getattr(self.scratch, f'layer{level + 1}_rn')(spatial))
        return maps

    def fuse(self, maps: Sequence[Tensor]) -> Tensor:
        """Fuse the pyramid from its deepest map upwards to (B, F, 8 gh, 8 gw)."""
        heights = [m.shape[-2:] for m in maps]
        sizes = [(2 * heights[0][0], 2 * heights[0][1]), *heights[:3]]
        blocks = [getattr(self.scratch, f'refinenet{level}') for level in (1, 2, 3, 4)]
        path = blocks[3](maps[3], None, sizes[3])
        for level in (2, 1, 0):
            path = blocks[level](path, maps[level], sizes[level])
        return path

    def forward(self, taps: Sequence[Tensor], grid: tuple[int, int]) -> Tensor:
        """Map four (B, gh * gw, D) token maps to (B, 1, 14 gh, 14 gw), last activation included."""
        path = self.scratch.output_conv1(self.fuse(self.reassemble(taps, grid)))
        path = resize_bilinear(path, (grid[0] * PATCH_SIZE, grid[1] * PATCH_SIZE))
        refine, activate, project, squash = self.scratch.output_conv2
        path = activate(refine(path))
        return squash(project(path.to(project.weight.dtype)))
