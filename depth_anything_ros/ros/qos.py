# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The quality of service of every image topic, and endpoints that ask for another."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import (
    HistoryPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

from depth_anything_ros.ros.reporter import Reporter

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # the name it has on Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

__all__ = [
    'PublisherEventCallbacks',
    'QosWatch',
    'newest_only',
    'subscription_overrides',
]


def newest_only(reliability: ReliabilityPolicy) -> QoSProfile:
    """Return a profile that keeps the newest message only.

    It is a new object each time: rclpy writes QoS overrides into the profile it is given, so a
    shared one would carry one topic's overrides to the next.
    """
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=reliability)


def subscription_overrides() -> QoSOverridingOptions:
    """Return what ``qos_overrides`` can change of a subscription.

    rclpy's default lacks the durability, without which what a driver publishes once, and latches,
    is not heard by who comes later.
    """
    return QoSOverridingOptions(
        (
            QoSPolicyKind.HISTORY,
            QoSPolicyKind.DEPTH,
            QoSPolicyKind.RELIABILITY,
            QoSPolicyKind.DURABILITY,
        )
    )


class QosWatch:
    """Report endpoints that a node cannot talk to for their QoS, until none of them is left.

    The middleware tells when such an endpoint comes, not when it goes: ``clear_ended`` looks.
    """

    def __init__(self, node: Node, reporter: Reporter) -> None:
        self._node, self._reporter = node, reporter
        self._reported: set[str] = set()

    def on_subscriber(self, topic: str) -> None:
        """Report a subscriber of a topic that the node publishes; ``topic`` is a full name."""
        asking = _names(self._node.get_subscriptions_info_by_topic(topic))
        self._report(
            topic,
            f'a subscriber of {topic} asks for a QoS that is not offered and gets nothing '
            f'(subscribers: {asking}); set qos_overrides.{topic}.publisher.* or the subscriber',
        )

    def subscription_events(self, topic: str) -> SubscriptionEventCallbacks:
        """Return the callbacks of a subscription to ``topic``, a full name."""
        return SubscriptionEventCallbacks(incompatible_qos=lambda _: self.on_publisher(topic))

    def on_publisher(self, topic: str) -> None:
        """Report a publisher of a topic that the node subscribes to; ``topic`` is a full name."""
        offering = _names(self._node.get_publishers_info_by_topic(topic))
        self._report(
            topic,
            f'a publisher of {topic} does not offer the QoS asked for, so nothing comes from it '
            f'(publishers: {offering}); set qos_overrides.{topic}.subscription.*',
        )

    def clear_ended(self) -> None:
        """End the trouble of every topic whose endpoints all fit those of the node again."""
        for topic in list(self._reported):
            if not self._misfits(topic):
                self._reported.remove(topic)
                self._reporter.clear(_trouble(topic), f'the QoS of {topic} fits everybody again')

    def _report(self, topic: str, message: str) -> None:
        self._reported.add(topic)
        self._reporter.report(_trouble(topic), message)

    def _misfits(self, topic: str) -> bool:
        """Whether an endpoint of this node and another of the topic cannot talk."""
        me = (self._node.get_name(), self._node.get_namespace())
        # Ours too as the graph knows them: profiles made here leave durations unset, which
        # compares as incompatible to the infinite ones that discovery tells.
        return any(
            me in (_node_of(writer), _node_of(reader))
            and qos_check_compatible(writer.qos_profile, reader.qos_profile)[0]
            == QoSCompatibility.ERROR
            for writer in self._node.get_publishers_info_by_topic(topic)
            for reader in self._node.get_subscriptions_info_by_topic(topic)
        )


def is_qos_trouble(key: str) -> bool:
    """Whether a reporter's key is that of a trouble that only QosWatch can end."""
    return key.startswith(_TROUBLE)


_TROUBLE = 'the QoS of '


def _trouble(topic: str) -> str:
    return f'{_TROUBLE}{topic}'


def _node_of(endpoint: Any) -> tuple[str, str]:
    return endpoint.node_name, endpoint.node_namespace


def _names(endpoints: list[Any]) -> str:
    """List the nodes behind endpoints, for people."""
    return ', '.join(sorted({f'{e.node_namespace.rstrip("/")}/{e.node_name}' for e in endpoints}))
