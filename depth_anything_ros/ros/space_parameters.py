# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of what depth means in space: pose, clouds, obstacles, scan, filters, scale.

A name before the dot is a group, whose settings are one object of DepthSettings.
"""

from __future__ import annotations

import math

from depth_anything_ros.ros.parameter_table import Parameter

HALF_TURN = math.pi
FARTHEST = 1000.0


def _row(
    name: str,
    default: bool | int | float | str,
    description: str,
    limits: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
    live: bool = True,
) -> Parameter:
    return Parameter(name, default, description, limits, choices, live, per_camera=True)


SPACE_PARAMETERS = (
    _row(
        'pose.source',
        'none',
        'Where the pose of the camera above the ground comes from, which obstacles, scan and '
        'scale from the ground need: fixed (the numbers below), tf (its frame in pose.base_frame) '
        'or imu (roll and pitch from the topic imu)',
        choices=('none', 'fixed', 'tf', 'imu'),
        live=False,
    ),
    _row(
        'pose.height',
        0.0,
        'Height of the lens above the ground for fixed and imu, m; 0 is not known',
        limits=(0.0, 100.0),
    ),
    _row(
        'pose.roll',
        0.0,
        'How far a fixed camera leans to the right, rad',
        limits=(-HALF_TURN, HALF_TURN),
    ),
    _row(
        'pose.pitch',
        0.0,
        'How far a fixed camera looks down, rad',
        limits=(-HALF_TURN, HALF_TURN),
    ),
    _row(
        'pose.base_frame',
        'base_footprint',
        'Frame for tf: its z axis is up, and 0 on the ground',
        live=False,
    ),
    *(
        _row(
            f'pose.imu_{angle}',
            0.0,
            f"{angle.capitalize()} that turns the IMU's axes into those of the camera's body "
            '(x forward, y left, z up), rad',
            limits=(-HALF_TURN, HALF_TURN),
        )
        for angle in ('roll', 'pitch', 'yaw')
    ),
    _row(
        'edges.max_jump',
        0.1,
        'Relative jump of depth from which a pixel between two surfaces is left out of clouds '
        'and scan (flying pixels); 0 keeps them',
        limits=(0.0, 10.0),
    ),
    _row('points.rows', 2, 'Rows of depth that make one row of points', limits=(1, 32)),
    _row('points.columns', 2, 'Columns of depth that make one column of points', limits=(1, 32)),
    _row(
        'points.reduce',
        'minimum',
        'Which depth of its pixels a point has: the nearest, the median, or that of the centre',
        choices=('minimum', 'median', 'nearest'),
    ),
    _row(
        'points.height',
        False,
        'Give points the field height, above the ground (use_global_height of a collision '
        'monitor); needs a pose',
    ),
    _row(
        'points.max_range',
        10.0,
        'Range at which points_clearing puts what is farther or free, m',
        limits=(0.1, FARTHEST),
    ),
    _row(
        'obstacles.ground',
        'pose',
        'What the ground is: level and below the camera by its pose, or a plane fitted in every '
        'picture',
        choices=('pose', 'fit'),
    ),
    _row(
        'obstacles.min_height',
        0.1,
        'Least height above the ground of obstacles, m',
        limits=(-FARTHEST, FARTHEST),
    ),
    _row(
        'obstacles.max_height',
        2.0,
        'Greatest height above the ground of obstacles, m',
        limits=(-FARTHEST, FARTHEST),
    ),
    _row(
        'obstacles.ground_slope',
        0.05,
        'How much obstacles.min_height rises with distance, as errors of the pose do, m per m',
        limits=(0.0, 1.0),
    ),
    _row(
        'obstacles.min_range',
        0.1,
        'Least distance of obstacles, m',
        limits=(0.0, FARTHEST),
    ),
    _row(
        'obstacles.max_range',
        8.0,
        'Greatest distance of obstacles, m',
        limits=(0.1, FARTHEST),
    ),
    _row(
        'obstacles.voxel',
        0.05,
        'Side of the cubes of which each gives one point, m; 0 gives all',
        limits=(0.0, 10.0),
    ),
    _row(
        'obstacles.min_points',
        2,
        'Fewest points in a cube that are no speckle',
        limits=(1, 1000),
    ),
    _row(
        'obstacles.max_points',
        10000,
        'Most points of obstacles; the nearest stay',
        limits=(1, 1000000),
    ),
    _row(
        'scan.min_height',
        0.1,
        'Least height above the ground that scan sees, m',
        limits=(-FARTHEST, FARTHEST),
    ),
    _row(
        'scan.max_height',
        1.0,
        'Greatest height above the ground that scan sees, m',
        limits=(-FARTHEST, FARTHEST),
    ),
    _row('scan.angle_increment', 0.0087, 'Angle between beams, rad', limits=(0.0005, 0.5)),
    _row('scan.range_min', 0.1, 'Least range of scan, m', limits=(0.0, FARTHEST)),
    _row('scan.range_max', 8.0, 'Greatest range of scan, m', limits=(0.1, FARTHEST)),
    _row(
        'filter.temporal',
        0.0,
        'Weight of the past where a picture does not change, against flicker; 0 is off, 0.8 usual '
        '(a wall that comes nearer at 0.5 m/s then reads 6 % too far)',
        limits=(0.0, 0.99),
    ),
    _row(
        'filter.refine',
        False,
        'Bring edges of depth to those of the picture: what lies between two surfaces goes to '
        'the one whose colour it has',
    ),
    _row(
        'filter.sky',
        0.99,
        "Share of a metric network's max_depth from which depth is beyond range, +Inf; 0 keeps it",
        limits=(0.0, 1.0),
    ),
    _row(
        'scale.source',
        'none',
        'Where metres come from for relative depth, and corrections for metric depth: fixed '
        '(scale.a and scale.b), ground (the height of the camera), or what a sensor measures on '
        'reference/depth, reference/points or reference/scan',
        choices=('none', 'fixed', 'ground', 'depth', 'points', 'scan'),
        live=False,
    ),
    _row(
        'scale.a',
        0.0,
        'Fixed scale: 1 / depth = scale.a * disparity + scale.b, 1/m',
        limits=(0.0, 1e6),
    ),
    _row('scale.b', 0.0, 'Fixed shift of 1 / depth, 1/m', limits=(-1e6, 1e6)),
    _row(
        'scale.extrinsics',
        '',
        "'x y z roll pitch yaw' of the reference sensor's frame in the camera's body axes "
        '(x forward, y left, z up; m, rad); empty asks TF',
        live=False,
    ),
    _row(
        'scale.max_gap',
        0.1,
        'Most time between the stamps of image and reference, s',
        limits=(0.0, 10.0),
    ),
    _row(
        'scale.hold',
        2.0,
        'How long the last good scale is used without a new one, s',
        limits=(0.0, 3600.0),
    ),
    _row('scale.min_points', 30, 'Fewest points of a reference', limits=(3, 100000)),
    _row(
        'scale.max_depth',
        80.0,
        'Farthest metres that a scale may make; beyond is +Inf',
        limits=(1.0, 10000.0),
    ),
    _row(
        'focal.canonical',
        0.0,
        "Focal length in pixels, at the width of the network's input, that metric weights were "
        'trained for; depth is corrected by the ratio to that of camera_info; 0 leaves it',
        limits=(0.0, 10000.0),
    ),
)
