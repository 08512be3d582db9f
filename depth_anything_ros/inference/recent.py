# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of the recent past, by when they came."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np


class RecentValues:
    """Remember the newest ``most`` numbers, from any thread.

    ``clock`` returns seconds that never go back.
    """

    def __init__(self, most: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._values: deque[tuple[float, float]] = deque(maxlen=most)

    def add(self, value: float) -> None:
        """Remember a number that came now."""
        with self._lock:
            self._values.append((self._clock(), value))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._values.clear()

    def since(self, begin: float = float('-inf')) -> np.ndarray:
        """Return the numbers that came from a time of the clock on, (N,) float64, oldest first."""
        with self._lock:
            return np.array([value for came, value in self._values if came >= begin])


def percentiles(values: np.ndarray) -> tuple[float, float] | None:
    """Return p50 and p99 of numbers (N,), None where there are none."""
    if not len(values):
        return None
    p50, p99 = np.percentile(values, (50, 99))
    return float(p50), float(p99)
