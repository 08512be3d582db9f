# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Telling size and kind of a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model.catalog import WEIGHTS_FOLDER
from depth_anything_ros.model.checkpoint_file import (
    CheckpointError,
    CheckpointFile,
    read_checkpoint,
)
from depth_anything_ros.model.configuration import SIZES, config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.recognition import (
    probe_head,
    recognise,
    recognise_size,
    stated_kind,
)

RELATIVE, METRIC = DepthKind.RELATIVE, DepthKind.METRIC


def checkpoint(path='weights.pth', size='nano', **says) -> CheckpointFile:
    with torch.device('meta'):
        state = DepthAnything(config_for(size)).state_dict()
    return CheckpointFile(Path(path), state, **says)


@pytest.mark.parametrize('size', list(SIZES))
def test_the_size_follows_from_the_shapes(size):
    assert recognise_size(checkpoint(size=size)) == size


def test_an_unknown_shape_is_described():
    odd = checkpoint(size='small')
    for name in list(odd.tensors):
        if name.startswith('pretrained.blocks.11.'):
            del odd.tensors[name]

    with pytest.raises(CheckpointError, match='384 wide with 11 mlp blocks.*64 wide'):
        recognise_size(odd)


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        (['cls_token', 'pos_embed', 'blocks.0.norm1.weight'], 'a bare encoder'),
        (['conv1.weight', 'bn1.weight'], 'first tensors are conv1.weight, bn1.weight'),
        (['depth_head.projects.0.weight'], 'has no pretrained.patch_embed.proj.weight'),
    ],
)
def test_other_networks_are_refused(names, message):
    other = CheckpointFile(Path('x.pth'), {name: torch.zeros(1) for name in names})

    with pytest.raises(CheckpointError, match=message):
        recognise_size(other)


@pytest.mark.parametrize(
    ('path', 'kind', 'max_depth'),
    [
        ('depth_anything_v2_vits.pth', RELATIVE, None),
        ('depth_anything_v2_vitl_fp16.safetensors', RELATIVE, None),
        ('depth_anything_v2_metric_hypersim_vitl_fp32.safetensors', METRIC, 20.0),
        ('depth_anything_v2_metric_hypersim_vitl.pth', METRIC, 20.0),
        ('depth_anything_v2_metric_vkitti_vits.pth', METRIC, 80.0),
        ('my_metric_model.pth', METRIC, None),
        ('depth_anything_v2_metric_hypersim_vits_mine.pth', METRIC, None),
        (
            'hub/models--depth-anything--Depth-Anything-V2-Metric-Outdoor-Small-hf/snapshots/1/m.pth',
            METRIC,
            80.0,
        ),
        ('hub/models--depth-anything--Depth-Anything-V2-Base-hf/snapshots/1/m.pth', RELATIVE, None),
    ],
)
def test_official_names_tell_the_kind(path, kind, max_depth):
    statement = stated_kind(checkpoint(path))

    assert statement is not None
    assert (statement.kind, statement.max_depth) == (kind, max_depth)
    assert 'name' in statement.evidence


@pytest.mark.parametrize(
    'path',
    [
        'latest.pth',
        'geometric.pth',
        'metric/latest.pth',
        'depth_anything_v2_vits_mine.pth',
        'mine_depth_anything_v2_vits.pth',
        'relative_after_hypersim.pth',
    ],
)
def test_other_names_tell_nothing(path):
    assert recognise(checkpoint(path)).kind is None


@pytest.mark.parametrize(
    ('says', 'kind', 'max_depth', 'evidence'),
    [
        ({'metadata': {'kind': 'metric', 'max_depth': '10.0'}}, METRIC, 10.0, 'header'),
        ({'metadata': {'kind': 'relative', 'max_depth': ''}}, RELATIVE, None, 'header'),
        (
            {
                'sidecar': {'depth_estimation_type': 'relative', 'max_depth': 1},
                'sidecar_name': 'config.json',
            },
            RELATIVE,
            None,
            'config.json',
        ),
        ({'entries': {'epoch': 3, 'max_depth': 80}}, METRIC, 80.0, 'trainer'),
        ({'entries': {'args': {'max_depth': 20}}}, METRIC, 20.0, 'args'),
    ],
)
def test_statements_are_read_wherever_they_stand(says, kind, max_depth, evidence):
    facts = recognise(checkpoint(**says))

    assert (facts.size, facts.kind, facts.max_depth) == ('nano', kind, max_depth)
    assert evidence in facts.evidence
    assert not facts.guessed


def test_the_header_weighs_more_than_the_name():
    says = {'metadata': {'kind': 'relative'}}

    facts = recognise(checkpoint('depth_anything_v2_metric_vkitti_vits.pth', **says))

    assert facts.kind is RELATIVE


@pytest.mark.parametrize('facts', [{'kind': 'stereo'}, {'max_depth': 'far'}, {'max_depth': -1}])
def test_a_statement_that_cannot_be_is_refused(facts):
    with pytest.raises(CheckpointError, match='cannot be; expected relative'):
        stated_kind(checkpoint(sidecar=facts, sidecar_name='weights.json'))


@pytest.mark.parametrize(
    ('bias', 'kind'), [(50.0, RELATIVE), (-50.0, METRIC)], ids=['positive', 'negative']
)
def test_the_probe_tells_outputs_clearly_on_one_side_of_zero(tiny, random_network, bias, kind):
    network = random_network(tiny)
    torch.nn.init.constant_(network.depth_head.scratch.output_conv2[2].bias, bias)

    statement = probe_head(network)

    assert statement is not None
    assert statement.kind is kind
    assert 'a trial run left' in statement.evidence


def test_the_probe_recognises_the_shipped_weights_without_their_header(tmp_path):
    weights = load_file(WEIGHTS_FOLDER / 'nano.safetensors')
    save_file(weights, tmp_path / 'silent.safetensors')
    silent = read_checkpoint(tmp_path / 'silent.safetensors')
    assert recognise(silent).kind is None
    network = DepthAnything(config_for('nano')).eval()
    network.load_state_dict(silent.tensors)

    statement = probe_head(network)

    assert statement is not None
    assert statement.kind is RELATIVE


def test_the_probe_says_nothing_when_the_outputs_straddle_zero(tiny, random_network):
    network = random_network(tiny)
    last = network.depth_head.scratch.output_conv2[2]
    raw = []
    hook = last.register_forward_hook(lambda _m, _i, output: raw.append(output))
    probe_head(network)
    hook.remove()
    with torch.no_grad():
        last.bias -= raw[0].median()

    assert probe_head(network) is None


def test_weights_of_too_few_dimensions_are_refused():
    flat = checkpoint()
    flat.tensors['depth_head.scratch.output_conv1.weight'] = torch.zeros(3)

    with pytest.raises(CheckpointError, match='too few dimensions'):
        recognise_size(flat)


@pytest.mark.parametrize(
    'says',
    [
        {'kind': ['metric']},
        {'kind': {}},
        {'max_depth': [20.0]},
        {'max_depth': 10**400},
        {'max_depth': 1e300},
        {'kind': 'metric', 'max_depth': 'x' * 10**6},
    ],
    ids=lambda says: str(says)[:30],
)
def test_what_cannot_be_said_of_a_network_is_refused_briefly(says):
    with pytest.raises(CheckpointError, match='which cannot be') as caught:
        stated_kind(checkpoint(entries=says))
    assert len(str(caught.value)) < 400


def test_a_file_that_says_something_nested_without_end_is_refused_at_once():
    endless = ['x']
    for _ in range(64):
        endless = [endless, endless]

    with pytest.raises(CheckpointError, match='kind of type list'):
        stated_kind(checkpoint(entries={'kind': endless}))
