# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""camera_node: pictures, a video, a webcam or the procedural world as a ROS 2 camera."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.task import Future
from rclpy.timer import Timer
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.calibration import Calibration, CalibrationError, read_calibration
from depth_anything_ros.media.frames import Frame, Source, SourceError
from depth_anything_ros.media.read_ahead import ReadAhead
from depth_anything_ros.media.sources import knows_depth, open_source
from depth_anything_ros.ros.camera_messages import calibration_message, encode_picture
from depth_anything_ros.ros.camera_parameters import (
    CameraSettings,
    declare_camera_parameters,
)
from depth_anything_ros.ros.depth_message import encode_depth
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.qos import newest_only
from depth_anything_ros.ros.raw_image import RawImage

GUESSED_FOV = math.radians(60.0)
CLOSING_TIME = 1.0  # seconds the reader may take to stop


@dataclass(frozen=True)
class Shot:
    """The messages of one frame, ready but for the stamp of the header that they share."""

    header: Header
    image: RawImage | CompressedImage
    camera_info: CameraInfo
    depth: RawImage | None


class CameraNode(Node):
    """Publishes a source of pictures as ``image`` (or ``image/compressed``) and ``camera_info``.

    Where the source knows its depth, ``ground_truth/depth`` (32FC1, REP 118) goes with them while
    somebody listens. All messages of a frame carry one stamp, the time of publishing. Topics are
    reliable with a depth of 1 unless ROS's QoS override parameters say otherwise. ``finished`` is
    done when the source has ended or failed: its result is the error, or None. Raises
    ParameterError and CalibrationError.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__('camera_node', **node_arguments)
        self.settings: CameraSettings = declare_camera_parameters(self)
        self.finished: Future = Future()
        self.published = 0
        self._calibration: Calibration | None = None
        if self.settings.calibration_file:
            self._calibration = read_calibration(self.settings.calibration_file)
        self._infos: dict[tuple[int, int], CameraInfo] = {}
        self._depths: Publisher | None = None
        # Before the images, so that who has found these has found the others too.
        if knows_depth(self.settings.source):
            self._depths = self._advertise(Image, 'ground_truth/depth')
        self._camera_infos = self._advertise(CameraInfo, 'camera_info')
        if self.settings.encoding == 'jpeg':
            self._images = self._advertise(CompressedImage, 'image/compressed')
        else:
            self._images = self._advertise(Image, 'image')
        self._timer: Timer | None = None
        self._closing = threading.Event()
        self._owed = True  # a frame is due as soon as it is ready
        ready = self.create_guard_condition(self._on_ready)
        self._reader = ReadAhead(self._open, self._prepare, ready.trigger, self._on_progress)
        self._reader.start()

    def destroy_node(self) -> None:
        """Stop the reader, then destroy the node."""
        self.close()
        super().destroy_node()

    def close(self) -> bool:
        """Stop the reader; False when it did not stop in time."""
        if hasattr(self, '_closing'):
            self._closing.set()
        reader = getattr(self, '_reader', None)  # missing when the constructor raised
        return reader is None or reader.close(CLOSING_TIME)

    def _advertise(self, message_type: type, topic: str) -> Publisher:
        profile = newest_only(ReliabilityPolicy.RELIABLE)
        overrides = QoSOverridingOptions.with_default_policies()
        try:
            return self.create_publisher(
                message_type, topic, profile, qos_overriding_options=overrides
            )
        except (RuntimeError, InvalidQosOverridesError, ParameterException) as error:
            raise ParameterError(f'qos_overrides of {topic}: {error}') from error

    # The next three run in the thread of the reader.

    def _open(self) -> Source:
        wanted = self.settings
        while self._images.get_subscription_count() < wanted.wait_for:
            if self._closing.wait(0.05):
                break
        return open_source(
            wanted.source,
            size=(wanted.width, wanted.height) if wanted.width or wanted.height else None,
            rate=wanted.rate,
            loop=wanted.loop,
            seed=wanted.seed,
            frames=wanted.prerender,
        )

    def _on_progress(self, done: int, total: int) -> None:
        if done == 0:
            self.get_logger().info(f'rendering {total} frames before publishing starts')
        elif done == total:
            self.get_logger().info(f'rendered {total} frames')

    def _prepare(self, frame: Frame) -> Shot:
        header = Header(frame_id=self.settings.frame_id)
        depth = None
        heard = self._depths is not None and self._depths.get_subscription_count() > 0
        if frame.depth is not None and heard:
            depth = encode_depth(frame.depth, header)
        image = encode_picture(frame.rgb, header, self.settings.encoding)
        return Shot(header, image, self._camera_info(frame), depth)

    def _camera_info(self, frame: Frame) -> CameraInfo:
        """Return the CameraInfo for a frame, made once for each size of picture."""
        height, width = frame.rgb.shape[:2]
        info = self._infos.get((width, height))
        if info is not None:
            return info
        if self._calibration is not None:
            info = calibration_message(self._calibration.scaled(width, height))
        elif frame.intrinsics is not None:
            info = camera_info_from(frame.intrinsics, Header())
        else:
            self.get_logger().warning(
                f'no calibration for {width}x{height} pictures: camera_info guesses a horizontal '
                f'field of view of {math.degrees(GUESSED_FOV):.0f} degrees; set calibration_file'
            )
            info = camera_info_from(Intrinsics.from_fov(width, height, GUESSED_FOV), Header())
        self._infos[(width, height)] = info
        return info

    # The rest runs in the executor.

    def _on_ready(self) -> None:
        if self._owed or self._free_running():
            self._publish_next()
        elif self._reader.finished:
            self._finish()

    def _on_timer(self) -> None:
        self._owed = True
        self._publish_next()
        if self._owed and not self.finished.done() and not self._is_live():
            self.get_logger().warning(
                f'{self.settings.source} is slower than {self._rate():g} frames per second',
                throttle_duration_sec=10.0,
            )

    def _publish_next(self) -> None:
        shot = self._reader.take()
        if shot is None:
            if self._reader.finished:
                self._finish()
            return
        self._owed = False
        if self._timer is None and not self._free_running():
            self._start(shot)
        shot.header.stamp = self.get_clock().now().to_msg()
        # The CameraInfo goes first, so that who needs it has it when the image comes.
        shot.camera_info.header = shot.header
        self._camera_infos.publish(shot.camera_info)
        raw = isinstance(shot.image, RawImage)
        self._images.publish(shot.image.serialize() if raw else shot.image)
        if shot.depth is not None and self._depths is not None:
            self._depths.publish(shot.depth.serialize())
        self.published += 1

    def _start(self, shot: Shot) -> None:
        """Begin the schedule with the first frame."""
        # Steady: neither a step of the system's clock nor a simulated one changes the pace.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1.0 / self._rate(), self._on_timer, clock=clock)
        info = shot.camera_info
        self.get_logger().info(
            f'publishing {self.settings.source} as {self._images.topic_name}: '
            f'{info.width}x{info.height} {self.settings.encoding} at {self._rate():g} Hz'
        )

    def _is_live(self) -> bool:
        return self._reader.source is not None and self._reader.source.live

    def _free_running(self) -> bool:
        """Whether frames go out as they come: a camera's own rate is its own clock."""
        return self._is_live() and not self.settings.rate

    def _rate(self) -> float:
        source = self._reader.source
        return self.settings.rate if source is None else source.rate

    def _finish(self) -> None:
        if self.finished.done():
            return
        if self._timer is not None:
            self._timer.cancel()
        error = self._reader.error
        skipped = 0 if self._reader.source is None else self._reader.source.skipped
        if error is None:
            self.get_logger().info(
                f'{self.settings.source} has ended: {self.published} frames published, '
                f'{skipped} could not be read'
            )
        self.finished.set_result(error)


def main(args: Sequence[str] | None = None) -> int:
    """Run camera_node until it is interrupted or its source ends; return the exit code.

    0 after Ctrl-C, SIGTERM or the end of the source, 1 after an error, told in one line.
    """
    try:
        rclpy.init(args=None if args is None else list(args))
    except RuntimeError as error:  # rclpy's RCLError, for arguments that it cannot parse
        print(f'camera_node: {error}', file=sys.stderr)
        return 1
    node: CameraNode | None = None
    code = 0
    try:
        node = CameraNode()
        rclpy.spin_until_future_complete(node, node.finished)
        if node.finished.done() and node.finished.result() is not None:
            raise node.finished.result()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (SourceError, CalibrationError, ParameterError, ParameterException) as error:
        get_logger('camera_node').fatal(str(error))
        code = 1
    except Exception:
        if rclpy.ok():
            raise
        # Ctrl-C or SIGTERM shut ROS down while the node was being made: that is no failure.
    # It ends within CLOSING_TIME now, so another signal has nothing to add.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    stopped = node is None or node.close()
    if not stopped:
        # A decoder or renderer is deep in native code; unwinding under it can crash the process.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    if node is not None:
        node.destroy_node()
    rclpy.try_shutdown()
    return code


if __name__ == '__main__':
    sys.exit(main())
