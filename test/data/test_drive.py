# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives towards obstacles, checked against the geometry that they promise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from depth_anything_ros.data.drive import (
    CLEAR_LANE,
    Drive,
    DriveError,
    DrivePlan,
    Obstacle,
    Phase,
)
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

SMALL = DrivePlan(Obstacle.BOX, width=80, height=60)


def points(depth: np.ndarray, pose: Transform, k: Intrinsics) -> np.ndarray:
    """Return the world points of all pixels that show something."""
    v, u = np.mgrid[: k.height, : k.width]
    rays = np.stack(((u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)), -1)
    seen = np.isfinite(depth)
    return pose.apply(rays[seen] * depth[seen][:, None].astype(np.float64))


def lane_points(drive: Drive, index: int) -> np.ndarray:
    """Return what is seen in a frame in the lane above the ground, in the robot's level frame."""
    world = points(drive.frame(index)[1], drive.pose(index), drive.intrinsics)
    level = drive.robot(index).inverse().apply(world)
    return level[
        (np.abs(level[:, 1]) < 0.9) & (np.abs(level[:, 2] - 1.3) < 1.28) & (level[:, 0] < 9)
    ]


def test_frame_has_the_promised_form():
    rgb, depth = Drive(SMALL).frame(0)

    assert (rgb.shape, rgb.dtype) == ((60, 80, 3), np.uint8)
    assert (depth.shape, depth.dtype) == ((60, 80), np.float32)
    assert rgb.std() > 5
    assert np.isinf(depth).any()


def test_time_runs_and_the_robot_drives_at_its_speed():
    drive = Drive(replace(SMALL, speed=0.4, rate=5.0, start=2.0, end=0.8, wait=0.6))

    assert len(drive) == 16 + 3 + 3
    assert drive.time(5) == pytest.approx(1.0)
    assert drive.distance(5) == pytest.approx(1.6)
    assert drive.distance(15) == pytest.approx(0.8)
    assert drive.distance(18) == pytest.approx(0.8)
    assert drive.distance(19) is None
    assert drive.robot(19).translation[0] == pytest.approx(1.2)
    phases = [drive.phase(index) for index in (0, 15, 16, 18, 19, 21)]
    assert phases == [Phase.APPROACH] * 2 + [Phase.WAIT] * 2 + [Phase.GONE] * 2


@pytest.mark.parametrize(
    ('obstacle', 'size'),
    [(Obstacle.BOX, 0.3), (Obstacle.WALL, 2.5), (Obstacle.CURB, 0.15), (Obstacle.OVERHANG, 0.6)],
    ids=lambda value: getattr(value, 'value', value),
)
@pytest.mark.parametrize('pitch', [0.0, 0.3], ids=['level', 'tilted'])
@pytest.mark.parametrize('indoors', [False, True], ids=['open', 'room'])
def test_obstacle_is_where_distance_says_until_it_is_gone(obstacle, size, pitch, indoors):
    drive = Drive(replace(SMALL, obstacle=obstacle, size=size, pitch=pitch, indoors=indoors))
    far, last = 30, len(drive) - 1

    seen, gone = lane_points(drive, far), lane_points(drive, last)

    hit = seen[seen[:, 0] < 4.5]
    assert hit[:, 0].min() == pytest.approx(drive.distance(far), abs=0.06)
    if obstacle is Obstacle.OVERHANG:
        assert hit[:, 2].min() == pytest.approx(size, abs=0.03)
    elif obstacle is not Obstacle.WALL:
        assert hit[:, 2].max() <= size + 0.01
        assert hit[:, 2].max() > 0.6 * size
    assert not (gone[:, 0] < 2.5).any()


@pytest.mark.parametrize('indoors', [False, True], ids=['open', 'room'])
@pytest.mark.parametrize('seed', range(3))
def test_a_free_lane_is_free(indoors, seed):
    drive = Drive(replace(SMALL, obstacle=Obstacle.NONE, indoors=indoors), seed)

    for index in (0, len(drive) - 1):
        world = points(drive.frame(index)[1], drive.pose(index), drive.intrinsics)
        level = drive.robot(index).inverse().apply(world)
        aside = np.abs(level[:, 1]) < 0.9 * CLEAR_LANE
        below = level[:, 2] < 2.6  # the ceiling is above
        assert level[aside & below & (level[:, 0] < 8), 2].max() < 0.01
        assert drive.distance(index) is None
        assert (level[:, 2] > -0.01).all()
    assert drive.phase(len(drive) - 1) is Phase.APPROACH


def test_a_tilted_camera_sees_the_ground_at_its_height():
    drive = Drive(replace(SMALL, obstacle=Obstacle.NONE, pitch=math.radians(30)))
    depth = drive.frame(0)[1]

    # The optical axis meets the ground at height / sin(pitch), between the two middle rows.
    middle = depth[29:31, 39:41]
    assert middle.min() < 0.4 / math.sin(math.radians(30)) < middle.max()


def test_frames_do_not_depend_on_the_order_they_are_asked_for():
    drive = Drive(SMALL)
    drive.frame(50)

    for got, expected in zip(drive.frame(3), Drive(SMALL).frame(3), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_seeds_look_different():
    assert not np.array_equal(Drive(SMALL, 0).frame(0)[0], Drive(SMALL, 1).frame(0)[0])


@pytest.mark.parametrize(
    'change',
    [
        {'size': 0.0},
        {'speed': -1.0},
        {'rate': math.nan},
        {'end': 0.1},
        {'start': 0.5},
        {'wait': -1},
    ],
    ids=str,
)
def test_plans_that_lead_nowhere_are_refused(change):
    with pytest.raises(DriveError, match='give'):
        replace(SMALL, **change)


@pytest.mark.parametrize('index', [-1, 10_000])
def test_frames_beyond_the_drive_are_refused(index):
    with pytest.raises(IndexError, match='of a drive of'):
        Drive(SMALL).frame(index)
