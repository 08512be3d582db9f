# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a weights file to a network and back."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model import checkpoint as checkpoint_module
from depth_anything_ros.model.catalog import CATALOG
from depth_anything_ros.model.checkpoint import (
    CheckpointError,
    CheckpointMismatchError,
    load_network,
    save_checkpoint,
)


@pytest.fixture
def network(tiny, random_network):
    return random_network(tiny)


@pytest.fixture
def saved(tmp_path, network):
    """Save ``network`` with its last bias set; the sign decides what a trial run sees."""

    def save(name='mine.pth', bias=0.1, change=None):
        state = {key: tensor.clone() for key, tensor in network.state_dict().items()}
        state['depth_head.scratch.output_conv2.2.bias'].fill_(bias)
        if change:
            change(state)
        torch.save(state, tmp_path / name)
        return tmp_path / name

    return save


RELATIVE_NAME = 'depth_anything_v2_vits.pth'
INDOOR_NAME = 'depth_anything_v2_metric_hypersim_vits.pth'
OUTDOOR_NAME = 'depth_anything_v2_metric_vkitti_vits.pth'
FAR_ABOVE, FAR_BELOW = 50.0, -50.0


def load(path, model=None, **settings):
    return load_network(CATALOG[model] if model else None, path, **settings)


def test_a_loaded_network_computes_what_the_saved_one_did(saved, network):
    picture = torch.randn(1, 3, 28, 42, generator=torch.Generator().manual_seed(1))

    loaded = load(saved(RELATIVE_NAME), 'tiny')

    assert not loaded.training
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    with torch.inference_mode():
        assert torch.equal(loaded(picture), network(picture))


def test_a_loaded_network_does_not_depend_on_the_file(saved, network):
    path = saved(RELATIVE_NAME)
    loaded = load(path)
    size = path.stat().st_size
    with path.open('r+b') as file:
        file.write(b'\xff' * size)

    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name


def test_the_file_alone_decides_when_no_model_is_asked_for(saved):
    assert load(saved(RELATIVE_NAME)).config.max_depth is None
    assert load(saved(INDOOR_NAME)).config.max_depth == 20.0
    assert load(saved(OUTDOOR_NAME)).config.max_depth == 80.0


def test_a_metric_network_gives_metres_below_its_farthest_depth(saved):
    loaded = load(saved(INDOOR_NAME), 'metric-indoor-tiny')

    depth = loaded(torch.zeros(1, 3, 28, 28))

    assert loaded.config.kind is DepthKind.METRIC
    assert depth.min() > 0 and depth.max() < 20


def test_another_size_is_refused_with_the_right_name(tmp_path, tiny, random_network):
    giant = random_network(replace(tiny, size='tiny-giant', ffn='swiglu'))
    save_checkpoint(giant, tmp_path / 'w.safetensors')
    message = 'holds tiny-giant, but model: tiny was asked.*set another model or give another file'

    with pytest.raises(CheckpointMismatchError, match=message):
        load(tmp_path / 'w.safetensors', 'tiny')


def test_the_published_model_of_the_size_is_proposed(saved):
    with pytest.raises(
        CheckpointMismatchError, match='holds tiny, but model: small.*set model: tiny '
    ):
        load(saved(), 'small')


@pytest.mark.parametrize(
    ('name', 'model', 'settings', 'message'),
    [
        (
            INDOOR_NAME,
            'tiny',
            {},
            'metric weights.*model: tiny asks.*set model: metric-indoor-tiny ',
        ),
        (
            RELATIVE_NAME,
            'metric-indoor-tiny',
            {},
            'relative weights.*metric ones; set model: tiny ',
        ),
        (OUTDOOR_NAME, 'metric-indoor-tiny', {}, 'up to 80 m.*model: metric-indoor-tiny.*20 m'),
        (RELATIVE_NAME, 'tiny', {'max_depth': 20.0}, 'relative weights.*leave max_depth unset'),
        (INDOOR_NAME, None, {'max_depth': 40.0}, 'up to 20 m.*max_depth asks for 40 m'),
    ],
)
def test_what_the_file_says_is_not_overruled(saved, name, model, settings, message):
    path = saved(name)

    with pytest.raises(CheckpointMismatchError, match=message) as caught:
        load(path, model, **settings)

    assert str(path) in str(caught.value)


def test_silent_weights_are_tried_out(saved, caplog):
    with caplog.at_level(logging.WARNING):
        loaded = load(saved(bias=FAR_ABOVE))

    assert loaded.config.kind is DepthKind.RELATIVE
    assert 'a trial run left' in caplog.text
    with pytest.raises(CheckpointError, match=r'set max_depth to the metres.*mine\.json'):
        load(saved(bias=FAR_BELOW))


def test_a_clear_trial_run_refuses_the_wrong_model_and_says_how_to_overrule_it(saved):
    path = saved(bias=FAR_BELOW)

    with pytest.raises(CheckpointMismatchError, match=r'this is a guess.*mine\.json.*relative'):
        load(path, 'tiny')

    assert load(path, 'tiny', max_depth=10.0).config.max_depth == 10.0
    path.with_suffix('.json').write_text(json.dumps({'kind': 'relative'}))
    assert load(path, 'tiny').config.max_depth is None


@pytest.fixture
def unclear(monkeypatch):
    """Let no trial run tell anything."""
    monkeypatch.setattr(checkpoint_module, 'probe_head', lambda network: None)


@pytest.mark.parametrize('model', [None, 'tiny'])
def test_after_an_unclear_trial_run_weights_are_relative_with_a_warning(
    saved, caplog, unclear, model
):
    with caplog.at_level(logging.WARNING):
        assert load(saved(), model).config.max_depth is None

    assert 'taking it as relative; set max_depth' in caplog.text


def test_the_name_of_a_model_alone_makes_no_metres(saved, unclear):
    path = saved()

    with pytest.raises(CheckpointError, match=r'name of model: metric-indoor-tiny alone') as caught:
        load(path, 'metric-indoor-tiny')

    assert str(path) in str(caught.value)
    assert 'set max_depth: 20, otherwise set model: tiny' in str(caught.value)
    loaded = load(path, 'metric-indoor-tiny', max_depth=20.0)
    assert loaded.config.max_depth == 20.0


def test_a_number_that_contradicts_the_model_is_refused(saved):
    with pytest.raises(
        CheckpointMismatchError,
        match=r'max_depth asks for 40 m, but model: metric-indoor-tiny is up to 20 m.*model: tiny ',
    ):
        load(saved(), 'metric-indoor-tiny', max_depth=40.0)


def drop(*names):
    def change(state):
        for name in [n for n in state if n.startswith(names)]:
            del state[name]

    return change


NORM = 'pretrained.norm.weight'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            drop(
                'depth_head.scratch.refinenet1.out', 'pretrained.norm', 'depth_head.scratch.layer'
            ),
            r'lacks tensors of tiny: pretrained\.norm\.weight, .* and 5 more',
        ),
        (
            lambda state: state.update(extra=torch.zeros(1)),
            'holds tensors tiny has not: extra;',
        ),
        (
            lambda state: state.update({'pretrained.pos_embed': torch.zeros(1, 257, 32)}),
            r'pretrained\.pos_embed is \(1, 257, 32\) where \(1, 1370, 32\) is expected',
        ),
        (
            lambda state: state[NORM].fill_(float('nan')),
            r'is damaged: pretrained\.norm\.weight holds NaN',
        ),
        (
            lambda state: state[NORM].mul_(float('inf')),
            r'is damaged: pretrained\.norm\.weight holds NaN or infinite',
        ),
    ],
    ids=['missing', 'unexpected', 'shape', 'nan', 'inf'],
)
def test_unsound_weights_are_refused_by_name(saved, change, message):
    with pytest.raises(CheckpointError, match=message):
        load(saved(RELATIVE_NAME, change=change))


def test_tensors_that_no_output_depends_on_may_be_absent(saved, network):
    unused = ('pretrained.mask_token', 'depth_head.scratch.refinenet4.resConfUnit1')
    picture = torch.zeros(1, 3, 28, 28)

    loaded = load(saved(RELATIVE_NAME, change=drop(*unused)))

    with torch.inference_mode():
        assert torch.equal(loaded(picture), network(picture))


@pytest.mark.parametrize('max_depth', [None, 12.5])
def test_a_saved_network_comes_back_with_its_kind(tmp_path, tiny, random_network, max_depth):
    network = random_network(replace(tiny, max_depth=max_depth))
    path = tmp_path / 'trained.safetensors'

    save_checkpoint(network, path, {'steps': 12, 'licence': 'Apache-2.0', 'size': 'wrong'})
    loaded = load(path)

    assert loaded.config == network.config
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float()), name
    header = safe_open(path, 'pt').metadata()
    assert (header['steps'], header['licence'], header['size']) == ('12', 'Apache-2.0', 'tiny')


def test_a_saved_file_is_readable_as_the_umask_says(tmp_path, network):
    (tmp_path / 'plain').touch()

    save_checkpoint(network, tmp_path / 'trained.safetensors')

    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_saving_replaces_whole_files_and_leaves_nothing_behind(tmp_path, network):
    path = tmp_path / 'trained.safetensors'
    save_checkpoint(network, path, dtype=torch.float32)
    before = path.read_bytes()
    torch.nn.init.constant_(network.pretrained.norm.weight, 1e6)

    with pytest.raises(CheckpointError, match=r'pretrained\.norm\.weight.*float16'):
        save_checkpoint(network, path)

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
