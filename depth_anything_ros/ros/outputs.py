# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics depth_node publishes for a camera, and what goes out on them for one frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2
from std_msgs.msg import Header

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.color import colorize
from depth_anything_ros.ros.depth_message import encode_color, encode_depth, encode_disparity
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.qos import PublisherEventCallbacks, newest_only

DEPTH_TOPIC = {
    DepthKind.METRIC: 'depth/image_rect',
    DepthKind.RELATIVE: 'depth/disparity_relative',
}
"""Relative depth never goes out where consumers expect metres."""
SPACE_TOPICS = {
    'points': PointCloud2,
    'points_clearing': PointCloud2,
    'obstacles': PointCloud2,
    'scan': LaserScan,
}
"""What is made of metres alone."""
SCALE_TOPIC = 'depth/scale'


class Outputs:
    """The lifecycle publishers of one camera.

    ``kind`` is that of the network; with ``scaled`` a relative one is given metres, too, and
    ``depth/scale`` tells by what. With ``in_space`` there are clouds and scan. ``prefix`` comes
    before the names of the topics. ``on_incompatible`` is called with the topic when a subscriber
    asks for another quality of service than is offered. Publishers of ``before`` are taken over
    where the topics are the same, so that who listens to those notices nothing.
    """

    def __init__(
        self,
        node: LifecycleNode,
        kind: DepthKind,
        on_incompatible: Callable[[str], None],
        prefix: str = '',
        scaled: bool = False,
        in_space: bool = False,
        before: Outputs | None = None,
    ) -> None:
        self._node, self._kind, self._prefix = node, kind, prefix
        self._on_incompatible = on_incompatible
        self._publishers: dict[str, LifecyclePublisher] = {}
        kinds = {kind, DepthKind.METRIC} if scaled else {kind}
        topics: dict[str, type] = {DEPTH_TOPIC[each]: Image for each in kinds}
        topics |= {'depth/camera_info': CameraInfo, 'depth/color': Image}
        topics |= {SCALE_TOPIC: DiagnosticArray} if scaled else {}
        topics |= SPACE_TOPICS if in_space else {}
        there = {} if before is None else before._publishers
        for name, message_type in topics.items():
            self._publishers[name] = there.get(name) or self._advertise(name, message_type)
            if any(publisher.is_activated for publisher in there.values()):
                self._publishers[name].on_activate(None)

    @property
    def heard(self) -> bool:
        """Whether anybody subscribes to any of the topics."""
        return any(self.listened(name) for name in self._publishers)

    def listened(self, name: str) -> bool:
        """Whether anybody subscribes to a topic; False for one that is not there."""
        publisher = self._publishers.get(name)
        return publisher is not None and publisher.get_subscription_count() > 0

    def destroy(self, heir: Outputs | None = None) -> None:
        """Take the topics back, without those that an heir has taken over."""
        kept = () if heir is None else heir._publishers.values()
        for publisher in self._publishers.values():
            if publisher not in kept:
                self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()

    def send(self, name: str, message: bytes | CameraInfo | LaserScan | DiagnosticArray) -> None:
        """Publish a message, or the serialized bytes of one, on a topic that is there."""
        self._publishers[name].publish(message)

    def publish_info(self, info: CameraInfo | None) -> None:
        """Send the camera_info of a frame, where it has one, before all that may be paired with it.

        Who pairs the two then has it when the larger message comes.
        """
        if info is not None:
            self.send('depth/camera_info', info)

    def publish_disparity(self, values: np.ndarray, header: Header) -> None:
        """Send relative inverse depth."""
        topic = DEPTH_TOPIC[DepthKind.RELATIVE]
        self.send(topic, encode_disparity(values, header).serialize())

    def publish_metres(self, values: np.ndarray, header: Header, encoding: str) -> None:
        """Send metric depth."""
        message = encode_depth(values, header, encoding)
        self.send(DEPTH_TOPIC[DepthKind.METRIC], message.serialize())

    def publish_color(self, values: np.ndarray, header: Header, settings: DepthSettings) -> None:
        """Send the colours of the network's own kind of depth while somebody looks."""
        if self.listened('depth/color'):
            rgb = colorize(values, self._kind, settings.color_map)
            self.send('depth/color', encode_color(rgb, header).serialize())

    def _advertise(self, name: str, message_type: type) -> LifecyclePublisher:
        topic = self._prefix + name
        events = PublisherEventCallbacks(
            incompatible_qos=lambda _: self._on_incompatible(self._node.resolve_topic_name(topic))
        )
        return self._node.create_lifecycle_publisher(
            message_type,
            topic,
            newest_only(ReliabilityPolicy.RELIABLE),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            event_callbacks=events,
        )


def limit_range(values: np.ndarray, min_range: float, max_range: float) -> np.ndarray:
    """Mark metric depth (m) outside a range as REP 117 does: -Inf too close, +Inf beyond.

    0 stands for no limit; NaN stays NaN. The input is not changed.
    """
    if min_range > 0:
        values = np.where(values < min_range, np.float32(-np.inf), values)
    if max_range > 0:
        values = np.where(values > max_range, np.float32(np.inf), values)
    return values
