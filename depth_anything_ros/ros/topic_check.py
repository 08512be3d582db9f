# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera's topic is like for the node: who publishes, QoS, rate, stamps, camera_info."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    ReliabilityPolicy,
    qos_check_compatible,
)
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from depth_anything_ros.check import CheckResult, Verdict
from depth_anything_ros.ros.camera_info import CameraInfoError, check_camera_info
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.image_message import ImageError, decode_compressed, decode_image
from depth_anything_ros.ros.qos import newest_only
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage
from depth_anything_ros.ros.stamps import nanoseconds
from depth_anything_ros.ros.topic_findings import frame_of, rate_of, silence, stamp_of

TYPES: dict[str, tuple[type, type[RawImage] | type[RawCompressedImage]]] = {
    'sensor_msgs/msg/Image': (Image, RawImage),
    'sensor_msgs/msg/CompressedImage': (CompressedImage, RawCompressedImage),
}
COMPRESSED_SUFFIX = '/compressed'
SETTLE = 0.5
"""Seconds from the first publisher that is seen until all are taken to be."""


def check_topic(
    topic: str, reliable: bool = False, wait: float = 5.0, measure: float = 3.0
) -> Iterator[CheckResult]:
    """Look at a topic of Image or CompressedImage with a subscription such as the node's.

    ``reliable`` asks for reliable delivery, as the node does with qos_overrides. ``wait`` is for
    how many seconds a publisher, its first message and its camera_info are waited for at most;
    ``measure`` for how many messages are counted. It takes a context of its own.
    """
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node(
        f'depth_anything_doctor_{os.getpid()}',
        context=context,
        start_parameter_services=False,
        enable_rosout=False,
    )
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        yield from _Listener(node, executor, topic, reliable).results(wait, measure)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def camera_info_topic(topic: str) -> str:
    """Return the camera_info that lies beside an image topic, as image_transport names it."""
    return f'{topic.removesuffix(COMPRESSED_SUFFIX).rpartition("/")[0]}/camera_info'


class _Listener:
    """One look at one topic."""

    def __init__(
        self, node: Node, executor: SingleThreadedExecutor, topic: str, reliable: bool
    ) -> None:
        self._node, self._executor = node, executor
        self._topic = node.resolve_topic_name(topic)
        self._reliability = (
            ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        )
        self._sizes: list[int] = []
        self._arrivals: list[float] = []
        self._last: tuple[bytes, int] | None = None
        self._infos: list[CameraInfo] = []

    def results(self, wait: float, measure: float) -> Iterator[CheckResult]:
        publishers = self._node.get_publishers_info_by_topic
        if not self._until(lambda: bool(publishers(self._topic)), wait):
            yield self._nobody(wait)
            return
        # Others are discovered a little later, and the names of nodes after their endpoints.
        self._until(lambda: False, SETTLE)
        self._until(lambda: all(map(_is_named, publishers(self._topic))), wait)
        found = publishers(self._topic)
        if not found:
            yield self._nobody(wait)
            return
        kind = found[0].topic_type
        who = ', '.join(sorted(_name(writer) for writer in found))
        if kind not in TYPES:
            yield CheckResult(
                'topic', Verdict.FAIL, f'{self._topic} is {kind} of {who}',
                f'give a topic of {" or ".join(TYPES)}',
            )  # fmt: skip
            return
        if len(found) > 1:
            yield CheckResult(
                'topic',
                Verdict.WARN,
                f'{self._topic}: {len(found)} publishers ({who}), their images are mixed',
                'remap, so that each camera has its own topic',
            )
        else:
            yield CheckResult('topic', Verdict.OK, f'{self._topic}: {kind} of {who}')
        self._subscribe(kind)
        yield from self._qos(wait)
        yield from self._messages(kind, found, wait, measure)

    def _nobody(self, wait: float) -> CheckResult:
        names = sorted(
            name for name, kinds in self._node.get_topic_names_and_types() if kinds[0] in TYPES
        )
        seen = f'images are at {", ".join(names)}' if names else 'no image topic is seen at all'
        return CheckResult(
            'topic',
            Verdict.FAIL,
            f'nobody publishes {self._topic} within {wait:g} s; {seen}',
            'give the topic as `ros2 topic list` has it'
            if names
            else 'start the camera; same ROS_DOMAIN_ID, discovery range and RMW on both sides?',
        )

    def _subscribe(self, kind: str) -> None:
        # Deeper than the node's, whose depth of 1 is meant to lose what a rate has to count.
        profile = newest_only(self._reliability)
        profile.depth = 100
        self._node.create_subscription(
            TYPES[kind][0], self._topic, self._on_image, profile, raw=True
        )
        self._node.create_subscription(
            CameraInfo,
            camera_info_topic(self._topic),
            self._infos.append,
            newest_only(ReliabilityPolicy.BEST_EFFORT),
        )

    def _on_image(self, serialized: bytes) -> None:
        self._arrivals.append(time.monotonic())
        self._sizes.append(len(serialized))
        self._last = (serialized, self._node.get_clock().now().nanoseconds)

    def _qos(self, wait: float) -> Iterator[CheckResult]:
        # Ours as the graph tells it, because the profile made here leaves durations unset.
        def mine() -> list[Any]:
            readers = self._node.get_subscriptions_info_by_topic(self._topic)
            return [reader for reader in readers if reader.node_name == self._node.get_name()]

        if not self._until(lambda: bool(mine()), wait):
            yield CheckResult(
                'QoS',
                Verdict.WARN,
                'the own subscription is not discovered, so QoS is not compared',
                'run it again; the machine may be busy',
            )
            return
        for writer in self._node.get_publishers_info_by_topic(self._topic):
            offered = f'{_name(writer)} offers {_policies(writer.qos_profile)}'
            verdict, reason = qos_check_compatible(writer.qos_profile, mine()[0].qos_profile)
            if verdict == QoSCompatibility.ERROR:
                yield CheckResult(
                    'QoS',
                    Verdict.FAIL,
                    f'{offered}, the node asks for {_policies(mine()[0].qos_profile)}: '
                    f'{reason.strip().rstrip(";")}',
                    f'leave qos_overrides.{self._topic}.subscription.reliability at best_effort, '
                    'or let the camera offer more',
                )
            else:
                yield CheckResult('QoS', Verdict.OK, f'{offered}: fits the node')

    def _messages(
        self, kind: str, writers: list[Any], wait: float, measure: float
    ) -> Iterator[CheckResult]:
        if not self._until(lambda: bool(self._arrivals), wait):
            latched = any(
                writer.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
                for writer in writers
            )
            yield silence(self._topic, latched, wait)
            return
        end = time.monotonic() + measure
        self._until(lambda: time.monotonic() >= end, measure)
        yield rate_of(self._arrivals, self._sizes, measure)
        assert self._last is not None
        content, arrival = self._last
        try:
            message = TYPES[kind][1].parse(content)
        except CdrError as error:
            yield CheckResult('image', Verdict.FAIL, str(error), 'publish with a ROS 2 publisher')
            return
        size = None
        try:
            if isinstance(message, RawCompressedImage):
                picture, encoding = decode_compressed(message), message.format
            else:
                picture, encoding = decode_image(message), message.encoding
            size = picture.shape[1], picture.shape[0]
            yield CheckResult('image', Verdict.OK, f'{size[0]}x{size[1]} {encoding}')
        except ImageError as error:
            yield CheckResult('image', Verdict.FAIL, str(error), 'see the end of that line')
        stamp = nanoseconds(message.header.stamp)
        simulated = self._node.count_publishers('/clock') > 0
        yield stamp_of(stamp, arrival, simulated)
        yield frame_of(message.header.frame_id)
        yield self._camera_info(size, wait)

    def _camera_info(self, size: tuple[int, int] | None, wait: float) -> CheckResult:
        topic = camera_info_topic(self._topic)
        if not self._node.count_publishers(topic):
            return CheckResult(
                'camera_info',
                Verdict.WARN,
                f'nobody publishes {topic}',
                'calibrate the camera, or remap camera_info; without it no points and no scan',
            )
        if not self._until(lambda: bool(self._infos), wait):
            return CheckResult(
                'camera_info',
                Verdict.WARN,
                f'{topic} has a publisher and no message within {wait:g} s',
                'the driver must publish it with every image',
            )
        info = self._infos[-1]
        try:
            _, warning = check_camera_info(info, *(size or (info.width, info.height)))
        except CameraInfoError as error:
            return CheckResult('camera_info', Verdict.WARN, str(error), 'calibrate the camera')
        if warning:
            return CheckResult('camera_info', Verdict.OK, f'{topic}; {warning}')
        return CheckResult('camera_info', Verdict.OK, f'{topic}, {info.width}x{info.height}')

    def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Spin until a condition holds; False when it does not within some seconds."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() >= end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True


def _name(endpoint: Any) -> str:
    return f'{endpoint.node_namespace.rstrip("/")}/{endpoint.node_name}'


def _is_named(endpoint: Any) -> bool:
    return 'UNKNOWN' not in endpoint.node_name


def _policies(profile: Any) -> str:
    return f'{profile.reliability.name.lower()}, {profile.durability.name.lower()}'
