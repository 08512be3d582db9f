# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of inference/memory.py."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from depth_anything_ros.inference import memory
from depth_anything_ros.inference.memory import cuda_bytes, give_back_memory, resident_bytes


@pytest.mark.skipif(not memory.STATM.exists(), reason='only Linux tells')
def test_the_resident_memory_grows_with_what_is_written():
    before = resident_bytes()
    block = np.ones(64 * 2**20, np.uint8)
    assert resident_bytes() - before > block.nbytes / 2


def test_a_system_that_does_not_tell_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, 'STATM', tmp_path / 'none')
    assert resident_bytes() is None


def test_only_a_cuda_device_in_use_has_cuda_memory(monkeypatch):
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        memory_allocated=lambda device: 3,
        memory_reserved=lambda device: 5,
    )
    monkeypatch.setitem(memory.sys.modules, 'torch', SimpleNamespace(cuda=cuda))
    assert cuda_bytes('cuda:0') == (3, 5)
    assert cuda_bytes('cpu') is None
    cuda.is_initialized = lambda: False
    assert cuda_bytes('cuda:0') is None


def test_memory_of_a_gpu_that_cannot_be_given_back_is_no_error(monkeypatch):
    calls = []

    def capturing():
        calls.append(True)
        raise RuntimeError('captures_underway.empty() INTERNAL ASSERT FAILED')

    cuda = SimpleNamespace(is_initialized=lambda: True, empty_cache=capturing)
    monkeypatch.setitem(memory.sys.modules, 'torch', SimpleNamespace(cuda=cuda))

    give_back_memory()
    assert calls == [True]
    give_back_memory(gpu=False)
    assert calls == [True]
