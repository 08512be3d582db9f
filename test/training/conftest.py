# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network small enough to train in a test, and processes of accelerate that forget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_anything_ros.data.catalog import OPENERS
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import Sample, SampleError
from depth_anything_ros.model.configuration import SIZES, DepthAnythingConfig
from depth_anything_ros.training.plain_settings import read_settings
from depth_anything_ros.training.settings import RunSettings

TINY = DepthAnythingConfig('tiny', 32, 4, 2, (0, 1, 2, 3), 8, (4, 8, 16, 32))


class Plain(Dataset):
    """Pictures made of eight random colours, brighter where they are nearer; in metres."""

    name, metric, labelled = 'plain', True, True

    def __init__(
        self,
        path: Path | None = None,
        length: int = 11,
        depth: float = 3.0,
        metric: bool = True,
        broken: tuple[int, ...] = (),
    ) -> None:
        self.keys = [str(number) for number in range(length)]
        self._depth, self.metric, self._broken = depth, metric, broken

    def _read(self, index: int) -> Sample:
        if index in self._broken:
            raise SampleError(f'{index} is cut off')
        rng = np.random.default_rng(index)
        rgb = rng.integers(0, 255, (2, 4, 3)).astype(np.uint8).repeat(15, 0).repeat(10, 1)
        depth = self._depth * (1 + (255 - rgb[..., 0]) / np.float32(255))
        return Sample(self.keys[index], rgb, depth.astype(np.float32), self.metric)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let 'tiny' be a size, and let each run of a test be the first of its process."""
    state = pytest.importorskip('accelerate.state')
    monkeypatch.setitem(SIZES, 'tiny', TINY)
    monkeypatch.setitem(OPENERS, 'plain', Plain)
    state.AcceleratorState._reset_state(reset_partial_state=True)
    yield
    state.AcceleratorState._reset_state(reset_partial_state=True)


def run_settings(**changes: Any) -> RunSettings:
    """Return settings of a few steps on made pictures, with changes by their paths."""
    from depth_anything_ros.training.plain_settings import overridden

    given: Any = {
        'stage': 'teacher',
        'model': 'tiny',
        'initial': 'scratch',
        'batch': 4,
        'steps': 4,
        'average': 0.9,
        'data': [{'name': 'plain', 'path': '/'}],
        'view': {'side': 28},
        'optimiser': {'encoder_rate': 1e-3, 'decoder_rate': 1e-3},
        'output': {'state': 1, 'log': 1, 'pictures': 0, 'tensorboard': False},
        'machine': {'precision': 'float32', 'workers': 0, 'device': 'cpu'},
    }
    for path, value in changes.items():
        given = overridden(given, path.replace('__', '.'), value)
    return read_settings(RunSettings, given)
