# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything evaluate` scores: a network, or predictions in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import load_estimator

if TYPE_CHECKING:
    from depth_anything_ros.cli.evaluation_job import Method
    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet
    from depth_anything_ros.inference.estimator import DepthEstimator
    from depth_anything_ros.media.stored_depth import StoredDepth


@dataclass
class Scored:
    """The options that choose what is scored; it is loaded when it is first needed."""

    model: str
    weights: Path | None
    device: str
    precision: str
    input_size: int | None
    max_depth: float | None
    predictions: Path | None
    kind: DepthKind | None
    scale16: float
    name: str | None

    @property
    def title(self) -> str:
        """What the method is called in tables."""
        if self.name is not None:
            return self.name
        return self.model if self.predictions is None else self.predictions.resolve().name

    @cached_property
    def estimator(self) -> DepthEstimator:
        """The network, or the end of the command."""
        return load_estimator(
            self.model, self.weights, self.device, self.precision, self.input_size, self.max_depth
        )

    @cached_property
    def stored(self) -> StoredDepth:
        """The predictions, or the end of the command."""
        from depth_anything_ros.media.stored_depth import StoredDepth, StoredDepthError

        assert self.predictions is not None
        try:
            return StoredDepth(self.predictions, self.kind, self.scale16)
        except StoredDepthError as error:
            fail(error)

    def on_gpu(self) -> bool:
        """Tell whether the network runs on a GPU."""
        return self.estimator.device.startswith(('cuda', 'mps'))

    def method(self, benchmark: BenchmarkSet) -> Method:
        """Return the method for a benchmark, or end the command."""
        from depth_anything_ros.cli.evaluation_job import Method
        from depth_anything_ros.evaluation.answers import NetworkAnswers, StoredAnswers
        from depth_anything_ros.media.stored_depth import StoredDepthError

        if self.predictions is None:
            return Method(
                self.title, NetworkAnswers(self.estimator), self.estimator.kind, self._network()
            )
        answers = StoredAnswers(self.stored, benchmark)
        try:
            kind = answers.kind()
        except StoredDepthError as error:
            fail(f'{error} (--kind metres or --kind disparity tells what files hold)')
        return Method(self.title, answers, kind, self._files(kind))

    def _network(self) -> dict[str, Any]:
        """Return all that the numbers of a network depend on."""
        estimator = self.estimator
        return {
            'model': self.model,
            'weights': None if self.weights is None else _file_facts(self.weights),
            'input_size': estimator.input_size,
            'precision': estimator.precision,
            'device': estimator.device.partition(':')[0],
            'kind': estimator.kind.value,
            'max_depth': estimator.max_depth,
        }

    def _files(self, kind: DepthKind) -> dict[str, Any]:
        assert self.predictions is not None
        return {
            'predictions': str(self.predictions.resolve()),
            'kind': kind.value,
            'scale16': self.scale16,
        }


def _file_facts(path: Path) -> list[Any]:
    try:
        facts = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), facts.st_size, facts.st_mtime_ns]
