# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera does to light: exposure, white balance, tone, blur, vignetting and noise."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def develop(linear: Tensor) -> Tensor:
    """Turn linear RGB (B, 3, H, W) into display values in [0, 1], exposed automatically."""
    luma = linear.mean((1, 2, 3), keepdim=True).clamp(min=1e-4)
    return (linear * (0.32 / luma)).clamp(0, 1) ** (1 / 2.2)


def photograph(linear: Tensor, generator: torch.Generator) -> Tensor:
    """Develop as many different cameras would; ``generator`` lives on the CPU.

    ``linear`` is (B, 3, H, W); the result has the same shape, values in [0, 1].
    """
    batch, _, height, width = linear.shape

    def draw(low: float, high: float, channels: int = 1) -> Tensor:
        values = torch.rand(batch, channels, 1, 1, generator=generator)
        return (low + (high - low) * values).to(linear.device)

    luma = linear.mean((1, 2, 3), keepdim=True).clamp(min=1e-4)
    picture = linear * (draw(0.08, 0.5) / luma) * draw(0.7, 1.3, 3)
    y = torch.linspace(-1, 1, height, device=linear.device)[:, None]
    x = torch.linspace(-1, 1, width, device=linear.device)[None]
    picture = picture * (1 - draw(0, 0.3) * (x * x + y * y))
    picture = (picture + draw(0, 0.03)).clamp(0, 1) ** draw(1 / 2.6, 1 / 1.7)
    gray = picture.mean(1, keepdim=True)
    picture = gray + (picture - gray) * draw(0.2, 1.6)
    picture = 0.5 + (picture - 0.5) * draw(0.75, 1.15)
    picture = _blur(picture, draw(0, 0.9))
    noise = torch.randn(batch, 3, height, width, generator=generator).to(linear.device)
    return (picture + noise * draw(0, 0.04) * draw(0, 1)).clamp(0, 1)


def _blur(picture: Tensor, sigma: Tensor) -> Tensor:
    """Blur each picture by a 3 x 3 binomial-like kernel of its own width in pixels."""
    side = torch.exp(-1 / (2 * sigma.reshape(-1).clamp(min=0.1) ** 2))
    line = torch.stack((side, torch.ones_like(side), side), -1)
    line = line / line.sum(-1, keepdim=True)
    kernel = (line[:, :, None] * line[:, None, :]).repeat_interleave(3, 0).unsqueeze(1)
    flat = F.pad(picture, (1, 1, 1, 1), mode='replicate').reshape(
        1, -1, *(side + 2 for side in picture.shape[-2:])
    )
    return F.conv2d(flat, kernel, groups=len(kernel)).reshape(picture.shape)
