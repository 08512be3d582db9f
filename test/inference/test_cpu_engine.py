# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The CPU engine against the plain one, with the same weights and pictures."""

from __future__ import annotations

import copy

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference import packed
from depth_anything_ros.inference.cpu_engine import CpuEngine, resize_pixels
from depth_anything_ros.inference.engine import EagerEngine
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def network() -> DepthAnything:
    return load_network(*locate('nano'))


@pytest.fixture(scope='module')
def pictures() -> list[np.ndarray]:
    return [ProceduralClip(seed, 96, 72, 5.0).frame(0)[0] for seed in (1, 2)]


def eager(network: DepthAnything, dtype: torch.dtype) -> EagerEngine:
    return EagerEngine(copy.deepcopy(network), CPU, dtype)


@pytest.mark.parametrize('at_network_size', [False, True])
@pytest.mark.parametrize('size', [(126, 168), (72, 96)], ids=['enlarged', 'shrunk'])
def test_float32_depth_is_that_of_the_plain_engine(network, pictures, size, at_network_size):
    size = (size[0] // 14 * 14, size[1] // 14 * 14)

    got = CpuEngine(network, torch.float32).run(pictures, size, at_network_size)
    want = eager(network, torch.float32).run(pictures, size, at_network_size)

    for one, other in zip(got, want, strict=True):
        assert one.dtype == np.float32
        assert one.shape == (size if at_network_size else (72, 96))
        # OpenCV and torch round the coordinates of the cubic resize differently.
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3 * np.ptp(other))


@pytest.mark.parametrize('max_depth', [None, 20.0], ids=['relative', 'metric'])
def test_a_picture_of_network_size_gives_the_exact_values(max_depth):
    torch.manual_seed(0)
    network = DepthAnything(config_for('small', max_depth)).initialise()
    rgb = np.random.default_rng(0).integers(0, 256, (42, 56, 3), dtype=np.uint8)

    (got,) = CpuEngine(network, torch.float32).run([rgb], (42, 56), True)
    (want,) = eager(network, torch.float32).run([rgb], (42, 56), True)

    np.testing.assert_allclose(got, want, rtol=1e-4)


def test_bfloat16_is_as_near_to_float32_as_the_plain_engine(network, pictures):
    exact = eager(network, torch.float32).run(pictures, (126, 168), True)
    plain = eager(network, torch.bfloat16).run(pictures, (126, 168), True)

    fast = CpuEngine(network, torch.bfloat16).run(pictures, (126, 168), True)

    for got, rounded, want in zip(fast, plain, exact, strict=True):
        assert 0 < np.abs(got - want).mean() < 1.5 * np.abs(rounded - want).mean()


def test_without_onednn_the_values_are_the_same(network, pictures, monkeypatch):
    want = CpuEngine(network, torch.float32).run(pictures, (70, 98), False)
    monkeypatch.setattr(packed, 'onednn_runs', lambda dtype: False)

    got = CpuEngine(network, torch.float32).run(pictures, (70, 98), False)

    np.testing.assert_allclose(got, want, rtol=1e-4)


def test_depths_own_their_memory(network, pictures):
    engine = CpuEngine(network, torch.float32)
    first, _ = engine.run(pictures, (42, 56), True)
    before = first.copy()

    engine.run(pictures[::-1], (42, 56), True)

    np.testing.assert_array_equal(first, before)


def test_resize_is_opencv_s_cubic_in_floating_point():
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)

    got = resize_pixels(rgb[:, ::-1], (28, 42)).numpy()

    want = cv2.resize(rgb[:, ::-1] / 255.0, (42, 28), interpolation=cv2.INTER_CUBIC) * 255
    assert got.dtype == np.float32
    assert want.min() < 0 or want.max() > 255  # overshoot is not clipped
    np.testing.assert_allclose(got, want, atol=1e-2)


def test_a_picture_of_the_right_size_is_not_copied():
    rgb = np.zeros((28, 42, 3), np.uint8)

    assert resize_pixels(rgb, (28, 42)).data_ptr() == rgb.__array_interface__['data'][0]
