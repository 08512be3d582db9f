# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/rays.py."""

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.transform import Transform

CAMERA = Intrinsics(8, 6, 10.0, 12.0, 3.25, 2.75)
LENS = Distortion('plumb_bob', (-0.2, 0.05, 0.001, -0.002, 0.0))


def test_pinhole_rays_by_hand():
    rays = rays_of(CAMERA)
    assert rays.slopes.dtype == torch.float32 and rays.slopes.shape == (2, 6, 8)
    assert rays.slopes[:, 5, 7].tolist() == pytest.approx([3.75 / 10, 2.25 / 12])
    assert rays.slopes[:, 0, 0].tolist() == pytest.approx([-3.25 / 10, -2.75 / 12])
    assert rays.norms[5, 7].item() == pytest.approx(np.sqrt(0.375**2 + 0.1875**2 + 1))
    assert rays.stretch is None


def test_rays_through_a_lens_as_opencv_undistorts():
    rays = rays_of(CAMERA, LENS)
    pixels = np.stack(np.meshgrid(np.arange(8.0), np.arange(6.0)), -1).reshape(-1, 1, 2)
    k = np.array([[10, 0, 3.25], [0, 12, 2.75], [0, 0, 1.0]])
    expected = cv2.undistortPoints(pixels, k, np.array(LENS.coefficients)).reshape(6, 8, 2)
    assert np.allclose(rays.slopes.permute(1, 2, 0), expected, atol=1e-4)


def test_a_rotation_turns_the_points():
    turn = Transform.from_euler(0.05, -0.3, 0.1).rotation
    plain, turned = rays_of(CAMERA, LENS), rays_of(CAMERA, LENS, turn)
    z = 3.0
    points = z * np.stack((*plain.slopes.numpy(), np.ones((6, 8))))
    expected = np.einsum('ij,jhw->ihw', turn, points)
    depth = z * turned.stretch.numpy()
    made = np.stack((*(depth * turned.slopes.numpy()), depth))
    assert np.allclose(made, expected, atol=1e-5)
    assert np.allclose(z * turned.norms, np.linalg.norm(expected, axis=0), atol=1e-5)


def test_what_a_rotation_brings_behind_the_camera_is_unknown():
    rays = rays_of(CAMERA, None, Transform.from_euler(0.0, np.pi / 2, 0.0).rotation)
    known = torch.isfinite(rays.slopes[0])
    assert 0 < known.sum() < known.numel()
    assert (rays.stretch[known] > 0).all() and torch.isnan(rays.norms[~known]).all()


def test_pixels_that_see_nothing_known_have_no_ray():
    wide = Intrinsics(101, 3, 25.0, 25.0, 50.0, 1.0)
    rays = rays_of(wide, Distortion('equidistant', (0.0, 0.0, 0.0, 0.0)))
    angle = np.abs(np.arange(101) - 50.0) / 25.0
    assert torch.isfinite(rays.slopes[0, 1]).tolist() == (angle < np.radians(85)).tolist()


def test_rays_are_made_once():
    assert rays_of(CAMERA, LENS) is rays_of(CAMERA, LENS, np.eye(3), torch.device('cpu'))
    assert rays_of(CAMERA, Distortion('plumb_bob', (0.0,) * 5)) is rays_of(CAMERA)
    assert rays_of(CAMERA, LENS) is not rays_of(CAMERA)
    assert rays_of(CAMERA.scaled(4, 3)).slopes.shape == (2, 3, 4)
