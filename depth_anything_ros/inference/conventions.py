# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of the official pipeline around the network: sizes and colours, without torch."""

from __future__ import annotations

import math

from depth_anything_ros.model.configuration import PATCH_SIZE

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

MAX_PATCHES = 40_000
"""Most 14 x 14 patches of a network input: the time of attention grows with their square.

A 16:9 picture at the highest input_size of the node, 2044, has 146 x 260 = 37,960. At 518, the
size of the published networks, a picture may be 29 times as long as wide.
"""


class LongPictureError(ValueError):
    """A picture is so long that the network would take minutes, or hours, over it."""


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


def check_patches(height: int, width: int, size: tuple[int, int], input_size: int) -> None:
    """Raise LongPictureError for a picture whose network size has more than MAX_PATCHES.

    ``size`` is the (height, width) that ``network_size`` tells for ``input_size``, in pixels.
    """
    rows, columns = (side // PATCH_SIZE for side in size)
    if rows * columns > MAX_PATCHES:
        raise LongPictureError(
            f'{width}x{height} pixels become {columns * PATCH_SIZE}x{rows * PATCH_SIZE} at the '
            f'network, as input_size {input_size} is for the shorter side: {rows * columns} '
            f'patches, at most {MAX_PATCHES} are allowed; crop the image or set a lower input_size'
        )
