# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scales measured once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from depth_anything_ros.geometry.affine import NoFitError
from depth_anything_ros.geometry.scale_calibration import (
    NoBoardError,
    calibrate_distances,
    calibrate_frames,
    checkerboard_reference,
)

MATRIX = np.array([[500.0, 0, 320.0], [0, 500.0, 240.0], [0, 0, 1]])


def test_two_distances_give_the_line_through_them():
    scale = calibrate_distances(np.array([2.0, 8.0]), np.array([4.0, 1.0]))
    assert (scale.a, scale.b) == pytest.approx((0.125, 0.0))
    assert scale.fit.count == 2


def test_one_mistyped_distance_in_six_is_left_out():
    d = np.array([1.0, 2.0, 4.0, 5.0, 7.0, 9.0])
    z = 1 / (0.1 * d + 0.05)
    z[2] *= 3
    scale = calibrate_distances(d, z)
    assert (scale.a, scale.b) == pytest.approx((0.1, 0.05), rel=0.03)
    assert scale.fit.inlier_share == pytest.approx(5 / 6)


@pytest.mark.parametrize(('d', 'z'), [([1.0], [2.0]), ([3.0, 3.0], [1.0, 2.0]), ([], [])])
def test_scale_and_shift_need_two_places(d, z):
    with pytest.raises(NoFitError, match='two distances|references'):
        calibrate_distances(np.array(d), np.array(z))


def test_the_deviation_is_that_among_frames():
    rng = np.random.default_rng(0)
    slopes = np.array([0.09, 0.1, 0.11, 0.1])
    frames = []
    for slope in slopes:
        d = rng.uniform(1, 10, 1000)
        frames.append((d, 1 / (slope * d + 0.05)))
    scale = calibrate_frames(frames)
    assert scale.a == pytest.approx(0.1, rel=0.03)
    assert scale.deviation_a == pytest.approx(np.std(slopes, ddof=1), rel=0.01)
    assert scale.deviation_b == pytest.approx(0.0, abs=1e-6)
    assert (scale.frames, scale.fit.count) == (4, 1600)


def test_no_frames_are_no_scale():
    with pytest.raises(NoFitError, match='no frame'):
        calibrate_frames([])
    with pytest.raises(NoFitError, match='needed'):
        calibrate_frames([(np.ones(5), np.ones(5))])


def board_picture(rotation, translation, square=0.05):
    """Draw a board of 7 x 5 inner corners as a camera with MATRIX sees it."""
    tile = 40
    flat = np.full((8 * tile, 10 * tile), 255, np.uint8)
    for row in range(6):
        for column in range(8):
            if (row + column) % 2 == 0:
                y, x = (row + 1) * tile, (column + 1) * tile
                flat[y : y + tile, x : x + tile] = 0
    # Pixel centres of the drawing to metres on the board; the first inner corner is its origin.
    to_board = np.array([[square / tile, 0, -square * (2 * tile - 0.5) / tile],
                         [0, square / tile, -square * (2 * tile - 0.5) / tile],
                         [0, 0, 1]])  # fmt: skip
    turn = cv2.Rodrigues(np.array(rotation))[0]
    plane = MATRIX @ np.column_stack((turn[:, 0], turn[:, 1], translation))
    grey = cv2.warpPerspective(
        flat, plane @ to_board, (640, 480), flags=cv2.INTER_AREA, borderValue=255
    )
    corners = np.indices((7, 5)).T.reshape(-1, 2) * square
    z = corners @ turn[2, :2] + translation[2]
    return np.repeat(grey[..., None], 3, axis=2), z


@pytest.mark.parametrize('rotation', [(0.0, 0.0, 0.0), (0.3, -0.5, 0.1)])
def test_the_depth_of_a_board_follows_from_its_squares(rotation):
    picture, z = board_picture(rotation, (-0.15, -0.1, 0.9))
    found = checkerboard_reference(picture, (7, 5), 0.05, MATRIX, np.zeros(5))
    assert len(found) == 35 and found.size == (480, 640)
    assert np.sort(found.z) == pytest.approx(np.sort(z), rel=0.01)
    twice = checkerboard_reference(picture, (7, 5), 0.1, MATRIX, np.zeros(5))
    assert twice.z == pytest.approx(2 * found.z, rel=1e-3)


def test_a_picture_without_a_board_is_told():
    with pytest.raises(NoBoardError, match='7 x 5'):
        checkerboard_reference(np.zeros((48, 64, 3), np.uint8), (7, 5), 0.05, MATRIX, np.zeros(5))
