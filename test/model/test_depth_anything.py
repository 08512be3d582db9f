# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole network against the published facts and against another implementation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.configuration import DepthAnythingConfig, config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.keys import transformers_from_official

KEY_LISTS = Path(__file__).parents[3] / 'shared' / 'reference' / 'state_dict_keys'
PUBLISHED = ('small', 'base', 'large', 'giant')


def on_meta(size: str, max_depth: float | None = None) -> DepthAnything:
    with torch.device('meta'):
        return DepthAnything(config_for(size, max_depth))


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ('size', 'total', 'encoder', 'head', 'tensors'),
    [
        ('small', 24_785_089, 22_056_576, 2_728_513, 239),
        ('base', 97_470_785, 86_580_480, 10_890_305, 239),
        ('large', 335_315_649, 304_368_640, 30_947_009, 407),
        ('giant', 1_258_132_225, 1_136_480_768, 121_651_457, 631),
    ],
)
def test_parameter_counts_are_those_of_the_published_networks(size, total, encoder, head, tensors):
    network = on_meta(size)

    assert count(network) == total
    assert count(network.pretrained) == encoder
    assert count(network.depth_head) == head
    assert len(network.state_dict()) == tensors


def test_nano_has_between_four_and_seven_million_parameters():
    assert 4e6 < count(on_meta('nano')) < 7e6


@pytest.mark.parametrize(
    ('size', 'digest'),
    [
        ('small', 'd23c856bcc891ad70def9f427bffcc2939cfe2a7bbeccd39c9107329e129a60e'),
        ('base', 'd1c1b5f27ca6324cd1e38d287b979ccbc80eb84304a0bbb0003a615e04e5ebf4'),
        ('large', '879a82fe9a45723a1b865f877176046a7c98d7f600e87f29479de7b01e548dee'),
        ('giant', '2d35948dbcee6f2c573ea4e70a1baf68da27ae6047dfce0242682fe94309cee4'),
    ],
)
def test_names_and_shapes_are_those_of_the_published_checkpoints(size, digest):
    state = on_meta(size).state_dict()
    lines = sorted(f'{name} {list(tensor.shape)}' for name, tensor in state.items())

    assert hashlib.sha256('\n'.join(lines).encode()).hexdigest() == digest


@pytest.mark.parametrize('size', PUBLISHED)
def test_names_shapes_and_order_equal_the_reference_lists(size):
    path = KEY_LISTS / f'vit{size[0]}.json'
    if not path.is_file():
        pytest.skip(f'{path} is not here')

    ours = {name: list(tensor.shape) for name, tensor in on_meta(size).state_dict().items()}

    assert ours == {name: shape for name, shape in json.loads(path.read_text())}


def test_a_metric_network_has_the_tensors_of_a_relative_one():
    relative, metric = on_meta('small').state_dict(), on_meta('small', 20.0).state_dict()

    assert [(n, t.shape) for n, t in relative.items()] == [(n, t.shape) for n, t in metric.items()]


def test_weights_from_scratch_are_those_of_dinov2(tiny):
    torch.manual_seed(0)
    network = DepthAnything(tiny).initialise()

    weight = network.pretrained.blocks[0].mlp.fc1.weight
    assert 0.018 < weight.std() < 0.022
    assert weight.abs().max() <= 2.0
    assert network.pretrained.blocks[0].mlp.fc1.bias.abs().max() == 0
    assert 0.018 < network.pretrained.pos_embed.std() < 0.022
    assert 0 < network.pretrained.cls_token.abs().max() < 1e-4


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_a_lower_precision_leaves_the_last_projection_as_it_was(tiny, random_network, dtype):
    network = random_network(tiny)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    assert network.set_precision(dtype) is network

    last = 'depth_head.scratch.output_conv2.2.'
    after = network.state_dict()
    assert after.keys() == before.keys()
    for name, tensor in after.items():
        if name.startswith(last):
            assert torch.equal(tensor, before[name]), name
        assert tensor.dtype is (torch.float32 if name.startswith(last) else dtype), name
    assert not torch.equal(before[last + 'weight'], before[last + 'weight'].to(dtype).float())


def test_gradients_reach_every_tensor_that_has_a_use(tiny, random_network):
    network = random_network(tiny).train()
    network(torch.randn(1, 3, 28, 28, generator=torch.Generator().manual_seed(1))).mean().backward()

    idle = {name for name, parameter in network.named_parameters() if parameter.grad is None}

    assert all('mask_token' in name or 'refinenet4.resConfUnit1' in name for name in idle)
    assert len(idle) == 5


SHRUNKEN_GIANT = replace(
    config_for('giant'),
    embed_dim=192,
    depth=8,
    num_heads=3,
    taps=(1, 3, 5, 7),
    features=48,
    out_channels=(192, 192, 192, 192),
)


def transformers_twin(network: DepthAnything) -> torch.nn.Module:
    """Return transformers' network of the same configuration with the same weights."""
    transformers = pytest.importorskip('transformers')
    config: DepthAnythingConfig = network.config
    backbone = transformers.Dinov2Config(
        hidden_size=config.embed_dim,
        num_hidden_layers=config.depth,
        num_attention_heads=config.num_heads,
        mlp_ratio=4,
        image_size=518,
        patch_size=14,
        use_swiglu_ffn=config.ffn == 'swiglu',
        out_indices=[tap + 1 for tap in config.taps],
        reshape_hidden_states=False,
    )
    twin_config = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=config.embed_dim,
        neck_hidden_sizes=list(config.out_channels),
        fusion_hidden_size=config.features,
        depth_estimation_type=config.kind.value,
        max_depth=int(config.max_depth or 1),
    )
    state = transformers_from_official(network.state_dict())
    twin, info = transformers.DepthAnythingForDepthEstimation.from_pretrained(
        None,
        config=twin_config,
        state_dict=state,
        output_loading_info=True,
        attn_implementation='eager',  # written out, where ours calls torch's fused attention
    )
    assert not info['missing_keys'] and not info['unexpected_keys']
    return twin.float().eval()


@pytest.mark.parametrize('max_depth', [None, 20.0, 80.0], ids=['relative', 'indoor', 'outdoor'])
@pytest.mark.parametrize(
    'config',
    [config_for('small'), SHRUNKEN_GIANT, pytest.param(config_for('base'), marks=pytest.mark.slow)],
    ids=['small', 'giant-style', 'base'],
)
def test_the_output_equals_that_of_transformers(random_network, record_property, config, max_depth):
    if config.size != 'giant' and max_depth == 80.0:
        pytest.skip('the factor has been checked with the smaller network')
    network = random_network(replace(config, max_depth=max_depth))
    if max_depth is not None:  # keep the sigmoid away from its flat end
        torch.nn.init.constant_(network.depth_head.scratch.output_conv2[2].bias, -3.0)
    twin = transformers_twin(network)
    picture = torch.randn(1, 3, 518, 518, generator=torch.Generator().manual_seed(3))

    with torch.inference_mode():
        ours = network(picture)
        theirs = twin(picture).predicted_depth

    error = float(((ours - theirs).abs() / theirs.abs().clamp(min=1e-3 * theirs.max())).max())
    record_property('max_relative_error', error)
    assert ours.shape == (1, 518, 518)
    assert theirs.std() > 0.1 * theirs.mean() > 0
    assert error <= 1e-4


@pytest.mark.parametrize('size', ['tiny', 'tiny-giant'])
@pytest.mark.parametrize('max_depth', [None, 20.0])
def test_files_that_transformers_writes_are_read(tmp_path, tiny, random_network, size, max_depth):
    network = random_network(config_for(size, max_depth))
    twin = transformers_twin(network)
    twin.save_pretrained(tmp_path)
    torch.save(twin.state_dict(), tmp_path / 'from_memory.pth')
    (tmp_path / 'from_memory.json').write_text((tmp_path / 'config.json').read_text())

    for name in ('model.safetensors', 'from_memory.pth'):
        loaded = load_network(None, tmp_path / name)

        assert loaded.config == network.config
        for key, tensor in network.state_dict().items():
            assert torch.equal(loaded.state_dict()[key], tensor), (name, key)
