# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's graph: camera_node and depth_node as processes, recorded into a bag from here."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import rclpy
import sensor_msgs.msg  # noqa: F401  where it is missing, that is told before nodes are started
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from depth_anything_ros.media.bag import BagWriter
from depth_anything_ros.ros.frame_outputs import DEPTH_TOPIC
from depth_anything_ros.ros.node_process import (
    NodeError,
    NodeProcess,
    give_images_room,
    keep_to_this_machine,
    signals_held,
)
from depth_anything_ros.ros.recorder import RecordedTopic, Recorder

QUIET_TIME = 2.5
"""Seconds without a depth image after which the last frame is known to be answered."""

IMAGE = 'sensor_msgs/msg/Image'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
DEPTH_TOPICS = tuple(DEPTH_TOPIC.values())
DEPTH_CAMERA_INFO = 'depth/camera_info'
DIAGNOSTICS = '/diagnostics'
NODE_TOPICS = (
    *(RecordedTopic(topic, IMAGE) for topic in DEPTH_TOPICS),
    RecordedTopic(DEPTH_CAMERA_INFO, CAMERA_INFO),
    # The last: a node tells of its subscriptions in the order in which it made them, so that who
    # sends diagnostics here knows the others as well.
    RecordedTopic(DIAGNOSTICS, 'diagnostic_msgs/msg/DiagnosticArray'),
)
CAMERA_TOPICS = (
    RecordedTopic('camera_info', CAMERA_INFO),
    RecordedTopic('ground_truth/depth', IMAGE),
    RecordedTopic('image', IMAGE),
)


class DemoError(NodeError):
    """The demo could not run to its end."""


@dataclass(frozen=True)
class DemoSettings:
    """What to show: a model's name, a source of camera_node, and how fast and how long."""

    model: str
    source: str
    rate: float
    seconds: float
    width: int
    folder: Path
    start_timeout: float = 300.0

    @property
    def bag(self) -> Path:
        """Where the bag goes."""
        return self.folder / 'bag'


def run_demo(settings: DemoSettings, say: Callable[[str], None]) -> None:
    """Run both nodes for a bounded time and leave the bag and their logs in the folder.

    The nodes find each other over loopback in a ROS domain of their own. The bag of an earlier
    demo is replaced; any other is a BagError. Raises NodeEndedError when a node ends early, and
    DemoError when no depth comes.
    """
    keep_to_this_machine()
    give_images_room()
    settings.folder.mkdir(parents=True, exist_ok=True)
    # Ended from outside, the nodes must not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes: list[NodeProcess] = []
    executor: SingleThreadedExecutor | None = None
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor()
        # A demo leaves its logs beside its bag; without them the bag is somebody else's.
        own = (settings.folder / 'depth_node.log').is_file()
        with BagWriter(settings.bag, overwrite=own) as bag:
            recorder = Recorder(bag)
            executor.add_node(recorder)
            try:
                _record(settings, executor, recorder, processes, say)
            finally:
                executor.remove_node(recorder)
                recorder.destroy_node()
    finally:
        for process in reversed(processes):
            process.stop()
        if executor is not None:
            executor.shutdown()
        rclpy.try_shutdown()


def _depth_parameters(settings: DemoSettings) -> list[str]:
    return [
        f'model:={settings.model}',
        # Best effort loses large images where the kernel's and the middleware's buffers are as
        # small as they come; here every frame is to be counted.
        'qos_overrides./image.subscription.reliability:=reliable',
        'qos_overrides./camera_info.subscription.reliability:=reliable',
    ]


def _camera_parameters(settings: DemoSettings) -> list[str]:
    return [
        f'source:={settings.source}',
        f'rate:={settings.rate}',
        f'width:={settings.width}',
        # The recorder and the node.
        'wait_for:=2',
    ]


def _record(
    settings: DemoSettings,
    executor: SingleThreadedExecutor,
    recorder: Recorder,
    processes: list[NodeProcess],
    say: Callable[[str], None],
) -> None:
    """Start the nodes and spin the recorder: for the set time, then until the last answer."""

    def answers() -> int:
        return sum(recorder.counts[topic] for topic in DEPTH_TOPICS)

    def node_is_there() -> bool:
        # Both ways: its publishers are known here, and the recorder is known there. Otherwise the
        # node skips the first frames, as nobody seems to listen.
        depths = sum(recorder.count_publishers(topic) for topic in DEPTH_TOPICS)
        infos = recorder.count_publishers(DEPTH_CAMERA_INFO)
        return depths > 0 and infos > 0 and recorder.counts[DIAGNOSTICS] > 0

    def spin(until: Callable[[], bool], limit: float) -> None:
        end = time.monotonic() + limit
        while not until() and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.1)
            for process in processes:
                process.check()

    say(f'starting depth_node ({settings.model}) and camera_node ({settings.source})')
    with signals_held():
        # Between the start of a process and its entry in the list nobody would end it.
        processes.append(NodeProcess('depth_node', settings.folder, _depth_parameters(settings)))
        camera = NodeProcess('camera_node', settings.folder, _camera_parameters(settings))
        processes.append(camera)
    for topic in NODE_TOPICS:
        recorder.record(topic)
    spin(node_is_there, settings.start_timeout)
    # The camera waits for these, so that not even the first answer is missed.
    for topic in CAMERA_TOPICS:
        recorder.record(topic)
    spin(lambda: answers() > 0, settings.start_timeout)
    if not answers():
        raise DemoError(f'no depth came; the logs are in {settings.folder}')
    say(f'depth flows; recording for {settings.seconds:g} s')
    spin(lambda: False, settings.seconds)
    camera.stop()
    last, since = answers(), time.monotonic()
    while time.monotonic() - since < QUIET_TIME:
        executor.spin_once(timeout_sec=0.1)
        if answers() != last:
            last, since = answers(), time.monotonic()
