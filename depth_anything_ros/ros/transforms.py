# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The transform tree (TF): looked up where tf2_ros is, and told of frames of our own."""

from __future__ import annotations

import importlib
from typing import Any

from builtin_interfaces.msg import Time as RosStamp
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time

from depth_anything_ros.geometry.transform import Transform, quaternion_of
from depth_anything_ros.ros.stamps import Stamp
from depth_anything_ros.ros.topics import TransformUnknownError

ROS_PACKAGES = 'ROS distributions have it as ros-DISTRO-tf2-ros'


class TransformTree:
    """TF for one node; nothing of it is imported or subscribed before it is asked."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None
        self._publishers: dict[bool, Any] = {}
        self._static: dict[str, TransformStamped] = {}

    def listen(self) -> None:
        """Begin to listen to /tf and /tf_static. Raises TransformUnknownError without tf2_ros."""
        if self._buffer is not None:
            return
        try:
            tf2_ros = importlib.import_module('tf2_ros')
        except ImportError as error:
            raise TransformUnknownError(
                f'TF cannot be asked, as tf2_ros is not installed ({error}); {ROS_PACKAGES}, or '
                'set pose.source to fixed'
            ) from error
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, self._node)

    def find(self, parent: str, child: str, at: int) -> Transform:
        """Return where ``child`` is in ``parent`` at a time in nanoseconds; never waits.

        Raises TransformUnknownError.
        """
        self.listen()
        tf2 = importlib.import_module('tf2_ros')
        try:
            found = self._buffer.lookup_transform(parent, child, Time(nanoseconds=at))
        except tf2.TransformException as error:
            raise TransformUnknownError(f'TF does not tell where {child} is: {error}') from error
        q, t = found.transform.rotation, found.transform.translation
        return Transform.from_quaternion((q.x, q.y, q.z, q.w), (t.x, t.y, t.z))

    def tell(self, parent: str, child: str, where: Transform, stamp: Stamp, static: bool) -> bool:
        """Publish where ``child`` is in ``parent``; False where tf2_msgs is not installed.

        A ``static`` one goes out once, and again when it changes.
        """
        publisher = self._publisher(static)
        if publisher is None:
            return False
        message = transform_message(parent, child, where, stamp)
        if static:
            known = self._static.get(child)
            if known is not None and known.transform == message.transform:
                return True
            self._static[child] = message
        transforms = list(self._static.values()) if static else [message]
        publisher.publish(_tf_message()(transforms=transforms))
        return True

    def _publisher(self, static: bool) -> Any:
        if static not in self._publishers:
            kind = _tf_message()
            profile = QoSProfile(depth=100 if not static else 1)
            profile.reliability = ReliabilityPolicy.RELIABLE
            if static:
                profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
            topic = '/tf_static' if static else '/tf'
            self._publishers[static] = (
                None if kind is None else self._node.create_publisher(kind, topic, profile)
            )
        return self._publishers[static]


def _tf_message() -> Any:
    """Return tf2_msgs' TFMessage, None where it is not installed: PyPI has no wheel of it."""
    try:
        return importlib.import_module('tf2_msgs.msg').TFMessage
    except ImportError:
        return None


def transform_message(parent: str, child: str, where: Transform, stamp: Stamp) -> TransformStamped:
    """Return a transform as geometry_msgs/TransformStamped."""
    message = TransformStamped()
    message.header.frame_id = parent
    message.header.stamp = RosStamp(sec=stamp.sec, nanosec=stamp.nanosec)
    message.child_frame_id = child
    x, y, z, w = quaternion_of(where.rotation)
    rotation, translation = message.transform.rotation, message.transform.translation
    rotation.x, rotation.y, rotation.z, rotation.w = x, y, z, w
    translation.x, translation.y, translation.z = (float(v) for v in where.translation)
    return message
