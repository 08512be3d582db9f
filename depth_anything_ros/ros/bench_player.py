# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's camera: frames made and serialized once, then sent at a set rate.

It has a process of its own, so that neither the node nor the monitor holds a frame back.
"""

from __future__ import annotations

import multiprocessing
import signal
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import ReliabilityPolicy
from rclpy.serialization import serialize_message
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.bag import BagError, BagReader, is_bag
from depth_anything_ros.media.frames import SourceError, fit
from depth_anything_ros.media.sources import open_source
from depth_anything_ros.ros.camera_messages import encode_picture
from depth_anything_ros.ros.cdr import ENCAPSULATION, CdrError
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.qos import newest_only
from depth_anything_ros.ros.raw_image import RawImage

BUFFERED = 16
"""Frames kept, and sent in turn."""
RENDERED_WIDTH = 640
"""Made-up frames are rendered at most this wide, then enlarged: the figures do not see it."""
FIELD_OF_VIEW = np.deg2rad(60.0)
SUBSCRIBER_TIMEOUT = 30.0
JPEG = 'jpeg'


class PlayerError(RuntimeError):
    """There is nothing to play, or nobody to play to."""


@dataclass(frozen=True)
class Footage:
    """What to play: a source of camera_node or a bag, ``size`` (width, height), and an encoding.

    A bag's images are sent as they are, so ``size`` and ``encoding`` do not apply to them.
    ``cameras`` are names in front of the topics, '' for none.
    """

    source: str
    size: tuple[int, int]
    encoding: str
    cameras: tuple[str, ...]


@dataclass(frozen=True)
class Take:
    """A serialized message, to be sent again and again under new stamps."""

    message: bytes

    def stamped(self, nanoseconds: int) -> bytes:
        """Return the message with another stamp, which is the first field of its header."""
        order = '<' if self.message[1] & 1 else '>'
        stamp = struct.pack(f'{order}iI', *divmod(nanoseconds, 10**9))
        rest = memoryview(self.message)[ENCAPSULATION + len(stamp) :]
        return b''.join((self.message[:ENCAPSULATION], stamp, rest))


@dataclass(frozen=True)
class Reel:
    """Takes of one size, and the camera_info for them."""

    images: Sequence[Take]
    camera_info: Take
    size: tuple[int, int]
    compressed: bool


def load(footage: Footage) -> Reel:
    """Make and serialize the frames.

    Raises PlayerError, SourceError, BagError or CdrError.
    """
    header = Header(frame_id='bench_optical_frame')
    if is_bag(footage.source):
        images = list(_recorded(Path(footage.source)))
        first = RawImage.parse(images[0].message)
        size = (first.width, first.height)
    else:
        size = footage.size
        pictures = _pictures(footage.source, size)
        images = []
        for rgb in pictures:
            message = encode_picture(rgb, header, footage.encoding)
            raw = isinstance(message, RawImage)
            images.append(Take(message.serialize() if raw else serialize_message(message)))
    if not images:
        raise PlayerError(f'{footage.source} has no frames')
    info = camera_info_from(Intrinsics.from_fov(*size, FIELD_OF_VIEW), header)
    compressed = footage.encoding == JPEG and not is_bag(footage.source)
    return Reel(images, Take(serialize_message(info)), size, compressed)


def _pictures(source: str, size: tuple[int, int]) -> Iterator[np.ndarray]:
    scale = min(1.0, RENDERED_WIDTH / size[0])
    rendered = (round(size[0] * scale), round(size[1] * scale))
    wanted = rendered if source == 'procedural' else size
    with open_source(source, size=wanted, frames=BUFFERED) as frames:
        for frame, _ in zip(frames, range(BUFFERED), strict=False):
            yield np.ascontiguousarray(fit(frame.rgb, size))


def _recorded(path: Path) -> Iterator[Take]:
    """Yield the first images of a bag's one topic of raw colour or grey images."""
    with BagReader(path) as bag:
        topics = [
            name for name, (kind, count) in bag.topics.items()
            if kind == 'sensor_msgs/msg/Image' and count and 'depth' not in name
        ]  # fmt: skip
        if len(topics) != 1:
            found = ', '.join(topics) or 'none'
            raise BagError(
                f'{path} must have one topic of sensor_msgs/msg/Image without depth in its '
                f'name, it has: {found}'
            )
        for (_, message, _), _ in zip(bag.serialized(topics), range(BUFFERED), strict=False):
            yield Take(message)


class Player(Node):
    """Publishes a reel on the topics of the cameras, reliable, keep last 1, as camera_node does.

    All cameras send at the same moments, like a rig with a common trigger.
    """

    def __init__(self, reel: Reel, cameras: Sequence[str]) -> None:
        super().__init__('bench_player')
        self._reel = reel
        image_type = CompressedImage if reel.compressed else Image
        image_name = 'image/compressed' if reel.compressed else 'image'
        prefixes = [f'{camera}/' if camera else '' for camera in cameras]

        def advertise(message_type: type, names: list[str]) -> list[Publisher]:
            profile = newest_only(ReliabilityPolicy.RELIABLE)
            return [self.create_publisher(message_type, name, profile) for name in names]

        self._infos = advertise(CameraInfo, [f'{prefix}camera_info' for prefix in prefixes])
        self._images = advertise(image_type, [prefix + image_name for prefix in prefixes])

    def play(self, rate: float, frames: int) -> list[int]:
        """Send frames at a rate in Hz; return their stamps in ns. Raises PlayerError.

        A stamp is the system's clock right before the frame goes out. A late frame is sent at
        once, and none is left out.
        """
        self._await_subscribers()
        stamps = []
        start = time.perf_counter()
        for number in range(frames):
            wait = start + number / rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            stamp = time.time_ns()
            info = self._reel.camera_info.stamped(stamp)
            image = self._reel.images[number % len(self._reel.images)].stamped(stamp)
            stamps.append(stamp)
            for info_publisher, image_publisher in zip(self._infos, self._images, strict=True):
                info_publisher.publish(info)
                image_publisher.publish(image)
        return stamps

    def _await_subscribers(self) -> None:
        end = time.monotonic() + SUBSCRIBER_TIMEOUT
        while not all(p.get_subscription_count() for p in (*self._infos, *self._images)):
            if time.monotonic() > end:
                raise PlayerError(f'nobody subscribes to {self._images[0].topic_name}')
            time.sleep(0.05)


class PlayerProcess:
    """A Player in a process of its own; use it as a context manager."""

    def __init__(self, footage: Footage) -> None:
        # Not forked: neither ROS nor torch survive that.
        context = multiprocessing.get_context('spawn')
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(footage, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def load(self) -> tuple[tuple[int, int], bool]:
        """Wait until the frames are there; return their (width, height) and if compressed."""
        return self._result()

    def start(self, rate: float, frames: int) -> None:
        """Begin to play."""
        self._connection.send((rate, frames))

    @property
    def done(self) -> bool:
        """Whether what was started has ended."""
        return self._connection.poll()

    def stamps(self) -> list[int]:
        """Return what ``play`` returned, or raise what it raised."""
        return self._result()

    def _result(self) -> Any:
        try:
            result = self._connection.recv()
        except EOFError:
            raise PlayerError('the player has ended, its message stands above') from None
        if isinstance(result, Exception):
            raise result
        return result

    def __enter__(self) -> PlayerProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()


def _serve(footage: Footage, connection: Connection) -> None:
    """Load, then play what is asked for, until the other side closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started this
    cv2.setNumThreads(1)
    try:
        reel = load(footage)
    except (PlayerError, SourceError, BagError, CdrError) as error:
        connection.send(error)
        return
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    player = Player(reel, footage.cameras)
    connection.send((reel.size, reel.compressed))
    try:
        while True:
            rate, frames = connection.recv()
            try:
                connection.send(player.play(rate, frames))
            except PlayerError as error:
                connection.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    player.destroy_node()
    rclpy.try_shutdown()
