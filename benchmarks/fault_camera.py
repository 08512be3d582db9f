# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera of the fault and soak runs: it sends what it is told to and says what it sent.

As a program it sends until SIGTERM, or until it is killed, and prints the stamp of each frame and
how many readers it knows of before the frame goes out.
"""

from __future__ import annotations

import argparse
import signal
import threading
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros.bench_player import Take
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.raw_image import RawImage

QUEUE = 100
"""Messages that the middleware keeps on either side: what is lost is lost by somebody, not by it.

Depth enough for a node that is away for some seconds; the node's own answer to too many
frames is to drop them, and count.
"""
DELIVERY = 0.5
"""Seconds that the last frame may take to be delivered."""
DISCOVERY = 3.0
"""Seconds after which the other side has found the camera, too."""
FIELD_OF_VIEW = np.deg2rad(60.0)
BYTES_PER_PIXEL = {'mono8': 1, '16UC1': 2, 'rgb8': 3, 'bgr8': 3, 'bgra8': 4}


@dataclass(frozen=True)
class Shape:
    """What the images look like; an encoding that nobody knows has three bytes a pixel."""

    width: int = 320
    height: int = 240
    encoding: str = 'rgb8'
    frame_id: str = 'camera_optical_frame'


@dataclass(frozen=True)
class Sent:
    """One frame: its stamp, when it went out (ns of the system's clock), and to how many readers.

    ``readers`` are those that the camera knew of, None where it was not asked.
    """

    stamp: int
    at: int
    shape: Shape
    readers: int | None = None


def deep(queue: int = QUEUE) -> QoSProfile:
    """Return a reliable profile that keeps that many messages."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=queue, reliability=ReliabilityPolicy.RELIABLE
    )


class Camera(Node):
    """Publishes images and their camera_info, reliable, keep last ``queue``."""

    def __init__(self, queue: int = QUEUE) -> None:
        super().__init__('fault_camera', enable_rosout=False)
        self._infos = self.create_publisher(CameraInfo, 'camera_info', deep(queue))
        self._images = self.create_publisher(Image, 'image', deep(queue))

    @property
    def readers(self) -> int:
        """How many subscribers of the images the camera knows of."""
        return int(self._images.get_subscription_count())

    def send(self, shape: Shape, stamp: int | None = None) -> Sent:
        """Send a frame, under the system's time unless a stamp in ns is given."""
        image, info = takes(shape)
        readers, at = self.readers, time.time_ns()
        stamp = at if stamp is None else stamp
        self._infos.publish(info.stamped(stamp))
        self._images.publish(image.stamped(stamp))
        return Sent(stamp, at, shape, readers)


@cache
def takes(shape: Shape) -> tuple[Take, Take]:
    """Return the serialized image and camera_info of a shape: a room with a floor, and noise."""
    header = Header(frame_id=shape.frame_id)
    step = shape.width * BYTES_PER_PIXEL.get(shape.encoding, 3)
    slope = np.linspace(60, 200, shape.height)[:, None]
    noise = np.random.default_rng(0).normal(0, 12, (shape.height, step))
    data = memoryview(np.clip(slope + noise, 0, 255).astype(np.uint8).tobytes())
    image = RawImage(header, shape.height, shape.width, shape.encoding, 0, step, data)
    lens = Intrinsics.from_fov(max(shape.width, 1), max(shape.height, 1), FIELD_OF_VIEW)
    info = camera_info_from(lens, header)
    return Take(image.serialize()), Take(serialize_message(info))


def main() -> None:
    """Send frames until the process is killed or asked to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('rate', type=float, help='Hz')
    parser.add_argument('--size', default='320x240', help='WIDTHxHEIGHT')
    parser.add_argument('--queue', type=int, default=QUEUE, help='messages kept')
    parser.add_argument('--wait', action='store_true', help='for a subscriber, before the first')
    arguments = parser.parse_args()
    shape = Shape(*map(int, arguments.size.split('x')))
    takes(shape)
    ending = threading.Event()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    camera = Camera(arguments.queue)
    while arguments.wait and not camera.readers and not ending.is_set():
        time.sleep(0.05)
    if arguments.wait:
        time.sleep(DISCOVERY)
    due = time.perf_counter()
    while not ending.wait(max(0.0, due - time.perf_counter())):
        # One that is late by more does not hurry after what it missed.
        due = max(due + 1 / arguments.rate, time.perf_counter() - 1.0)
        stamp = time.time_ns()
        # Before it goes out: who is killed in between has printed one frame too many, not too few.
        print(stamp, camera.readers, flush=True)
        camera.send(shape, stamp)
    time.sleep(DELIVERY)


if __name__ == '__main__':
    main()
