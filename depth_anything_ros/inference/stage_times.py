# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long each stage of a frame's way took lately."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


class StageTimes:
    """Remember the last ``window`` times of each stage, by its name, from any thread.

    A measurement costs some microseconds. Stages keep the order in which they were first added.
    """

    def __init__(self, window: int = 1000) -> None:
        self._lock = threading.Lock()
        self._window = window
        self._times: dict[str, deque[int]] = {}

    def add(self, stage: str, nanoseconds: int) -> None:
        """Remember a time."""
        with self._lock:
            times = self._times.get(stage)
            if times is None:
                times = self._times[stage] = deque(maxlen=self._window)
            times.append(nanoseconds)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Remember how long the block took; one that raises is not counted."""
        start = time.perf_counter_ns()
        yield
        self.add(stage, time.perf_counter_ns() - start)

    def clear(self) -> None:
        """Forget all times; the stages keep their order."""
        with self._lock:
            for times in self._times.values():
                times.clear()

    def percentiles(self) -> dict[str, tuple[float, float]]:
        """Return p50 and p99 of the remembered times of each stage in seconds."""
        with self._lock:
            recent = {stage: np.array(times) for stage, times in self._times.items() if times}
        result = {}
        for stage, times in recent.items():
            p50, p99 = np.percentile(times, (50, 99)) / 1e9
            result[stage] = (float(p50), float(p99))
        return result
