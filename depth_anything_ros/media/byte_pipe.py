# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A queue from one thread to another that holds so many things and bytes, and no more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar('T')


class StoppedError(RuntimeError):
    """Nobody takes from a pipe any more."""


class BytePipe(Generic[T]):
    """What one thread puts in another takes out, in order.

    It is full with ``items`` things or ``size`` bytes in it; one thing of any size always fits
    into an empty one.
    """

    def __init__(self, items: int, size: int) -> None:
        self._items, self._size = items, size
        self._waiting: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None

    def put(self, item: T, size: int) -> None:
        """Add a thing of a size in bytes, when there is room. Raises StoppedError."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._fits(size))
            if self._stopped:
                raise StoppedError
            self._waiting.append((item, size))
            self._bytes += size
            self._changed.notify_all()

    def offer(self, item: T, size: int) -> bool:
        """Add a thing if there is room now; tell whether there was. Raises StoppedError."""
        with self._changed:
            if self._stopped:
                raise StoppedError
            if not self._fits(size):
                return False
            self._waiting.append((item, size))
            self._bytes += size
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing more comes; an error is raised where the rest has been taken."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """Take nothing any more: what is in it goes, and who puts is told so."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    @property
    def empty(self) -> bool:
        """Whether nothing is in it just now."""
        with self._changed:
            return not self._waiting

    def __iter__(self) -> Iterator[T]:
        """Yield things as they come, to the end. Raises the error that it ended with."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended or self._stopped)
                if not self._waiting:
                    if self._error is not None and not self._stopped:
                        raise self._error
                    return
                item, size = self._waiting.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield item

    def _fits(self, size: int) -> bool:
        some = len(self._waiting)
        return not some or (some < self._items and self._bytes + size <= self._size)
