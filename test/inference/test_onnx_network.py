# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network for ONNX against the network itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.onnx_network import OnnxNetwork
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import resize_position_embedding


@pytest.fixture(scope='module')
def network() -> DepthAnything:
    torch.manual_seed(0)
    return DepthAnything(config_for('nano', 20.0)).initialise().eval()


GRIDS = [(37, 37), (37, 20), (1, 1), (1, 37), (2, 3), (36, 38), (10, 13), (74, 50), (146, 260)]


@pytest.mark.parametrize('grid', GRIDS, ids=str)
def test_positions_are_those_of_the_scale_factor_resize(network, grid):
    stored = network.pretrained.pos_embed.detach()
    with torch.inference_mode():
        want = resize_position_embedding(stored, *grid)
        got = OnnxNetwork(network).resized(*grid)

    # Standard deviation 0.02; taking the size for the scale moves a grid of 36 by about 0.001.
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)
    if grid == (37, 37):
        assert torch.equal(got, want)


@pytest.mark.parametrize('fixed', [False, True])
def test_depth_is_the_network_s(network, fixed):
    image = torch.randn(2, 3, 42, 70)
    with torch.inference_mode():
        want = network(image)
        got = OnnxNetwork(network, (42, 70) if fixed else None)(image)

    np.testing.assert_allclose(got, want, rtol=1e-5)
