# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's ear: what the node publishes, and what it says of itself."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image

from depth_anything_ros.evaluation.run_report import COUNTERS, Answer
from depth_anything_ros.ros.frame_outputs import DEPTH_TOPIC
from depth_anything_ros.ros.raw_image import RawImage

_STAGE = re.compile(r'(?!latency|age|stamp_age)(\w+)_(p50|p99)_ms')
FACTS = ('model', 'kind', 'device', 'precision', 'input_size')


@dataclass(frozen=True)
class NodeReport:
    """What the node said on /diagnostics at a time (``stamp``, ns), all cameras together.

    ``stages`` has p50 and p99 in ms by stage, those of the slowest camera.
    """

    stamp: int = 0
    state: str = ''
    counts: dict[str, int] = field(default_factory=dict)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Frames received and not yet answered."""
        return self.counts['received'] - sum(self.counts[name] for name in COUNTERS[1:])

    @classmethod
    def of(cls, stamp: int, statuses: Sequence[DiagnosticStatus]) -> NodeReport:
        """Put the statuses of the cameras together."""
        counts: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        stages: dict[str, dict[str, float]] = {}
        values: dict[str, str] = {}
        for status in statuses:
            values = {pair.key: pair.value for pair in status.values}
            counts.update({name: int(values[name]) for name in COUNTERS})
            for key, value in values.items():
                match = _STAGE.fullmatch(key)
                if match is not None:
                    stage = stages.setdefault(match[1], {})
                    stage[match[2]] = max(float(value), stage.get(match[2], 0.0))
        facts = {name: values[name] for name in FACTS if name in values}
        return cls(stamp, values.get('state', ''), dict(counts), stages, facts)


class Monitor(Node):
    """Notes every depth image of the cameras, and the newest report of the node.

    It runs in the process that directs the benchmark and sleeps meanwhile, apart from the player
    and the node. Only the header of an image is read. The time of publishing is the middleware's
    source timestamp, taken in the node as it hands the message over; on Humble, where rclpy does
    not tell it, the time of arrival stands in.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        super().__init__('bench_monitor')
        self.answers: dict[str, list[Answer]] = {camera: [] for camera in cameras}
        self.report = NodeReport()
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
        )
        for camera in cameras:
            for topic in DEPTH_TOPIC.values():
                name = f'{camera}/{topic}' if camera else topic
                self.create_subscription(Image, name, self._ear(camera), profile, raw=True)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_report, 10)

    @property
    def heard(self) -> int:
        """Depth images since ``take``."""
        return sum(len(answers) for answers in self.answers.values())

    def take(self) -> dict[str, list[Answer]]:
        """Return the answers so far and begin anew."""
        taken, self.answers = self.answers, {camera: [] for camera in self.answers}
        return taken

    def forget_report(self) -> None:
        """Wait for the report of another node."""
        self.report = NodeReport()

    def _ear(self, camera: str) -> Callable[..., None]:
        def note(serialized: bytes, published: int | None) -> None:
            arrived = time.time_ns()
            stamp = RawImage.parse(serialized).header.stamp
            nanoseconds = stamp.sec * 10**9 + stamp.nanosec
            self.answers[camera].append(Answer(nanoseconds, published or arrived, arrived))

        def hear_with_info(serialized: bytes, info: dict[str, Any]) -> None:
            note(serialized, info['source_timestamp'])

        def hear(serialized: bytes) -> None:
            note(serialized, None)

        return hear_with_info if hasattr(Subscription, 'CallbackType') else hear

    def _on_report(self, message: DiagnosticArray) -> None:
        stamp = message.header.stamp
        statuses = [status for status in message.status if status.name.endswith(' frames')]
        if statuses:
            self.report = NodeReport.of(stamp.sec * 10**9 + stamp.nanosec, statuses)
