# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives at obstacles through the real node, with the renderer's depth: does the robot stop?

In the manner of the bag test of nav2's collision monitor. benchmarks/navigation.py judges more of
them, without ROS.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy')
from sensor_msgs.msg import CameraInfo, LaserScan, PointCloud2  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.data.drive import Drive, DrivePlan, Obstacle  # noqa: E402
from depth_anything_ros.evaluation.collision_monitor import StopZone  # noqa: E402
from depth_anything_ros.evaluation.costmap import Scan  # noqa: E402
from depth_anything_ros.evaluation.drive_judge import DriveJudge  # noqa: E402
from depth_anything_ros.inference.threads import one_thread  # noqa: E402
from depth_anything_ros.ros.bench_node import StandInEstimator  # noqa: E402
from depth_anything_ros.ros.depth_message import encode_color  # noqa: E402
from depth_anything_ros.ros.node import DepthNode  # noqa: E402
from depth_anything_ros.ros.pinhole import camera_info_from  # noqa: E402

CONFIG = Path(__file__).resolve().parents[2] / 'config' / 'nav2' / 'collision_monitor.yaml'


def shipped_zone() -> StopZone:
    """Return the stop zone of the configuration that users take."""
    settings = yaml.safe_load(CONFIG.read_text())['collision_monitor']['ros__parameters']
    polygon, source = settings['StopZone'], settings['obstacles']
    corners = yaml.safe_load(polygon['points'])
    return StopZone(
        ahead=max(x for x, _ in corners),
        half_width=max(y for _, y in corners),
        min_height=source['min_height'],
        max_height=source['max_height'],
        min_points=polygon['min_points'],
        source_timeout=source['source_timeout'],
    )


class TruthEngine:
    """Answers a drive's pictures with their exact depth."""

    def __init__(self, frames) -> None:
        self._depths = {rgb.tobytes(): depth for rgb, depth in frames}

    def run(self, pictures, size, at_network_size):
        gray = np.full((1, 1), np.nan, np.float32)  # the node's warm-up
        return [self._depths.get(rgb.tobytes(), gray) for rgb in pictures]


class TruthNode(DepthNode):
    """A node whose network is never wrong."""

    def __init__(self, frames, **node_arguments) -> None:
        self._engine_of_truth = TruthEngine(frames)
        super().__init__(**node_arguments)

    def load_estimator(self):
        estimator = StandInEstimator(0.0)
        estimator._engine = self._engine_of_truth
        return estimator


def drive_through_the_node(graph, plan: DrivePlan) -> DriveJudge:
    drive = Drive(plan)
    with one_thread():
        frames = [drive.frame(index) for index in range(len(drive))]
    node = graph.active_node(
        lambda **arguments: TruthNode(frames, **arguments),
        pose__source='fixed',
        pose__height=plan.camera_height,
        pose__pitch=plan.pitch,
        scan__min_height=0.05,
        filter__sky=0.0,
    )
    clouds = graph.listen('obstacles', PointCloud2)
    scans = graph.listen('scan', LaserScan)
    graph.connect(node, 2)
    judge = DriveJudge(drive, shipped_zone())
    for index, (rgb, _) in enumerate(frames):
        header = Header(frame_id='cam')
        header.stamp.sec = 1000 + int(drive.time(index))
        header.stamp.nanosec = round(drive.time(index) % 1 * 1e9)
        info: CameraInfo = camera_info_from(drive.intrinsics, header)
        graph._info.publish(info)
        graph.spin_until(lambda wanted=info: node.cameras[''].infos._newest == wanted)
        graph.send_image(encode_color(rgb, header))
        graph.spin_until(lambda count=index + 1: len(clouds) == len(scans) == count)
        cloud, scan = clouds[-1], scans[-1]
        assert cloud.header.stamp == scan.header.stamp == header.stamp
        points = np.frombuffer(cloud.data, np.float32).reshape(-1, 4)[:, :3]
        ranges = np.asarray(scan.ranges, np.float32)
        reading = Scan(ranges, scan.angle_min, scan.angle_increment, scan.range_min, scan.range_max)
        judge.observe(index, points, reading)
    return judge


@pytest.mark.parametrize(
    ('obstacle', 'size'),
    [(Obstacle.BOX, 0.3), (Obstacle.WALL, 2.5), (Obstacle.OVERHANG, 0.6), (Obstacle.CURB, 0.3)],
    ids=lambda value: getattr(value, 'value', ''),
)
@pytest.mark.parametrize(
    ('height', 'pitch'), [(0.4, 0.0), (1.2, math.radians(30))], ids=['level', 'tilted']
)
def test_the_robot_stops_in_time_and_goes_on_when_the_way_is_free(
    graph, obstacle, size, height, pitch
):
    plan = DrivePlan(
        *(obstacle, size),
        **{'rate': 4.0, 'start': 2.5, 'camera_height': height, 'pitch': pitch},
        **{'width': 160, 'height': 120},
    )

    figures = drive_through_the_node(graph, plan).figures()

    assert figures.mapped_at >= 1.5
    assert figures.stopped_at >= 1.0
    assert figures.hold_share == 1.0
    assert figures.time_to_resume <= 0.5
    assert figures.false_stop_share < 0.02


@pytest.mark.parametrize('indoors', [False, True], ids=['open', 'room'])
def test_the_robot_passes_where_nothing_is_in_the_way(graph, indoors):
    plan = DrivePlan(Obstacle.NONE, indoors=indoors, rate=4.0, start=2.5, width=160, height=120)

    assert drive_through_the_node(graph, plan).figures().false_stop_share < 0.02


def test_what_hangs_above_the_band_does_not_stop_it(graph):
    plan = DrivePlan(Obstacle.OVERHANG, 2.2, rate=4.0, start=2.0, width=160, height=120)

    assert drive_through_the_node(graph, plan).figures().false_stop_share < 0.02
