# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Other views of a sample: mirrored, resized, cropped. Depth goes where its pixels go.

All randomness comes from the numpy Generator that is passed in.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from depth_anything_ros.data.sample import DataError, Sample

INPUT_SIZE = 518
"""The shorter side, and the side of the square crop, in the training of the papers."""

PATCH_SIZE = 14


def flip(sample: Sample) -> Sample:
    """Return the sample mirrored, left to right."""
    depth = None if sample.depth is None else np.ascontiguousarray(sample.depth[:, ::-1])
    return replace(sample, rgb=np.ascontiguousarray(sample.rgb[:, ::-1]), depth=depth)


def crop(sample: Sample, top: int, left: int, height: int, width: int) -> Sample:
    """Return a part of the sample. Raises DataError where it has no such part."""
    rows, columns = sample.rgb.shape[:2]
    if not (0 <= top <= rows - height and 0 <= left <= columns - width and height > 0 < width):
        raise DataError(
            f'{sample.key}: no {width}x{height} at ({left}, {top}) in {columns}x{rows} pixels'
        )
    part = slice(top, top + height), slice(left, left + width)
    depth = None if sample.depth is None else sample.depth[part]
    return replace(sample, rgb=sample.rgb[part], depth=depth)


def resize(sample: Sample, height: int, width: int) -> Sample:
    """Return the sample at another size: cubic for colours, the nearest pixel for depth.

    Depth is never interpolated: between two surfaces there is nothing. Each pixel takes the depth
    at its own centre, as OpenCV's resize of the picture has it, so both stay in place.
    """
    rows, columns = sample.rgb.shape[:2]
    if (rows, columns) == (height, width):
        return sample
    rgb = cv2.resize(sample.rgb, (width, height), interpolation=cv2.INTER_CUBIC)
    depth = sample.depth
    if depth is not None:
        depth = depth[nearest(rows, height)[:, None], nearest(columns, width)]
    return replace(sample, rgb=rgb, depth=depth)


def nearest(before: int, after: int) -> np.ndarray:
    """Return, for each of ``after`` pixels in a line, which of ``before`` covers its centre."""
    return (2 * np.arange(after) + 1) * before // (2 * after)


def lower_bound_size(
    height: int, width: int, side: int = INPUT_SIZE, multiple: int = PATCH_SIZE
) -> tuple[int, int]:
    """Return the (height, width) with the aspect kept, the shorter side at least ``side``.

    Both are multiples of ``multiple``: the nearest, or the next above where the nearest is below
    ``side``, as the resizing of the official training and inference has it.
    """
    scale = max(side / height, side / width)

    def fitted(length: int) -> int:
        near = int(np.round(length * scale / multiple)) * multiple
        return near if near >= side else math.ceil(length * scale / multiple) * multiple

    return fitted(height), fitted(width)


def resize_lower_bound(
    sample: Sample, side: int = INPUT_SIZE, multiple: int = PATCH_SIZE
) -> Sample:
    """Return the sample resized so that its shorter side is at least ``side`` pixels."""
    height, width = sample.rgb.shape[:2]
    return resize(sample, *lower_bound_size(height, width, side, multiple))


def random_flip(sample: Sample, rng: np.random.Generator, probability: float = 0.5) -> Sample:
    """Return the sample, mirrored with a probability."""
    return flip(sample) if rng.random() < probability else sample


def random_crop(sample: Sample, rng: np.random.Generator, height: int, width: int) -> Sample:
    """Return a part of the sample, all places alike. Raises DataError where it is smaller."""
    rows, columns = sample.rgb.shape[:2]
    top = int(rng.integers(max(0, rows - height) + 1))
    left = int(rng.integers(max(0, columns - width) + 1))
    return crop(sample, top, left, height, width)


def training_view(
    sample: Sample, rng: np.random.Generator, side: int = INPUT_SIZE, mirror: float = 0.5
) -> Sample:
    """Return what the papers train on: resized to ``side``, a square of it, perhaps mirrored."""
    square = random_crop(resize_lower_bound(sample, side), rng, side, side)
    return random_flip(square, rng, mirror)
