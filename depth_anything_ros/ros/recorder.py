# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record topics into a bag, as the bytes they came in."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

from depth_anything_ros.media.bag import BagWriter, TopicQos


class RecorderError(ValueError):
    """A topic cannot be recorded."""


@dataclass(frozen=True)
class RecordedTopic:
    """A topic to record: its name, relative or absolute, and its type as 'package/msg/Name'.

    A best effort reader hears every publisher and slows none down; a reliable one loses nothing,
    and hears only reliable publishers. ``depth`` messages wait while the disk is busy.
    """

    name: str
    message_type: str
    reliable: bool = True
    depth: int = 30


def message_class(name: str) -> Any:
    """Import a message class by its name, 'sensor_msgs/msg/Image'; raises RecorderError."""
    parts = name.split('/')
    if len(parts) != 3 or parts[1] != 'msg':
        raise RecorderError(f'{name!r} is no message type: write it as package/msg/Name')
    try:
        return getattr(importlib.import_module(f'{parts[0]}.msg'), parts[2])
    except (ImportError, AttributeError) as error:
        raise RecorderError(f'message type {name} is not installed: {error}') from error


class Recorder(Node):
    """Writes every message of the topics it is given into a bag, without decoding it.

    The bag has the topics under their full names, each message at the time of its receipt.
    ``counts`` has the number of messages by the name given. The bag belongs to the caller, who
    closes it after the node has stopped spinning.
    """

    def __init__(self, bag: BagWriter, **node_arguments: Any) -> None:
        super().__init__('recorder', **node_arguments)
        self._bag = bag
        self.counts: dict[str, int] = {}

    def record(self, topic: RecordedTopic) -> None:
        """Record a topic from now on; raises RecorderError."""
        if topic.name in self.counts:
            raise RecorderError(f'topic {topic.name} is to be recorded twice')
        kind = message_class(topic.message_type)
        reliability = (
            ReliabilityPolicy.RELIABLE if topic.reliable else ReliabilityPolicy.BEST_EFFORT
        )
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=topic.depth, reliability=reliability
        )
        full_name = self.resolve_topic_name(topic.name)
        self._bag.add_topic(full_name, topic.message_type, TopicQos(topic.reliable, topic.depth))
        self.counts[topic.name] = 0
        store = self._writer(topic.name, full_name)
        self.create_subscription(kind, topic.name, store, profile, raw=True)

    def _writer(self, name: str, full_name: str) -> Callable[[bytes], None]:
        def store(cdr: bytes) -> None:
            self._bag.write(full_name, cdr, self.get_clock().now().nanoseconds)
            self.counts[name] += 1

        return store
