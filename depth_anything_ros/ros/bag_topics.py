# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics and TF of a bag, for what asks a node for them.

A node has what came before a picture. A bag has what came after, too, so that a picture gets the
camera_info of its own stamp and the reference that is nearest on either side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from depth_anything_ros.geometry.transform import Transform, TransformError
from depth_anything_ros.geometry.transform_buffer import NoTransformError, TransformBuffer
from depth_anything_ros.ros.bag_messages import MessageError, decoded, transforms_message
from depth_anything_ros.ros.cdr import CdrError, CdrReader
from depth_anything_ros.ros.stamps import Stamp, nanoseconds
from depth_anything_ros.ros.topics import TransformUnknownError

KEPT = {'Imu': 4000, 'CameraInfo': 400}
"""Messages that wait for their picture, by type, else MOST_REFERENCES."""
MOST_REFERENCES = 32


@dataclass
class _Listening:
    """A topic that somebody listens to; messages wait until a picture's time has come."""

    kind: str
    topic: str
    callback: Callable[[Any], None]
    raw: bool
    waiting: deque[tuple[int, bytes]] = field(default_factory=deque)

    def due(self, at: int) -> list[bytes]:
        """Return what a picture of a stamp is to find, and forget what none will want."""
        if self.kind == 'Imu':
            found = []
            while self.waiting and self.waiting[0][0] <= at:
                found.append(self.waiting.popleft()[1])
            return found
        if not self.waiting:
            return []
        if self.kind == 'CameraInfo':
            # Its own, else the last before it, else the first after it.
            before = [each for each in self.waiting if each[0] <= at]
            stamp, cdr = (
                max(before, key=lambda each: each[0])
                if before
                else min(self.waiting, key=lambda each: each[0])
            )
        else:
            stamp, cdr = min(self.waiting, key=lambda each: abs(each[0] - at))
        while self.waiting and self.waiting[0][0] < stamp:
            self.waiting.popleft()
        return [cdr]


class BagTopics:
    """What one camera listens to; ``sources`` has the topics of the bag by those of the node.

    ``name`` is what messages about oneself are called by.
    """

    def __init__(self, name: str, sources: dict[str, str]) -> None:
        self.name, self._sources = name, sources
        self._listening: list[_Listening] = []
        self.damaged = 0

    def resolve(self, topic: str) -> str:
        """Return the topic of the bag that stands for one of the node's."""
        return self._sources.get(topic, topic)

    def listen(
        self, message_type: str, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> _Listening:
        """Have a callback called when a picture comes, see Topics."""
        listening = _Listening(message_type, self.resolve(topic), callback, raw)
        listening.waiting = deque(maxlen=KEPT.get(message_type, MOST_REFERENCES))
        self._listening.append(listening)
        return listening

    def ignore(self, listening: _Listening) -> None:
        """Listen no more."""
        self._listening.remove(listening)

    @property
    def wanted(self) -> set[str]:
        """The topics of the bag that are listened to."""
        return {each.topic for each in self._listening}

    def take(self, topic: str, msgtype: str, cdr: bytes) -> None:
        """Keep a message of the bag; a damaged one is counted."""
        for each in self._listening:
            if each.topic == topic:
                if msgtype.rpartition('/')[2] != each.kind:
                    self.damaged += 1
                    continue
                try:
                    stamp = CdrReader(cdr, each.kind).header().stamp
                except CdrError:
                    self.damaged += 1
                    continue
                each.waiting.append((nanoseconds(stamp), cdr))

    def advance(self, at: int) -> None:
        """Hand out what is due for a picture of a stamp in nanoseconds."""
        for each in self._listening:
            for cdr in each.due(at):
                try:
                    message = cdr if each.raw else decoded(cdr, f'sensor_msgs/msg/{each.kind}')
                except MessageError:
                    self.damaged += 1
                    continue
                each.callback(message)


class BagTransforms:
    """TF of a bag, and what is to be written to it."""

    def __init__(self) -> None:
        self._buffer = TransformBuffer()
        self._told: list[tuple[str, Any]] = []
        self._static: dict[str, tuple[str, str, Transform]] = {}
        self.damaged = 0

    def take(self, msgtype: str, cdr: bytes, static: bool) -> None:
        """Take a TFMessage in; a damaged one is counted."""
        try:
            message = decoded(cdr, msgtype)
        except MessageError:
            self.damaged += 1
            return
        for each in message.transforms:
            q, t = each.transform.rotation, each.transform.translation
            self._buffer.add(
                each.header.frame_id,
                each.child_frame_id,
                (q.x, q.y, q.z, q.w),
                (t.x, t.y, t.z),
                nanoseconds(each.header.stamp),
                static,
            )

    def find(self, parent: str, child: str, at: int) -> Transform:
        """Return where ``child`` is in ``parent`` at a time in nanoseconds.

        Raises TransformUnknownError.
        """
        try:
            return self._buffer.find(parent, child, at)
        except (NoTransformError, TransformError) as error:
            raise TransformUnknownError(
                f'/tf and /tf_static of the bag do not tell where {child} is in {parent}: {error}'
            ) from error

    def tell(self, parent: str, child: str, where: Transform, stamp: Stamp, static: bool) -> bool:
        """Write where ``child`` is in ``parent``; a ``static`` one once, and when it changes."""
        told = [(parent, child, where)]
        if static:
            known = self._static.get(child)
            if known is not None and _same(known[2], where):
                return True
            self._static[child] = told[0]
            told = list(self._static.values())
        topic = '/tf_static' if static else '/tf'
        self._told.append((topic, transforms_message(told, stamp)))
        return True

    def take_told(self) -> list[tuple[str, Any]]:
        """Return what was told since the last time, as topics with messages."""
        told, self._told = self._told, []
        return told


def _same(first: Transform, second: Transform) -> bool:
    turned = (first.rotation != second.rotation).any()
    return not turned and bool((first.translation == second.translation).all())
