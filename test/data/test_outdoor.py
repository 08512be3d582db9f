# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streets and open ground."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.outdoor import FAR, field, open_ground, street


def test_open_ground_reaches_the_horizon():
    scene = open_ground(np.random.default_rng(0), 0.5)

    assert scene.open_air
    np.testing.assert_array_equal(scene.low, [-FAR, -FAR, 0])
    np.testing.assert_array_equal(scene.high, FAR)
    assert scene.shapes == []


def test_ground_texture_has_about_the_period_asked_for():
    periods = [open_ground(np.random.default_rng(s), 2.0).shell[4].period for s in range(200)]

    assert np.exp(np.mean(np.log(periods))) == pytest.approx(2.0, rel=0.2)


@pytest.mark.parametrize('seed', range(20))
def test_street_runs_ahead_of_a_camera_on_the_road(seed):
    scene, pose = street(np.random.default_rng(seed))
    _, centre, half, _, _ = scene.shapes[0]

    assert centre[2] + half[2] < 0.05
    assert half[0] > 100
    assert abs(pose.position[1]) < half[1]
    assert 1.0 <= pose.position[2] <= 2.0
    assert np.cos(pose.yaw) > 0.8
    # Houses, trees and poles leave the lane free: nothing tall stands within it at the camera.
    for _, middle, size, _, _ in scene.shapes:
        assert size[2] < 0.2 or np.linalg.norm(middle[:2] - pose.position[:2]) > 1.0


@pytest.mark.parametrize('seed', range(20))
def test_field_lies_before_the_camera(seed):
    scene, pose = field(np.random.default_rng(seed))
    centres = np.stack([shape[1] for shape in scene.shapes])

    assert 0.2 <= pose.position[2] <= 2.0
    assert (centres[:, 0] > -2).mean() > 0.9
    assert (np.linalg.norm(centres[:, :2], axis=1) < 60).all()
    assert centres[:, 2].min() > -0.1
