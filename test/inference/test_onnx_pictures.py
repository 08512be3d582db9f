# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pre- and post-processing without torch, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.onnx_pictures import network_input, resize_depth
from depth_anything_ros.inference.preprocessing import postprocess, preprocess

SIZES = [(56, 84), (28, 42), (48, 65), (140, 14)]


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('size', SIZES, ids=str)
def test_input_is_that_of_torch(size):
    rgb = picture(48, 65)

    got = network_input(rgb, size)
    want = preprocess(torch.from_numpy(rgb)[None], size)[0].numpy()

    assert (got.shape, got.dtype, got.flags.c_contiguous) == ((3, *size), np.float32, True)
    # OpenCV and torch round the coordinates of the resize differently; the values reach +-2.6.
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-3)


def test_the_picture_is_left_as_it_was():
    rgb = picture(28, 42)
    before = rgb.copy()

    network_input(rgb, (28, 42))
    network_input(rgb[:, ::-1], (14, 14))

    np.testing.assert_array_equal(rgb, before)


@pytest.mark.parametrize('target', [*SIZES, (1, 1), (1, 200), (300, 1), (480, 640)], ids=str)
@pytest.mark.parametrize('source', [(28, 42), (1, 5), (56, 56)], ids=str)
def test_depth_is_resized_as_by_torch(source, target):
    values = np.random.default_rng(1).random(source, dtype=np.float32)

    got = resize_depth(values, target)

    want = postprocess(torch.from_numpy(values)[None], target)[0].numpy()
    assert (got.shape, got.dtype) == (target, np.float32)
    # torch's places are float32: a place in a row of 56 is off by up to 4e-6 of a pixel.
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-5)


def test_resizing_does_not_write_to_its_source():
    values = np.random.default_rng(1).random((28, 42), dtype=np.float32)
    before = values.copy()

    resize_depth(values, (48, 65))

    np.testing.assert_array_equal(values, before)
