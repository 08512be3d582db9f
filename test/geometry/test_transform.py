# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rigid transforms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_anything_ros.geometry.transform import (
    Transform,
    TransformError,
    camera_on_ground,
    camera_under,
    levelled,
)

QUARTER = math.pi / 2


def test_a_point_ahead_of_a_level_camera_is_ahead_at_its_height():
    camera = camera_on_ground(1.5)

    assert camera.apply(np.array([0.0, 0.0, 4.0])) == pytest.approx([4.0, 0.0, 1.5])
    assert camera.apply(np.array([1.0, 0.0, 4.0])) == pytest.approx([4.0, -1.0, 1.5])
    assert camera.apply(np.array([0.0, 1.0, 4.0])) == pytest.approx([4.0, 0.0, 0.5])


def test_a_camera_that_looks_down_sees_the_ground_ahead():
    camera = camera_on_ground(1.0, pitch=math.radians(30))

    hit = camera.apply(np.array([0.0, 0.0, 2.0]))

    assert hit == pytest.approx([math.sqrt(3), 0.0, 0.0], abs=1e-9)


def test_a_camera_that_leans_right_sees_its_right_side_lower():
    right = camera_on_ground(1.0, roll=0.1).apply(np.array([1.0, 0.0, 5.0]))

    assert right == pytest.approx([5.0, -math.cos(0.1), 1.0 - math.sin(0.1)])


@pytest.mark.parametrize(
    ('xyzw', 'euler'),
    [
        ((math.sin(0.3), 0, 0, math.cos(0.3)), (0.6, 0, 0)),
        ((0, math.sin(0.3), 0, math.cos(0.3)), (0, 0.6, 0)),
        ((0, 0, 2 * math.sin(0.3), 2 * math.cos(0.3)), (0, 0, 0.6)),
    ],
    ids=['roll', 'pitch', 'yaw of length 2'],
)
def test_quaternions_and_euler_angles_agree(xyzw, euler):
    one, other = Transform.from_quaternion(xyzw, (1, 2, 3)), Transform.from_euler(*euler, (1, 2, 3))

    assert one.rotation == pytest.approx(other.rotation)
    assert one.translation == pytest.approx(other.translation)


def test_euler_angles_turn_about_fixed_axes():
    # Roll first: z of the child goes to -y; the yaw after it takes -y to x.
    turned = Transform.from_euler(QUARTER, 0, QUARTER).apply(np.array([0.0, 0.0, 1.0]))

    assert turned == pytest.approx([1.0, 0.0, 0.0], abs=1e-12)


def test_transforms_chain_and_invert():
    a = Transform.from_euler(0.1, -0.2, 0.3, (1, 2, 3))
    b = Transform.from_euler(-0.4, 0.5, 0.6, (-3, 0, 1))
    points = np.random.default_rng(0).normal(size=(5, 7, 3))

    assert (a @ b).apply(points) == pytest.approx(a.apply(b.apply(points)))
    assert a.inverse().apply(a.apply(points)) == pytest.approx(points)
    assert (a @ a.inverse()).rotation == pytest.approx(np.eye(3))


def test_float32_points_stay_float32():
    assert camera_on_ground(1.0).apply(np.zeros((2, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ('rotation', 'translation', 'says'),
    [
        (np.eye(4), np.zeros(3), r'\(4, 4\)'),
        (2 * np.eye(3), np.zeros(3), 'no rotation'),
        (-np.eye(3), np.zeros(3), 'right-handed'),
        (np.full((3, 3), np.nan), np.zeros(3), 'not finite'),
        (np.eye(3), np.array([0, np.inf, 0]), 'not finite'),
    ],
    ids=['shape', 'scaled', 'mirrored', 'nan', 'infinite'],
)
def test_what_is_no_transform_is_refused(rotation, translation, says):
    with pytest.raises(TransformError, match=says):
        Transform(rotation, translation)


@pytest.mark.parametrize('xyzw', [(0, 0, 0, 0), (1, 0, 0), (math.nan, 0, 0, 1)], ids=str)
def test_an_unset_quaternion_is_refused(xyzw):
    with pytest.raises(TransformError, match='quaternion'):
        Transform.from_quaternion(xyzw, (0, 0, 0))


@pytest.mark.parametrize(('roll', 'pitch'), [(0, 0), (0.2, 0), (0, 0.5), (-0.3, -0.4), (0.1, 1.5)])
def test_a_pose_follows_from_where_up_is(roll, pitch):
    camera = camera_on_ground(1.2, roll, pitch)
    up = camera.rotation.T @ np.array([0.0, 0.0, 1.0])

    found = camera_under(3 * up, 1.2)

    assert found.rotation == pytest.approx(camera.rotation)
    assert found.translation == pytest.approx([0, 0, 1.2])


def test_a_camera_that_looks_straight_down_has_the_top_of_its_picture_ahead():
    camera = camera_under(np.array([0.0, 0.0, -1.0]), 2.0)

    assert camera.apply(np.array([0.0, -0.5, 2.0])) == pytest.approx([0.5, 0.0, 0.0])
    assert camera_under(np.array([0, 0, 1.0]), 0).apply(np.array([0, 0.5, 2.0])) == pytest.approx(
        [0.5, 0, 2]
    )


def test_a_pose_in_a_base_frame_loses_heading_and_place_but_not_height():
    mounted = Transform.from_euler(0, 0, 2.0, (0.3, -0.1, 0.0)) @ camera_on_ground(0.8, 0.1, 0.3)

    level = levelled(mounted)

    assert level.rotation == pytest.approx(camera_on_ground(0.8, 0.1, 0.3).rotation)
    assert level.translation == pytest.approx([0, 0, 0.8])


def test_no_up_is_refused():
    with pytest.raises(TransformError, match='up is'):
        camera_under(np.zeros(3), 1.0)
