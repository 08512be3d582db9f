# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics depth_node publishes for a camera."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.ros.frame_outputs import FrameOutputs, topic_types
from depth_anything_ros.ros.qos import PublisherEventCallbacks, newest_only

MESSAGES: dict[str, type] = {
    'sensor_msgs/msg/Image': Image,
    'sensor_msgs/msg/CameraInfo': CameraInfo,
    'sensor_msgs/msg/PointCloud2': PointCloud2,
    'sensor_msgs/msg/LaserScan': LaserScan,
    'diagnostic_msgs/msg/DiagnosticArray': DiagnosticArray,
}


class Outputs(FrameOutputs):
    """The lifecycle publishers of one camera.

    ``kind``, ``scaled`` and ``in_space`` decide which topics there are, see ``topic_types``.
    ``prefix`` comes before their names. ``on_incompatible`` is called with the topic when a
    subscriber asks for another quality of service than is offered. Publishers of ``before`` are
    taken over where the topics are the same, so that who listens to those notices nothing.
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
        super().__init__(kind)
        self._node, self._prefix = node, prefix
        self._on_incompatible = on_incompatible
        self._publishers: dict[str, LifecyclePublisher] = {}
        there = {} if before is None else before._publishers
        for name, message_type in topic_types(kind, scaled, in_space).items():
            self._publishers[name] = there.get(name) or self._advertise(
                name, MESSAGES[message_type]
            )
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

    def send(self, name: str, message: bytes | CameraInfo) -> None:
        """Publish a message, or the serialized bytes of one, on a topic that is there."""
        self._publishers[name].publish(message)

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
