# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread between callbacks and the network: it takes the newest of every camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from depth_anything_ros.inference.mailbox import Mailbox

Item = TypeVar('Item')

LONGEST_WAIT = 0.1
"""Seconds after which a waiting worker asks for the interval again."""


class Worker(Generic[Item]):
    """Run ``process`` on the newest items of one or more mailboxes, in a thread of its own.

    ``process`` gets a dictionary from mailbox name to item, with every mailbox that has one whose
    turn it is; with ``at_once``, that many at most, those that were served longest ago. So no
    mailbox starves, however fast the others fill. An exception ``process`` raises goes to
    ``on_error`` with the items, and the thread goes on. ``interval`` returns the least time in
    seconds between two items of the mailbox it is given, 0 for none; it is asked again while the
    thread waits, so that it may change at any time. Items that arrive while their mailbox waits
    replace each other, and hold up no other mailbox.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        process: Callable[[dict[str, Item]], None],
        on_error: Callable[[Exception, dict[str, Item]], None],
        interval: Callable[[str], float] = lambda name: 0.0,
        at_once: int | None = None,
    ) -> None:
        self._condition = threading.Condition()
        self.mailboxes: dict[str, Mailbox[Item]] = {
            name: Mailbox(self._condition) for name in names
        }
        self._process, self._on_error, self._interval = process, on_error, interval
        self._at_once = at_once
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
        return self._take(self.mailboxes)

    def _take(self, names: Iterable[str]) -> dict[str, Item]:
        taken = {name: self.mailboxes[name].take() for name in names}
        return {name: item for name, item in taken.items() if item is not None}

    def _run(self) -> None:
        served = dict.fromkeys(self.mailboxes, float('-inf'))
        while items := self._next(served):
            try:
                self._process(items)
            except Exception as error:  # the thread must outlive any frame
                self._on_error(error, items)

    def _next(self, served: dict[str, float]) -> dict[str, Item]:
        """Wait for the items whose turn it is and take them; return none when stopping.

        ``served`` has the time each mailbox was last taken from, in its order, and is updated.
        """
        with self._condition:
            while not self._stopping.is_set():
                now = time.monotonic()
                full = [name for name in served if self.mailboxes[name].full]
                waits = {name: served[name] + self._interval(name) - now for name in full}
                due = [name for name in full if waits[name] <= 0][: self._at_once]
                if due:
                    for name in due:  # to the end of the queue
                        del served[name]
                        served[name] = now
                    return self._take(due)
                # Waiting here, before taking, keeps the frame that is used as new as it can be.
                self._condition.wait(min(*waits.values(), LONGEST_WAIT) if waits else None)
        return {}
