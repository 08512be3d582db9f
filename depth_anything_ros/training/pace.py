# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a run goes, and how much of its time it waits for pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator

from depth_anything_ros.training.batch import Batch


class Pace:
    """Hands batches on and counts the time that passes until each is there.

    What is done between a row and the next batch, judging and writing, counts for nothing.
    """

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches, self._waited = batches, 0.0
        self._started: float | None = None

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """Return the next batch."""
        asked = time.monotonic()
        if self._started is None:
            self._started = asked
        batch = next(self._batches)
        self._waited += time.monotonic() - asked
        return batch

    def row(self, pictures: int) -> dict[str, float]:
        """Return pictures a second and the share of the time spent waiting, since the last row.

        ``pictures`` are those of all processes since then.
        """
        now = time.monotonic()
        passed = max(now - (now if self._started is None else self._started), 1e-9)
        waited, self._waited, self._started = self._waited, 0.0, None
        return {
            'pictures_per_s': round(pictures / passed, 3),
            'waited': round(waited / passed, 4),
        }
