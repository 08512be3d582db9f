# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bench of the fault runs: a camera and an ear in this process, the node in its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from fault_account import Account
from fault_camera import QUEUE, Camera, Sent, Shape
from fault_child import Child, take_domain
from fault_ear import Ear, Report
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from depth_anything_ros.evaluation.run_report import COUNTERS
from depth_anything_ros.ros.frame_outputs import DEPTH_TOPIC

RATE = 20.0
"""Hz of the camera where a fault does not say otherwise: the node keeps up with it."""
PATIENCE = 120.0
SETTLING = 0.5
"""Seconds in which a node that keeps up has answered what was sent."""
ARRIVAL = 300_000_000
"""Nanoseconds after which what was sent is with the node."""
RELIABLE = (
    'qos_overrides./image.subscription.reliability:=reliable',
    f'qos_overrides./image.subscription.depth:={QUEUE}',
    *(f'qos_overrides./{topic}.publisher.depth:={QUEUE}' for topic in DEPTH_TOPIC.values()),
)
"""With these nothing is lost between the processes, so every frame is in a counter of the node."""


class BenchError(RuntimeError):
    """What the bench waits for did not happen."""


class Bench:
    """One camera, one ear, and the node that runs at the moment, see ``open_bench``."""

    def __init__(
        self, folder: Path, topics: Sequence[str], queue: int, parameters: Sequence[str]
    ) -> None:
        self.folder, self._parameters = folder, tuple(parameters)
        self.camera, self.ear = Camera(), Ear(topics, queue)
        self.sent: list[Sent] = []
        self.child: Child | None = None
        self.transitions: list[str] = []
        self._before: Mapping[str, int] = {}
        self._executor = SingleThreadedExecutor()
        for node in (self.camera, self.ear):
            self._executor.add_node(node)

    @contextmanager
    def node(
        self,
        *parameters: str,
        module: str = 'depth_node',
        arguments: Sequence[str] = (),
        as_shipped: bool = False,
        stamp: Callable[[int], int] | None = None,
    ) -> Iterator[Child]:
        """Start a node, wait until it is active and hears the camera, and end it with the block.

        Its images come reliable and queued; with ``as_shipped``, best effort, keep last 1.
        ``stamp`` gives the stamps of the first frames.
        """
        self.ear.forget()
        wanted = (*parameters, *self._parameters, *(() if as_shipped else RELIABLE))
        log = self.folder / f'node_{time.time_ns()}.log'
        self.child = Child.node(log, module, wanted, *arguments)
        try:
            self.until(lambda: self.state == 'active', 'the node is active')
            self.meet(stamp)
            yield self.child
        finally:
            self.child.stop()
            self.child = None
            self.until(lambda: self.camera.readers == 0, 'the node has gone')

    @property
    def state(self) -> str:
        """The lifecycle state that the node reported last."""
        return self.ear.last.node.state if self.ear.last else ''

    def spin(self, seconds: float) -> None:
        """Hear what comes for a time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def until(self, condition: Callable[[], object], what: str, limit: float = PATIENCE) -> None:
        """Hear what comes until a condition holds; raises BenchError when it does not."""
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise BenchError(f'not within {limit:g} s: {what}')
            if self.child is not None and self.child.code is not None:
                lines = self.child.output.strip().splitlines() or ['no output']
                raise BenchError(f'the node ended with {self.child.code}: {lines[-1]}')
            self._executor.spin_once(timeout_sec=0.02)

    def stream(
        self,
        frames: int,
        shape: Shape | None = None,
        stamp: Callable[[int], int] | None = None,
        rate: float = RATE,
    ) -> int:
        """Send frames; return when the first went out (ns). ``stamp`` gives that of a number."""
        start = time.perf_counter()
        for number in range(frames):
            self.spin(max(0.0, start + number / rate - time.perf_counter()))
            own = None if stamp is None else stamp(number)
            self.sent.append(self.camera.send(shape or Shape(), own))
        self.spin(1 / rate)
        return self.sent[-frames].at

    def meet(self, stamp: Callable[[int], int] | None = None) -> int:
        """Send frames until one is answered, and return how many before that were not.

        A camera and a node that have found each other from one side only lose what is sent.
        """
        self.until(lambda: self.camera.readers > 0, 'the node subscribes')
        heard, sent = len(self.ear.heard), 0
        end = time.monotonic() + PATIENCE
        while len(self.ear.heard) == heard:
            if time.monotonic() > end:
                raise BenchError(f'not within {PATIENCE:g} s: depth of a new subscription')
            self.stream(1, stamp=stamp, rate=5.0)
            sent += 1
        return sent - 1

    def settle_frames(self) -> None:
        """Give the node time to answer what was sent."""
        self.spin(SETTLING)

    def open(self) -> None:
        """Begin an account."""
        self._before = self.settled().node.counts
        self.sent.clear()
        self.transitions.clear()
        self.ear.heard.clear()

    def close(self, sent: Sequence[Sent] | None = None) -> Account:
        """End an account, when the node has answered everything."""
        after = self.settled().node.counts
        counts = {name: after[name] - self._before[name] for name in COUNTERS}
        end = time.monotonic() + 2
        while len(self.ear.heard) < counts['published'] and time.monotonic() < end:
            self.spin(0.05)
        account = Account(list(self.sent if sent is None else sent), list(self.ear.heard), counts)
        account.more['said'] = list(self.ear.said)
        if self.transitions:
            account.more['transitions'] = list(self.transitions)
        return account

    def settled(self) -> Report:
        """Wait for two reports in a row that say the same, with nothing waiting."""
        since = time.time_ns() + ARRIVAL
        seen: list[Report] = []

        def settled() -> bool:
            last = self.ear.last
            if last is not None and last.arrived > since and (not seen or last is not seen[-1]):
                seen.append(last)
            return (
                len(seen) > 1 and seen[-1].settled and seen[-1].node.counts == seen[-2].node.counts
            )

        self.until(settled, 'the node has answered every frame')
        return seen[-1]

    def call(self, kind: type, name: str, request: Any, limit: float = PATIENCE) -> Any:
        """Call a service and return its answer; raises BenchError without one."""
        client = self.ear.create_client(kind, name)
        try:
            self.until(client.service_is_ready, f'{name} is there', limit)
            future = client.call_async(request)
            self.until(future.done, f'{name} answers', limit)
            return future.result()
        finally:
            self.ear.destroy_client(client)

    def transition(self, *names: str) -> bool:
        """Ask the node for transitions, one after the other; return whether all succeeded."""
        for name in names:
            number = getattr(Transition, f'TRANSITION_{name.upper()}')
            request = ChangeState.Request(transition=Transition(id=number))
            start = time.monotonic()
            done = self.call(ChangeState, '/depth_node/change_state', request).success
            self.transitions.append(f'{name} {time.monotonic() - start:.1f} s')
            if not done:
                return False
        return True

    def set_parameter(self, name: str, value: int | str) -> None:
        """Set a parameter of the node; raises BenchError when that is refused."""
        if isinstance(value, str):
            typed = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
        else:
            typed = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
        request = SetParameters.Request(parameters=[Parameter(name=name, value=typed)])
        (result,) = self.call(SetParameters, '/depth_node/set_parameters', request).results
        if not result.successful:
            raise BenchError(f'{name} cannot be {value}: {result.reason}')

    def shut_down(self) -> None:
        """End camera and ear."""
        self._executor.shutdown()
        self.camera.destroy_node()
        self.ear.destroy_node()


@contextmanager
def open_bench(
    folder: Path,
    topics: Sequence[str] = tuple(DEPTH_TOPIC.values()),
    queue: int = QUEUE,
    parameters: Sequence[str] = (),
) -> Iterator[Bench]:
    """Open a bench in a ROS domain of its own, its logs in a folder.

    It hears the depth of ``topics``, and keeps ``queue`` messages until it has time for them.
    ``parameters`` go to every node that it starts.
    """
    take_domain()
    # Where this runs in the background of a shell, SIGINT is ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder.mkdir(parents=True, exist_ok=True)
    # What engines compile is kept there, and a run should not profit from the one before.
    os.environ['XDG_CACHE_HOME'] = str(folder / 'cache')
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        bench = Bench(folder, topics, queue, parameters)
        try:
            yield bench
        finally:
            bench.shut_down()
    finally:
        rclpy.try_shutdown()
