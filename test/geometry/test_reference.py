# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""References in the picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.reference import (
    BadReferenceError,
    Reference,
    from_depth_image,
    from_scan,
    project_points,
    sample_disparity,
)
from depth_anything_ros.geometry.transform import OPTICAL_TO_BODY, Transform

CAMERA = Intrinsics(64, 48, 50.0, 52.0, 31.5, 23.5)
BODY_TO_OPTICAL = Transform(OPTICAL_TO_BODY.T, np.zeros(3))


def test_points_go_where_opencv_projects_them():
    rng = np.random.default_rng(0)
    points = np.float32(rng.uniform((2, -1, -1), (8, 1, 1), (300, 3)))
    extrinsics = BODY_TO_OPTICAL @ Transform.from_euler(0.1, -0.05, 0.2, (0.1, 0.2, -0.1))
    matrix = np.array([[50.0, 0, 31.5], [0, 52.0, 23.5], [0, 0, 1]])
    turn = cv2.Rodrigues(extrinsics.rotation)[0]
    pixels = cv2.projectPoints(
        points.astype(np.float64), turn, extrinsics.translation, matrix, None
    )[0][:, 0]
    z = (points.astype(np.float64) @ extrinsics.rotation.T + extrinsics.translation)[:, 2]
    expected: dict[tuple[int, int], float] = {}
    for (u, v), depth in zip(pixels, z, strict=True):
        column, row = round(u), round(v)
        if 0 <= column < 64 and 0 <= row < 48:
            expected[row, column] = min(depth, expected.get((row, column), math.inf))

    found = project_points(points, extrinsics, CAMERA)

    assert found.size == (48, 64)
    got = dict(zip(zip(found.rows.tolist(), found.columns.tolist(), strict=True), found.z.tolist(),
                   strict=True))  # fmt: skip
    assert got.keys() == expected.keys() and len(got) > 200
    assert all(got[pixel] == pytest.approx(expected[pixel], rel=1e-5) for pixel in got)


def test_only_the_nearest_in_front_and_inside_is_kept():
    points = np.array(
        [
            [0, 0, 5], [0, 0, 3], [0, 0, 4],  # one pixel
            [0, 0, -3], [0, 0, 0], [9, 0, 3], [0, -9, 3],  # behind, at the lens, outside
            [np.nan, 0, 3], [0, 0, np.inf], [0, np.inf, 2],
        ]
    )  # fmt: skip
    found = project_points(points, Transform.identity(), CAMERA)
    assert (found.rows.tolist(), found.columns.tolist()) == ([24], [32])
    assert found.z.tolist() == [3.0]


def test_a_wide_block_drops_what_is_hidden_beside_a_near_point():
    points = np.array([[0.0, 0, 2.0], [0.2, 0, 5.0], [2.0, 0, 5.0]])
    near = project_points(points, Transform.identity(), CAMERA, block=8)
    assert sorted(near.z.tolist()) == [2.0, 5.0]
    assert len(project_points(points, Transform.identity(), CAMERA)) == 3


def test_points_beyond_the_range_are_dropped():
    points = np.array([[0.0, 0, 2.0], [1.0, 0, 50.0]])
    found = project_points(points, Transform.identity(), CAMERA, max_range=20.0)
    assert found.z.tolist() == [2.0]


@pytest.mark.parametrize('points', [np.empty((0, 3)), np.full((5, 3), np.nan)])
def test_no_points_give_no_references(points):
    assert len(project_points(points, Transform.identity(), CAMERA)) == 0


def test_points_must_be_points():
    with pytest.raises(BadReferenceError, match=r'\(7,\)'):
        project_points(np.zeros(7), Transform.identity(), CAMERA)


def test_thinning_keeps_distinct_points_and_is_repeatable():
    full = Reference(np.arange(40), np.arange(40), np.arange(40.0), (48, 64))
    thin = full.thinned(10, seed=1)
    assert len(thin) == 10 and len(set(thin.z.tolist())) == 10
    assert (thin.rows == thin.z).all()
    assert thin.z.tolist() == full.thinned(10, seed=1).z.tolist() != full.thinned(10, 2).z.tolist()
    assert full.thinned(40) is full


def test_a_registered_depth_image_of_another_size_keeps_the_place():
    depth = np.arange(12.0, dtype=np.float32).reshape(3, 4) + 1
    small = Intrinsics(4, 3, 4.0, 4.0, 2.0, 1.5)
    found = from_depth_image(depth, small, CAMERA)
    assert len(found) == 12 and found.size == (48, 64)
    assert found.z.tolist() == depth.ravel().tolist()
    assert (found.rows // 16 * 4 + found.columns // 16 + 1).tolist() == found.z.tolist()
    assert from_depth_image(depth, small, small).rows.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_a_depth_image_is_thinned_on_a_grid_and_skips_what_is_unknown():
    depth = np.full((48, 64), 2.0, np.float32)
    depth[:24], depth[30, 30], depth[30, 31] = np.nan, np.inf, 0.0
    found = from_depth_image(depth, CAMERA, CAMERA, max_points=100)
    assert 60 <= len(found) <= 100
    assert (found.rows >= 24).all() and set(found.z.tolist()) == {2.0}
    assert np.ptp(found.columns) > 50
    assert len(from_depth_image(np.full_like(depth, np.nan), CAMERA, CAMERA)) == 0


def test_another_depth_camera_is_seen_from_here():
    other = Intrinsics(32, 24, 25.0, 25.0, 16.0, 12.0)
    depth = np.full((24, 32), np.nan, np.float32)
    depth[12, 16] = 3.0  # on the other camera's axis
    beside = Transform(np.eye(3), np.array([0.6, 0.0, -1.0]))
    found = from_depth_image(depth, other, CAMERA, beside)
    assert found.z.tolist() == [2.0]
    assert found.columns.tolist() == [round(50.0 * 0.6 / 2.0 + 31.5)]


def test_a_depth_image_must_fit_its_camera():
    with pytest.raises(BadReferenceError, match='48 x 64'):
        from_depth_image(np.zeros((2, 2)), CAMERA, CAMERA)


def test_a_scan_lies_in_the_plane_of_its_scanner():
    ranges = np.array([2.0, np.inf, 2.0, np.nan, 0.01, 40.0, 4.0])
    below = BODY_TO_OPTICAL @ Transform(np.eye(3), np.array([0.0, 0.0, -0.2]))
    found = from_scan(ranges, -0.3, 0.1, below, CAMERA, range_min=0.05, range_max=30.0)
    expected = sorted(
        (round(31.5 - 50.0 * math.tan(angle)), r * math.cos(angle))
        for angle, r in ((-0.3, 2.0), (-0.1, 2.0), (0.3, 4.0))
    )
    got = sorted(zip(found.columns.tolist(), found.z.tolist(), strict=True))
    assert [g[0] for g in got] == [e[0] for e in expected]
    assert [g[1] for g in got] == pytest.approx([e[1] for e in expected], rel=1e-6)
    assert (found.rows > 24).all()


@pytest.mark.parametrize('as_tensor', [True, False])
def test_the_disparity_is_the_median_of_nine(as_tensor):
    rng = np.random.default_rng(0)
    disparity = rng.uniform(5, 5.5, (48, 64)).astype(np.float32)
    disparity[:, :10] = 1.0
    disparity[:, 40:] = 20.0
    where = Reference(np.array([5, 20, 30]), np.array([20, 30, 5]), np.ones(3), (48, 64))
    far = Reference(np.array([0, 47]), np.array([0, 63]), np.ones(2), (48, 64))
    both = Reference(
        np.r_[where.rows, far.rows], np.r_[where.columns, far.columns], np.arange(5.0) + 1, (48, 64)
    )
    values, z = sample_disparity(torch.from_numpy(disparity) if as_tensor else disparity, both)
    expected = [
        float(np.median(disparity[r - 1 : r + 2, c - 1 : c + 2])) for r, c in ((5, 20), (20, 30))
    ]
    assert values.tolist() == pytest.approx([*expected, 1.0, 1.0, 20.0])
    assert z.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_edges_and_unknown_pixels_are_skipped():
    disparity = torch.full((48, 64), 2.0)
    disparity[:, 32:] = 6.0
    disparity[20, 10] = math.nan
    disparity[30, 10] = math.inf
    rows = np.array([10, 10, 10, 10, 20, 30])
    columns = np.array([31, 32, 10, 50, 11, 10])
    values, z = sample_disparity(
        disparity, Reference(rows, columns, np.arange(6.0), disparity.numpy().shape)
    )
    assert z.tolist() == [2.0, 3.0] and values.tolist() == [2.0, 6.0]


def test_nothing_known_gives_nothing():
    nothing = Reference(np.empty(0, int), np.empty(0, int), np.empty(0), (4, 4))
    assert [v.size for v in sample_disparity(torch.ones(4, 4), nothing)] == [0, 0]
    one = Reference(np.array([1]), np.array([1]), np.ones(1), (4, 4))
    assert sample_disparity(torch.full((4, 4), math.nan), one)[0].size == 0
    tiny = Reference(np.array([0]), np.array([0]), np.ones(1), (1, 1))
    assert sample_disparity(torch.full((1, 1), 3.0), tiny)[0].tolist() == [3.0]


def test_the_disparity_must_be_the_picture_of_the_references():
    one = Reference(np.array([1]), np.array([1]), np.ones(1), (4, 4))
    with pytest.raises(BadReferenceError, match=r'\(4, 4\)'):
        sample_disparity(torch.ones(8, 8), one)
