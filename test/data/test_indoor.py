# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rooms, corridors and table tops."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.indoor import corridor, desk, indoor_shell, room
from depth_anything_ros.data.primitives import Pattern


def test_shell_is_a_box_with_a_corner_in_the_origin():
    scene = indoor_shell(np.random.default_rng(0), width=3.0, length=5.0, height=2.5)

    np.testing.assert_array_equal(scene.low, 0)
    np.testing.assert_array_equal(scene.high, [5.0, 3.0, 2.5])
    assert not scene.open_air
    assert scene.shapes == []
    ceiling = scene.shell[5]
    assert ceiling.pattern in (Pattern.NOISE, Pattern.TILES)
    assert ceiling.first.min() > 0.5


def test_walls_match_more_often_than_not():
    shells = [indoor_shell(np.random.default_rng(s), 3, 5, 2.5).shell for s in range(50)]

    pairs = [shell[0] is shell[1] for shell in shells]
    assert 0.2 < np.mean(pairs) < 0.9
    assert all(shell[4] is not shell[0] for shell in shells)


@pytest.mark.parametrize('layout', [room, corridor, desk])
def test_furniture_stands_in_its_room(layout):
    for seed in range(20):
        scene, _ = layout(np.random.default_rng(seed))
        centres = np.stack([shape[1] for shape in scene.shapes])
        inside = ((centres > scene.low - 0.7) & (centres < scene.high + 0.7)).all(1)
        assert inside.mean() > 0.6
        assert centres[:, 2].min() > -0.5


def test_rooms_are_seen_from_eye_height_and_from_the_floor():
    heights = np.array([room(np.random.default_rng(seed))[1].position[2] for seed in range(60)])

    assert 0.4 < (heights > 1.0).mean() < 0.95
    assert heights.min() < 0.8
    assert heights.min() >= 0.2


def test_desks_are_seen_from_near_and_above():
    for seed in range(20):
        scene, pose = desk(np.random.default_rng(seed))
        centres = np.stack([shape[1] for shape in scene.shapes])
        near = np.linalg.norm(centres - pose.position, axis=1) < 2.5
        assert near.sum() >= 3
    for seed in range(200):
        scene, pose = desk(np.random.default_rng(seed))
        assert ((pose.position >= 0.1) & (pose.position <= scene.high - 0.1)).all()
    pitches = [desk(np.random.default_rng(seed))[1].pitch for seed in range(40)]
    assert np.mean(pitches) > 0.3


def test_corridors_are_long_and_looked_along():
    for seed in range(20):
        scene, pose = corridor(np.random.default_rng(seed))
        assert scene.high[0] > 1.8 * scene.high[1]
        assert pose.position[0] <= 2.0
        assert np.cos(pose.yaw) > 0.7
