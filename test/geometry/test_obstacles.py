# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/obstacles.py."""

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.ground import GroundPlane
from depth_anything_ros.geometry.obstacles import (
    ObstacleError,
    ObstacleSettings,
    find_obstacles,
)
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

PLAIN = ObstacleSettings(
    min_height=0.1,
    max_height=1.0,
    ground_slope=0.0,
    min_range=0.1,
    max_range=8.0,
    voxel=0.05,
    min_points=1,
    max_points=100000,
)
CAMERAS = (
    camera_on_ground(0.5),
    camera_on_ground(0.8, pitch=math.radians(30.0)),
    camera_on_ground(1.2, roll=0.1, pitch=-0.2),
)


def settings(**changed):
    return ObstacleSettings(**{**vars(PLAIN), **changed})


def optical(level, camera):
    """Bring level points into the camera's frame."""
    points = camera.inverse().apply(np.asarray(level, np.float64).reshape(-1, 3))
    return torch.from_numpy(points.astype(np.float32))


def in_level(found, camera):
    return camera.apply(found.points.numpy().astype(np.float64))


def face(distance, bottom, top, half_width=0.2, step=0.01):
    """Return the points of an upright face across the way, in the level frame."""
    across = np.arange(-half_width, half_width, step) + step / 2
    up = np.arange(bottom, top, step) + step / 2
    y, z = np.meshgrid(across, up)
    return np.stack((np.full(y.shape, distance), y, z), -1).reshape(-1, 3)


def floor(slope=0.0, step=0.05):
    x, y = np.meshgrid(np.arange(0.5, 8.0, step), np.arange(-1.0, 1.0, step))
    return np.stack((x, y, slope * x), -1).reshape(-1, 3)


def plain_obstacles(points, camera, wanted):
    """Find obstacles one point after the other; return {cube: (row, height)}."""
    cubes, members = {}, {}
    for row, point in enumerate(points.numpy().astype(np.float64)):
        x, y, z = camera.rotation @ point + camera.translation
        distance = math.hypot(x, y)
        low = wanted.min_height + wanted.ground_slope * distance
        if not (low <= z <= wanted.max_height):
            continue
        if not (wanted.min_range <= distance <= wanted.max_range):
            continue
        cube = tuple(math.floor(value / wanted.voxel) for value in (x, y, z))
        members[cube] = members.get(cube, 0) + 1
        near = float(np.linalg.norm(point))
        if cube not in cubes or near < cubes[cube][0]:
            cubes[cube] = near, row, z
    kept = [cubes[cube] for cube in cubes if members[cube] >= wanted.min_points]
    kept = sorted(kept)[: wanted.max_points]
    return {row: z for _, row, z in kept}


@pytest.mark.parametrize('camera', CAMERAS)
def test_a_box_is_found_and_the_floor_is_not(camera):
    box = face(2.0, 0.0, 0.5)
    found = find_obstacles(optical(np.concatenate((floor(), box)), camera), camera, PLAIN)
    level = in_level(found, camera)
    assert len(level) > 50
    assert np.allclose(level[:, 0], 2.0, atol=1e-4)
    assert level[:, 2].min() >= 0.1 and level[:, 2].max() <= 0.5
    assert np.allclose(found.heights.numpy(), level[:, 2], atol=1e-4)
    # Every cube of the face that is in the band has its point.
    cubes = {(math.floor(y / 0.05 + 1e-6), math.floor(z / 0.05 + 1e-6)) for _, y, z in level}
    assert len(cubes) >= 0.95 * 8 * 8


@pytest.mark.parametrize('camera', CAMERAS)
def test_an_overhang_counts_where_it_reaches_into_the_band(camera):
    low = find_obstacles(optical(face(3.0, 0.6, 1.4), camera), camera, PLAIN)
    assert low.heights.min() >= 0.6 and 0.95 < low.heights.max() <= 1.0
    high = find_obstacles(optical(face(3.0, 1.1, 1.4), camera), camera, PLAIN)
    assert high.points.shape == (0, 3) and high.heights.shape == (0,)


@pytest.mark.parametrize('camera', CAMERAS)
def test_a_curb_counts_from_the_least_height_on(camera):
    low = find_obstacles(optical(face(2.0, 0.0, 0.09), camera), camera, PLAIN)
    assert len(low.points) == 0
    curb = find_obstacles(optical(face(2.0, 0.0, 0.3), camera), camera, PLAIN)
    assert len(curb.points) and curb.heights.min() >= 0.1 and curb.heights.max() <= 0.3


def test_a_sloping_floor_is_let_through_by_ground_slope():
    camera = camera_on_ground(0.5)
    points = optical(floor(slope=0.06), camera)
    assert len(find_obstacles(points, camera, PLAIN).points) > 100
    assert len(find_obstacles(points, camera, settings(ground_slope=0.07)).points) == 0


def test_heights_are_above_a_plane_that_is_given():
    camera = CAMERAS[1]
    slope = math.atan(0.1)
    plane = GroundPlane(np.array([-math.sin(slope), 0.0, math.cos(slope)]), 0.02)
    points = optical(np.concatenate((floor(slope=0.1), [[2.0, 0.0, 0.5]])), camera)
    found = find_obstacles(points, camera, PLAIN, plane)
    assert in_level(found, camera) == pytest.approx(np.array([[2.0, 0.0, 0.5]]), abs=1e-4)
    expected = (0.5 - 0.2) * math.cos(slope) + 0.02
    assert found.heights.tolist() == pytest.approx([expected], abs=1e-4)


def test_distance_is_along_the_ground():
    camera = camera_on_ground(0.5, pitch=0.4)
    level = [[0.3, 0.3, 0.5], [1.0, 0.0, 0.5], [3.0, 4.0, 0.9], [3.1, 4.0, 0.9]]
    found = find_obstacles(
        optical(level, camera), camera, settings(min_range=0.5, max_range=5.001, voxel=0)
    )
    assert np.allclose(in_level(found, camera), level[1:3], atol=1e-4)


def test_the_nearest_point_of_a_cube_stays():
    camera = camera_on_ground(0.5)
    level = [[2.04, 0.01, 0.52], [2.01, 0.01, 0.52], [2.02, 0.01, 0.52], [2.06, 0.01, 0.52]]
    found = find_obstacles(optical(level, camera), camera, PLAIN)
    assert sorted(in_level(found, camera)[:, 0].round(3)) == [2.01, 2.06]


def test_of_equally_near_points_the_first_stays():
    points = torch.tensor([[0.01, 0.0, 2.5], [-0.01, 0.0, 2.5]]).repeat(40, 1)
    turned = Transform.from_euler(0.0, 0.0, 0.01) @ camera_on_ground(0.5)
    wide = settings(voxel=1.0)
    # y is from -0.01 to 0.01 turned by 0.01 rad times 2.5 m: all above 0, in one cube.
    found = find_obstacles(points, turned, wide)
    assert found.points.tolist() == [points[0].tolist()]


def test_cubes_with_few_points_are_speckle():
    camera = camera_on_ground(0.5)
    level = [[2.01, 0.01, 0.51], [2.02, 0.02, 0.52], [2.03, 0.03, 0.53], [3.01, 0.01, 0.51]]
    points = optical(level, camera)
    assert len(find_obstacles(points, camera, settings(min_points=2)).points) == 1
    assert len(find_obstacles(points, camera, settings(min_points=4)).points) == 0
    assert len(find_obstacles(points, camera, settings(min_points=4, voxel=0)).points) == 4


def test_a_far_wall_is_no_speckle_where_the_pitch_is_known():
    camera, pitch = camera_on_ground(0.5), 1 / 100
    # Points every 7 cm at 7 m: a cube of 5 cm holds one at most.
    far = face(7.0, 0.0, 1.0, half_width=1.0, step=7.0 * pitch)
    near = np.array([[1.0, 0.0, 0.5]])
    points = optical(np.concatenate((far, near)), camera)
    wanted = settings(min_points=2)
    assert len(find_obstacles(points, camera, wanted).points) == 0
    found = in_level(find_obstacles(points, camera, wanted, pitch=pitch), camera)
    # At 1 m a wall gives a cube 25 points, so that a single one is speckle there.
    assert len(found) > 0.8 * np.count_nonzero(far[:, 2] > 0.1) and found[:, 0].min() > 6.9


def test_of_too_many_points_the_farthest_go():
    camera = camera_on_ground(0.5)
    level = [[1.0 + 0.1 * i, 0.0, 0.5] for i in (5, 2, 9, 0, 7, 1)]
    for voxel in (0.0, 0.05):
        found = find_obstacles(optical(level, camera), camera, settings(max_points=3, voxel=voxel))
        assert in_level(found, camera)[:, 0] == pytest.approx([1.0, 1.1, 1.2], abs=1e-4)


@pytest.mark.parametrize('shape', [(0, 3), (0, 5, 3), (1, 1, 3), (4, 6, 3)])
def test_nothing_comes_of_nothing_known(shape):
    camera = CAMERAS[2]
    found = find_obstacles(torch.full(shape, math.nan), camera, PLAIN)
    assert found.points.shape == (0, 3) and found.heights.shape == (0,)
    assert found.points.dtype == found.heights.dtype == torch.float32


def test_points_that_are_not_finite_are_left_out():
    camera = camera_on_ground(0.5)
    for bad in (math.nan, math.inf, -math.inf):
        for axis in range(3):
            points = optical([[2.0, 0.0, 0.5], [2.5, 0.0, 0.5]], camera)
            points[1, axis] = bad
            assert find_obstacles(points, camera, PLAIN).points.tolist() == [points[0].tolist()]


@pytest.mark.parametrize('count', [1, 2, 50])
def test_the_points_given_stay_as_they_are(count):
    points = optical(np.linspace((1.0, 0.0, 0.5), (4.0, 1.0, 0.8), count), CAMERAS[1])
    before = points.clone()
    found = find_obstacles(points, CAMERAS[1], PLAIN)
    assert torch.equal(points, before) and len(found.points) > 0


@pytest.mark.parametrize('camera', CAMERAS)
@pytest.mark.parametrize('changed', [{}, {'min_points': 3, 'voxel': 0.3}, {'max_points': 150}])
def test_agrees_with_plain_loops(camera, changed):
    wanted = settings(ground_slope=0.03, voxel=changed.pop('voxel', 0.1), **changed)
    rng = np.random.default_rng(3)
    level = rng.uniform((-6, -6, -0.5), (9, 6, 1.5), (3000, 3))
    points = optical(level, camera)
    points[::7] = math.nan
    found = find_obstacles(points.reshape(100, 30, 3), camera, wanted)
    expected = plain_obstacles(points, camera, wanted)
    row_of = {tuple(point.tolist()): row for row, point in enumerate(points)}
    made = {
        row_of[tuple(point.tolist())]: height.item()
        for point, height in zip(found.points, found.heights, strict=True)
    }
    assert len(made) == len(found.points) and made.keys() == expected.keys()
    assert all(height == pytest.approx(expected[row], abs=1e-4) for row, height in made.items())


@pytest.mark.parametrize(
    'changed',
    [
        {'min_height': 1.0},
        {'max_height': math.nan},
        {'max_range': 0.1},
        {'min_range': -0.1},
        {'ground_slope': -0.1},
        {'voxel': -1.0},
        {'voxel': math.inf},
        {'min_points': 0},
        {'max_points': 0},
    ],
)
def test_refuses_settings_that_mean_nothing(changed):
    with pytest.raises(ObstacleError, match='|'.join(changed).split('_')[-1]):
        settings(**changed)


@pytest.mark.parametrize(
    'points', [torch.zeros(4, 2), torch.zeros(5, 3, dtype=torch.float64), torch.zeros(3, 4, 4)]
)
def test_refuses_what_are_no_points(points):
    with pytest.raises(ObstacleError, match='give'):
        find_obstacles(points, CAMERAS[0], PLAIN)


@pytest.mark.parametrize(
    'changed',
    [{'voxel': 5e-324}, {'voxel': 0.0009}, {'voxel': 1e153}, {'voxel': 0.01, 'max_range': 1e9}],
    ids=str,
)
def test_refuses_cubes_too_many_to_be_counted(changed):
    with pytest.raises(ObstacleError, match='voxel is'):
        ObstacleSettings(**changed)


def test_the_most_cubes_there_may_be_are_told_apart():
    """Their numbers just fit 64 bits: the two points would be one if they did not."""
    settings = ObstacleSettings(
        min_height=-999.0, max_height=1000.0, max_range=1000.0, voxel=0.001, min_points=1
    )
    points = torch.tensor([[0.0, -700.0, 700.0], [0.002, -700.0, 700.0]])
    assert len(find_obstacles(points, camera_on_ground(1.0), settings).points) == 2
