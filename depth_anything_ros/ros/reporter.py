# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Say each trouble once at once, then at a low rate with a count."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MOST_KINDS = 32
"""Different texts logged at once under one key; what comes beyond counts as one."""

MOST_CHARACTERS = 2000
"""Of a text that is logged: names of frames and models in it are as long as others make them."""


class Logger(Protocol):
    """What a reporter needs of a logger."""

    def info(self, message: str) -> object:
        """Log what is good to know."""

    def warning(self, message: str) -> object:
        """Log trouble that the node lives with."""


@dataclass
class _Report:
    logged_at: float
    held_back: int = 0


class Reporter:
    """Log troubles by key, from any thread.

    The first report of a text is logged at once; later ones of the same text, whatever its
    numbers, at most every ``period`` seconds, with the count of those held back in between, also
    when the trouble ended meanwhile. ``clear`` ends the trouble of a key, and says so where its
    beginning was logged.
    """

    def __init__(self, logger: Logger, period: float = 30.0) -> None:
        self._logger, self._period = logger, period
        self._lock = threading.Lock()
        self._reports: dict[str, dict[str, _Report]] = {}
        # The troubles that have not ended, and whether any of their reports was logged.
        self._current: dict[str, bool] = {}
        # The newest text of each key, and when it came.
        self._newest: dict[str, tuple[float, str]] = {}

    def report(self, key: str, message: str) -> None:
        """Report a trouble under the key that ``clear`` will end it by."""
        if len(message) > MOST_CHARACTERS:
            message = f'{message[: MOST_CHARACTERS // 2]} ... {message[-MOST_CHARACTERS // 2 :]}'
        with self._lock:
            report = self._find(key, message)
            held_back = report.held_back
            due = time.monotonic() - report.logged_at >= self._period
            if due:
                report.logged_at, report.held_back = time.monotonic(), 0
            else:
                report.held_back += 1
            self._current[key] = self._current.get(key, False) or due
            self._newest[key] = time.monotonic(), message
        if due:
            more = f' (and {held_back} more times)' if held_back else ''
            self._logger.warning(message + more)

    def clear(self, key: str, message: str) -> None:
        """End a trouble, if it was reported."""
        with self._lock:
            logged = self._current.pop(key, False)
        if logged:
            self._logger.info(message)

    def forget(self, but: Callable[[str], bool]) -> None:
        """Start anew, without a word, with all but the troubles whose key ``but`` holds for."""
        with self._lock:
            for records in (self._reports, self._current, self._newest):
                for key in [key for key in records if not but(key)]:
                    del records[key]  # type: ignore[attr-defined]

    def current(self) -> list[str]:
        """Return the keys of the troubles that have not ended."""
        with self._lock:
            return list(self._current)

    def recent(self, seconds: float) -> dict[str, str]:
        """Return the newest text of each trouble that has not ended, or came so shortly ago."""
        begin = time.monotonic() - seconds
        with self._lock:
            return {
                key: message
                for key, (came, message) in self._newest.items()
                if key in self._current or came >= begin
            }

    def _find(self, key: str, message: str) -> _Report:
        """Return the record of a text, new when it was never reported."""
        reports = self._reports.setdefault(key, {})
        text = re.sub(r'[\d.]+', '#', message)
        if text not in reports and len(reports) >= MOST_KINDS:
            text = ''
        return reports.setdefault(text, _Report(float('-inf')))
