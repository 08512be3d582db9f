# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for exported models against the plain one, and what it does when a provider fails."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch

pytest.importorskip('onnxruntime')

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference import onnx_engine
from depth_anything_ros.inference.engine import EagerEngine
from depth_anything_ros.inference.loading import load
from depth_anything_ros.inference.onnx_card import OnnxModelError, deviation, read_card
from depth_anything_ros.inference.onnx_engine import OnnxEngine
from depth_anything_ros.inference.onnx_session import OnnxFile, ProviderError


@pytest.fixture(scope='module')
def pictures() -> list[np.ndarray]:
    return [ProceduralClip(seed, 96, 72, 5.0).frame(0)[0] for seed in (1, 2)]


@pytest.fixture
def file(exported) -> OnnxFile:
    return OnnxFile(exported, read_card(exported))


@pytest.mark.parametrize('at_network_size', [False, True])
@pytest.mark.parametrize('size', [(126, 168), (70, 98)], ids=['enlarged', 'shrunk'])
def test_depth_is_that_of_the_plain_engine(file, pictures, size, at_network_size):
    plain = EagerEngine(load('nano').network, torch.device('cpu'), torch.float32)

    got = OnnxEngine(file, ['cpu']).run(pictures, size, at_network_size)

    for one, other in zip(got, plain.run(pictures, size, at_network_size), strict=True):
        assert one.dtype == np.float32
        # OpenCV and torch round the coordinates of the cubic resize differently.
        assert deviation(one, other) < 1e-3


class Opener:
    """Stands for open_checked: a session of a provider says which it is by its depth."""

    def __init__(self, refused: tuple[str, ...] = ()) -> None:
        self.refused = refused
        self.opened: list[tuple[str, tuple[int, int]]] = []
        self.batches: list[int] = []

    def __call__(self, file, name, size):
        self.opened.append((name, size))
        if name in self.refused:
            raise ProviderError('it lies')
        return name

    def run(self, session, images):
        self.batches.append(len(images))
        base = list(onnx_engine.PROVIDERS).index(session)
        return np.full((len(images), *images.shape[2:]), base, np.float32)


@pytest.fixture
def opener(monkeypatch) -> Opener:
    opener = Opener()
    monkeypatch.setattr(onnx_engine, 'open_checked', opener)
    monkeypatch.setattr(onnx_engine, 'run_session', opener.run)
    return opener


def test_a_refused_provider_is_logged_and_the_next_one_serves(file, opener, pictures, caplog):
    opener.refused = ('tensorrt', 'cuda')
    engine = OnnxEngine(file, ['tensorrt', 'cuda', 'cpu'])
    assert (engine.provider, opener.opened) == ('tensorrt', [])

    with caplog.at_level(logging.WARNING):
        (depth,) = engine.run(pictures[:1], (42, 56), True)
        engine.run(pictures[:1], (56, 42), True)

    assert engine.provider == 'cpu' and depth[0, 0] == 3
    assert [name for name, _ in opener.opened] == ['tensorrt', 'cuda', 'cpu']
    assert [record.getMessage().split(' for ')[0] for record in caplog.records] == [
        'TensorrtExecutionProvider is refused',
        'CUDAExecutionProvider is refused',
    ]


def test_without_any_right_provider_there_is_no_engine(file, opener):
    opener.refused = ('cuda', 'cpu')

    with pytest.raises(ProviderError, match='CUDA.*: it lies; CPUExecutionProvider: it lies'):
        OnnxEngine(file, ['cuda', 'cpu'])


def test_a_session_serves_all_sizes_but_tensorrt_builds_for_each(file, opener, pictures):
    for name in ('cuda', 'tensorrt'):
        opener.opened.clear()
        engine = OnnxEngine(file, [name])
        for size in ((42, 56), (56, 42), (42, 56)):
            engine.run(pictures, size, True)
        assert len(opener.opened) == (2 if name == 'tensorrt' else 1)


def test_tensorrt_forgets_the_size_that_was_not_used_for_longest(file, opener, pictures):
    engine = OnnxEngine(file, ['tensorrt'])
    sizes = [(14 * rows, 28) for rows in range(1, onnx_engine.MAX_SESSIONS + 2)]
    for size in (*sizes[:-1], sizes[0], sizes[-1]):
        engine.run(pictures[:1], size, True)
    opener.opened.clear()

    engine.run(pictures[:1], sizes[0], True)
    assert opener.opened == []
    engine.run(pictures[:1], sizes[1], True)
    assert opener.opened == [('tensorrt', sizes[1])]


def test_only_a_gpu_takes_pictures_together(file, opener, pictures):
    for name, batches in (('cuda', [2]), ('cpu', [1, 1]), ('tensorrt', [1, 1])):
        opener.batches.clear()
        depths = OnnxEngine(file, [name]).run(pictures, (42, 56), True)
        assert opener.batches == batches
        assert not np.shares_memory(*depths)


def test_a_fixed_file_takes_no_other_size(exported_fixed, pictures):
    engine = OnnxEngine(OnnxFile(exported_fixed, read_card(exported_fixed)), ['cpu'])

    assert engine.run(pictures, (56, 84), True)[1].shape == (56, 84)
    with pytest.raises(OnnxModelError, match='exported for 56 x 84 alone, not for 42 x 56'):
        engine.run(pictures, (42, 56), True)
