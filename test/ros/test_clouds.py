# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of clouds, obstacles and scan as messages; the geometry is tested where it is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy')
from fakes import FakeLogger  # noqa: E402
from rclpy.serialization import deserialize_message  # noqa: E402
from sensor_msgs.msg import LaserScan, PointCloud2  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.geometry.transform import Transform, camera_on_ground  # noqa: E402
from depth_anything_ros.ros.clouds import Clouds  # noqa: E402
from depth_anything_ros.ros.frame_outputs import SPACE_TOPICS  # noqa: E402
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings  # noqa: E402
from depth_anything_ros.ros.reporter import Reporter  # noqa: E402

CAMERA = Intrinsics(160, 120, 100.0, 100.0, 79.5, 59.5)
DEFAULTS = {row.name: row.default for row in DEPTH_PARAMETERS}
LENS = 0.5


def settings(**values) -> DepthSettings:
    named = {name.replace('__', '.'): value for name, value in values.items()}
    return DepthSettings.of({**DEFAULTS, **named})


def header(at: float = 10.0) -> Header:
    made = Header(frame_id='cam')
    made.stamp.sec, made.stamp.nanosec = int(at), round(at % 1 * 1e9)
    return made


class Outputs:
    def __init__(self, *listened: str) -> None:
        self.listening, self.sent = listened, {}

    def listened(self, name: str) -> bool:
        return name in self.listening

    def send(self, name: str, message) -> None:
        self.sent[name] = deserialize_message(message, LaserScan) if name == 'scan' else message


class Tree:
    def __init__(self, there: bool = True) -> None:
        self.there, self.told = there, []

    def tell(self, parent, child, where, stamp, static) -> bool:
        self.told.append((parent, child, where, static))
        return self.there


class Rig:
    def __init__(self, *listened: str, there: bool = True, **values) -> None:
        self.outputs, self.tree, self.logger = Outputs(*listened), Tree(there), FakeLogger()
        self.reporter = Reporter(self.logger)
        self.clouds = Clouds(self.outputs, self.tree, self.reporter)
        self.settings = settings(**values)

    def publish(self, depth, pose=None, camera=CAMERA, rgb=None, at=10.0):
        if rgb is None:
            rgb = np.zeros((*depth.shape, 3), np.uint8)
        self.clouds.publish(
            torch.from_numpy(depth), rgb, header(at), self.settings, depth.shape[1], camera, pose
        )
        return self.outputs.sent

    def cloud(self, topic, *arguments, **named) -> PointCloud2:
        return deserialize_message(self.publish(*arguments, **named)[topic], PointCloud2)


def wall(distance: float = 3.0) -> np.ndarray:
    return np.full((CAMERA.height, CAMERA.width), distance, np.float32)


def scene(pose: Transform, distance: float = 3.0) -> np.ndarray:
    """Return the depth of level ground and a wall across the way, as a tilted camera sees it."""
    rows, columns = np.mgrid[: CAMERA.height, : CAMERA.width].astype(np.float64)
    rays = np.stack(
        ((columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy, np.ones(rows.shape)), -1
    )
    level = rays @ pose.rotation.T
    with np.errstate(divide='ignore'):
        ground = np.where(level[..., 2] < 0, -pose.translation[2] / level[..., 2], np.inf)
        ahead = np.where(level[..., 0] > 0, distance / level[..., 0], np.inf)
    return np.minimum(ground, ahead).astype(np.float32)


def test_nothing_is_made_while_nobody_listens():
    assert Rig().publish(wall(), camera_on_ground(LENS)) == {}


def test_points_are_organised_in_the_image_s_frame_with_colour():
    rgb = np.zeros((120, 160, 3), np.uint8)
    rgb[..., 0] = 200
    depth = wall()
    depth[:10] = np.nan
    depth[10:20] = np.inf

    message = Rig('points').cloud('points', depth, rgb=rgb)

    assert message.header == header()
    assert (message.height, message.width) == (60, 80)
    assert [field.name for field in message.fields] == ['x', 'y', 'z', 'rgb']
    assert not message.is_dense
    points = np.frombuffer(message.data, np.float32).reshape(60, 80, 4)
    assert np.isnan(points[:10, :, :3]).all()
    # Block (30, 50) covers columns 100 and 101, rows 60 and 61: its middle is at 100.5, 60.5.
    assert points[30, 50, :3] == pytest.approx([0.63, 0.03, 3.0])
    assert points.view(np.uint32)[30, 50, 3] == 200 << 16


def test_points_tell_their_height_where_that_is_wanted_and_known():
    rig = Rig('points', points__height=True)
    pose = camera_on_ground(LENS, pitch=0.2)

    message = rig.cloud('points', scene(pose), pose)

    assert message.fields[-1].name == 'height'
    points = np.frombuffer(message.data, np.float32).reshape(60, 80, 5)
    ground = points[55]
    assert ground[:, 4] == pytest.approx(np.zeros(80), abs=0.02)
    assert len(rig.cloud('points', wall()).fields) == 4


def test_clearing_points_fill_what_is_free():
    rig = Rig('points_clearing', points__max_range=5.0)
    depth = wall(np.inf)
    depth[:, 80:] = np.nan

    message = rig.cloud('points_clearing', depth)

    points = np.frombuffer(message.data, np.float32).reshape(60, 80, 4)[..., :3]
    assert np.linalg.norm(points[:, :39], axis=-1) == pytest.approx(np.full((60, 39), 5.0))
    assert np.isnan(points[:, 41:]).all()


def test_obstacles_are_what_stands_above_the_ground():
    pose = camera_on_ground(LENS, pitch=0.1)
    rig = Rig('obstacles')

    message = rig.cloud('obstacles', scene(pose), pose)

    assert [field.name for field in message.fields] == ['x', 'y', 'z', 'height']
    assert message.is_dense
    points = np.frombuffer(message.data, np.float32).reshape(-1, 4)
    assert len(points) > 50
    level = pose.apply(points[:, :3].astype(np.float64))
    assert level[:, 0] == pytest.approx(np.full(len(level), 3.0), abs=0.05)
    assert level[:, 2] == pytest.approx(points[:, 3], abs=1e-3)
    assert points[:, 3].min() >= 0.1


def test_a_fitted_ground_takes_the_place_of_the_pose_s():
    """The pose says 0.6 m, but the ground is 0.4 m below the lens."""
    true, believed = camera_on_ground(0.4, pitch=0.3), camera_on_ground(0.6, pitch=0.3)
    depth = scene(true, 50.0)

    def found(ground: str) -> int:
        rig = Rig('obstacles', obstacles__ground=ground, obstacles__ground_slope=0.0)
        return rig.cloud('obstacles', depth, believed).width

    assert found('pose') > 20  # ground, 0.2 m too high
    assert found('fit') == 0


@pytest.mark.parametrize(('roll', 'pitch'), [(0, 0), (0, math.radians(30)), (0.17, 0.3)])
def test_a_scan_is_level_whatever_the_camera_does(roll, pitch):
    pose = camera_on_ground(LENS, roll, pitch)
    rig = Rig('scan')

    scan = rig.publish(scene(pose), pose)['scan']

    assert scan.header.frame_id == 'cam_level'
    assert scan.header.stamp == header().stamp
    assert (scan.range_min, scan.range_max) == pytest.approx((0.1, 8.0))
    ranges = np.asarray(scan.ranges)
    angles = scan.angle_min + np.arange(len(ranges)) * scan.angle_increment
    assert scan.angle_max == pytest.approx(angles[-1], abs=1e-5)
    middle = np.abs(angles) < 0.35
    assert ranges[middle] == pytest.approx(3.0 / np.cos(angles[middle]), rel=0.02)
    ((parent, child, where, static),) = rig.tree.told
    assert (parent, child, static) == ('cam', 'cam_level', False)
    # A point ahead in the level frame, as the camera sees it, is ahead of the robot.
    ahead = pose.rotation @ where.apply(np.array([1.0, 0.0, 0.0]))
    assert ahead == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)


def test_the_level_frame_of_a_fixed_camera_is_static():
    rig = Rig('scan', pose__source='fixed')
    rig.publish(wall(), camera_on_ground(LENS))

    assert rig.tree.told[0][3] is True


def test_scans_tell_the_time_between_them():
    rig = Rig('scan')
    first = rig.publish(wall(), camera_on_ground(LENS), at=10.0)['scan'].scan_time
    second = rig.publish(wall(), camera_on_ground(LENS), at=10.5)['scan'].scan_time

    assert (first, second) == (0.0, 0.5)


def test_open_sky_is_free_and_unknown_is_not():
    pose = camera_on_ground(LENS)
    depth = scene(pose, 1000.0)
    depth[:, :70] = np.nan

    ranges = np.asarray(Rig('scan').publish(depth, pose)['scan'].ranges)

    # The left of the picture is at positive angles, at the end of the scan.
    assert np.isposinf(ranges[5:40]).all()
    assert np.isnan(ranges[-40:]).all()


def test_what_is_too_close_to_measure_is_so_in_the_scan():
    depth = wall(2.0)
    depth[:, :40] = -np.inf

    ranges = np.asarray(Rig('scan').publish(depth, camera_on_ground(LENS))['scan'].ranges)

    assert np.isneginf(ranges[-20:]).all()
    assert np.isfinite(ranges[:40]).all()


def test_without_tf2_msgs_the_scan_goes_out_and_says_what_is_missing():
    rig = Rig('scan', there=False)

    assert 'scan' in rig.publish(wall(), camera_on_ground(LENS))
    assert 'publish that transform otherwise' in rig.logger.lines[-1]


def test_without_a_pose_points_go_out_alone():
    rig = Rig(*SPACE_TOPICS)

    assert set(rig.publish(wall())) == {'points', 'points_clearing'}
    assert 'set pose.source' in rig.logger.lines[-1]

    rig.publish(wall(), camera_on_ground(LENS))
    assert 'can be made again' in rig.logger.lines[-1]


def test_without_a_camera_nothing_goes_out():
    rig = Rig(*SPACE_TOPICS)

    assert rig.publish(wall(), camera_on_ground(LENS), camera=None) == {}
    assert 'no usable camera_info' in rig.logger.lines[-1]


def test_flying_pixels_are_left_out_and_counted():
    depth = wall(2.0)
    depth[:, 80:] = 6.0
    depth[:, 79], depth[:, 80] = 3.0, 4.5

    def known(**values) -> int:
        rig = Rig('points', points__rows=1, points__columns=1, **values)
        points = np.frombuffer(rig.cloud('points', depth).data, np.float32)
        share = rig.clouds.flying_share
        return int(np.isfinite(points.reshape(-1, 4)[:, 2]).sum()), share

    kept, share = known()
    every, none = known(edges__max_jump=0.0)

    assert every == depth.size
    assert depth.size - kept == 2 * 120
    assert share == pytest.approx(2 / 160)
    assert none is None


def test_colours_come_from_a_picture_of_another_size():
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[:, 160:] = (0, 255, 0)

    message = Rig('points').cloud('points', wall(), rgb=rgb)

    colours = np.frombuffer(message.data, np.uint32).reshape(60, 80, 4)[..., 3]
    assert (colours[:, :39] == 0).all()
    assert (colours[:, 41:] == 0xFF00).all()


def test_a_pose_that_hardly_moved_keeps_the_scan_s_limits():
    rig = Rig('scan')
    pose = camera_on_ground(LENS)
    first = rig.publish(wall(), pose)['scan'].angle_min
    rig.publish(wall(), replace(pose, translation=np.array([0, 0, LENS + 0.001])))
    assert rig.outputs.sent['scan'].angle_min == first

    rig.publish(wall(), camera_on_ground(LENS, pitch=0.5))
    assert rig.outputs.sent['scan'].angle_min != first


def test_a_picture_with_fewer_rows_than_make_a_point_gives_one_row():
    rig = Rig('points', points__rows=32, points__columns=4)
    camera = replace(CAMERA, width=40, height=3)
    cloud = rig.cloud('points', np.full((3, 40), 2.0, np.float32), camera=camera)
    assert (cloud.height, cloud.width) == (1, 10)
