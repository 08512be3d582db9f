# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A benchmark that lies in memory, and answers to it that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from depth_anything_ros.data.sample import Problem, SampleError
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.answers import Answer
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair

HEIGHT, WIDTH = 48, 64


class MadeSet:
    """Pairs of known depth, 1 to 9 m; keys of ``broken`` cannot be read."""

    metric = True
    name = 'nyu'

    def __init__(self, count: int = 7, broken: Sequence[str] = (), unit: float = 1.0) -> None:
        self.keys: Sequence[str] = [f'room_{index % 2}/{index:04}' for index in range(count)]
        self.problems: Sequence[Problem] = []
        self.broken, self.unit = broken, unit

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, index: int) -> BenchmarkPair:
        key = self.keys[index]
        if key in self.broken:
            raise SampleError(f'made {key!r}: is cut off', 'is cut off')
        rng = np.random.default_rng(index)
        depth = rng.uniform(1, 9, (HEIGHT, WIDTH)).astype(np.float32)
        depth[20, 20] = np.nan
        rgb = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        return BenchmarkPair(key, rgb, depth * np.float32(self.unit), key.split('/')[0])


class MadeAnswers:
    """Answers that are made of the measured depth; what was asked for together is noted."""

    in_flight, alone = 2, False

    def __init__(
        self, make: Callable[[BenchmarkPair], np.ndarray], kind: DepthKind = DepthKind.METRIC
    ) -> None:
        self._make, self._kind = make, kind
        self.asked: list[list[str]] = []

    def start(self, pairs: Sequence[BenchmarkPair]) -> Callable[[], list[Answer]]:
        self.asked.append([pair.key for pair in pairs])
        made: list[Answer] = [(self._make(pair), self._kind) for pair in pairs]
        return lambda: made


def known(pair: BenchmarkPair) -> np.ndarray:
    """Return the measured depth, 1 m where there is none."""
    return np.nan_to_num(pair.depth, nan=1.0)
