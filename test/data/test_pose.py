# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera stands and how it looks."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.pose import Pose, random_lens, random_roll


def axes(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Return the rows: where the picture's right, down and forward point in the world."""
    return Pose(np.zeros(3), yaw, pitch, roll, 1.0).rotation().T


def test_level_camera_looks_along_x_with_down_below():
    np.testing.assert_allclose(axes(), [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-12)


def test_yaw_turns_left():
    np.testing.assert_allclose(axes(yaw=np.pi / 2), [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)


def test_positive_pitch_looks_down():
    forward = axes(pitch=0.3)[2]

    np.testing.assert_allclose(forward, [np.cos(0.3), 0, -np.sin(0.3)])


def test_straight_down_is_possible():
    np.testing.assert_allclose(
        axes(pitch=np.pi / 2), [[0, -1, 0], [-1, 0, 0], [0, 0, -1]], atol=1e-12
    )


def test_roll_turns_the_picture_about_its_axis():
    right, down, forward = axes(roll=0.4)

    np.testing.assert_allclose(right, [0, -np.cos(0.4), -np.sin(0.4)], atol=1e-12)
    np.testing.assert_allclose(down, [0, np.sin(0.4), -np.cos(0.4)], atol=1e-12)
    np.testing.assert_allclose(forward, [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize('seed', range(5))
def test_axes_are_a_right_handed_frame(seed):
    turn = axes(*np.random.default_rng(seed).uniform(-3, 3, 3)).T

    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_lenses_stay_in_their_range():
    rng = np.random.default_rng(0)
    lenses = np.rad2deg([random_lens(rng, 40, 60) for _ in range(200)])

    assert 40 <= lenses.min() < 42
    assert 58 < lenses.max() <= 60


def test_rolls_are_mostly_small_and_lean_both_ways():
    rng = np.random.default_rng(0)
    rolls = np.array([random_roll(rng) for _ in range(1000)])

    assert 0.5 < (np.abs(rolls) < 0.05).mean() < 0.9
    assert 0.45 < (rolls > 0).mean() < 0.55
