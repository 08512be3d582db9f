# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When the robot stops, and how a drive is summed up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_anything_ros.data.drive import Phase
from depth_anything_ros.evaluation.collision_monitor import (
    CollisionMonitor,
    Moment,
    StopZone,
    drive_figures,
)
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

BODY = Transform.identity()


def decision(points, sensor=BODY, zone=StopZone(min_points=1), now=0.0) -> bool:  # noqa: B008
    monitor = CollisionMonitor(zone)
    monitor.receive(np.array(points, np.float32), sensor, 0.0)
    return monitor.stops(now)


@pytest.mark.parametrize(
    ('point', 'stops'),
    [
        ((0.9, 0.2, 0.3), True),
        ((1.1, 0.2, 0.3), False),
        ((-0.1, 0.2, 0.3), False),
        ((0.9, 0.4, 0.3), False),
        ((0.9, -0.4, 0.3), False),
        ((0.9, 0.2, 0.04), False),
        ((0.9, 0.2, 0.6), False),
        ((math.nan, 0.2, 0.3), False),
        ((0.9, 0.2, math.nan), False),
        ((math.inf, 0.2, 0.3), False),
    ],
)
def test_points_in_the_zone_stop(point, stops):
    assert decision([point]) == stops


def test_points_are_counted():
    three, four = [[0.5, 0.0, 0.2]] * 3, [[0.5, 0.0, 0.2]] * 4

    assert not decision(three, zone=StopZone())
    assert decision(four, zone=StopZone())


def test_points_of_a_camera_are_brought_into_the_robots_frame():
    camera = camera_on_ground(0.4, pitch=math.radians(30))

    # Along the optical axis the ground is 0.8 m away; halfway there it is 0.2 m above it.
    assert decision([[0.0, 0.0, 0.4]], camera)
    assert not decision([[0.0, 0.0, 0.8]], camera)


@pytest.mark.parametrize(('now', 'stops'), [(1.9, False), (2.1, True)])
def test_a_source_that_falls_silent_stops(now, stops):
    assert decision(np.empty((0, 3)), now=now) == stops


def test_before_the_first_cloud_the_robot_stands():
    assert CollisionMonitor(StopZone()).stops(0.0)


def drive(stops: str, mapped: str = '', zone: StopZone = StopZone(), **settings):  # noqa: B008
    """Sum up a drive of 1 s frames: 5 of approach from 1.5 m, 3 of waiting at 0.5 m, 3 gone."""
    distances = [1.5, 1.25, 1.0, 0.75, 0.5] + [0.5] * 3 + [None] * 3
    phases = [Phase.APPROACH] * 5 + [Phase.WAIT] * 3 + [Phase.GONE] * 3
    moments = [
        Moment(float(i), distance, phase, stop == 's', seen == 'm')
        for i, (distance, phase, stop, seen) in enumerate(
            zip(distances, phases, stops, mapped or '.' * 11, strict=True)
        )
    ]
    return drive_figures(moments, zone, **settings)


def test_a_perfect_drive():
    figures = drive('..ssssss...', '.mmmmmmm...')

    assert (figures.mapped_at, figures.kept_share) == (1.25, 1.0)
    assert (figures.stopped_at, figures.time_to_stop, figures.hold_share) == (1.0, 0.0, 1.0)
    assert (figures.time_to_resume, figures.false_stop_share) == (0.0, 0.0)


def test_late_loose_and_slow_to_resume():
    figures = drive('s...ss.ss..', 'm..m.......')

    assert (figures.mapped_at, figures.kept_share) == (1.5, 0.25)
    assert (figures.stopped_at, figures.time_to_stop, figures.hold_share) == (0.5, 2.0, 0.75)
    assert (figures.time_to_resume, figures.false_stop_share) == (1.0, 0.5)


def test_a_drive_into_the_obstacle():
    figures = drive('...........')

    assert figures.mapped_at is figures.kept_share is figures.stopped_at is None
    assert figures.time_to_stop is figures.hold_share is figures.time_to_resume is None
    assert figures.false_stop_share == 0.0


def test_a_stop_that_never_ends_has_no_time_to_resume():
    assert drive('..sssssssss').time_to_resume is None


def test_what_the_robot_fits_under_is_no_reason_to_stop():
    figures = drive('..ss.......', must_stop=False)

    assert figures.stopped_at is None
    assert figures.false_stop_share == pytest.approx(2 / 8)


def test_a_stop_just_before_the_zone_is_not_false():
    figures = drive('.sssssss...', slack=0.3)

    assert (figures.stopped_at, figures.time_to_stop) == (1.25, 0.0)
    assert figures.false_stop_share == 0.0


def test_a_free_drive_counts_every_stop_as_false():
    moments = [Moment(float(i), None, Phase.APPROACH, i == 0, False) for i in range(4)]

    assert drive_figures(moments, StopZone()).false_stop_share == 0.25
