# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the depth that is scored comes from: a network, or files that one has left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from depth_anything_ros.data.sample import SampleError
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.media.stored_depth import StoredDepth, StoredDepthError


class Picture(Protocol):
    """A picture of a set, whatever else that knows of it."""

    @property
    def key(self) -> str:
        """Its name in the set."""

    @property
    def rgb(self) -> np.ndarray:
        """Its pixels (H, W, 3) uint8."""


Answer = tuple[np.ndarray, DepthKind] | SampleError
"""Depth (h, w) and what it is, or why there is none."""


class Answers(Protocol):
    """What gives depth for pictures.

    ``in_flight`` batches may be started before one is awaited. ``alone`` says that a batch takes
    all cores of the processor.
    """

    in_flight: int
    alone: bool

    def start(self, pairs: Sequence[Picture]) -> Callable[[], list[Answer]]:
        """Begin with a batch and return what waits for its depth."""
        ...


class NetworkAnswers:
    """What a network says of the pictures."""

    def __init__(self, estimator: DepthEstimator) -> None:
        self._estimator = estimator
        self.in_flight = estimator.in_flight
        self.alone = estimator.device in ('cpu', 'openvino')

    def start(self, pairs: Sequence[Picture]) -> Callable[[], list[Answer]]:
        """Begin with a batch; a picture that the network cannot take is named at the end."""
        try:
            pending = self._estimator.submit([pair.rgb for pair in pairs])
        except ValueError:
            return lambda: [self._alone(pair) for pair in pairs]
        return lambda: [(depth.values, depth.kind) for depth in pending.result()]

    def _alone(self, pair: Picture) -> Answer:
        """Answer for one picture of a batch of which some cannot be taken."""
        try:
            depth = self._estimator.estimate(pair.rgb)
        except ValueError as alone:
            return SampleError(f'{pair.key}: {alone}', str(alone))
        return depth.values, depth.kind


class StoredAnswers:
    """What is stored in a folder under the keys of the pairs, or as a run over their pictures.

    A set whose keys are no names of predictions has a method ``prediction_name`` that makes one of
    a key and the folder.
    """

    in_flight, alone = 1, False

    def __init__(self, stored: StoredDepth, benchmark: BenchmarkSet) -> None:
        self._stored = stored
        where = getattr(benchmark, 'picture_path', lambda index: None)
        name = getattr(benchmark, 'prediction_name', lambda key, folder: PurePosixPath(key))
        self._places: dict[str, tuple[PurePosixPath, Path | None]] = {
            key: (name(key, stored.folder), where(index))
            for index, key in enumerate(benchmark.keys)
        }

    def kind(self) -> DepthKind:
        """Return what the first prediction that can be read is. Raises StoredDepthError."""
        first: StoredDepthError | None = None
        for place in self._places.values():
            try:
                return self._stored.read(*place)[1]
            except StoredDepthError as error:
                first = first or error
        raise first or StoredDepthError('the benchmark has no pair')

    def start(self, pairs: Sequence[Picture]) -> Callable[[], list[Answer]]:
        """Begin with a batch; a prediction that is missing or broken is named."""
        return lambda: [self._read(pair.key) for pair in pairs]

    def _read(self, key: str) -> Answer:
        try:
            return self._stored.read(*self._places[key])
        except StoredDepthError as error:
            return SampleError(f'{key}: {error}', str(error))
