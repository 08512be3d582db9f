# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of where metres come from: fixed numbers, a reference, the ground."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy')
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from fakes import FakeLogger, FakeNode, FakeTree  # noqa: E402
from rclpy.serialization import deserialize_message  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.geometry.scale import ScaleState, apply_scale  # noqa: E402
from depth_anything_ros.geometry.transform import Transform, camera_on_ground  # noqa: E402
from depth_anything_ros.ros.depth_message import encode_depth  # noqa: E402
from depth_anything_ros.ros.node_topics import NodeTopics  # noqa: E402
from depth_anything_ros.ros.reporter import Reporter  # noqa: E402
from depth_anything_ros.ros.scale_source import ScaleSource  # noqa: E402
from depth_anything_ros.ros.space_settings import ScaleGroup  # noqa: E402

CAMERA = Intrinsics(160, 120, 120.0, 120.0, 80.0, 60.0)
SETTINGS = ScaleGroup('depth', 0.0, 0.0, '', 0.1, 1.0, 30, 80.0)
A, B = 0.02, 0.05
POSE = camera_on_ground(1.0, pitch=0.4)


def header(at: float) -> Header:
    made = Header(frame_id='cam')
    made.stamp.sec, made.stamp.nanosec = int(at), round(at % 1 * 1e9)
    return made


def slope() -> np.ndarray:
    """Return depth (H, W) from 1 to 6 m."""
    row = np.linspace(1, 6, CAMERA.width, dtype=np.float32)
    return np.tile(row, (CAMERA.height, 1))


def floor() -> np.ndarray:
    """Return the depth of the ground below the camera of POSE, NaN above the horizon."""
    rows, columns = np.mgrid[: CAMERA.height, : CAMERA.width]
    rays = np.stack(
        ((columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy, np.ones(rows.shape)), -1
    )
    falls = -(rays @ POSE.rotation[2])
    return np.where(falls > 0.02, 1.0 / falls, np.nan).astype(np.float32)


def disparity_of(depth: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(((1 / depth - B) / A).astype(np.float32))


class Rig:
    def __init__(self, **changes) -> None:
        self.settings = replace(SETTINGS, **changes)
        self.node, self.logger = FakeNode(), FakeLogger()
        self.reporter = Reporter(self.logger)
        self.source = ScaleSource(
            NodeTopics(self.node), '', lambda: self.settings, FakeTree(), self.reporter
        )
        self.source.subscribe()

    def measure(self, depth: np.ndarray, at: float) -> None:
        self.node.callbacks['reference/depth'](encode_depth(depth, header(at)).serialize())

    def frame(self, depth: np.ndarray, at: float, measured: bool = True, factor: float = 1.0):
        if measured:
            self.measure(depth * np.float32(factor), at)
        return self.source.estimate(disparity_of(depth), header(at), CAMERA, None)


def told(rig: Rig, at: float) -> DiagnosticArray:
    return deserialize_message(rig.source.message(header(at)), DiagnosticArray)


def test_without_a_source_none_is_wanted():
    assert not Rig(source='none').source.wanted
    assert Rig(source='none').source.facts() == {}


def test_fixed_numbers_are_taken_at_once():
    rig = Rig(source='fixed', a=A, b=B)
    depth = slope()

    estimate = rig.source.estimate(disparity_of(depth), header(1), None, None)

    assert estimate.state is ScaleState.TRACKING
    metres = apply_scale(disparity_of(depth), estimate, 80.0)
    assert metres.numpy() == pytest.approx(depth, rel=1e-5)


def test_fixed_numbers_that_cannot_be_give_no_metres_and_a_hint():
    rig = Rig(source='fixed')

    assert not rig.source.estimate(disparity_of(slope()), header(1), None, None).usable
    assert 'depth-anything calibrate' in rig.logger.lines[-1]


def test_a_reference_is_tracked_after_a_few_frames_that_agree():
    rig = Rig()
    states = [rig.frame(slope(), 1 + 0.1 * i).state for i in range(5)]

    assert states[0] is ScaleState.WAITING
    assert states[-1] is ScaleState.TRACKING
    assert rig.source.newest.a == pytest.approx(A, rel=0.02)
    assert rig.source.newest.b == pytest.approx(B, abs=0.005)


def test_without_references_it_holds_for_the_set_time_then_is_lost():
    rig = Rig(hold=1.0)
    for i in range(5):
        rig.frame(slope(), 1 + 0.1 * i)
    later = {t: rig.frame(slope(), 1.4 + t, measured=False).state for t in (0.4, 1.2, 5.0)}

    assert later == {
        0.4: ScaleState.TRACKING,
        1.2: ScaleState.HOLD,
        5.0: ScaleState.LOST,
    }
    assert 'scale LOST: the reference nearest to the image is' in rig.logger.lines[-1]


def test_it_waits_without_camera_info_and_says_so():
    rig = Rig()
    rig.measure(slope(), 1.0)

    estimate = rig.source.estimate(disparity_of(slope()), header(1.0), None, None)

    assert estimate.state is ScaleState.WAITING
    assert rig.logger.lines == [
        'scale WAITING: there is no usable camera_info; no metres are published'
    ]


def test_the_ground_gives_metres_from_the_height_of_the_camera():
    rig = Rig(source='ground')
    for i in range(5):
        estimate = rig.source.estimate(disparity_of(floor()), header(1 + i / 10), CAMERA, POSE)

    assert estimate.state is ScaleState.TRACKING
    assert estimate.a == pytest.approx(A, rel=0.02)


def test_the_ground_needs_a_pose():
    rig = Rig(source='ground')

    assert not rig.source.estimate(disparity_of(floor()), header(1), CAMERA, None).usable
    assert 'set pose.source' in rig.logger.lines[-1]


def test_a_frozen_scale_stays_through_other_references_until_it_is_released():
    rig = Rig()
    for i in range(5):
        rig.frame(slope(), 1 + 0.1 * i)
    rig.source.wish('freeze')
    frozen = [rig.frame(slope(), 2 + 0.1 * i, factor=3.0) for i in range(10)][-1]
    assert frozen.a == pytest.approx(A, rel=0.02)

    rig.source.wish('release')
    freed = [rig.frame(slope(), 3 + 0.1 * i, factor=3.0) for i in range(10)][-1]
    assert freed.a == pytest.approx(A / 3, rel=0.05)


def test_a_reset_forgets():
    rig = Rig()
    for i in range(5):
        rig.frame(slope(), 1 + 0.1 * i)
    rig.source.wish('reset')

    assert rig.frame(slope(), 1.6, measured=False).state is ScaleState.WAITING


def test_the_message_tells_state_and_numbers():
    rig = Rig()
    (waiting,) = told(rig, 1).status
    for i in range(5):
        rig.frame(slope(), 1 + 0.1 * i)
    message = told(rig, 1.4)

    assert (waiting.message, waiting.level) == ('WAITING', DiagnosticStatus.WARN)
    (status,) = message.status
    assert message.header == header(1.4)
    assert (status.message, status.level) == ('TRACKING', DiagnosticStatus.OK)
    assert status.name == 'depth_node: scale'
    values = {pair.key: float(pair.value) for pair in status.values}
    assert values['a'] == pytest.approx(A, rel=0.02)
    assert set(values) == {
        *('a', 'b', 'deviation_a', 'deviation_b', 'covariance_ab'),
        *('age', 'inlier_share', 'residual'),
    }
    assert all(math.isfinite(value) for value in values.values())
    assert rig.source.facts()['scale_state'] == 'TRACKING'


def test_after_unsubscribing_it_waits_anew():
    rig = Rig()
    for i in range(5):
        rig.frame(slope(), 1 + 0.1 * i)
    rig.source.unsubscribe()

    assert not rig.node.callbacks
    assert rig.source.newest is None
    assert rig.source.facts() == {'scale_source': 'depth', 'scale_state': 'WAITING'}


def test_a_transform_that_is_none_is_a_reason_and_no_fault():
    rig = Rig()

    class Broken:
        def find(self, parent, child, at):
            return Transform.from_quaternion((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

    rig.source._buffer._tree = Broken()
    elsewhere = header(1)
    elsewhere.frame_id = 'lidar'
    rig.node.callbacks['reference/depth'](encode_depth(slope(), elsewhere).serialize())

    estimate = rig.source.estimate(disparity_of(slope()), header(1), CAMERA, None)

    assert estimate.state is ScaleState.WAITING
    assert 'is no rotation' in rig.logger.lines[-1]
