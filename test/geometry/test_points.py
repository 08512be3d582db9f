# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/points.py."""

import math
import struct

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import PointsError, back_project, cleared, pack
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.transform import Transform

CAMERA = Intrinsics(7, 5, 6.0, 6.5, 2.9, 2.2)
SPECIALS = (math.nan, math.inf, -math.inf, 0.0, -1.0)


def depth_with_specials(seed=0):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.5, 9.0, (5, 7)).astype(np.float32)
    for place, value in zip(((0, 0), (1, 3), (2, 6), (4, 4), (3, 1)), SPECIALS, strict=True):
        depth[place] = value
    return torch.from_numpy(depth)


def test_points_are_those_of_plain_loops():
    depth = depth_with_specials()
    made = back_project(depth, rays_of(CAMERA))
    assert made.shape == (5, 7, 3) and made.dtype == torch.float32 and made.is_contiguous()
    for v in range(5):
        for u in range(7):
            z = depth[v, u].item()
            if math.isfinite(z) and z > 0:
                expected = [(u - 2.9) / 6.0 * z, (v - 2.2) / 6.5 * z, z]
                assert made[v, u].tolist() == pytest.approx(expected, rel=1e-5)
            else:
                assert torch.isnan(made[v, u]).all()
    assert torch.isnan(made[..., 0]).sum() == len(SPECIALS)


def test_points_of_a_turned_camera_are_in_the_turned_frame():
    turn = Transform.from_euler(0.05, -0.2, 0.1).rotation
    depth = depth_with_specials()
    plain = back_project(depth, rays_of(CAMERA)).numpy()
    made = back_project(depth, rays_of(CAMERA, rotation=turn)).numpy()
    assert np.allclose(made, plain @ turn.T.astype(np.float32), atol=1e-4, equal_nan=True)


def test_a_pixel_without_a_ray_has_no_point():
    wide = Intrinsics(101, 3, 25.0, 25.0, 50.0, 1.0)
    rays = rays_of(wide, Distortion('equidistant', (0.0, 0.0, 0.0, 0.0)))
    made = back_project(torch.ones(3, 101), rays)
    assert torch.isnan(made[:, 0]).all() and torch.isfinite(made[:, 50]).all()


def test_refuses_rays_of_another_size():
    with pytest.raises(PointsError, match=r'\(4, 7\).*\(5, 7\)'):
        back_project(torch.ones(4, 7), rays_of(CAMERA))


def test_packs_fields_one_after_the_other():
    points = back_project(depth_with_specials(), rays_of(CAMERA))
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (5, 7, 3), np.uint8)
    height = torch.from_numpy(rng.uniform(-1, 2, (5, 7)).astype(np.float32))
    packed = pack(points, rgb, height)
    assert packed.names == ('x', 'y', 'z', 'rgb', 'height')
    assert packed.offsets == (0, 4, 8, 12, 16) and packed.point_step == 20
    data = packed.data.tobytes()
    assert len(data) == 5 * 7 * 20
    for v in range(5):
        for u in range(7):
            x, y, z, colour, h = struct.unpack_from('=fffIf', data, (v * 7 + u) * 20)
            r, g, b = (int(c) for c in rgb[v, u])
            assert colour == (r << 16) + (g << 8) + b
            assert h == height[v, u].item()
            assert np.array_equal([x, y, z], points[v, u].numpy(), equal_nan=True)


def test_packs_only_what_is_given():
    points = back_project(depth_with_specials(), rays_of(CAMERA))
    assert pack(points).names == ('x', 'y', 'z') and pack(points).data.shape == (5, 7, 3)
    assert pack(points, height=torch.ones(5, 7)).names == ('x', 'y', 'z', 'height')
    packed = pack(points, np.full((10, 14, 3), 255, np.uint8)[::2, ::2])
    assert packed.names == ('x', 'y', 'z', 'rgb')
    assert (packed.data.view(np.uint32)[..., 3] == 0xFFFFFF).all()


def test_an_empty_cloud_packs():
    assert pack(torch.zeros(0, 0, 3)).data.size == 0


def test_refuses_colours_and_heights_of_another_size():
    points = torch.zeros(5, 7, 3)
    with pytest.raises(PointsError, match='rgb is'):
        pack(points, np.zeros((7, 5, 3), np.uint8))
    with pytest.raises(PointsError, match='height is'):
        pack(points, height=torch.zeros(5, 6))


def test_free_pixels_clear_up_to_the_range():
    depth = depth_with_specials()
    depth[4, 0], depth[4, 6], depth[0, 6] = 50.0, math.inf, 2.999
    rays = rays_of(CAMERA)
    made = cleared(depth, rays, 3.0)
    for v in range(5):
        for u in range(7):
            length = math.hypot((u - 2.9) / 6.0, (v - 2.2) / 6.5, 1)
            z = depth[v, u].item()
            if z * length > 3.0:
                distance = back_project(made, rays)[v, u].norm().item()
                assert distance == pytest.approx(3.0, rel=1e-5)
            else:
                assert made[v, u].item() == z or math.isnan(z)
    assert torch.isnan(made).sum() == 1 and torch.isneginf(made).sum() == 1
    assert not torch.isposinf(made).any()


@pytest.mark.parametrize('max_range', [0.0, -1.0, math.inf, math.nan])
def test_refuses_a_range_that_is_none(max_range):
    with pytest.raises(PointsError, match='max_range'):
        cleared(torch.ones(5, 7), rays_of(CAMERA), max_range)
