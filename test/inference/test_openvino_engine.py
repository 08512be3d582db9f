# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenVINO engine against the plain one, with the same weights and pictures."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference.engine import EagerEngine
from depth_anything_ros.inference.openvino_engine import MOST_SIZES, OpenVinoEngine
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate

pytest.importorskip('openvino')

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def network() -> DepthAnything:
    return load_network(*locate('nano'))


@pytest.fixture(scope='module')
def engine(network) -> OpenVinoEngine:
    return OpenVinoEngine(copy.deepcopy(network), torch.float32)


@pytest.fixture(scope='module')
def pictures() -> list[np.ndarray]:
    return [ProceduralClip(seed, 98, 70, 5.0).frame(0)[0] for seed in (1, 2)]


def eager(network: DepthAnything, dtype: torch.dtype) -> EagerEngine:
    return EagerEngine(copy.deepcopy(network), CPU, dtype)


@pytest.mark.parametrize('size', [(70, 98), (14, 14), (14, 42), (56, 56), (126, 28)], ids=str)
def test_one_graph_serves_every_size_with_the_exact_values(network, engine, size):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2)]

    got = engine.run(pictures, size, True)
    want = eager(network, torch.float32).run(pictures, size, True)

    assert [(depth.shape, depth.dtype) for depth in got] == [(size, np.float32)] * 2
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_depth_comes_back_at_the_size_of_the_picture(engine, pictures):
    assert [depth.shape for depth in engine.run(pictures, (42, 56), False)] == [(70, 98)] * 2


def test_metric_depth_is_in_metres(pictures):
    torch.manual_seed(0)
    network = DepthAnything(config_for('nano', 20.0)).initialise()
    want = eager(network, torch.float32).run(pictures, (70, 98), True)

    got = OpenVinoEngine(network, torch.float32).run(pictures, (70, 98), True)

    assert np.max(got) > 1
    np.testing.assert_allclose(got, want, rtol=1e-4)


def test_bfloat16_is_as_near_to_float32_as_the_plain_engine(network, pictures):
    exact = eager(network, torch.float32).run(pictures, (70, 98), True)
    plain = eager(network, torch.bfloat16).run(pictures, (70, 98), True)

    fast = OpenVinoEngine(copy.deepcopy(network), torch.bfloat16).run(pictures, (70, 98), True)

    for got, rounded, want in zip(fast, plain, exact, strict=True):
        # Where the processor has no bfloat16, OpenVINO computes in float32 all the same.
        assert np.abs(got - want).mean() < 1.5 * np.abs(rounded - want).mean()


def test_depths_own_their_memory(engine, pictures):
    first, _ = engine.run(pictures, (42, 56), True)
    before = first.copy()

    engine.run(pictures[::-1], (42, 56), True)

    np.testing.assert_array_equal(first, before)


def test_graphs_of_the_last_few_sizes_are_kept(engine, pictures):
    first = engine.run(pictures[:1], (28, 28), True)
    kept = engine._requests[28, 28]

    engine.run(pictures, (28, 28), True)
    assert engine._requests[28, 28] is kept
    for columns in range(3, 3 + MOST_SIZES):
        engine.run(pictures[:1], (28, 14 * columns), True)
    assert len(engine._requests) == MOST_SIZES
    assert (28, 28) not in engine._requests
    np.testing.assert_allclose(engine.run(pictures[:1], (28, 28), True), first, rtol=1e-5)


def test_a_signal_after_engines_have_come_and_gone_is_handled():
    # In a process of its own: where this goes wrong, the process dies of the signal.
    script = """
import gc, signal
import numpy as np, torch
from depth_anything_ros.inference.openvino_engine import OpenVinoEngine
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.hub import locate

engines = []
for _ in range(2):
    engines.append(OpenVinoEngine(load_network(*locate('nano')), torch.float32))
    engines[-1].run([np.zeros((28, 28, 3), np.uint8)], (28, 28), True)
while engines:
    del engines[0]
    gc.collect()
signal.signal(signal.SIGALRM, lambda *_: print('handled'))
signal.raise_signal(signal.SIGALRM)
"""
    ended = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout) == (0, 'handled\n'), ended.stderr
