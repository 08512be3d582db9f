# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From 8-bit pictures to the network's input, exactly as the official pipeline does it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.inference.conventions import IMAGENET_MEAN, IMAGENET_STD, network_size

__all__ = [
    'IMAGENET_MEAN',
    'IMAGENET_STD',
    'network_size',
    'normalise',
    'postprocess',
    'preprocess',
]


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
    return normalise(resize_planes(rgb.permute(0, 3, 1, 2).float() / 255, size))


def resize_planes(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize float (B, C, H, W) to ``size`` as ``preprocess`` does, whatever their range."""
    if planes.shape[-2:] == size:
        return planes
    return F.interpolate(planes, size=size, mode='bicubic', align_corners=False)


def postprocess(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize network output (B, h, w) to (B, *size), bilinear with corners aligned."""
    if values.shape[-2:] == size:
        return values
    return F.interpolate(
        values.unsqueeze(1), size=size, mode='bilinear', align_corners=True
    ).squeeze(1)
