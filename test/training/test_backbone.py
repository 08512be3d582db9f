# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders of DINOv2 under its own names, chunked ones, and those of transformers."""

from __future__ import annotations

import pytest
import torch
from conftest import run_settings
from safetensors.torch import save_file

from depth_anything_ros.model.checkpoint import save_checkpoint
from depth_anything_ros.model.checkpoint_file import CheckpointError
from depth_anything_ros.model.configuration import SIZES, DepthAnythingConfig, config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.keys import transformers_from_official
from depth_anything_ros.training import starting
from depth_anything_ros.training.backbone import ENCODER, fetch_dinov2, read_encoder
from depth_anything_ros.training.starting import IDLE, start_for

pytestmark = pytest.mark.usefixtures('tiny')


@pytest.fixture(params=['mlp', 'swiglu'])
def encoder(request, monkeypatch):
    """Return the tensors of a tiny encoder by DINOv2's own names."""
    config = DepthAnythingConfig('tiny', 32, 4, 2, (0, 1, 2, 3), 8, (4, 8, 16, 32), request.param)
    monkeypatch.setitem(SIZES, 'tiny', config)
    torch.manual_seed(3)
    network = DepthAnything(config)
    return {
        name: torch.randn_like(value) for name, value in network.pretrained.state_dict().items()
    }


def equal(found: dict[str, torch.Tensor], encoder: dict[str, torch.Tensor]) -> bool:
    wanted = {ENCODER + name: value for name, value in encoder.items()}
    return found.keys() == wanted.keys() and all(torch.equal(found[k], wanted[k]) for k in wanted)


def test_official_file(tmp_path, encoder):
    torch.save(encoder, tmp_path / 'dinov2.pth')
    assert equal(read_encoder(tmp_path / 'dinov2.pth', 'tiny'), encoder)


def test_official_file_of_blocks_in_chunks(tmp_path, encoder):
    chunked = {}
    for name, value in encoder.items():
        parts = name.split('.')
        if parts[0] == 'blocks':
            name = '.'.join(['blocks', str(int(parts[1]) // 2), *parts[1:]])
        chunked[name] = value
    torch.save(chunked, tmp_path / 'dinov2.pth')
    assert equal(read_encoder(tmp_path / 'dinov2.pth', 'tiny'), encoder)


@pytest.mark.parametrize('prefix', ['', 'dinov2.'])
def test_file_of_transformers(tmp_path, encoder, prefix):
    ours = {ENCODER + name: value for name, value in encoder.items()}
    theirs = {
        prefix + name.removeprefix('backbone.'): value.contiguous()
        for name, value in transformers_from_official(ours).items()
    }
    if prefix:
        theirs['classifier.weight'] = torch.zeros(3, 3)
    save_file(theirs, tmp_path / 'model.safetensors')
    assert equal(read_encoder(tmp_path / 'model.safetensors', 'tiny'), encoder)


def test_what_transformers_writes_is_read(tmp_path):
    transformers = pytest.importorskip('transformers')
    # The only size of the catalog that is small enough to make here.
    config = transformers.Dinov2Config(
        hidden_size=256, num_hidden_layers=6, num_attention_heads=4, mlp_ratio=4,
        image_size=518, patch_size=14,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.Dinov2Model(config).eval()
    model.save_pretrained(tmp_path)
    network = DepthAnything(config_for('nano'))
    network.load_state_dict(read_encoder(tmp_path / 'model.safetensors', 'nano'), strict=False)
    image = torch.randn(1, 3, 518, 518)
    with torch.no_grad():
        ours = network.pretrained(image)[-1]
        theirs = model(image).last_hidden_state[:, 1:]
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_gives_its_encoder(tmp_path, encoder):
    network = DepthAnything(config_for('tiny'))
    network.pretrained.load_state_dict(encoder)
    save_checkpoint(network, tmp_path / 'whole.safetensors', dtype=torch.float32)
    assert equal(read_encoder(tmp_path / 'whole.safetensors', 'tiny'), encoder)


def test_the_mask_token_may_lack(tmp_path, encoder):
    del encoder['mask_token']
    torch.save(encoder, tmp_path / 'dinov2.pth')
    assert read_encoder(tmp_path / 'dinov2.pth', 'tiny')[ENCODER + 'mask_token'].sum() == 0


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'register_tokens': torch.zeros(1, 4, 32)}, 'the variant of DINOv2 with register tokens'),
        ({'pos_embed': torch.zeros(1, 257, 32)}, r'pos_embed is \(1, 257, 32\) where'),
        ({'norm.weight': torch.full((32,), float('nan'))}, 'is damaged: .*norm.weight'),
        ({'head.weight': torch.zeros(2)}, 'it holds pretrained.head.weight'),
        ({'cls_token': None}, 'it has no cls_token'),
        ({'norm.bias': None}, 'it lacks pretrained.norm.bias'),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, encoder, change, said):
    for name, value in change.items():
        encoder[name] = value
    torch.save({k: v for k, v in encoder.items() if v is not None}, tmp_path / 'dinov2.pth')
    with pytest.raises(CheckpointError, match=said):
        read_encoder(tmp_path / 'dinov2.pth', 'tiny')


def test_another_size_is_named(tmp_path):
    small = DepthAnything(config_for('small')).pretrained.state_dict()
    torch.save(small, tmp_path / 'dinov2.pth')
    with pytest.raises(CheckpointError, match='no encoder of size base: .*it looks like small'):
        read_encoder(tmp_path / 'dinov2.pth', 'base')


def test_nano_has_no_dinov2():
    with pytest.raises(CheckpointError, match='no encoder of size nano'):
        fetch_dinov2('nano')


def test_a_run_starts_with_the_encoder_and_a_fresh_decoder(tmp_path, encoder, monkeypatch):
    torch.save(encoder, tmp_path / 'dinov2.pth')
    monkeypatch.setattr(starting, 'fetch_dinov2', lambda size: tmp_path / 'dinov2.pth')
    for initial in ('dinov2', str(tmp_path / 'dinov2.pth')):
        settings = run_settings(stage='student', initial=initial, loss__feature_weight=1.0)
        start = start_for(settings)
        for part in (start.network.pretrained, start.frozen):
            state = part.state_dict()
            assert all(torch.equal(state[name], encoder[name]) for name in encoder)
        idle = [n for n, p in start.network.named_parameters() if not p.requires_grad]
        assert idle
        assert all(name.startswith(IDLE) for name in idle)


def saved(path, max_depth=None):
    torch.manual_seed(5)
    network = DepthAnything(config_for('tiny', max_depth)).initialise()
    save_checkpoint(network, path, dtype=torch.float32)
    return network.state_dict()


def test_parts_of_a_checkpoint(tmp_path):
    path = tmp_path / 'relative.safetensors'
    state = saved(path)
    metric = {'stage': 'metric', 'max_depth': 20.0, 'initial': str(path)}

    def kept(**changes) -> set[str]:
        torch.manual_seed(6)
        made = start_for(run_settings(**changes)).network.state_dict()
        return {name for name in state if torch.equal(made[name], state[name])}

    last = {name for name in state if '.output_conv2.' in name and name.endswith('weight')}
    assert kept(initial=str(path), initial_part='all') == set(state)
    body = kept(**metric, initial_part='body')
    assert body >= {name for name in state if '.output_conv2.' not in name}
    assert not body & last
    only = kept(**metric)
    assert {name for name in state if name.startswith(ENCODER)} <= only
    assert not [n for n in only if n.startswith('depth_head.projects') and n.endswith('weight')]
    with pytest.raises(CheckpointError):
        kept(**metric, initial_part='all')


def test_a_whole_metric_checkpoint_goes_on(tmp_path):
    path = tmp_path / 'metric.safetensors'
    state = saved(path, 20.0)
    metric = {'stage': 'metric', 'max_depth': 20.0, 'initial': str(path), 'initial_part': 'all'}
    made = start_for(run_settings(**metric)).network.state_dict()
    assert all(torch.equal(made[name], state[name]) for name in state)
    with pytest.raises(CheckpointError, match='20 m'):
        start_for(run_settings(**{**metric, 'max_depth': 80.0}))


def test_a_fresh_metric_head_starts_in_the_middle_of_its_range():
    torch.manual_seed(0)
    network = start_for(run_settings(stage='metric', max_depth=20.0)).network
    depth = network(torch.randn(1, 3, 28, 28))
    assert 2 < depth.min() < depth.max() < 18


def test_a_bare_encoder_is_no_whole_network(tmp_path, encoder):
    torch.save(encoder, tmp_path / 'dinov2.pth')
    with pytest.raises(CheckpointError, match='set initial_part: encoder'):
        start_for(run_settings(initial=str(tmp_path / 'dinov2.pth'), initial_part='all'))


def test_scratch_has_no_features_to_hold_to():
    with pytest.raises(CheckpointError, match='set loss.feature_weight: 0'):
        start_for(run_settings(loss__feature_weight=1.0))


def test_scratch_is_for_nano_alone():
    with pytest.raises(CheckpointError, match='scratch is for nano alone, not for small'):
        start_for(run_settings(model='small', initial='scratch'))
