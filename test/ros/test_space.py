# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of depth in space through the real node, on a graph."""

from __future__ import annotations

import math
from functools import partial

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from depth_anything_ros.ros.bench_node import BenchNode  # noqa: E402
from depth_anything_ros.ros.depth_message import decode_depth, encode_depth  # noqa: E402
from depth_anything_ros.ros.stamps import nanoseconds  # noqa: E402

METRIC = partial(BenchNode, 0.0)
"""Says that every row of a picture goes from 1 m at the left to 20 m at the right."""
POSE = {'pose__source': 'fixed', 'pose__height': 0.5}
RIGHT_METRES = 20.0


def xyz(cloud: PointCloud2) -> np.ndarray:
    fields = cloud.point_step // 4
    whole = np.frombuffer(cloud.data, np.float32).reshape(cloud.height, cloud.width, fields)
    return whole[..., :3]


def newest_is(buffer, header) -> bool:
    return bool(buffer._kept) and buffer._kept[-1].stamp == nanoseconds(header.stamp)


def exchange(graph, node, topics: int):
    """Send one image with its camera_info and wait for the answer; return the header."""
    graph.connect(node, topics)
    header = graph.header()
    graph.send_info(header)
    graph.settle(node, 0)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=header)
    graph.settle(node, 1)
    return header


def test_clouds_and_scan_are_of_the_image_and_agree_with_its_depth(graph):
    node = graph.active_node(METRIC, points__rows=1, points__columns=1, **POSE)
    depths, clouds = graph.listen('depth/image_rect'), graph.listen('points', PointCloud2)
    scans = graph.listen('scan', LaserScan)
    obstacles = graph.listen('obstacles', PointCloud2)

    header = exchange(graph, node, 4)
    graph.spin_until(lambda: depths and clouds and scans and obstacles)

    depth = decode_depth(depths[0])
    assert [m.header.stamp for m in (depths[0], clouds[0], scans[0])] == [header.stamp] * 3
    assert clouds[0].header.frame_id == obstacles[0].header.frame_id == 'cam_optical'
    assert scans[0].header.frame_id == 'cam_optical_level'
    # REP 118 and the pinhole of K: x = (u - cx) z / fx.
    columns, rows = np.meshgrid(np.arange(64), np.arange(48))
    wanted = np.stack(((columns - 32) / 60 * depth, (rows - 24) / 60 * depth, depth), -1)
    points = xyz(clouds[0])
    known = np.isfinite(points[..., 2])
    assert known.mean() > 0.9
    np.testing.assert_allclose(points[known], wanted[known], rtol=1e-5, atol=1e-5)
    assert obstacles[0].width > 0


def test_a_subscriber_of_points_alone_is_enough_to_work_for(graph):
    node = graph.active_node(METRIC)
    clouds = graph.listen('points', PointCloud2)

    exchange(graph, node, 1)
    graph.spin_until(lambda: clouds)

    assert node.cameras[''].counters.counts().published == 1
    assert (clouds[0].height, clouds[0].width) == (24, 32)


def test_what_is_out_of_range_is_so_in_every_output(graph):
    """The slope is 1 m at the left and 20 m at the right; 4 to 12 m count."""
    node = graph.active_node(
        METRIC, min_range=4.0, max_range=12.0, points__rows=1, points__columns=1, **POSE
    )
    depths, clouds = graph.listen('depth/image_rect'), graph.listen('points', PointCloud2)
    scans = graph.listen('scan', LaserScan)

    exchange(graph, node, 3)
    graph.spin_until(lambda: depths and clouds and scans)

    depth = decode_depth(depths[0])
    assert np.isneginf(depth[:, :9]).all()
    assert np.isposinf(depth[:, 38:]).all()
    known = np.isfinite(depth[:, 12:34])
    assert known.all()
    points = xyz(clouds[0])[..., 2]
    assert np.isnan(points[:, :9]).all()
    assert np.isnan(points[:, 38:]).all()
    ranges = np.asarray(scans[0].ranges)
    assert np.isneginf(ranges).any()
    assert ranges[np.isfinite(ranges)].min() > 3.9


def test_relative_depth_has_neither_metres_nor_clouds(graph):
    node = graph.active_node()

    names = set(node.cameras[''].outputs._publishers)

    assert names == {'depth/disparity_relative', 'depth/camera_info', 'depth/color'}


def test_a_fixed_scale_makes_metres_of_relative_depth(graph):
    node = graph.active_node(scale__source='fixed', scale__a=0.01, scale__b=0.05)
    disparities = graph.listen('depth/disparity_relative')
    depths, scales = graph.listen('depth/image_rect'), graph.listen('depth/scale', DiagnosticArray)
    clouds = graph.listen('points', PointCloud2)

    header = exchange(graph, node, 4)
    graph.spin_until(lambda: disparities and depths and scales and clouds)

    disparity, metres = decode_depth(disparities[0]), decode_depth(depths[0])
    finite = np.isfinite(metres)
    assert finite.any()
    np.testing.assert_allclose(1 / metres[finite], 0.01 * disparity[finite] + 0.05, rtol=1e-4)
    assert scales[0].header.stamp == header.stamp
    assert scales[0].status[0].message == 'TRACKING'


def test_without_a_scale_that_holds_no_metres_go_out(graph):
    node = graph.active_node(scale__source='ground')
    disparities = graph.listen('depth/disparity_relative')
    depths, scales = graph.listen('depth/image_rect'), graph.listen('depth/scale', DiagnosticArray)
    clouds = graph.listen('points', PointCloud2)

    exchange(graph, node, 4)
    graph.spin_until(lambda: disparities and scales)

    assert scales[0].status[0].message == 'WAITING'
    assert not depths
    assert not clouds
    assert node.cameras[''].counters.counts().published == 1
    node.publish_diagnostics()
    facts = node.cameras[''].space.facts()
    assert facts['scale_state'] == 'WAITING'


def test_a_reference_depth_image_gives_metres_back(graph):
    """The reference is the stand-in's own depth, halved: depth comes out halved."""
    node = graph.active_node(METRIC, scale__source='depth', scale__max_gap=1.0)
    depths = graph.listen('depth/image_rect')
    reference = graph.peer.create_publisher(Image, 'reference/depth', 1)
    graph.connect(node, 1)
    true = np.tile(np.linspace(0.5, RIGHT_METRES / 2, 64, dtype=np.float32), (48, 1))
    graph.spin_until(lambda: reference.get_subscription_count() > 0)
    buffer = node.cameras[''].space.scale._buffer
    for number in range(6):
        header = graph.header()
        graph.send_info(header)
        reference.publish(encode_depth(true, header).serialize())
        graph.spin_until(partial(newest_is, buffer, header))
        graph.send_image(header=header)
        graph.settle(node, number + 1)
    graph.spin_until(lambda: depths)

    metres = decode_depth(depths[-1])
    np.testing.assert_allclose(metres[:, 8:56], true[:, 8:56], rtol=0.03)


def test_the_scale_is_reset_by_a_service(graph):
    graph.active_node(scale__source='ground')
    client = graph.peer.create_client(Trigger, '/depth_node/reset_scale')
    graph.spin_until(client.service_is_ready)

    answer = client.call_async(Trigger.Request())
    graph.spin_until(answer.done)

    assert answer.result().success


def test_a_raw_image_gives_rectified_depth(graph):
    node = graph.active_node(METRIC, rectified=False)
    depths = graph.listen('depth/image_rect')
    infos = graph.listen('depth/camera_info', CameraInfo)
    graph.connect(node, 2)
    header = graph.header()
    d = [-0.3, 0.1, 0.0, 0.0, 0.0]
    graph.send_info(header, d=d)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=header)
    graph.spin_until(lambda: depths and infos)

    raw = np.tile(np.linspace(1, RIGHT_METRES, 64, dtype=np.float32), (48, 1))
    k = np.array([[60, 0, 32], [0, 60, 24], [0, 0, 1.0]])
    maps = cv2.initUndistortRectifyMap(k, np.array(d), None, k, (64, 48), cv2.CV_32FC1)
    wanted = cv2.remap(raw, *maps, cv2.INTER_NEAREST, borderValue=math.nan)
    depth = decode_depth(depths[0])
    assert not np.allclose(depth, raw, equal_nan=True)
    both = np.isfinite(depth) & np.isfinite(wanted)
    assert both.mean() > 0.95
    # Halves of pixels may round to either side: a column is 0.3 m.
    np.testing.assert_allclose(depth[both], wanted[both], atol=0.31)


def test_a_camera_whose_rotation_is_none_gives_depth_as_the_lens_shows_it(graph):
    node = graph.active_node(METRIC, rectified=False)
    depths = graph.listen('depth/image_rect')
    graph.connect(node, 1)
    header = graph.header()
    graph.send_info(header, d=[-0.3, 0.1, 0.0, 0.0, 0.0], r=np.full(9, 0.5))
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    graph.send_image(header=header)
    graph.spin_until(lambda: depths)

    assert 'lens' in node.cameras[''].reporter.current()
    assert node.cameras[''].counters.counts().failed == 0


def test_without_camera_info_depth_goes_on_and_clouds_say_why(graph):
    node = graph.active_node(METRIC, **POSE)
    depths, clouds = graph.listen('depth/image_rect'), graph.listen('points', PointCloud2)
    graph.connect(node, 2)
    graph.send_image()
    graph.settle(node, 1)  # depth goes out before the clouds are thought of
    graph.spin_until(lambda: depths)

    assert not clouds
    assert 'clouds' in node.cameras[''].reporter.current()


def test_parameters_of_space_change_live(graph):
    from rclpy.parameter import Parameter

    node = graph.active_node(METRIC)
    clouds = graph.listen('points', PointCloud2)
    exchange(graph, node, 1)
    graph.spin_until(lambda: clouds)
    (result,) = node.set_parameters([Parameter('points.rows', value=4)])
    assert result.successful
    header = graph.header()
    graph.send_info(header)
    graph.send_image(header=header)
    graph.spin_until(lambda: len(clouds) == 2)

    assert (clouds[1].height, clouds[1].width) == (12, 32)
    (refused,) = node.set_parameters([Parameter('scan.max_height', value=0.0)])
    assert not refused.successful
