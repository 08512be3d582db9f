# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The threads between callbacks and the network: they take the newest of every camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from depth_anything_ros.inference.finisher import Finish, Finisher
from depth_anything_ros.inference.mailbox import Mailbox

Item = TypeVar('Item')

LONGEST_WAIT = 0.1
"""Seconds after which a waiting worker asks for the interval again."""
JOIN_TIME = 5.0
"""Seconds a thread that has nothing left to do may take to end."""


@dataclass(frozen=True)
class Work(Generic[Item]):
    """What a worker does with items, see Worker."""

    begin: Callable[[dict[str, Item]], Finish | None]
    at_once: int | None = None
    in_flight: int = 1


class Worker(Generic[Item]):
    """Run ``begin`` on the newest items of one or more mailboxes, in a thread of its own.

    ``begin`` gets a dictionary from mailbox name to item, with every mailbox that has one whose
    turn it is; with ``at_once``, that many at most, those that were served longest ago. So no
    mailbox starves, however fast the others fill. An exception it raises goes to
    ``on_error`` with the items, and the thread goes on. ``interval`` returns the least time in
    seconds between two items of the mailbox it is given, 0 for none; it is asked again while the
    thread waits, so that it may change at any time. Items that arrive while their mailbox waits
    replace each other, and hold up no other mailbox.

    ``begin`` returns what does the rest, None when nothing is left to do. With ``in_flight`` 1 that
    is called at once. With more it is called in a second thread, in the order in which things
    were begun, and items are taken while fewer than ``in_flight`` calls are not at their end.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        begin: Callable[[dict[str, Item]], Finish | None],
        on_error: Callable[[Exception, dict[str, Item]], None],
        interval: Callable[[str], float] = lambda name: 0.0,
        at_once: int | None = None,
        in_flight: int = 1,
    ) -> None:
        self._condition = threading.Condition()
        self.mailboxes: dict[str, Mailbox[Item]] = {
            name: Mailbox(self._condition) for name in names
        }
        self._work = Work(begin, at_once, in_flight)
        self._on_error, self._interval = on_error, interval
        self._next_work: tuple[Work[Item], Callable[[], None]] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._finisher: Finisher | None = None

    def start(self) -> None:
        """Start the thread, or the two."""
        if self._thread is not None:
            raise RuntimeError('the worker runs already')
        self._stopping.clear()
        self._start_finisher()
        self._thread = threading.Thread(target=self._run, name='depth-worker', daemon=True)
        self._thread.start()

    def exchange(self, work: Work[Item], done: Callable[[], None]) -> None:
        """Go on with another work once all that was begun is finished. Never waits for that.

        ``done`` is called when the old work is not needed any more, by whichever thread finds
        that out; it must return at once. An exchange that has not come about yet is replaced, and
        its ``done`` never called.
        """
        with self._condition:
            self._next_work = work, done
            if self._thread is not None:
                self._condition.notify_all()
                return
        self._adopt()

    def stop(self, timeout: float = 30.0) -> dict[str, Item]:
        """Finish what was begun, end the threads, and return the items nobody processed.

        Raises TimeoutError when that takes more than ``timeout`` s; it may be tried again.
        """
        end = time.monotonic() + timeout
        self._stopping.set()
        with self._condition:
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
            ended = not self._thread.is_alive()
            if ended and self._finisher is not None:
                ended = self._finisher.stop(max(end - time.monotonic(), 0.0))
            if not ended:
                raise TimeoutError(f'the worker did not end within {timeout} s')
            self._thread = self._finisher = None
        self._adopt()
        return self._take(self.mailboxes)

    def _take(self, names: Iterable[str]) -> dict[str, Item]:
        taken = {name: self.mailboxes[name].take() for name in names}
        return {name: item for name, item in taken.items() if item is not None}

    def _run(self) -> None:
        served = dict.fromkeys(self.mailboxes, float('-inf'))
        while items := self._next(served):
            try:
                finish = self._work.begin(items)
            except Exception as error:  # the thread must outlive any frame
                self._on_error(error, items)
                continue
            if finish is None:
                continue
            finish = partial(self._finish, finish, items)
            if self._finisher is None:
                finish()
            else:
                self._finisher.add(finish)
            del finish  # it holds the network, which may be exchanged before the next item

    def _start_finisher(self) -> None:
        if self._work.in_flight > 1:
            self._finisher = Finisher(self._condition)
            self._finisher.start()

    def _adopt(self) -> None:
        """Make the exchange that is wanted, if any; nothing is under way."""
        with self._condition:
            if self._next_work is None:
                return
            (self._work, done), self._next_work = self._next_work, None
        if self._thread is not None:
            if self._finisher is not None:
                self._finisher.stop(JOIN_TIME)
                self._finisher = None
            self._start_finisher()
        done()

    def _finish(self, finish: Finish, items: dict[str, Item]) -> None:
        try:
            finish()
        except Exception as error:  # the thread must outlive any frame
            self._on_error(error, items)

    def _next(self, served: dict[str, float]) -> dict[str, Item]:
        """Wait for the items whose turn it is and take them; return none when stopping.

        ``served`` has the time each mailbox was last taken from, in its order, and is updated.
        """
        with self._condition:
            while not self._stopping.is_set():
                under_way = 0 if self._finisher is None else self._finisher.under_way
                if self._next_work is not None and not under_way:
                    self._adopt()
                    continue
                if self._next_work is not None or under_way >= self._work.in_flight:
                    self._condition.wait()
                    continue
                now = time.monotonic()
                full = [name for name in served if self.mailboxes[name].full]
                waits = {name: served[name] + self._interval(name) - now for name in full}
                due = [name for name in full if waits[name] <= 0][: self._work.at_once]
                if due:
                    for name in due:  # to the end of the queue
                        del served[name]
                        served[name] = now
                    return self._take(due)
                # Waiting here, before taking, keeps the frame that is used as new as it can be.
                self._condition.wait(min(*waits.values(), LONGEST_WAIT) if waits else None)
        return {}
