# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of the frames of the last seconds, as the counters only know all since the start."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from depth_anything_ros.inference.counters import FrameCounters, FrameCounts


@dataclass(frozen=True)
class Period:
    """The frames of the last ``seconds``, from ``begin`` of a steady clock (s) on."""

    begin: float
    seconds: float
    counts: FrameCounts

    def rate(self, frames: int) -> float:
        """Return frames of this period per second."""
        return frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def tried(self) -> int:
        """Frames that the node wanted to turn into depth: no newer one came, somebody listened."""
        return self.counts.published + self.counts.rejected + self.counts.failed


class CountWindow:
    """Remember what counters showed before, each time somebody looks.

    One thread looks, about once a second. ``clock`` returns seconds that never go back.
    """

    def __init__(
        self, counters: FrameCounters, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._counters, self._clock = counters, clock
        self._seen: deque[tuple[float, FrameCounts]] = deque()
        self.restart()

    def restart(self) -> None:
        """Forget what was before now."""
        self._seen.clear()
        self._seen.append((self._clock(), self._counters.counts()))

    def forget(self) -> None:
        """Forget what was before the last look."""
        while len(self._seen) > 1:
            self._seen.popleft()

    def look(self, window: float) -> Period:
        """Return the frames of the last ``window`` seconds, or since the start where less."""
        now, counts = self._clock(), self._counters.counts()
        self._seen.append((now, counts))
        # One that is older than the window stays, so that the period is never shorter.
        while len(self._seen) > 2 and now - self._seen[1][0] >= window:
            self._seen.popleft()
        begin, before = self._seen[0]
        return Period(begin, now - begin, counts.since(before))
