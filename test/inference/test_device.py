# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of devices and precisions."""

from __future__ import annotations

import pytest
import torch

from depth_anything_ros.inference import device as device_module
from depth_anything_ros.inference.device import DeviceError, resolve_device, resolve_precision

CPU, CUDA, MPS = torch.device('cpu'), torch.device('cuda'), torch.device('mps')


@pytest.mark.parametrize(
    ('cuda', 'mps', 'expected'),
    [(True, True, 'cuda'), (True, False, 'cuda'), (False, True, 'mps'), (False, False, 'cpu')],
)
def test_auto_prefers_cuda_then_mps(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, 'is_available', lambda: mps)

    assert resolve_device('auto').type == expected


def test_a_named_device_is_taken():
    assert resolve_device('cpu') == CPU


@pytest.mark.parametrize('name', ['nonsense', '', 'cpu:x', 'cuda:99'])
def test_unusable_device_is_refused_by_name(name):
    with pytest.raises(DeviceError, match=f'device {name!r} cannot be used here') as caught:
        resolve_device(name)

    assert 'choose auto, cpu, cuda or mps' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('device', 'fast', 'expected'),
    [
        (CUDA, False, torch.float16),
        (CPU, True, torch.bfloat16),
        (CPU, False, torch.float32),
        (MPS, True, torch.float32),
    ],
)
def test_auto_precision_depends_on_the_hardware(monkeypatch, device, fast, expected):
    monkeypatch.setattr(device_module, '_cpu_multiplies_bfloat16', lambda: fast)

    assert resolve_precision('auto', device) is expected


@pytest.mark.parametrize('check', ['_is_avx512_bf16_supported', '_is_amx_tile_supported', None])
def test_bfloat16_needs_one_of_the_instruction_sets(monkeypatch, check):
    for name in ('_is_avx512_bf16_supported', '_is_amx_tile_supported'):
        monkeypatch.setattr(torch.cpu, name, lambda there=name == check: there, raising=False)

    expected = torch.bfloat16 if check else torch.float32
    assert resolve_precision('auto', CPU) is expected


@pytest.mark.parametrize(
    ('name', 'expected'), [('float32', torch.float32), ('bfloat16', torch.bfloat16)]
)
def test_a_named_precision_is_taken_on_a_cpu(name, expected):
    assert resolve_precision(name, CPU) is expected


def test_float16_is_taken_on_a_gpu_and_refused_on_a_cpu():
    assert resolve_precision('float16', CUDA) is torch.float16
    with pytest.raises(DeviceError, match='float16 needs a GPU'):
        resolve_precision('float16', CPU)


def test_unknown_precision_is_refused_with_the_choices():
    with pytest.raises(DeviceError, match="'int8' is unknown; choose one of auto, float32"):
        resolve_precision('int8', CPU)
