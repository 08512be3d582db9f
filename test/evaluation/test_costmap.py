# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of nav2's obstacle layer, one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from depth_anything_ros.evaluation.costmap import Costmap, ObservationSource, Scan
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

HERE = Transform(np.eye(3), np.array([0.0, 0.0, 0.3]))
MARKING = ObservationSource(min_obstacle_height=0.05)
CLEARING = ObservationSource(inf_is_valid=True)


def cells(costmap: Costmap) -> set[tuple[float, float]]:
    return {(round(x, 3), round(y, 3)) for x, y in costmap.occupied()}


def marked(*points: tuple[float, float, float], sensor=HERE, source=MARKING) -> Costmap:
    costmap = Costmap(6.0, 0.1)
    costmap.centre_on(0.0, 0.0)
    costmap.mark(np.array(points), sensor, source)
    return costmap


def ahead(value: float, range_max: float = 5.0) -> Scan:
    """Return a scan of one ray along x."""
    return Scan(np.array([value], np.float32), 0.0, 0.01, 0.1, range_max)


def test_a_point_marks_its_cell():
    assert cells(marked((1.23, -0.47, 0.0))) == {(1.25, -0.45)}


def test_a_point_of_a_tilted_camera_marks_where_it_is_in_the_world():
    # 2 m along the optical axis of a camera 1.5 m up that looks 30 degrees down.
    camera = camera_on_ground(1.5, pitch=math.radians(30))

    assert cells(marked((0.0, 0.0, 2.0), sensor=camera)) == {(1.75, 0.05)}
    assert cells(marked((0.0, 0.0, 2.95), sensor=camera)) == set()  # 0.025 m above the ground


@pytest.mark.parametrize(
    ('z', 'marks'), [(-0.26, False), (-0.24, True), (1.69, True), (1.71, False)]
)
def test_heights_are_those_of_the_global_frame(z, marks):
    assert len(cells(marked((1.0, 0.0, z)))) == marks


@pytest.mark.parametrize(
    ('point', 'marks'),
    [
        ((2.4, 0.0, 0.0), True),
        ((2.6, 0.0, 0.0), False),
        ((2.4, 0.0, 1.0), False),  # 2.6 m away in space
        ((0.3, 0.0, 0.0), False),
    ],
)
def test_marking_has_a_range(point, marks):
    source = replace(MARKING, obstacle_min_range=0.4)

    assert len(cells(marked(point, source=source))) == marks


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('axis', range(3))
def test_points_that_are_not_finite_mark_nothing(axis, value):
    point = [1.0, 0.0, 0.0]
    point[axis] = value

    assert cells(marked(tuple(point))) == set()


def test_an_empty_cloud_marks_nothing():
    costmap = marked()

    costmap.mark(np.empty((0, 3), np.float32), HERE, MARKING)

    assert cells(costmap) == set()


def test_a_ray_frees_what_it_passes_and_the_cell_it_ends_in():
    costmap = marked((0.55, 0.0, 0.0), (1.05, 0.0, 0.0), (1.15, 0.0, 0.0), (1.05, 0.2, 0.0))

    costmap.clear(ahead(1.05), HERE, CLEARING)

    assert cells(costmap) == {(1.15, 0.05), (1.05, 0.25)}


def test_rays_go_by_their_angles_from_a_sensor_that_is_turned():
    costmap = marked((0.05, 1.05, 0.0), (1.05, 0.05, 0.0), (0.05, -0.95, 0.0))
    turned_left = Transform.from_euler(0, 0, math.pi / 2, (0.05, 0.05, 0.3))
    ranges = np.array([math.nan, math.nan, 2.0], np.float32)

    # Rays at -90, -45 and 0 degrees: the last one goes along the sensor's x, the world's y.
    costmap.clear(Scan(ranges, -math.pi / 2, math.pi / 4, 0.1, 5.0), turned_left, CLEARING)

    assert cells(costmap) == {(1.05, 0.05), (0.05, -0.95)}


@pytest.mark.parametrize(
    ('value', 'inf_is_valid', 'frees'),
    [
        (math.inf, True, True),
        (math.inf, False, False),
        (math.nan, True, False),
        (-math.inf, True, False),
        (5.0, True, False),  # not below range_max: no reading
        (0.05, True, False),  # below range_min
    ],
)
def test_what_a_scans_values_free(value, inf_is_valid, frees):
    costmap = marked((1.0, 0.0, 0.0))

    costmap.clear(ahead(value), HERE, replace(CLEARING, inf_is_valid=inf_is_valid))

    assert (cells(costmap) == set()) == frees


def test_clearing_ends_at_its_range():
    source = replace(CLEARING, raytrace_max_range=1.5)
    costmap = marked((1.4, 0.0, 0.0), (1.7, 0.0, 0.0))

    costmap.clear(ahead(math.inf), HERE, source)

    assert cells(costmap) == {(1.75, 0.05)}


def test_a_scan_outside_the_height_limits_clears_nothing():
    costmap = marked((1.0, 0.0, 0.0))

    costmap.clear(ahead(math.inf), HERE, replace(CLEARING, min_obstacle_height=0.4))

    assert cells(costmap) == {(1.05, 0.05)}


def test_the_window_rolls_and_forgets_what_it_leaves():
    costmap = marked((-2.0, 0.0, 0.0), (1.0, 2.0, 0.0))

    costmap.centre_on(1.5, 0.0)
    assert cells(costmap) == {(1.05, 2.05)}

    costmap.centre_on(0.0, 0.0)
    assert cells(costmap) == {(1.05, 2.05)}

    costmap.centre_on(50.0, 0.0)
    costmap.centre_on(0.0, 0.0)
    assert cells(costmap) == set()


def test_what_is_outside_the_window_neither_marks_nor_stops_a_ray():
    costmap = marked((0.0, 3.5, 0.0), source=replace(MARKING, obstacle_max_range=9.0))
    assert cells(costmap) == set()

    costmap.mark(np.array([[2.5, 0.0, 0.0]]), HERE, replace(MARKING, obstacle_max_range=9.0))
    costmap.clear(ahead(9.0, 10.0), HERE, replace(CLEARING, raytrace_max_range=20.0))

    assert cells(costmap) == set()
