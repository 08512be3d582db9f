# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's graph: player, node and monitor, a process each, and one run after the other."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from depth_anything_ros.evaluation.process_usage import (
    gpu_memory_in_use,
    processor_percent,
    usage_of,
)
from depth_anything_ros.evaluation.run_report import COUNTERS, Run
from depth_anything_ros.ros.bench_monitor import Monitor, NodeReport
from depth_anything_ros.ros.bench_player import Footage, PlayerProcess
from depth_anything_ros.ros.node_process import (
    NodeError,
    NodeProcess,
    keep_to_this_machine,
    signals_held,
)

START_TIMEOUT = 300.0
ANSWER_TIMEOUT = 120.0
WARM_UP_FRAMES = 6
WARM_UP_RATE = 4.0
IN_FLIGHT = 300_000_000
"""Nanoseconds after the last frame after which the node has received all that it ever will."""


class BenchError(NodeError):
    """The node did not answer."""


@dataclass(frozen=True)
class GraphSettings:
    """What is measured: the footage, and the node's parameters as 'name:=value'.

    ``engine_delay`` in seconds replaces the network by a stand-in, None keeps it. With
    ``reliable`` the node asks for reliable delivery; without, it is as it ships, best effort.
    Logs go to ``folder``.
    """

    footage: Footage
    parameters: tuple[str, ...]
    engine_delay: float | None
    reliable: bool
    folder: Path


@dataclass(frozen=True)
class Measured:
    """One run, what the node said after it, and what its process used."""

    run: Run
    node: NodeReport
    resources: dict[str, float | None]

    def report(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        return {**self.run.report(), **self.resources, 'stages_ms': self.node.stages}


class Graph:
    """The three processes; make it with ``open_graph``, and a node with ``node``."""

    def __init__(self, settings: GraphSettings, player: PlayerProcess) -> None:
        self._settings, self._player = settings, player
        self._monitor = Monitor(settings.footage.cameras)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._monitor)
        self._node: NodeProcess | None = None
        self._gpu_before = gpu_memory_in_use()
        self.size, self._compressed = player.load()

    @contextmanager
    def node(self) -> Iterator[None]:
        """Start a node and warm it up; it ends with the block. Raises NodeError."""
        self._monitor.forget_report()
        stand_in = self._settings.engine_delay is not None
        with signals_held():
            self._node = NodeProcess(
                'bench_node' if stand_in else 'depth_node',
                self._settings.folder,
                self._parameters(),
                [str(self._settings.engine_delay)] if stand_in else [],
            )
        try:
            self._spin(
                lambda: self._monitor.report.state == 'active', START_TIMEOUT, 'become active'
            )
            self.run(WARM_UP_RATE, WARM_UP_FRAMES / WARM_UP_RATE)
            yield
        finally:
            self._node.stop()
            self._node = None

    def run(self, rate: float, seconds: float) -> Measured:
        """Play at a rate in Hz, wait for the last answer, and account for everything."""
        assert self._node is not None, 'runs need a node'
        before = self._settled()
        self._monitor.take()
        used_before = usage_of(self._node.pid)
        self._player.start(rate, max(2, round(rate * seconds)))
        self._spin(lambda: self._player.done, seconds * 3 + ANSWER_TIMEOUT, 'take the frames')
        stamps = self._player.stamps()
        used = usage_of(self._node.pid)
        gpu = gpu_memory_in_use()
        after = self._settled()
        counts = {name: after.counts[name] - before.counts[name] for name in COUNTERS}
        self._spin_for(lambda: self._monitor.heard >= counts['published'], 0.5)
        load = processor_percent(used_before, used) if used_before and used else None
        resources = {
            'cpu_percent': None if load is None else round(load, 1),
            'rss_peak_mb': None if used is None else round(used.peak_memory / 1e6, 1),
            'gpu_mb': None
            if gpu is None or self._gpu_before is None
            else round((gpu - self._gpu_before) / 1e6, 1),
        }
        return Measured(Run(rate, stamps, self._monitor.take(), counts), after, resources)

    def close(self) -> None:
        """End the monitor."""
        self._executor.shutdown()
        self._monitor.destroy_node()

    def _parameters(self) -> Sequence[str]:
        parameters = list(self._settings.parameters)
        cameras = [camera for camera in self._settings.footage.cameras if camera]
        if cameras:
            parameters.append(f'cameras:=[{", ".join(cameras)}]')
        if self._compressed:
            parameters.append('compressed:=true')
        if self._settings.reliable:
            topic = 'image/compressed' if self._compressed else 'image'
            for camera in cameras or ['']:
                prefix = f'{camera}/' if camera else ''
                name = f'qos_overrides./{prefix}{topic}.subscription.reliability'
                parameters.append(f'{name}:=reliable')
        return parameters

    def _settled(self) -> NodeReport:
        """Wait for a report of a node that has received and answered all that was sent."""
        since = time.time_ns() + IN_FLIGHT

        def settled() -> bool:
            report = self._monitor.report
            return report.stamp > since and report.pending == 0

        self._spin(settled, ANSWER_TIMEOUT, 'answer every frame')
        return self._monitor.report

    def _spin(self, until: Callable[[], bool], limit: float, what: str) -> None:
        """Spin until a condition holds; raises NodeError when it does not, or the node ends."""
        if not self._spin_for(until, limit):
            raise BenchError(f'the node did not {what} within {limit:.0f} s')

    def _spin_for(self, until: Callable[[], bool], limit: float) -> bool:
        end = time.monotonic() + limit
        while not until():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
            if self._node is not None:
                self._node.check()
        return True


@contextmanager
def open_graph(settings: GraphSettings) -> Iterator[Graph]:
    """Start the player and the monitor, in a ROS domain of their own on this machine.

    Raises PlayerError, SourceError, BagError or CdrError for footage that cannot be played.
    """
    keep_to_this_machine()
    # Ended from outside, the node must not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings.folder.mkdir(parents=True, exist_ok=True)
    with PlayerProcess(settings.footage) as player:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        try:
            graph = Graph(settings, player)
            try:
                yield graph
            finally:
                graph.close()
        finally:
            rclpy.try_shutdown()
