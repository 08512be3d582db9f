# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera's frames before and after the network: decode, check, publish, count."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from depth_anything_ros.depth import Depth
from depth_anything_ros.inference.conventions import LongPictureError, check_patches
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.frame_publisher import FramePublisher
from depth_anything_ros.ros.image_message import ImageError, decode_compressed, decode_image
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.stamps import Header, nanoseconds

IMAGE_TROUBLE, AGE_TROUBLE, FAULT = 'image', 'age', 'inference'

OTHER_CLOCK = 3600.0
"""Seconds by which a stamp of another clock is off; what is only late is less so."""


@dataclass(frozen=True)
class Frame:
    """A picture ready for the network, (H, W, 3) uint8 RGB, with what goes out beside its depth.

    ``stamp`` is that of the header in nanoseconds, ``network_size`` is (height, width) at
    ``input_size``, which is in pixels.
    """

    header: Header
    stamp: int
    rgb: np.ndarray
    settings: DepthSettings
    input_size: int
    network_size: tuple[int, int]


@dataclass
class FrameProcessor:
    """Turn one camera's messages into pictures, and their depth into messages, in the worker.

    ``settings`` returns the newest settings and is asked once a frame; ``now`` is the node's
    clock in nanoseconds; while ``enabled`` returns False every frame is skipped. Every frame is
    counted here, by ``read`` unless it returns it, then by ``publish``; when one of them raises, by
    ``fail``. One thread may ``read`` while another does ``publish``.
    """

    estimator: DepthEstimator
    publisher: FramePublisher
    infos: CameraInfoTracker
    counters: FrameCounters
    reporter: Reporter
    now: Callable[[], int]
    settings: Callable[[], DepthSettings]
    enabled: Callable[[], bool] = field(default=lambda: True)
    newest_size: tuple[int, int] | None = field(default=None, init=False)
    """Height and width of the newest picture; None before the first."""

    def read(self, serialized: bytes) -> Frame | None:
        """Decode an Image or CompressedImage; None where it is skipped or rejected."""
        start = time.perf_counter_ns()
        settings = self.settings()
        if not self.enabled() or (settings.skip_unheard and not self.publisher.heard):
            self.counters.settle('skipped')
            return None
        input_size = settings.input_size or self.estimator.own_input_size
        try:
            header, rgb = _decode(serialized, settings.compressed)
            _check_stamp(header)
            size = self.estimator.network_size(rgb.shape[0], rgb.shape[1], input_size)
            check_patches(rgb.shape[0], rgb.shape[1], size, input_size)
        except (ImageError, CdrError, LongPictureError) as error:
            self.counters.settle('rejected')
            self.reporter.report(IMAGE_TROUBLE, f'image rejected: {error}')
            return None
        stamp = nanoseconds(header.stamp)
        if not self._fresh(stamp, settings.max_age):
            self.counters.settle('rejected')
            return None
        self.reporter.clear(IMAGE_TROUBLE, 'images can be used again')
        self.counters.stages.add('decode', time.perf_counter_ns() - start)
        self.newest_size = rgb.shape[0], rgb.shape[1]
        return Frame(header, stamp, rgb, settings, input_size, size)

    def publish(self, frame: Frame, depth: Depth) -> None:
        """Send a frame's depth."""
        height, width = depth.values.shape
        with self.counters.stages.measure('publish'):
            info = self.infos.info_for(
                frame.header,
                (frame.rgb.shape[1], frame.rgb.shape[0]),
                (width, height),
                frame.settings.camera_info_max_age,
            )
            self.publisher.publish(frame, depth, info)
        self.counters.settle('published', (self.now() - frame.stamp) / 1e9)
        self.reporter.clear(FAULT, 'inference works again')

    def fail(self, error: Exception) -> None:
        """Count and report a frame that was lost by a fault of this node."""
        self.counters.settle('failed')
        where = ''.join(traceback.format_exception(error)[-2:]).strip()
        self.reporter.report(FAULT, f'a frame failed, the node goes on: {where}')

    def _fresh(self, stamp: int, max_age: float) -> bool:
        age = (self.now() - stamp) / 1e9
        self.counters.stamp_ages.add(age)
        if 0 < max_age < -age:
            hint = '' if -age < OTHER_CLOCK else '; set use_sim_time for all nodes or for none'
            self.reporter.report(
                AGE_TROUBLE,
                f'the stamp of an image is {-age:.2f} s ahead of the node clock, more than max_age '
                f'{max_age:g} s: how old it is cannot be told, so it is used; synchronise the '
                f'clocks, or correct the driver{hint}',
            )
            return True
        if not 0 < max_age < age:
            self.reporter.clear(AGE_TROUBLE, 'images are fresh again')
            return True
        hint = ''
        if age > OTHER_CLOCK:
            hint = '; is a bag playing? then set use_sim_time and play with --clock'
        self.reporter.report(
            AGE_TROUBLE,
            f'image rejected: its stamp is {age:.3f} s behind the node clock, more than max_age '
            f'{max_age:g} s{hint}',
        )
        return False


def _decode(serialized: bytes, compressed: bool) -> tuple[Header, np.ndarray]:
    """Return the header and the RGB picture (H, W, 3) uint8; raises ImageError, CdrError."""
    if compressed:
        compressed_image = RawCompressedImage.parse(serialized)
        return compressed_image.header, decode_compressed(compressed_image)
    image = RawImage.parse(serialized)
    return image.header, decode_image(image)


def _check_stamp(header: Header) -> None:
    """Raise ImageError for a stamp before 1970, which no clock of ROS has."""
    if header.stamp.sec < 0:
        raise ImageError(
            f'its stamp is negative (sec = {header.stamp.sec}): correct the clock of the driver'
        )
