# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a name, a file and a device become; errors are tested through DepthEstimator."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest
import torch

from depth_anything_ros.inference import loading
from depth_anything_ros.inference.device import DeviceError
from depth_anything_ros.inference.loading import load, runnable
from depth_anything_ros.model.catalog import card_for
from depth_anything_ros.model.hub import locate


def test_a_name_is_loaded_with_its_card_and_file():
    loaded = load('nano')

    assert (loaded.card, loaded.path) == locate('nano')
    assert loaded.input_size == card_for('nano').input_size


def test_a_path_is_loaded_without_a_card():
    path = locate('nano')[1]

    loaded = load(str(path))

    assert (loaded.card, loaded.path) == (None, path)
    assert loaded.network.config.size == 'nano'


def test_random_weights_have_no_file():
    loaded = load('small', 'random', max_depth=7.0)

    assert (loaded.path, loaded.card) == (None, card_for('small'))
    assert (loaded.network.config.size, loaded.network.config.max_depth) == ('small', 7.0)


def test_a_runnable_model_says_how_it_runs():
    torch.manual_seed(0)
    model = runnable('nano', 'random', 'cpu', 'bfloat16', 7.0)

    assert (model.device(), model.precision) == ('cpu', 'bfloat16')
    assert (model.max_depth, model.fixed_size) == (7.0, None)


def engine_of(device: str) -> tuple[str, str]:
    """Return the device's name and the engine's class for a small network."""
    model = runnable('nano', 'random', device, 'float32', None)
    return model.device(), type(model.engine).__name__


@pytest.fixture
def openvino(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Return what says whether OpenVINO is installed; an engine that does nothing stands in."""

    class OpenVinoEngine:
        def __init__(self, network, dtype):
            pass

    monkeypatch.setattr(loading, 'OpenVinoEngine', OpenVinoEngine)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.backends.mps, 'is_available', lambda: False)
    monkeypatch.setattr(platform, 'machine', lambda: 'x86_64')
    return lambda installed: monkeypatch.setattr(
        loading, 'openvino_is_installed', lambda: installed
    )


def test_auto_takes_openvino_where_it_is_installed(openvino, monkeypatch):
    openvino(True)
    assert engine_of('auto') == ('openvino', 'OpenVinoEngine')
    assert engine_of('cpu') == ('cpu', 'CpuEngine')

    openvino(False)
    assert engine_of('auto') == ('cpu', 'CpuEngine')


def test_other_processors_take_openvino_only_when_asked(openvino, monkeypatch):
    openvino(True)
    monkeypatch.setattr(platform, 'machine', lambda: 'aarch64')

    assert engine_of('auto') == ('cpu', 'CpuEngine')
    assert engine_of('openvino') == ('openvino', 'OpenVinoEngine')


def test_openvino_that_is_not_installed_is_refused(openvino):
    openvino(False)

    with pytest.raises(DeviceError, match='device openvino .*pip install openvino'):
        engine_of('openvino')


@pytest.mark.parametrize('compiled', [False, True])
def test_cuda_has_an_engine_of_its_own(monkeypatch, compiled):
    made = []
    monkeypatch.setattr(loading, 'resolve_device', torch.device)
    monkeypatch.setattr(loading, 'CudaEngine', lambda *arguments: made.append(arguments))

    runnable('nano', 'random', 'cuda:1', 'float16', None, compiled)

    (_, *others) = made[0]
    assert others == [torch.device('cuda:1'), torch.float16, compiled]
