# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the fault runs hear of the node: depth images, and its reports on /diagnostics."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fault_camera import QUEUE, deep
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image

from depth_anything_ros.evaluation.run_report import COUNTERS
from depth_anything_ros.ros.bench_monitor import NodeReport
from depth_anything_ros.ros.frame_outputs import DEPTH_TOPIC
from depth_anything_ros.ros.raw_image import RawImage

MOST_SAID = 40


@dataclass(frozen=True)
class Heard:
    """One depth image: its stamp, when the node published it (ns), and what it looked like.

    ``mean`` is that of some of its values, NaN when one of them is no number.
    """

    stamp: int
    published: int
    frame_id: str
    size: tuple[int, int]
    mean: float


@dataclass(frozen=True)
class Report:
    """A report of the node, and when it came (ns)."""

    arrived: int
    node: NodeReport

    @property
    def settled(self) -> bool:
        """Whether nothing waits to be answered."""
        return self.node.pending == 0


class Ear(Node):
    """Hears the depth, reliable, and the reports; ``leave`` and ``join`` are those of the depth.

    Nodes of one name are told apart by the input_size they report, so give them different ones.
    """

    def __init__(
        self, topics: Sequence[str] = tuple(DEPTH_TOPIC.values()), queue: int = QUEUE
    ) -> None:
        super().__init__('fault_ear', enable_rosout=False)
        self._topics, self._queue = topics, queue
        self.heard: list[Heard] = []
        self.reports: dict[str, Report] = {}
        self.last: Report | None = None
        self.said: list[str] = []
        self._subscriptions_of_depth: list[Subscription] = []
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_report, 100)
        self.join()

    def join(self) -> None:
        """Subscribe to the depth."""
        # On Humble rclpy does not tell when a message was published; its arrival stands in.
        tells = hasattr(Subscription, 'CallbackType')
        hear = self._on_depth_with_info if tells else self._on_depth
        for topic in self._topics:
            self._subscriptions_of_depth.append(
                self.create_subscription(Image, topic, hear, deep(self._queue), raw=True)
            )

    def leave(self) -> None:
        """Listen to no depth."""
        for subscription in self._subscriptions_of_depth:
            self.destroy_subscription(subscription)
        self._subscriptions_of_depth.clear()

    def forget(self) -> None:
        """Begin anew, with another node."""
        self.heard.clear()
        self.said.clear()
        self.reports.clear()
        self.last = None

    def _on_depth_with_info(self, serialized: bytes, info: dict[str, Any]) -> None:
        self._note(serialized, info['source_timestamp'] or time.time_ns())

    def _on_depth(self, serialized: bytes) -> None:
        self._note(serialized, time.time_ns())

    def _note(self, serialized: bytes, published: int) -> None:
        image = RawImage.parse(serialized)
        stamp = image.header.stamp
        values = np.frombuffer(image.data, np.float32)
        self.heard.append(
            Heard(
                stamp.sec * 10**9 + stamp.nanosec,
                published,
                image.header.frame_id,
                (image.width, image.height),
                # Every hundredth: this process shares the processor with the node.
                float(np.mean(values[::101])),
            )
        )

    def _on_report(self, message: DiagnosticArray) -> None:
        statuses = [status for status in message.status if _has_counters(status)]
        if not statuses:
            return
        node = NodeReport.of(0, statuses)
        self.last = self.reports[node.facts.get('input_size', '')] = Report(time.time_ns(), node)
        for status in message.status:
            said = plain(status.message)
            if said not in self.said and len(self.said) < MOST_SAID:
                self.said.append(said)


def plain(text: str) -> str:
    """Return a text with N for every number."""
    return re.sub(r'\d+(\.\d+)?', 'N', text)


def _has_counters(status: DiagnosticStatus) -> bool:
    return set(COUNTERS) <= {pair.key for pair in status.values}
