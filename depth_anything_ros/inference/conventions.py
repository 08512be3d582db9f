# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of the official pipeline around the network: sizes and colours, without torch."""

from __future__ import annotations

import math

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
