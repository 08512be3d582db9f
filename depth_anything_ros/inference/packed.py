# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layers for the CPU: weights laid out once for oneDNN, activation and residual in one pass."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ONEDNN = torch.ops.mkldnn


def onednn_runs(dtype: torch.dtype) -> bool:
    """Say whether this build and processor have oneDNN's fused layers for ``dtype``."""
    wanted = ('_linear_pointwise', '_reorder_linear_weight', '_convolution_pointwise')
    if not torch.backends.mkldnn.is_available() or not all(hasattr(ONEDNN, op) for op in wanted):
        return False
    if dtype == torch.bfloat16:
        return bool(ONEDNN._is_mkldnn_bf16_supported())
    return dtype == torch.float32


class PackedLinear:
    """x W^T + b, then an exact GELU where asked for.

    ``weight`` (out, in) and ``bias`` (out), if any, are float32, with whatever was folded into
    them; they are rounded to ``dtype`` here. ``rows`` is the expected number of rows, by which
    oneDNN chooses its layout; others work too.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        dtype: torch.dtype,
        rows: int = 1024,
        gelu: bool = False,
    ) -> None:
        self._fused = onednn_runs(dtype)
        self._gelu = gelu
        self._bias = None if bias is None else bias.detach().to(dtype)
        self._weight = weight.detach().to(dtype).contiguous()
        if self._fused:
            self._weight = ONEDNN._reorder_linear_weight(self._weight, rows)

    def __call__(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Map (..., in) to (..., out), with another bias where one is given."""
        bias = self._bias if bias is None else bias
        if self._fused:
            activation = ('gelu', 'none') if self._gelu else ('none', '')
            return ONEDNN._linear_pointwise(x, self._weight, bias, activation[0], [], activation[1])
        y = F.linear(x, self._weight, bias)
        return F.gelu(y) if self._gelu else y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        """Return residual + x W^T + b; no activation."""
        if self._fused:
            return ONEDNN._linear_pointwise.binary(x, residual, self._weight, self._bias, 'add')
        return residual + F.linear(x, self._weight, self._bias)


class PackedConv:
    """A convolution over channels-last maps, then a ReLU where asked for."""

    def __init__(self, conv: nn.Conv2d, dtype: torch.dtype, relu: bool = False) -> None:
        self._fused = onednn_runs(dtype)
        self._relu = relu
        self._stride, self._padding = conv.stride, conv.padding
        weight = conv.weight.detach().to(dtype)
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = None if conv.bias is None else conv.bias.detach().to(dtype)

    def __call__(self, maps: Tensor) -> Tensor:
        """Map (B, in, H, W) to (B, out, h, w)."""
        if self._fused:
            return ONEDNN._convolution_pointwise(
                *(maps, self._weight, self._bias, self._padding, self._stride, (1, 1), 1),
                *('relu' if self._relu else 'none', [], ''),
            )
        y = F.conv2d(maps, self._weight, self._bias, self._stride, self._padding)
        return F.relu(y) if self._relu else y

    def onto(self, maps: Tensor, target: Tensor) -> Tensor:
        """Add the result to ``target`` in place, and return it; no activation."""
        if self._fused:
            return ONEDNN._convolution_pointwise_.binary(
                *(target, maps, self._weight, self._bias, self._padding, self._stride, (1, 1), 1),
                *('add', 1.0, None, [], None),
            )
        return target.add_(F.conv2d(maps, self._weight, self._bias, self._stride, self._padding))
