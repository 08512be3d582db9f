# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which providers are tried, with what, and which are believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('onnxruntime')

import onnxruntime

from depth_anything_ros.inference import onnx_session, tensorrt_cache
from depth_anything_ros.inference.onnx_card import OnnxCard, read_card
from depth_anything_ros.inference.onnx_session import (
    OnnxFile,
    ProviderError,
    open_checked,
    providers_for,
    run_session,
)


class Session:
    """A session of the real CPU provider that passes as another and may lie."""

    def __init__(self, runtime: Runtime, path: str, providers: list[tuple[str, dict]]) -> None:
        self.runtime = runtime
        self.names = [name for name, _ in providers]
        self.inner = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        self.runs = 0

    def get_providers(self) -> list[str]:
        return [name for name in self.names if name not in self.runtime.unloadable]

    def disable_fallback(self) -> None:
        pass

    def run(self, names, inputs):
        self.runs += 1
        return [self.runtime.alter(self, self.inner.run(names, inputs)[0])]


class Runtime:
    """Stands for onnxruntime on a machine with other providers."""

    SessionOptions = onnxruntime.SessionOptions
    __version__ = '9.9'

    def __init__(self, *names: str) -> None:
        self.names = [onnx_session.PROVIDERS[name] for name in names]
        self.unloadable: set[str] = set()
        self.opened: list[list[tuple[str, dict]]] = []
        self.alter = lambda session, depth: depth

    def get_available_providers(self) -> list[str]:
        return self.names

    def InferenceSession(self, path, settings, providers):
        self.opened.append(providers)
        return Session(self, path, providers)


@pytest.fixture
def runtime(monkeypatch, tmp_path) -> Runtime:
    runtime = Runtime('cpu', 'openvino', 'cuda', 'tensorrt')
    monkeypatch.setattr(onnx_session, '_runtime', lambda: runtime)
    monkeypatch.setattr(tensorrt_cache, 'gpu_name', lambda index: f'Orin {index}')
    monkeypatch.setattr(tensorrt_cache, 'tensorrt_version', lambda: 'trt100300')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return runtime


@pytest.fixture
def file(exported) -> OnnxFile:
    return OnnxFile(exported, read_card(exported))


def only(*names: str):
    """Return what makes the sessions of some providers wrong by a tenth of the range."""
    wrong = {onnx_session.PROVIDERS[name] for name in names}

    def alter(session, depth):
        return depth + 0.1 * np.ptp(depth) if session.names[0] in wrong else depth

    return alter


def test_auto_tries_the_fastest_first(runtime):
    assert providers_for('auto') == (['tensorrt', 'cuda', 'openvino', 'cpu'], 0)
    runtime.names = [onnx_session.PROVIDERS['cpu'], 'AzureExecutionProvider']
    assert providers_for('auto') == (['cpu'], 0)


def test_a_named_provider_is_the_only_one(runtime):
    assert providers_for('cuda:1') == (['cuda'], 1)
    assert providers_for('tensorrt') == (['tensorrt'], 0)
    assert providers_for('cpu') == (['cpu'], 0)


@pytest.mark.parametrize('device', ['mps', 'cpu:1', 'cuda:', 'cuda:x', '', 'auto:1'])
def test_other_devices_are_refused_with_the_choices(runtime, device):
    with pytest.raises(ProviderError, match='choose one of auto, tensorrt, cuda, openvino, cpu'):
        providers_for(device)


def test_a_provider_that_this_runtime_lacks_is_refused(runtime):
    runtime.names = [onnx_session.PROVIDERS['cpu']]
    with pytest.raises(ProviderError, match='needs an ONNX Runtime with CUDAExecutionProvider'):
        providers_for('cuda')


@pytest.mark.parametrize('name', ['cuda', 'openvino', 'cpu'])
def test_a_right_provider_is_taken_for_all_sizes(runtime, file, name):
    session = open_checked(file, name, (42, 56))

    assert session.names[0] == onnx_session.PROVIDERS[name]
    assert run_session(session, np.zeros((1, 3, 28, 42), np.float32)).shape == (1, 28, 42)
    assert len(runtime.opened) == 1


@pytest.mark.parametrize('name', onnx_session.PROVIDERS)
def test_a_wrong_depth_is_found(runtime, file, name):
    runtime.alter = only(name)

    with pytest.raises(ProviderError, match='differs from torch by 0.1.? of the range'):
        open_checked(file, name, (42, 56))


def test_a_depth_that_jumps_is_found(runtime, file):
    runtime.alter = lambda session, depth: depth * (1 + 0.5 * (session.runs == 3))

    with pytest.raises(ProviderError, match='differs from torch'):
        open_checked(file, 'cuda', (42, 56))


def test_nan_is_found(runtime, file):
    runtime.alter = lambda session, depth: depth * np.nan

    with pytest.raises(ProviderError, match='by inf of the range'):
        open_checked(file, 'cpu', (42, 56))


def test_missing_libraries_are_found(runtime, file):
    runtime.unloadable = {onnx_session.PROVIDERS['cuda']}

    with pytest.raises(ProviderError, match='libraries do not load'):
        open_checked(file, 'cuda', (42, 56))


def test_a_provider_that_fails_is_an_error_in_one_line(runtime, file):
    def fails(session, depth):
        raise RuntimeError('no memory\nand more')

    runtime.alter = fails
    with pytest.raises(ProviderError, match='it fails at 140 x 182: no memory$'):
        open_checked(file, 'cpu', (42, 56))


def test_a_damaged_graph_is_an_error(runtime, file, tmp_path):
    damaged = tmp_path / 'damaged.onnx'
    damaged.write_bytes(file.path.read_bytes()[:-1000])

    with pytest.raises(ProviderError, match='does not start'):
        open_checked(OnnxFile(damaged, file.card), 'cpu', (42, 56))


def options_of(runtime: Runtime, provider: str) -> dict[str, str]:
    (found,) = [options for chain in runtime.opened for name, options in chain if name == provider]
    return found


def test_tensorrt_builds_for_one_size_and_keeps_the_engine(runtime, file, tmp_path):
    open_checked(OnnxFile(file.path, file.card, gpu=1), 'tensorrt', (42, 56))

    options = options_of(runtime, 'TensorrtExecutionProvider')
    assert options['device_id'] == '1'
    assert options['trt_fp16_enable'] == 'False'
    for end in ('min', 'opt', 'max'):
        assert options[f'trt_profile_{end}_shapes'] == 'image:1x3x42x56'
    folder = Path(options['trt_engine_cache_path'])
    assert folder.is_dir() and tmp_path in folder.parents
    # The CPU provider, itself compared with torch, is what TensorRT was compared with.
    names = [chain[0][0] for chain in runtime.opened]
    assert names == ['TensorrtExecutionProvider', 'CPUExecutionProvider']
    assert [name for name, _ in runtime.opened[0]] == [
        'TensorrtExecutionProvider',
        'CUDAExecutionProvider',
        'CPUExecutionProvider',
    ]


def test_tensorrt_at_the_size_of_the_reference_is_compared_with_torch_itself(runtime, file):
    open_checked(file, 'tensorrt', file.card.reference_size)

    assert len(runtime.opened) == 1


def test_an_engine_that_proved_wrong_is_not_kept(runtime, file):
    runtime.alter = only('tensorrt')
    with pytest.raises(ProviderError):
        open_checked(file, 'tensorrt', (42, 56))

    folder = options_of(runtime, 'TensorrtExecutionProvider')['trt_engine_cache_path']
    assert not Path(folder).exists()


def test_without_a_known_gpu_no_engine_is_kept(runtime, file, monkeypatch):
    monkeypatch.setattr(tensorrt_cache, 'gpu_name', lambda index: None)

    open_checked(file, 'tensorrt', (42, 56))

    assert 'trt_engine_cache_path' not in options_of(runtime, 'TensorrtExecutionProvider')


def test_float32_files_stay_float32_on_a_gpu(runtime, file):
    open_checked(file, 'cuda', (42, 56))

    assert options_of(runtime, 'CUDAExecutionProvider') == {'device_id': '0', 'use_tf32': '0'}


def test_a_fixed_file_in_float16_has_no_profile(runtime, exported_fixed):
    card: OnnxCard = read_card(exported_fixed)
    assert card.fixed_size is not None
    open_checked(OnnxFile(exported_fixed, card), 'tensorrt', card.fixed_size)

    options = options_of(runtime, 'TensorrtExecutionProvider')
    assert options['trt_fp16_enable'] == 'True'
    assert not [name for name in options if 'profile' in name]
