# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives judged with clouds made directly from the truth, by formulas of the test's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.data.drive import Drive, DrivePlan, Obstacle
from depth_anything_ros.evaluation.collision_monitor import StopZone
from depth_anything_ros.evaluation.costmap import Scan
from depth_anything_ros.evaluation.drive_judge import DriveJudge
from depth_anything_ros.geometry.edges import without_flying_pixels
from depth_anything_ros.geometry.obstacles import ObstacleSettings, find_obstacles
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.scan import ScanSettings, make_scan

PLAN = DrivePlan(Obstacle.BOX, size=0.3, rate=2.0, width=96, height=72, pitch=0.2)
ZONE = StopZone(max_height=1.0)
FREE = Scan(np.full(181, np.inf, np.float32), -np.pi / 4, np.pi / 360, 0.1, 5.0)


def true_obstacles(drive: Drive, index: int) -> np.ndarray:
    """Return the optical points of the true depth that are 4 cm to 2.5 m above the ground."""
    depth, k = drive.frame(index)[1].astype(np.float64), drive.intrinsics
    v, u = np.mgrid[: k.height, : k.width]
    seen = np.isfinite(depth)
    rays = np.stack(((u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)), -1)[seen]
    points = rays * depth[seen][:, None]
    height = drive.camera.apply(points)[:, 2]
    return points[(height > 0.04) & (height < 2.5)]


def published_obstacles(drive: Drive, index: int) -> np.ndarray:
    """Return the obstacle cloud that the package makes of the true depth."""
    depth, rays = torch.from_numpy(drive.frame(index)[1]), rays_of(drive.intrinsics)
    points = back_project(without_flying_pixels(depth).values, rays)
    pitch = 1 / drive.intrinsics.fx
    return find_obstacles(points, drive.camera, ObstacleSettings(), pitch=pitch).points.numpy()


def published_scan(drive: Drive, index: int) -> Scan:
    """Return the scan that the package makes of the true depth."""
    depth, rays = torch.from_numpy(drive.frame(index)[1]), rays_of(drive.intrinsics)
    wanted = ScanSettings()
    made = make_scan(back_project(depth, rays), torch.isinf(depth), rays, drive.camera, wanted)
    return Scan(
        made.ranges.numpy(),
        made.angle_min,
        made.angle_increment,
        wanted.range_min,
        wanted.range_max,
    )


def judged(drive: Drive, cloud=true_obstacles, scan=FREE, zone=ZONE) -> DriveJudge:
    judge = DriveJudge(drive, zone)
    for index in range(len(drive)):
        judge.observe(index, cloud(drive, index), scan)
    return judge


@pytest.mark.parametrize(
    ('obstacle', 'size'), [(Obstacle.BOX, 0.3), (Obstacle.WALL, 2.0), (Obstacle.OVERHANG, 0.7)]
)
def test_with_the_truth_the_robot_stops_in_time_stays_and_goes_on(obstacle, size):
    drive = Drive(replace(PLAN, obstacle=obstacle, size=size))

    figures = judged(drive).figures()

    assert figures.mapped_at >= 2.0
    assert figures.stopped_at >= 0.9
    assert (figures.time_to_stop, figures.hold_share, figures.kept_share) == (0.0, 1.0, 1.0)
    assert (figures.time_to_resume, figures.false_stop_share) == (0.0, 0.0)


@pytest.mark.parametrize(('obstacle', 'size'), [(Obstacle.NONE, 1.0), (Obstacle.OVERHANG, 2.2)])
@pytest.mark.parametrize('indoors', [False, True], ids=['open', 'room'])
def test_with_the_truth_the_robot_passes_what_is_not_in_its_way(obstacle, size, indoors):
    judge = judged(Drive(replace(PLAN, obstacle=obstacle, size=size, indoors=indoors)))

    assert not judge.in_the_way
    assert judge.figures().false_stop_share == 0.0
    assert judge.figures().stopped_at is None


@pytest.mark.parametrize(
    ('obstacle', 'size', 'expected'),
    [
        (Obstacle.CURB, 0.15, True),
        (Obstacle.CURB, 0.04, False),
        (Obstacle.OVERHANG, 0.99, True),
        (Obstacle.OVERHANG, 1.01, False),
        (Obstacle.NONE, 0.5, False),
    ],
)
def test_what_is_in_the_way_of_a_robot(obstacle, size, expected):
    drive = Drive(replace(PLAN, obstacle=obstacle, size=size))

    assert DriveJudge(drive, ZONE).in_the_way is expected


def test_a_blind_robot_drives_on_and_its_map_stays_empty():
    figures = judged(Drive(PLAN), lambda drive, index: np.empty((0, 3))).figures()

    assert figures.mapped_at is figures.stopped_at is None


def test_the_ground_taken_for_an_obstacle_is_a_false_stop():
    drive = Drive(replace(PLAN, obstacle=Obstacle.NONE))
    raised = np.array([[0.1, 0.2, 0.6]] * 4)

    assert judged(drive, lambda drive, index: raised).figures().false_stop_share == 1.0


def test_without_clouds_the_robot_stands_and_its_scans_clear_the_map():
    drive = Drive(replace(PLAN, wait=0.0))
    judge = DriveJudge(drive, replace(ZONE, source_timeout=0.7))
    assert judge.observe(7, true_obstacles(drive, 7)).mapped

    assert judge.observe(8, None).mapped
    later = judge.observe(9, None, FREE)

    assert later.stopped
    assert not later.mapped


@pytest.mark.parametrize(
    ('obstacle', 'size'), [(Obstacle.BOX, 0.3), (Obstacle.WALL, 2.5), (Obstacle.OVERHANG, 0.6)]
)
@pytest.mark.parametrize(('height', 'pitch'), [(0.4, 0.0), (1.2, 0.52)], ids=['level', 'tilted'])
def test_what_the_package_makes_of_the_truth_is_safe_to_drive_by(obstacle, size, height, pitch):
    drive = Drive(
        replace(
            PLAN,
            obstacle=obstacle,
            size=size,
            camera_height=height,
            pitch=pitch,
            width=160,
            height=120,
            start=2.5,
        )
    )
    judge = DriveJudge(drive, ZONE)
    for index in range(len(drive)):
        judge.observe(index, published_obstacles(drive, index), published_scan(drive, index))

    figures = judge.figures()

    assert figures.mapped_at >= 1.5
    assert figures.stopped_at >= 0.9
    assert (figures.hold_share, figures.time_to_resume, figures.false_stop_share) == (1, 0, 0)


@pytest.mark.parametrize('indoors', [False, True], ids=['open', 'room'])
def test_what_the_package_makes_of_free_space_lets_the_robot_pass(indoors):
    drive = Drive(replace(PLAN, obstacle=Obstacle.NONE, indoors=indoors, width=160, height=120))
    judge = DriveJudge(drive, ZONE)
    for index in range(len(drive)):
        judge.observe(index, published_obstacles(drive, index), published_scan(drive, index))

    assert judge.figures().false_stop_share == 0.0
