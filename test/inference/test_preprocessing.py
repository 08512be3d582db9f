# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The input and output rules against OpenCV and NumPy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.inference.preprocessing import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    normalise,
    postprocess,
    preprocess,
)

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def smooth_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return what a lens could see: random blobs a few pixels wide, uint8 RGB."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3))
    blurred = cv2.GaussianBlur(noise, (0, 0), 2.5)
    low, high = blurred.min(), blurred.max()
    return ((blurred - low) / (high - low) * 255).round().astype(np.uint8)


def cubic(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize in float64 with OpenCV, as the official pipeline does; not normalised."""
    return cv2.resize(rgb / 255.0, size[::-1], interpolation=cv2.INTER_CUBIC)


def bilinear_aligned(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize (h, w) bilinearly with aligned corners, one axis after the other."""
    for axis, target in enumerate(size):
        source = values.shape[axis]
        at = np.linspace(0, source - 1, target)
        values = np.apply_along_axis(
            lambda line, at=at: np.interp(at, np.arange(len(line)), line), axis, values
        )
    return values


@pytest.mark.parametrize(
    ('height', 'width', 'size'),
    [
        (97, 131, (112, 154)),  # up, uneven factors
        (60, 80, (196, 266)),  # up by more than three
        (240, 320, (70, 98)),  # down by more than three: no antialiasing
        (225, 400, (126, 224)),  # down
        (150, 100, (154, 98)),  # up in one axis, down in the other
    ],
)
def test_resize_is_that_of_opencv(height, width, size):
    rgb = smooth_picture(height, width)

    values = preprocess(torch.from_numpy(rgb)[None], size)[0].permute(1, 2, 0).numpy()

    assert values.dtype == np.float32
    np.testing.assert_allclose(values * STD + MEAN, cubic(rgb, size), atol=3e-5, rtol=0)


def test_resize_is_that_of_opencv_at_the_size_of_a_published_network():
    rgb = smooth_picture(480, 640)

    values = preprocess(torch.from_numpy(rgb)[None], (518, 686))[0].permute(1, 2, 0).numpy()

    np.testing.assert_allclose(values * STD + MEAN, cubic(rgb, (518, 686)), atol=3e-5, rtol=0)


def test_worst_picture_stays_within_a_tenth_of_a_gray_level_of_opencv():
    # White noise: both libraries round pixel coordinates to float32, and every rounding shows.
    rgb = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)

    values = preprocess(torch.from_numpy(rgb)[None], (518, 686))[0].permute(1, 2, 0).numpy()

    difference = np.abs(values * STD + MEAN - cubic(rgb, (518, 686)))
    assert difference.max() < 0.1 / 255
    assert difference.mean() < 1e-5


def test_overshoot_is_not_clipped():
    rgb = np.zeros((28, 28, 3), np.uint8)
    rgb[:, 14:] = 255

    values = preprocess(torch.from_numpy(rgb)[None], (84, 84))[0].permute(1, 2, 0).numpy()

    colors = values * STD + MEAN
    assert colors.max() > 1.02
    assert colors.min() < -0.02


def test_picture_of_the_network_size_is_only_normalised():
    rgb = np.random.default_rng(1).integers(0, 256, (2, 28, 42, 3), dtype=np.uint8)

    values = preprocess(torch.from_numpy(rgb), (28, 42)).numpy()

    assert values.shape == (2, 3, 28, 42)
    expected = ((rgb / 255.0 - MEAN) / STD).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_normalise_uses_each_channels_own_numbers():
    gray = torch.full((1, 3, 2, 2), 0.5)

    values = normalise(gray)[0, :, 0, 0].numpy()

    np.testing.assert_allclose(values, (0.5 - MEAN) / STD, rtol=1e-6)
    np.testing.assert_array_equal((IMAGENET_MEAN, IMAGENET_STD), (MEAN, STD))


@pytest.mark.parametrize(
    ('source', 'target'), [((14, 28), (33, 50)), ((56, 70), (20, 31)), ((14, 14), (1, 1))]
)
def test_output_is_resized_bilinearly_with_corners_aligned(source, target):
    values = np.random.default_rng(2).uniform(0, 10, (3, *source)).astype(np.float32)

    resized = postprocess(torch.from_numpy(values), target).numpy()

    assert resized.shape == (3, *target)
    for got, before in zip(resized, values, strict=True):
        np.testing.assert_allclose(got, bilinear_aligned(before, target), atol=1e-4)


def test_output_of_the_right_size_is_left_alone():
    values = torch.rand(1, 14, 28)

    assert torch.equal(postprocess(values, (14, 28)), values)
