# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for a node, its log and TF, for tests that need no graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.ros.topics import TransformUnknownError


class FakeLogger:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)

    warning = info


class FakeNode:
    """Keeps the callbacks of its subscriptions by topic."""

    def __init__(self) -> None:
        self.callbacks: dict[str, Callable[[Any], None]] = {}

    def create_subscription(self, kind, topic, callback, profile, **rest) -> str:
        self.callbacks[topic] = callback
        return topic

    def destroy_subscription(self, topic: str) -> None:
        del self.callbacks[topic]

    def resolve_topic_name(self, name: str) -> str:
        return f'/{name}'

    def get_fully_qualified_name(self) -> str:
        return '/depth_node'


class FakeTree:
    """A TF that knows one transform, or none."""

    def __init__(self, known: Transform | None = None) -> None:
        self.known = known
        self.asked: list[tuple[str, str, int]] = []

    def find(self, parent, child, at) -> Transform:
        self.asked.append((parent, child, at))
        if self.known is None:
            raise TransformUnknownError(f'TF does not tell where {child} is')
        return self.known
