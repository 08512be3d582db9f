# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A benchmark with measured depth from one end to the other, and what its journals hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import Problem
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.answers import Answers
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair, BenchmarkSet
from depth_anything_ros.evaluation.journalled_run import (
    JournalledRun,
    Question,
    Share,
    journal_name,
    journals,
    noted,
)
from depth_anything_ros.evaluation.pair_scoring import (
    Compared,
    PairScore,
    compare,
    score_pair,
    windowed,
)
from depth_anything_ros.evaluation.protocols import Protocol
from depth_anything_ros.media.run_journal import RunJournal

__all__ = ['BenchmarkRun', 'Share', 'collect', 'journal_name', 'journals']


class BenchmarkRun(JournalledRun):
    """A run over the pairs of a benchmark under a protocol.

    ``seen`` is called in the thread that scores with what was compared; for the rest see
    ``JournalledRun``.
    """

    def __init__(
        self,
        benchmark: BenchmarkSet,
        answers: Answers,
        protocol: Protocol,
        journal: RunJournal,
        batch: int = 1,
        jobs: int = 2,
        told: Callable[[object, str | None], None] = lambda entry, reason: None,
        seen: Callable[[BenchmarkPair, Compared], None] = lambda pair, compared: None,
    ) -> None:
        super().__init__(benchmark.keys, self._pair, answers, journal, batch, jobs, told)
        self._benchmark, self._protocol, self._seen = benchmark, protocol, seen

    def _pair(self, index: int) -> Question:
        """Read a pair, in a thread."""
        read = self._benchmark.read(index)
        whole = read.rgb.shape[0], read.rgb.shape[1]
        pair = windowed(read, self._protocol)

        def score(values: np.ndarray, kind: DepthKind) -> dict[str, Any]:
            metric = self._benchmark.metric
            compared = compare(pair, whole, values, kind, self._protocol, metric)
            self._seen(pair, compared)
            return score_pair(pair, compared).line()

        return Question(pair, score)


def collect(
    folder: Path, settings: str, benchmark: BenchmarkSet
) -> tuple[list[PairScore], list[Problem]]:
    """Return the scores of pairs in the order of the set, and what has none with the reason.

    All journals of the folder count, those of other processes too, as far as their lines were
    written with ``settings``, the digest of this run's.
    """
    found, missing = noted(folder, settings, benchmark.keys, PairScore.of_line)
    return list(found.values()), [*benchmark.problems, *missing]
