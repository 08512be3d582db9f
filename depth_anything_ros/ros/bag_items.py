# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a bag in the order in which they are to be dealt with."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rosbags.interfaces import Connection

from depth_anything_ros.depth import Depth
from depth_anything_ros.media.bag_input import BagInput
from depth_anything_ros.ros.bag_camera import BagCamera
from depth_anything_ros.ros.bag_messages import COMPRESSED, IMAGE, MessageError, to_cdr
from depth_anything_ros.ros.frame_processor import Frame

LOOK_AHEAD = 2 * 10**8
"""Nanoseconds of the bag that are read before a picture is done: its camera_info may come later."""
MOST_HELD = 64 * 2**20
"""Bytes of pictures that are held back for that."""


@dataclass
class Item:
    """A message on its way: copied, listened to, or a picture of a camera that becomes depth.

    A picture that came to nothing has no frame, and a reason where it did so against the will.
    """

    connection: Connection
    at: int
    data: bytes = b''
    copied: bool = False
    heard: bool = False
    camera: BagCamera | None = None
    frame: Frame | None = None
    depth: Depth | None = None
    reason: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it has."""
        return len(self.data) + (0 if self.frame is None else self.frame.rgb.nbytes)


@dataclass(frozen=True)
class Cut:
    """Which part of a bag is taken: from ``start`` to before ``stop``, in nanoseconds.

    Of each camera's pictures that were received then every ``stride``-th is done.
    """

    start: int | None = None
    stop: int | None = None
    stride: int = 1


class _Turn:
    """Which pictures of one camera are done, by stride and rate."""

    def __init__(self, stride: int, interval: float) -> None:
        self._stride, self._interval = stride, int(interval * 1e9)
        self._count, self._due = -1, 0

    def takes(self, at: int) -> bool:
        self._count += 1
        if self._count % self._stride or at < self._due:
            return False
        # From the time it was due, so that the rate holds where pictures come unevenly.
        late = at - self._due
        self._due = (self._due if late < self._interval else at) + self._interval
        return True


class BagItems:
    """Reads a bag: each message as it comes, pictures decoded and when what belongs to them is.

    ``cameras`` are by the topics of their images, ``heard`` are the topics that anybody listens
    to. With ``only`` nothing is copied.
    """

    def __init__(
        self,
        source: BagInput,
        cameras: Mapping[str, BagCamera],
        heard: Collection[str],
        cut: Cut,
        only: bool,
    ) -> None:
        self._source, self._cameras, self._heard = source, cameras, heard
        self._cut, self._only = cut, only
        gaps = [each.plan.settings.scale.max_gap for each in cameras.values()]
        self._ahead = max([LOOK_AHEAD, *(int(gap * 1e9) for gap in gaps)])
        self._turns = {
            topic: _Turn(cut.stride, camera.plan.settings.interval)
            for topic, camera in cameras.items()
        }

    def __iter__(self) -> Iterator[Item]:
        """Yield all, to the end of the cut."""
        held: deque[Item] = deque()
        size = 0
        connections = [
            each
            for each in self._source.connections
            if not self._only or each.topic in self._heard or self._camera_of(each) is not None
        ]
        if not connections:
            return
        for connection, at, data in self._source.messages(
            connections, self._cut.start, self._cut.stop
        ):
            while held and (held[0].at + self._ahead <= at or size > MOST_HELD):
                size -= len(held[0].data)
                yield self._read(held.popleft())
            heard = connection.topic in self._heard
            if heard or not self._only:
                yield Item(connection, at, data, copied=not self._only, heard=heard)
            camera = self._camera_of(connection)
            if camera is None:
                continue
            if self._turns[connection.topic].takes(at):
                held.append(Item(connection, at, data, camera=camera))
                size += len(data)
            else:
                camera.skip()
                yield Item(connection, at, camera=camera)
        while held:
            yield self._read(held.popleft())

    def _camera_of(self, connection: Connection) -> BagCamera | None:
        camera = self._cameras.get(connection.topic)
        wanted = COMPRESSED if camera is not None and camera.plan.settings.compressed else IMAGE
        return camera if connection.msgtype == wanted else None

    def _read(self, item: Item) -> Item:
        """Decode a picture."""
        assert item.camera is not None
        try:
            cdr = to_cdr(item.data, item.connection.msgtype, self._source.ros1)
        except MessageError as error:
            item.camera.reject(str(error))
        else:
            item.frame = item.camera.read(cdr)
        item.data = b''
        item.reason = None if item.frame is not None else 'rejected'
        return item
