# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a camera stands above the ground: by parameters, by TF, or by an IMU."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from depth_anything_ros.geometry.transform import (
    OPTICAL_TO_BODY,
    Transform,
    TransformError,
    camera_on_ground,
    camera_under,
    levelled,
)
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.stamps import Header, nanoseconds, seconds
from depth_anything_ros.ros.topics import Topics, Transforms, TransformUnknownError

if TYPE_CHECKING:
    from sensor_msgs.msg import Imu

TROUBLE = 'camera pose'
STANDARD_GRAVITY = 9.80665
GRAVITY_TOLERANCE = 0.15
"""Share by which a measured acceleration may differ from gravity and still tell where up is."""
SMOOTHING_TIME = 0.5
"""Seconds over which accelerations are averaged: a robot's own ones are shorter than that."""


@dataclass(frozen=True)
class PoseSettings:
    """Where a camera's pose comes from; angles in radians, lengths in metres.

    ``source`` is 'none', 'fixed' (``height``, ``roll`` and ``pitch`` as ``camera_on_ground`` takes
    them), 'tf' (the image's frame in ``base_frame``, whose z is up and 0 on the ground) or 'imu'
    (roll and pitch from the topic imu, whose axes the three ``imu_`` angles turn into those of the
    camera's body: x forward, y left, z up; height as given).
    """

    source: str
    height: float
    roll: float
    pitch: float
    base_frame: str
    imu_roll: float
    imu_pitch: float
    imu_yaw: float


class CameraPose:
    """The pose of one camera, optical frame in the level frame below it (see camera_on_ground).

    ``settings`` is asked for every frame. ``name`` comes before the topic imu.
    """

    def __init__(
        self,
        topics: Topics,
        name: str,
        settings: Callable[[], PoseSettings],
        tree: Transforms,
        reporter: Reporter,
    ) -> None:
        self._topics, self._settings, self._tree, self._reporter = topics, settings, tree, reporter
        self._topic = f'{name}/imu' if name else 'imu'
        self._listening: object | None = None
        self._gravity = GravityFilter()
        self.newest: Transform | None = None

    def subscribe(self) -> None:
        """Listen to the IMU where it is wanted."""
        if self._settings().source == 'imu':
            self._listening = self._topics.listen('Imu', self._topic, self._on_imu, False)

    def unsubscribe(self) -> None:
        """Listen no more, and forget what was heard."""
        if self._listening is not None:
            self._topics.ignore(self._listening)
            self._listening = None
        self._gravity = GravityFilter()

    def at(self, header: Header) -> Transform | None:
        """Return the pose for an image's header; None, with a report, where it is not known."""
        settings = self._settings()
        self.newest = None
        if settings.source == 'none':
            return None
        try:
            self.newest = pose = self._find(settings, header)
        except (TransformUnknownError, TransformError) as error:
            self._reporter.report(
                TROUBLE, f'{error}; obstacles, scan and scale from the ground wait for it'
            )
            return None
        self._reporter.clear(TROUBLE, 'the pose of the camera is known again')
        return pose

    def facts(self) -> dict[str, str]:
        """Return the newest pose in words for /diagnostics; nothing where none is wanted."""
        source, newest = self._settings().source, self.newest
        if source == 'none':
            return {}
        state = {'pose_source': source, 'pose_state': 'known' if newest else 'unknown'}
        return state if newest is None else {**state, **report_of(newest)}

    def _find(self, settings: PoseSettings, header: Header) -> Transform:
        if settings.source == 'tf':
            at = nanoseconds(header.stamp)
            return levelled(self._tree.find(settings.base_frame, header.frame_id, at))
        if settings.height <= 0:
            raise TransformError(
                f'pose.height is {settings.height:g}: set it to the height of the lens above the '
                'ground in metres'
            )
        if settings.source == 'fixed':
            return camera_on_ground(settings.height, settings.roll, settings.pitch)
        up = self._gravity.up
        if up is None:
            raise TransformError(
                f'no acceleration has come on {self._topics.resolve(self._topic)} that '
                'tells where up is: remap imu to the topic of the IMU, and let the robot rest'
            )
        turn = Transform.from_euler(settings.imu_roll, settings.imu_pitch, settings.imu_yaw)
        return camera_under(OPTICAL_TO_BODY.T @ turn.rotation @ up, settings.height)

    def _on_imu(self, message: Imu) -> None:
        a = message.linear_acceleration
        # Imu.msg: -1 in the first place of a covariance says that there is no such measurement.
        if message.linear_acceleration_covariance[0] != -1.0:
            self._gravity.add(np.array([a.x, a.y, a.z]), seconds(message.header.stamp))


class GravityFilter:
    """Where up is in an IMU's frame, from accelerations: a low pass without the robot's own.

    At rest an accelerometer measures the support against gravity, which points up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._up: np.ndarray | None = None
        self._at = 0.0

    @property
    def up(self) -> np.ndarray | None:
        """The direction, (3,) of length about 1; None before the first measurement."""
        with self._lock:
            return self._up

    def add(self, acceleration: np.ndarray, at: float) -> None:
        """Take in an acceleration (3,) in m/s^2 measured at a time in seconds."""
        strength = float(np.linalg.norm(acceleration))
        if not abs(strength / STANDARD_GRAVITY - 1) <= GRAVITY_TOLERANCE:
            return
        measured = acceleration / strength
        with self._lock:
            passed = at - self._at
            # After a pause, or where time went back, the past says nothing.
            fresh = self._up is None or not 0 <= passed < 10 * SMOOTHING_TIME
            share = 1.0 if fresh else 1 - math.exp(-passed / SMOOTHING_TIME)
            before = measured if self._up is None else self._up
            self._up = before + share * (measured - before)
            self._at = at


def report_of(pose: Transform) -> dict[str, Any]:
    """Return a pose in words for /diagnostics: height in metres, roll and pitch in degrees."""
    body = pose.rotation @ OPTICAL_TO_BODY.T
    pitch = math.degrees(math.asin(float(np.clip(-body[2, 0], -1, 1))))
    roll = math.degrees(math.atan2(body[2, 1], body[2, 2]))
    return {
        'camera_height_m': f'{pose.translation[2]:.2f}',
        'camera_roll_deg': f'{roll:.1f}',
        'camera_pitch_deg': f'{pitch:.1f}',
    }
