# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measures of steadiness against worlds in which the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.steadiness import static_flicker, temporal_alignment_error
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

K = Intrinsics(32, 24, 30.0, 30.0, 15.5, 11.5)


def wall(distance: float, slant: float = 0.0) -> np.ndarray:
    """Return the depth of the plane z = distance + slant * x, ray by ray."""
    u = np.arange(K.width)
    z = distance / (1 - slant * (u - K.cx) / K.fx)
    return np.broadcast_to(z, (K.height, K.width)).astype(np.float32)


def ahead(distance: float) -> Transform:
    return Transform(np.eye(3), np.array([0.0, 0.0, distance]))


def error(depths, truth, poses, max_depth=100.0):
    return temporal_alignment_error(depths, truth, poses, K, max_depth)


def test_the_truth_is_steady_while_the_camera_approaches_a_slanted_wall():
    truth = [wall(5.0 - 0.2 * i, 0.4) for i in range(4)]

    result = error(truth, truth, [ahead(0.2 * i) for i in range(4)])

    assert result.error < 1e-3
    assert result.pixels > 4 * K.width * K.height


def test_a_camera_that_turns_sees_the_same_wall():
    turn = Transform.from_euler(0.0, 0.05, 0.0)
    v, u = np.mgrid[: K.height, : K.width]
    rays = np.stack(((u - K.cx) / K.fx, (v - K.cy) / K.fy, np.ones(u.shape)), -1)
    turned = 4.0 / (rays @ turn.rotation.T)[..., 2]

    result = error([wall(4.0), turned], [wall(4.0), turned], [Transform.identity(), turn])

    assert result.error < 1e-3


def test_depth_that_does_not_follow_the_motion_counts():
    truth = [wall(4.0), wall(2.0)]
    stuck = [wall(4.0), wall(4.0)]

    result = error(stuck, truth, [ahead(0.0), ahead(2.0)])

    # Carried forth, 4 m is 2 m: off by 2 of 4. Carried back, 4 m is 6 m: off by 2 of 4.
    assert result.error == pytest.approx(0.5)


def test_flickering_scale_is_its_relative_difference():
    truth = [wall(3.0)] * 3

    result = error([wall(3.0), wall(3.3), wall(3.0)], truth, [Transform.identity()] * 3)

    # The two pairs count in both directions: 0.3 of 3.3 and 0.3 of 3.0.
    assert result.error == pytest.approx((0.3 / 3.3 + 0.3 / 3.0) / 2, rel=1e-5)


def test_what_is_hidden_in_the_other_frame_does_not_count():
    near = wall(6.0).copy()
    near[:, 16:] = 2.0
    poses = [Transform.identity(), Transform(np.eye(3), np.array([-0.5, 0.0, 0.0]))]
    # From further left, the near half has moved right by 7.5 pixels and the far wall by 2.5:
    # in both frames the edge of the near half hides a part of what the other one sees.
    moved = wall(6.0).copy()
    moved[:, 24:] = 2.0

    result = error([near, moved], [near, moved], poses)

    assert result.error < 1e-6
    assert 0.4 * 2 * near.size < result.pixels < 0.8 * 2 * near.size


def test_unknown_endless_and_far_pixels_do_not_count():
    truth, depth = wall(5.0).copy(), wall(5.0).copy()
    truth[0], truth[1] = np.inf, 50.0
    depth[2], depth[3], depth[4], depth[5] = np.nan, np.inf, -np.inf, 0.0

    result = error([depth] * 2, [truth] * 2, [Transform.identity()] * 2, max_depth=20.0)

    assert result.error < 1e-6
    assert result.pixels == 2 * (K.height - 6) * K.width


@pytest.mark.parametrize(
    ('depths', 'truth', 'poses'), [(1, 1, 1), (2, 3, 2), (2, 2, 1)], ids=['one', 'truth', 'poses']
)
def test_frames_that_make_no_pairs_are_refused(depths, truth, poses):
    with pytest.raises(ValueError, match='as many of each'):
        error([wall(1)] * depths, [wall(1)] * truth, [Transform.identity()] * poses)


def test_frames_that_share_nothing_are_refused():
    with pytest.raises(ValueError, match='no pixel'):
        error([wall(5)] * 2, [wall(5), wall(1)], [Transform.identity()] * 2)


def test_static_flicker_is_the_mean_relative_change():
    a, b = np.full((2, 2), 2.0), np.full((2, 2), 2.0)
    b[0, 0], b[0, 1] = 3.0, np.nan

    result = static_flicker([a, b, b])

    # 1 of 2.5 at one pixel of three, in one pair of two.
    assert result.error == pytest.approx(0.4 / 6)
    assert result.pixels == 6


@pytest.mark.parametrize('frames', [[np.ones((2, 2))], [np.ones((2, 2)), np.full((2, 2), np.nan)]])
def test_flicker_of_nothing_is_refused(frames):
    with pytest.raises(ValueError, match=r'frames|no pixel'):
        static_flicker(frames)
