# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder: shapes, order of its steps, and both heads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dpt import FeatureFusionBlock, ResidualConvUnit, resize_bilinear


def test_the_shapes_of_small_at_518_by_686():
    with torch.device('meta'):
        network = DepthAnything(config_for('small'))
        picture = torch.zeros(1, 3, 518, 686)
    shapes = {}
    for name, module in network.depth_head.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, output, name=name: shapes.update({name: tuple(output.shape)})
        )

    with torch.no_grad():
        assert tuple(network(picture).shape) == (1, 518, 686)

    for i, channels in enumerate((48, 96, 192, 384)):
        assert shapes[f'projects.{i}'] == (1, channels, 37, 49)
    assert shapes['resize_layers.0'] == (1, 48, 148, 196)
    assert shapes['resize_layers.1'] == (1, 96, 74, 98)
    assert shapes['resize_layers.2'] == (1, 192, 37, 49)
    assert shapes['resize_layers.3'] == (1, 384, 19, 25)
    assert shapes['scratch.layer4_rn'] == (1, 64, 19, 25)
    assert shapes['scratch.refinenet4'] == (1, 64, 37, 49)
    assert shapes['scratch.refinenet3'] == (1, 64, 74, 98)
    assert shapes['scratch.refinenet2'] == (1, 64, 148, 196)
    assert shapes['scratch.refinenet1'] == (1, 64, 296, 392)
    assert shapes['scratch.output_conv1'] == (1, 32, 296, 392)
    assert shapes['scratch.output_conv2.0'] == (1, 32, 518, 686)
    assert shapes[''] == (1, 1, 518, 686)


def test_resizes_align_the_corners():
    maps = torch.arange(6.0).reshape(1, 1, 2, 3)

    large = resize_bilinear(maps, (5, 9))

    assert large[0, 0, 0, 0] == 0 and large[0, 0, -1, -1] == 5
    assert torch.allclose(large[0, 0, 0], torch.linspace(0, 2, 9))


def test_the_residual_unit_skips_with_its_raw_input():
    unit = ResidualConvUnit(4)
    maps = -torch.rand(1, 4, 5, 5) - 0.1
    before = maps.clone()

    with torch.no_grad():
        change = unit(maps) - maps
        inner = F.relu(unit.conv1(torch.zeros_like(maps)))

    # All inputs are negative: the first ReLU leaves zeros, and the skip keeps the negative values.
    torch.testing.assert_close(change, unit.conv2(inner).detach(), rtol=1e-4, atol=1e-5)
    assert torch.equal(maps, before)


def test_the_deepest_fusion_block_leaves_its_first_unit_idle():
    block = FeatureFusionBlock(4)
    path = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = block(path, None, (6, 6))
        block.resConfUnit1.conv1.bias.add_(5.0)

        assert torch.equal(block(path, None, (6, 6)), before)
        assert not torch.equal(block(path, path, (6, 6)), before)


def test_a_fusion_block_adds_the_refined_lateral_before_its_second_unit():
    block = FeatureFusionBlock(4)
    generator = torch.Generator().manual_seed(0)
    path, lateral = (torch.randn(1, 4, 3, 5, generator=generator) for _ in range(2))

    with torch.no_grad():
        merged = block.resConfUnit2(path + block.resConfUnit1(lateral))
        expected = block.out_conv(
            F.interpolate(merged, size=(7, 9), mode='bilinear', align_corners=True)
        )

        torch.testing.assert_close(block(path, lateral, (7, 9)), expected)


def test_the_metric_head_is_the_sigmoid_of_what_the_relative_head_cuts_at_zero(
    tiny, random_network
):
    relative = random_network(tiny)
    metric = random_network(replace(tiny, max_depth=20.0))
    picture = torch.randn(1, 3, 28, 42, generator=torch.Generator().manual_seed(1))
    raw = []
    relative.depth_head.scratch.output_conv2[2].register_forward_hook(
        lambda _module, _inputs, output: raw.append(output.squeeze(1))
    )

    with torch.inference_mode():
        torch.nn.init.constant_(relative.depth_head.scratch.output_conv2[2].bias, -0.8)
        torch.nn.init.constant_(metric.depth_head.scratch.output_conv2[2].bias, -0.8)
        inverse, metres = relative(picture), metric(picture)

    assert torch.equal(inverse, raw[0].clamp(min=0))
    torch.testing.assert_close(metres, 20 * torch.sigmoid(raw[0]))


def test_a_wrong_number_of_token_maps_is_refused(tiny, random_network):
    head = random_network(tiny).depth_head

    with pytest.raises(ValueError, match='takes 4 token maps, got 3'):
        head([torch.zeros(1, 4, 32)] * 3, (2, 2))
