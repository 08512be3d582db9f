# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changing the network of a node that runs: load beside it, then have the new one take over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from rclpy.node import Node

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.memory import give_back_memory
from depth_anything_ros.ros.network_choice import NetworkChoice


class SwappingNode(Protocol):
    """What the owner of the network does; all but ``load`` in the thread of its callbacks."""

    def load(self) -> DepthEstimator:
        """Return the network that is asked for, warmed up; in a thread of its own."""

    def hand_over(self, estimator: DepthEstimator, done: Callable[[], None]) -> None:
        """Have frames go to another network from the next on.

        ``done``, which any thread may call, tells that the one before is not needed any more.
        """

    def take_over(self, estimator: DepthEstimator) -> None:
        """Let the network before go; the other one runs now."""

    def stay(self, wanted: NetworkChoice, running: NetworkChoice, error: Exception) -> None:
        """Go on with what runs, as ``wanted`` could not be had."""


class _Job:
    """A network that is loaded in the background."""

    def __init__(self, choice: NetworkChoice) -> None:
        self.choice = choice
        self.stale = False
        self.took = 0.0
        self.estimator: DepthEstimator | None = None
        self.error: Exception | None = None
        self.ended = threading.Event()
        self.exchanged = threading.Event()
        self.thread: threading.Thread | None = None


class NetworkSwap:
    """Makes the network that runs the one that is wished for.

    One network is loaded at a time, in a daemon thread. What is not wished for any more when it
    has been loaded is let go, and the newest wish is loaded next. Everything else happens in the
    thread of the node's callbacks, which a guard condition wakes.
    """

    def __init__(self, node: Node, owner: SwappingNode) -> None:
        self._node, self._owner = node, owner
        self._wanted: NetworkChoice | None = None
        self._running: NetworkChoice | None = None
        self._job: _Job | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._guard = node.create_guard_condition(self._look)

    @property
    def loading(self) -> str:
        """The network that is being loaded beside the running one, '' for none."""
        job = self._job
        return '' if job is None or job.stale else str(job.choice)

    def begin(self, choice: NetworkChoice) -> None:
        """Remember what runs, after it was configured."""
        self._running = self._wanted = choice

    def end(self) -> None:
        """Give up what is being loaded, as nothing is to run any more. Never waits."""
        self._running = self._wanted = None
        if self._job is not None:
            self._job.stale = True
        if self._handed_over():
            self._job = None

    def wish(self, choice: NetworkChoice) -> bool:
        """Wish for a network; return whether another one has to be loaded for that."""
        if self._running is None:
            return False
        if choice != self._wanted and self._job is not None and not self._handed_over():
            self._job.stale = True
        self._wanted = choice
        # Not yet: of several parameters that are set one after the other the last one counts.
        self._wake()
        return choice != self._running

    def settle(self) -> None:
        """Let the network that frames go to now take over, if there is such a one."""
        job = self._job
        if job is None or not job.exchanged.is_set() or job.estimator is None:
            return
        self._job = None
        self._running = job.choice
        self._owner.take_over(job.estimator)
        give_back_memory()
        self._node.get_logger().info(f'{job.choice} has taken over, loaded in {job.took:.1f} s')

    def close(self, timeout: float) -> bool:
        """End for good; return False when a network is still being loaded after ``timeout`` s."""
        self.end()
        job = self._job
        if job is not None and job.thread is not None:
            job.thread.join(timeout)
            if job.thread.is_alive():
                return False
            self._job = None
        with self._lock:
            if not self._closed:
                self._closed = True
                self._node.destroy_guard_condition(self._guard)
        return True

    def _handed_over(self) -> bool:
        job = self._job
        return job is not None and job.thread is None

    def _wake(self) -> None:
        with self._lock:
            if not self._closed:
                self._guard.trigger()

    def _look(self) -> None:
        """Do what can be done now, in the thread of the node's callbacks."""
        self.settle()
        if self._job is not None and self._job.ended.is_set() and not self._handed_over():
            self._collect()
        if self._job is None and self._running is not None and self._wanted != self._running:
            self._start()

    def _start(self) -> None:
        assert self._wanted is not None
        self._job = job = _Job(self._wanted)
        self._node.get_logger().info(f'loading {job.choice} beside {self._running}, which goes on')
        job.thread = threading.Thread(
            target=self._load, args=(job,), name='network-loader', daemon=True
        )
        job.thread.start()

    def _load(self, job: _Job) -> None:
        begin = time.monotonic()
        try:
            job.estimator = self._owner.load()
        except Exception as error:  # told where it can be dealt with
            job.error = error.with_traceback(None)
        job.took = time.monotonic() - begin
        job.ended.set()
        self._wake()

    def _collect(self) -> None:
        """Hand the network that was loaded over, or let it go."""
        job = self._job
        if job is None or job.thread is None:
            return
        job.thread.join()
        job.thread = None
        if job.stale or self._running is None:
            job.estimator = self._job = None
            give_back_memory()
            return
        if job.estimator is not None:
            try:
                self._owner.hand_over(job.estimator, lambda: self._exchanged(job))
            except Exception as error:  # such as topics that cannot be had
                job.error = error
        if job.error is not None:
            self._job, self._wanted = None, self._running
            self._owner.stay(job.choice, self._running, job.error)

    def _exchanged(self, job: _Job) -> None:
        job.exchanged.set()
        self._wake()
