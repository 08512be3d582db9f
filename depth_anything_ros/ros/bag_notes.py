# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What went wrong on the way through a bag, once each, with how often."""

from __future__ import annotations

import re

from depth_anything_ros.ros.reporter import MOST_CHARACTERS, Reporter

MOST_NOTES = 200


class _Silent:
    """A log that nobody reads."""

    def info(self, message: str) -> None:
        """Log nothing."""

    def warning(self, message: str) -> None:
        """Log nothing."""


class Notes(Reporter):
    """Keeps the first text of each trouble, whatever its numbers, and counts the others."""

    def __init__(self) -> None:
        super().__init__(_Silent())
        self._texts: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def report(self, key: str, message: str) -> None:
        """Count a trouble."""
        kind = f'{key}: {re.sub("[0-9.]+", "#", message)}'
        if kind not in self._texts and len(self._texts) >= MOST_NOTES:
            kind = ''
            message = 'more troubles of other kinds'
        self._texts.setdefault(kind, message[:MOST_CHARACTERS])
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def clear(self, key: str, message: str) -> None:
        """Say nothing."""

    def counted(self) -> list[tuple[str, int]]:
        """Return each text with how often it came, in the order of their coming."""
        return [(text, self._counts[kind]) for kind, text in self._texts.items()]
