# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of every frame, and how old results were."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from depth_anything_ros.inference.recent import RecentValues, percentiles
from depth_anything_ros.inference.stage_times import StageTimes

Outcome = Literal['published', 'dropped', 'skipped', 'rejected', 'failed']


@dataclass(frozen=True)
class FrameCounts:
    """Frames since the start; every received one ends in exactly one of the other five.

    published: its depth went out. dropped: a newer frame replaced it before it was used. skipped:
    nobody listened. rejected: the input was bad or too old. failed: our own fault.
    """

    received: int
    published: int
    dropped: int
    skipped: int
    rejected: int
    failed: int

    @property
    def pending(self) -> int:
        """Frames received and not yet answered."""
        return self.received - (
            self.published + self.dropped + self.skipped + self.rejected + self.failed
        )

    def as_dict(self) -> dict[str, int]:
        """Return the six numbers by name."""
        return asdict(self)

    def since(self, earlier: FrameCounts) -> FrameCounts:
        """Return what came after an earlier snapshot."""
        before = asdict(earlier)
        return FrameCounts(**{name: now - before[name] for name, now in asdict(self).items()})


class FrameCounters:
    """Count frames and remember recent latencies and times of stages, from any thread.

    ``latencies`` has, of published frames, the seconds from the image's stamp to the end of
    publishing; ``stamp_ages``, of every stamp that was read, how far it was behind the node's
    clock then: negative where it was ahead.
    """

    def __init__(self, window: int = 1000) -> None:
        self.stages = StageTimes(window)
        self.latencies, self.stamp_ages = RecentValues(window), RecentValues(window)
        self._lock = threading.Lock()
        self._received = 0
        self._outcomes: Counter[str] = Counter()

    def receive(self) -> None:
        """Count a frame that came in."""
        with self._lock:
            self._received += 1

    def settle(self, outcome: Outcome, latency: float | None = None) -> None:
        """Count what became of a frame; ``latency`` in seconds is kept for the percentiles."""
        with self._lock:
            self._outcomes[outcome] += 1
        if latency is not None:
            self.latencies.add(latency)

    def reset(self) -> None:
        """Start anew: frames received and not yet answered are the first ones received."""
        with self._lock:
            self._received -= sum(self._outcomes.values())
            self._outcomes.clear()
        self.stages.clear()
        self.latencies.clear()
        self.stamp_ages.clear()

    def counts(self) -> FrameCounts:
        """Return a consistent snapshot."""
        with self._lock:
            return FrameCounts(
                received=self._received,
                published=self._outcomes['published'],
                dropped=self._outcomes['dropped'],
                skipped=self._outcomes['skipped'],
                rejected=self._outcomes['rejected'],
                failed=self._outcomes['failed'],
            )

    def latency_percentiles(self) -> tuple[float, float] | None:
        """Return p50 and p99 of recent latencies in seconds, None before the first."""
        return percentiles(self.latencies.since())
