# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics depth_node publishes, and what goes out on them for one frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.color import colorize
from depth_anything_ros.ros.depth_message import encode_color, encode_depth, encode_disparity
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.qos import PublisherEventCallbacks, newest_only
from depth_anything_ros.ros.raw_image import RawImage

DEPTH_TOPIC = {
    DepthKind.METRIC: 'depth/image_rect',
    DepthKind.RELATIVE: 'depth/disparity_relative',
}
"""Relative depth never goes out where consumers expect metres."""


class Outputs:
    """The lifecycle publishers of one kind of depth, of one camera.

    ``prefix`` comes before the names of the topics.
    ``on_incompatible`` is called with the topic when a subscriber asks for another quality of
    service than is offered.
    """

    def __init__(
        self,
        node: LifecycleNode,
        kind: DepthKind,
        on_incompatible: Callable[[str], None],
        prefix: str = '',
    ) -> None:
        self._node, self._kind = node, kind
        self._publishers: list[LifecyclePublisher] = []

        def advertise(message_type: type, name: str) -> LifecyclePublisher:
            topic = prefix + name
            events = PublisherEventCallbacks(
                incompatible_qos=lambda _: on_incompatible(node.resolve_topic_name(topic))
            )
            publisher = node.create_lifecycle_publisher(
                message_type,
                topic,
                newest_only(ReliabilityPolicy.RELIABLE),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                event_callbacks=events,
            )
            self._publishers.append(publisher)
            return publisher

        self._depth = advertise(Image, DEPTH_TOPIC[kind])
        self._camera_info = advertise(CameraInfo, 'depth/camera_info')
        self._color = advertise(Image, 'depth/color')

    @property
    def heard(self) -> bool:
        """Whether anybody subscribes to any of the topics."""
        return any(publisher.get_subscription_count() for publisher in self._publishers)

    def destroy(self) -> None:
        """Take the topics back."""
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()

    def publish(
        self, depth: Depth, info: CameraInfo | None, header: Header, settings: DepthSettings
    ) -> None:
        """Send one frame's depth, its camera_info, and its colours when somebody looks."""
        if info is not None:
            # First, so that who pairs the two has it when the larger message comes.
            self._camera_info.publish(info)
        self._depth.publish(self._image(depth, header, settings).serialize())
        if self._color.get_subscription_count():
            rgb = colorize(depth.values, self._kind, settings.color_map)
            self._color.publish(encode_color(rgb, header).serialize())

    def _image(self, depth: Depth, header: Header, settings: DepthSettings) -> RawImage:
        if self._kind is DepthKind.RELATIVE:
            return encode_disparity(depth.values, header)
        values = limit_range(depth.values, settings.min_range, settings.max_range)
        return encode_depth(values, header, settings.encoding)


def limit_range(values: np.ndarray, min_range: float, max_range: float) -> np.ndarray:
    """Mark metric depth (m) outside a range as REP 117 does: -Inf too close, +Inf beyond.

    0 stands for no limit; NaN stays NaN. The input is not changed.
    """
    if min_range > 0:
        values = np.where(values < min_range, np.float32(-np.inf), values)
    if max_range > 0:
        values = np.where(values > max_range, np.float32(np.inf), values)
    return values
