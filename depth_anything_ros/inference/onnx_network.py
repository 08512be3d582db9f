# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network in a form that keeps its meaning in ONNX at every input size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depth_anything_ros.model.configuration import PATCH_SIZE, POSITION_GRID
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import POSITION_OFFSET, resize_position_embedding

CUBIC = -0.75
"""The kernel's parameter a, as in torch and OpenCV."""


class OnnxNetwork(nn.Module):
    """A DepthAnything whose position embedding is resampled by matrix products.

    ONNX has no resize by scale factor to a size that is not a constant: exporters fold the factor
    or turn it into a target size, which moves every source coordinate. The cubic resize is linear
    and separable, so it is written out as rows x grid x columns with weights computed from the
    size, and says the same in every runtime. With a ``fixed_size`` (height, width) it is a
    constant instead.
    """

    def __init__(self, network: DepthAnything, fixed_size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.network = network
        position = network.pretrained.pos_embed.detach()
        self.fixed: Tensor | None
        self.class_position: Tensor
        self.grid: Tensor
        constant = None
        if fixed_size is not None:
            rows, columns = (side // PATCH_SIZE for side in fixed_size)
            constant = resize_position_embedding(position, rows, columns)
        self.register_buffer('fixed', constant)
        self.register_buffer('class_position', position[:, :1])
        grid = position[0, 1:].float().reshape(POSITION_GRID, -1)
        self.register_buffer('grid', grid)

    def forward(self, image: Tensor) -> Tensor:
        """Map normalised float32 (B, 3, H, W) to float32 (B, H, W), as DepthAnything does."""
        rows, columns = image.shape[-2] // PATCH_SIZE, image.shape[-1] // PATCH_SIZE
        position = self.resized(rows, columns) if self.fixed is None else self.fixed
        dtype = self.network.pretrained.patch_embed.proj.weight.dtype
        return self.network(image, position.to(dtype))

    def resized(self, rows: int, columns: int) -> Tensor:
        """Return (1, 1 + rows * columns, D), as dinov2.resize_position_embedding does."""
        down, across = torch.arange(rows), torch.arange(columns)
        # The stored grid itself is used as it is, without the offset.
        own = (down[-1] == POSITION_GRID - 1) & (across[-1] == POSITION_GRID - 1)
        offset = torch.where(own, 0.0, POSITION_OFFSET)
        vertical = cubic_weights(down, offset)
        horizontal = cubic_weights(across, offset)
        width = self.class_position.shape[-1]
        patches = (vertical @ self.grid).reshape(rows, POSITION_GRID, width)
        patches = (horizontal @ patches).reshape(1, rows * columns, width)
        return torch.cat((self.class_position.float(), patches), dim=1)


def cubic_weights(targets: Tensor, offset: Tensor) -> Tensor:
    """Return the (n, 37) matrix that resizes the stored grid to n patches along one axis.

    ``targets`` is 0 .. n - 1. Source coordinates are (target + 0.5) * 37 / (n + offset) - 0.5;
    taps beyond the edge take the edge, as in torch's bicubic interpolation.
    """
    scale = POSITION_GRID / (targets[-1] + 1 + offset)
    sources = (targets + 0.5) * scale - 0.5
    # Taps reach two cells beyond the edges, and small grids no further.
    margin = 2
    cells = torch.arange(-margin, POSITION_GRID + margin)
    distance = (sources[:, None] - cells).abs()
    near = ((CUBIC + 2) * distance - (CUBIC + 3)) * distance * distance + 1
    far = ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC
    weights = torch.where(distance <= 1, near, torch.where(distance < 2, far, 0.0))
    inner = weights[:, margin:-margin]
    first = weights[:, :margin].sum(1, keepdim=True)
    last = weights[:, -margin:].sum(1, keepdim=True)
    return torch.cat((inner[:, :1] + first, inner[:, 1:-1], inner[:, -1:] + last), dim=1)
