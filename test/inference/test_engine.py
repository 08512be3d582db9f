# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plain engine against the network itself, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.engine import EagerEngine, as_tensor
from depth_anything_ros.inference.preprocessing import postprocess, preprocess
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def network() -> DepthAnything:
    torch.manual_seed(0)
    return DepthAnything(config_for('nano')).initialise()


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('at_network_size', [False, True])
def test_depth_is_the_network_between_the_two_resizes(network, at_network_size):
    pictures = [picture(40, 50), picture(80, 100, 1)]

    depths = EagerEngine(network, CPU, torch.float32).run(pictures, (42, 56), at_network_size)

    for rgb, depth in zip(pictures, depths, strict=True):
        with torch.inference_mode():
            want = network(preprocess(torch.from_numpy(rgb)[None], (42, 56)))
            want = postprocess(want, (42, 56) if at_network_size else rgb.shape[:2])[0].numpy()
        assert depth.dtype == np.float32
        np.testing.assert_allclose(depth, want, rtol=1e-5)


def test_read_only_pictures_are_wrapped_without_a_copy():
    rgb = np.frombuffer(picture(4, 5).tobytes(), np.uint8).reshape(4, 5, 3)

    tensor = as_tensor(rgb)

    assert tensor.data_ptr() == rgb.__array_interface__['data'][0]
    np.testing.assert_array_equal(tensor.numpy(), rgb)


def test_mirrored_pictures_are_copied_the_right_way_round():
    rgb = picture(4, 5)[:, ::-1]

    np.testing.assert_array_equal(as_tensor(rgb).numpy(), rgb)
