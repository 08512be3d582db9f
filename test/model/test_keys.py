# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Official tensor names against those of transformers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.keys import (
    KeyMappingError,
    is_transformers_layout,
    official_from_transformers,
    transformers_from_official,
)


@pytest.mark.parametrize('ffn', ['mlp', 'swiglu'])
def test_there_and_back_gives_the_same_tensors(tiny, random_network, ffn):
    state = random_network(replace(tiny, ffn=ffn)).state_dict()

    back = official_from_transformers(transformers_from_official(state))

    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    ('official', 'transformers'),
    [
        ('pretrained.pos_embed', 'backbone.embeddings.position_embeddings'),
        ('pretrained.blocks.3.ls2.gamma', 'backbone.encoder.layer.3.layer_scale2.lambda1'),
        (
            'pretrained.blocks.10.attn.proj.bias',
            'backbone.encoder.layer.10.attention.output.dense.bias',
        ),
        ('pretrained.blocks.0.mlp.w12.weight', 'backbone.encoder.layer.0.mlp.weights_in.weight'),
        ('pretrained.norm.bias', 'backbone.layernorm.bias'),
        ('depth_head.projects.2.weight', 'neck.reassemble_stage.layers.2.projection.weight'),
        ('depth_head.resize_layers.3.bias', 'neck.reassemble_stage.layers.3.resize.bias'),
        ('depth_head.scratch.layer4_rn.weight', 'neck.convs.3.weight'),
        (
            'depth_head.scratch.refinenet1.out_conv.weight',
            'neck.fusion_stage.layers.3.projection.weight',
        ),
        (
            'depth_head.scratch.refinenet4.resConfUnit2.conv1.bias',
            'neck.fusion_stage.layers.0.residual_layer2.convolution1.bias',
        ),
        ('depth_head.scratch.output_conv2.2.weight', 'head.conv3.weight'),
    ],
)
def test_names_follow_the_published_mapping(official, transformers):
    tensor = torch.zeros(1)

    assert list(transformers_from_official({official: tensor})) == [transformers]
    assert list(official_from_transformers({transformers: tensor})) == [official]


def test_query_key_and_value_are_the_thirds_of_the_fused_projection():
    fused = torch.arange(12.0).reshape(6, 2)
    split = transformers_from_official({'pretrained.blocks.1.attn.qkv.weight': fused})
    stem = 'backbone.encoder.layer.1.attention.attention'

    assert torch.equal(split[f'{stem}.query.weight'], fused[:2])
    assert torch.equal(split[f'{stem}.key.weight'], fused[2:4])
    assert torch.equal(split[f'{stem}.value.weight'], fused[4:])


def test_the_names_inside_transformers_5_are_understood_too():
    part = torch.arange(4.0).reshape(2, 2)
    stem = 'backbone.encoder.layer.0'
    state = {f'{stem}.attention.{p}_proj.weight': part + i for i, p in enumerate('qkv')}
    state |= {f'{stem}.mlp.gate_proj.bias': part[0], f'{stem}.mlp.up_proj.bias': part[1]}
    state |= {f'{stem}.attention.o_proj.bias': part[0], f'{stem}.mlp.down_proj.bias': part[1]}

    official = official_from_transformers(state)

    block = 'pretrained.blocks.0'
    assert official.keys() == {
        f'{block}.attn.qkv.weight',
        f'{block}.attn.proj.bias',
        f'{block}.mlp.w12.bias',
        f'{block}.mlp.w3.bias',
    }
    assert torch.equal(official[f'{block}.attn.qkv.weight'], torch.cat((part, part + 1, part + 2)))
    assert torch.equal(official[f'{block}.mlp.w12.bias'], torch.cat((part[0], part[1])))


def test_strangers_and_gaps_are_named():
    with pytest.raises(KeyMappingError, match=r'backbone\.encoder\.layer\.0\.moe'):
        official_from_transformers({'backbone.encoder.layer.0.moe.weight': torch.zeros(1)})
    with pytest.raises(KeyMappingError, match=r'pretrained\.registers'):
        transformers_from_official({'pretrained.registers': torch.zeros(1)})
    stem = 'backbone.encoder.layer.0.attention.attention'
    with pytest.raises(KeyMappingError, match='value is missing'):
        official_from_transformers(
            {f'{stem}.query.bias': torch.zeros(1), f'{stem}.key.bias': torch.zeros(1)}
        )


def test_the_layout_is_told_by_the_names():
    with torch.device('meta'):
        state = DepthAnything(config_for('small')).state_dict()

    assert not is_transformers_layout(state)
    assert is_transformers_layout(transformers_from_official(state))
