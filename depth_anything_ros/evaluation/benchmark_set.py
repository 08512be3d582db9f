# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every benchmark gives: pictures with measured depth, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from depth_anything_ros.data.sample import Problem
from depth_anything_ros.geometry.intrinsics import Intrinsics


@dataclass(frozen=True)
class BenchmarkPair:
    """A picture and the measured depth of its pixels.

    ``key`` names the pair within its set and is a path with forward slashes and no suffix, by
    which stored predictions are found. ``rgb`` is (H, W, 3) uint8. ``depth`` is (H, W) float32
    along the optical axis, in metres where the set is ``metric`` and else in a unit of its scene:
    NaN is unknown, masked pixels included, and all else is finite and above 0. Ranges and crops
    belong to the protocol; so does sky that has a depth in the files, beyond the range, as in
    Sintel. ``scene`` groups pairs, such as 'indoors'. ``intrinsics`` are None where the set does
    not give them.
    """

    key: str
    rgb: np.ndarray
    depth: np.ndarray
    scene: str
    intrinsics: Intrinsics | None = None


class BenchmarkSet(Protocol):
    """Pairs in the order of the split, or of their names where there is no list.

    ``problems`` are what is missing, empty, cut off or does not fit; these pairs are not among
    ``keys``. Sets can be pickled, and their ``read`` may be called from several threads.
    """

    name: str
    metric: bool
    keys: Sequence[str]
    problems: Sequence[Problem]

    def __len__(self) -> int: ...

    def read(self, index: int) -> BenchmarkPair:
        """Read a pair. Raises IndexError, and SampleError that names the file and says why."""
        ...


def pairs_of(benchmark: BenchmarkSet) -> Iterator[BenchmarkPair]:
    """Read all pairs in their order. Raises SampleError."""
    return (benchmark.read(index) for index in range(len(benchmark)))
