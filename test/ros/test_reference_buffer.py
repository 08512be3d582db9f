# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of references: the nearest in time, brought into the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip('rclpy')
from fakes import FakeNode, FakeTree  # noqa: E402
from rclpy.serialization import serialize_message  # noqa: E402
from sensor_msgs.msg import LaserScan  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.geometry.transform import Transform, TransformError  # noqa: E402
from depth_anything_ros.ros.depth_message import encode_depth  # noqa: E402
from depth_anything_ros.ros.extrinsics import extrinsics_from  # noqa: E402
from depth_anything_ros.ros.node_topics import NodeTopics  # noqa: E402
from depth_anything_ros.ros.pinhole import camera_info_from  # noqa: E402
from depth_anything_ros.ros.raw_point_cloud import RawPointCloud  # noqa: E402
from depth_anything_ros.ros.reference_buffer import (  # noqa: E402
    NoReferenceError,
    ReferenceBuffer,
)
from depth_anything_ros.ros.topics import TransformUnknownError  # noqa: E402

CAMERA = Intrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)


def header(at: float = 10.0, frame: str = 'cam') -> Header:
    made = Header(frame_id=frame)
    made.stamp.sec, made.stamp.nanosec = int(at), round(at % 1 * 1e9)
    return made


class Rig:
    def __init__(self, source: str, extrinsics=None, tree: FakeTree | None = None) -> None:
        self.node, self.tree = FakeNode(), tree or FakeTree()
        self.buffer = ReferenceBuffer(NodeTopics(self.node), '', source, extrinsics, self.tree)

    def points(self, points, at: float = 10.0, frame: str = 'lidar') -> None:
        cloud = RawPointCloud.of(np.array(points, np.float32), 'xyz', header(at, frame))
        self.node.callbacks['reference/points'](cloud.serialize())

    def find(self, at: float = 10.0, max_gap: float = 0.1):
        return self.buffer.find(header(at), CAMERA, max_gap)


def found(reference) -> list[tuple[int, int, float]]:
    return [
        (int(r), int(c), pytest.approx(float(z)))
        for r, c, z in zip(reference.rows, reference.columns, reference.z, strict=True)
    ]


def test_lidar_points_fall_on_the_pixels_that_see_them():
    body = extrinsics_from('0 0 0 0 0 0')  # the sensor sits in the lens, its x is the view
    rig = Rig('points', body)
    # Ahead and left and up; behind; outside of the picture.
    rig.points([[2.0, 0.4, 0.2], [-2.0, 0.0, 0.0], [1.0, 5.0, 0.0]])

    assert found(rig.find()) == [(19, 22, 2.0)]


def test_extrinsics_place_the_sensor_in_the_camera_s_body_axes():
    # 0.1 m behind, 0.5 m to the left, and turned a quarter to the left.
    where = extrinsics_from('-0.1, 0.5, 0, 0, 0, 1.5707963267948966')
    # 1 m to the right of the sensor is 1 m ahead of it: (-0.1 + 1, 0.5, 0) in the body.
    assert where.apply(np.array([0.0, -1.0, 0.0])) == pytest.approx([-0.5, 0.0, 0.9])


@pytest.mark.parametrize('text', ['1 2 3', '0 0 0 0 0 zero', '0 0 0 0 0 nan', '0 0 0 inf 0 0'])
def test_extrinsics_that_are_no_six_numbers_are_refused(text):
    with pytest.raises(TransformError):
        extrinsics_from(text)


def test_no_extrinsics_ask_tf_at_the_image_s_time():
    tree = FakeTree(extrinsics_from('0 0 0 0 0 0'))
    rig = Rig('points', tree=tree)
    rig.points([[2.0, 0.0, 0.0]], at=9.95)

    assert found(rig.find()) == [(24, 32, 2.0)]
    assert tree.asked == [('cam', 'lidar', 10_000_000_000)]


def test_a_tf_without_the_sensor_is_an_error():
    rig = Rig('points')
    rig.points([[2.0, 0.0, 0.0]])

    with pytest.raises(TransformUnknownError):
        rig.find()


def test_points_in_the_camera_s_own_frame_need_no_tf():
    rig = Rig('points')
    rig.points([[0.0, 0.0, 3.0]], frame='cam')

    assert found(rig.find()) == [(24, 32, 3.0)]


def test_the_nearest_in_time_is_taken_whichever_side_it_is_on():
    rig = Rig('points')
    for at in (9.0, 9.97, 10.02, 10.4):
        rig.points([[0.0, 0.0, at]], at=at, frame='cam')

    assert found(rig.find()) == [(24, 32, 10.02)]
    assert found(rig.find(at=9.9)) == [(24, 32, 9.97)]


def test_only_the_newest_are_kept():
    rig = Rig('points')
    for second in range(20):
        rig.points([[0.0, 0.0, 1.0]], at=second, frame='cam')

    with pytest.raises(NoReferenceError, match='s away, more than scale.max_gap'):
        rig.find(at=5.0)


def test_nothing_yet_says_what_to_remap():
    with pytest.raises(NoReferenceError, match='on /reference/points: remap'):
        Rig('points').find()


def test_a_scan_in_the_camera_s_plane():
    rig = Rig('scan', extrinsics_from('0 0 0 0 0 0'))
    scan = LaserScan(header=header(frame='laser'), range_min=0.2, range_max=9.0)
    scan.angle_min, scan.angle_increment = -0.3, 0.3
    scan.ranges = [2.0, 0.1, math.inf]
    rig.node.callbacks['reference/scan'](scan)

    # -0.3 rad is to the right: z = 2 cos 0.3, x = 2 sin 0.3.
    column = round(32 + 50 * math.tan(0.3))
    assert found(rig.find()) == [(24, column, 2 * math.cos(0.3))]


def test_a_registered_depth_image_keeps_its_place_in_any_size():
    rig = Rig('depth')
    depth = np.full((24, 32), np.nan, np.float32)
    depth[5, 7] = 2.5
    rig.node.callbacks['reference/depth'](encode_depth(depth, header()).serialize())

    assert found(rig.find()) == [(11, 15, 2.5)]


def test_millimetres_are_metres_and_0_is_nothing():
    rig = Rig('depth')
    depth = np.full((48, 64), np.nan, np.float32)
    depth[10, 20] = 1.234
    image = encode_depth(depth, header(), '16UC1')
    rig.node.callbacks['reference/depth'](image.serialize())

    assert found(rig.find()) == [(10, 20, 1.234)]


def test_depth_of_another_camera_goes_through_its_camera_info():
    # The other camera is 0.5 m to the right: what it sees ahead is to the right for us.
    rig = Rig('depth', tree=FakeTree(Transform(np.eye(3), np.array([0.5, 0.0, 0.0]))))
    depth = np.full((48, 64), np.nan, np.float32)
    depth[24, 32] = 5.0
    rig.node.callbacks['reference/depth'](encode_depth(depth, header(frame='other')).serialize())
    with pytest.raises(NoReferenceError, match='reference/camera_info'):
        rig.find()

    rig.node.callbacks['reference/camera_info'](camera_info_from(CAMERA, header(frame='other')))

    assert found(rig.find()) == [(24, 37, 5.0)]


def test_closing_ends_the_subscriptions():
    rig = Rig('depth')
    rig.buffer.close()

    assert not rig.node.callbacks


def test_a_broken_cloud_is_told_when_it_is_used():
    rig = Rig('points')
    cloud = RawPointCloud.of(np.zeros((2, 2), np.float32), 'xy', header(frame='cam'))
    rig.node.callbacks['reference/points'](cloud.serialize())

    with pytest.raises(ValueError, match="no usable field 'z'"):
        rig.find()


def test_bytes_that_are_no_message_do_not_end_the_node():
    rig = Rig('points')

    rig.node.callbacks['reference/points'](b'\x00\x01\x00\x00nonsense')

    with pytest.raises(NoReferenceError, match='could not be read: .* no serialized PointCloud2'):
        rig.find()


def test_messages_as_rclpy_writes_them_are_read():
    rig = Rig('points', extrinsics_from('0 0 0 0 0 0'))
    from rclpy.serialization import deserialize_message
    from sensor_msgs.msg import PointCloud2

    cloud = RawPointCloud.of(np.array([[2, 0, 0]], np.float32), 'xyz', header(frame='lidar'))
    message = deserialize_message(cloud.serialize(), PointCloud2)
    rig.node.callbacks['reference/points'](serialize_message(message))

    assert found(rig.find()) == [(24, 32, 2.0)]
