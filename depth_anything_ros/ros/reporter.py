# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Say each trouble once at once, then at a low rate with a count."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

MOST_KINDS = 8
"""Messages of one trouble that are told apart; the rest share one place in the log."""

_NUMBERS = re.compile(r'\d+(\.\d+)?')


class Logger(Protocol):
    """What a reporter needs of a logger."""

    def info(self, message: str) -> object:
        """Log what is good to know."""

    def warning(self, message: str) -> object:
        """Log trouble that the node lives with."""


@dataclass
class _Kind:
    """Messages that differ in their numbers only."""

    logged_at: float
    held_back: int = 0


@dataclass
class _Trouble:
    kinds: dict[str, _Kind] = field(default_factory=dict)
    active: bool = False
    told: bool = False


class Reporter:
    """Log troubles by key, from any thread.

    A message is logged at once; those that differ from it in their numbers only, at most every
    ``period`` seconds, with the number held back in between. ``clear`` ends a trouble and says so.
    A trouble that comes and goes is held back as well.
    """

    def __init__(self, logger: Logger, period: float = 30.0) -> None:
        self._logger, self._period = logger, period
        self._lock = threading.Lock()
        self._troubles: dict[str, _Trouble] = {}

    def report(self, key: str, message: str) -> None:
        """Report a trouble; the key tells which trouble ``clear`` ends."""
        now = time.monotonic()
        shape = _NUMBERS.sub('#', message)
        with self._lock:
            trouble = self._troubles.setdefault(key, _Trouble())
            trouble.active = True
            if shape not in trouble.kinds and len(trouble.kinds) >= MOST_KINDS:
                shape = ''
            kind = trouble.kinds.get(shape)
            if kind is not None and now - kind.logged_at < self._period:
                kind.held_back += 1
                return
            if kind is not None and kind.held_back:
                message = f'{message} (and {kind.held_back} more times)'
            trouble.kinds[shape] = _Kind(now)
            trouble.told = True
        self._logger.warning(message)

    def clear(self, key: str, message: str) -> None:
        """End a trouble, and say so if it was logged."""
        with self._lock:
            trouble = self._troubles.get(key)
            if trouble is None:
                return
            told, trouble.active, trouble.told = trouble.told, False, False
        if told:
            self._logger.info(message)

    def current(self) -> list[str]:
        """Return the keys of the troubles that have not ended."""
        with self._lock:
            return [key for key, trouble in self._troubles.items() if trouble.active]
