# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A slot that holds the newest item only."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')


class Mailbox(Generic[Item]):
    """Hand the newest item from one thread to another; older ones are replaced, never queued.

    ``condition`` is notified on every put; several mailboxes may share one, so that a single
    thread can wait for all of them.
    """

    def __init__(self, condition: threading.Condition | None = None) -> None:
        self._condition = condition or threading.Condition()
        self._item: Item | None = None

    def put(self, item: Item) -> bool:
        """Store an item; return True when it replaced one that nobody had taken."""
        with self._condition:
            replaced = self._item is not None
            self._item = item
            self._condition.notify_all()
            return replaced

    def take(self) -> Item | None:
        """Remove and return the item, or None when there is none. Never waits."""
        with self._condition:
            item, self._item = self._item, None
            return item

    @property
    def full(self) -> bool:
        """Whether an item waits to be taken."""
        return self._item is not None
