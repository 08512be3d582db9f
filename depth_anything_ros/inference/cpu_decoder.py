# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The DPT decoder as torch's CPU operators run it fastest: channels last, fused, in place.

The values are those of ``model.dpt`` to rounding. Tokens are a channels-last map already, so 1 x 1
convolutions are linear layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depth_anything_ros.inference.packed import PackedConv, PackedLinear
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.dpt import (
    DPTHead,
    FeatureFusionBlock,
    ResidualConvUnit,
    resize_bilinear,
)

ROWS = 64
"""Rows of the picture that the last projection takes at a time."""


class CpuPointwise:
    """A 1 x 1 convolution over channels-last maps."""

    def __init__(self, conv: nn.Module, dtype: torch.dtype) -> None:
        conv = cast(nn.Conv2d, conv)
        self._linear = PackedLinear(conv.weight.flatten(1), conv.bias, dtype)

    def __call__(self, maps: Tensor) -> Tensor:
        """Map (1, in, H, W) to (1, out, H, W)."""
        return self._linear(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class CpuUpscale:
    """A transposed convolution whose kernel is its stride: every pixel becomes k x k of them."""

    def __init__(self, conv: nn.ConvTranspose2d, dtype: torch.dtype) -> None:
        self._factor = conv.stride[0]
        # (in, out, k, k) to (k, k, out; in): the pixels of one square side by side.
        weight = conv.weight.permute(2, 3, 1, 0).flatten(0, 2)
        bias = None if conv.bias is None else conv.bias.repeat(self._factor * self._factor)
        self._linear = PackedLinear(weight, bias, dtype)

    def __call__(self, maps: Tensor) -> Tensor:
        """Map (1, in, H, W) to (1, out, k H, k W)."""
        factor, (height, width) = self._factor, maps.shape[-2:]
        pixels = self._linear(maps.permute(0, 2, 3, 1)).unflatten(-1, (factor, factor, -1))
        pixels = pixels.transpose(2, 3).reshape(1, height * factor, width * factor, -1)
        return pixels.permute(0, 3, 1, 2)


class CpuResidualUnit:
    """Two 3 x 3 convolutions around a skip."""

    def __init__(self, unit: ResidualConvUnit, dtype: torch.dtype) -> None:
        self._conv1 = PackedConv(unit.conv1, dtype, relu=True)
        self._conv2 = PackedConv(unit.conv2, dtype)

    def onto(self, maps: Tensor, target: Tensor) -> Tensor:
        """Add the branch of ``maps`` to ``target`` in place; with ``maps`` itself, the unit."""
        return self._conv2.onto(self._conv1(F.relu(maps)), target)


class CpuFusion:
    """Merge a deeper path with a lateral map, refine, project, then upsample."""

    def __init__(self, block: FeatureFusionBlock, dtype: torch.dtype) -> None:
        self._lateral = CpuResidualUnit(block.resConfUnit1, dtype)
        self._refine = CpuResidualUnit(block.resConfUnit2, dtype)
        self._project = CpuPointwise(block.out_conv, dtype)

    def __call__(self, path: Tensor, lateral: Tensor | None, size: tuple[int, int]) -> Tensor:
        """Return (1, F, *size); both inputs are used up."""
        if lateral is not None:
            path = self._lateral.onto(lateral, path.add_(lateral))
        return resize_bilinear(self._project(self._refine.onto(path, path)), size)


class CpuDecoder:
    """Four token maps in, depth out."""

    def __init__(self, head: DPTHead, max_depth: float | None, dtype: torch.dtype) -> None:
        scratch = head.scratch
        self._max_depth = max_depth
        self._projects = [CpuPointwise(conv, dtype) for conv in head.projects]
        up4, up2, _, down2 = head.resize_layers
        self._resizes: list[Callable[[Tensor], Tensor]] = [
            CpuUpscale(cast(nn.ConvTranspose2d, up4), dtype),
            CpuUpscale(cast(nn.ConvTranspose2d, up2), dtype),
            lambda maps: maps,
            PackedConv(cast(nn.Conv2d, down2), dtype),
        ]
        self._laterals = [
            PackedConv(getattr(scratch, f'layer{level}_rn'), dtype) for level in (1, 2, 3, 4)
        ]
        self._fusions = [
            CpuFusion(getattr(scratch, f'refinenet{level}'), dtype) for level in (1, 2, 3, 4)
        ]
        self._narrow = PackedConv(scratch.output_conv1, dtype)
        refine, _, last, _ = scratch.output_conv2
        self._refine = PackedConv(cast(nn.Conv2d, refine), dtype, relu=True)
        self._weight = cast(Tensor, last.weight).detach().float().flatten()
        self._bias = cast(Tensor, last.bias).detach().float()

    def __call__(self, taps: Sequence[Tensor], grid: tuple[int, int]) -> Tensor:
        """Map four (1, h * w, D) token maps to depth, (14 h, 14 w) float32."""
        maps = []
        for tokens, project, resize, lateral in zip(
            taps, self._projects, self._resizes, self._laterals, strict=True
        ):
            spatial = tokens.unflatten(1, grid).permute(0, 3, 1, 2)
            maps.append(lateral(resize(project(spatial))))
        sizes = [(m.shape[-2], m.shape[-1]) for m in maps]
        sizes = [(2 * sizes[0][0], 2 * sizes[0][1]), *sizes[:3]]
        path = self._fusions[3](maps[3], None, sizes[3])
        for level in (2, 1, 0):
            path = self._fusions[level](path, maps[level], sizes[level])
        path = resize_bilinear(self._narrow(path), (grid[0] * PATCH_SIZE, grid[1] * PATCH_SIZE))
        return self._project(self._refine(path)[0].permute(1, 2, 0))

    def _project(self, pixels: Tensor) -> Tensor:
        """Map (H, W, 32) to depth (H, W) float32.

        This layer stays float32, see DepthAnything.set_precision. It takes a few rows at a time, as
        the widened copy of all pixels would be the largest tensor of all.
        """
        values = pixels.new_empty(pixels.shape[:2], dtype=torch.float32)
        for rows, out in zip(pixels.split(ROWS), values.split(ROWS), strict=True):
            torch.mv(rows.float().flatten(0, 1), self._weight, out=out.view(-1))
        values.add_(self._bias)
        if self._max_depth is None:
            return values.relu_()
        return values.sigmoid_().mul_(self._max_depth)
