# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that brings to an end what the worker has begun, in the same order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Finish = Callable[[], None]
"""Does the rest of what was begun; must not raise."""


class Finisher:
    """Call what it is given one after the other, in a thread of its own.

    ``condition`` is notified each time one is done. A finisher is started and stopped once.
    """

    def __init__(self, condition: threading.Condition) -> None:
        self._condition = condition
        self._begun: SimpleQueue[Finish | None] = SimpleQueue()
        self._under_way = 0
        self._thread = threading.Thread(target=self._run, name='depth-finisher', daemon=True)

    @property
    def under_way(self) -> int:
        """How many are not done yet, with the one in progress; ask with the condition held."""
        return self._under_way

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def add(self, finish: Finish) -> None:
        """Put something at the end of the queue. Never waits."""
        with self._condition:
            self._under_way += 1
        self._begun.put(finish)

    def stop(self, timeout: float) -> bool:
        """Do all that was added and end the thread; return False when that outlasts ``timeout`` s.

        It may be called again after that.
        """
        self._begun.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (finish := self._begun.get()) is not None:
            finish()
            del finish  # pictures and depth are let go before the next wait
            with self._condition:
                self._under_way -= 1
                self._condition.notify_all()
