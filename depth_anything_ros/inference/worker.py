# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread between callbacks and the network: it takes the newest of every camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from depth_anything_ros.inference.mailbox import Mailbox

Item = TypeVar('Item')

LONGEST_WAIT = 0.1
"""Seconds after which a waiting worker asks for the interval again."""


class Worker(Generic[Item]):
    """Run ``process`` on the newest items of one or more mailboxes, in a thread of its own.

    ``process`` gets a dictionary from mailbox name to item, with every mailbox that had one. An
    exception it raises goes to ``on_error`` with the items, and the thread goes on. ``interval``
    returns the least time in seconds between two calls, 0 for none; it is asked again while
    the thread waits, so that it may change at any time. Items that arrive while the thread waits
    replace each other in their mailbox.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        process: Callable[[dict[str, Item]], None],
        on_error: Callable[[Exception, dict[str, Item]], None],
        interval: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._condition = threading.Condition()
        self.mailboxes: dict[str, Mailbox[Item]] = {
            name: Mailbox(self._condition) for name in names
        }
        self._process, self._on_error, self._interval = process, on_error, interval
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        if self._thread is not None:
            raise RuntimeError('the worker runs already')
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name='depth-worker', daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> dict[str, Item]:
        """Finish the call in progress, end the thread, and return the items nobody processed."""
        self._stopping.set()
        with self._condition:
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                raise TimeoutError(f'the worker did not end within {timeout} s')
            self._thread = None
        return self._take()

    def _take(self) -> dict[str, Item]:
        taken = {name: mailbox.take() for name, mailbox in self.mailboxes.items()}
        return {name: item for name, item in taken.items() if item is not None}

    def _run(self) -> None:
        last = float('-inf')
        while not self._stopping.is_set():
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopping.is_set() or any(m.full for m in self.mailboxes.values())
                )
            # Waiting here, before taking, keeps the frame that is used as new as it can be.
            while (wait := last + self._interval() - time.monotonic()) > 0:
                if self._stopping.wait(min(wait, LONGEST_WAIT)):
                    break
            if self._stopping.is_set():
                break
            last = time.monotonic()
            items = self._take()
            try:
                self._process(items)
            except Exception as error:  # the thread must outlive any frame
                self._on_error(error, items)
