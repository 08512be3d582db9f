# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From 8-bit pictures to the network's input, exactly as the official pipeline does it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.model.configuration import PATCH_SIZE

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def network_size(height: int, width: int, input_size: int = 518) -> tuple[int, int]:
    """Return the (height, width) at which the network sees a picture.

    Both sides are scaled by the factor that brings the shorter one to ``input_size``, then rounded
    to multiples of 14 (halves to even, as NumPy does); a side that would fall below ``input_size``
    is rounded up instead, so the shorter side is never below it.
    """
    if height < 1 or width < 1:
        raise ValueError(f'a picture of {width} x {height} pixels has no network size')
    if input_size < PATCH_SIZE:
        raise ValueError(f'input_size {input_size} must be at least {PATCH_SIZE}')
    scale = max(input_size / width, input_size / height)

    def fit(side: int) -> int:
        patches = scale * side / PATCH_SIZE
        fitted = round(patches) * PATCH_SIZE
        return fitted if fitted >= input_size else math.ceil(patches) * PATCH_SIZE

    return fit(height), fit(width)


def normalise(rgb: Tensor) -> Tensor:
    """Subtract ImageNet's mean and divide by its standard deviation: (B, 3, H, W) in [0, 1]."""
    mean = torch.tensor(IMAGENET_MEAN, dtype=rgb.dtype, device=rgb.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, dtype=rgb.dtype, device=rgb.device)[:, None, None]
    return (rgb - mean) / std


def preprocess(rgb: Tensor, size: tuple[int, int]) -> Tensor:
    """Turn uint8 (B, H, W, 3) RGB into the network's (B, 3, *size) float32 input, on its device.

    The resize is cubic with a = -0.75 and no antialiasing, even when shrinking; overshoot is not
    clipped. That is what OpenCV's INTER_CUBIC does, to 3e-5 on smooth pictures and a few times
    that on noise, as both round their coordinates.
    """
    planes = rgb.permute(0, 3, 1, 2).float() / 255
    if planes.shape[-2:] != size:
        planes = F.interpolate(planes, size=size, mode='bicubic', align_corners=False)
    return normalise(planes)


def postprocess(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize network output (B, h, w) to (B, *size), bilinear with corners aligned."""
    if values.shape[-2:] == size:
        return values
    return F.interpolate(
        values.unsqueeze(1), size=size, mode='bilinear', align_corners=True
    ).squeeze(1)
