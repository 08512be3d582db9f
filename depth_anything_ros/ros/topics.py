# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera's processing asks of the world around it, be that a ROS graph or a bag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.ros.stamps import Stamp


class TransformUnknownError(RuntimeError):
    """TF does not tell where a frame is, or is not there to be asked."""


class Topics(Protocol):
    """Where messages come from."""

    @property
    def name(self) -> str:
        """What the messages about oneself are called by, such as depth_node."""

    def resolve(self, topic: str) -> str:
        """Return the full name of a topic."""

    def listen(
        self, message_type: str, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> object:
        """Have a callback called with each message, or its serialized bytes where ``raw``.

        ``message_type`` is the name of one of sensor_msgs. Return what ``ignore`` takes.
        """

    def ignore(self, listening: Any) -> None:
        """Listen no more."""


class Transforms(Protocol):
    """TF."""

    def find(self, parent: str, child: str, at: int) -> Transform:
        """Return where ``child`` is in ``parent`` at a time in nanoseconds; never waits.

        Raises TransformUnknownError.
        """

    def tell(self, parent: str, child: str, where: Transform, stamp: Stamp, static: bool) -> bool:
        """Let all know where ``child`` is in ``parent``; False where that cannot be told."""
