# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Say each trouble once at once, then at a low rate with a count."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol


class Logger(Protocol):
    """What a reporter needs of a logger."""

    def info(self, message: str) -> object:
        """Log what is good to know."""

    def warning(self, message: str) -> object:
        """Log trouble that the node lives with."""


@dataclass
class _Trouble:
    logged_at: float
    held_back: int = 0


class Reporter:
    """Log troubles by key, from any thread.

    The first report of a key is logged at once; later ones at most every ``period`` seconds, with
    the number held back in between. ``clear`` ends a trouble and says so.
    """

    def __init__(self, logger: Logger, period: float = 30.0) -> None:
        self._logger, self._period = logger, period
        self._lock = threading.Lock()
        self._troubles: dict[str, _Trouble] = {}

    def report(self, key: str, message: str) -> None:
        """Report a trouble; the key tells which reports are the same."""
        now = time.monotonic()
        with self._lock:
            trouble = self._troubles.get(key)
            if trouble is None:
                self._troubles[key] = _Trouble(now)
                text = message
            elif now - trouble.logged_at < self._period:
                trouble.held_back += 1
                return
            else:
                text = f'{message} (and {trouble.held_back} more times)'
                trouble.logged_at, trouble.held_back = now, 0
        self._logger.warning(text)

    def clear(self, key: str, message: str) -> None:
        """End a trouble, if it was reported."""
        with self._lock:
            known = self._troubles.pop(key, None)
        if known is not None:
            self._logger.info(message)

    def current(self) -> list[str]:
        """Return the keys of the troubles that have not ended."""
        with self._lock:
            return list(self._troubles)
