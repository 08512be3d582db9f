# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the search for the ground, with points laid out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.ground import (
    GroundError,
    GroundPlane,
    GroundSearch,
    fit_ground_plane,
)
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

WIDTH, HEIGHT, FOCAL = 64, 48, 55.0


def picture_of(camera, planes=((0.0, 0.0, 1.0, 0.0),), boxes=()):
    """Return points (H, W, 3), optical: the nearest of planes (n, d) and boxes (low, high)."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    rays = np.stack(((u - WIDTH / 2) / FOCAL, (v - HEIGHT / 2) / FOCAL, np.ones(u.shape)), -1)
    around = rays @ camera.rotation.T
    lens = camera.translation
    depth = np.full(u.shape, np.inf)
    with np.errstate(divide='ignore', invalid='ignore'):
        for *normal, offset in planes:
            at = -(np.dot(normal, lens) + offset) / (around @ np.array(normal))
            depth = np.where(at > 0, np.minimum(depth, at), depth)
        for low, high in boxes:
            ends = np.sort([(np.array(side) - lens) / around for side in (low, high)], axis=0)
            enter, leave = ends[0].max(-1), ends[1].min(-1)
            depth = np.where((enter > 0) & (enter < leave), np.minimum(depth, enter), depth)
    return (rays * np.where(np.isfinite(depth), depth, np.nan)[..., None]).astype(np.float32)


def lean_of(plane):
    return math.degrees(math.acos(min(1.0, plane.normal[2])))


@pytest.mark.parametrize('pitch', [0.0, 0.3, 0.8])
def test_a_bare_floor_is_the_ground(pitch):
    camera = camera_on_ground(1.1, roll=0.1, pitch=pitch)

    fit = fit_ground_plane(torch.from_numpy(picture_of(camera)), camera)

    assert fit.inlier_share == pytest.approx(1.0)
    assert fit.reason == ''
    assert lean_of(fit.plane) < 0.05
    assert abs(fit.plane.offset) < 0.002


def test_the_height_of_the_pose_may_be_wrong():
    camera = camera_on_ground(1.1, pitch=0.4)
    told = camera_on_ground(0.9, pitch=0.4)

    fit = fit_ground_plane(picture_of(camera), told)

    assert fit.plane.offset == pytest.approx(0.2, abs=0.002)
    normal, lens = fit.plane.seen_from(told)
    assert lens == pytest.approx(1.1, abs=0.002)
    assert normal == pytest.approx(told.rotation[2], abs=1e-3)


def test_a_wrong_pitch_is_found_as_a_slope():
    camera, told = camera_on_ground(1.0, pitch=0.4), camera_on_ground(1.0, pitch=0.5)

    fit = fit_ground_plane(picture_of(camera), told)

    assert math.radians(lean_of(fit.plane)) == pytest.approx(0.1, abs=1e-3)
    # The pose is said to look farther down than it does, so that the floor seems to fall away.
    assert fit.plane.normal[0] > 0


def test_a_ramp_steeper_than_allowed_is_no_ground():
    camera = camera_on_ground(1.0, pitch=0.4)
    ramp = picture_of(camera, [(-math.sin(0.2), 0.0, math.cos(0.2), 0.0)])

    steep = fit_ground_plane(ramp, camera, GroundSearch(max_angle=0.15))
    allowed = fit_ground_plane(ramp, camera, GroundSearch(max_angle=0.25))

    assert steep.plane is None
    assert 'no level plane' in steep.reason
    assert math.radians(lean_of(allowed.plane)) == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize('seed', range(5))
def test_half_of_it_clutter_and_noise_that_grows_with_range(seed):
    rng = np.random.default_rng(seed)
    camera = camera_on_ground(0.8, pitch=0.35)
    points = picture_of(camera).reshape(-1, 3)
    points = points[np.isfinite(points).all(1) & (np.linalg.norm(points, axis=1) < 8)]
    points *= 1 + 0.01 * rng.standard_normal((len(points), 1), np.float32)
    clutter = rng.random(len(points)) < 0.5
    # Nearer along their rays: things that stand on the floor, at any height.
    points[clutter] *= rng.uniform(0.3, 0.95, (clutter.sum(), 1)).astype(np.float32)

    fit = fit_ground_plane(points, camera)

    assert lean_of(fit.plane) < 1.5
    assert abs(fit.plane.offset) < 0.03
    assert 0.4 < fit.inlier_share < 0.75


def test_outliers_below_the_floor_are_no_floor():
    rng = np.random.default_rng(1)
    camera = camera_on_ground(0.8, pitch=0.35)
    points = picture_of(camera).reshape(-1, 3)
    wild = rng.random(len(points)) < 0.3
    points[wild] *= rng.uniform(0.3, 3.0, (wild.sum(), 1)).astype(np.float32)

    fit = fit_ground_plane(points, camera)

    assert lean_of(fit.plane) < 0.5
    assert abs(fit.plane.offset) < 0.02


def test_the_floor_is_taken_and_not_a_larger_table_top():
    camera = camera_on_ground(1.4, pitch=0.6)
    points = picture_of(camera, boxes=[((0.5, -3.0, 0.65), (1.8, 3.0, 0.7))])
    heights = points @ camera.rotation[2] + 1.4
    table, floor = (np.abs(heights - h) < 0.01 for h in (0.7, 0.0))
    assert np.count_nonzero(table) > 1.5 * np.count_nonzero(floor) > 0

    fit = fit_ground_plane(points, camera)

    assert abs(fit.plane.offset) < 0.01
    assert lean_of(fit.plane) < 0.3


@pytest.mark.parametrize('height', [0.7, -0.7])
def test_a_plane_far_from_the_ground_by_the_pose_is_not_it(height):
    camera = camera_on_ground(1.4, pitch=0.9)
    points = picture_of(camera, [(0.0, 0.0, 1.0, -height)])

    fit = fit_ground_plane(points, camera)
    wide = fit_ground_plane(points, camera, GroundSearch(max_offset=0.8))

    assert fit.plane is None
    assert 'within 0.25 m of the ground by the pose' in fit.reason
    assert wide.plane.offset == pytest.approx(-height, abs=0.005)


def test_a_wall_is_no_ground():
    camera = camera_on_ground(1.0, pitch=0.1)
    wall = picture_of(camera, [(-1.0, 0.0, 0.0, 2.0)])

    fit = fit_ground_plane(wall, camera)

    assert fit.plane is None
    assert fit.inlier_share < 0.2
    assert 'no level plane' in fit.reason


def test_scattered_points_are_no_ground():
    rng = np.random.default_rng(0)
    camera = camera_on_ground(1.0)
    points = rng.uniform((-3, -2, 1), (3, 2, 8), (2000, 3)).astype(np.float32)

    assert fit_ground_plane(points, camera).plane is None


@pytest.mark.parametrize(
    'points',
    [
        np.zeros((0, 3), np.float32),
        np.full((HEIGHT, WIDTH, 3), np.nan, np.float32),
        np.full((HEIGHT, WIDTH, 3), np.inf, np.float32),
        np.ones((1, 1, 3), np.float32),
        # A ceiling.
        picture_of(camera_on_ground(1.0), [(0.0, 0.0, -1.0, 2.5)]),
    ],
    ids=['none', 'unknown', 'endless', 'one', 'above'],
)
def test_nothing_below_the_lens_says_so(points):
    fit = fit_ground_plane(points, camera_on_ground(1.0))

    assert fit.plane is None
    assert fit.inlier_share == 0.0
    assert 'below the lens' in fit.reason


def test_points_on_one_line_are_no_plane():
    line = np.linspace((0, 1, 2), (0, 1, 6), 200).astype(np.float32)

    assert fit_ground_plane(line, camera_on_ground(1.0)).plane is None


def test_unknown_points_among_the_others_do_not_matter():
    camera = camera_on_ground(1.0, pitch=0.5)
    points = picture_of(camera)
    points[:, ::2] = np.nan
    points[::3, :, 2] = np.inf

    fit = fit_ground_plane(torch.from_numpy(points), camera)

    assert abs(fit.plane.offset) < 0.002


def test_the_same_points_give_the_same_ground():
    camera = camera_on_ground(1.0, pitch=0.4)
    points = picture_of(camera)
    points += 0.02 * np.random.default_rng(2).standard_normal(points.shape).astype(np.float32)

    one, other = (fit_ground_plane(points, camera) for _ in range(2))

    assert one.plane.offset == other.plane.offset
    assert one.plane.normal.tolist() == other.plane.normal.tolist()


def test_a_plane_is_where_the_camera_sees_it():
    camera = camera_on_ground(1.2, roll=0.2, pitch=0.4)
    plane = GroundPlane(np.array([math.sin(0.1), 0.0, math.cos(0.1)]), -0.3)
    points = np.random.default_rng(0).normal(size=(5, 3))

    normal, lens = plane.seen_from(camera)

    level = camera.apply(points)
    assert points @ normal + lens == pytest.approx(level @ plane.normal - 0.3)
    assert GroundPlane.level().seen_from(camera)[1] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ('normal', 'offset'),
    [((0, 0, 2), 0.0), ((0, 1), 0.0), ((0, 0, math.nan), 0.0), ((0, 0, 1), math.inf)],
)
def test_what_is_no_plane_is_refused(normal, offset):
    with pytest.raises(GroundError):
        GroundPlane(np.array(normal), offset)


@pytest.mark.parametrize(
    'wrong',
    [
        {'tolerance': 0.0},
        {'tolerance_per_metre': -1.0},
        {'max_angle': 2.0},
        {'min_share': 0.0},
        {'max_range': math.nan},
        {'points': 3},
        {'trials': 0},
    ],
)
def test_settings_that_find_nothing_are_refused(wrong):
    with pytest.raises(GroundError, match=next(iter(wrong)).split('_')[0]):
        GroundSearch(**wrong)


def test_a_transform_of_the_base_keeps_the_ground_where_it_is():
    # A base frame whose origin is 2 m ahead of the camera: the plane is said in that frame.
    camera = camera_on_ground(1.0, pitch=0.4)
    shifted = Transform(camera.rotation, camera.translation + (-2.0, 0.0, 0.0))

    fit = fit_ground_plane(picture_of(camera), shifted)

    assert fit.plane.normal @ (1.0, 0.5, 0.0) + fit.plane.offset == pytest.approx(0.0, abs=0.003)
