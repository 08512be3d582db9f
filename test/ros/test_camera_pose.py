# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the camera's pose from parameters, TF and an IMU."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy')
from fakes import FakeLogger, FakeNode, FakeTree  # noqa: E402
from sensor_msgs.msg import Imu  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.transform import (  # noqa: E402
    OPTICAL_TO_BODY,
    Transform,
    camera_on_ground,
)
from depth_anything_ros.ros.camera_pose import (  # noqa: E402
    CameraPose,
    GravityFilter,
    PoseSettings,
    report_of,
)
from depth_anything_ros.ros.node_topics import NodeTopics  # noqa: E402
from depth_anything_ros.ros.reporter import Reporter  # noqa: E402

FIXED = PoseSettings('fixed', 1.2, 0.1, 0.3, 'base_footprint', 0.0, 0.0, 0.0)
HEADER = Header(frame_id='cam_optical')


class Rig:
    """A CameraPose with all it touches."""

    def __init__(self, settings: PoseSettings, tree: FakeTree | None = None) -> None:
        self.settings, self.node, self.logger = settings, FakeNode(), FakeLogger()
        self.reporter = Reporter(self.logger)
        self.tree = tree or FakeTree()
        self.pose = CameraPose(
            NodeTopics(self.node), '', lambda: self.settings, self.tree, self.reporter
        )

    def accelerate(self, acceleration, at: float = 1.0, known: bool = True) -> None:
        message = Imu()
        message.header.stamp.sec = int(at)
        message.header.stamp.nanosec = round(at % 1 * 1e9)
        a = message.linear_acceleration
        a.x, a.y, a.z = (float(v) for v in acceleration)
        if not known:
            message.linear_acceleration_covariance[0] = -1.0
        self.node.callbacks['imu'](message)


def test_without_a_source_there_is_no_pose_and_no_complaint():
    rig = Rig(replace(FIXED, source='none'))

    assert rig.pose.at(HEADER) is None
    assert not rig.logger.lines


def test_a_fixed_pose_is_that_of_the_parameters():
    rig = Rig(FIXED)
    rig.pose.subscribe()

    assert rig.pose.at(HEADER).rotation == pytest.approx(camera_on_ground(1.2, 0.1, 0.3).rotation)
    assert not rig.node.callbacks


def test_a_height_of_0_is_told_and_a_new_one_is_taken():
    rig = Rig(replace(FIXED, height=0.0))

    assert rig.pose.at(HEADER) is None
    assert 'pose.height is 0' in rig.logger.lines[-1]

    rig.settings = FIXED
    assert rig.pose.at(HEADER) is not None
    assert not rig.reporter.current()


def test_tf_gives_the_pose_at_the_image_s_stamp_without_heading():
    mounted = Transform.from_euler(0, 0, 1.0, (0.4, 0.1, 0.0)) @ camera_on_ground(0.5, 0.0, 0.2)
    rig = Rig(replace(FIXED, source='tf'), FakeTree(mounted))
    header = Header(frame_id='cam_optical')
    header.stamp.sec, header.stamp.nanosec = 7, 9

    pose = rig.pose.at(header)

    assert rig.tree.asked == [('base_footprint', 'cam_optical', 7_000_000_009)]
    assert pose.rotation == pytest.approx(camera_on_ground(0.5, 0.0, 0.2).rotation)
    assert pose.translation == pytest.approx([0, 0, 0.5])


def test_a_tf_that_does_not_know_is_told():
    rig = Rig(replace(FIXED, source='tf'))

    assert rig.pose.at(HEADER) is None
    assert 'where cam_optical is; obstacles, scan' in rig.logger.lines[-1]


@pytest.mark.parametrize(('roll', 'pitch'), [(0, 0), (0, 0.4), (-0.3, 0.1)])
def test_an_imu_in_the_camera_tells_roll_and_pitch(roll, pitch):
    rig = Rig(replace(FIXED, source='imu'))
    rig.pose.subscribe()
    body = camera_on_ground(1.0, roll, pitch).rotation @ OPTICAL_TO_BODY.T

    rig.accelerate(body.T @ [0, 0, 9.81])

    pose = rig.pose.at(HEADER)
    assert pose.rotation == pytest.approx(camera_on_ground(1.2, roll, pitch).rotation)
    assert pose.translation == pytest.approx([0, 0, 1.2])


def test_the_axes_of_an_imu_that_sits_otherwise_are_turned():
    # Upside down about the camera's x axis: at rest it measures -g along its z.
    rig = Rig(replace(FIXED, source='imu', imu_roll=math.pi))
    rig.pose.subscribe()

    rig.accelerate([0, 0, -9.81])

    assert rig.pose.at(HEADER).rotation == pytest.approx(camera_on_ground(1).rotation, abs=1e-9)


def test_before_a_usable_acceleration_the_report_says_what_is_missing():
    rig = Rig(replace(FIXED, source='imu'))
    rig.pose.subscribe()
    rig.accelerate([0, 0, 9.81], known=False)
    rig.accelerate([0, 0, 15.0])
    rig.accelerate([math.nan, 0, 9.81])

    assert rig.pose.at(HEADER) is None
    assert 'no acceleration has come on /imu' in rig.logger.lines[-1]


def test_what_was_heard_is_forgotten():
    rig = Rig(replace(FIXED, source='imu'))
    rig.pose.subscribe()
    rig.accelerate([0, 0, 9.81])
    rig.pose.unsubscribe()

    assert not rig.node.callbacks
    assert rig.pose.at(HEADER) is None


def test_a_shake_is_averaged_out_and_a_tilt_is_followed():
    gravity = GravityFilter()
    for step in range(100):
        gravity.add(np.array([0.0, (-1) ** step * 2.0, 9.6]), step * 0.01)
    assert gravity.up == pytest.approx([0, 0, 0.979], abs=0.03)

    for step in range(300):
        gravity.add(np.array([0.0, 9.81 * math.sin(0.5), 9.81 * math.cos(0.5)]), 1 + step * 0.01)
    assert gravity.up == pytest.approx([0, math.sin(0.5), math.cos(0.5)], abs=0.01)


def test_after_a_pause_the_newest_alone_counts():
    gravity = GravityFilter()
    gravity.add(np.array([0, 0, 9.81]), 100.0)
    gravity.add(np.array([9.81, 0, 0]), 110.0)
    assert gravity.up == pytest.approx([1, 0, 0])

    gravity.add(np.array([0, 9.81, 0]), 5.0)  # a bag began anew
    assert gravity.up == pytest.approx([0, 1, 0])


def test_diagnostics_tell_height_and_angles():
    told = report_of(camera_on_ground(0.75, math.radians(-5), math.radians(30)))

    assert told == {
        'camera_height_m': '0.75',
        'camera_roll_deg': '-5.0',
        'camera_pitch_deg': '30.0',
    }
