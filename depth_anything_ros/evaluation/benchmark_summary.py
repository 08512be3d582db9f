# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark run comes to: means, how sure they are, the worst pairs, others' numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import Problem
from depth_anything_ros.evaluation.benchmarks import BENCHMARKS
from depth_anything_ros.evaluation.bootstrap import LEVEL, mean_interval
from depth_anything_ros.evaluation.metrics import METRICS, mean_score
from depth_anything_ros.evaluation.pair_scoring import PairScore
from depth_anything_ros.evaluation.protocols import Protocol
from depth_anything_ros.evaluation.published import PublishedScore, published_for

NAMES = (*METRICS, 'boundary_f1')
"""The figures of a run, in the order of tables."""


@dataclass(frozen=True)
class Evaluation:
    """A method on a benchmark under a protocol.

    ``mean`` and ``interval`` are by the names of NAMES, each pair with the same weight;
    ``boundary_f1`` over the pairs that have edges, not there where none has. ``settings`` are what
    the method was run with.
    """

    dataset: str
    split: str
    method: str
    protocol: Protocol
    pairs: Sequence[PairScore]
    problems: Sequence[Problem]
    mean: dict[str, float]
    interval: dict[str, tuple[float, float]]
    published: Sequence[PublishedScore]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The benchmark for people."""
        return BENCHMARKS[self.dataset].title

    @property
    def expected(self) -> int | None:
        """How many pairs the published split has, None where there is none or a part is meant."""
        facts = BENCHMARKS[self.dataset]
        return facts.count if self.split == facts.splits[0] else None

    @property
    def complete(self) -> bool:
        """Whether all pairs were scored that papers have, so that means can be set beside theirs.

        A set without a published split is complete without problems.
        """
        if self.expected is None:
            return not self.problems
        return len(self.pairs) == self.expected

    def worst(self, count: int) -> list[PairScore]:
        """Return the pairs with the largest AbsRel."""
        return sorted(self.pairs, key=lambda pair: -pair.score.abs_rel)[:count]

    def scenes(self) -> dict[str, dict[str, float]]:
        """Return the means of each scene, and how many pairs it has."""
        found: dict[str, list[PairScore]] = {}
        for pair in self.pairs:
            found.setdefault(pair.scene, []).append(pair)
        return {
            scene: {'pairs': len(pairs), **_means(pairs)} for scene, pairs in sorted(found.items())
        }

    def summary(self) -> dict[str, Any]:
        """Return all of it for JSON; what is endless is None."""
        return _finite({
            'benchmark': self.dataset,
            'split': self.split,
            'method': self.method,
            'settings': self.settings,
            'protocol': self.protocol.facts(),
            'pairs': len(self.pairs),
            'published_pairs': self.expected,
            'complete': self.complete,
            'mean': self.mean,
            'interval': {'level': LEVEL, **self.interval},
            'scenes': self.scenes(),
            'problems': [asdict(problem) for problem in self.problems],
            'published': [asdict(row) for row in self.published],
            'each': {pair.key: pair.line() for pair in self.pairs},
        })  # fmt: skip


def evaluation_of(
    dataset: str,
    split: str,
    method: str,
    protocol: Protocol,
    pairs: Sequence[PairScore],
    problems: Sequence[Problem],
    settings: dict[str, Any] | None = None,
) -> Evaluation:
    """Sum up the scores of pairs, none or more."""
    mean = _means(pairs) if pairs else {}
    interval = {}
    if pairs:
        rows = np.array([[getattr(pair.score, name) for name in METRICS] for pair in pairs])
        with np.errstate(invalid='ignore'):
            low, high = mean_interval(rows)
        interval = dict(zip(METRICS, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        sharp = np.array([[pair.boundary_f1] for pair in pairs if pair.boundary_f1 is not None])
        if sharp.size:
            low, high = mean_interval(sharp)
            interval['boundary_f1'] = (float(low[0]), float(high[0]))
    rows_of_others = published_for(dataset, protocol.alignment == 'none')
    return Evaluation(
        dataset, split, method, protocol, pairs, problems, mean, interval, rows_of_others,
        settings or {},
    )  # fmt: skip


def _means(pairs: Sequence[PairScore]) -> dict[str, float]:
    score = mean_score([pair.score for pair in pairs])
    means = {name: float(getattr(score, name)) for name in METRICS}
    sharp = [pair.boundary_f1 for pair in pairs if pair.boundary_f1 is not None]
    return {**means, 'boundary_f1': float(np.mean(sharp))} if sharp else means


def _finite(value: Any) -> Any:
    """Return a value with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
