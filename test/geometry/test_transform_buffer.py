# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of transforms by name and time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_anything_ros.geometry.transform import Transform, quaternion_of
from depth_anything_ros.geometry.transform_buffer import KEPT, NoTransformError, TransformBuffer

STILL = (0.0, 0.0, 0.0, 1.0)
SECOND = 10**9


def add(buffer, parent, child, where: Transform, at: int = 0, static: bool = False) -> bool:
    xyzw = quaternion_of(where.rotation)
    return buffer.add(parent, child, xyzw, where.translation, at, static)


def test_a_frame_is_found_through_its_relatives():
    buffer = TransformBuffer()
    lidar = Transform.from_euler(0.1, 0.2, 0.3, (1, 2, 3))
    camera = Transform.from_euler(-0.4, 0.1, 1.0, (0.5, 0, 0.2))
    mast = Transform.from_euler(0, 0, 1.5, (0, 0, 1))
    add(buffer, 'base', 'lidar', lidar, static=True)
    add(buffer, 'base', 'mast', mast, static=True)
    add(buffer, '/mast', 'camera', camera, static=True)

    found = buffer.find('camera', '/lidar', 5)

    wanted = (mast @ camera).inverse() @ lidar
    np.testing.assert_allclose(found.rotation, wanted.rotation, atol=1e-12)
    np.testing.assert_allclose(found.translation, wanted.translation, atol=1e-12)
    np.testing.assert_allclose(buffer.find('lidar', 'lidar', 5).rotation, np.eye(3))


def test_between_two_times_it_turns_evenly_and_the_shorter_way():
    buffer = TransformBuffer()
    for at, yaw in ((0, 3.0), (SECOND, -3.0)):  # 0.283 rad over the back
        add(buffer, 'map', 'base', Transform.from_euler(0, 0, yaw, (yaw, 0, 0)), at)

    found = buffer.find('map', 'base', SECOND // 4)

    turned = 3.0 + (2 * math.pi - 6.0) / 4
    wanted = Transform.from_euler(0, 0, turned, (1.5, 0, 0))
    np.testing.assert_allclose(found.rotation, wanted.rotation, atol=1e-9)
    np.testing.assert_allclose(found.translation, wanted.translation, atol=1e-9)


@pytest.mark.parametrize(('at', 'words'), [(-1, 'from'), (SECOND + 1, 'until')])
def test_before_the_first_and_after_the_last_nothing_is_known(at, words):
    buffer = TransformBuffer()
    for when in (0, SECOND):
        add(buffer, 'map', 'base', Transform.identity(), when)

    with pytest.raises(NoTransformError, match=words):
        buffer.find('map', 'base', at)
    assert buffer.find('map', 'base', SECOND) is not None


def test_messages_may_come_in_any_order_and_twice():
    buffer = TransformBuffer()
    for at in (3, 1, 2, 2):
        add(buffer, 'map', 'base', Transform.from_euler(0, 0, 0, (at, 0, 0)), at * SECOND)

    for at in (1.0, 1.5, 2.0, 2.75):
        assert buffer.find('map', 'base', int(at * SECOND)).translation[0] == pytest.approx(at)


def test_old_ones_are_let_go():
    buffer = TransformBuffer()
    for at in range(0, 4 * KEPT, SECOND):
        add(buffer, 'map', 'base', Transform.identity(), at)

    assert len(buffer._frames['base'].times) <= KEPT // SECOND + 1


@pytest.mark.parametrize(
    'arguments',
    [
        ('a', 'b', (0, 0, 0, 0), (0, 0, 0)),
        ('a', 'b', (0, 0, 0, math.nan), (0, 0, 0)),
        ('a', 'b', (0, 0, 0, 2), (0, 0, 0)),
        ('a', 'b', STILL, (math.inf, 0, 0)),
        ('a', 'a', STILL, (0, 0, 0)),
        ('', 'a', STILL, (0, 0, 0)),
    ],
)
def test_what_says_nothing_is_left_out(arguments):
    buffer = TransformBuffer()

    assert not buffer.add(*arguments, 0, True)
    with pytest.raises(NoTransformError):
        buffer.find('a', 'b', 0)


def test_circles_and_separate_trees_are_refused():
    buffer = TransformBuffer()
    for parent, child in (('a', 'b'), ('b', 'a'), ('c', 'd'), ('e', 'f')):
        add(buffer, parent, child, Transform.identity(), static=True)

    with pytest.raises(NoTransformError, match='circle'):
        buffer.find('a', 'd', 0)
    with pytest.raises(NoTransformError, match="'x' and 'y' unknown"):
        buffer.find('x', 'y', 0)
    with pytest.raises(NoTransformError, match='joins'):
        buffer.find('c', 'f', 0)


def test_a_new_parent_forgets_the_old_one():
    buffer = TransformBuffer()
    add(buffer, 'a', 'b', Transform.identity(), static=True)
    add(buffer, 'c', 'b', Transform.from_euler(0, 0, 0, (7, 0, 0)), at=5)

    assert buffer.find('c', 'b', 5).translation[0] == 7
    with pytest.raises(NoTransformError):
        buffer.find('a', 'b', 5)
