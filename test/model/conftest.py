# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small networks with weights that make every mistake visible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from depth_anything_ros.model.catalog import APACHE, CATALOG, INDOOR_MAX_DEPTH, ModelCard
from depth_anything_ros.model.configuration import SIZES, DepthAnythingConfig
from depth_anything_ros.model.depth_anything import DepthAnything

MakeNetwork = Callable[..., DepthAnything]


def _randomise(network: DepthAnything, seed: int) -> DepthAnything:
    """Give every tensor its own random values, scaled so that signals keep their size.

    Norms, layer scales and biases are random too: a swap of two tensors must change the output.
    The last convolution has positive weights, so that a ReLU behind it does not cut the output.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith('gamma') or ('norm' in name and name.endswith('weight')):
                parameter.copy_(1 + 0.2 * noise)
            elif parameter.ndim <= 1:
                parameter.copy_(0.1 * noise)
            elif name.endswith(('cls_token', 'pos_embed', 'mask_token')):
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
        last = network.depth_head.scratch.output_conv2[2]
        last.weight.abs_()
        last.bias.fill_(0.1)
    return network.eval()


@pytest.fixture(scope='session')
def random_network() -> MakeNetwork:
    """Return a maker of networks with random weights: ``(config, seed=0) -> DepthAnything``."""

    def make(config: DepthAnythingConfig, seed: int = 0) -> DepthAnything:
        return _randomise(DepthAnything(config), seed)

    return make


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> DepthAnythingConfig:
    """Add the size 'tiny' and the models 'tiny' and 'metric-indoor-tiny' for one test."""
    config = DepthAnythingConfig('tiny', 32, 4, 2, (0, 1, 2, 3), 8, (4, 8, 16, 32))
    monkeypatch.setitem(SIZES, 'tiny', config)
    monkeypatch.setitem(SIZES, 'tiny-giant', replace(config, size='tiny-giant', ffn='swiglu'))
    for name, metres in (('tiny', None), ('metric-indoor-tiny', INDOOR_MAX_DEPTH)):
        card = ModelCard(name, 'tiny', metres, None, None, APACHE)
        monkeypatch.setitem(CATALOG, name, card)
    return config
