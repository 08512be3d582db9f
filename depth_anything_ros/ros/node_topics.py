# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of a node, for what asks for them by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs import msg

from depth_anything_ros.ros.qos import newest_only, subscription_overrides


class NodeTopics:
    """The graph as a node sees it, see Topics."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def name(self) -> str:
        """The node's full name without the first slash."""
        return str(self._node.get_fully_qualified_name().lstrip('/'))

    def resolve(self, topic: str) -> str:
        """Return the full name of a topic."""
        return str(self._node.resolve_topic_name(topic))

    def listen(
        self, message_type: str, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> Subscription:
        """Subscribe, best effort, keep last 1."""
        return self._node.create_subscription(
            getattr(msg, message_type),
            topic,
            callback,
            newest_only(ReliabilityPolicy.BEST_EFFORT),
            raw=raw,
            qos_overriding_options=subscription_overrides(),
        )

    def ignore(self, listening: Subscription) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(listening)
