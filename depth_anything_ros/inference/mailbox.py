# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A slot that holds the newest item only."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

from depth_anything_ros.inference.stage_times import StageTimes

Item = TypeVar('Item')


class Mailbox(Generic[Item]):
    """Hand the newest item from one thread to another; older ones are replaced, never queued.

    ``condition`` is notified on every put; several mailboxes may share one, so that a single
    thread can wait for all of them. ``stages``, where it is set, gets the time that each taken item
    has waited, as 'wait'.
    """

    def __init__(self, condition: threading.Condition | None = None) -> None:
        self._condition = condition or threading.Condition()
        self._item: Item | None = None
        self._put_at = 0
        self.stages: StageTimes | None = None

    def put(self, item: Item) -> bool:
        """Store an item; return True when it replaced one that nobody had taken."""
        with self._condition:
            replaced = self._item is not None
            self._item, self._put_at = item, time.perf_counter_ns()
            self._condition.notify_all()
            return replaced

    def take(self) -> Item | None:
        """Remove and return the item, or None when there is none. Never waits."""
        with self._condition:
            item, self._item = self._item, None
            if item is not None and self.stages is not None:
                self.stages.add('wait', time.perf_counter_ns() - self._put_at)
            return item

    @property
    def full(self) -> bool:
        """Whether an item waits to be taken."""
        return self._item is not None
