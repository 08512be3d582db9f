# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The input and output rules against OpenCV, NumPy and the table of the reference."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_anything_ros.inference.preprocessing import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    network_size,
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
    ('width', 'height', 'input_size', 'expected'),
    [
        (640, 480, 518, (686, 518)),
        (1920, 1080, 518, (924, 518)),
        (3840, 2160, 518, (924, 518)),
        (1080, 1920, 518, (518, 924)),
        (1242, 375, 518, (1722, 518)),
        (1226, 370, 518, (1722, 518)),
        (1024, 436, 518, (1218, 518)),
        (320, 240, 518, (686, 518)),
        (6048, 4032, 518, (770, 518)),
        (800, 300, 518, (1386, 518)),
        (518, 518, 518, (518, 518)),
        (1, 1, 518, (518, 518)),
        (640, 480, 1036, (1386, 1036)),
        # An input size that is no multiple of 14: the shorter side is rounded up when rounding
        # to the nearest would fall below it.
        (480, 480, 510, (518, 518)),
        (480, 480, 512, (518, 518)),
        (480, 480, 500, (504, 504)),
        (640, 480, 510, (686, 518)),
        (640, 480, 512, (686, 518)),
        (640, 480, 500, (672, 504)),
    ],
)
def test_size_rule_follows_the_reference(width, height, input_size, expected):
    assert network_size(height, width, input_size) == expected[::-1]


def test_default_input_size_is_518():
    assert network_size(480, 640) == network_size(480, 640, 518)


@pytest.mark.parametrize(
    ('long_side', 'patches'),
    # 14 x 28 patches exactly halved: 2.5 -> 2, 3.5 -> 4, 4.5 -> 4, 5.5 -> 6.
    [(70, 2), (98, 4), (126, 4), (154, 6)],
)
def test_halves_are_rounded_to_even(long_side, patches):
    # The shorter side of 28 is halved to 14, so the longer one ends on half a patch.
    assert network_size(28, long_side, 14) == (14, 14 * patches)


@settings(max_examples=300, deadline=None)
@given(height=st.integers(1, 5000), width=st.integers(1, 5000), input_size=st.integers(14, 1500))
def test_sides_are_whole_patches_and_never_below_the_input_size(height, width, input_size):
    size = network_size(height, width, input_size)

    assert all(side % 14 == 0 and side >= input_size for side in size)
    assert min(size) < input_size + 14
    ratio = max(height, width) / min(height, width)
    assert abs(max(size) - input_size * ratio) < 14 + 1e-6 * max(size)
    assert network_size(width, height, input_size) == size[::-1]


@pytest.mark.parametrize(('height', 'width'), [(0, 640), (480, 0), (-1, 5)])
def test_empty_picture_has_no_network_size(height, width):
    with pytest.raises(ValueError, match=f'{width} x {height}'):
        network_size(height, width)


def test_input_size_below_a_patch_is_refused():
    with pytest.raises(ValueError, match='input_size 13 must be at least 14'):
        network_size(480, 640, 13)


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
