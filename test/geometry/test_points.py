# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of organised points against hand-computed ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project, cleared, pack
from depth_anything_ros.geometry.rays import rays_of

NAN, INF = math.nan, math.inf
CAMERA = Intrinsics(4, 3, 2.0, 4.0, 1.5, 1.0)


def test_a_point_is_where_its_pixel_and_depth_say():
    depth = torch.rand(3, 4) + 1

    points = back_project(depth, rays_of(CAMERA))

    assert points.dtype == torch.float32
    for row in range(3):
        for column in range(4):
            z = depth[row, column].item()
            expected = [(column - 1.5) / 2 * z, (row - 1.0) / 4 * z, z]
            assert points[row, column].tolist() == pytest.approx(expected)


@pytest.mark.parametrize('value', [NAN, INF, -INF, 0.0, -1.0])
def test_what_is_no_depth_is_no_point(value):
    depth = torch.full((3, 4), value)
    depth[0, 0] = 2.0

    points = back_project(depth, rays_of(CAMERA))

    assert torch.isfinite(points[0, 0]).all()
    assert torch.isnan(points[1:]).all()


def test_a_pixel_without_a_ray_has_no_point():
    rays = rays_of(CAMERA).clone()
    rays[:, 1, 1] = NAN

    points = back_project(torch.ones(3, 4), rays)

    assert torch.isnan(points[1, 1, :2]).all()
    assert torch.isfinite(points[0]).all()


def test_clearing_points_end_at_the_range():
    depth = torch.tensor([[1.0, INF, NAN, -INF], [50.0, 2.0, 9.0, INF], [0.0, INF, 3.0, 8.0]])
    rays = rays_of(CAMERA)

    points = cleared(depth, rays, 5.0)

    ranges = points.norm(dim=-1)
    assert ranges[0, 1].item() == pytest.approx(5.0)
    assert ranges[1, [0, 2, 3]].tolist() == pytest.approx([5.0] * 3)
    assert torch.isnan(points[0, 2:]).all()
    assert torch.isnan(points[2, 0]).all()
    # What is nearer stays where it is, and what was moved stays on its ray.
    assert torch.equal(points[1, 1], back_project(depth, rays)[1, 1])
    assert (points[1, 3, 0] / points[1, 3, 2]).item() == pytest.approx(rays[0, 1, 3].item())


def test_fields_are_packed_in_order_with_exact_bits():
    points = torch.rand(2, 3, 3)
    rgb = np.random.default_rng(0).integers(0, 256, (2, 3, 3), np.uint8)
    rgb[0, 0] = (255, 200, 1)
    height = torch.rand(2, 3)

    packed, names = pack(points, rgb, height)

    assert names == ('x', 'y', 'z', 'rgb', 'height')
    assert packed.dtype == np.float32
    np.testing.assert_array_equal(packed[..., :3], points.numpy())
    np.testing.assert_array_equal(packed[..., 4], height.numpy())
    wanted = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    np.testing.assert_array_equal(packed.view(np.uint32)[..., 3], wanted)


def test_points_alone_are_not_copied():
    points = torch.rand(2, 3, 3)

    packed, names = pack(points)

    assert names == ('x', 'y', 'z')
    assert np.shares_memory(packed, points.numpy())


def test_unknown_points_keep_their_colour():
    packed, names = pack(torch.full((1, 1, 3), NAN), np.full((1, 1, 3), 7, np.uint8))

    assert names == ('x', 'y', 'z', 'rgb')
    assert packed.view(np.uint32)[0, 0, 3] == 0x070707
    assert np.isnan(packed[0, 0, :3]).all()
