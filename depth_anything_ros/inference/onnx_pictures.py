# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pre- and post-processing with NumPy and OpenCV alone, for machines without torch."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from depth_anything_ros.inference.conventions import IMAGENET_MEAN, IMAGENET_STD

_FACTOR = (1 / (255 * np.array(IMAGENET_STD))).astype(np.float32)
_OFFSET = (-np.array(IMAGENET_MEAN) / np.array(IMAGENET_STD)).astype(np.float32)


def network_input(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Turn (H, W, 3) uint8 RGB into the network's (3, *size) float32 input.

    The resize is OpenCV's INTER_CUBIC in floating point, which is what the official pipeline
    calls; overshoot is not clipped.
    """
    pixels: np.ndarray = rgb.astype(np.float32, order='C')
    if pixels.shape[:2] != size:
        pixels = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_CUBIC)
    pixels *= _FACTOR
    pixels += _OFFSET
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def resize_depth(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize (h, w) float32 to ``size``, bilinear with corners aligned.

    OpenCV has no such resize: its own does not align corners, and its remap rounds coordinates to
    1/32 of a pixel.
    """
    if values.shape == size:
        return values
    left, right, share = _taps(values.shape[1], size[1])
    narrow = values[:, left]
    narrow += share * (values[:, right] - narrow)
    above, below, share = _taps(values.shape[0], size[0])
    result = narrow[above]
    lower = narrow[below]
    lower -= result
    lower *= share[:, None]
    result += lower
    return result


@functools.lru_cache(maxsize=32)
def _taps(source: int, target: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both neighbours of each target along one axis, and the second one's share."""
    last = source - 1
    step = last / (target - 1) if target > 1 else 0.0
    places = np.arange(target) * step
    first = np.minimum(places.astype(np.int64), last)
    second = np.minimum(first + 1, last)
    return first, second, (places - first).astype(np.float32)
