# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The compiled network, and the engine with it."""

from __future__ import annotations

import copy
import logging

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.compiled import MODE
from depth_anything_ros.inference.cuda_engine import CudaEngine
from depth_anything_ros.inference.device import DeviceError
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.faults import OutOfMemoryError
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

SIZES = ((42, 56), (28, 42))
compiler = torch.compile


@pytest.fixture(scope='module')
def network() -> DepthAnything:
    torch.manual_seed(0)
    return DepthAnything(config_for('nano', None)).initialise()


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40, 50, 3), dtype=np.uint8) for _ in range(count)]


def engine_of(network: DepthAnything, device: str, compiled: bool) -> CudaEngine:
    return CudaEngine(copy.deepcopy(network), torch.device(device), torch.float32, compiled)


def compile_with(monkeypatch: pytest.MonkeyPatch, backend) -> list[str]:
    """Compile with another backend than the one that needs minutes; return the modes asked for."""
    modes: list[str] = []

    def stand_in(network, dynamic, mode):
        modes.append(mode)
        return compiler(network, dynamic=dynamic, fullgraph=True, backend=backend)

    monkeypatch.setattr(torch, 'compile', stand_in)
    torch.compiler.reset()
    return modes


def test_the_whole_network_is_traced_once_for_each_shape_and_gives_its_depth(network, monkeypatch):
    graphs: list[torch.fx.GraphModule] = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    modes = compile_with(monkeypatch, backend)
    plain, fast = (engine_of(network, 'cpu', compiled) for compiled in (False, True))

    for _ in range(2):
        for size in SIZES:
            for count in (1, 2):
                got, want = (each.run(pictures(count), size, False) for each in (fast, plain))
                np.testing.assert_allclose(got, want, rtol=1e-5)

    assert modes == [MODE]
    assert len(graphs) == 4  # without breaks: fullgraph refuses those


def test_what_cannot_be_compiled_runs_plainly_and_the_log_says_so_once(
    network, monkeypatch, caplog
):
    def backend(graph, inputs):
        raise RuntimeError('Cannot find a working triton installation\nmore')

    compile_with(monkeypatch, backend)
    fast = engine_of(network, 'cpu', True)

    with caplog.at_level(logging.WARNING):
        got = [fast.run(pictures(1), SIZES[0], False)[0] for _ in range(2)]

    want = engine_of(network, 'cpu', False).run(pictures(1), SIZES[0], False)[0]
    np.testing.assert_array_equal(got, [want, want])
    (said,) = [row for row in caplog.messages if 'torch.compile failed' in row]
    assert 'working triton installation' in said and 'more' not in said


def test_memory_that_runs_out_is_no_failed_compilation(network, monkeypatch, caplog):
    def backend(graph, inputs):
        def run(*arguments):
            raise torch.cuda.OutOfMemoryError('CUDA out of memory')

        return run

    compile_with(monkeypatch, backend)
    fast = engine_of(network, 'cpu', True)

    with pytest.raises(OutOfMemoryError, match='does not fit'):
        fast.run(pictures(1), SIZES[0], False)
    assert 'torch.compile failed' not in caplog.text


@pytest.mark.cuda
def test_on_a_gpu_the_graphs_hold_the_compiled_network(network):
    plain, fast = (engine_of(network, 'cuda', compiled) for compiled in (False, True))

    for _ in range(2):
        got, want = (each.run(pictures(1), SIZES[0], False)[0] for each in (fast, plain))
        np.testing.assert_allclose(got, want, rtol=2e-3)

    assert all(slot.graph for slots in fast._slots.values() for slot in slots)


def test_elsewhere_and_for_exported_models_it_is_refused(tmp_path):
    with pytest.raises(DeviceError, match='compiled is for GPUs of NVIDIA, here is cpu'):
        DepthEstimator(device='cpu', compiled=True)
    file = tmp_path / 'my.onnx'
    file.touch()
    with pytest.raises(ValueError, match='compiled is for weights, not for my.onnx'):
        DepthEstimator(str(file), compiled=True)
